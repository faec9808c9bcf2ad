/* From the command line to the plan. */
#include "cli/session.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/archive.h"
#include "cli/projections.h"
#include "evidence/state.h"

int session_project(struct session *s, const struct request *req, bool tolerate, struct err *e)
{
    *s = (struct session){.req = req, .a = mem_alloc(sizeof(struct arena))};
    *s->a = (struct arena){0};
    s->progress = ARENA_NEW(s->a, struct progress);
    progress_init(s->progress, req);
    s->ear = s->progress->ear;
    s->project.a = s->a;
    s->project.dirfd = -1;
    if (load_find(s->a, req->project != NULL ? req->project : ".", &s->project.dirfd,
                  &s->project.root, e) != 0) {
        return -1;
    }
    s->progress->dirfd = s->project.dirfd;
    s->cache = cache_open(s->project.dirfd, s->project.root);
    if (load_project(&s->project, s->cache, e) != 0) {
        return -1;
    }
    if (tolerate || s->project.faults.n == 0) {
        return 0;
    }
    tell_faults(&s->ear, &s->project.faults);
    err_set(e, ERR_CONFIG, "%zu fault%s in the project", s->project.faults.n,
            s->project.faults.n == 1 ? "" : "s");
    return err_hint(e, "`kfmig check` shows them together with warnings");
}

int session_env(struct session *s, const char *name, const struct env **out, struct err *e)
{
    *out = name != NULL ? load_env(&s->project, name) : s->project.default_env;
    if (*out != NULL) {
        return 0;
    }
    if (name == NULL) {
        err_set(e, ERR_CONFIG, "no environment given and no default_environment declared");
    } else {
        err_set(e, ERR_CONFIG, "no environment \"%s\"", name);
    }
    struct buf list = {0};
    for (size_t i = 0; i < s->project.n_env; i++) {
        buf_printf(&list, "%s%s", i > 0 ? ", " : "", s->project.env[i].name);
    }
    err_hint(e, "declared: %s", buf_str(&list));
    buf_release(&list);
    return -1;
}

