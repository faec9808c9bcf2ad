/* What comments in a migration's files let through, in words for its receipt: "kfmig:allow RULE reason" (a
 * secret that is none), "kfmig:allow-data reason", "kfmig:allow-unparsed". Whoever judges looks for its own
 * (model/leak.h, sql/script.c); this only lists them. Pure. */
#ifndef KFMIG_MODEL_ALLOW_H
#define KFMIG_MODEL_ALLOW_H

#include "base/arena.h"
#include "base/bytes.h"

/* path and line (from 1): where the comment stands. reason: cut at 200 bytes; "" where none was given. */
struct allowance {
    const char *path;
    int line;
    const char *rule, *reason;
};
struct allowances {
    struct allowance *v;
    size_t n, cap;
};

/* Append those of a file's text, in order; path is borrowed, the rest is in a. */
void allow_list(struct arena *a, const char *path, struct bytes text, struct allowances *out);

#endif
