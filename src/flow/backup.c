/* Backups: what is backed up, when, and what the ledger says of it. */
#include "flow/backup.h"

#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "flow/backup_parts.h"
#include "flow/inspect.h"
#include "flow/probe.h"
#include "model/operations.h"
#include "site/backup.h"

enum { MAJOR = 10000 };

const struct backup_rule *backup_rule_of(const struct site *s)
{
    return s->o.backup != NULL ? s->o.backup : &operations_of(s->env)->backup;
}

static int find_clients(const struct site *s, struct clients *out, struct err *e)
{
    return clients_find(s->id.version / MAJOR,
                        operations_of(s->env)->threshold[THRESHOLD_COMMAND_TIME], out, e);
}

int backup_can(const struct site *s, struct err *e)
{
    struct clients c;
    return find_clients(s, &c, e);
}

/* --- what a run may touch --------------------------------------------------------------------------- */

void backup_needs_of(const struct site *s, int64_t most, struct backup_needs *out)
{
    const struct plan *p = &s->plan;
    out->v = ARENA_ARRAY(s->a, const struct bundle *, p->n_migrations + 1);
    for (size_t i = 0; i < p->n_migrations && (most == 0 || (int64_t)out->n < most); i++) {
        const struct step *x = &p->v[i];
        if (x->selected && x->action == ACTION_APPLY) {
            out->v[out->n++] = x->bundle;
        }
    }
    out->rebuilds = p->n_rebuild > 0;
}

/* The schemas of one scope; false: it does not name them all. */
static bool add_scope(struct arena *a, const struct scope *x, struct names *out)
{
    bool names_all = x->allowed_schemas.n > 0 || x->allowed_tables.n > 0;
    for (size_t i = 0; i < x->allowed_schemas.n; i++) {
        names_add(a, out, x->allowed_schemas.v[i]);
    }
    for (size_t i = 0; i < x->allowed_tables.n; i++) {
        const char *dot = strchr(x->allowed_tables.v[i], '.');
        if (dot != NULL) {
            names_add(
                a, out,
                arena_strndup(a, x->allowed_tables.v[i], (size_t)(dot - x->allowed_tables.v[i])));
        } else {
            names_all = names_all && x->allowed_schemas.n > 0;
        }
    }
    return names_all;
}

/* Of what a run changes: schemas by the scopes of migrations; whole: some scope names none; any: there are
 * such migrations; can_be_made: there is something that files make again, projections with their
 * migrations and repeatable definitions. */
struct touched_schemas {
    struct names v;
    bool whole, any, can_be_made;
};

static int find_schemas(struct site *s, const struct backup_needs *n, struct touched_schemas *out,
                        struct err *e)
{
    *out = (struct touched_schemas){.can_be_made = n->rebuilds};
    for (size_t i = 0; i < n->n; i++) {
        struct bundle *b = table_gets(&s->project->by_id, n->v[i]->id);
        const struct bundle *x = b != NULL ? b : n->v[i];
        if (x->projection != NULL || bundle_is_repeatable(x)) {
            out->can_be_made = true;
            continue;
        }
        if (!store_can(x->store, STORE_HOLDS_LEDGER)) {
            continue;
        }
        if (b != NULL && load_decl(s->project, b, e) != 0) {
            return -1;
        }
        out->any = true;
        out->whole = out->whole || x->decl == NULL || !add_scope(s->a, &x->decl->scope, &out->v);
    }
    return 0;
}

/* --- what the ledger says of it --------------------------------------------------------------------- */

static struct doc *text_doc(struct arena *a, const char *text)
{
    return text != NULL ? doc_text(a, text) : doc_new(a, DOC_NULL);
}

static void put_files(struct arena *a, struct doc *d, const struct backup_made *m)
{
    doc_put(a, d, "path", text_doc(a, m != NULL ? m->path : NULL));
    doc_put(a, d, "size", m != NULL ? doc_int(a, m->size) : doc_new(a, DOC_NULL));
    doc_put(a, d, "digest", m != NULL ? doc_digest(a, &m->digest) : doc_new(a, DOC_NULL));
}

