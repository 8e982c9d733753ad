/* Fails the nth call that changes a file below the watched folders.
 *
 * Loaded into a process by LD_PRELOAD, below Python, Orbax and TFDS. Settings
 * are read from the environment at the first call, and again in a fork that has
 * set another FAULT_SERIAL after all others:
 *
 *   FAULT_FOLDERS  absolute folders, separated by colons
 *   FAULT_KINDS    kinds that are counted, separated by commas: open, write,
 *                  fsync, rename, mkdir, link, unlink, truncate
 *   FAULT_NTH      which call fails, from 1; 0 is none
 *   FAULT_ERRNO    the error's number
 *   FAULT_ALL      if it is 1, all later calls of these kinds fail as well
 *   FAULT_LOG      file: a line per call, "kind path", after "! " if it fails
 *   FAULT_SERIAL   any word
 *
 * A process that it starts counts its own calls.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int begun, all, number, log_fd = -1;
static long nth, count;
static char folders[4 * PATH_MAX], kinds[256], serial[64];

static void take(const char *name, char *into, size_t size) {
  const char *text = getenv(name);
  snprintf(into, size, "%s", text ? text : "");
}

static void begin(void) {
  const char *text;
  begun = 1;
  count = 0;
  if (log_fd >= 0) syscall(SYS_close, log_fd);
  log_fd = -1;
  take("FAULT_FOLDERS", folders, sizeof folders);
  take("FAULT_KINDS", kinds, sizeof kinds);
  take("FAULT_SERIAL", serial, sizeof serial);
  nth = (text = getenv("FAULT_NTH")) ? atol(text) : 0;
  number = (text = getenv("FAULT_ERRNO")) ? atoi(text) : EIO;
  all = (text = getenv("FAULT_ALL")) && *text == '1';
  text = getenv("FAULT_LOG");
  if (text && *text)
    log_fd = syscall(SYS_openat, AT_FDCWD, text,
                     O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
}

/* Whether `word` is one of `list`, whose entries end with `end`. */
static int listed(const char *list, const char *word, char end) {
  size_t size = strlen(word);
  for (const char *at = list; at && *at;) {
    const char *stop = strchrnul(at, end);
    if ((size_t)(stop - at) == size && !strncmp(at, word, size)) return 1;
    at = *stop ? stop + 1 : stop;
  }
  return 0;
}

static int watched(const char *path) {
  for (const char *at = folders; at && *at;) {
    const char *stop = strchrnul(at, ':');
    size_t size = stop - at;
    if (size && !strncmp(path, at, size) &&
        (path[size] == '/' || !path[size]))
      return 1;
    at = *stop ? stop + 1 : stop;
  }
  return 0;
}

/* The path of an open file, "" where it has none. */
static void of_fd(int fd, char *path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t size = readlink(link, path, PATH_MAX - 1);
  path[size > 0 ? size : 0] = 0;
}

/* The absolute path of a name; `folder` is as in openat. */
static void of_name(int folder, const char *name, char *path) {
  char base[PATH_MAX] = "";
  if (name && *name != '/') {
    if (folder == AT_FDCWD) {
      if (!getcwd(base, sizeof base)) *base = 0;
    } else {
      of_fd(folder, base);
    }
  }
  snprintf(path, PATH_MAX, "%s%s%s", base, *base ? "/" : "", name ? name : "");
}

/* Counts a call; whether it has to fail, with errno set. */
static int fails(const char *kind, const char *path) {
  int failing = 0;
  pthread_mutex_lock(&lock);
  const char *now = getenv("FAULT_SERIAL");
  if (!begun || strcmp(now ? now : "", serial)) begin();
  if (watched(path) && listed(kinds, kind, ',')) {
    count++;
    failing = nth && (count == nth || (all && count > nth));
    if (log_fd >= 0)
      dprintf(log_fd, "%s%s %s\n", failing ? "! " : "", kind, path);
  }
  pthread_mutex_unlock(&lock);
  if (failing) errno = number;
  return failing;
}

static int fails_fd(const char *kind, int fd) {
  char path[PATH_MAX];
  int before = errno;
  if (fd == log_fd && begun) return 0;
  of_fd(fd, path);
  errno = before;
  return *path == '/' && fails(kind, path);
}

