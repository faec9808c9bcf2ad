/* Another text of the same effect. */
#include "flow/reword.h"

#include <string.h>

#include "evidence/receipt.h"
#include "evidence/texts.h"
#include "flow/trial.h"

static const char notes[] =
    "another text: what both leave was compared in throwaway databases, by kfmig adopt";

/* applied: what it is applied as. was: b as it was then. */
struct rewording {
    struct site *s;
    struct bundle *b, was;
    const struct fact *applied;
};

const struct fact *reword_applied(const struct site *s, const char *id)
{
    const struct history *h = past_get(&s->past, id);
    return h != NULL ? h->applied : NULL;
}

bool reword_wanted(const struct site *s, const struct bundle *b)
{
    const struct fact *f = reword_applied(s, b->id);
    return f != NULL && b->projection == NULL && !b->is_illegible &&
           !digest_eq(&f->checksum, &b->checksum);
}

/* --- what is refused -------------------------------------------------------------------------------- */

static int refuse(const struct rewording *x, struct err *e)
{
    const struct bundle *b = x->b;
    const char *env = x->s->env->name;
    if (x->s->env->is_protected) {
        err_set(e, ERR_PREFLIGHT,
                "%s is applied in \"%s\", which is protected: it keeps the text that was applied",
                b->id, env);
        return err_hint(e,
                        "`kfmig receipt text %s %s --write` puts it back; say what is new in a "
                        "migration of its own",
                        env, b->id);
    }
    if (bundle_is_repeatable(b)) {
        err_set(e, ERR_PREFLIGHT, "%s is a repeatable definition", b->id);
        return err_hint(e, "`kfmig build %s` makes it anew from its text", env);
    }
    if (!store_can(b->store, STORE_HOLDS_LEDGER)) {
        return err_set(e, ERR_PREFLIGHT, "%s is of store %s, of which no throwaway copy is made",
                       b->id, store_text(b->store));
    }
    if (bundle_is_program(b)) {
        return err_set(e, ERR_PREFLIGHT,
                       "%s is run by a program: what that does is not to be told from its text",
                       b->id);
    }
    return 0;
}

/* --- the text that was applied ---------------------------------------------------------------------- */

static const struct artifact *find_file(const struct artifacts *files, const char *name)
{
    for (size_t i = 0; i < files->n; i++) {
        if (strcmp(files->v[i].path, name) == 0) {
            return &files->v[i];
        }
    }
    return NULL;
}

static int refuse_text(const struct rewording *x, struct err *e)
{
    err_set(e, ERR_PREFLIGHT, "entry %lld does not tell which files of %s it ran",
            (long long)x->applied->sequence, x->b->id);
    return err_hint(e, "`kfmig receipt text %s %s --write` puts back what it has", x->s->env->name,
                    x->b->id);
}

/* Its forward files, as its declaration then listed them. */
static int take_files(const struct rewording *x, const struct doc *said,
                      const struct artifacts *files, struct decl *d, struct err *e)
{
    struct arena *a = x->s->a;
    const struct doc *forward = doc_find(said, "artifacts.forward");
    d->forward = (struct artifacts){ARENA_ARRAY(a, struct artifact, doc_len(forward) + 1), 0, 0};
    for (size_t i = 0; i < doc_len(forward); i++) {
        const struct doc *name = forward->item[i];
        const struct artifact *f = name->type == DOC_TEXT ? find_file(files, name->text.p) : NULL;
        if (f == NULL) {
            return refuse_text(x, e);
        }
        struct artifact *out = &d->forward.v[d->forward.n++];
        *out = *f;
        out->path = arena_printf(a, "%s/%s", bundle_base(x->b), f->path);
    }
    return d->forward.n > 0 ? 0 : refuse_text(x, e);
}

