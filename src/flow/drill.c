/* Would what is live come back? */
#include "flow/drill.h"

#include <string.h>

#include "base/clock.h"
#include "flow/drill_parts.h"

/* --- before anything is made ------------------------------------------------------------------------ */

/* What belongs to the server, or lies outside of it, is the live database's too: a migration that reaches
 * there cannot be tried beside it. */
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

int drill_may_run(struct site *s, struct bundle *b, struct err *e)
{
    if (load_decl(s->project, b, e) != 0) {
        return -1;
    }
    const struct names *global = &b->decl->scope.allowed_global;
    for (size_t k = 0; k < global->n; k++) {
        if (is_shared(global->v[k])) {
            return err_set(e, ERR_PREFLIGHT,
                           "%s may change what the live database shares with its server (%s): a "
                           "throwaway database beside it cannot run it",
                           b->id, global->v[k]);
        }
    }
    return 0;
}

static int refuse_shared(struct site *s, struct err *e)
{
    for (size_t i = 0; i < s->plan.n_migrations; i++) {
        const struct step *x = &s->plan.v[i];
        struct bundle *b = table_gets(&s->project->by_id, x->bundle->id);
        if (x->state == STATE_NOT_APPLICABLE || b == NULL || b->projection != NULL) {
            continue;
        }
        if (drill_may_run(s, b, e) != 0) {
            return err_hint(e, "try the recovery on a server of its own: `kfmig rebuild "
                               "--new-database` in an environment there");
        }
    }
    return 0;
}

static int refuse_live(struct site *s, const struct recover_options *o, struct err *e)
{
    const char *name = s->env->name;
    if (!s->id.has_ledger) {
        return site_no_ledger(s->env, "there is nothing to compare with", e);
    }
    if (s->plan.n_apply > 0) {
        err_set(e, ERR_PREFLIGHT,
                "%zu migration%s of %s not applied yet: a drill compares with what is",
                s->plan.n_apply, s->plan.n_apply == 1 ? " is" : "s are", name);
        return err_hint(e, "`kfmig build %s` comes first", name);
    }
    if (s->env->is_protected && !o->is_confirmed) {
        err_set(e, ERR_PREFLIGHT, "environment \"%s\" is protected: no drill was run", name);
        return err_hint(e, "add --apply: a drill makes a database beside it and one ledger entry");
    }
    return refuse_shared(s, e) != 0 ? -1 : writing_may(s, e);
}

/* --- the throwaway database ------------------------------------------------------------------------- */

/* What the live database was given before any migration, and no migration makes: extensions. */
int drill_extensions(struct site *s, const char *name, struct err *e)
{
    struct site l;
    site_init(&l, s->a, s->project, NULL, &s->ear, s->env,
              &(struct site_options){
                  .verb = s->o.verb, .self = s->o.self, .dbname = name, .words = s->o.words});
    int rc = site_connect(&l, e);
    for (size_t i = 0; rc == 0 && i < s->sum.n; i++) {
        const struct object_row *o = &s->sum.v[i];
        struct object x;
        if (object_parse(s->a, o->object, &x) != 0 || x.kind != OBJ_EXTENSION || o->sequence < 1 ||
            (size_t)o->sequence > s->entries.n ||
            s->entries.v[o->sequence - 1].kind != ENTRY_ADOPT) {
            continue;
        }
        rc = drill_extension(&l, x.name, e);
        if (rc != 0 && pg_is_alive(l.pg)) {
            err_set(e, ERR_PREFLIGHT,
                    "the throwaway database lacks the extension \"%s\", which no migration makes",
                    x.name);
            err_hint(e, "have an administrator make a template database that has it, and name it "
                        "with --template=DATABASE");
        }
    }
    site_close(&l);
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
    if (drill_create(d->live, d->o->template, d->name, e) != 0 ||
        drill_extensions(d->live, d->name, e) != 0) {
        return -1;
    }
    tell_note(&d->live->ear, "created the throwaway database %s", d->name);
    d->r.database_ms = clock_ms() - start;
    return 0;
}

/* The same project in a site of its own, which leaves no trace outside of the throwaway database: no cache,
 * no sink, no exports. */
static int make_again(struct drill *d, struct err *e)
{
    const struct site *s = d->live;
    d->env = *s->env;
    d->env.evidence = EVIDENCE_NONE;
    site_init(&d->made, s->a, s->project, NULL, &s->ear, &d->env,
              &(struct site_options){.verb = s->o.verb,
                                     .self = s->o.self,
                                     .dbname = d->name,
                                     .words = s->o.words,
                                     .jobs = s->o.jobs});
    result_begin(&d->made_result, &d->made);
    d->r.s = &d->made;
    d->r.meant = &d->o->meant;
    d->r.result = &d->made_result;
    return recover_make(&d->r, d->o->lock_wait_ms, e);
}

