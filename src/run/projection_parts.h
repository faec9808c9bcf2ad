/* The inside of making a generation; for src/run only. */
#ifndef KFMIG_RUN_PROJECTION_PARTS_H
#define KFMIG_RUN_PROJECTION_PARTS_H

#include "base/tasks.h"
#include "run/account.h"
#include "run/projection.h"
#include "run/statements.h"
#include "store/postgis/generation.h"
#include "store/postgis/load.h"

/* A source's rows in the generation, as its facts remember them. copied: from the live generation,
 * inside the server. */
struct loaded {
    const char *key; /* "kansas_counties/2026-02.1a2b3c4d#features>feature_geom" */
    bool is_done, copied;
    int64_t rows, ms;
    struct account_partial *partial; /* what its records do not all have */
    size_t n_partial, cap_partial;
    struct content content; /* filled by validation; rows -1: not yet */
    bool is_proven;         /* and judged, by a hand: */
    struct findings gates;
};

/* One generation on its way. chain: the members as one bundle, whose scope is the projection's schema. */
struct making {
    struct run *r;
    const struct projection_job *job;
    const struct projection *p;
    struct outcome *o;
    struct generation g;
    const char *hidden;
    struct bundle chain, after; /* after: members that run when the data is there */
    const char *acl;            /* of the schema, until it is published; NULL */
    const char *horizon;
    const char *chosen_against; /* what was wanted when this one was chosen by hand; NULL */
    struct index_defs indexes;
    bool is_indexed;
    bool
        is_wanted; /* the generation that is declared now; else an earlier one, switched to by hand */
    struct loaded *loaded;       /* one per source */
    size_t loading;              /* the source that was begun last */
    int64_t made_ms, size, read; /* read: bytes of artifacts */
    int64_t live_number;         /* 0: no live schema */
    const char *started_at;
    struct guard guard;
    bool verifies;           /* content, not only counts, of what was proven before */
    struct doc *tables;      /* of the sources: their rows when they were proven; NULL: not yet */
    struct digest structure; /* of the schema's objects, when it was published; zero: never */
    bool can_replace;   /* the declaration says fallback: atomic, and this is no switch by hand */
    bool is_obstructed; /* what obstacles says stands in the way, and can_replace */
    const char *obstacles;
    struct catalog expected; /* the database as it will be once this is live */
    const struct doc
        *tiles; /* of tiles: what the file holds; NULL: nothing yet, or it is a schema */
    struct evidence_set evidence;
    struct hand *hand;        /* of a crew, whose copy this is; NULL: the run's own */
    struct tasks_gate commit; /* the generation's row is written by one of them at a time */
};

/* crew.c: the run's own, of whatever hand m is. */
struct making *making_lead(struct making *m);
/* How long making it took until now; ms: its own last piece. */
int64_t making_made(const struct making *m, int64_t ms);
/* The crew is to stop, now; is it? false where m is no hand's. */
void making_give_up(struct making *m);
bool making_is_given_up(const struct making *m);
/* Is the run, or the crew, to stop? And tell how far reading a source is. */
bool making_stops(const struct making *m);
void making_tells(const struct making *m, int64_t rows, int64_t done, int64_t size);

/* n pieces of one phase.
 * one      piece i with m, a hand's own: the same generation, loaded and all, seen from another session. It
 *          begins and ends its transaction, and enters commit of making_lead() around what writes the row.
 * waits    has piece i to wait for k, before it? NULL: none has to wait.
 * is_done  is nothing to be done for piece i? NULL: all are to be done. */
struct crew_work {
    size_t n;
    int (*one)(struct making *m, void *ctx, size_t i, struct err *e);
    bool (*waits)(void *ctx, size_t i, size_t k);
    bool (*is_done)(void *ctx, size_t i);
    void *ctx;
};
/* All of them, by hands, outside of a transaction. 0: done. 1: not all of them, as no hands were to be had,
 * or one was refused something: m is to go on alone, in order, and comes to what is to be said. -1: it
 * cannot. All of the hands' transactions have ended then, but where a connection was lost. */
int crew_run(struct making *m, const struct crew_work *w, struct err *e) MUST_CHECK;
/* Are hands for n pieces worth asking for? */
bool crew_may(const struct making *m, size_t n);

struct pg *making_session(const struct making *m);
void making_phase(const struct making *m, const char *what);
/* How far reading a source is, as a load_watch hears it; ctx: struct making. True: stop. */
bool making_loads(void *ctx, int64_t rows, int64_t done, int64_t size);
/* Transactions of kfmig's own work. begin: session hygiene, timeouts, the work lock. commit: the
 * lock and the epoch are still ours, then COMMIT. publish: the same where the transaction holds an
 * entry: if the connection goes, connect again and ask the ledger; ERR_DOUBT if it cannot be asked.
 * The tree is *before again where nothing was published. */
int making_begin(struct making *m, struct err *e) MUST_CHECK;
int making_commit(struct making *m, struct err *e) MUST_CHECK;
int making_publish(struct making *m, const struct merkle *before, struct err *e) MUST_CHECK;
void making_roll_back(struct making *m);
/* A failure, m->o->failure, leaves a receipt too: in the ledger if it can be reached, else owed. */
void making_fail(struct making *m);

