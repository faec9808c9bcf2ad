/* What a store is asked to do, one thing after another: made of scripts, whatever language they are in.
 * Plain data. Pure. */
#ifndef KFMIG_MODEL_PROGRAM_H
#define KFMIG_MODEL_PROGRAM_H

#include "model/script.h"

/* One thing to do: a statement, an operation. verb, object: what and on what, for people and for
 * the journal. touches: what it is predicted to touch; NULL: nobody knows. counts_rows: rows that
 * it takes along are to be counted before, cascade: dependants too. script, statement: where it stands; NULL:
 * in none. leaves: the object's definition once it is done, as the ledger had it when that stood before; "":
 * it is not there then; NULL: nobody knows. */
struct store_step {
    const char *verb, *object;
    struct bytes text;
    const struct touches *touches;
    bool counts_rows, cascade;
    const struct script *script;
    const struct statement *statement;
    const char *leaves;
};
struct program {
    const struct store_step *v;
    size_t n;
};

/* The statements of n scripts that are to be run, in order. Its object is the first thing that a step
 * changes, "" where it changes nothing that is known. Steps in a, the rest borrowed. */
void program_of(struct arena *a, const struct script *scripts, size_t n, struct program *out);
/* Does the touch change its object? */
bool touch_changes(const struct touch *t);

#endif
