/* The guarded transaction: how one migration is applied, and what is recorded about it.
 * Owns: its protocol (one transaction holds statements, what was seen of them, gates, entry and receipt),
 * the gates, the documents of a run (diff, receipt). No files, no words for users: what happens is told to an
 * ear. */
#ifndef KFMIG_RUN_RUN_H
#define KFMIG_RUN_RUN_H

#include "base/tell.h"
#include "evidence/baseline.h"
#include "ledger/ledger.h"
#include "model/account.h"
#include "model/finding.h"
#include "plan/plan.h"
#include "store/postgis/postgis.h"

/* Who runs, with what. All borrowed. */
struct run_actor {
    const char *type; /* "human" or "service" */
    const char *id;
    const char *commit_sha; /* of the project's repository; "" if unknown */
    const char *pr;         /* "" if unknown */
    const char *tool_version;
    const char *intent, *notes; /* NULL or "": nothing is said */
    /* Of the plan that runs: approvals of it, and what shows who runs it; NULL and 0: nobody was asked. */
    const struct approval *const *signed_for;
    size_t n_signed_for;
    const struct doc
        *precaution; /* as claim.precaution of all its receipts; NULL: nothing is said */
    struct links links;
};

/* One run against one environment, under its lock. The caller owns everything pointed to. */
struct launch_place; /* launch/launch.h */
struct run {
    struct pg **pg;  /* replaced by reconnect() */
    struct arena *a; /* lives as long as the run */
    const struct env *env;
    const struct domains *domains;
    const struct world *world;
    const struct plan *plan; /* which runs; NULL: none: nothing that it would tell is needed */
    struct identity *id;
    struct merkle *merkle; /* the ledger's tree; advanced by every entry */
    struct catalog *base;  /* the database as it is; advanced by every commit */
    /* The ledger's sum of objects, which baselines are made of; laid over by every transaction, kept by its
     * commit. */
    struct baseline *sum;
    int64_t epoch;
    /* run_migration(): the row of the live generation that the migration becomes part of; NULL: none. */
    const struct generation *live_after;
    struct observer_memory observer; /* of the session */
    /* The session, where the last migration is known to have left nothing in it, and how often that was
     * asked by then; pid 0: none. */
    struct clean_session {
        int pid;
        int64_t asked;
    } clean;
    const struct run_actor *actor;
    /* run_migration() of a definition: the same as it was built last, with another text; NULL: it was not. */
    const struct bundle *was;
    const struct ear *ear;      /* hears statements, phases, waiting; asked whether to stop */
    const struct pg_wait *wait; /* for statements that run long */
    /* Connect again, refuse another database, take the lock again (new epoch). 0, or -1: still unknown. */
    int (*reconnect)(void *ctx, struct err *e);
    /* One more session with the same database, for work beside the first's; the caller closes it.
     * NULL: there is only the one. */
    int (*open)(void *ctx, struct pg **out, struct err *e);
    void *reconnect_ctx;              /* of both */
    int64_t jobs;                     /* sessions that work at once; 0: crew_may() says */
    const struct launch_place *place; /* where programs run; NULL: none is run */
};

enum run_result { RUN_SUCCESS, RUN_FAILED, RUN_INTERRUPTED, RUN_IN_DOUBT };

struct outcome {
    enum run_result result;
    char run_id[37];
    int64_t sequence;      /* of the entry; 0: none could be written */
    struct err failure;    /* what stopped it; code ERR_NONE on success */
    int failed_statement;  /* 1-based over the forward scripts; 0 */
    struct findings gates; /* what was judged before COMMIT: run/gates.h says the rules */
    struct observation seen;
    bool observed; /* seen is filled */
    int64_t elapsed_ms;
    struct names rebuilt; /* definitions that went and came back with it, in one transaction */
    struct bytes owed;    /* a receipt that could not be recorded: for state/owed; p NULL if none */
    /* Of a migration: what it needed, and gates, seen and owed live in. Whoever is done with them may release
     * it, as a run may have ten thousands of them; else it goes with the run's arena. */
    struct arena *own;
};

/* Apply s's migration. Its bundle has decl and scripts. Never fails as a call: everything is in *o. */
void run_migration(struct run *r, const struct step *s, struct outcome *o);

/* Drop what b made, a definition whose file is gone: its decl and script are those of the entry that built
 * it.
 * Nothing of it with CASCADE: what stands upon it stops it, and is named. One entry, ENTRY_PRUNE. As
 * run_migration(). */
void run_prune(struct run *r, const struct bundle *b, struct outcome *o);

