/* Which migrations an earlier check found good: their scripts need not be read again.
 * Owns: one row of the cache. A migration counts as known by its content, and only for the program that
 * checked it, beside what is protected and what was then a part of what. One that makes parts, or
 * gives one another name, is never kept: what it does decides about others. */
#ifndef KFMIG_FLOW_CHECK_KEPT_H
#define KFMIG_FLOW_CHECK_KEPT_H

#include "model/lineage.h"
#include "site/site.h"

/* good: for each bundle of p, nothing is to be said of it; set by the cache first, then by who checks. */
struct check_kept {
    const struct project *p;
    struct cache *cache;
    bool *good;
    struct hint place, lineage; /* beside what they are good */
    struct bytes row;           /* as it stands */
};

/* In p->a. cache may be NULL: then nothing is known. */
void check_kept_find(struct check_kept *k, const struct project *p, struct cache *cache);
/* Does what was found hold beside these parts? */
bool check_kept_beside(struct check_kept *k, const struct lineage *all);
/* Remember which ones are good now. */
void check_kept_keep(const struct check_kept *k);

/* The same for the linter: one row, what was read when it had nothing to tell but notes. Rules go by what
 * earlier migrations make, so that all of them count together. */
struct lint_kept {
    struct cache *cache;
    struct hint now;
    bool is_sure; /* it is known which program this is */
};
/* Was it so with these migrations, statuses and findings that the project lives with? cache may be NULL. */
bool lint_kept_find(struct lint_kept *k, const struct project *p, struct cache *cache);
/* Remember it, where is_quiet says so. */
void lint_kept_keep(const struct lint_kept *k, bool is_quiet);

#endif
