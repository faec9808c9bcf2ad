/* Decisions about projections; for src/plan only. */
#ifndef KFMIG_PLAN_PROJECTION_H
#define KFMIG_PLAN_PROJECTION_H

#include "plan/plan.h"

/* Take the projections of in into p: by name, with their members and what comes before them. -1 with
 * ERR_CONFIG: a migration outside depends on one of a chain. */
int projections_begin(struct plan *p, const struct plan_input *in, struct err *e) MUST_CHECK;
/* The projection that b belongs to, if that is built in this environment; *excluded: it is declared, but not
 * for this one. */
const struct projection_input *projection_of(const struct plan *p, const struct bundle *b,
                                             bool *excluded);
/* A member of a chain: what its step says. */
void projection_member(struct plan *p, struct step *s, const struct projection_input *x,
                       bool excluded);
/* One whose projection only the ledger knows: what the live generation has of it is current, all else waits
 * for the declaration. */
void undeclared_member(struct plan *p, struct step *s, const struct projection_input *x);
/* A projection that only the ledger knows. */
void undeclared_decide(struct plan *p, struct step *x);
/* Where x, which is declared, stands in the ledger's way: its generations are in another schema, or its
 * schema holds those of one that is not declared. False: it does not, no reason is given. */
bool undeclared_hinders(struct plan *p, struct step *x);
/* "published at ... by run ...", of a live generation. */
const char *undeclared_text(struct plan *p, const struct generation *live);
/* Select those in roots (one flag each), and those with a selected member; a projection that is named is
 * decided anew. */
void projections_select(struct plan *p, const bool *roots);

/* --- for the files about projections ---------------------------------------------------------------- */

bool projection_is_for(const struct projection *x, const char *env);
/* "generation 3" */
const char *generation_name(struct plan *p, const struct generation *g);

/* What readers see was made with the content of s's bundle, which gets its reason; else *was: with which,
 * NULL with none. */
bool projection_is_in_live(struct plan *p, struct step *s, const struct projection_input *x,
                           const struct digest **was);
/* What readers see; NULL: none. */
const struct generation *generation_live(const struct projection_input *in);
/* The generation begun, made or kept for the wanted digest: the furthest, then the newest. */
const struct generation *generation_next(const struct projection_input *in);
/* input_changed or rule_changed, one reason per part that differs between the live generation and the wanted
 * one. */
void generation_changes(struct plan *p, struct step *x);

/* policy: in-place, and nothing but new migrations in the chain: they are applied to the live schema. */
bool generation_grows(const struct projection_input *in);
/* Is b a member that the live generation was made without? */
bool generation_lacks(const struct projection_input *in, const struct bundle *b);

/* A projection of tiles: its live file against what it is made from. */
void tiling_decide(struct plan *p, struct step *x);
/* The same generation is wanted, and nothing is to be done about it: true. */
bool projection_is_current(struct plan *p, struct step *x, bool same);
/* Why the wanted generation is not live, and what is to be done: to make or only to publish it. same: the
 * live one has its digest. */
void projection_decide_wanted(struct plan *p, struct step *x, bool same);
/* Faults of x's inputs as reasons; at least one. */
void projection_give_faults(struct plan *p, struct step *x);

/* What forbids to make a generation although it is wanted: its chain, its policy. */
void projection_check_rebuild(struct plan *p, struct step *x);
/* What its environment asks before one is made or published; its members are looked at like migrations, and
 * the server's room. */
void projection_check_gates(struct plan *p, struct step *x);

#endif
