/* Whole folders. */
#ifndef KFMIG_BASE_TREE_H
#define KFMIG_BASE_TREE_H

#include "base/err.h"

/* Delete a file or a folder with all in it, following no symlink. Returns 0, or -1 with errno. */
int tree_remove(int dirfd, const char *name) MUST_CHECK;

#endif
