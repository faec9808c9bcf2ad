/* The table of step kinds, and what deciding about any of them needs; for src/plan only. A new kind is a row,
 * a decide function, and its members in struct step. */
#ifndef KFMIG_PLAN_STEP_KIND_H
#define KFMIG_PLAN_STEP_KIND_H

#include "plan/gates.h"

struct step_kind_row {
    const char *word;      /* "migration": member "kind" of a target in JSON */
    const char *done;      /* "applied": what a success of it is called */
    const char *other;     /* what an environment has that has done another one */
    const char *signed_as; /* what an approval is a signature over, in words */
    const char *(*name)(const struct step *s);
    const struct digest *(*key)(const struct step *s);
    const struct digest *(*signs)(const struct step *s); /* what an approval binds to */
    const char *(*target)(struct arena *a, const struct plan *p, const struct step *s);
    const char *(*file)(struct arena *a, const struct step *s); /* where it is declared */
    enum store_kind (*store)(const struct step *s);             /* STORE_COUNT: in none */
    bool (*is_for)(const struct step *s,
                   const char *env); /* is it declared for that environment? */
    /* Give at least one reason, and say the action that follows if it is stale. The environment has its
     * store, and it was reached. */
    void (*decide)(struct plan *p, struct step *s);
};
/* The row of a kind. */
const struct step_kind_row *step_kind_row(enum step_kind k);

/* Append a reason with nothing but its code. */
struct reason *step_give(struct plan *p, struct step *s, enum reason_code code);
const char *step_digest(struct plan *p, const struct digest *d); /* in p->a; "" for zero */
/* Decide about s, whatever its kind: reasons, the decisive one first, state and action. What comes before it
 * is decided already. */
void step_decide(struct plan *p, struct step *s);

/* What may stand in the way of a migration that is to run. */
void migration_gates(struct plan *p, struct step *s);
/* Decide about a repeatable definition outside of chains. */
void repeatable_decide(struct plan *p, struct step *s);
/* The decide function of migrations. */
void migration_decide(struct plan *p, struct step *s);
/* That of projections. */
void projection_decide(struct plan *p, struct step *x);

struct variable; /* model/variables.h */
/* r is about x, which had a value of the digest was. */
void plan_give_value(struct plan *p, struct reason *r, const struct variable *x, const char *was);
/* The first variable of b's texts whose value is another than its last run had; NULL: none, or nobody knows.
 * *was: the digest of that one, as text. */
const struct variable *plan_revalued(const struct world *w, const struct bundle *b,
                                     const char **was);

#endif
