/* A migration whose structure stands there already, taken for applied: `kfmig adopt ENV --migration=ID`.
 * Owns: making it in a throwaway database beside the live one, and holding what it makes against what
 * stands. */
#ifndef KFMIG_FLOW_FOUND_H
#define KFMIG_FLOW_FOUND_H

#include "flow/writing.h"

/* s is planned. The migration of that id runs, behind what it depends on, in a throwaway database; if every
 * object that it made, changed or dropped there is the same in s, an entry "apply" says so, and a receipt
 * without rows. order: is_confirmed and lock_wait_ms. -1 with ERR_CONFIG (no such migration) or
 * ERR_PREFLIGHT: it is applied, it is not what stands there, or it cannot be tried; ERR_INTERRUPTED or
 * ERR_TERMINATED: a signal came while it was. Nothing was written then. */
int found(struct site *s, const char *id, const struct writing_order *order, struct result *r,
          struct err *e) MUST_CHECK;

#endif
