/* Taking migrations back: `kfmig rollback`. */
#ifndef KFMIG_FLOW_ROLLBACK_H
#define KFMIG_FLOW_ROLLBACK_H

#include "flow/undo.h"
#include "flow/writing.h"

/* Take back what u says, newest first, each in a transaction of its own with its receipt; the first that
 * fails ends it. Under the lock it is looked at once more: anything but the same is ERR_PREFLIGHT, and
 * nothing is taken back; figures may differ, and no more rows go than u shows. order: is_confirmed and
 * lock_wait_ms. skips_backup: --skip-backup. As writing(). */
int rollback(struct site *s, const struct undo_wish *w, const struct undoing *u, bool skips_backup,
             const struct writing_order *order, struct result *r, struct err *e) MUST_CHECK;

#endif
