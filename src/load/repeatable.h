/* Repeatable definitions: files that say what is to stand, and are applied again whenever that changes.
 * Owns: which files they are, and what their texts may hold and say. */
#ifndef KFMIG_LOAD_REPEATABLE_H
#define KFMIG_LOAD_REPEATABLE_H

#include "load/flat.h"
#include "model/decl.h"

/* The folder of nothing else, beneath that of the store which holds the ledger. */
#define REPEATABLE_NAME "repeatable"

/* What text, the file at path, makes and needs. Statements that are no definition are faults. NULL: it
 * cannot be parsed, which is told elsewhere. variables: the list of those that it declares, whose names
 * stand for
 * their values; NULL: none. In a. */
struct definition *repeatable_read(struct arena *a, const char *path, struct bytes text,
                                   const struct doc *variables, struct err_list *faults);

#endif
