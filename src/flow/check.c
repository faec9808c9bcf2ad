/* A project, checked. */
#include "flow/check.h"

#include <string.h>

#include "flow/check_kept.h"
#include "flow/check_signers.h"
#include "flow/lint.h"
#include "load/depends.h"
#include "plan/order.h"
#include "plan/wants.h"
#include "site/site.h"
#include "site/tiling.h"

struct checking {
    struct project *p;
    struct checked *out;
};

/* --- faults into findings --------------------------------------------------------------------------- */

static bool is_beneath(const char *path, const char *dir)
{
    size_t n = strlen(dir);
    return strncmp(path, dir, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

/* Is it what undoes b, a flat migration? */
static bool undoes(const struct bundle *b, const char *path)
{
    struct arena a = {0};
    size_t n = strlen(b->folder);
    bool yes = strncmp(path, b->folder, n) == 0 && path[n] == '/' &&
               strcmp(path + n + 1, layout_down(&a, b->layout, b->id)) == 0;
    arena_release(&a);
    return yes;
}

static bool is_of(const struct bundle *b, const char *path)
{
    return is_beneath(path, b->dir) ||
           (b->file != NULL && (strcmp(path, b->file) == 0 || undoes(b, path)));
}

/* What a file belongs to. */
static const char *subject_of(const struct project *p, const char *path)
{
    for (size_t i = 0; i < p->n_bundle; i++) {
        if (is_of(&p->bundle[i], path)) {
            return p->bundle[i].id;
        }
    }
    for (size_t i = 0; i < p->n_projection; i++) {
        if (strcmp(path, p->projection[i].file.path) == 0) {
            return p->projection[i].name;
        }
    }
    return "";
}

static struct finding *add(const struct checking *c, struct findings *to, const char *rule,
                           const char *path, int line, int col, const char *text)
{
    struct arena *a = c->p->a;
    struct finding *f = finding_fail(a, to, rule, "%s", text);
    f->path = arena_strdup(a, path);
    f->line = line;
    f->col = col;
    f->subject = subject_of(c->p, path);
    f->severity = to == &c->out->warnings ? SEVERITY_WARNING : SEVERITY_ERROR;
    return f;
}

static void add_fault(const struct checking *c, struct findings *to, enum check check,
                      const struct err *e)
{
    const char *rule = e->rule != NULL ? e->rule : check_rule(check);
    struct finding *f = add(c, to, rule, e->where.path, e->where.line, e->where.col, e->msg);
    f->hint = arena_strdup(c->p->a, e->hint);
}

static void add_all(const struct checking *c, struct findings *to, enum check check,
                    struct err_list *from)
{
    for (size_t i = 0; i < from->n; i++) {
        add_fault(c, to, check, &from->v[i]);
    }
    err_list_release(from);
}

/* --- one bundle ------------------------------------------------------------------------------------- */

static bool is_told(const struct findings *l, const struct err *e)
{
    for (size_t i = 0; i < l->n; i++) {
        if (l->v[i].line == e->where.line && strcmp(l->v[i].path, e->where.path) == 0) {
            return true;
        }
    }
    return false;
}

static void check_scripts(const struct checking *c, struct bundle *b)
{
    struct err_list l = {0};
    struct arena *a = c->p->a;
    struct findings *faults = &c->out->faults;
    plan_scripts(a, b);
    for (size_t i = b->n_misread; i < b->n_faults; i++) {
        add_fault(c, faults, CHECK_SCRIPT, &b->faults[i]);
    }
    if (b->forward == NULL) {
        return;
    }
    plan_unread_faults(b, &l);
    add_all(c, faults, CHECK_UNPARSED, &l);
    plan_data_faults(b, &l);
    add_all(c, faults, CHECK_DATA, &l);
    plan_rollback_faults(a, b, &l);
    add_all(c, faults, CHECK_ROLLBACK, &l);
}

/* Is there nothing to say of it? One that was loaded with faults has its declaration already. */
static bool check_bundle(const struct checking *c, struct bundle *b)
{
    struct err e = {0};
    struct findings *faults = &c->out->faults;
    bool is_sound = b->decl == NULL && !b->is_illegible;
    size_t n = faults->n;
    if (load_decl(c->p, b, &e) == 0) {
        check_scripts(c, b);
        return is_sound && faults->n == n;
    }
    if (!b->is_illegible && !is_told(faults, &e)) {
        add_fault(c, faults, CHECK_DECLARATION, &e);
    }
    return false;
}

static enum check check_of(enum reason_code code)
{
    return code == REASON_PROTECTED_DOMAIN ? CHECK_PROTECTED
           : code == REASON_LIMIT_EXCEEDED ? CHECK_LIMIT
                                           : CHECK_SCOPE;
}

static const char *advice_of(struct arena *a, enum check check, const struct bundle *b)
{
    return check == CHECK_PROTECTED
               ? "leave the protected object as it is; policy.protected lists what is protected"
               : arena_printf(a, "correct the script, or %s in %s",
                              check == CHECK_LIMIT ? "raise the limit" : "widen scope",
                              bundle_declares_in(b));
}

/* What its class asks for. What ran is as it is. */
static void want_more(const struct checking *c, const struct bundle *b)
{
    enum env_kind ignored;
    struct arena *a = c->p->a;
    if (b->forward == NULL || load_executed_in(b->status, &ignored)) {
        return;
    }
    const char class = bundle_class(a, b);
    const unsigned lacking = bundle_wants(b, class);
    for (int w = 0; w < WANT_COUNT; w++) {
        const struct want_row *row = want_row((enum want)w);
        if ((lacking & 1U << w) != 0) {
            const char *text = want_text(a, (enum want)w, class);
            add(c, &c->out->warnings, check_rule(CHECK_OPEN), bundle_file(a, b), 0, 0,
                arena_printf(a, "%s%s", text,
                             row->is_refused ? "; protected environments refuse that" : ""))
                ->hint = row->hint;
        }
    }
}

static void judge_bundle(const struct checking *c, const struct bundle *b,
                         const struct lineage *all)
{
    size_t n = 0;
    struct reason *reasons = NULL;
    struct arena *a = c->p->a;
    if (b->forward != NULL) {
        plan_judge(a, b, &c->p->domains, all, &reasons, &n);
    }
    for (size_t i = 0; i < n; i++) {
        const struct reason *r = &reasons[i];
        enum check check = check_of(r->code);
        add(c, &c->out->findings, check_rule(check), r->path != NULL ? r->path : r->cause, r->line,
            r->col, arena_printf(a, "%s: %s", reason_sentence(r->code), r->detail))
            ->hint = advice_of(a, check, b);
    }
}

/* --- all of them ------------------------------------------------------------------------------------ */

static struct lineage *lineage_of_all(const struct project *p)
{
    struct lineage *all = lineage_new(p->a);
    for (size_t i = 0; i < p->n_bundle; i++) {
        plan_lineage(&p->bundle[i], NULL, all);
    }
    return all;
}

/* Can what it does be run, and is it in its scope? A part that one of them makes counts to its parent in all,
 * so that what was found beside other parts is looked at again. */
static void check_bundles(const struct checking *c, struct cache *cache)
{
    struct project *p = c->p;
    struct check_kept k;
    check_kept_find(&k, p, cache);
    for (size_t i = 0; i < p->n_bundle; i++) {
        k.good[i] = k.good[i] || check_bundle(c, &p->bundle[i]);
    }
    struct lineage *all = lineage_of_all(p);
    bool is_same = check_kept_beside(&k, all);
    for (size_t i = 0; i < p->n_bundle; i++) {
        size_t n = c->out->findings.n + c->out->warnings.n;
        struct bundle *b = &p->bundle[i];
        if (k.good[i] && b->decl == NULL && !is_same) {
            k.good[i] = check_bundle(c, b);
        }
        judge_bundle(c, b, all);
        want_more(c, b);
        k.good[i] = k.good[i] && c->out->findings.n + c->out->warnings.n == n && !plan_has_kin(b);
    }
    check_kept_keep(&k);
}

/* Can the queries of tiles be what they are to be? */
static void check_tiles(const struct checking *c)
{
    struct err_list l = {0};
    for (size_t i = 0; i < c->p->n_projection; i++) {
        const struct projection *p = &c->p->projection[i];
        const struct projection *from = p->tiling != NULL ? tiling_from(c->p, p) : NULL;
        if (from != NULL) {
            tiling_queries(c->p->a, p, from->schema, &l);
        }
    }
    add_all(c, &c->out->faults, CHECK_PROJECTION, &l);
}

/* Can everything be put in order? */
static void check_order(const struct checking *c)
{
    struct err e = {0};
    struct plan_order order;
    struct arena *a = c->p->a;
    if (plan_order(a, site_bundles(a, c->p), c->p->n_bundle, &order, &e) != 0) {
        add_fault(c, &c->out->faults, CHECK_ORDER, &e);
    }
}

/* --- the linter ------------------------------------------------------------------------------------- */

/* A class that is declared too low misleads whoever reads the declaration; other errors are what a script
 * would do. */
static struct findings *list_for(const struct checking *c, const struct lint_found *f)
{
    const struct finding *x = &f->finding;
    bool is_said = f->rule == LINT_UNKNOWN; /* a fault, unless its file allows it */
    if (x->waived_by[0] != '\0' || x->severity == SEVERITY_NOTE || is_said) {
        return NULL;
    }
    return x->severity == SEVERITY_WARNING ? &c->out->warnings
           : f->rule == LINT_CLASS_TOO_LOW ? &c->out->faults
                                           : &c->out->findings;
}

static void add_linted(const struct checking *c, const struct lint_result *r)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct finding *x = &r->v[i].finding;
        struct findings *to = list_for(c, &r->v[i]);
        if (to != NULL) {
            const char *text = arena_printf(c->p->a, "%s: %s", x->rule, x->text);
            add(c, to, x->rule, x->path, x->line, x->col, text)->hint = x->hint;
        }
    }
}

