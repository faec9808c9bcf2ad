/* Backfills as a mark declares them: "-- kfmig:backfill {table: app.t, key: [id], rows: 5000}", the keys of
 * `backfill` in migration.yml without its statement, in YAML; also over several lines of comment.
 * Owns: what the settings mean, and whether the statement behind them fits. Pure. */
#ifndef KFMIG_SCRIPT_BACKFILL_H
#define KFMIG_SCRIPT_BACKFILL_H

#include "model/script.h"

/* Every marked statement of s: sets its backfill, or makes it STATEMENT_REFUSED with the reason. parse: the
 * language's, for what `verify` asks. All memory in a. */
void backfill_declare(struct arena *a, struct script *s,
                      int (*parse)(struct arena *a, const char *path, struct bytes text,
                                   struct script *out, struct err *e));

#endif
