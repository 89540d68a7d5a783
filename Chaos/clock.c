/* Preloaded into a process, moves its wall clock ahead by as many seconds as the shared file CHAOS_CLOCK holds (a 64-bit number), from the moment the file says so.
   Clocks that only measure how long something takes stay as they are, and a wait until a moment of the wall clock ends as long after its beginning as without it.
   (The usual library for this hides its arguments from a Swift program.) */

#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *ahead;

__attribute__((constructor)) static void map_offset(void) {
    const char *path = getenv("CHAOS_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) abort();
    void *page = mmap(NULL, sizeof *ahead, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (page == MAP_FAILED) abort();
    ahead = page;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int result = (int)syscall(SYS_clock_gettime, clock, now);
    if (result == 0 && ahead && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += *ahead;
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    (void)zone;
    struct timespec exact;
    if (clock_gettime(CLOCK_REALTIME, &exact) != 0) return -1;
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out) {
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
    if (out) *out = now.tv_sec;
    return now.tv_sec;
}

/* The kernel knows nothing of the moved clock. A moment soon after boot is one of the clock that counts from boot. */
static clockid_t kernel_clock(const struct timespec *until, struct timespec *moment) {
    clockid_t clock = until->tv_sec < 1000000000 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
    *moment = *until;
    if (ahead && clock == CLOCK_REALTIME) moment->tv_sec -= *ahead;
    return clock;
}

int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict until) {
    struct timespec moment;
    clockid_t clock = kernel_clock(until, &moment);
    return pthread_cond_clockwait(condition, mutex, clock, &moment);
}

int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict until) {
    struct timespec moment;
    clockid_t clock = kernel_clock(until, &moment);
    return sem_clockwait(semaphore, clock, &moment);
}
