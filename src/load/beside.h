/* What stands beside the flat migrations of a folder: defaults.yml and the two files of meta/.
 * Owns: how they looked, and whether what was read with them may be remembered. */
#ifndef KFMIG_LOAD_BESIDE_H
#define KFMIG_LOAD_BESIDE_H

#include "load/flat.h"
#include "load/meta.h"

enum { BESIDE_FILES = 1 + META_FILES };
/* is_uncertain: the stamps say nothing. said: what readers of migrations take, once it was read. */
struct beside {
    const char *folder;
    struct flat_folder said;
    struct meta meta;
    struct stamp used[BESIDE_FILES];
    bool is_uncertain;
};

/* How the files in folder look now. */
void beside_look(struct beside *b, int dirfd, const char *folder);
/* Read them; faults are added to p, with which nothing may be remembered. */
void beside_read(struct beside *b, struct project *p);

/* A flat migration's row begins with how all looked that stands beside it: put it there, and take it off.
 * False: it looks different now, or nobody can say. */
void beside_put(const struct beside *b, struct buf *row);
bool beside_take(const struct beside *b, struct bytes *row);

#endif
