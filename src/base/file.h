/* Files.
 * Owns: reading whole regular files beneath a root, writing them so that a reader sees the old or
 * the new content and never a part, sorted listings. Must not know what a file means. */
#ifndef KFMIG_BASE_FILE_H
#define KFMIG_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"

/* What tells that a file is still the one seen before. All zero: the file is absent. */
struct stamp {
    uint64_t size;
    int64_t mtime_ns;
    int64_t ctime_ns;
    uint64_t ino;
};

/* Stamp of dirfd/path without following a symlink. Returns 0; 1 if absent (*out zeroed); -1 with
 * ERR_CONFIG when it is not a regular file (directory, symlink, FIFO, device), the message naming
 * what it is. */
int file_stamp(int dirfd, const char *path, struct stamp *out, struct err *e) MUST_CHECK;
/* Stamp of the file that this program was started from: one that was built or installed anew has another.
 * Returns 0, or -1: it cannot be told. */
int file_program(struct stamp *out) MUST_CHECK;
bool stamp_eq(const struct stamp *a, const struct stamp *b);

/* Read all of dirfd/path. Symlinks anywhere in path, "..", absolute paths and everything that is no
 * regular file are refused (openat2 RESOLVE_BENEATH|RESOLVE_NO_SYMLINKS where the kernel has it,
 * component by component otherwise).
 * Allocates in a; *out is followed by a NUL that does not count. stamp may be NULL; it is taken
 * from the descriptor read, before and after, and a file that changed meanwhile is read again
 * (three times, then -1).
 * Returns 0, 1 if absent, -1 with ERR_CONFIG (too large: more than limit bytes) or ERR_PREFLIGHT
 * (I/O). */
int file_read(struct arena *a, int dirfd, const char *path, size_t limit, struct bytes *out,
              struct stamp *stamp, struct err *e) MUST_CHECK;

/* The same of a path that the operator gave: relative to where we are, or absolute; folders on the way may be
 * symlinks, the file itself not. A file that is absent is -1 with ERR_CONFIG, too. */
int file_read_given(struct arena *a, const char *path, size_t limit, struct bytes *out,
                    struct err *e) MUST_CHECK;

/* Write data to dirfd/path: temporary file beside it, fsync, rename, fsync of the directory.
 * Missing directories are made (mode 0777 & ~umask). mode as for open(2). Returns 0 or -1 with
 * ERR_PREFLIGHT; on -1 the old file is untouched and no temporary file is left (but for a failed
 * fsync of the directory: then the new file may stand). A process killed meanwhile may leave a
 * temporary file named ".kfmig-<16 hex>.tmp".
 * A relative path is resolved as by file_read(): no symlink in its folders, no ".."; an absolute
 * path is one the operator gave and is taken as it is. The same holds for file_list() and
 * file_mkdirs(). */
int file_write(int dirfd, const char *path, struct bytes data, unsigned mode,
               struct err *e) MUST_CHECK;

/* Says whether data may stand in a file of that path; else -1, and why in *e. */
typedef int file_judge(const char *path, struct bytes data, struct err *e);
/* From now on file_write() asks judge before it makes anything (NULL: nobody is asked), for the whole
 * program: what may leave it is not for each writer to remember. While judge runs it may write without
 * being asked. */
void file_judge_by(file_judge *judge);

/* Names in directory dirfd/path, sorted bytewise, without "." and "..". Returns 0, 1 if the
 * directory is absent, -1. */
struct file_name {
    const char *name;
    unsigned char type; /* DT_REG, DT_DIR, DT_LNK, ... as in dirent; never DT_UNKNOWN */
};
struct file_names {
    struct file_name *v;
    size_t n, cap;
};
int file_list(struct arena *a, int dirfd, const char *path, struct file_names *out,
              struct err *e) MUST_CHECK;

/* Like mkdir -p beneath dirfd. */
int file_mkdirs(int dirfd, const char *path, unsigned mode, struct err *e) MUST_CHECK;

#endif
