/* What the plan alone cannot know of applied migrations: those that only the ledger has, what looks like one
 * of them, and whether line ends are all that differs. Asked only where the plan found such a thing. */
#ifndef KFMIG_SITE_ABSENT_H
#define KFMIG_SITE_ABSENT_H

#include "site/site.h"

/* Look at s's plan, which was made of the project alone. *found: a plan is to be made again, of the project's
 * bundles and of absent[0..*n) behind them, in s->a. Reads receipts and texts of absent ones where something
 * is pending. -1: the ledger could not be asked, or a bundle's files changed meanwhile. */
int absent_find(struct site *s, const struct bundle **absent, size_t *n, bool *found,
                struct err *e) MUST_CHECK;

/* For tests too. How much of the lines of two scripts is the same, in percent; lines that say little (blanks,
 * comments, what is shorter than 8 characters) do not count, unless there are no others. 100 only for the
 * same bytes. */
int absent_likeness(struct bytes x, struct bytes y);

#endif
