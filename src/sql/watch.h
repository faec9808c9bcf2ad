/* A script that is read while someone looks on, statement by statement, with the parser's tree.
 * For whoever asks more of a statement than struct statement says: the tree is gone once the next is read. */
#ifndef KFMIG_SQL_WATCH_H
#define KFMIG_SQL_WATCH_H

#include "base/lines.h"
#include "sql/script.h"
#include "sql/tree.h"

/* One statement. All of it is valid during the call only, and st as it is before blocks are balanced: a BEGIN
 * inside a block is still a BEGIN. stmt: NULL where the parser does not know it. base: what a place of the
 * tree counts from, in the script. */
struct watched {
    const struct statement *st;
    const tree *stmt;
    size_t base;
    const struct lines *lines;
};
struct watcher {
    void (*see)(void *ctx, const struct watched *w);
    void *ctx;
};

/* As script_parse(), with every statement shown in the file's order, but INSERTs of many rows that are longer
 * than a piece (sql/parse.h): these are not taken whole. */
int script_watch(struct arena *a, const char *path, struct bytes text, const struct watcher *w,
                 struct script *out, struct err *e) MUST_CHECK;

#endif
