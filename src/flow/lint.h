/* A project's migrations, linted: `kfmig lint`.
 * Owns: which migrations are meant, which are applied already, what changed since a commit, the baseline, and
 * text-local changes put into files. What is found is lint/lint.h's business. */
#ifndef KFMIG_FLOW_LINT_H
#define KFMIG_FLOW_LINT_H

#include "lint/lint.h"
#include "load/load.h"

/* ids: those that are asked for, by id or its end; n_ids 0: all that the registry does not call executed.
 * all: these too. since: only what changed since git's commit of that name; NULL: whatever. server: see
 * struct lint_options. writes_baseline: keep what is found. fixes: put text-local changes into the files. */
struct lint_wish {
    const char *const *ids;
    size_t n_ids;
    bool all, writes_baseline, fixes;
    const char *since;
    int server;
};

/* The outcome in p->a. n_fixed: changes that were made; what they mended is no more in the result. n_kept: in
 * the baseline that was written. */
struct linted {
    struct lint_result result;
    size_t n_fixed, n_kept;
};

/* p is loaded; faults of single migrations are no matter, these are left out and are `kfmig check`'s to tell.
 * Returns 0, or -1: ERR_CONFIG (no such migration, a baseline that cannot be read, text that cannot be
 * split),
 * ERR_PREFLIGHT (git does not answer, files that cannot be written). */
int lint_project(struct project *p, const struct lint_wish *w, struct linted *out,
                 struct err *e) MUST_CHECK;

#endif
