/* What stands beside a plan: signatures over its digest that let it run, its waivers, and what shows
 * who runs it.
 * Owns: asking for them, before anything is written; those that counted go into the receipts of the run. */
#ifndef KFMIG_FLOW_CONSENT_H
#define KFMIG_FLOW_CONSENT_H

#include "flow/writing.h"

/* Is there all that o wants to be signed, as s's environment declares it? What is signed for is in
 * *actor from then on, in s->a. A runner's signature is made here, by the key that was given. -1:
 * ERR_PREFLIGHT, with what is missing; ERR_CONFIG: the key cannot be used. */
int consent_hold(struct site *s, const struct writing_order *o, struct run_actor *actor,
                 struct err *e) MUST_CHECK;

/* Under the lock, which may have been waited for: does what is in actor still count? What the plan rests on
 * was looked at again with it. -1: ERR_PREFLIGHT. */
int consent_last(struct site *s, const struct run_actor *actor, const char *done,
                 struct err *e) MUST_CHECK;

#endif
