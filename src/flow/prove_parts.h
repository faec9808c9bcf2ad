/* The inside of proving; for src/flow/prove*.c only. */
#ifndef KFMIG_FLOW_PROVE_PARTS_H
#define KFMIG_FLOW_PROVE_PARTS_H

#include "flow/prove.h"
#include "flow/writing.h"
#include "site/database.h"

/* A file of tests/seeds, as a migration without limits that nobody declared. after: the migration
 * behind which it is loaded, as it says ("kfmig:after ID"); NULL: as soon as all tables that it
 * names are there. */
struct seed_file {
    struct bundle bundle;
    struct decl decl;
    const char *after;
    bool is_loaded;
};
struct seed_files {
    struct seed_file *v;
    size_t n;
    struct digest digest; /* of all, by name and content; zero: there are none */
};

/* What tests/workload.yml declares, as registry/schemas/workload.v1.schema.json says. limit_ms 0: none. */
struct workload_statement {
    const char *sql;
    int64_t sessions, pause_ms;
};
struct workload {
    struct workload_statement v[PROOF_WAITS_MOST];
    const char *names[PROOF_WAITS_MOST];
    size_t n;
    int64_t limit_ms;
    struct digest digest; /* of the file; zero: there is none */
};
struct workload_run; /* its sessions beside one chain */

/* All of a run. env: the environment as it is on throwaway databases: unprotected, alone, nothing
 * exported. base: a session beside them, which holds their names. by_id: id -> its struct proof.
 * place: digest of all that proofs depend on beside the migrations. last: the last of v that is to be
 * proven, from 1; 0: none. */
struct test_run {
    struct site *s;
    const struct prove_options *o;
    struct proofs *out;
    struct env env;
    struct site base;
    struct table by_id;
    struct seed_files seeds;
    struct workload workload;
    struct digest place;
    size_t last;
    bool has_jobs; /* chains are processes of their own, and the first one tells */
};
/* That x, the at-th, is done with. */
void prove_tell(const struct test_run *p, const struct proof *x, size_t at);

/* One throwaway database and what is tried on it. is_fresh: applied only; else the migrations that
 * are wanted of v[from..to) are taken back and applied again, and seeds are loaded. failed: by step
 * of its plan. */
struct chain {
    struct test_run *p;
    bool is_fresh;
    size_t from, to;
    char name[DRILL_NAME];
    struct site made;
    struct result result;
    bool *failed;
    struct workload_run *workload; /* NULL: none */
    struct err late;               /* of dropping it */
};
enum { CHAINS_MOST = 16 };

/* prove_jobs.c: chain_run() of all of v[0..n), n <= CHAINS_MOST, at once: each in a process of its
 * own, which ends with this one. -1: one of them could not be tried to its end. */
int jobs_run(struct test_run *p, struct chain *const *v, size_t n, struct err *e) MUST_CHECK;
/* size bytes of zeros that processes made from now on share, until a is released. NULL: there is no memory.
 */
void *jobs_share(struct arena *a, size_t size);

/* prove_chain.c: make the database, try everything, and where it is_fresh build it once more. The
 * database is still there. -1: it could not be tried to its end. */
int chain_run(struct chain *c, struct err *e) MUST_CHECK;
/* False: its session was lost, and no other could be had; nothing more can be tried. */
bool chain_is_connected(const struct chain *c);

/* prove_one.c: apply x, the at-th step of the plan, and what more is to be proven of it.
 * is_counted: the workload's waits count to proof, which is one of out->v. */
struct one {
    struct chain *c;
    bool is_counted;
    struct writing *w;
    size_t at;
    const struct step *x;
    struct proof *proof;
};
void one_prove(struct one *o, bool is_wanted);
/* Apply b, which is x's migration or none (NULL), within the limit; o->own is the caller's to release. */
void one_apply(struct chain *c, struct writing *w, const struct step *x, struct outcome *o);
/* Where both parts hold: part does not, unless it left the objects that with did; when: "the second time". */
void proof_compare(struct proof *p, enum proof_part part, enum proof_part with, const char *when);

/* prove_seed.c */

/* Read the SQL files of tests/seeds. Faults are told. -1: one cannot be used. */
int seeds_read(struct site *s, struct seed_files *out, struct err *e) MUST_CHECK;
/* Load those that can be loaded behind the migration id. Returns how many; what fails is noted,
 * where tells says so, and tried no more. */
size_t seeds_load(struct chain *c, struct writing *w, const char *id, bool tells);
/* Once all were tried: what was never loaded. */
void seeds_left(struct chain *c);

/* prove_workload.c: sessions as processes of their own, which end with this one. */

/* -1: the file cannot be used. *out has none where there is no file. */
int workload_read(struct site *s, struct workload *out, struct err *e) MUST_CHECK;
/* Begin the sessions of a chain that is connected, and wait until all of them are, too; *out NULL: there
 * are none. All that follow take that, too. -1: not all could; *out is to be ended all the same. */
int workload_begin(struct chain *c, struct workload_run **out, struct err *e) MUST_CHECK;
/* x is being applied from now on; NULL: nothing is. */
void workload_at(struct workload_run *r, const struct proof *x);
/* Take what was seen until now while x, one of out->v, was applied, and hold it to the limit. */
void workload_judge(const struct workload_run *r, struct proof *x);
/* End the sessions: what they saw is whole afterwards. */
void workload_end(struct workload_run *r);

/* prove_key.c: keys, and what is remembered by them. */

/* Give every proof its key, and take what is known of it from the cache. version: of the server. */
void keys_find(struct test_run *p, int version);
/* Keep those that hold now. */
void keys_keep(const struct test_run *p);

#endif
