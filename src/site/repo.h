/* Which commit of the project runs: for receipts. */
#ifndef KFMIG_SITE_REPO_H
#define KFMIG_SITE_REPO_H

#include "base/arena.h"

/* The commit HEAD names, from KFMIG_COMMIT or by reading .git (no program is run); "" if there is none. */
const char *repo_commit(struct arena *a, int dirfd);

#endif
