/* Are there enough approvals, and of whom? */
#include "model/approval.h"

#include <string.h>

#include "base/bytes.h"
#include "model/decl.h"

const char *approval_kind_text(enum approval_kind k)
{
    static const char *const texts[] = {[APPROVES_BUNDLE] = "bundle",
                                        [APPROVES_PROJECTION] = "projection",
                                        [APPROVES_PLAN] = "plan",
                                        [APPROVES_RUN] = "run"};
    return texts[k];
}

bool approval_is_waiver(const char *word)
{
    static const char *const words[] = {APPROVAL_FORCE, APPROVAL_SKIP_BACKUP, APPROVAL_LIMITS,
                                        APPROVAL_PROTECTED};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i], word) == 0) {
            return true;
        }
    }
    return false;
}

const struct approval_rule *approval_rule_of(const struct env *env)
{
    static const char *governance[] = {APPROVAL_GOVERNANCE};
    static const struct approval_rule none = {.reviewers = 1, .protected = {governance, 1, 1}};
    return env->approvals != NULL ? env->approvals : &none;
}

static void add_all(struct arena *a, struct names *l, const struct names *more)
{
    for (size_t i = 0; more != NULL && i < more->n; i++) {
        names_add(a, l, more->v[i]);
    }
}

void approval_wants(struct arena *a, const struct env *env, const struct names *reviewers,
                    const char *change_class, bool is_protected, struct approval_want *out)
{
    const struct approval_rule *r = approval_rule_of(env);
    *out = (struct approval_want){.n = r->reviewers};
    add_all(a, &out->roles, &r->roles);
    add_all(a, &out->roles, reviewers);
    for (size_t i = 0; i < r->n_routes; i++) {
        if (change_class != NULL && strcmp(r->routes[i].label, change_class) == 0) {
            add_all(a, &out->roles, &r->routes[i].roles);
        }
    }
    if (is_protected) {
        add_all(a, &out->roles, &r->protected);
    }
}

void approval_wants_plan(struct arena *a, const struct env *env, const char *waives,
                         struct approval_want *out)
{
    const struct approval_rule *r = approval_rule_of(env);
    *out = (struct approval_want){.waives = waives};
    add_all(a, &out->roles, &r->plan);
    if (waives != NULL) {
        out->n = r->reviewers;
        add_all(a, &out->roles, &r->roles);
    }
}

/* --- one person for each role ----------------------------------------------------------------------- */

/* persons[0..n): the approvals that count, one each; of: role -> the person that stands for it, -1:
 * nobody yet. */
struct matching {
    const struct approval **persons;
    size_t n;
    const struct names *roles;
    int *of;
    bool *seen;
};

/* Somebody for that role, if need be by moving who stands for another (augmenting paths). */
static bool find_person(struct matching *m, size_t role)
{
    for (size_t i = 0; i < m->n; i++) {
        if (m->seen[i] || !names_have(&m->persons[i]->roles, m->roles->v[role])) {
            continue;
        }
        m->seen[i] = true;
        size_t other = 0;
        while (other < m->roles->n && m->of[other] != (int)i) {
            other++;
        }
        if (other == m->roles->n || find_person(m, other)) {
            m->of[role] = (int)i;
            return true;
        }
    }
    return false;
}

/* Roles for which nobody is left, into lacking. */
static void match(struct arena *a, struct matching *m, struct names *lacking)
{
    m->of = ARENA_ARRAY(a, int, m->roles->n + 1);
    m->seen = ARENA_ARRAY(a, bool, m->n + 1);
    for (size_t r = 0; r < m->roles->n; r++) {
        m->of[r] = -1;
    }
    for (size_t r = 0; r < m->roles->n; r++) {
        memset(m->seen, 0, m->n * sizeof *m->seen);
        if (!find_person(m, r)) {
            names_add(a, lacking, m->roles->v[r]);
        }
    }
}

/* --- who counts ------------------------------------------------------------------------------------- */

static bool is_wanted_by(const struct approval *x, const struct approval_want *want)
{
    bool has_role = want->roles.n == 0 && x->roles.n > 0;
    for (size_t i = 0; i < want->roles.n; i++) {
        has_role = has_role || names_have(&x->roles, want->roles.v[i]);
    }
    return has_role && (want->waives == NULL || names_have(&x->waives, want->waives));
}

static bool is_over(const struct approval *x, const struct digest *digest, const struct env *env)
{
    return digest_eq(&x->digest, digest) && x->kind != APPROVES_RUN &&
           (x->environments.n == 0 || names_have(&x->environments, env->name));
}

