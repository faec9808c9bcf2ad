/* Temporary files of runs that were killed while they wrote (base/file.h, file_write()). */
#ifndef KFMIG_BASE_LEFTOVERS_H
#define KFMIG_BASE_LEFTOVERS_H

#include "base/arena.h"

/* Remove them from dirfd/folder, before something is written there. Call it with the environment's
 * lock held: two runs that export to one folder for different environments can still meet, then the
 * other's file is owed and written by its next run. a: scratch. */
void leftovers_remove(struct arena *a, int dirfd, const char *folder);

#endif
