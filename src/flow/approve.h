/* Signing that something may be done: what `kfmig approve` does.
 * Owns: which file an approval stands in. Asks no database: what is signed is a digest, of what is in
 * the project or was shown by `kfmig plan`. */
#ifndef KFMIG_FLOW_APPROVE_H
#define KFMIG_FLOW_APPROVE_H

#include "base/tell.h"
#include "load/load.h"
#include "model/approval.h"

/* what: its kind, subject, digest, environments and waives are those of the statement. folder: where
 * its files go.
 * key: the file of the key. lasts_ms: how long it counts; 0: as long as what it is over. */
struct approve_wish {
    struct approval what;
    const char *folder, *key;
    int64_t lasts_ms;
};
/* Sign, verify as a build would, write NAME.json and NAME.json.sig. *out, in p's arena: as it stands
 * there. -1 with ERR_CONFIG: a key that cannot be used, or is nobody's in registry/allowed_signers,
 * revoked, not valid now; ERR_PREFLIGHT: a file that cannot be written. Then no statement was written: what
 * was signed does not count. */
int approve(const struct project *p, const struct approve_wish *w, const struct ear *ear,
            struct approval *out, struct err *e) MUST_CHECK;
/* The same without files: for what a run shows of itself. */
int approve_sign(struct arena *a, int dirfd, const struct approve_wish *w, const struct ear *ear,
                 struct approval *out, struct err *e) MUST_CHECK;

#endif