/* b as it was applied, to be tried in its place: with the scope and the limits that it had. */
static int read_was(struct rewording *x, struct err *e)
{
    struct site *s = x->s;
    struct doc *receipt = NULL;
    struct artifacts files = {0};
    const char *folder = NULL;
    struct limits observed;
    struct ledger_source l = ledger_source_of(s->pg);
    struct decl *d = arena_dup(s->a, x->b->decl, sizeof *d);
    if (texts_read(&l, s->a, x->applied, &files, &folder, e) != 0 ||
        site_receipt(s, x->b->id, &receipt, e) != 0) {
        return -1;
    }
    const struct doc *claim = doc_get(receipt, "claim");
    if (take_files(x, doc_get(claim, "declaration"), &files, d, e) != 0) {
        return -1;
    }
    d->scope = receipt_read_scope(s->a, doc_get(claim, "scope"));
    receipt_read_limits(doc_get(claim, "limits"), &d->limits, &observed);
    d->invariants = (struct artifacts){0};
    x->was = *x->b;
    x->was.decl = d;
    x->was.checksum = x->applied->checksum;
    x->was.bundle_digest = x->applied->bundle_digest;
    x->was.forward = x->was.invariants = NULL;
    x->was.faults = NULL;
    x->was.n_faults = 0;
    x->was.let_go = 0;
    return 0;
}

/* --- rows ------------------------------------------------------------------------------------------- */

/* Does it leave anything but structure, or may it? */
static bool does_more(const struct statement *st)
{
    return st->rows != 0 || st->opaque || st->destructive || st->counts_rows_before ||
           st->data.n > 0 || st->backfill != NULL || strcmp(st->tag, "SELECT") == 0;
}

/* The next such statement of scripts[*i..n), from *k on; false: there is none. */
static bool next_more(const struct script *scripts, size_t n, size_t *i, size_t *k,
                      struct statement *out)
{
    for (; *i < n; *i += 1, *k = 0) {
        while (*k < scripts[*i].n) {
            struct statement_room room;
            const struct statement *st = script_at(&scripts[*i], (*k)++, &room);
            if (does_more(st)) {
                *out = *st;
                return true;
            }
        }
    }
    return false;
}

bool reword_same_rows(const struct script *was, size_t n_was, const struct script *now,
                      size_t n_now, int *line)
{
    size_t at[4] = {0};
    struct statement x = {.line = 0};
    struct statement y = {.line = 0};
    for (;;) {
        bool has_x = next_more(was, n_was, &at[0], &at[1], &x);
        bool has_y = next_more(now, n_now, &at[2], &at[3], &y);
        *line = has_y ? y.line : 0;
        if (!has_x || !has_y) {
            return has_x == has_y;
        }
        if (!bytes_eq(x.text, y.text) || !bytes_eq(x.data, y.data) || !bytes_eq(x.mark, y.mark)) {
            return false;
        }
    }
}

static int compare_rows(const struct rewording *x, struct err *e)
{
    int line = 0;
    const struct decl *now = x->b->decl;
    if (reword_same_rows(x->was.forward, x->was.decl->forward.n, x->b->forward, now->forward.n,
                         &line)) {
        return 0;
    }
    err_at(e, ERR_PREFLIGHT, now->forward.v[0].path, line, line > 0 ? 1 : 0,
           "%s: the statements that write rows or run code are not those that were applied, and "
           "what they do to rows no empty database shows",
           x->b->id);
    return err_hint(e, "leave them as they were; say what is new in a migration of its own");
}

/* --- structure -------------------------------------------------------------------------------------- */

static bool has_line(const char *text, const char *line, size_t n)
{
    for (const char *at = text; at != NULL && *at != '\0';) {
        size_t len = strcspn(at, "\n");
        if (len == n && strncmp(at, line, n) == 0) {
            return true;
        }
        at += len + (at[len] == '\n' ? 1 : 0);
    }
    return false;
}

/* The name of the first facet of a definition that other does not have so; NULL: it has all of them. */
static const char *first_other(struct arena *a, const char *text, const char *other)
{
    for (const char *at = text; at != NULL && *at != '\0';) {
        size_t len = strcspn(at, "\n");
        if (!has_line(other, at, len)) {
            return arena_strndup(a, at, strcspn(at, "\t\n"));
        }
        at += len + (at[len] == '\n' ? 1 : 0);
    }
    return NULL;
}

static void differ(struct arena *a, struct trial_differs *d, const struct object_row *was,
                   const struct object_row *now)
{
    const char *facet = first_other(a, now->definition, was->definition);
    facet = facet != NULL ? facet : first_other(a, was->definition, now->definition);
    trial_differ(d, now->object,
                 facet != NULL ? arena_printf(a, "is another (%s)", facet) : "is another");
}

