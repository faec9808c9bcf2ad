/* An artifact as a stream of bytes.
 * Owns: opening a data file beneath a root, gzip (RFC 1952) and zstd (RFC 8878) decoding, digests of whole
 * files, in constant memory. Must not know what the bytes mean. */
#ifndef KFMIG_DATA_SOURCE_H
#define KFMIG_DATA_SOURCE_H

#include "base/digest.h"
#include "base/file.h"

enum {
    SOURCE_CHUNK = 256 * 1024,           /* bytes read at a time */
    SOURCE_WINDOW_MAX = 16 * 1024 * 1024 /* the longest run of bytes that source_more() keeps */
};

/* p and end bound the decoded bytes that are there and not yet consumed; who reads moves p forward. *end
 * is always readable and 0, also after a failure, so that a scanner may look one byte ahead. */
struct source {
    const char *p;
    const char *end;
    struct source_state *state;
};

/* Open dirfd/path (resolved as by file_read(): no symlink, no "..", regular files only). Compression is
 * recognised by the first bytes, never by the name. 0, or -1: ERR_CONFIG (absent, no regular file),
 * ERR_PREFLIGHT (I/O). */
int source_open(struct source *s, int dirfd, const char *path, struct err *e) MUST_CHECK;

/* Get more bytes behind those from p to end, which stay (moved). 1: end - p grew; 0: the stream ends at
 * end; -1: damaged or truncated compressed data, more than SOURCE_WINDOW_MAX kept, I/O, or the file
 * changed since source_open() (its stamp is compared when the end is reached). After a failure every
 * further call fails with the same error; p to end stays what it was. */
int source_more(struct source *s, struct err *e) MUST_CHECK;

int64_t source_offset(const struct source *s,
                      const char *at);           /* of at in the decoded stream, from 0 */
int64_t source_raw_read(const struct source *s); /* bytes of the file consumed, for progress */
int64_t source_raw_size(const struct source *s);
/* As it was opened; valid until source_close(). */
const char *source_path(const struct source *s);
void source_chunk(struct source *s, size_t bytes); /* for tests: read at most so many at a time */
void source_close(struct source *s);               /* of a zeroed struct is fine */

/* SHA-256, size and stamp of the file as it lies (not decoded). on_bytes (may be NULL) hears how far it is
 * and stops the work with ERR_INTERRUPTED by returning true. Returns 0, 1 if absent, -1. */
struct file_facts {
    struct digest digest;
    uint64_t size;
    struct stamp stamp;
};
int source_digest(int dirfd, const char *path,
                  bool (*on_bytes)(void *ctx, int64_t done, int64_t size), void *ctx,
                  struct file_facts *out, struct err *e) MUST_CHECK;

#endif
