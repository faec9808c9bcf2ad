/* kfmig rebuild --drill: would what is live come back? In a throwaway database beside it. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/database.h"
#include "cli/output.h"
#include "cli/projections.h"
#include "cli/recovery.h"
#include "cli/signals.h"
#include "cli/sink.h"

enum { LISTED_MAX = 1000 };

/* One drill. live: the environment's session; made: the throwaway database's. */
struct drill {
    struct session *live;
    struct session made;
    struct env env; /* of made: exports nothing */
    struct recovery r;
    char name[DRILL_NAME];
    const char *started_at;
    int64_t compare_ms;
    struct doc *projections, *structure, *tables;
    size_t n_compared, n_different, n_objects, n_rows;
    const char *first; /* what differs, for the error */
};

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
    for (size_t i = 0; i < s->plan.n; i++) {
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
            strcmp(s->link.entries.v[o->sequence - 1].kind, "adopt") != 0) {
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
        output_note(d->live->req, "dropped %zu database%s that killed drills left", n,
                    n == 1 ? "" : "s");
    }
    if (drill_create(d->live, d->live->req->template_db, d->name, e) != 0 ||
        give_extensions(d, e) != 0) {
        return -1;
    }
    output_note(d->live->req, "created the throwaway database %s", d->name);
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

/* --- comparing -------------------------------------------------------------------------------------- */

static void differs(struct drill *d, const char *what)
{
    d->n_different++;
    d->first = d->first != NULL ? d->first : what;
}

