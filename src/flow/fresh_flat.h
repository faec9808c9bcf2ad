/* A new migration in the layout that the project keeps.
 * Owns: which layout and folder that is, the next number, the texts of a flat migration's files. */
#ifndef KFMIG_FLOW_FRESH_FLAT_H
#define KFMIG_FLOW_FRESH_FLAT_H

#include "flow/fresh.h"

/* Where a new migration goes. */
struct fresh_place {
    enum layout layout;
    const char *folder;
};

/* The layout that registry/environments.v1.yml says, else that of the project's last migration in
 * the store of the ledger, else bundles; the folder is that of the last migration of that layout. */
struct fresh_place fresh_place(const struct project *p);

/* Give f, which has its intent, the id behind all of the folder: the next number of the layout (of
 * a stamp now, in UTC, or a minute behind the last), and its intent's words. Reads the folder, so
 * that faulty files count. -1: the folder cannot be listed. */
int fresh_flat_id(struct project *p, const struct fresh_place *at, struct fresh *f,
                  struct err *e) MUST_CHECK;

/* Write f's files, and note in f which they are and where its SQL stands. What undoes it first:
 * without its own file it is no migration. */
int fresh_flat_write(struct project *p, const struct fresh_place *at, struct fresh *f,
                     struct err *e) MUST_CHECK;

#endif
