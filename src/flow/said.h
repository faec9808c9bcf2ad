/* What is said of a run, for its receipts: intent, pull request, links, notes, and who runs it.
 * Owns: where each comes from (the option, then a variable of kfmig's own, then what the CI system sets),
 * what may stand in it, and that nothing that holds a secret gets any further. docs/audit.md has the table.
 */
#ifndef KFMIG_FLOW_SAID_H
#define KFMIG_FLOW_SAID_H

#include "run/run.h"

enum { SAID_PR_MAX = 256, SAID_INTENT_MAX = 1024, SAID_NOTES_MAX = 4096, SAID_LINKS_MAX = 16 };

/* given: what the command line says (NULL: nothing), borrowed. *out: type, id and the texts; the rest is left
 * as it is. In a; nothing is written. -1: ERR_CONFIG: a text is too long, holds a control character or is
 * not UTF-8, a link is none; ERR_LEAK: one holds a secret. The option or variable is named, its text never.
 */
int said_read(struct arena *a, const struct said *given, struct run_actor *out,
              struct err *e) MUST_CHECK;
/* Only whether that can be read: before anything is begun that would have to be undone. */
int said_check(const struct said *given, struct err *e) MUST_CHECK;

#endif
