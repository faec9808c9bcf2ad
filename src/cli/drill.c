/* kfmig rebuild --drill: would what is live come back? In a throwaway database beside it. */
#include "cli/drill.h"

#include <string.h>

#include "base/clock.h"
#include "cli/archive.h"
#include "cli/projections.h"

/* --- before anything is made ------------------------------------------------------------------------ */

/* What belongs to the server, or lies outside of it, is the live database's too: a migration that reaches there cannot be tried beside it. */
static bool is_shared(const char *allowed)
{
    static const enum object_kind kinds[] = {OBJ_ROLE,    OBJ_DATABASE,     OBJ_TABLESPACE,
                                             OBJ_SETTING, OBJ_SUBSCRIPTION, OBJ_PROGRAM,
                                             OBJ_REMOTE,  OBJ_SERVER_FILE,  OBJ_UNKNOWN};
    size_t n = strcspn(allowed, ":");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const char *text = object_kind_text(kinds[i]);
        if (strlen(text) == n && strncmp(text, allowed, n) == 0) {
            return true;
        }
    }
    return false;
}

static int refuse_shared(struct session *s, struct err *e)
{
    for (size_t i = 0; i < s->plan.n_migrations; i++) {
        const struct step *x = &s->plan.v[i];
        struct bundle *b = &s->project.bundle[x->bundle - s->project.bundle];
        if (x->state == STATE_NOT_APPLICABLE || b->projection != NULL) {
            continue;
        }
        if (load_decl(&s->project, b, e) != 0) {
            return -1;
        }
        const struct names *global = &b->decl->scope.allowed_global;
        for (size_t k = 0; k < global->n; k++) {
            if (is_shared(global->v[k])) {
                err_set(e, ERR_PREFLIGHT,
                        "%s may change what the live database shares with its server (%s): a drill "
                        "beside it cannot run it",
                        b->id, global->v[k]);
                return err_hint(e, "try the recovery on a server of its own: `kfmig rebuild "
                                   "--new-database` in an environment there");
            }
        }
    }
    return 0;
}

static int refuse_live(struct session *s, struct err *e)
{
    const char *name = s->link.env->name;
    if (!s->link.id.has_ledger) {
        err_set(e, ERR_PREFLIGHT,
                "environment \"%s\" has no ledger: there is nothing to compare with", name);
        return err_hint(e, "`kfmig build %s` makes it", name);
    }
    if (s->plan.n_apply > 0) {
        err_set(e, ERR_PREFLIGHT,
                "%zu migration%s of %s not applied yet: a drill compares with what is",
                s->plan.n_apply, s->plan.n_apply == 1 ? " is" : "s are", name);
        return err_hint(e, "`kfmig build %s` comes first", name);
    }
    if (s->link.env->is_protected && !s->req->apply) {
        err_set(e, ERR_PREFLIGHT, "environment \"%s\" is protected: no drill was run", name);
        return err_hint(e, "add --apply: a drill makes a database beside it and one ledger entry");
    }
    return refuse_shared(s, e) != 0 ? -1 : steps_may_write(s, e);
}

/* --- the throwaway database ------------------------------------------------------------------------- */

/* What the live database was given before any migration, and no migration makes: extensions. */
static int give_extensions(struct drill *d, struct err *e)
{
    struct session *s = d->live;
    struct link l = {.env = s->link.env, .dbname = d->name};
    int rc = link_connect(s, &l, e);
    for (size_t i = 0; rc == 0 && i < s->link.sum.n; i++) {
        const struct object_row *o = &s->link.sum.v[i];
        struct object x;
        if (object_parse(s->a, o->object, &x) != 0 || x.kind != OBJ_EXTENSION || o->sequence < 1 ||
            (size_t)o->sequence > s->link.entries.n ||
            s->link.entries.v[o->sequence - 1].kind != ENTRY_ADOPT) {
            continue;
        }
        const char *sql =
            arena_printf(s->a, "CREATE EXTENSION IF NOT EXISTS %s", pg_ident(s->a, x.name));
        rc = pg_run(l.pg, sql, NULL, 0, NULL, e);
        if (rc != 0 && pg_is_alive(l.pg)) {
            err_set(e, ERR_PREFLIGHT,
                    "the throwaway database lacks the extension \"%s\", which no migration makes",
                    x.name);
            err_hint(e, "have an administrator make a template database that has it, and name it "
                        "with --template=DATABASE");
        }
    }
    link_close(&l);
    return rc;
}

static int make_database(struct drill *d, struct err *e)
{
    int64_t start = clock_ms();
    size_t n = 0;
    if (drill_sweep(d->live, &n, e) != 0) {
        return -1;
    }
    if (n > 0) {
        tell_note(&d->live->ear, "dropped %zu database%s that killed drills left", n,
                  n == 1 ? "" : "s");
    }
    if (drill_create(d->live, d->live->req->template_db, d->name, e) != 0 ||
        give_extensions(d, e) != 0) {
        return -1;
    }
    tell_note(&d->live->ear, "created the throwaway database %s", d->name);
    d->r.database_ms = clock_ms() - start;
    return 0;
}

/* The same project, read again for a session of its own, which leaves no trace outside of the throwaway database: no cache, no sink, no
 * exports. */
