/* Reading what is pending, in an arena of its own where it is let go again. */
#include "site/pending.h"

#include "model/operations.h"
#include "model/segment.h"
#include "plan/wants.h"
#include "site/undeclared.h"

/* What is to run is judged by what its tables count to. */
static int ask_lineage(struct site *s, struct err *e)
{
    struct lineage *l = NULL;
    if (s->pg == NULL || s->world.lineage != NULL) {
        return 0;
    }
    if (catalog_lineage(s->pg, s->a, &l, e) != 0) {
        return -1;
    }
    s->world.lineage = l;
    return 0;
}

/* What is to run names roles: are they there? Where code runs that may make some, nobody can tell. */
static int ask_roles(struct site *s, const struct role_wants *w, struct err *e)
{
    size_t n = w->is_open || s->pg == NULL ? 0 : w->needed.n;
    const char **names = ARENA_ARRAY(s->a, const char *, n + 1);
    struct role_fact *facts = ARENA_ARRAY(s->a, struct role_fact, n + 1);
    s->world.roles = (struct table){.a = s->a};
    for (size_t i = 0; i < n; i++) {
        names[i] = w->needed.rows[i].key.p;
    }
    if (n > 0 && catalog_named_roles(s->pg, s->a, names, n, facts, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        (void)table_puts(&s->world.roles, names[i], &facts[i]);
    }
    return 0;
}

/* --- letting go ------------------------------------------------------------------------------------- */

static int read_into(struct site *s, struct arena *a, struct bundle *b, struct err *e)
{
    if (load_decl_into(s->project, b, a, e) != 0) {
        return -1;
    }
    plan_scripts(a, b);
    return 0;
}

/* Declarations are the project's, which other sites may be opened of. */
static int read_to_keep(struct site *s, struct bundle *b, struct err *e)
{
    const struct arena *of = s->project->a;
    size_t before = s->a->used + (of != s->a ? of->used : 0);
    if (load_decl(s->project, b, e) != 0) {
        return -1;
    }
    plan_scripts(s->a, b);
    s->n_scripts_kept += s->a->used + (of != s->a ? of->used : 0) - before;
    return 0;
}

static void forget(struct bundle *b)
{
    b->decl = NULL;
    b->forward = b->invariants = NULL;
    b->faults = NULL;
    b->n_faults = 0;
}

/* Does the plan need no more of b's scripts, which are there, than their class of risk? */
static bool may_go(struct site *s, const struct bundle *b, bool *is_open)
{
    struct role_wants own = {.a = &s->scripts};
    struct reason *reasons = NULL;
    size_t n = 0;
    bool is_signed = s->env->approval == APPROVAL_SIGNATURE; /* its declaration says who signs */
    if (is_signed || !store_can(b->store, STORE_HOLDS_LEDGER) || b->n_faults > 0 ||
        segments_any(b) || operations_of(s->env)->policy.n > 0) {
        return false;
    }
    plan_roles(b, &own);
    if (s->env->is_protected && bundle_wants(b, bundle_class(&s->scripts, b)) != 0) {
        return false;
    }
    plan_judge(&s->scripts, b, &s->project->domains, s->world.lineage, &reasons, &n);
    *is_open = own.is_open;
    return own.needed.n + own.made.n + n == 0;
}

/* b is read, and let go where it may be: 1. 0: it has to stay. */
static int look_and_let_go(struct site *s, struct bundle *b, struct err *e)
{
    struct arena_mark mark = arena_mark(&s->scripts);
    bool is_open = false;
    int rc = read_into(s, &s->scripts, b, e);
    b->let_go = 0;
    if (rc == 0 && may_go(s, b, &is_open)) {
        b->let_go = bundle_class(&s->scripts, b);
        b->let_go_open = is_open;
    }
    forget(b);
    arena_reset(&s->scripts, mark);
    return rc == 0 ? b->let_go != 0 : -1;
}

/* --- all of them ------------------------------------------------------------------------------------ */

struct pending_work {
    struct site *s;
    struct role_wants wants;
    bool is_judged;       /* what was let go, by what tables count to now */
    bool has_definitions; /* whatever names one of them is ordered by it */
};

/* What drifted is looked for in every script. */
static bool stays_gone(const struct pending_work *w, const struct bundle *b)
{
    return b->let_go != 0 && w->is_judged && w->s->o.scripts_most > 0 && w->s->world.n_drift == 0;
}

static bool is_kept(const struct pending_work *w, const struct bundle *b)
{
    const struct site *s = w->s;
    return w->has_definitions || b->decl != NULL || s->o.scripts_most == 0 ||
           s->n_scripts_kept < s->o.scripts_most || s->world.n_drift > 0;
}

static int load_one(struct pending_work *w, struct bundle *b, struct err *e)
{
    struct site *s = w->s;
    if (ask_lineage(s, e) != 0) {
        return -1;
    }
    if (s->judged_by != s->world.lineage) { /* the first of them */
        w->is_judged = lineage_same(s->judged_by, s->world.lineage);
        s->judged_by = s->world.lineage;
    }
    int gone = stays_gone(w, b) ? 1 : is_kept(w, b) ? 0 : look_and_let_go(s, b, e);
    if (gone != 0) {
        w->wants.is_open |= b->let_go_open;
        return gone < 0 ? -1 : 0;
    }
    if (read_to_keep(s, b, e) != 0) {
        return -1;
    }
    b->let_go = 0;
    plan_roles(b, &w->wants);
    return 0;
}

int pending_load(struct site *s, struct err *e)
{
    struct pending_work w = {.s = s, .wants = {.a = s->a}, .is_judged = true};
    s->input.defines = plan_defines(&s->input, s->project->bundle, s->project->n_bundle);
    for (size_t i = 0; i < s->project->n_bundle; i++) {
        w.has_definitions |= s->project->bundle[i].definition != NULL;
    }
    for (size_t i = 0; i < s->project->n_bundle; i++) {
        struct bundle *b = &s->project->bundle[i];
        if (!b->is_illegible && plan_needs_scripts(&s->input, b) &&
            undeclared_owner(s, b) == NULL && load_one(&w, b, e) != 0) {
            return -1;
        }
    }
    return ask_roles(s, &w.wants, e);
}

/* --- one of them ------------------------------------------------------------------------------------ */

int pending_take(struct site *s, const struct bundle *b, struct err *e)
{
    if (b->let_go == 0 || (b->decl != NULL && b->forward != NULL)) {
        return 0;
    }
    s->taken = arena_mark(&s->scripts);
    return read_into(s, &s->scripts, table_gets(&s->project->by_id, b->id), e);
}

void pending_leave(struct site *s, const struct bundle *b, bool is_used)
{
    if (b->let_go == 0 || b->decl == NULL || is_used) {
        return;
    }
    forget(table_gets(&s->project->by_id, b->id));
    arena_reset(&s->scripts, s->taken);
}

void pending_close(struct site *s)
{
    for (size_t i = 0; s->o.scripts_most > 0 && i < s->project->n_bundle; i++) {
        struct bundle *b = &s->project->bundle[i];
        if (b->let_go != 0) {
            forget(b);
            b->let_go = 0;
        }
    }
    arena_release(&s->scripts);
}