static int look(struct session *s, struct link *l, struct err *e)
{
    char tag[64];
    if (pg_command(l->pg, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", tag, NULL, e) != 0 ||
        catalog_read(l->pg, s->a, &l->catalog, e) != 0) {
        return -1;
    }
    if (l->id.has_ledger && ledger_objects(l->pg, 0, s->a, &l->sum, e) != 0) {
        return -1;
    }
    return pg_command(l->pg, "COMMIT", tag, NULL, e);
}

/* One snapshot for both: read one after the other while another run commits, they would differ, and that looks like drift. */
int link_look(struct session *s, struct link *l, struct err *e)
{
    struct err ignored = {0};
    char tag[64];
    l->catalog = (struct catalog){0};
    l->sum = (struct object_rows){0};
    l->has_catalog = look(s, l, e) == 0 && projections_hide(s, l, e) == 0;
    if (!l->has_catalog && pg_is_alive(l->pg)) {
        (void)!pg_command(l->pg, "ROLLBACK", tag, NULL, &ignored);
    }
    return l->has_catalog ? 0 : -1;
}

/* "lsn timeline root": nothing at all was written since the last full look if it is the same now. */
static const char *witness_text(struct session *s, const struct link *l)
{
    char root[DIGEST_TEXT];
    return arena_printf(s->a, "%s %lld %s %s", l->id.lsn, (long long)l->id.timeline,
                        l->id.system_id, digest_text(&l->id.root, root));
}

bool link_unmoved(struct session *s, const struct link *l)
{
    struct bytes seen;
    return l->id.has_ledger && l->id.lsn[0] != '\0' &&
           cache_get(s->cache, "witness", bytes_str(l->id.uuid), s->a, &seen) &&
           bytes_eq(seen, bytes_str(witness_text(s, l)));
}

void link_witness(struct session *s, const struct link *l)
{
    if (l->id.has_ledger && l->id.lsn[0] != '\0' && !link_unmoved(s, l)) {
        cache_put(s->cache, "witness", bytes_str(l->id.uuid), bytes_str(witness_text(s, l)));
    }
}

/* Roles and tablespaces belong to the whole server: only those that a migration wrote are this ledger's business. */
static bool is_ours(const struct object *o, const char *writer)
{
    return (o->kind != OBJ_ROLE && o->kind != OBJ_TABLESPACE) || writer[0] != '\0';
}

static const char *writer_of(const struct link *l, int64_t sequence)
{
    if (sequence < 1 || (size_t)sequence > l->entries.n) {
        return "";
    }
    const struct entry *en = &l->entries.v[sequence - 1];
    return entry_kind_objects(en->kind) == OBJECTS_WRITTEN ? en->subject : "";
}

static void add_drift(struct session *s, const struct link *l, const struct object_row *was,
                      const struct catalog_object *now)
{
    struct world *w = &s->world;
    struct drift d = {.text = now != NULL ? now->text : "", .last_writer = ""};
    if (was != NULL) {
        d.text = was->object;
        d.was = was->fingerprint;
        d.sequence = was->sequence;
        d.last_writer = writer_of(l, was->sequence);
    }
    if (now != NULL) {
        d.now = now->fingerprint;
        d.object = now->object;
    } else if (object_parse(s->a, d.text, &d.object) != 0) {
        d.object = (struct object){OBJ_UNKNOWN, "", d.text};
    }
    if (is_ours(&d.object, d.last_writer)) {
        w->drift[w->n_drift++] = d;
    }
}

/* The database against the ledger's sum; both are sorted by object text. */
static void find_drift(struct session *s, const struct link *l)
{
    size_t i = 0;
    size_t k = 0;
    s->world.n_drift = 0;
    s->world.drift = ARENA_ARRAY(s->a, struct drift, l->sum.n + l->catalog.n + 1);
    while (i < l->sum.n || k < l->catalog.n) {
        const struct object_row *was = i < l->sum.n ? &l->sum.v[i] : NULL;
        const struct catalog_object *now = k < l->catalog.n ? l->catalog.v[k] : NULL;
        int order = was == NULL ? 1 : now == NULL ? -1 : strcmp(was->object, now->text);
        if (order != 0 || !digest_eq(&was->fingerprint, &now->fingerprint)) {
            add_drift(s, l, order <= 0 ? was : NULL, order >= 0 ? now : NULL);
        }
        i += order <= 0;
        k += order >= 0;
    }
}

bool session_is_usual(const struct object *o)
{
    return object_kind_global(o->kind) || o->kind == OBJ_EXTENSION ||
           (o->kind == OBJ_SCHEMA && strcmp(o->name, "public") == 0);
}

static int64_t count_existing(const struct catalog *c)
{
    int64_t n = 0;
    for (size_t i = 0; i < c->n; i++) {
        n += !session_is_usual(&c->v[i]->object);
    }
    return n;
}

/* Environments that must have a migration first are asked now, in their own ledgers. */
static void ask_upstreams(struct session *s, const struct env *env)
{
    struct upstream *u = ARENA_ARRAY(s->a, struct upstream, env->requires.n + 1);
    for (size_t i = 0; i < env->requires.n; i++) {
        struct err e = {0};
        struct link l = {0};
        const struct env *other = load_env(&s->project, env->requires.v[i]);
        u[i] = (struct upstream){.env = env->requires.v[i]};
        struct past *past = ARENA_NEW(s->a, struct past);
        if (session_link(s, other, &l, &e) == 0) {
            *past = l.past;
            u[i].reachable = true;
        } else {
            u[i].why_not = arena_strdup(s->a, e.msg);
        }
        u[i].past = past;
        link_close(&l);
    }
    s->world.upstream = u;
    s->world.n_upstream = env->requires.n;
}

static int look_at_world(struct session *s, bool full, struct err *e)
{
    struct link *l = &s->link;
    s->world.reachable = true;
    /* A ledger with nothing but its contact says nothing yet of what stands there: it comes to its baseline as one that is not there does. */
    s->world.has_ledger = l->id.has_ledger && l->id.size > 1;
    s->world.instance = l->id.uuid;
    s->world.n_drift = 0;
    if (!full && s->world.has_ledger && link_unmoved(s, l)) {
        return 0;
    }
    if (link_look(s, l, e) != 0) {
        return -1;
    }
    if (!s->world.has_ledger) {
        s->world.n_existing = count_existing(&l->catalog);
        return 0;
    }
    s->world.n_existing = 0;
    find_drift(s, l);
    if (s->world.n_drift == 0) {
        link_witness(s, l);
    }
    return 0;
}

/* Declarations and scripts of what may have to run; a script that cannot be run blocks its own step only. */
static int load_pending(struct session *s, struct err *e)
{
    for (size_t i = 0; i < s->project.n_bundle; i++) {
        struct bundle *b = &s->project.bundle[i];
        if (!plan_needs_scripts(&s->input, b)) {
            continue;
        }
        if (load_decl(&s->project, b, e) != 0) {
            return -1;
        }
        plan_scripts(s->a, b);
    }
    return 0;
}

const struct bundle *const *session_bundles(const struct session *s)
{
    const struct bundle **v = ARENA_ARRAY(s->a, const struct bundle *, s->project.n_bundle + 1);
    for (size_t i = 0; i < s->project.n_bundle; i++) {
        v[i] = &s->project.bundle[i];
    }
    return v;
}

/* The order comes first: what is wanted of a projection depends on the order of its chain. */
static int make_plan(struct session *s, struct err *e)
{
    struct plan_order order;
    s->input = (struct plan_input){.env = s->link.env,
                                   .domains = &s->project.domains,
                                   .past = &s->link.past,
                                   .world = &s->world};
    struct archive r = archive_of(s, &s->link);
    s->input.exports = evidence_states(&r, s->a);
    if (load_pending(s, e) != 0 ||
        plan_order(s->a, session_bundles(s), s->project.n_bundle, &order, e) != 0) {
        return -1;
    }
    s->input.order = arena_dup(s->a, &order, sizeof order);
    if (s->project.n_projection > 0 && projections_look(s, &order, e) != 0) {
        return -1;
    }
    return plan_make(s->a, &s->input, &s->plan, e);
}

int session_replan(struct session *s, bool full, struct err *e)
{
    if (look_at_world(s, full, e) != 0) {
        return -1;
    }
    return make_plan(s, e);
}

int session_plan(struct session *s, const struct env *env, bool want_server, struct err *e)
{
    s->world = (struct world){.why_not = "", .instance = ""};
    if (!env->store[STORE_POSTGIS]) {
        s->link = (struct link){.env = env};
        return make_plan(s, e);
    }
    int linked = s->cites != NULL ? session_link_new(s, env, &s->link, e)
                                  : session_link(s, env, &s->link, e);
    if (linked != 0) {
        bool unreachable = s->link.pg == NULL && e->code == ERR_PREFLIGHT;
        if (want_server || !unreachable) {
            return -1;
        }
        s->world.why_not = arena_strdup(s->a, e->msg);
        return make_plan(s, e);
    }
    ask_upstreams(s, env);
    if (session_replan(s, false, e) != 0) {
        return -1;
    }
    link_remember(s, &s->link);
    return 0;
}

void session_leave(struct session *s)
{
    link_close(&s->link);
}

void session_close(struct session *s)
{
    if (s->a == NULL) {
        return; /* a command that refused before it looked at anything */
    }
    projections_release(s);
    progress_close(s->progress);
    session_leave(s);
    cache_close(s->cache);
    if (s->project.dirfd >= 0) {
        load_release(&s->project);
    }
    arena_release(s->a);
    free(s->a);
}