/* What an adoption takes, and how it says so.
 * reason         in its receipt: "format", "upgrade"; NULL: what stood there was accepted.
 * only           texts of the objects that it takes; NULL: all.
 * keeps_writers  what is recorded is no other object than before: who wrote it last stays known.
 * format         of the ledger from this entry on: every object is recorded anew; 0: only what differs.
 * store          whose objects they are, and the entry's subject; NULL: of the one that holds the ledger.
 * found          what stands in that store; NULL: r->base.
 * identity       of that store's place, as a digest: the entry's checksum; zero: it tells none. */
struct adoption {
    const char *notes, *reason;
    const struct table *only;
    bool keeps_writers;
    int64_t format;
    const char *store;
    const struct catalog *found;
    struct digest identity;
};
/* Record a store as it stands as what the ledger says: the difference between its part of sum (the
 * ledger's) and what was found there, as an entry of kind "adopt". n_changed receives the number of
 * objects recorded; r->sum is as the ledger's afterwards. */
int run_adopt(struct run *r, const struct object_rows *sum, const struct adoption *what,
              size_t *n_changed, struct outcome *o, struct err *e) MUST_CHECK;

/* Make the ledger in a database that has none, and record in the same transaction what stands there
 * (r->base) as the starting baseline: an entry of kind "adopt" with these notes; NULL: no baseline.
 * cites: as in struct first_contact. Before the lock, which lives in the ledger: r->reconnect must
 * do without. Another run may make it first: the ledger's second entry is o->run_id's exactly if
 * this one did. r->id and r->merkle are to be read afterwards. */
int run_first_contact(struct run *r, const struct checkpoint *cites, const char *notes,
                      size_t *n_changed, struct outcome *o, struct err *e) MUST_CHECK;

/* Record b as applied, or a definition as built, without running it: it was found standing. rows: what it
 * makes, as it stands here; replaces: what it is applied as, where only its text is another; NULL: it is
 * not applied. Nothing of the database changes but the ledger. */
int run_record_found(struct run *r, const struct bundle *b, const struct fact *replaces,
                     const struct object_row *rows, size_t n, const char *notes, struct outcome *o,
                     struct err *e) MUST_CHECK;

/* What a drill found, for its receipt. findings: claim.drill; inputs: more of claim.inputs;
 * migrations: what ran, by id and checksum; timings: milliseconds by part, which are no part of the
 * claim. */
struct drill_record {
    struct doc *findings, *inputs, *migrations, *timings;
};
/* Record a drill: an entry of kind "drill", and nothing else. o->result and o->failure say how it ended. */
int run_record_drill(struct run *r, const struct drill_record *d, const char *started_at,
                     struct outcome *o, struct err *e) MUST_CHECK;

/* A migration that is applied as old, by the entry sequence, with that checksum, and is called id from here
 * on. */
struct renaming {
    const char *old, *id;
    int64_t sequence;
    struct digest checksum;
};
/* Record it: an entry of kind "rename", and nothing else. */
int run_record_rename(struct run *r, const struct renaming *x, struct outcome *o,
                      struct err *e) MUST_CHECK;

/* A person has confirmed an item of the checklist, for the plan of that digest. */
struct confirmation {
    const char *item;
    struct digest plan;
};
/* Record it: an entry of kind "confirm", which makes no fact, and nothing else. */
int run_record_confirm(struct run *r, const struct confirmation *x, struct outcome *o,
                       struct err *e) MUST_CHECK;

/* Record that a deployment is out, by its tag: an entry of kind "deploy", and nothing else. */
int run_record_deploy(struct run *r, const char *tag, struct outcome *o, struct err *e) MUST_CHECK;

/* A backup that was made. subject: "database", "plan", "drill". claim: claim.backup. digest: of its
 * files; zero: a command made it. */
struct backup_record {
    const char *subject;
    const struct doc *claim;
    struct digest digest;
};
/* Record it: an entry of kind "backup", which makes no fact, and nothing else. */
int run_record_backup(struct run *r, const struct backup_record *x, struct outcome *o,
                      struct err *e) MUST_CHECK;

/* Record a receipt that an earlier run could not (its bytes as found in state/owed). 0 with *fate: OWED_PAID,
 * it is recorded now; OWED_KNOWN, the ledger has it already; OWED_UNREADABLE, these are not the bytes of a
 * receipt of this environment, or too many (*e says which): no run will ever record them. -1: this run
 * cannot, another may. */
enum owed_fate { OWED_PAID, OWED_KNOWN, OWED_UNREADABLE };
int run_pay(struct run *r, struct bytes owed, enum owed_fate *fate, struct err *e) MUST_CHECK;

#endif
