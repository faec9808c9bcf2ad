/* A migration gets another id: its folder or its files, its declaration, what depends on it, its
 * registry entry. Files only. */
#ifndef KFMIG_LOAD_RENAME_H
#define KFMIG_LOAD_RENAME_H

#include "load/load.h"

/* May a migration be called so? -1 with ERR_CONFIG. */
int rename_check_id(const char *id, struct err *e) MUST_CHECK;

/* Where the declaration in text names old, as its own id or in depends_on, let it name id. path: for places
 * only. -1 with ERR_CONFIG: it is no YAML, or it spells old in a way that cannot be replaced. */
int rename_text(struct buf *text, const char *path, const char *old, const char *id,
                struct err *e) MUST_CHECK;

/* Would b be another file, byte for byte, if the migration old had another id? Where its header names that.
 */
bool rename_alters(struct project *p, struct bundle *b, const char *old);

/* Call bundle old id: migration_id, depends_on of others, the registry's entry, then the folder. Nothing to
 * do where old has no bundle and id has one (*moved false): it was renamed by hand, or by a run that died
 * behind that; the registry is mended all the same. Where both are there nothing is moved either. -1 with
 * ERR_CONFIG: neither is there, migrations would wait for each other, or a declaration cannot be changed
 * as it is
 * written; ERR_PREFLIGHT: a file
 * could not be written. A run that dies in between is gone on with by the same call. p is to be loaded anew
 * afterwards. */
int load_rename(struct project *p, const char *old, const char *id, bool *moved,
                struct err *e) MUST_CHECK;

#endif
