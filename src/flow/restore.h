/* A bundle's files put back as they were when it was applied. */
#ifndef KFMIG_FLOW_RESTORE_H
#define KFMIG_FLOW_RESTORE_H

#include "site/site.h"

/* What there is of a migration in s's ledger. dir: where its bundle stands, or would. v: its files,
 * path within dir; is_there[i]: the file is so already. id: as the ledger calls it now. */
struct restoring {
    const char *id, *dir;
    struct artifacts files;
    bool *is_there;
};

/* Read it for the migration that is applied as id (s is linked). -1 with ERR_PREFLIGHT: nothing is. */
int restore_read(struct site *s, const char *id, struct restoring *out, struct err *e) MUST_CHECK;
/* Write the files that are not so already. One that was renamed keeps its new id. */
int restore_write(const struct site *s, const struct restoring *x, struct err *e) MUST_CHECK;
/* Each file and its text; is_written: each file and what was done. */
void restore_put(struct buf *out, const struct restoring *x, bool is_written);
/* {"migration_id","files":[{"path","digest","state"}]}, as registry/schemas/receipt_text.v1 says; in a. */
struct doc *restore_doc(struct arena *a, const struct restoring *x, bool is_written);

/* Where exports go: the directory to, made if it is missing (a path that the operator gave may lead
 * anywhere); NULL: dirfd itself. *out is the caller's to close where it is another. -1 ERR_PREFLIGHT. */
int restore_destination(struct arena *a, const char *to, int dirfd, int *out,
                        struct err *e) MUST_CHECK;

#endif
