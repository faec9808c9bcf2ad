/* What the linter says of a project's migrations.
 * Owns: which rules and marks a project brings along, how a bundle's files are given to the linter, and what
 * is found of those that a plan is to run. What is found is lint/lint.h's business, what stands in the way of
 * a plan that of plan/gates.h. */
#ifndef KFMIG_SITE_LINTED_H
#define KFMIG_SITE_LINTED_H

#include "lint/lint.h"
#include "site/site.h"

/* Where findings are kept that a project lives with. */
#define LINT_BASELINE "registry/lint.v1.json"
enum { LINT_BASELINE_MOST = 64 << 20 }; /* bytes */

/* The marks of that file, in p->a, and (kept, which may be NULL) the list that they stand in; none and NULL
 * where there is no such file. -1: ERR_CONFIG, it cannot be read. */
int linted_baseline(const struct project *p, struct table *out, const struct doc **kept,
                    struct err *e) MUST_CHECK;
/* A lint_known_fn over such a table. */
bool linted_is_known(void *baseline, const struct digest *mark);

/* For lint_begin(): server is the major that it runs on, 0: any. Names of other rules that comments may let
 * through are in a. */
struct lint_options linted_options(struct arena *a, int server);
/* Give one forward file of b to l, if it is in a language that is linted. is_executed: nobody may change it
 * any more. -1: its text cannot be split, as lint_read() says. */
int linted_read(struct lint *l, const struct bundle *b, const struct artifact *f,
                enum lint_part part, bool is_executed, struct err *e) MUST_CHECK;

/* Lint what may have to run here, behind what is applied here, for the server that answered: into
 * s->world.linted. order: of all migrations. Nothing is read twice for the same ledger. What cannot be read
 * is left out: who plans or checks says so. -1: ERR_CONFIG, the baseline cannot be read. */
int site_lint(struct site *s, const struct plan_order *order, struct err *e) MUST_CHECK;

#endif
