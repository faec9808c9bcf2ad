/* The local cache, state/kfmig.db: hints, never truth.
 * Owns: the only use of SQLite (WAL, STRICT tables, trusted_schema off, synchronous normal, no
 * symlink). It never decides: deleting it, or flipping any bit in it, leads to the same plan.
 * SQLite does not checksum rows, so each row carries XXH3-128 over (kind, name, value), and rows
 * that do not fit it are treated as absent. A cache that cannot be opened, is damaged, newer than
 * this program, or on a read-only or full disk is simply not there: calls then find nothing and
 * store nothing. */
#ifndef KFMIG_CACHE_CACHE_H
#define KFMIG_CACHE_CACHE_H

#include "base/arena.h"
#include "base/bytes.h"

struct cache;

/* Open beneath dirfd (path "state/kfmig.db"); root is the absolute path of dirfd's directory. Never
 * fails: returns NULL when there can be no cache. Nothing is created or written before the first
 * cache_put(): opening a missing cache makes no file. */
struct cache *cache_open(int dirfd, const char *root);
void cache_close(struct cache *c); /* commits what was put; NULL is fine */

/* Visit all sound rows of a kind in order of name. The views are valid during the call only; visit
 * may cache_put(), and nothing else. */
typedef void (*cache_visit)(void *ctx, struct bytes name, struct bytes value);
void cache_each(struct cache *c, const char *kind, cache_visit visit, void *ctx);
/* One row; false if absent or unsound. *value in a. */
bool cache_get(struct cache *c, const char *kind, struct bytes name, struct arena *a,
               struct bytes *value);
/* Set, or delete (value.p NULL). Collected in transactions of about 1 MiB, the last of which cache_close() or
 * cache_flush() commits. */
void cache_put(struct cache *c, const char *kind, struct bytes name, struct bytes value);
void cache_drop(struct cache *c, const char *kind); /* all rows of a kind */
void cache_flush(struct cache *c);

#endif