/* Kept in the order of persons; a second one of the same says nothing more. */
static void keep(const struct approval *x, const struct approval **v, size_t *n)
{
    size_t at = 0;
    while (at < *n && strcmp(v[at]->person, x->person) < 0) {
        at++;
    }
    if (at < *n && strcmp(v[at]->person, x->person) == 0) {
        return;
    }
    memmove(v + at + 1, v + at, (*n - at) * sizeof *v);
    v[at] = x;
    ++*n;
}

static void put_list(struct buf *out, const char *before, const struct names *l)
{
    for (size_t i = 0; i < l->n; i++) {
        buf_printf(out, "%s%s", i > 0 ? ", " : before, l->v[i]);
    }
}

const char *approval_persons(struct arena *a, const struct approval_verdict *v)
{
    struct buf text = {0};
    for (size_t i = 0; i < v->n; i++) {
        buf_printf(&text, "%s%s", i > 0 ? ", " : "", v->v[i]->person);
        put_list(&text, " (", &v->v[i]->roles);
        buf_puts(&text, v->v[i]->roles.n > 0 ? ")" : "");
    }
    const char *out = arena_strdup(a, buf_str(&text));
    buf_release(&text);
    return out;
}

/* Why others that are there do not count. */
static void put_void(struct buf *out, const struct approvals *all, const struct digest *digest,
                     const struct env *env, const struct approval_want *want)
{
    for (size_t i = 0; all != NULL && i < all->n; i++) {
        const struct approval *x = &all->v[i];
        bool is_other = want->subject != NULL && strcmp(x->subject, want->subject) == 0 &&
                        x->kind <= APPROVES_PROJECTION && !digest_eq(&x->digest, digest);
        if (is_other) {
            buf_printf(out, "; %s is over other content", x->path);
        }
        if (!is_over(x, digest, env)) {
            continue;
        }
        if (x->why_not != NULL) {
            buf_printf(out, "; %s does not count: %s", x->path, x->why_not);
        } else if (all->runner != NULL && strcmp(all->runner, x->person) == 0) {
            buf_printf(out, "; %s does not count: %s runs it", x->path, x->person);
        } else if (!is_wanted_by(x, want) && want->waives != NULL) {
            buf_printf(out, "; %s names no waiver of %s", x->path, want->waives);
        }
    }
}

static const char *lacks_text(struct arena *a, const struct approvals *all,
                              const struct digest *digest, const struct env *env,
                              const struct approval_want *want, const struct approval_verdict *v,
                              const struct names *lacking, int64_t n_wanted)
{
    struct buf text = {0};
    buf_printf(&text, "%zu of %lld signature%s", v->n, (long long)n_wanted,
               n_wanted == 1 ? "" : "s");
    put_list(&text, ", missing: ", lacking);
    if (v->n > 0) {
        buf_printf(&text, "; signed by %s", approval_persons(a, v));
    }
    put_void(&text, all, digest, env, want);
    const char *out = arena_strdup(a, buf_str(&text));
    buf_release(&text);
    return out;
}

void approvals_judge(struct arena *a, const struct approvals *all, const struct digest *digest,
                     const struct env *env, const struct approval_want *want,
                     struct approval_verdict *out)
{
    size_t most = all != NULL ? all->n : 0;
    struct names lacking = {0};
    *out = (struct approval_verdict){.v = ARENA_ARRAY(a, const struct approval *, most + 1)};
    for (size_t i = 0; i < most; i++) {
        const struct approval *x = &all->v[i];
        bool runs_it = all->runner != NULL && strcmp(all->runner, x->person) == 0;
        if (is_over(x, digest, env) && x->why_not == NULL && is_wanted_by(x, want) && !runs_it) {
            keep(x, out->v, &out->n);
        }
    }
    struct matching m = {.persons = out->v, .n = out->n, .roles = &want->roles};
    match(a, &m, &lacking);
    int64_t n_wanted = want->n > (int64_t)want->roles.n ? want->n : (int64_t)want->roles.n;
    if (lacking.n > 0 || (int64_t)out->n < n_wanted) {
        out->lacks = lacks_text(a, all, digest, env, want, out, &lacking, n_wanted);
    }
}

void approvals_of(struct arena *a, const struct approvals *all, const struct env *env,
                  const struct bundle *b, bool is_protected, const char *waives,
                  struct approval_verdict *out)
{
    const struct decl *d = b->decl;
    struct approval_want want;
    approval_wants(a, env, d != NULL ? &d->reviewers : NULL, d != NULL ? d->change_class : NULL,
                   is_protected, &want);
    want.waives = waives;
    want.subject = b->id;
    approvals_judge(a, all, &b->bundle_digest, env, &want, out);
}

void approvals_over(struct arena *a, const struct approvals *all, const struct digest *digest,
                    const struct env *env, struct approval_verdict *out)
{
    const struct approval_want any = {.n = 0};
    approvals_judge(a, all, digest, env, &any, out);
}
