/* Proofs of migrations: what `kfmig test` tried of each on throwaway databases, and what came of
 * it. Plain data; flow/prove.h fills it, report/ prints it. */
#ifndef KFMIG_MODEL_PROOF_H
#define KFMIG_MODEL_PROOF_H

#include "model/decl.h"

/* Parts of a proof, as model/proof.def says. */
enum proof_part {
#define PROOF(NAME, ...) PROOF_##NAME,
#include "model/proof.def"
#undef PROOF
    PROOF_PARTS
};
const char *proof_part_text(enum proof_part p); /* "fresh" */

/* How a part ended. OPEN: it was not tried, as there is nothing to try or another part failed.
 * SKIPPED: what it comes after failed. */
enum proof_end { PROOF_OPEN, PROOF_GOOD, PROOF_BAD, PROOF_SKIPPED };
const char *proof_end_text(enum proof_end e); /* "not tried", "passed", "failed", "skipped" */

/* What taking it back comes to. UNTRIED: it was not applied. NONE: it has no rollback file. EMPTY:
 * that holds no statement, and the migration has something to undo. ORDER: only the order of
 * columns or of an enum's values is another. */
enum down_class {
    DOWN_UNTRIED,
    DOWN_NONE,
    DOWN_EMPTY,
    DOWN_EXACT,
    DOWN_ORDER,
    DOWN_DIFFERS,
    DOWN_FAILS
};
const char *down_class_text(enum down_class d); /* "exact", "order only", ... */

/* Rows of a table that went when it was taken back: -1 not known. */
struct proof_rows {
    char table[128]; /* object_text(), cut */
    int64_t rows;
};
enum { PROOF_ROWS_MOST = 4 };

/* Of a statement of the workload while the migration was applied: the longest that one took, how
 * many ran, how many failed. n 0: none ran meanwhile. */
struct proof_wait {
    int64_t ms, n, errors;
};
enum { PROOF_WAITS_MOST = 8 };

/* What was found: of fixed size, so that processes can share it. effect: digest of the objects that
 * it left, zero where it was not applied. fault: why FRESH (0), why any of the others (1) did not
 * hold; code ERR_NONE: it did. n_rows: tables that lost any; the first are in rows. n_seeds: files
 * that were loaded behind it. */
struct proof_found {
    struct {
        enum proof_end end;
        int64_t ms;
        struct digest effect;
    } part[PROOF_PARTS];
    enum down_class down;
    struct err fault[2];
    struct proof_rows rows[PROOF_ROWS_MOST];
    size_t n_rows, n_seeds;
    struct proof_wait wait[PROOF_WAITS_MOST]; /* by proofs.statements */
    bool is_done;                             /* all of it but FRESH, that is */
};

/* One migration. key: of all that the proof depends on; before: of the migrations before it, a part
 * of that. is_wanted: it was to be proven by this run; is_cached: it was proven earlier, by the
 * same key, and found says how. because: why it is proven now: "never proven"; "" where it is not. */
struct proof {
    const char *id;
    const struct bundle *bundle;
    struct digest key, before;
    bool is_wanted, is_cached;
    const char *because;
    struct proof_found *found;
};

/* What is wrong with a seed: its path. */
struct proof_note {
    const char *what;
    struct err fault;
};
/* Of a whole run, of fixed size as well. second: the second build on the fresh database: OPEN where
 * nothing was to be proven. Seeds beyond the most are not told. */
enum { PROOF_NOTES_MOST = 16 };
struct proof_whole {
    enum proof_end second;
    struct err second_fault;
    struct proof_note notes[PROOF_NOTES_MOST];
    size_t n_notes;
};

/* All of a run. worst: of all that failed. jobs: processes that worked at once. Times in
 * milliseconds: all, and what making databases took of it. */
struct proofs {
    const char *environment;
    const char *server; /* "PostgreSQL 15.18, embedded" */
    struct proof *v;
    size_t n;
    size_t n_proven, n_cached, n_failed, n_skipped, n_left;
    struct proof_whole *whole;
    const char *const *statements; /* names of the workload's */
    size_t n_statements;
    int64_t limit_ms, ms, database_ms, jobs;
    enum err_code worst;
};

/* Did all parts that were tried hold, and was it to be proven? */
bool proof_holds(const struct proof *p);
/* The decisive part: the first that failed or was skipped, else PROOF_PARTS. */
enum proof_part proof_decisive(const struct proof *p);
/* Why that part did not hold; NULL: it did. */
const struct err *proof_fault(const struct proof *p);
/* Milliseconds of all its parts. */
int64_t proof_ms(const struct proof *p);
/* Add up v[0..n) into the counts of o, and worst. */
void proofs_count(struct proofs *o);

#endif
