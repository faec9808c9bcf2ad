/* A migration gets another id in a ledger. */
#include "flow/rename.h"

#include "load/rename.h"

#include <string.h>

static const struct fact *applied_as(const struct site *s, const char *id)
{
    const struct history *h = past_get(&s->past, id);
    return h != NULL ? h->applied : NULL;
}

/* An embedded server that was never started has nothing to say; asking would make it. */
static bool is_made(const struct site *s)
{
    struct err ignored = {0};
    struct file_names names = {0};
    return !s->env->embedded ||
           file_list(s->a, s->project->dirfd, "state/embedded", &names, &ignored) == 0;
}

static int refuse(const struct site *s, const char *old, const char *id, struct err *e)
{
    if (s->env->is_protected) {
        err_set(e, ERR_PREFLIGHT, "%s is applied in \"%s\", which is protected: it keeps its name",
                old, s->env->name);
        return err_hint(e, "nothing was renamed; give the new text an id of its own (`kfmig new`)");
    }
    if (applied_as(s, id) != NULL) {
        err_set(e, ERR_PREFLIGHT, "both %s and %s are applied in \"%s\"", old, id, s->env->name);
        return err_hint(e, "an id is never used again: choose another one");
    }
    return 0;
}

/* A flat file that names the old id in its header would be another one, and an applied one does not change.
 */
static int check_altered(const struct site *s, const char *old, struct err *e)
{
    for (size_t i = 0; i < s->project->n_bundle; i++) {
        struct bundle *b = &s->project->bundle[i];
        if (applied_as(s, b->id) != NULL && rename_alters(s->project, b, old)) {
            err_at(
                e, ERR_PREFLIGHT, b->file, 1, 1,
                "%s is applied in \"%s\", and its header names %s: a file that is applied does not "
                "change",
                b->id, s->env->name, old);
            return err_hint(e, "nothing was renamed; it keeps its name");
        }
    }
    return 0;
}

int rename_ask(struct site *s, const char *old, const char *id, bool must, struct renamed *out,
               struct err *e)
{
    *out = (struct renamed){.env = s->env->name, .fate = RENAME_NOTHING, .why = ""};
    if (!s->env->store[STORE_POSTGIS] || (!must && !is_made(s))) {
        out->fate = RENAME_PASSED;
        out->why = s->env->store[STORE_POSTGIS] ? "its server was never started"
                                                : "it has no store postgis";
        return 0;
    }
    if (site_link(s, e) != 0) {
        out->fate = RENAME_PASSED;
        out->why = arena_strdup(s->a, e->msg);
        return must ? -1 : 0;
    }
    if (applied_as(s, old) != NULL && refuse(s, old, id, e) != 0) {
        return -1;
    }
    return check_altered(s, old, e);
}

/* --- writing it ------------------------------------------------------------------------------------- */

struct job {
    const char *old, *id;
    struct renamed *out;
};

/* What is applied as old must be what id is here; edited since, it is at least not here as old. */
static int check_content(const struct site *s, const struct job *j, const struct fact *f,
                         struct err *e)
{
    const struct bundle *from = table_gets(&s->project->by_id, j->old);
    const struct bundle *to = table_gets(&s->project->by_id, j->id);
    if (from == NULL || (to != NULL && digest_eq(&to->checksum, &f->checksum) &&
                         !digest_eq(&from->checksum, &f->checksum))) {
        return 0;
    }
    err_set(e, ERR_PREFLIGHT, "%s is here, and %s is not what is applied as it in \"%s\"", j->old,
            j->id, s->env->name);
    return err_hint(e, "`kfmig why %s %s` compares it with what was applied", s->env->name, j->old);
}

static int work(struct writing *w, void *ctx, struct err *e)
{
    struct job *j = ctx;
    struct site *s = w->site;
    struct outcome o = {0};
    const struct fact *f = applied_as(s, j->old);
    if (f == NULL) {
        return 0; /* another run was faster */
    }
    if (refuse(s, j->old, j->id, e) != 0 || check_content(s, j, f, e) != 0) {
        return -1;
    }
    const struct renaming x = {j->old, j->id, f->sequence, f->checksum};
    if (run_record_rename(&w->run, &x, &o, e) != 0) {
        return -1;
    }
    j->out->fate = RENAME_DONE;
    j->out->sequence = o.sequence;
    j->out->run_id = arena_strdup(s->a, o.run_id);
    writing_end(w,
                (struct result_row){.action = RESULT_RENAME, .target = j->id, .key = f->checksum},
                NULL, &o);
    return 0;
}

int rename_ledger(struct site *s, const char *old, const char *id, int64_t lock_wait_ms,
                  struct renamed *out, struct err *e)
{
    struct job j = {old, id, out};
    struct result r;
    const struct writing_order order = {.done = "renamed",
                                        .is_unheld = true,
                                        .is_confirmed = true,
                                        .lock_wait_ms = lock_wait_ms,
                                        .work = work,
                                        .ctx = &j};
    result_begin(&r, s);
    if (site_plan(s, true, e) != 0) {
        return -1;
    }
    return s->id.has_ledger ? writing(s, &order, &r, e) : 0; /* nothing is known of any id */
}

struct doc *rename_doc(struct arena *a, const char *old, const char *id, bool moved,
                       const struct renamed *v, size_t n)
{
    static const char *const words[] = {
        [RENAME_DONE] = "renamed", [RENAME_NOTHING] = "nothing", [RENAME_PASSED] = "not-asked"};
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "from", doc_text(a, old));
    doc_put(a, d, "to", doc_text(a, id));
    doc_put(a, d, "moved", doc_bool(a, moved));
    struct doc *list = doc_put(a, d, "environments", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < n; i++) {
        bool done = v[i].fate == RENAME_DONE;
        struct doc *row = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, row, "environment", doc_text(a, v[i].env));
        doc_put(a, row, "result", doc_text(a, words[v[i].fate]));
        doc_put(a, row, "sequence", done ? doc_int(a, v[i].sequence) : doc_new(a, DOC_NULL));
        doc_put(a, row, "run_id", done ? doc_text(a, v[i].run_id) : doc_new(a, DOC_NULL));
        doc_put(a, row, "detail",
                v[i].why[0] != '\0' ? doc_text(a, v[i].why) : doc_new(a, DOC_NULL));
    }
    return d;
}

void rename_put(struct buf *out, const char *old, const char *id, bool moved,
                const struct renamed *v, size_t n)
{
    buf_printf(out, "%s is %s%s\n", old, moved ? "now " : "", id);
    for (size_t i = 0; i < n; i++) {
        if (v[i].fate == RENAME_DONE) {
            buf_printf(out, "%s: ledger entry %lld, run %s\n", v[i].env, (long long)v[i].sequence,
                       v[i].run_id);
        } else if (v[i].fate == RENAME_PASSED) {
            buf_printf(out,
                       "%s was not asked: %s; where it is applied, run `kfmig rename %s %s %s`\n",
                       v[i].env, v[i].why, old, id, v[i].env);
        }
    }
}
