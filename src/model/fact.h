/* What is known about a database before anything runs: facts from its ledger (the past) and what was probed
 * (the world). Plain data; the plan is a pure function of project, past and world. */
#ifndef KFMIG_MODEL_FACT_H
#define KFMIG_MODEL_FACT_H

#include <stdint.h>

#include "base/digest.h"
#include "base/table.h"
#include "model/lineage.h"
#include "model/part.h"
#include "model/script.h"
#include "model/standing.h"
#include "model/store_kind.h"

struct doc;       /* doc/doc.h */
struct findings;  /* model/finding.h */
struct approvals; /* model/approval.h */

/* One ledger entry about a migration, or about a projection that was published: checksum is then the digest
 * of its generation. subject: what it is called now; recorded_as: what the entry calls it. undoes: it takes
 * back what was applied; is_again: it applies what was taken back before; is_definition: a repeatable
 * definition, which counts as a migration. */
struct fact {
    int64_t sequence;
    int64_t
        wrote; /* the entry that ran it: earlier, where its text was replaced since; see past_add() */
    const char *subject, *recorded_as;
    bool is_migration, is_definition, undoes, is_again;
    const char *result; /* "success", "failed", "interrupted" */
    const char *run_id;
    const char *finished_at;
    struct digest checksum, bundle_digest, receipt;
    struct digest pre, post, diff, invariants; /* zero if absent */
    const struct fact_run *run;                /* NULL: nobody has looked into its receipt */
};

/* What the receipt of an entry tells of its run; "" and 0 for what it does not. code: the failure's
 * ("apply"), NULL: none. gates: those that failed, a line each, "scope: create of table a.t: ...". */
struct fact_run {
    const char *actor, *started_at, *intent, *pr;
    int64_t ms; /* -1: not known */
    const char *code, *path, *sqlstate, *condition, *object, *gates;
    int statement, line, col;
};
/* Per migration id or projection: what is applied, if anything; what took it back, where that was the last
 * success; and the last entry of any result. */
struct history {
    struct fact *applied, *undone;
    struct fact *last;
};
struct past {
    struct table by_id; /* id -> struct history */
    size_t n_applied;   /* migrations with a success */
    struct digest
        managed; /* post digest of the newest entry that has one; zero on an empty ledger */
    /* The last entry that made or undid a fact, and the hash of its leaf; 0: there is none. What failed, a
     * confirmation, a drill or a backup moves neither. */
    int64_t position;
    struct digest leaf;
};
struct history *past_get(const struct past *p, const char *id); /* NULL if nothing is known */
/* Add a fact; later facts (higher sequence) win. Memory in a. */
void past_add(struct arena *a, struct past *p, const struct fact *f);
/* From here on what is known of migration old is known of id; nothing where nothing is applied as old. */
void past_rename(struct arena *a, struct past *p, const char *old, const char *id);
/* From here on nothing is applied as id, nor taken back: it went with the projection that it belonged to. */
void past_forget(struct past *p, const char *id);
/* The subject of a rename's entry, "OLD NEW", in a; and back: -1, it is none. */
const char *rename_subject(struct arena *a, const char *old, const char *id);
int rename_read(struct arena *a, const char *subject, const char **old, const char **id);
/* The subject of a drop's entry, "PROJECTION MIGRATION...", in a; and back, the projection first. */
const char *drop_subject(struct arena *a, const char *projection, const struct names *migrations);
void drop_read(struct arena *a, const char *subject, struct names *out);

/* An object that is not as the ledger's sum says. was zero: appeared; now zero: vanished. */
struct drift {
    const char *text; /* object_text() */
    struct object object;
    struct digest was, now;
    const char *last_writer; /* migration id, or "" (recorded at first contact) */
    int64_t sequence;        /* of its entry, or of that which recorded the object first */
    int64_t recorded;        /* entry that recorded it last */
    bool by_version;         /* another major version of the server may read it so */
    int from_major;          /* and it was recorded on this one; 0: somebody changed it */
};

/* What of a drifted object is not as the ledger's sum says, facet by facet. was, now NULL: it has none. */
struct facet_pair {
    const char *facet, *was, *now;
};
struct drift_detail {
    const struct drift *drift;
    const struct facet_pair *v;
    size_t n;
};

/* A statement that says one facet of an object ("": the object itself), without semicolon. sql NULL: no
 * statement says it alone; open then tells why. */
struct sql_line {
    const char *object, *facet, *sql, *open;
};
/* What makes what stands in a database of what is expected there, and the way back; each in an order in
 * which it can run. */
struct drift_sql {
    struct sql_line *keep, *undo;
    size_t n_keep, n_undo;
};

/* A generation of a projection, as the ledger has it. LOADING: its schema stands and is being filled;
 * READY: validated, to be published; LIVE: what readers see; KEPT: was live, or was switched away from. */
enum generation_state {
    GENERATION_LOADING,
    GENERATION_READY,
    GENERATION_LIVE,
    GENERATION_KEPT,
    GENERATION_STATES
};
const char *generation_state_text(enum generation_state s); /* "loading", ... */

struct generation {
    const char *projection;
    const char
        *schema;    /* of the projection when it was made; NULL: an older kfmig did not write it */
    int64_t number; /* from 1; never reused */
    enum generation_state state;
    struct digest digest;  /* zero: adopted, not made by kfmig from catalogs */
    struct digest content; /* over the fingerprints of its tables; zero: not validated yet */
    struct parts parts;    /* what digest is made of; none: it is zero */
    bool
        is_chosen; /* switched to by hand: stays until the declaration changes again or it is named */
    const char *changed_at;
    const struct doc *facts; /* canonical JSON as stored; what else run/ remembers */
};
struct generations {
    struct generation *v; /* sorted by projection, then number */
    size_t n, cap;
};
/* The one of a projection that readers see; NULL: there is none. */
const struct generation *generations_live(const struct generations *l, const char *projection);

