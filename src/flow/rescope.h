/* Scope and limits of a migration written anew: from its files, or from what its last run was seen to do. */
#ifndef KFMIG_FLOW_RESCOPE_H
#define KFMIG_FLOW_RESCOPE_H

#include "script/draft.h"
#include "site/site.h"

/* What b's forward files show. Their faults are appended to faults, with -1 and ERR_CONFIG. Memory in
 * p->a. */
int rescope_text(struct project *p, struct bundle *b, struct draft *out, struct err_list *faults,
                 struct err *e) MUST_CHECK;

/* What the newest run of b that got as far as its gates was seen to do, as s's ledger has it; s is
 * connected. -1 with ERR_PREFLIGHT: the environment is protected, b is applied there, or no run was seen. */
int rescope_observed(struct site *s, const struct bundle *b, struct draft *out,
                     struct err *e) MUST_CHECK;

/* Write d's scope and limits into b's migration.yml; what its scope forbids stays. -1 with ERR_CONFIG:
 * b was executed (exported evidence names its checksum), or the file is in another form. */
int rescope_write(struct project *p, struct bundle *b, struct draft *d, struct err *e) MUST_CHECK;

#endif
