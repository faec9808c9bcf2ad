/* The environments that must have a migration first. */
#include "site/upstream.h"

#include <string.h>

#include "attest/verify.h"

static void open_upstream(struct site *other, const struct site *s, const struct env *theirs)
{
    enum server_words most = theirs->is_protected ? SERVER_WORDS_SAFE : SERVER_WORDS_RAISED;
    site_init(
        other, s->a, s->project, s->cache, &s->ear, theirs,
        &(struct site_options){.verb = s->o.verb,
                               .self = s->o.self,
                               .words = s->o.words == SERVER_WORDS_RAISED ? most : s->o.words});
}

/* --- from files -------------------------------------------------------------------------------------- */

/* Does what is signed begin with all that an earlier run saw? Only where nothing of it is left out can that
 * be told. */
static bool continues(const struct attested_ledger *l, const struct checkpoint *seen)
{
    struct merkle m = {0};
    for (int64_t i = 0; l->first == 1 && i < seen->sequence; i++) {
        merkle_add(&m, &l->entries.v[i].leaf);
    }
    struct digest root = merkle_root(&m);
    return l->first > 1 || digest_eq(&root, &seen->root);
}

/* Whoever withholds the newest receipts is noticed where an earlier run here saw them in the ledger. */
static int check_seen(const struct site *other, const struct attested_ledger *l, struct err *e)
{
    struct checkpoint seen;
    if (!site_remembered(other, &seen, NULL)) {
        return 0;
    }
    if (strcmp(seen.instance, l->instance) != 0) {
        return err_at(e, ERR_INTEGRITY, l->path, 0, 0,
                      "is of another ledger than the last run here saw, %s", seen.instance);
    }
    if (l->size < seen.sequence) {
        return err_at(e, ERR_INTEGRITY, l->path, 0, 0,
                      "ends with entry %lld of the ledger, the last run here saw entry %lld",
                      (long long)l->size, (long long)seen.sequence);
    }
    if (!continues(l, &seen)) {
        return err_at(e, ERR_INTEGRITY, l->path, 0, 0,
                      "is no continuation of the ledger that the last run here saw");
    }
    return 0;
}

static void read_files(const struct site *other, struct past *past, struct upstream *u)
{
    struct err e = {0};
    struct attested_ledger l;
    struct arena *a = other->a;
    struct archive r = site_archive(other);
    if (r.sink == NULL) {
        return;
    }
    r.entries = NULL;
    if (attest_read_ledger(&r, a, &l, &e) != 0 || check_seen(other, &l, &e) != 0) {
        u->why_not =
            arena_printf(a, "%s; nor do its signed receipts stand in for it: %s%s%s", u->why_not,
                         e.where.path, e.where.path[0] != '\0' ? " " : "", e.msg);
        return;
    }
    site_past_of(a, &l.entries, past);
    u->reachable = true;
    u->files = arena_printf(a, "%s%s", r.sink[0] == '/' ? "/" : "", l.path);
    u->n = l.size;
    u->at = l.entries.v[l.entries.n - 1].finished_at;
}

/* --- all of them -------------------------------------------------------------------------------------- */

static void ask(struct site *s, const struct env *theirs, struct upstream *u)
{
    struct err e = {0};
    struct site other;
    struct past *past = ARENA_NEW(s->a, struct past);
    *u = (struct upstream){.env = theirs->name, .past = past, .why_not = "", .at = ""};
    open_upstream(&other, s, theirs);
    if (site_link(&other, &e) == 0) {
        *past = other.past;
        u->reachable = true;
        u->n = other.id.size;
        u->at = other.entries.n > 0 ? other.entries.v[other.entries.n - 1].finished_at : "";
    } else {
        u->why_not = arena_strdup(s->a, e.msg);
        if (other.pg == NULL) {
            read_files(&other, past, u);
        }
    }
    site_close(&other);
}

void site_ask_upstreams(struct site *s)
{
    const struct names *l = &s->env->requires;
    struct upstream *u = ARENA_ARRAY(s->a, struct upstream, l->n + 1);
    for (size_t i = 0; i < l->n; i++) {
        ask(s, load_env(s->project, l->v[i]), &u[i]);
    }
    s->world.upstream = u;
    s->world.n_upstream = l->n;
}
