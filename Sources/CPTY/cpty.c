#define _GNU_SOURCE
#define _DARWIN_C_SOURCE

#include "cpty.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#if defined(__APPLE__)
#include <sys/event.h>
#else
#include <sys/syscall.h>
#endif

static int set_modes(int slave, int plain) {
    struct termios modes;
    if (tcgetattr(slave, &modes) != 0) return errno;
#ifdef IUTF8
    // Backspace erases a character, not a byte of it.
    modes.c_iflag |= IUTF8;
#endif
    if (plain) {
        modes.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL | ECHOCTL);
        modes.c_oflag &= ~(tcflag_t)ONLCR;
        // Linux obeys these ahead of its queue, also where they are quoted.
        modes.c_iflag &= ~(tcflag_t)(IXON | IXOFF);
    }
    return tcsetattr(slave, TCSANOW, &modes) == 0 ? 0 : errno;
}

static int open_ends(int plain, int *master, int *slave, char *path, size_t capacity) {
    *slave = -1;
    *master = posix_openpt(O_RDWR | O_NOCTTY);
    if (*master < 0) return errno;
    if (fcntl(*master, F_SETFD, FD_CLOEXEC) != 0 || fcntl(*master, F_SETFL, O_NONBLOCK) != 0) return errno;
    if (grantpt(*master) != 0 || unlockpt(*master) != 0) return errno;
    int fault = ptsname_r(*master, path, capacity);
    if (fault != 0) return fault < 0 ? errno : fault;
    *slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (*slave < 0) return errno;
    return set_modes(*slave, plain);
}

int cpty_open(uint16_t columns, uint16_t rows, int plain, int *master, int *slave, char *path, size_t capacity) {
    int fault = open_ends(plain, master, slave, path, capacity);
    if (fault == 0) fault = cpty_set_size(*master, columns, rows);
    if (fault == 0) return 0;
    if (*slave >= 0) close(*slave);
    if (*master >= 0) close(*master);
    *slave = *master = -1;
    return fault;
}

int cpty_pipe(int *reader, int *writer) {
    int ends[2];
#if defined(__APPLE__)
    if (pipe(ends) != 0) return errno;
    for (int end = 0; end < 2; end++) {
        fcntl(ends[end], F_SETFD, FD_CLOEXEC);
        fcntl(ends[end], F_SETFL, O_NONBLOCK);
    }
#else
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return errno;
#endif
    *reader = ends[0];
    *writer = ends[1];
    return 0;
}

int cpty_set_size(int terminal, uint16_t columns, uint16_t rows) {
    struct winsize size = {.ws_row = rows, .ws_col = columns};
    return ioctl(terminal, TIOCSWINSZ, &size) == 0 ? 0 : errno;
}

int cpty_get_size(int terminal, uint16_t *columns, uint16_t *rows) {
    struct winsize size;
    if (ioctl(terminal, TIOCGWINSZ, &size) != 0) return errno;
    *columns = size.ws_col;
    *rows = size.ws_row;
    return 0;
}

// The session begins before the terminal is opened, which makes it the session's own.
static int prepare(
    posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes, const char *folder, const char *path) {
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &all);
    short flags = POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
#if defined(__APPLE__)
    flags |= POSIX_SPAWN_CLOEXEC_DEFAULT;
#endif
    int fault = posix_spawnattr_setflags(attributes, flags);
    if (fault == 0) fault = posix_spawn_file_actions_addchdir_np(actions, folder);
    if (fault == 0) fault = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, path, O_RDWR, 0);
    if (fault == 0) fault = posix_spawn_file_actions_adddup2(actions, STDIN_FILENO, STDOUT_FILENO);
    if (fault == 0) fault = posix_spawn_file_actions_adddup2(actions, STDIN_FILENO, STDERR_FILENO);
#if !defined(__APPLE__)
    if (fault == 0) fault = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
#endif
    return fault;
}

int cpty_spawn(
    const char *program, char *_Nullable const *_Nonnull arguments, char *_Nullable const *_Nonnull environment,
    const char *folder, const char *path, pid_t *process) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int fault = posix_spawn_file_actions_init(&actions);
    if (fault != 0) return fault;
    fault = posix_spawnattr_init(&attributes);
    if (fault == 0) {
        fault = prepare(&actions, &attributes, folder, path);
        if (fault == 0) fault = posix_spawn(process, program, &actions, &attributes, arguments, environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return fault;
}

int cpty_watch(pid_t process) {
#if defined(__APPLE__)
    int watch = kqueue();
    if (watch < 0) return -1;
    struct kevent end;
    EV_SET(&end, process, EVFILT_PROC, EV_ADD, NOTE_EXIT, 0, NULL);
    if (fcntl(watch, F_SETFD, FD_CLOEXEC) == 0 && kevent(watch, &end, 1, NULL, 0, NULL) == 0) return watch;
    close(watch);
    return -1;
#else
    return (int)syscall(SYS_pidfd_open, process, 0);
#endif
}

int cpty_signal(int watch, pid_t process, int signal) {
#if defined(__APPLE__)
    (void)watch;
    return kill(process, signal) == 0 ? 0 : errno;
#else
    (void)process;
    return syscall(SYS_pidfd_send_signal, watch, signal, NULL, 0) == 0 ? 0 : errno;
#endif
}

size_t cpty_span(const uint8_t *bytes, size_t count) {
    // ENQ 05, BEL 07, SO 0e, SI 0f, CAN 18, SUB 1a, ESC 1b.
    const uint32_t obeyed = 1u << 0x05 | 1u << 0x07 | 1u << 0x0e | 1u << 0x0f | 1u << 0x18 | 1u << 0x1a | 1u << 0x1b;
    size_t index = 0;
    while (index < count && (bytes[index] >= 0x20 || !(obeyed >> bytes[index] & 1))) index++;
    return index;
}

size_t cpty_lines(const uint8_t *bytes, size_t count) {
    while (count > 0 && bytes[count - 1] != '\n') count--;
    return count;
}
