/* Who may sign, as `kfmig check` looks at it. */
#ifndef KFMIG_FLOW_CHECK_SIGNERS_H
#define KFMIG_FLOW_CHECK_SIGNERS_H

#include "load/load.h"

/* What is wrong with registry/allowed_signers and registry/revoked_signers: faults of p; environments
 * that want signatures which nobody can give, protected ones governance's among them: its warnings. Reads
 * both. */
void check_signers(struct project *p);

#endif