/* What is not applied anywhere yet, as the registry says. What cannot be read is a fault of its own. */
static void check_lint(const struct checking *c, struct cache *cache)
{
    struct err e = {0};
    struct linted found;
    const struct lint_wish all = {.n_ids = 0};
    struct lint_kept k;
    if (lint_kept_find(&k, c->p, cache)) {
        return;
    }
    if (lint_project(c->p, &all, &found, &e) == 0) {
        add_linted(c, &found.result);
        lint_kept_keep(&k, found.result.n_error + found.result.n_warning == 0);
    } else if (c->out->faults.n == 0) {
        add_fault(c, &c->out->faults, CHECK_LINT, &e);
    }
}

int check_project(struct project *p, struct cache *cache, bool is_strict, bool may_fix,
                  struct checked *out, struct err *e)
{
    struct err_list missing = {0};
    struct err_list unknown = {0};
    const struct checking c = {p, out};
    *out = (struct checked){.n_migrations = p->n_bundle};
    if (load_meta_check(p, may_fix, &out->is_fixed, e) != 0) {
        return -1;
    }
    if (load_may_compare(p) && load_registry_check(p, may_fix, &out->is_fixed, e) != 0) {
        return -1;
    }
    load_lacks_check(p);
    check_signers(p);
    load_executed_check(p, &missing);
    add_all(&c, is_strict ? &out->findings : &out->warnings, CHECK_EVIDENCE, &missing);
    add_all(&c, &out->faults, CHECK_DECLARATION, &p->faults);
    add_all(&c, &out->warnings, CHECK_DECLARATION, &p->warnings);
    depends_warn(p, &unknown);
    add_all(&c, &out->warnings, CHECK_ORDER, &unknown);
    check_bundles(&c, cache);
    /* A cycle may close over the default order, which only the plan knows; with other faults it would be
     * said twice. */
    if (out->faults.n == 0) {
        check_order(&c);
        check_tiles(&c);
    }
    check_lint(&c, cache);
    findings_sort(&out->faults);
    findings_sort(&out->findings);
    findings_sort(&out->warnings);
    return 0;
}