/* Rows of both, sorted by object. made: they are left; else they are gone. */
static void compare_lists(struct arena *a, const struct object_rows *was,
                          const struct object_rows *now, bool made, struct trial_differs *d)
{
    size_t i = 0;
    size_t k = 0;
    while (i < was->n || k < now->n) {
        int order = i >= was->n ? 1 : k >= now->n ? -1 : strcmp(was->v[i].object, now->v[k].object);
        if (order < 0) {
            trial_differ(d, was->v[i++].object,
                         made ? "was made or changed, and is not" : "was removed, and is not");
        } else if (order > 0) {
            trial_differ(d, now->v[k++].object,
                         made ? "is made or changed, and was not" : "is removed, and was not");
        } else {
            if (made && !digest_eq(&was->v[i].fingerprint, &now->v[k].fingerprint)) {
                differ(a, d, &was->v[i], &now->v[k]);
            }
            i++;
            k++;
        }
    }
}

static int compare(const struct rewording *x, const struct trial *was, const struct trial *now,
                   struct err *e)
{
    struct trial_differs d = {.n = 0};
    compare_lists(x->s->a, &was->rows, &now->rows, true, &d);
    compare_lists(x->s->a, &was->gone, &now->gone, false, &d);
    if (d.n > 0) {
        err_set(e, ERR_PREFLIGHT, "%s does not do what was applied as it in \"%s\": %s%s", x->b->id,
                x->s->env->name, buf_str(&d.text), d.n > 5 ? ", and more" : "");
        err_hint(e,
                 "put its text back (`kfmig receipt text %s %s --write`), and say what is new in a "
                 "migration of its own; nothing was written",
                 x->s->env->name, x->b->id);
    }
    buf_release(&d.text);
    return d.n > 0 ? -1 : 0;
}

/* The project has the text that was applied in its place, as long as that is tried. */
static int try_both(struct rewording *x, const struct writing_order *o, struct err *e)
{
    struct trial now = {.live = x->s, .b = x->b, .lock_wait_ms = o->lock_wait_ms};
    struct trial was = now;
    if (trial_make(&now, e) != 0) {
        return -1;
    }
    const struct bundle kept = *x->b;
    *x->b = x->was;
    int rc = trial_make(&was, e);
    x->was = *x->b;
    *x->b = kept;
    if (rc != 0) {
        return err_wrap(e, e->code, "the text of %s that was applied: %s", x->b->id, e->msg);
    }
    return compare(x, &was, &now, e) != 0 || compare_rows(x, e) != 0 ? -1 : 0;
}

/* --- recording it ----------------------------------------------------------------------------------- */

/* Somebody else may have been faster. */
static int hold(const struct rewording *x, const struct site *s, const struct fact **now,
                struct err *e)
{
    const struct fact *f = reword_applied(s, x->b->id);
    *now = f;
    return f != NULL && f->sequence == x->applied->sequence
               ? 0
               : err_set(e, ERR_PREFLIGHT,
                         "%s is not applied any more as it was; nothing was recorded", x->b->id);
}

static int work(struct writing *w, void *ctx, struct err *e)
{
    const struct rewording *x = ctx;
    struct outcome o;
    const struct fact *f = NULL;
    if (hold(x, w->site, &f, e) != 0 ||
        run_record_found(&w->run, x->b, f, NULL, 0, notes, &o, e) != 0) {
        return -1;
    }
    writing_end(
        w, (struct result_row){.action = RESULT_ADOPT, .target = x->b->id, .key = x->b->checksum},
        NULL, &o);
    return 0;
}

int reword(struct site *s, struct bundle *b, const struct writing_order *o, struct result *r,
           struct err *e)
{
    struct writing_order order = *o;
    struct rewording x = {.s = s, .b = b};
    struct fact *f = arena_dup(s->a, reword_applied(s, b->id), sizeof *f);
    x.applied = f;
    if (load_decl(s->project, b, e) != 0 || refuse(&x, e) != 0 || read_was(&x, e) != 0 ||
        try_both(&x, o, e) != 0) {
        return -1;
    }
    order.done = "adopted";
    order.is_unheld = true;
    order.hint = "add --apply";
    order.work = work;
    order.ctx = &x;
    return writing(s, &order, r, e);
}
