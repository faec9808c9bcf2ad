/* What an environment forbids, requires, or warns of, beyond what holds everywhere: its `policy`.
 * Owns: the closed vocabulary (deeds, classes, rows, needs), when a rule speaks of a touch or of a migration,
 * and which rules contradict each other. Pure. The plan asks of what texts say that they do, the gates before
 * COMMIT of what was observed, both by the same functions. */
#ifndef KFMIG_MODEL_POLICY_H
#define KFMIG_MODEL_POLICY_H

#include "model/decl.h"
#include "model/touch.h"

enum policy_effect { POLICY_FORBID, POLICY_REQUIRE, POLICY_WARN };
/* "forbid", "require", "warn": the key that a rule is declared by. */
const char *policy_effect_text(enum policy_effect e);

/* What a migration is to have. Bit 1u << NEED_x of a rule's needs. */
enum policy_need { NEED_WINDOW, NEED_REFERENCE, NEED_ROLLBACK, NEED_INVARIANTS, POLICY_NEEDS };
const char *policy_need_text(enum policy_need n);     /* "window" */
const char *policy_need_hint(enum policy_need n);     /* what would fulfil it */
enum policy_need policy_need_parse(const char *text); /* POLICY_NEEDS: it is none */

/* Something that is done: "drop table", "truncate", "write", "any". kind OBJ_COUNT: to whatever it is. */
struct policy_deed {
    bool is_any;
    enum effect effect;
    enum object_kind kind;
};
/* false: it is none; only what changes something is. */
bool policy_deed_parse(const char *text, struct policy_deed *out);

/* deeds: of forbid and warn; needs: of require. classes: "ACD", "": whatever class. rows_over: only where
 * more rows than that are written; -1: whatever number. why: "" where none is given. */
struct policy_rule {
    const char *id;
    enum policy_effect effect;
    struct policy_deed *deeds;
    size_t n_deeds;
    unsigned needs;
    const char *classes;
    int64_t rows_over;
    const char *why;
};
struct policy {
    struct policy_rule *v;
    size_t n;
};

/* Does the rule speak of a migration of that class ('U', unknown, is as strict as 'C')? */
bool policy_is_about(const struct policy_rule *r, char class);
/* Does the rule, which is about deeds, speak of t? rows: how many are written, ROWS_UNKNOWN: a text does not
 * say, and then a rule about more than so many does not speak of it yet. */
bool policy_meets(const struct policy_rule *r, const struct touch *t, int64_t rows);
/* Rows that t wrote, as it was observed; where one of its figures is not known, more than any rule says. */
int64_t policy_rows(const struct touch *t);
/* The first thing that the rule requires and d does not have; POLICY_NEEDS: there is none. */
enum policy_need policy_lacks(const struct policy_rule *r, const struct decl *d);
/* Why two rules of one environment cannot both be meant: what a does about b, in words; NULL: they can. */
const char *policy_contradicts(const struct policy_rule *a, const struct policy_rule *b);

#endif