/* --- the receipt ------------------------------------------------------------------------------------ */

/* failure: why it did not come to its end, or what differs; code ERR_NONE: all is the same. */
struct recorded {
    struct drill *d;
    const struct err *failure;
    struct outcome o;
};

static int record(struct writing *w, void *ctx, struct err *e)
{
    struct recorded *x = ctx;
    struct drill *d = x->d;
    struct site *s = d->live;
    enum err_code code = x->failure->code;
    bool stopped = code == ERR_INTERRUPTED || code == ERR_TERMINATED;
    const struct drill_record found = {.findings = drill_findings_doc(d),
                                       .inputs = drill_inputs_doc(d),
                                       .migrations = recover_migrations_doc(s->a, s),
                                       .timings = drill_timings_doc(d)};
    x->o = (struct outcome){.failure = *x->failure};
    x->o.result = code == ERR_NONE ? RUN_SUCCESS : stopped ? RUN_INTERRUPTED : RUN_FAILED;
    if (run_record_drill(&w->run, &found, d->started_at, &x->o, e) != 0) {
        return -1;
    }
    (void)result_add(w->result, s->a,
                     &(struct result_row){.action = RESULT_DRILL,
                                          .target = s->env->name,
                                          .sequence = x->o.sequence,
                                          .run_id = arena_strdup(s->a, x->o.run_id),
                                          .ms = d->r.total_ms});
    return 0;
}

static struct doc *report_doc(const struct drill *d, const struct outcome *o)
{
    struct arena *a = d->live->a;
    struct doc *x = doc_new(a, DOC_MAP);
    doc_put(a, x, "environment", doc_text(a, d->live->env->name));
    doc_put(a, x, "run_id", doc_text(a, o->run_id));
    doc_put(a, x, "sequence", doc_int(a, o->sequence));
    doc_put(a, x, "drill", drill_findings_doc(d));
    doc_put(a, x, "timings", drill_timings_doc(d));
    return x;
}

/* --- all of it -------------------------------------------------------------------------------------- */

static void try_out(struct drill *d, struct err *e)
{
    if (make_again(d, e) != 0) {
        return;
    }
    if (d->made_result.worst != ERR_NONE) {
        err_set(e, d->made_result.worst, "the rebuild in the throwaway database failed");
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
    site_leave(&d->made);
    return d->name[0] == '\0' ? 0 : drill_drop(d->live, d->name, e);
}

static int perform(struct drill *d, struct err *e)
{
    struct err found = {0};
    struct err late = {0};
    struct recorded x = {.d = d, .failure = &found};
    const struct writing_order order = {.done = "recorded",
                                        .is_unheld = true,
                                        .hint = "add --apply",
                                        .is_confirmed = true,
                                        .lock_wait_ms = d->o->lock_wait_ms,
                                        .work = record,
                                        .ctx = &x};
    if (make_database(d, &found) == 0) {
        try_out(d, &found);
    }
    if (ear_stops(&d->live->ear) != ERR_NONE && found.code != ERR_NONE) {
        found.code = ear_stops(&d->live->ear);
    }
    int dropped = clean_up(d, &late);
    struct err unsaid = {0};
    int recorded = writing(d->live, &order, d->result, dropped == 0 ? &late : &unsaid);
    if (d->structure != NULL && recorded == 0) {
        d->result->more = report_doc(d, &x.o);
    }
    site_close(&d->made);
    *e = found.code != ERR_NONE ? found : late;
    return found.code == ERR_NONE && dropped == 0 && recorded == 0 ? 0 : -1;
}

static int prepare(struct drill *d, struct err *e)
{
    struct site *s = d->live;
    return site_plan(s, true, e) != 0 || refuse_live(s, d->o, e) != 0 ||
                   recover_check_inputs(s, &d->o->meant, e) != 0 || site_look(s, e) != 0 ||
                   lost_find(s, NULL, &d->r.lost, e) != 0
               ? -1
               : 0;
}

int drill(struct site *s, const struct recover_options *o, struct result *r, struct err *e)
{
    char now[CLOCK_TEXT];
    struct drill *d = ARENA_NEW(s->a, struct drill);
    *d = (struct drill){.o = o, .live = s, .result = r};
    d->r.started_ms = clock_ms();
    d->started_at = arena_strdup(s->a, clock_text(clock_unix_us(), now));
    d->projections = doc_new(s->a, DOC_LIST);
    d->tables = doc_new(s->a, DOC_LIST);
    int rc = prepare(d, e);
    if (rc == 0 && o->dry_run) {
        tell_note(&s->ear,
                  "would rebuild in a throwaway database beside %s, compare, drop it, and record a "
                  "ledger entry",
                  s->env->name);
    } else if (rc == 0) {
        rc = perform(d, e);
    }
    if (rc != 0) {
        result_worsen(r, e->code);
    }
    return rc;
}
