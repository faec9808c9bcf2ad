/* Stores: what any engine is asked to do, as a row of operations.
 * Owns: the interface, its contract (tests/contract walks the rows), and which engine each row of
 * model/stores.def has. Must not know an engine: capabilities, and never a name, decide what plan,
 * run and report do. Each engine has a folder of its own beneath this one, which knows nothing of
 * ledger and gates. docs/EXTENDING.md: how to add one. */
#ifndef KFMIG_STORE_STORE_H
#define KFMIG_STORE_STORE_H

#include "base/ending.h"
#include "model/program.h"
#include "model/standing.h"
#include "model/store_kind.h"
#include "store/catalog.h"

struct pg;
struct secret;
struct ear; /* base/tell.h */

struct store_ops;
/* One place, opened, and one change of it under way: the first members of what each row has. a:
 * what the change reports lives in it. */
struct store {
    const struct store_ops *ops;
};
struct store_change {
    struct store *store;
    struct arena *a;
};

/* What a place is looked at and changed for; for engines that run programs of the project. dirfd, root: its
 * folder. env: the environment's name. roots: the folders that hold its data. ear: who may say stop. */
struct store_project {
    int dirfd;
    const char *root, *env;
    const struct names *roots;
    const struct ear *ear;
};
/* Where to, and for whom. address: what the first key of the row leads to (a connection string, a
 * folder's absolute path, a URL). more: STORE_KEYS - 1 of them, the row's other keys, unset where they
 * are not given; NULL: none is. who: shown to others who use the place; no secret. is_stopped (may be
 * NULL) is asked while waiting; true ends the call with ERR_INTERRUPTED. project: outlives
 * the store. */
struct store_place {
    const struct secret *address;
    const struct secret *more;
    const char *who;
    bool (*is_stopped)(void *ctx);
    void *ctx;
    const struct store_project *project;
};

/* What a place says about itself, at little cost. Texts live in the arena given. */
struct store_facts {
    const char
        *identity; /* of the data, whoever is asked for it; "" where the engine does not tell */
    const char *version; /* of the engine: "15.18" */
    const char *
        witness; /* equal as long as nothing that look() tells has moved; NULL: the engine has none */
    struct digest
        eyes; /* of the programs of the project that look for it; zero: the engine looks itself */
    bool is_writable;
};

/* How a part of a program goes. Steps from to to - 1. rows (may be NULL) has room for each step of
 * the program: those affected or returned; an invariant is a step that returns none. cursor: where a
 * step that was begun earlier goes on, p NULL: from its start; progress (may be NULL) hears how far it
 * has come, and -1 ends it. Only stores that do not hold the ledger need the last three. */
struct store_flight {
    size_t from, to;
    int64_t *rows;
    struct bytes cursor;
    int (*progress)(void *ctx, struct bytes cursor, struct err *e);
    void *ctx;
};
/* Where a flight stopped. position: byte offset in the step's text, -1: not known. */
struct store_stop {
    size_t step;
    int64_t position;
};

/* 0: no limit of ours. */
struct deadlines {
    int64_t lock_ms, statement_ms, idle_ms;
};

/* What a generation of a projection is in this store. name: the projection's own (a schema, an
 * index); number: from the ledger, 1 or more; live_number 0: nothing is live. Each works inside the
 * change. -1: ERR_PREFLIGHT (what is looked for does not stand, or what stands should not),
 * ERR_APPLY (the engine refused). */
struct generation_ops {
    /* The name under which generation number is made, hidden from readers; in a. ERR_CONFIG: no room for it.
     */
    int (*hidden)(struct arena *a, const char *name, int64_t number, const char **out,
                  struct err *e);
    /* An empty one, hidden. *facts: what publish() wants to know again, for the ledger's row; in
     * the change's arena, NULL: nothing. */
    int (*make)(struct store_change *c, const char *name, int64_t number, const char **facts,
                struct err *e);
    /* It becomes what readers find under name; what was live is kept under its own hidden name,
     * *live_facts are its facts. One instant, once the change commits. */
    int (*publish)(struct store_change *c, const char *name, int64_t live_number, int64_t number,
                   const char *facts, const char **live_facts, struct err *e);
    /* It is no more. Refused if it is live. */
    int (*retire)(struct store_change *c, const char *name, int64_t number, struct err *e);
};

/* A row. Every call that can fail returns 0, or -1 with *e; ERR_PREFLIGHT where the place cannot be
 * reached. Members after abandon are NULL where the capability that needs them is missing. */
struct store_ops {
    const char *name; /* as environments and bundles name it: "postgis" */
    int (*open)(struct store **out, const struct store_place *at, struct err *e);
    void (*close)(struct store *s); /* NULL is fine; a change under way is abandoned */
    int (*probe)(struct store *s, struct arena *a, struct store_facts *out, struct err *e);
    /* Everything that stands there, as named objects with facets, sorted by text. Without STORE_HOLDS_LEDGER
     * each bears the row's name as its store. */
    int (*look)(struct store *s, struct arena *a, struct catalog *out, struct err *e);

    /* One change at a time. It ends by commit() or abandon(), which free it; all it reports lives in a. */
    int (*begin)(struct store *s, struct arena *a, const struct deadlines *d,
                 struct store_change **out, struct err *e);
    /* In as many round trips as the engine likes; after a failure the steps behind were not run. */
    int (*run)(struct store_change *c, const struct program *p, const struct store_flight *f,
               struct store_stop *stop, struct err *e);
    /* All that the change did, compared with base, which must be what stood before it. Without
     * STORE_TRANSACTS: all that is not as base says, whoever did it. */
    int (*observe)(struct store_change *c, const struct catalog *base, struct observation *out,
                   struct err *e);
    enum ending (*commit)(struct store_change *c, struct err *e);
    void (*abandon)(struct store_change *c);

    /* STORE_HOLDS_LEDGER: the session in whose transaction entry, receipt and guard are written. */
    struct pg *(*ledger)(struct store_change *c);
    /* Without STORE_HOLDS_LEDGER: what the journal (ledger/journal.h) asks about one step. stands: the
     * digest of what stands there, zero: nothing. verify: after a crash, where the effect stands
     * that begun on before, and its proof. clean: takes away what is ours of a part; NULL: run()
     * goes on from the cursor. */
    int (*stands)(struct store *s, const struct store_step *step, struct digest *out,
                  struct err *e);
    int (*verify)(struct store *s, const struct store_step *step, const struct digest *before,
                  enum standing *out, struct digest *proof, struct err *e);
    int (*clean)(struct store *s, const struct store_step *step, const struct digest *before,
                 struct err *e);
    const struct generation_ops *generations; /* NULL: no projections here */
};

/* The engine of a store; NULL: this kfmig has none. Static memory. */
const struct store_ops *store_ops(enum store_kind k);

#endif
