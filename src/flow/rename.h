/* A migration gets another id: in the project's files, and in the ledgers of unprotected environments. */
#ifndef KFMIG_FLOW_RENAME_H
#define KFMIG_FLOW_RENAME_H

#include "flow/writing.h"

/* What came of it in one environment: RENAME_DONE, an entry was written; RENAME_NOTHING, it is not applied
 * there as old; RENAME_PASSED, it could not be asked (why, in the site's arena). */
enum rename_fate { RENAME_DONE, RENAME_NOTHING, RENAME_PASSED };
struct renamed {
    const char *env;
    enum rename_fate fate;
    const char *why;
    int64_t sequence;
    const char *run_id;
};

/* May old be called id as far as s's ledger goes (s is begun, not connected)? A protected
 * environment where old is applied keeps the name: -1, ERR_PREFLIGHT; so does one where both are
 * applied. must: an environment that cannot be asked is an error, else RENAME_PASSED. Nothing is
 * written. */
int rename_ask(struct site *s, const char *old, const char *id, bool must, struct renamed *out,
               struct err *e) MUST_CHECK;

/* Let s's ledger call it id, with an entry of its own; s's project is the renamed one. -1 with ERR_PREFLIGHT:
 * the bundle of old is still here, unless what is applied as it is id's and no longer its own. */
int rename_ledger(struct site *s, const char *old, const char *id, int64_t lock_wait_ms,
                  struct renamed *out, struct err *e) MUST_CHECK;

/* {"from","to","moved","environments":[{"environment","result","sequence","run_id","detail"}]}, as
 * registry/schemas/rename.v1 says; in a. */
struct doc *rename_doc(struct arena *a, const char *old, const char *id, bool moved,
                       const struct renamed *v, size_t n);
/* The same for people. */
void rename_put(struct buf *out, const char *old, const char *id, bool moved,
                const struct renamed *v, size_t n);

#endif