static int fails_at(const char *kind, int folder, const char *name) {
  char path[PATH_MAX];
  int before = errno;
  of_name(folder, name, path);
  errno = before;
  return fails(kind, path);
}

#define NEXT(name) \
  static __typeof__(name) *next; \
  if (!next) next = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

#define FD(kind, type, name, parameters, fd, ...) \
  type name parameters { \
    NEXT(name); \
    if (fails_fd(kind, fd)) return -1; \
    return next(__VA_ARGS__); \
  }

FD("write", ssize_t, write, (int fd, const void *p, size_t n), fd, fd, p, n)
FD("write", ssize_t, pwrite, (int fd, const void *p, size_t n, off_t o), fd,
   fd, p, n, o)
FD("write", ssize_t, pwrite64, (int fd, const void *p, size_t n, off64_t o),
   fd, fd, p, n, o)
FD("write", ssize_t, writev, (int fd, const struct iovec *v, int n), fd, fd, v,
   n)
FD("write", ssize_t, pwritev, (int fd, const struct iovec *v, int n, off_t o),
   fd, fd, v, n, o)
FD("write", ssize_t, pwritev64,
   (int fd, const struct iovec *v, int n, off64_t o), fd, fd, v, n, o)
FD("fsync", int, fsync, (int fd), fd, fd)
FD("fsync", int, fdatasync, (int fd), fd, fd)
FD("truncate", int, ftruncate, (int fd, off_t n), fd, fd, n)
FD("truncate", int, ftruncate64, (int fd, off64_t n), fd, fd, n)

#define AT(kind, name, parameters, folder, path, ...) \
  int name parameters { \
    NEXT(name); \
    if (fails_at(kind, folder, path)) return -1; \
    return next(__VA_ARGS__); \
  }

AT("rename", rename, (const char *a, const char *b), AT_FDCWD, b, a, b)
AT("rename", renameat, (int i, const char *a, int j, const char *b), j, b, i,
   a, j, b)
AT("rename", renameat2,
   (int i, const char *a, int j, const char *b, unsigned f), j, b, i, a, j, b,
   f)
AT("mkdir", mkdir, (const char *a, mode_t m), AT_FDCWD, a, a, m)
AT("mkdir", mkdirat, (int i, const char *a, mode_t m), i, a, i, a, m)
AT("link", link, (const char *a, const char *b), AT_FDCWD, b, a, b)
AT("link", linkat, (int i, const char *a, int j, const char *b, int f), j, b,
   i, a, j, b, f)
AT("unlink", unlink, (const char *a), AT_FDCWD, a, a)
AT("unlink", unlinkat, (int i, const char *a, int f), i, a, i, a, f)
AT("unlink", rmdir, (const char *a), AT_FDCWD, a, a)
AT("truncate", truncate, (const char *a, off_t n), AT_FDCWD, a, a, n)
AT("truncate", truncate64, (const char *a, off64_t n), AT_FDCWD, a, a, n)

static int writes(int flags) {
  return (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT);
}

#define OPEN(name, parameters, folder, ...) \
  int name parameters { \
    NEXT(name); \
    mode_t mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { \
      va_list rest; \
      va_start(rest, flags); \
      mode = va_arg(rest, int); \
      va_end(rest); \
    } \
    if (writes(flags) && fails_at("open", folder, path)) return -1; \
    return next(__VA_ARGS__, flags, mode); \
  }

OPEN(open, (const char *path, int flags, ...), AT_FDCWD, path)
OPEN(open64, (const char *path, int flags, ...), AT_FDCWD, path)
OPEN(openat, (int at, const char *path, int flags, ...), at, at, path)
OPEN(openat64, (int at, const char *path, int flags, ...), at, at, path)

#define STREAM(name) \
  FILE *name(const char *path, const char *mode) { \
    NEXT(name); \
    if (strpbrk(mode, "wa+") && fails_at("open", AT_FDCWD, path)) return NULL; \
    return next(path, mode); \
  }

STREAM(fopen)
STREAM(fopen64)