static struct doc *covers_doc(struct arena *a, const struct backup_made *m)
{
    struct doc *d = doc_new(a, DOC_MAP);
    if (m == NULL || m->schemas.n == 0) {
        doc_put(a, d, "database", doc_bool(a, true));
        return d;
    }
    struct doc *list = doc_put(a, d, "schemas", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < m->schemas.n; i++) {
        doc_push(a, list, doc_name(a, m->schemas.v[i]));
    }
    return d;
}

static struct doc *drill_doc(struct arena *a, const struct backup_drill *x)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "same", doc_bool(a, x->n_different == 0));
    doc_put(a, d, "objects", doc_int(a, (int64_t)x->n_objects));
    doc_put(a, d, "tables", doc_int(a, (int64_t)x->n_tables));
    doc_put(a, d, "rows", doc_int(a, x->n_rows));
    doc_put(a, d, "n_different", doc_int(a, (int64_t)x->n_different));
    struct doc *list = doc_put(a, d, "different", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < x->differs.n; i++) {
        doc_push(a, list, doc_name(a, x->differs.v[i]));
    }
    return d;
}

/* m NULL: the command made it. */
static struct doc *claim_of(const struct site *s, const struct backup_made *m,
                            const struct backup_drill *x)
{
    struct arena *a = s->a;
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "how", doc_text(a, m != NULL ? "pg_dump" : "command"));
    doc_put(a, d, "command", text_doc(a, m != NULL ? NULL : backup_rule_of(s)->command));
    doc_put(a, d, "tool",
            text_doc(a, m != NULL ? arena_printf(a, "pg_dump %d", m->clients.major) : NULL));
    put_files(a, d, m);
    doc_put(a, d, "covers", covers_doc(a, m));
    if (x != NULL) {
        doc_put(a, d, "drill", drill_doc(a, x));
    }
    return d;
}

/* Record what was made; *sequence of its entry. */
static int record(struct writing *w, const struct backup_made *m, const struct backup_drill *x,
                  int64_t *sequence, struct err *e)
{
    struct site *s = w->site;
    static const struct digest none;
    struct outcome o = {0};
    const struct backup_record r = {.subject = x != NULL                       ? "drill"
                                               : m != NULL && m->schemas.n > 0 ? "plan"
                                                                               : "database",
                                    .claim = claim_of(s, m, x),
                                    .digest = m != NULL ? m->digest : none};
    if (run_record_backup(&w->run, &r, &o, e) != 0) {
        return -1;
    }
    *sequence = o.sequence;
    (void)result_add(w->result, s->a,
                     &(struct result_row){.action = RESULT_BACKUP,
                                          .target = s->env->name,
                                          .key = r.digest,
                                          .sequence = o.sequence,
                                          .run_id = arena_strdup(s->a, o.run_id),
                                          .ms = m != NULL ? m->ms : 0});
    w->result->more = doc_new(s->a, DOC_MAP);
    doc_put(s->a, w->result->more, "backup", arena_dup(s->a, r.claim, sizeof *r.claim));
    return FAULT(BACKUP_RECORDED)
               ? err_set(e, ERR_PREFLIGHT, "stopped behind the backup: fault point")
               : 0;
}

static struct doc *waiver_doc(struct arena *a, const char *name, const struct names *of)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "waiver", doc_text(a, name));
    struct doc *list = doc_put(a, d, "of", doc_new(a, DOC_LIST));
    for (size_t i = 0; of != NULL && i < of->n; i++) {
        doc_push(a, list, doc_name(a, of->v[i]));
    }
    return d;
}