static int read_contents(struct link *l, struct arena *a, const struct projection *p,
                         struct content *out, struct err *e)
{
    char tag[64];
    struct err ignored = {0};
    if (pg_command(l->pg, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", tag, NULL, e) != 0) {
        return -1;
    }
    int rc = run_contents(l->pg, a, p, p->schema, out, e);
    if (pg_is_alive(l->pg)) {
        (void)!pg_command(l->pg, "ROLLBACK", tag, NULL, &ignored);
    }
    return rc;
}

static void put_source(struct drill *d, struct doc *list, const struct projection *p, size_t i,
                       const struct content *live, const struct content *made)
{
    char text[DIGEST_TEXT];
    struct arena *a = d->live->a;
    const struct projection_source *s = &p->source[i];
    bool same = live->rows == made->rows && digest_eq(&live->sum, &made->sum);
    struct doc *x = doc_push(a, list, doc_new(a, DOC_MAP));
    doc_put(a, x, "source", doc_text(a, run_source_key(a, s)));
    doc_put(a, x, "live_rows", doc_int(a, live->rows));
    doc_put(a, x, "rebuilt_rows", doc_int(a, made->rows));
    doc_put(a, x, "live", doc_text(a, digest_text(&live->sum, text)));
    doc_put(a, x, "rebuilt", doc_text(a, digest_text(&made->sum, text)));
    doc_put(a, x, "same", doc_bool(a, same));
    if (!same) {
        differs(d, arena_printf(a, "the rows of %s from %s/%s", p->name, s->dataset, s->version));
    }
}

/* Only a generation of the same digest can have the same rows. */
static int compare_projection(struct drill *d, const struct projection_step *x, struct err *e)
{
    char text[DIGEST_TEXT];
    struct arena *a = d->live->a;
    const struct projection *p = x->in->p;
    struct doc *out = doc_push(a, d->projections, doc_new(a, DOC_MAP));
    bool is_comparable = x->live != NULL && digest_eq(&x->live->digest, &x->in->digest);
    doc_put(a, out, "name", doc_text(a, p->name));
    doc_put(a, out, "digest", doc_text(a, digest_text(&x->in->digest, text)));
    doc_put(a, out, "compared", doc_bool(a, is_comparable));
    struct doc *sources = doc_put(a, out, "sources", doc_new(a, DOC_LIST));
    if (!is_comparable) {
        catalog_leave_out(&d->live->link.catalog, p->schema);
        catalog_leave_out(&d->made.link.catalog, p->schema);
        output_note(d->live->req, "%s: not compared, what is live was made from something else",
                    p->name);
        return 0;
    }
    struct content *live = ARENA_ARRAY(a, struct content, p->n_sources + 1);
    struct content *made = ARENA_ARRAY(a, struct content, p->n_sources + 1);
    if (read_contents(&d->live->link, a, p, live, e) != 0 ||
        read_contents(&d->made.link, a, p, made, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < p->n_sources; i++) {
        put_source(d, sources, p, i, &live[i], &made[i]);
    }
    d->n_compared++;
    return 0;
}

/* What belongs to the server, or carries the database's name, says nothing about the rebuild. */
static bool is_compared(const struct catalog_object *o)
{
    return o->object.kind != OBJ_ROLE && o->object.kind != OBJ_TABLESPACE &&
           o->object.kind != OBJ_DATABASE && o->object.kind != OBJ_SETTING;
}

static struct digest structure_digest(const struct catalog *c)
{
    struct digester *x = digester_open("kfmig.structure.v1");
    for (size_t i = 0; i < c->n; i++) {
        if (is_compared(c->v[i])) {
            digester_field(x, c->v[i]->text, bytes_of((const char *)c->v[i]->fingerprint.b, 32));
        }
    }
    return digester_close(x);
}

static void put_object(struct drill *d, struct doc *list, const char *text, const char *how)
{
    struct arena *a = d->live->a;
    differs(d, text);
    if (d->n_objects++ < LISTED_MAX) {
        struct doc *x = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, x, "object", doc_text(a, text));
        doc_put(a, x, "change", doc_text(a, how));
    }
}

/* Both are sorted by text. */
static void compare_structure(struct drill *d)
{
    char text[DIGEST_TEXT];
    struct arena *a = d->live->a;
    const struct catalog *live = &d->live->link.catalog;
    const struct catalog *made = &d->made.link.catalog;
    struct digest l = structure_digest(live);
    struct digest m = structure_digest(made);
    d->structure = doc_new(a, DOC_MAP);
    doc_put(a, d->structure, "live", doc_text(a, digest_text(&l, text)));
    doc_put(a, d->structure, "rebuilt", doc_text(a, digest_text(&m, text)));
    struct doc *list = doc_put(a, d->structure, "different", doc_new(a, DOC_LIST));
    for (size_t i = 0, k = 0; i < live->n || k < made->n;) {
        int order = i >= live->n   ? 1
                    : k >= made->n ? -1
                                   : strcmp(live->v[i]->text, made->v[k]->text);
        const struct catalog_object *o = order <= 0 ? live->v[i] : made->v[k];
        bool same = order == 0 && digest_eq(&live->v[i]->fingerprint, &made->v[k]->fingerprint);
        if (!same && is_compared(o)) {
            put_object(d, list, o->text,
                       order < 0   ? "only live"
                       : order > 0 ? "only rebuilt"
                                   : "differs");
        }
        i += order <= 0;
        k += order >= 0;
    }
    doc_put(a, d->structure, "n_different", doc_int(a, (int64_t)d->n_objects));
}

static struct doc *count_doc(struct arena *a, int64_t rows)
{
    return rows < 0 ? doc_new(a, DOC_NULL) : doc_int(a, rows);
}

/* Rows outside of projections are not what a rebuild makes: what would be missing is told, and is no difference. */
static void compare_tables(struct drill *d)
{
    struct arena *a = d->live->a;
    struct table_rows *live = NULL;
    size_t n = 0;
    recovery_count(d->live, &d->live->link, &live, &n);
    for (size_t i = 0; i < n; i++) {
        int64_t made = 0;
        for (size_t k = 0; k < d->r.n_tables; k++) {
            made = strcmp(d->r.tables[k].text, live[i].text) == 0 ? d->r.tables[k].rows : made;
        }
        if (live[i].rows != made || made < 0) {
            struct doc *x = doc_push(a, d->tables, doc_new(a, DOC_MAP));
            doc_put(a, x, "table", doc_text(a, live[i].text));
            doc_put(a, x, "live_rows", count_doc(a, live[i].rows));
            doc_put(a, x, "rebuilt_rows", count_doc(a, made));
            d->n_rows++;
        }
    }
}

/* Projections that were not meant are not there to compare with. */
static void leave_out_others(struct drill *d)
{
    struct session *s = d->live;
    for (size_t i = 0; i < s->plan.n_projections; i++) {
        const struct projection *p = s->plan.projections[i].in->p;
        if (!recovery_means(s->req, s->link.env, p)) {
            catalog_leave_out(&s->link.catalog, p->schema);
        }
    }
}

static int compare(struct drill *d, struct err *e)
{
    struct session *s = d->live;
    int64_t start = clock_ms();
    if (link_look(s, &s->link, e) != 0) {
        return -1;
    }
    leave_out_others(d);
    for (size_t i = 0; i < s->plan.n_projections; i++) {
        const struct projection_step *x = &s->plan.projections[i];
        if (recovery_means(s->req, s->link.env, x->in->p) && compare_projection(d, x, e) != 0) {
            return -1;
        }
    }
    compare_tables(d);
    compare_structure(d);
    d->compare_ms = clock_ms() - start;
    d->r.total_ms = clock_ms() - d->r.started_ms;
    return 0;
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

static struct doc *findings_doc(const struct drill *d)
{
    struct arena *a = d->live->a;
    struct doc *f = doc_new(a, DOC_MAP);
    doc_put(a, f, "same", doc_bool(a, d->structure != NULL && d->n_different == 0));
    doc_put(a, f, "lost", recovery_lost_doc(a, &d->r));
    doc_put(a, f, "projections", d->projections);
    doc_put(a, f, "structure", d->structure != NULL ? d->structure : doc_new(a, DOC_NULL));
    doc_put(a, f, "rows_not_recovered", d->tables);
    return f;
}

static struct doc *timings_doc(const struct drill *d)
{
    struct doc *t = recovery_timings_doc(d->live->a, &d->r);
    doc_put(d->live->a, t, "compare_ms", doc_int(d->live->a, d->compare_ms));
    return t;
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
    struct drill_record record = {.findings = findings_doc(d),
                                  .inputs = inputs_doc(s),
                                  .migrations = recovery_migrations_doc(s->a, s),
                                  .timings = timings_doc(d)};
    int rc = work_open(&w, s, false, e);
    if (rc == 0) {
        rc = run_record_drill(&w.run, &record, d->started_at, o, e);
    }
    work_close(&w);
    if (sink_deliver(s, &s->link, &late) != 0) {
        (void)output_error(s->req, -1, &late);
    }
    return rc;
}

/* --- saying it -------------------------------------------------------------------------------------- */

static void print_sources(const struct drill *d, struct buf *out)
{
    for (size_t i = 0; i < doc_len(d->projections); i++) {
        const struct doc *p = d->projections->item[i];
        const struct doc *sources = doc_get(p, "sources");
        for (size_t k = 0; k < doc_len(sources); k++) {
            const struct doc *x = sources->item[k];
            buf_printf(out, "%s  %s: %s\n", doc_str(p, "name", ""), doc_str(x, "source", ""),
                       doc_yes(x, "same", false) ? "the same rows" : "DIFFERENT ROWS");
        }
    }
}

static void print_structure(const struct drill *d, struct buf *out)
{
    const struct doc *list = doc_get(d->structure, "different");
    buf_printf(out, "structure: %s\n", d->n_objects == 0 ? "the same" : "DIFFERENT");
    for (size_t i = 0; i < doc_len(list); i++) {
        buf_printf(out, "  %s: %s\n", doc_str(list->item[i], "object", ""),
                   doc_str(list->item[i], "change", ""));
    }
}

static void print_rows(const struct drill *d, struct buf *out)
{
    if (d->n_rows > 0) {
        buf_puts(out, "rows outside of projections that would not come back:\n");
    }
    for (size_t i = 0; i < doc_len(d->tables); i++) {
        const struct doc *x = d->tables->item[i];
        buf_printf(out, "  %s: %lld live, %lld rebuilt\n", doc_str(x, "table", ""),
                   (long long)doc_num(x, "live_rows", -1),
                   (long long)doc_num(x, "rebuilt_rows", -1));
    }
}

static void print_times(const struct drill *d, struct buf *out)
{
    const struct recovery *r = &d->r;
    buf_printf(out, "time: database %lld ms, prerequisites %lld ms", (long long)r->database_ms,
               (long long)r->prerequisites_ms);
    for (size_t i = 0; i < r->n_rebuilt; i++) {
        buf_printf(out, ", %s %lld ms", r->rebuilt[i].p->name, (long long)r->rebuilt[i].ms);
    }
    buf_printf(out, ", comparing %lld ms; %lld ms in all\n", (long long)d->compare_ms,
               (long long)r->total_ms);
}

static void print(const struct drill *d, const struct outcome *o)
{
    struct session *s = d->live;
    struct buf out = {0};
    if (s->req->format == FORMAT_JSON) {
        struct doc *x = doc_new(s->a, DOC_MAP);
        doc_put(s->a, x, "environment", doc_text(s->a, s->link.env->name));
        doc_put(s->a, x, "run_id", doc_text(s->a, o->run_id));
        doc_put(s->a, x, "sequence", doc_int(s->a, o->sequence));
        doc_put(s->a, x, "drill", findings_doc(d));
        doc_put(s->a, x, "timings", timings_doc(d));
        (void)output_json(s->req, x);
        return;
    }
    print_sources(d, &out);
    print_structure(d, &out);
    print_rows(d, &out);
    print_times(d, &out);
    buf_printf(&out, "%s: %s; ledger entry %lld, run %s\n", s->link.env->name,
               d->n_different == 0 ? "the drill gave the same" : "the drill gave something else",
               (long long)o->sequence, o->run_id);
    (void)output_result(s->req, &out);
    buf_release(&out);
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
    if (compare(d, e) == 0 && d->n_different > 0) {
        err_set(e, ERR_VALIDATE, "what was rebuilt is not what is live: %s%s", d->first,
                d->n_different > 1 ? ", and more" : "");
        err_hint(e, "the list above names everything that differs");
    }
}

/* From here on signals stop nothing: what was made is dropped, and what was found is recorded. */
static int clean_up(struct drill *d, struct err *e)
{
    d->live->must_finish = true;
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
    if (signals_seen() != 0 && found.code != ERR_NONE) {
        found.code = signals_seen() == 2 ? ERR_INTERRUPTED : ERR_TERMINATED;
    }
    int dropped = clean_up(d, &late);
    int recorded = record(d, &found, &o, dropped == 0 ? &late : &(struct err){0});
    if (d->structure != NULL && recorded == 0) {
        print(d, &o);
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
        output_note(s->req,
                    "would rebuild in a throwaway database beside %s, compare, drop it, and "
                    "record a ledger entry",
                    env->name);
        return 0;
    }
    return perform(&d, e);
}
