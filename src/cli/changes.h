/* Which files of an applied migration are not as they were when it was applied. */
#ifndef KFMIG_CLI_CHANGES_H
#define KFMIG_CLI_CHANGES_H

#include "cli/session.h"
#include "report/report.h"

/* Compare the inputs that the applied receipt of step names with the files of now; old texts come from the ledger. Memory in s->a.
 * -1: the ledger could not be asked, or ERR_INTEGRITY: the receipt does not hash to what its entry says. */
int changes_find(struct session *s, const struct step *step, struct file_change **out, size_t *n,
                 struct err *e) MUST_CHECK;

/* The lines that differ: of the new text, from 1; an empty range (pure deletion) has last == first and no new excerpt. Excerpts: at
 * most 3 lines each, in a. */
void changes_lines(struct arena *a, struct bytes old_text, struct bytes new_text,
                   struct file_change *c);

#endif
