/* What a rollback would do, before it does: which migrations, why each, and the rows that may go. Plain
 * data; flow/undo.h fills it, report/ prints it. */
#ifndef KFMIG_MODEL_UNDO_H
#define KFMIG_MODEL_UNDO_H

#include "model/decl.h"
#include "model/fact.h"

/* What the rollback files say of a table's rows. */
enum undo_removes {
    UNDO_KEEPS,   /* no statement removes any */
    UNDO_ALL,     /* it is dropped or emptied */
    UNDO_NOT_SAID /* some: their text does not say how many */
};
const char *undo_removes_text(enum undo_removes r); /* "none", "all", "not said" */

/* now: rows that stand there, ROWS_UNKNOWN where nobody can tell; is_about: as the server's statistics have
 * it; is_made: the rollback of a newer one makes it or writes it first. inserted, updated, deleted: by the
 * receipt of the run that applied the migration (has_receipt). */
struct undo_table {
    const char *table; /* object_text() */
    int64_t now;
    bool is_about, is_made, has_receipt;
    int64_t inserted, updated, deleted;
    enum undo_removes removes;
};
/* The most rows that may go: what was shown; INT64_MAX where no figure could be. */
int64_t undo_most(const struct undo_table *t);

/* A migration to be taken back. because: "PG-1 is taken back" where it is a dependant, "" where it was
 * asked for. */
struct undo_step {
    const struct bundle *bundle;
    const struct fact *fact; /* its entry */
    const char *because;
    size_t n_statements;
    struct undo_table *tables;
    size_t n_tables;
};
/* In the order in which they are taken back, newest first. digest: of what is to be done; never of
 * figures. */
struct undo_list {
    const char *environment;
    bool is_exact;
    struct undo_step *v;
    size_t n;
    struct digest digest;
};
/* May any row go? */
bool undo_loses(const struct undo_list *u);

#endif
