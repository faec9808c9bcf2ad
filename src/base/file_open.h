/* Opening files beneath a root, for base/file*.c, data/source*.c and store/tiles/ only.
 * Owns: how a path is resolved (no symlink, no "..", never out of the root) and the words for what
 * the system refuses. */
#ifndef KFMIG_BASE_FILE_OPEN_H
#define KFMIG_BASE_FILE_OPEN_H

#include "base/err.h"

enum { FILE_ABSENT = -2 };

/* Open dirfd/path with flags (no O_CREAT); O_CLOEXEC is added. A relative path is resolved beneath
 * dirfd without following symlinks (openat2(2), or folder by folder where the kernel has none); an
 * absolute path is opened as it is.
 * Returns a descriptor, FILE_ABSENT (*e untouched), or -1 with ERR_CONFIG (path not allowed) or
 * ERR_PREFLIGHT. */
int file_open(int dirfd, const char *path, int flags, struct err *e) MUST_CHECK;

/* Fill *e from errno: "cannot <verb> "<path>": <reason>" with ERR_PREFLIGHT and what to do about
 * it. Returns -1. */
int file_fail(struct err *e, const char *verb, const char *path);

/* Refuse an empty path and a relative one with ".." in it. Returns 0, or -1 with ERR_CONFIG. */
int file_check_path(const char *path, struct err *e) MUST_CHECK;

#endif