static int rebuild(struct drill *d, struct err *e)
{
    struct session *m = &d->made;
    if (session_project(m, d->live->req, false, e) != 0) {
        return -1;
    }
    cache_close(m->cache);
    m->cache = NULL;
    d->env = *d->live->link.env;
    d->env.evidence = EVIDENCE_NONE;
    m->dbname = d->name;
    return recovery_make(m, &d->env, &d->r, e);
}

/* --- the receipt ------------------------------------------------------------------------------------ */

static void put_files(struct arena *a, struct doc *list, struct table *seen,
                      const struct dataset_files *files)
{
    char text[DIGEST_TEXT];
    for (size_t i = 0; i < files->n; i++) {
        if (table_gets(seen, files->v[i].path) != NULL) {
            continue;
        }
        struct doc *x = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, x, "uri", doc_text(a, files->v[i].path));
        doc_put(a, x, "digest", doc_text(a, digest_text(&files->v[i].digest, text)));
        doc_put(a, x, "kept", doc_bool(a, false));
        table_puts(seen, files->v[i].path, x);
    }
}

static struct doc *inputs_doc(const struct session *s)
{
    struct doc *list = doc_new(s->a, DOC_LIST);
    struct table seen = {.a = s->a};
    for (size_t i = 0; i < s->n_projected; i++) {
        const struct projected *x = &s->projected[i];
        if (!recovery_means(s->req, s->link.env, x->input.p)) {
            continue;
        }
        for (size_t k = 0; k < x->input.p->n_sources; k++) {
            if (x->dataset[k] != NULL) {
                put_files(s->a, list, &seen, &x->dataset[k]->artifacts);
                put_files(s->a, list, &seen, &x->dataset[k]->catalogs);
            }
        }
    }
    return list;
}

/* failure: why it did not come to its end, or what differs; code ERR_NONE: all is the same. */
static int record(struct drill *d, const struct err *failure, struct outcome *o, struct err *e)
{
    struct session *s = d->live;
    struct work_frame w;
    struct err late = {0};
    *o = (struct outcome){.failure = *failure};
    bool stopped = failure->code == ERR_INTERRUPTED || failure->code == ERR_TERMINATED;
    o->result = failure->code == ERR_NONE ? RUN_SUCCESS : stopped ? RUN_INTERRUPTED : RUN_FAILED;
    struct drill_record record = {.findings = drill_findings_doc(d),
                                  .inputs = inputs_doc(s),
                                  .migrations = recovery_migrations_doc(s->a, s),
                                  .timings = drill_timings_doc(d)};
    int rc = work_open(&w, s, NULL, e);
    if (rc == 0) {
        rc = run_record_drill(&w.run, &record, d->started_at, o, e);
    }
    work_close(&w);
    if (archive_deliver(s, &late) != 0) {
        tell_fault(&s->ear, &late);
    }
    return rc;
}

/* --- all of it -------------------------------------------------------------------------------------- */

static void try_out(struct drill *d, struct err *e)
{
    if (rebuild(d, e) != 0) {
        return;
    }
    if (d->r.t.worst != ERR_NONE) {
        err_set(e, d->r.t.worst, "the rebuild in the throwaway database failed");
        return;
    }
    if (drill_compare(d, e) == 0 && d->n_different > 0) {
        err_set(e, ERR_VALIDATE, "what was rebuilt is not what is live: %s%s", d->first,
                d->n_different > 1 ? ", and more" : "");
        err_hint(e, "the list above names everything that differs");
    }
}

/* From here on signals stop nothing: what was made is dropped, and what was found is recorded. */
static int clean_up(struct drill *d, struct err *e)
{
    d->live->ear.stops = NULL;
    session_leave(&d->made);
    return d->name[0] == '\0' ? 0 : drill_drop(d->live, d->name, e);
}

static int perform(struct drill *d, struct err *e)
{
    struct err found = {0};
    struct err late = {0};
    struct outcome o = {0};
    if (make_database(d, &found) == 0) {
        try_out(d, &found);
    }
    if (ear_stops(&d->live->ear) != ERR_NONE && found.code != ERR_NONE) {
        found.code = ear_stops(&d->live->ear);
    }
    int dropped = clean_up(d, &late);
    int recorded = record(d, &found, &o, dropped == 0 ? &late : &(struct err){0});
    if (d->structure != NULL && recorded == 0) {
        drill_print(d, &o);
    }
    if (d->made.a != NULL) {
        session_close(&d->made);
    }
    *e = found.code != ERR_NONE ? found : late;
    return found.code == ERR_NONE && dropped == 0 && recorded == 0 ? 0 : -1;
}

int drill_run(struct session *s, const struct env *env, struct err *e)
{
    char now[CLOCK_TEXT];
    struct drill d = {.live = s};
    d.r.started_ms = clock_ms();
    d.started_at = arena_strdup(s->a, clock_text(clock_unix_us(), now));
    d.projections = doc_new(s->a, DOC_LIST);
    d.tables = doc_new(s->a, DOC_LIST);
    if (session_plan(s, env, true, e) != 0 || refuse_live(s, e) != 0 ||
        recovery_check_inputs(s, env, e) != 0 || link_look(s, &s->link, e) != 0 ||
        lost_find(s, env, NULL, &d.r.lost, e) != 0) {
        return -1;
    }
    if (s->req->dry_run) {
        tell_note(&s->ear,
                  "would rebuild in a throwaway database beside %s, compare, drop it, and "
                  "record a ledger entry",
                  env->name);
        return 0;
    }
    return perform(&d, e);
}
