/* The files of a migration as they were when it was applied, out of the ledger. */
#ifndef KFMIG_EVIDENCE_TEXTS_H
#define KFMIG_EVIDENCE_TEXTS_H

#include "evidence/archive.h"

/* Its declaration, scripts and invariants as f's run had them, in the order of its receipt; path:
 * within the bundle ("forward.sql"). Notes are not kept by a ledger. *folder: of a flat migration
 * or a definition, the folder that its files stand in ("migrations/db"), which path then begins
 * behind; NULL: it is a bundle. In a. -1: the ledger could not be asked; ERR_INTEGRITY: it lacks a
 * text or the receipt, has others than were hashed, or names a file outside. */
int texts_read(const struct ledger_source *l, struct arena *a, const struct fact *f,
               struct artifacts *out, const char **folder, struct err *e) MUST_CHECK;

#endif
