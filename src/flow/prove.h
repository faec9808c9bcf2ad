/* Proving migrations on throwaway databases: `kfmig test`. On one database all are applied in
 * order, and a second build finds nothing to do. On another each is applied behind those before it
 * and the project's seeds, taken back, and applied again: after it is taken back every object is as
 * it was, and both times it leaves the same objects, which are those that it leaves on the first
 * database. All of it by the protocols of builds and rollbacks, with all their gates. A proof that
 * holds is remembered in the cache by all that it depends on, and not tried again while that is the
 * same. Nothing of the environment's own database is read or written.
 * Owns: which are to be proven, the throwaway databases, what is tried in which order. Not how a
 * migration is run. */
#ifndef KFMIG_FLOW_PROVE_H
#define KFMIG_FLOW_PROVE_H

#include "model/proof.h"
#include "site/site.h"

enum { PROVE_LIMIT_MS = 30000 };

/* server_ref: a variable or file with the connection string of a server whose role may create
 * databases; NULL: the embedded one. template: the database to copy there; NULL: the server's
 * default. limit_ms: how long a migration may take. targets: ids, to prove no others; none: all.
 * all: also those whose proof is known. jobs: how many processes work at once. */
struct prove_options {
    const char *server_ref, *template;
    int64_t limit_ms, lock_wait_ms, jobs;
    bool all;
    const char *const *targets;
    size_t n_targets;
};

/* s is begun, and neither connected nor planned; its environment says what is provided and which
 * migrations there are. out: in s->a; filled as far as it came. Whatever happens, the throwaway
 * databases are dropped. -1: it could not be tried, or was interrupted; a proof that does not hold
 * is none: out->worst. */
int prove(struct site *s, const struct prove_options *o, struct proofs *out,
          struct err *e) MUST_CHECK;

#endif
