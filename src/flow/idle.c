/* One comparison in place of a plan. */
#include "flow/idle.h"

#include <string.h>

#include "flow/owed.h"
#include "site/witness.h"

static const char kind[] = "idle";

/* Before how the files look. */
struct idle_head {
    struct hint program;
    int64_t format, size, n_current;
    struct digest root;
    char uuid[40];
};

void idle_begin(struct looks *looks, const struct project *p)
{
    looks_begin(p->dirfd, looks);
}

/* Is all that a plan for it is made of among what is compared? */
static bool is_simple(const struct site *s)
{
    for (int i = 0; i < STORE_COUNT; i++) {
        if (s->env->store[i] != (i == (int)store_of_ledger())) {
            return false;
        }
    }
    return s->env->evidence == EVIDENCE_NONE && s->env->requires.n == 0 &&
           s->project->sink == NULL && s->project->faults.n + s->project->warnings.n == 0;
}

/* Of this program and the ledger as it is now. */
static bool head_of(const struct site *s, int64_t n_current, struct idle_head *out)
{
    struct stamp program;
    if (file_program(&program) != 0) {
        return false;
    }
    memset(out, 0, sizeof *out);
    out->program = hint_of(bytes_of((const char *)&program, sizeof program));
    out->format = s->id.format;
    out->size = s->id.size;
    out->n_current = n_current;
    out->root = s->id.root;
    memcpy(out->uuid, s->id.uuid, sizeof s->id.uuid);
    return true;
}

static bool find(const struct looks *looks, const struct site *s, struct idle_head *out)
{
    struct bytes row;
    if (!cache_get(s->cache, kind, bytes_str(s->env->name), s->a, &row) || row.n < sizeof *out) {
        return false;
    }
    memcpy(out, row.p, sizeof *out);
    struct bytes files = bytes_of(row.p + sizeof *out, row.n - sizeof *out);
    return looks_same(s->project->dirfd, looks, files);
}

/* Is it the ledger that the last run saw, where it saw it? Anything else is for trust.c to judge. */
static bool is_as_seen(const struct site *s)
{
    struct checkpoint seen;
    return site_remembered(s, &seen, NULL) && strcmp(seen.instance, s->id.uuid) == 0 &&
           seen.sequence == s->id.size && digest_eq(&seen.root, &s->id.root) &&
           site_moved(s) == NULL;
}

/* Does nothing else stand in the database than the last look found? */
static bool is_unmoved(struct site *s)
{
    if (site_unmoved(s)) {
        return true;
    }
    if (!site_catalogs_unmoved(s)) {
        return false;
    }
    witness_begin(s);
    site_witness(s);
    return true;
}

/* The site's ledger is the one of that verdict, and nothing happened since. */
static bool holds(struct site *s, const struct idle_head *then)
{
    struct err ignored = {0};
    struct idle_head now;
    return ledger_identify(s->pg, &s->id, &ignored) == 0 && site_refuse_wrong(s, &ignored) == 0 &&
           s->id.has_ledger && !s->id.has_generations && head_of(s, then->n_current, &now) &&
           memcmp(&now, then, sizeof now) == 0 && is_as_seen(s) && is_unmoved(s);
}

int idle_known(const struct looks *looks, struct site *s, struct result *r, struct err *e)
{
    struct idle_head then;
    result_begin(r, s);
    if (!is_simple(s) || !find(looks, s, &then) || owed_any(s)) {
        return 0;
    }
    if (site_reach(s, e) != 0) {
        return -1;
    }
    if (!holds(s, &then)) {
        site_close(s);
        return 0;
    }
    r->n_current = (size_t)then.n_current;
    result_ledger(r, s);
    return 1;
}

/* Is every target current, and is that all that is to be said? */
static bool is_all(const struct site *s, const struct result *r)
{
    static const struct result_left none;
    return r->worst == ERR_NONE && r->n == 0 && r->n_current == s->plan.n_steps &&
           s->plan.n_absent == 0 && s->world.n_drift == 0 &&
           memcmp(&r->left, &none, sizeof none) == 0 && s->doubt == NULL &&
           s->world.moved == NULL && !s->id.has_generations && s->n_undeclared == 0;
}

void idle_keep(const struct looks *looks, const struct site *s, const struct result *r)
{
    struct buf row = {0};
    struct idle_head head;
    if (!s->id.has_ledger || !is_simple(s) || !is_all(s, r) ||
        !head_of(s, (int64_t)r->n_current, &head)) {
        return;
    }
    buf_add(&row, (const char *)&head, sizeof head);
    if (looks_encode(s->project, s->cache, looks, &row)) {
        cache_put(s->cache, kind, bytes_str(s->env->name), buf_bytes(&row));
    }
    buf_release(&row);
}
