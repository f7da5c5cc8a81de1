/* Put before the C library (LD_PRELOAD): the n-th call that SQLite makes to write its files fails,
 * or ends the process. Only files whose name holds "ledger.db" count.
 *
 * How the n-th call ends: an errno (it fails), 0 (the process is killed before it), -1 (killed
 * when half of it is written). `then_on` says that all later calls fail too.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static long at, seen;
static int how, then_on;

void calls_arm(long nth, int ending, int also_later) {
  at = nth, how = ending, then_on = also_later, seen = 0;
}

long calls_seen(void) { return seen; }

static int is_ledger(int fd) {
  char link[64], path[4096];
  int kept = errno;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  errno = kept;
  if (length < 0) return 0;
  path[length] = 0;
  return strstr(path, "ledger.db") != NULL;
}

/* Tells whether a call is to fail. */
static int falls(int fd) {
  if (!at || !is_ledger(fd)) return 0;
  seen++;
  return seen == at || (then_on && seen > at);
}

static int ends(void) {
  if (how <= 0) kill(getpid(), SIGKILL);
  errno = how;
  return -1;
}

#define REAL(type, name, ...) \
  static type (*real)(__VA_ARGS__); \
  if (!real) real = dlsym(RTLD_NEXT, name)

#define WRITER(name, offset_type) \
  ssize_t name(int fd, const void *data, size_t size, offset_type offset) { \
    REAL(ssize_t, #name, int, const void *, size_t, offset_type); \
    if (falls(fd)) { \
      if (how == -1) real(fd, data, size / 2, offset); \
      return ends(); \
    } \
    return real(fd, data, size, offset); \
  }

WRITER(pwrite, off_t)
WRITER(pwrite64, off64_t)

ssize_t write(int fd, const void *data, size_t size) {
  REAL(ssize_t, "write", int, const void *, size_t);
  if (falls(fd)) {
    if (how == -1) real(fd, data, size / 2);
    return ends();
  }
  return real(fd, data, size);
}

#define SYNCER(name) \
  int name(int fd) { \
    REAL(int, #name, int); \
    return falls(fd) ? ends() : real(fd); \
  }

SYNCER(fsync)
SYNCER(fdatasync)

#define CUTTER(name, offset_type) \
  int name(int fd, offset_type size) { \
    REAL(int, #name, int, offset_type); \
    return falls(fd) ? ends() : real(fd, size); \
  }

CUTTER(ftruncate, off_t)
CUTTER(ftruncate64, off64_t)
