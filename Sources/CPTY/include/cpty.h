#ifndef CPTY_H
#define CPTY_H

// What Swift's system modules do not show of pseudoterminals and processes. Every function returns 0 or what errno says, unless it says otherwise.

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#pragma clang assume_nonnull begin

/// A new pseudoterminal, both ends closed on exec and neither a controlling terminal of the caller. Reads and writes of `master` do not block.
/// `plain`: nothing is echoed, and lines end with a line feed alone.
/// `path`, of `capacity` bytes, becomes the slave's name.
int cpty_open(uint16_t columns, uint16_t rows, int plain, int *master, int *slave, char *path, size_t capacity);

/// A pipe, both ends closed on exec, neither of which blocks.
int cpty_pipe(int *reader, int *writer);

/// Whoever is in front at the terminal gets SIGWINCH where the size is another.
int cpty_set_size(int terminal, uint16_t columns, uint16_t rows);
int cpty_get_size(int terminal, uint16_t *columns, uint16_t *rows);

/// Starts `program` in a session of its own, in `folder`, with the terminal at `path` as controlling terminal and its three streams. It inherits no other
/// descriptor, ignores and blocks no signal, and has the environment that it is given alone.
int cpty_spawn(
    const char *program, char *_Nullable const *_Nonnull arguments, char *_Nullable const *_Nonnull environment,
    const char *folder, const char *path, pid_t *process);

/// A descriptor, closed on exec, that can be read from once the process has ended. -1 where there is none.
int cpty_watch(pid_t process);

/// A signal to the process that `watch` is of, so that never a later one of the same number gets it.
int cpty_signal(int watch, pid_t process, int signal);

/// The bytes before the first that a terminal could take for other than a character to show: ENQ, BEL, SO, SI, CAN, SUB, ESC. Returns their number.
size_t cpty_span(const uint8_t *bytes, size_t count);

/// The bytes up to and with the last line feed; 0 where there is none.
size_t cpty_lines(const uint8_t *bytes, size_t count);

#pragma clang assume_nonnull end

#endif
