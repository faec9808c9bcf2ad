/* First contact with a database, and stores besides the ledger's, met for the first time or accepted as they
 * stand.
 * Owns: the ledger's beginning, those stores' adoption. */
#ifndef KFMIG_FLOW_CONTACT_H
#define KFMIG_FLOW_CONTACT_H

#include "flow/writing.h"

/* Before there is a ledger: one transaction makes it and, unless baseline is NULL, the starting baseline,
 * which has that for a note; a run that dies leaves both or neither. -1: it cannot be looked at, or recorded.
 */
int contact_ledger(struct writing *w, const char *baseline, struct err *e) MUST_CHECK;
/* Under the lock: the starting baseline, if there is none yet and one is wanted; says what was found. */
int contact_baseline(struct writing *w, const char *baseline, struct err *e) MUST_CHECK;

/* Before anything is done in store k: what stands there is its starting baseline, if the ledger has none yet.
 * -1: it cannot be recorded. */
int contact_store(struct writing *w, enum store_kind k, struct err *e) MUST_CHECK;

/* Is there a store that answers and is not as the ledger says? */
bool contact_has_work(const struct site *s);
/* Record each such as it stands; *n receives the number of objects. what of the last is in *o. -1: one could
 * not be recorded. */
int contact_adopt(struct writing *w, const char *notes, size_t *n, struct outcome *o,
                  struct err *e) MUST_CHECK;

#endif
