/* The cache's file, for cache/ only.
 * Owns: whose file it is, opening it, what counts as damage. */
#ifndef KFMIG_CACHE_FILE_H
#define KFMIG_CACHE_FILE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

enum { CACHE_VALUE_MAX = 8 * 1024 * 1024 };

struct cache_file {
    int dirfd;
    char *path;  /* absolute */
    sqlite3 *db; /* NULL: not connected (yet) */
    uint64_t ino;
    bool is_given_up; /* not asked again */
    bool is_damaged;
};

/* False where there can be no cache at all: no local file system, root is not dirfd's directory. */
bool cache_file_init(struct cache_file *f, int dirfd, const char *root);

/* Connect unless that was given up; makes the file only if may_create. True if connected. */
bool cache_file_connect(struct cache_file *f, bool may_create);

/* Not asked again, because a call returned rc; whether the file is damaged follows from it. */
void cache_file_give_up(struct cache_file *f, int rc);

/* A damaged file is removed. It would stay in the way for ever and holds nothing that cannot be
 * found again. */
void cache_file_close(struct cache_file *f);

int cache_file_run(sqlite3 *db, const char *sql); /* a code of SQLite */

#endif