/* facts.c: the row in the ledger. */
void facts_read(struct making *m);                         /* from m->g.facts */
int facts_put(struct making *m, struct err *e) MUST_CHECK; /* in the open transaction */
const char *version_column(
    const struct projection_source *s); /* NULL: none is filled with $dataset_version_id */
void mapped_columns(struct arena *a, const struct projection_source *s, struct names *out);

int make_schema(struct making *m,
                struct err *e) MUST_CHECK; /* the chain in a hidden schema; proves the artifacts */
int make_loads(struct making *m, struct err *e) MUST_CHECK;
int make_indexes(struct making *m, struct err *e) MUST_CHECK;
/* The deferred indexes of m->hidden that are missing. together: each in a transaction of its own, by
 * hands, unless it is only one; else, and for those that are then missing still, one after the other
 * in the open transaction. */
int indexes_together(struct making *m, struct err *e) MUST_CHECK;
int indexes_here(struct making *m, struct err *e) MUST_CHECK;
int make_proof(struct making *m, struct err *e) MUST_CHECK; /* validation; READY */
/* As make_proof(), of a generation that was proven before: structure, row counts (or content),
 * obstacles, invariants; and m->expected. */
int make_rehearsal(struct making *m, struct err *e) MUST_CHECK;
int make_public(struct making *m, bool by_hand, struct err *e) MUST_CHECK;

/* Where it is_obstructed: the rows replaced in the tables that are live, or a first generation
 * under its own name, in one transaction. */
int make_atomic(struct making *m, struct err *e) MUST_CHECK;

/* Parts that both ways have in common; all in the open transaction. */
bool chain_makes_schema(const struct making *m);
/* m->chain or m->after under the names that its files use, observed and judged as a migration is. */
int run_chain(struct making *m, const struct bundle *chain, struct err *e) MUST_CHECK;
/* Everything that could be wrong with the data is found before the first row is written. */
int prove_artifacts(struct making *m, struct err *e) MUST_CHECK;
/* The first migration of the chain that differs from the live generation's, NULL: none. */
const struct part *changed_member(const struct making *m);
bool is_unchanged(const struct making *m, size_t i); /* since the live generation */
int load_rows(struct making *m, size_t i, struct err *e) MUST_CHECK;
/* load_find_refused() for source i, whose rows are not in the table, in the open transaction. */
int find_refused_of(struct making *m, size_t i, struct err *e);
/* gates, and m->g.content, of what hands have not proven before. */
int prove_rows(struct making *m, struct err *e) MUST_CHECK;
int run_invariants(struct making *m, struct err *e) MUST_CHECK;
int judge_proof(struct making *m, struct err *e) MUST_CHECK; /* ERR_VALIDATE: a gate failed */
/* What stands in the way of a switch: a gate and ERR_PREFLIGHT; where m->can_replace neither, but
 * m->is_obstructed, and -1. */
int find_obstacles(struct making *m, struct err *e) MUST_CHECK;
int leave_out_others(struct making *m, struct err *e) MUST_CHECK; /* of m->expected */
struct digest structure_of(const struct making *m); /* of the schema's objects in m->expected */
void publish_changes(struct making *m); /* m->o->seen: from the ledger's sum to m->expected */
/* The new one is live, with its entry, and the sum is as after it. Then COMMIT, after which the run's
 * picture of the database is the new one; before: the tree without the entry. */
int publish_entry(struct making *m, bool by_hand, struct err *e) MUST_CHECK;
int publish_commit(struct making *m, const struct merkle *before, struct err *e) MUST_CHECK;

/* How a generation of p goes that nobody needs any more: what drop() removes, and its row. place: of drop. */
struct retiring {
    struct run *r;
    const struct projection *p;
    int (*drop)(const struct retiring *t, int64_t number, struct err *e);
    const void *place;
};
/* Drop what was begun and never published, but for one: 0: all of it. */
int retire_begun(const struct retiring *t, int64_t but, struct err *e) MUST_CHECK;
/* Drop what is not live and need not be kept (all: nothing need), but what was begun for wanted, the
 * digest that is declared. *n: how many went. */
int retire_old(const struct retiring *t, const struct digest *wanted, bool all, size_t *n,
               struct err *e) MUST_CHECK;
/* The server's time and a success: what an entry that publishes says last. */
int making_stamp(struct making *m, struct err *e) MUST_CHECK;

/* How source i is read into m->hidden. */
int source_plan(struct making *m, size_t i, struct load **out, struct err *e) MUST_CHECK;
/* Take the privileges of others from the schemas of kept generations: what a publication leaves to do. */
int run_conceal(struct run *r, const struct projection *p, struct err *e) MUST_CHECK;
/* Drop what was begun for another digest; but: the one that is gone on with, or NULL. */
int run_retire_unfinished(struct run *r, const struct projection *p, const struct generation *but,
                          struct err *e) MUST_CHECK;

#endif
