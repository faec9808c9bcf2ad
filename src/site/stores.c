/* Stores besides the ledger's: who answers, and what stands there. */
#include "site/stores.h"

#include <string.h>

#include "site/begun.h"

/* --- opening ---------------------------------------------------------------------------------------- */

/* The digest of the identity that the ledger knows of store k; zero: none. false: it has no starting baseline
 * yet. */
static bool stores_known(const struct site *s, enum store_kind k, struct digest *identity)
{
    bool is_known = false;
    for (size_t i = 0; i < s->entries.n; i++) {
        const struct entry *en = &s->entries.v[i];
        if (en->kind == ENTRY_ADOPT && strcmp(en->subject, store_text(k)) == 0 &&
            strcmp(en->result, "success") == 0) {
            *identity = en->checksum;
            is_known = true;
        }
    }
    return is_known;
}

static bool is_needed(const struct site *s, enum store_kind k)
{
    struct digest identity;
    if (!s->env->store[k] || store_can(k, STORE_HOLDS_LEDGER)) {
        return false;
    }
    if (store_ops(k) == NULL) {
        return store_row(k)->is_derived;
    }
    for (size_t i = 0; i < s->project->n_bundle; i++) {
        if (s->project->bundle[i].store == k) {
            return true;
        }
    }
    return stores_known(s, k, &identity);
}

/* The value of one key of its place. */
static int value_of(const struct site *s, enum store_kind k, int key, struct secret *out,
                    struct err *e)
{
    const char *name = store_row(k)->keys[key];
    const char *declared = s->env->place[k][key];
    bool is_set = true;
    if (declared == NULL) {
        return 0;
    }
    if (!store_key_is_reference(name)) {
        secret_set(out, arena_printf(s->a, "%s/%s", s->project->root, declared));
        return 0;
    }
    if (site_secret(s, declared, out, &is_set, e) != 0) {
        return -1;
    }
    return is_set ? 0 : err_set(e, ERR_PREFLIGHT, "its %s is %s, which is not set", name, declared);
}

static bool stop_wanted(void *ctx)
{
    return ear_stops(ctx) != ERR_NONE;
}

static int open_store(struct site *s, enum store_kind k, struct err *e)
{
    struct secret v[STORE_KEYS] = {0};
    struct store_project *project = ARENA_NEW(s->a, struct store_project);
    *project = (struct store_project){.dirfd = s->project->dirfd,
                                      .root = s->project->root,
                                      .env = s->env->name,
                                      .roots = &s->project->roots,
                                      .ear = &s->ear};
    const struct store_place at = {.address = &v[0],
                                   .more = &v[1],
                                   .who = arena_printf(s->a, "kfmig %s", s->o.verb),
                                   .is_stopped = stop_wanted,
                                   .ctx = &s->ear,
                                   .project = project};
    int rc = 0;
    for (int i = 0; rc == 0 && i < STORE_KEYS; i++) {
        rc = value_of(s, k, i, &v[i], e);
    }
    if (rc == 0) {
        rc = store_ops(k)->open(&s->store[k].store, &at, e);
    }
    for (int i = 0; i < STORE_KEYS; i++) {
        secret_wipe(&v[i]);
    }
    return rc;
}

static void give_up(struct site *s, enum store_kind k, const struct err *e)
{
    struct site_store *x = &s->store[k];
    if (x->store != NULL) {
        x->store->ops->close(x->store);
    }
    *x = (struct site_store){0};
    s->world.store[k].reachable = false;
    s->world.store[k].why_not = arena_strdup(s->a, e->msg);
}

static void ask(struct site *s, enum store_kind k)
{
    struct err e = {0};
    struct digest known = {{0}};
    struct site_store *x = &s->store[k];
    struct store_world *w = &s->world.store[k];
    if ((x->store == NULL && open_store(s, k, &e) != 0) ||
        x->store->ops->probe(x->store, s->a, &x->facts, &e) != 0) {
        give_up(s, k, &e);
        return;
    }
    const struct digest now = digest_of(bytes_str(x->facts.identity));
    *w = (struct store_world){
        .reachable = true, .is_known = stores_known(s, k, &known), .eyes = x->facts.eyes};
    w->is_other =
        !digest_is_zero(&known) && x->facts.identity[0] != '\0' && !digest_eq(&known, &now);
}

void stores_ask(struct site *s)
{
    bool is_throwaway = s->o.dbname != NULL || s->o.cites != NULL;
    for (int k = 0; k < STORE_COUNT; k++) {
        s->world.store[k] = (struct store_world){0};
        s->world.store[k].reachable = store_row((enum store_kind)k)->is_derived && !is_throwaway;
        if (!is_needed(s, (enum store_kind)k)) {
            continue;
        }
        if (is_throwaway) {
            s->world.store[k].why_not = "a database made anew has no other stores yet";
        } else if (store_ops((enum store_kind)k) != NULL) {
            ask(s, (enum store_kind)k);
        }
    }
}

void stores_close(struct site *s)
{
    for (int k = 0; k < STORE_COUNT; k++) {
        if (s->store[k].store != NULL) {
            s->store[k].store->ops->close(s->store[k].store);
        }
        s->store[k] = (struct site_store){0};
    }
}

/* --- looking ---------------------------------------------------------------------------------------- */

static void look(struct site *s, enum store_kind k, const struct object_rows *sum)
{
    struct err e = {0};
    struct catalog now;
    struct site_store *x = &s->store[k];
    struct store_world *w = &s->world.store[k];
    const struct object_rows rows = object_rows_of(s->a, sum, store_text(k));
    if (x->store->ops->look(x->store, s->a, &now, &e) != 0) {
        give_up(s, k, &e);
        return;
    }
    begun_put_back(s, k, &rows, &now, x);
    x->was_seen = true;
    if (w->is_known && !w->is_other) {
        site_compare(s, &rows, &x->found);
    } else {
        w->n_existing = (int64_t)x->found.n;
    }
}

/* Derived stores are reached without being opened, and hold nothing to look at. */
static bool is_open(const struct site *s, int k)
{
    return s->world.store[k].reachable && s->store[k].store != NULL;
}

int stores_look(struct site *s, struct err *e)
{
    struct object_rows sum = {0};
    bool any = false;
    s->world.n_begun = 0;
    for (int k = 0; k < STORE_COUNT; k++) {
        any = any || is_open(s, k);
    }
    if (!any) {
        return 0;
    }
    if (s->id.has_ledger && ledger_objects(s->pg, 0, s->a, &sum, e) != 0) {
        return -1;
    }
    begun_find(s);
    for (int k = 0; k < STORE_COUNT; k++) {
        if (is_open(s, k)) {
            look(s, (enum store_kind)k, &sum);
        }
    }
    return 0;
}
