/* What a rollback is to take back, and what may go with it: looked at before anybody is asked.
 * Owns: which migrations, what depends on them, what cannot be taken back, the rows that are shown. Writes
 * nothing. */
#ifndef KFMIG_FLOW_UNDO_H
#define KFMIG_FLOW_UNDO_H

#include "model/undo.h"
#include "run/rollback.h"
#include "site/site.h"

/* What is asked for: the migration id, or what was applied after the migration to, or the last steps (0:
 * the last one). Ids may be abbreviated. */
struct undo_wish {
    const char *id, *to;
    int64_t steps;
    bool is_exact, with_dependants;
};
/* undo: for people; back: how each is taken back, by the same index. All in s->a. */
struct undoing {
    struct undo_list undo;
    struct taking_back *back;
};
/* s is planned and connected. known (NULL: nothing): what the same wish came to before: it is looked at once
 * more, and what only people read is left out. -1: ERR_CONFIG, an unknown id, or a rollback file that cannot
 * be run (its faults are told); ERR_PREFLIGHT: what cannot be taken back, or has dependants, with what to
 * do. */
int undo_plan(struct site *s, const struct undo_wish *w, const struct undoing *known,
              struct undoing *out, struct err *e) MUST_CHECK;
/* The migration of fact alone, the step-th of s's plan, which is the newest that is applied:
 * nothing depends on it. As undo_plan(), but nobody is to be shown anything: any rows may go, and
 * there is no digest. */
int undo_newest(struct site *s, const struct fact *fact, int step, struct undoing *out,
                struct err *e) MUST_CHECK;
/* Is it what was reviewed as that digest (NULL: anything)? ERR_PREFLIGHT. */
int undo_reviewed(const struct undo_list *u, const char *plan_digest, struct err *e) MUST_CHECK;

/* undo_rebuild.c: the definitions that go and come back with t, each by the text that it had before t was
 * applied. -1: ERR_INTEGRITY, or the ledger could not be asked. */
int undo_rebuilding(struct site *s, struct taking_back *t, struct err *e) MUST_CHECK;

/* undo_rows.c: the tables of all steps, of which statements and the ledger are known. known: what the first
 * look found, whose receipts are not asked again; NULL: this is the first. -1: the database could not be
 * asked. */
int undo_rows(struct site *s, const struct undo_list *known, struct undoing *u,
              struct err *e) MUST_CHECK;

#endif
