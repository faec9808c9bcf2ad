/* A bundle, and the registry's statuses, as rows of the cache. */
#ifndef KFMIG_LOAD_ROW_H
#define KFMIG_LOAD_ROW_H

#include "load/used.h"
#include "model/decl.h"

#define ROW_BUNDLE "bundle"     /* kind; name: the bundle's folder, "migrations/postgis/ID" */
#define ROW_REGISTRY "registry" /* kind; name: the registry's path */

/* The row for b, which was made from the files in used. It begins with a number for the rules it
 * was made by (the form of rows, the schemas): a kfmig with other rules reads the files again. */
void row_encode(struct buf *out, const struct bundle *b, const struct used *used);

/* Fill b from a row if all files in folderfd (the folder that the bundle's folder stands in) look
 * as they did then. id is the name of the bundle's folder, kept; b->dir, folder and store are the
 * caller's. What has to be kept besides is copied into a.
 * False: the row is of other rules, or a file looks different; *b is then untouched. */
bool row_decode(struct arena *a, int folderfd, const char *id, struct bytes row, struct bundle *b);

/* Append to out the files that a row was made from, as they are called behind the name of b's folder, NUL
 * behind each, and set *stamps to the number of their stamps: where all look as they did, and what the
 * row says of their content is what b says. At most ROW_FILES_FEW files. */
enum { ROW_FILES_FEW = 32 };
bool row_files(int folderfd, struct bytes row, const struct bundle *b, struct buf *out,
               struct hint *stamps) MUST_CHECK;

/* Reading and writing bytes one after the other; a reader that runs out of bytes gives zeros and is_short. */
struct row_reader {
    const char *p, *end;
    bool is_short;
};
void row_put(struct buf *out, const void *p, size_t n);
void row_put_text(struct buf *out, const char *s);
void row_take(struct row_reader *r, void *out, size_t n);
const char *row_take_text(struct row_reader *r); /* borrowed from the row, NUL-terminated */
uint64_t row_rules(void);

#endif
