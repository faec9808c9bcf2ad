/* Projections that were given up here, and what is left of them: `kfmig gc --given-up`.
 * Owns: what counts as given up, and what stands in the way of dropping it. */
#ifndef KFMIG_FLOW_GIVEN_UP_H
#define KFMIG_FLOW_GIVEN_UP_H

#include "flow/writing.h"

/* A projection that has generations in an environment, and no declaration, or one for other environments
 * only.
 * schemas     of all of its generations: they go, with all that is in them.
 * n_objects   of the live one; bytes: of all.
 * migrations  of its chain, that were applied by themselves: they are applied no longer afterwards.
 * pending     of its chain, that are here and of no other projection: the next build applies them.
 * in_the_way  what depends on it. drifted: objects of it that are not as the ledger says.
 * taken_by    whose live generation stands in one of the schemas; NULL. */
struct given_up {
    const struct step *step;
    const char *name;
    struct names schemas, migrations, pending, drifted;
    size_t n_objects;
    int64_t bytes;
    struct obstacles in_the_way;
    const char *taken_by;
};
struct given_ups {
    struct given_up *v;
    size_t n;
};
/* All of them, or the one of that name (NULL: all); in s->a. s is planned, with its server. -1:
 * ERR_CONFIG, that
 * one is not given up; ERR_INTEGRITY: nobody knows which schema a generation stands in. */
int given_up_find(struct site *s, const char *name, struct given_ups *out,
                  struct err *e) MUST_CHECK;
/* May they be dropped? ERR_PREFLIGHT: what stands in the way, or drifted. */
int given_up_may(const struct site *s, const struct given_ups *l, struct err *e) MUST_CHECK;
/* Drop them, one guarded transaction each, until one fails. shown: what somebody saw; under the lock it
 * must be
 * the same projections. As writing(). */
int given_up_drop(struct site *s, const char *name, const struct given_ups *shown,
                  const struct writing_order *o, struct result *r, struct err *e) MUST_CHECK;
/* As member given_up of a result. In s->a. */
struct doc *given_up_doc(const struct site *s, const struct given_ups *l);

#endif
