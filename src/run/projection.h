/* How a projection gets a new generation.
 * Owns: the order of phases, and what the ledger remembers between them. Each phase is one
 * transaction (loading: one per source), so that an interruption costs at most the phase it hit;
 * the ledger's row of the generation says where to go on. */
#ifndef KFMIG_RUN_PROJECTION_H
#define KFMIG_RUN_PROJECTION_H

#include "data/dataset.h"
#include "run/run.h"
#include "store/postgis/generation.h"

/* What a generation of the same digest held once, as a receipt says. key:
 * "DATASET/VERSION#ASSET>TABLE". whence: "ledger entry 9 of the lost ledger", for people. */
struct known_source {
    const char *key;
    struct content content;
};
struct known_content {
    const char *whence;
    struct digest content;
    struct known_source *source;
    size_t n;
};

/* datasets: one per source of the projection, found and without faults. chain: the member bundles
 * in order, with decl and scripts parsed. invariants: the projection's, parsed, one per
 * p->invariants. fresh: make a new generation even if there is one with the wanted digest. known:
 * what its sources must hold, else nothing is published (ERR_VALIDATE, naming the source); NULL:
 * not known. */
struct projection_job {
    const struct step *step;
    const struct dataset *const *datasets;
    const struct dataset_place *place;
    struct bundle *const *chain;
    size_t n_chain;
    const struct script *invariants;
    bool fresh;
    const struct known_content *known;
};

/* Make (or go on making) the generation that the declaration wants, prove it, publish it, let go of
 * those that are not to be kept. Never fails as a call: everything is in *o. A failed validation is
 * ERR_VALIDATE; readers that would not go, or what stands in the way, ERR_PREFLIGHT. */
void run_projection(struct run *r, const struct projection_job *job, struct outcome *o);

/* Publish a generation that stands there (kept or ready), proving its structure and row counts
 * first (verify: its content). It stays live until the declaration changes. */
void run_switch(struct run *r, const struct projection_job *job, const struct generation *to,
                bool verify, struct outcome *o);

/* Drop generations that are neither live nor to be kept: unfinished ones of another digest, and
 * those beyond keep_generations that are older than keep_seconds (all: all that are neither live
 * nor wanted). *n: how many. Each in a transaction of its own. */
int run_retire(struct run *r, const struct step *step, bool all, size_t *n,
               struct err *e) MUST_CHECK;

/* What the rows of each source in schema are, computed from the rows that stand there now: out has
 * one per source, in its order. Inside a transaction, which may be read-only; it changes nothing. */
int run_contents(struct pg *s, struct arena *a, const struct projection *p, const char *schema,
                 struct content *out, struct err *e) MUST_CHECK;
/* "DATASET/VERSION#ASSET>TABLE"; in a. */
const char *run_source_key(struct arena *a, const struct projection_source *s);

#endif
