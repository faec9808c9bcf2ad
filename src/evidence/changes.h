/* Which files of an applied migration are not as they were when it was applied. */
#ifndef KFMIG_EVIDENCE_CHANGES_H
#define KFMIG_EVIDENCE_CHANGES_H

#include "evidence/archive.h"

/* Compare the inputs that the receipt of applied names with the files of now, d's; old texts come from the
 * ledger. *out in a, in the order of the receipt, then what is new. -1: the ledger could not be asked, or
 * ERR_INTEGRITY: the receipt does not hash to what its entry says. */
int changes_find(const struct ledger_source *l, struct arena *a, const struct fact *applied,
                 const struct decl *d, struct file_change **out, size_t *n,
                 struct err *e) MUST_CHECK;

/* For tests too. The lines that differ: of the new text, from 1; an empty range (pure deletion) has last ==
 * first and no new excerpt. Excerpts: at most 3 lines each, in a. */
void changes_lines(struct arena *a, struct bytes old_text, struct bytes new_text,
                   struct file_change *c);

#endif