/* What all receipts of the run say from here on. how: "pg_dump", "command", "none". */
static void say(struct writing *w, const struct backup_needs *n, const char *how, const char *why,
                const struct backup_made *m, int64_t sequence)
{
    struct arena *a = w->site->a;
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "backup", doc_text(a, how));
    doc_put(a, d, "why", text_doc(a, why));
    doc_put(a, d, "entry", sequence > 0 ? doc_int(a, sequence) : doc_new(a, DOC_NULL));
    put_files(a, d, m);
    struct doc *list = doc_put(a, d, "waivers", doc_new(a, DOC_LIST));
    if (n->skips) {
        doc_push(a, list, waiver_doc(a, "skip-backup", NULL));
    }
    if (n->is_forced) {
        doc_push(a, list, waiver_doc(a, "force", &n->forced));
    }
    w->actor.precaution = d;
}

/* Rows of one schema, whatever the run touches: that there is more is said. */
static int find_rows(struct site *s, const struct touched_schemas *x, struct backup_made *m,
                     struct err *e)
{
    const char *only = backup_rule_of(s)->rows_of;
    struct names one = {0};
    names_add(s->a, &one, only);
    for (size_t i = 0; i < x->v.n; i++) {
        if (strcmp(x->v.v[i], only) != 0) {
            tell_warning(&s->ear, "%s: the backup holds schema %s; what is run may touch %s, too",
                         s->env->name, only, x->v.v[i]);
        }
    }
    return site_schemas(s, &one, &m->schemas, e);
}

/* --- making one ------------------------------------------------------------------------------------- */

static int fail_made(const struct site *s, struct err *e)
{
    return e->code == ERR_INTERRUPTED
               ? -1
               : err_wrap(e, ERR_PREFLIGHT, "no backup of %s: %s", s->env->name, e->msg);
}

static int run_command(struct site *s, struct err *e)
{
    const char *why = NULL;
    int64_t ms = 0;
    const char *command = backup_rule_of(s)->command;
    const struct probe_limits limits = {.limit_ms =
                                            operations_of(s->env)->threshold[THRESHOLD_BACKUP_TIME],
                                        .grace_ms = BACKUP_GRACE_MS};
    tell(&s->ear, &(struct tell){.kind = TELL_PHASE, .what = "backup"});
    if (probe_run(s, command, &limits, NULL, &ms, &why, e) != 0) {
        return -1;
    }
    if (why != NULL) {
        return err_set(e, ERR_PREFLIGHT, "no backup of %s: %s: %s", s->env->name, command, why);
    }
    tell_note(&s->ear, "%s: %s made a backup, %.1f s", s->env->name, command, (double)ms / 1000.0);
    return 0;
}

static int make_dump(struct site *s, struct backup_made *m, struct backup_drill *x, struct err *e)
{
    if (find_clients(s, &m->clients, e) != 0 ||
        (x != NULL                            ? backup_try(s, m, x, e)
         : backup_rule_of(s)->rows_of != NULL ? backup_rows(s, m, e)
                                              : backup_dump(s, m, e)) != 0) {
        return fail_made(s, e);
    }
    tell_note(&s->ear, "%s: backup of %s in %s, %lld KiB, %.1f s", s->env->name,
              m->schemas.n == 0   ? "the database"
              : m->schemas.n == 1 ? "1 schema"
                                  : arena_printf(s->a, "%zu schemas", m->schemas.n),
              m->path, (long long)((m->size + 1023) / 1024), (double)m->ms / 1000.0);
    return 0;
}

static bool is_young(const struct site *s, const struct entry *last)
{
    int64_t age = last != NULL ? inspect_age(last->finished_at) : -1;
    return age >= 0 && age <= backup_rule_of(s)->max_age_ms;
}

static int before_by_command(struct writing *w, const struct backup_needs *n, struct err *e)
{
    struct site *s = w->site;
    const struct entry *last = site_last_backup(s, false);
    int64_t sequence = last != NULL ? last->sequence : 0;
    if (!is_young(s, last) &&
        (run_command(s, e) != 0 || record(w, NULL, NULL, &sequence, e) != 0)) {
        return -1;
    }
    say(w, n, "command", NULL, NULL, sequence);
    return 0;
}

