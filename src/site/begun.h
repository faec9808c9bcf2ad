/* Migrations of stores whose steps are journaled, which an earlier run began and did not finish.
 * Owns: finding them, and telling what they left from what stood there before. For src/site only. */
#ifndef KFMIG_SITE_BEGUN_H
#define KFMIG_SITE_BEGUN_H

#include "ledger/journal.h"
#include "site/site.h"

/* From the journal, the scripts and the stores that answer: s->world.begun. A store that does not tell where
 * a step stands is given up as one that does not answer. */
void begun_find(struct site *s);
/* What the journal says of a migration in n steps, of which it has n_rows > 0 rows (journal_begun()), in
 * *out, but for what stands of the first step that is not done. Returns that one's row; NULL: it was not
 * begun, or all are done. */
const struct journal_row *begun_fill(const struct journal *j, const struct journal_step *steps,
                                     size_t n, const struct journal_row *const *rows, size_t n_rows,
                                     struct begun *out);
/* From what store k holds now and its part of the sum: x->found and x->base. In s->a. */
void begun_put_back(struct site *s, enum store_kind k, const struct object_rows *sum,
                    const struct catalog *now, struct site_store *x);

#endif
