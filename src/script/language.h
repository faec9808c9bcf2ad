/* The languages that migrations are written in.
 * Owns: the table of languages, one row each; which one a file is in. A language is pure: text in,
 * statements with their places, predicted touches and rows out. No connection, no verdict, no
 * store: whether a touch is allowed is model/scope.h's business, how a statement is run is the
 * store's. */
#ifndef KFMIG_SCRIPT_LANGUAGE_H
#define KFMIG_SCRIPT_LANGUAGE_H

#include "model/script.h"

/* name: for people ("SQL"); ending: of the names of its files (".sql"); version: up to which it is
 * known, for people ("PostgreSQL 18").
 * parse: split and analyse text, which is borrowed and must outlive *out; all memory in a. Returns
 * 0, or -1 with ERR_CONFIG and the place where the text cannot be split into statements.
 * invert: append to out what undoes s, with comments where a person must write; *n_open receives how
 * many places these are; name: how s is called in comments. NULL: this language has no inverses. */
struct language {
    const char *name;
    const char *ending;
    const char *version;
    int (*parse)(struct arena *a, const char *path, struct bytes text, struct script *out,
                 struct err *e);
    void (*invert)(struct arena *a, const struct script *s, const char *name, struct buf *out,
                   size_t *n_open);
    bool is_linted; /* lint/lint.h reads it */
};

/* The language of a file by the ending of its name, or NULL. Static memory. */
const struct language *language_of(const char *path);

/* Parse a file in the language that its name says, and read what its marks say of backfills
 * (script/backfill.h). Returns 0, or -1 with ERR_CONFIG: the language's
 * faults, or a name that says none. */
int language_parse(struct arena *a, const char *path, struct bytes text, struct script *out,
                   struct err *e) MUST_CHECK;

#endif