static int before_by_dump(struct writing *w, const struct backup_needs *n,
                          const struct touched_schemas *x, struct err *e)
{
    struct site *s = w->site;
    struct backup_made m = {0};
    int64_t sequence = 0;
    bool is_whole = x->whole && backup_rule_of(s)->rows_of == NULL;
    int rc = is_whole                             ? 0
             : backup_rule_of(s)->rows_of != NULL ? find_rows(s, x, &m, e)
                                                  : site_schemas(s, &x->v, &m.schemas, e);
    if (rc != 0) {
        return fail_made(s, e);
    }
    if (!is_whole && m.schemas.n == 0) {
        say(w, n, "none", "nothing of what may be touched stands there yet", NULL, 0);
        return 0;
    }
    if (make_dump(s, &m, NULL, e) != 0 || record(w, &m, NULL, &sequence, e) != 0) {
        return -1;
    }
    say(w, n, "pg_dump", NULL, &m, sequence);
    return 0;
}

int backup_before(struct writing *w, const struct backup_needs *n, struct err *e)
{
    struct site *s = w->site;
    struct touched_schemas x;
    const struct backup_rule *rule = backup_rule_of(s);
    if (s->o.dbname != NULL || (!rule->is_wanted && !n->skips && !n->is_forced)) {
        return 0;
    }
    if (n->skips) {
        tell_warning(&s->ear, "%s: no backup is made (--skip-backup)", s->env->name);
    }
    if (n->skips || !rule->is_wanted) {
        say(w, n, "none", n->skips ? "skipped" : "none is declared", NULL, 0);
        return 0;
    }
    if (find_schemas(s, n, &x, e) != 0) {
        return -1;
    }
    if (!x.any) {
        say(w, n, "none",
            x.can_be_made ? "what is changed can be rebuilt"
                          : "nothing of this database is changed",
            NULL, 0);
        return 0;
    }
    return rule->command != NULL ? before_by_command(w, n, e) : before_by_dump(w, n, &x, e);
}

/* --- by hand ---------------------------------------------------------------------------------------- */

static int fail_drill(const struct site *s, const struct backup_drill *x, struct err *e)
{
    err_set(e, ERR_VALIDATE, "%s: what was restored is not what was backed up: %s%s", s->env->name,
            x->differs.n > 0 ? x->differs.v[0] : "", x->n_different > 1 ? ", and more" : "");
    return err_hint(e, "its receipt names what differs");
}

static int work(struct writing *w, void *ctx, struct err *e)
{
    const struct backup_wish *wish = ctx;
    struct site *s = w->site;
    struct backup_made m = {0};
    struct backup_drill x = {0};
    int64_t sequence = 0;
    struct backup_needs n = {0};
    struct touched_schemas t;
    if (backup_rule_of(s)->command != NULL && !wish->drills) {
        return run_command(s, e) != 0 ? -1 : record(w, NULL, NULL, &sequence, e);
    }
    if (wish->plan_only) {
        backup_needs_of(s, 0, &n);
        if (find_schemas(s, &n, &t, e) != 0 ||
            (t.any && !t.whole && site_schemas(s, &t.v, &m.schemas, e) != 0)) {
            return -1;
        }
        if (!t.any || (!t.whole && m.schemas.n == 0)) {
            tell_note(&s->ear, "%s: nothing stands there that the plan may touch", s->env->name);
            return 0;
        }
    }
    if (make_dump(s, &m, wish->drills ? &x : NULL, e) != 0 ||
        record(w, &m, wish->drills ? &x : NULL, &sequence, e) != 0) {
        return -1;
    }
    return x.n_different > 0 ? fail_drill(s, &x, e) : 0;
}

int backup(struct site *s, const struct backup_wish *wish, const struct writing_order *o,
           struct result *r, struct err *e)
{
    struct backup_wish mine = *wish;
    struct writing_order order = *o;
    if (!s->id.has_ledger) {
        return site_no_ledger(s->env, "no backup was made", e);
    }
    order.done = "backed up";
    order.is_confirmed = true; /* it changes nothing but the ledger */
    order.is_unheld = true;
    order.work = work;
    order.ctx = &mine;
    return writing(s, &order, r, e);
}