/* A file of an applied migration that is not as it was then: for why. was, now: digests as text, "" where
 * there is no such file. first_line, last_line: of the range that differs in the new text; 0: the old
 * text is not in the ledger. Excerpts: the differing lines, at most 3; project text, no server text; may
 * be NULL. */
struct file_change {
    const char *path;
    const char *was, *now;
    int first_line, last_line;
    const char *old_excerpt, *new_excerpt;
};

/* One environment named in requires, as its own ledger tells it now; or, where that could not be asked, as
 * its signed receipts tell it: files is then their folder, else NULL. reachable: one of both told its past,
 * of n entries up to the moment at. why_not: why it could not be asked, one line; where it is not reachable,
 * what is wrong with its receipts, too. */
struct upstream {
    const char *env;
    bool reachable;
    const char *why_not, *files, *at;
    int64_t n;
    const struct past *past;
};

/* A store of an environment besides the one that holds the ledger, as it was found. */
struct store_world {
    bool reachable; /* it answered */
    const char
        *why_not;  /* one line, where it did not; NULL: nothing needs it, so it was not asked */
    bool is_known; /* the ledger has its starting baseline */
    bool is_other; /* another place answered than the one that the ledger knows */
    int64_t n_existing; /* not known: objects found there */
    struct digest eyes; /* of the programs that look for it; zero: there are none */
};

/* A migration whose steps are journaled, which an earlier run began to apply, or (undoes) to take back,
 * and did not finish. at: the first of its
 * n steps that is not done, n: all are; standing: what stands of that one. is_otherwise: what was begun is
 * not what its scripts say now. sequence, run_id: of the newest intent. batches, rows: of a backfill, those
 * that stand. key: of that step, where it has an intent that is open; stands: the digest of what was seen
 * there, zero: nothing; seen: the same in words, NULL: nobody looked. */
struct begun {
    const char *subject, *run_id, *verb, *object;
    int64_t sequence, batches, rows;
    size_t at, n;
    enum standing standing;
    bool is_otherwise, undoes;
    struct digest key, stands;
    const char *seen;
};
/* Is it what no machine can know: what stands of its next step is somebody else's, or what was begun is not
 * what is declared now? */
bool begun_in_doubt(const struct begun *b);

/* The newest entry that changed an object, by another than what defines it. by: its subject. */
struct rewritten {
    int64_t sequence;
    const char *by;
};

/* About what a table holds, with its parts: rows, and bytes of its heap and of what is stored out of line. */
struct table_size {
    int64_t rows, bytes;
};

/* A role that pending scripts name, as the server has it. joined: whoever runs them is a member of it, or a
 * superuser. */
struct role_fact {
    bool exists, joined;
};

struct world {
    const char
        *running; /* who runs something there now, and what; NULL: nobody, or nobody has looked */
    /* Why nothing may be changed now, whatever the plan says (windows, freeze, checklist), and what of it
     * holds; NULL: nobody has looked. No part of a plan: giving a confirmation does not change it. */
    const struct findings *held;
    bool reachable; /* the store that holds the ledger answered and is the right database */
    /* Where not: one line; what the server said, for text and never for documents; what to do. "" if
     * none. */
    const char *why_not, *server_said, *hint;
    bool has_ledger;
    const char *instance; /* uuid, "" without a ledger */
    const char
        *moved; /* where the last run here found this ledger, if not in this database; NULL */
    int64_t n_existing; /* without a ledger: managed objects found there */
    struct drift *drift;
    size_t n_drift;
    size_t
        n_forgiven; /* not in drift: the doing of what was begun, as long as that is not settled */
    size_t n_upgraded; /* of these: with from_major */
    int server_major;
    int format,
        newest_format; /* of the ledger; what the next build makes of it where nothing drifted */
    const struct upstream *upstream; /* one per env->requires, same order */
    size_t n_upstream;
    struct store_world store[STORE_COUNT]; /* that of the ledger is left empty */
    const struct begun *begun;
    size_t n_begun;
    struct names deployed;         /* tags of deployments that the ledger has */
    const struct lineage *lineage; /* which relations count to which; NULL: not asked for */
    struct table
        sizes; /* object_text() of a table -> struct table_size; empty: nobody has looked */
    /* rewriting_key() of a statement -> enum rewrite_verdict; empty: nobody has looked. */
    struct table rewrites;
    /* definition_name() of an object -> struct rewritten, of entries behind the first of repeatable
     * definitions that are here and applied; empty: there are none. */
    struct table written;
    /* A migration or definition that holds variables -> the struct doc {NAME: digest} of its last run. */
    struct table valued;
    /* A migration's id -> struct findings of the linter; empty: nobody has looked, or there are none. */
    struct table linted;
    const struct approvals *approvals; /* those that were found; NULL: nobody has looked */
    /* The same of what reduces what is enforced, whatever a comment lets through. */
    struct table reduced;
    struct table roles; /* a role's name -> struct role_fact; empty: nobody has looked */
};

/* Of the subject; NULL: nothing of it was begun and not finished. */
const struct begun *world_begun(const struct world *w, const char *subject);
/* Are the fingerprints of w's ledger of an older format than the next build would make? */
bool world_is_old(const struct world *w);
/* Are a table's rows written anew by st? Never REWRITE_UNKNOWN: where nobody has looked it is as its text
 * says. */
enum rewrite_verdict world_rewrites(const struct world *w, const struct statement *st);

#endif
