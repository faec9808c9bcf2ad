/* What becomes a bundle. */
#include "flow/fresh.h"

#include <string.h>

#include "base/file.h"
#include "script/dump.h"
#include "script/language.h"

enum { SQL_MAX = 64 * 1024 * 1024 };

static int read_from(struct arena *a, const char *path, struct artifact *out, struct err *e)
{
    int rc = file_read_given(a, path, SQL_MAX, &out->bytes, e);
    size_t at = 0;
    const char *what = "";
    if (rc == 0 && text_check_sql(out->bytes, &at, &what) != 0) {
        int line;
        int col;
        text_place(out->bytes, at, &line, &col);
        return err_at(e, ERR_CONFIG, path, line, col, "a %s", what);
    }
    out->path = path;
    out->digest = digest_of(out->bytes);
    return rc;
}

/* Parse the file, or what is left of it. */
static int parse(struct arena *a, struct fresh *f, struct err_list *faults, struct err *e)
{
    const char *path = f->forward.path;
    f->draft.decl.forward = (struct artifacts){&f->forward, 1, 1};
    f->bundle = (struct bundle){.store = STORE_POSTGIS, .decl = &f->draft.decl, .dir = ""};
    plan_scripts(a, &f->bundle);
    plan_script_faults(&f->bundle, faults);
    plan_unread_faults(&f->bundle, faults);
    if (faults->n > 0) {
        err_set(e, ERR_CONFIG, "%s cannot become a migration as it is", path);
        err_hint(e, "nothing was made; mend what is named above");
    }
    return faults->n > 0 ? -1 : 0;
}

/* "app.t,u" as names, in a. */
static struct names list_of(struct arena *a, const char *text)
{
    struct names l = {0};
    for (const char *at = text != NULL ? text : ""; *at != '\0';) {
        size_t n = strcspn(at, ",");
        ARENA_GROW(a, l.v, l.n, l.cap);
        l.v[l.n++] = arena_strndup(a, at, n);
        at += at[n] == ',' ? n + 1 : n;
    }
    return l;
}

/* Data is no migration: what a dump holds of it is left out unless it is asked for by name. */
static int leave_out(struct arena *a, const char *data, struct fresh *f, struct err_list *faults,
                     struct err *e)
{
    const char *missing = NULL;
    const struct names tables = list_of(a, data);
    const char *path = f->forward.path;
    struct bytes left = dump_structure(a, &f->bundle.forward[0], &tables, &f->n_left_out, &missing);
    if (missing != NULL) {
        err_set(e, ERR_CONFIG, "%s holds no rows of table \"%s\"", path, missing);
        return err_hint(e, "--data names tables as the dump does: schema.table");
    }
    f->forward.bytes = left;
    f->forward.digest = digest_of(left);
    return parse(a, f, faults, e);
}

/* Classes of reference 000, as words for approvals.change_class. */
static const char *label_of(char class)
{
    return class == 'B' ? "backfill" : class_as_strict(class) == 'C' ? "breaking" : "schema-only";
}

void fresh_empty(struct arena *a, struct fresh *f)
{
    draft_make(a, NULL, 0, &f->draft);
    f->draft.decl.change_class = label_of('A');
}

static void draft_of(struct arena *a, struct fresh *f)
{
    struct script forward = f->bundle.forward[0];
    forward.path = "forward.sql";
    draft_make(a, &forward, 1, &f->draft);
    f->draft.decl.forward = (struct artifacts){&f->forward, 1, 1};
    f->draft.decl.change_class = label_of(bundle_class(a, &f->bundle));
}

int fresh_from(struct arena *a, const char *path, const char *data, struct fresh *f,
               struct err_list *faults, struct err *e)
{
    if (read_from(a, path, &f->forward, e) != 0 || parse(a, f, faults, e) != 0) {
        return -1;
    }
    if ((data != NULL || dump_is(f->forward.bytes)) && leave_out(a, data, f, faults, e) != 0) {
        return -1;
    }
    draft_of(a, f);
    return 0;
}

void fresh_undo(struct arena *a, const struct script *s, const char *name, struct fresh *f)
{
    if (f->rollback.n > 0) {
        return; /* what was done outside kfmig has its own way back */
    }
    if (s == NULL) {
        buf_printf(&f->rollback, "-- Undo %s here, last statement first.\n", name);
        return;
    }
    buf_puts(&f->rollback, "-- Undoes the migration, last statement first. Made from its text by "
                           "`kfmig new`: read it before you rely on it.\n");
    language_of(s->path)->invert(a, s, name, &f->rollback, &f->n_open);
}

static size_t put_lines(struct buf *out, const struct sql_line *v, size_t n)
{
    size_t n_open = 0;
    for (size_t i = 0; i < n; i++) {
        if (v[i].sql != NULL) {
            buf_printf(out, "%s;\n", v[i].sql);
            continue;
        }
        n_open++;
        buf_printf(out, "%s: %s%s%s; %s; write it here\n", SCRIPT_BY_HAND, v[i].object,
                   v[i].facet[0] != '\0' ? ", " : "", v[i].facet, v[i].open);
    }
    return n_open;
}

/* "table app.t, view app.v and 3 more as they stand in dev" */
static const char *intent_of(struct arena *a, const struct env *env, const struct drift_detail *v,
                             size_t n)
{
    enum { NAMED = 3 };
    struct buf b = {0};
    for (size_t i = 0; i < n && i < NAMED; i++) {
        buf_printf(&b, "%s%s", i > 0 ? ", " : "", v[i].drift->text);
    }
    if (n > NAMED) {
        buf_printf(&b, " and %zu more", n - NAMED);
    }
    buf_printf(&b, " as %s in %s", n == 1 ? "it stands" : "they stand", env->name);
    const char *text = arena_strdup(a, buf_str(&b));
    buf_release(&b);
    return text;
}

int fresh_drift(struct arena *a, const struct env *env, const struct drift_detail *v, size_t n,
                const struct drift_sql *sql, struct fresh *f, struct err_list *faults,
                struct err *e)
{
    struct buf text = {0};
    buf_printf(&text, "-- What was done in %s outside kfmig, from what its ledger expects.\n",
               env->name);
    f->n_forward_open = put_lines(&text, sql->keep, sql->n_keep);
    f->forward.path = "forward.sql";
    f->forward.bytes = bytes_str(arena_strdup(a, buf_str(&text)));
    f->forward.digest = digest_of(f->forward.bytes);
    buf_release(&text);
    if (parse(a, f, faults, e) != 0) {
        return -1;
    }
    draft_of(a, f);
    f->draft.decl.intent = intent_of(a, env, v, n);
    buf_printf(&f->rollback, "-- Back to what the ledger of %s expects.\n", env->name);
    f->n_open = put_lines(&f->rollback, sql->undo, sql->n_undo);
    return 0;
}

int fresh_intent(const char *words, const char *from, struct fresh *f, struct err *e)
{
    size_t at = 0;
    const char *what = "";
    const char *text = words;
    if (text[0] == '\0' && from != NULL) {
        const char *slash = strrchr(from, '/');
        text = slash != NULL ? slash + 1 : from;
    }
    if (text[0] == '\0') {
        err_set(e, ERR_CONFIG, "`kfmig new` needs a few words: what the migration is for");
        return err_hint(e, "for example: kfmig new add an index on parcels");
    }
    if (text_check(bytes_str(text), &at, &what) != 0) {
        return err_set(e, ERR_CONFIG, "the words for the new migration hold a %s", what);
    }
    f->draft.decl.intent = text;
    return 0;
}

/* The reviewers of the newest migration are most likely those of the next. */
void fresh_reviewers(struct project *p, struct fresh *f)
{
    struct err ignored;
    static const char *const nobody[] = {"TBD"};
    f->draft.decl.reviewers = (struct names){arena_dup(p->a, nobody, sizeof nobody), 1, 1};
    for (size_t i = p->n_bundle; i-- > 0;) {
        struct bundle *b = &p->bundle[i];
        if (b->store == f->bundle.store && !bundle_is_repeatable(b) &&
            load_decl(p, b, &ignored) == 0) {
            if (b->decl->reviewers.n > 0) {
                f->draft.decl.reviewers = b->decl->reviewers;
            }
            return;
        }
    }
}

static int write_one(struct project *p, const char *dir, const char *name, struct bytes text,
                     struct err *e)
{
    return file_write(p->dirfd, arena_printf(p->a, "%s/%s", dir, name), text, 0666, e);
}

/* migration.yml last: a folder without it is no bundle yet. */
int fresh_write(struct project *p, const char *folder, struct fresh *f, struct err *e)
{
    const char *dir = arena_printf(p->a, "%s/%s", folder, f->draft.decl.id);
    const char *intent = f->draft.decl.intent;
    struct bytes forward = f->forward.path != NULL
                               ? f->forward.bytes
                               : bytes_str(arena_printf(p->a, "-- %s\n", intent));
    const char *notes = arena_printf(
        p->a, "# %s\n\nWhy now:\n\nRisk, and what to watch:\n\nAfter a rollback, check:\n", intent);
    struct buf yml = {0};
    fresh_undo(p->a, f->forward.path != NULL ? &f->bundle.forward[0] : NULL, "forward.sql", f);
    draft_write(&yml, &f->draft);
    int rc = write_one(p, dir, "forward.sql", forward, e);
    rc = rc == 0 ? write_one(p, dir, "rollback.sql", buf_bytes(&f->rollback), e) : rc;
    rc = rc == 0 ? write_one(p, dir, "notes.md", bytes_str(notes), e) : rc;
    rc = rc == 0 ? write_one(p, dir, "migration.yml", buf_bytes(&yml), e) : rc;
    buf_release(&yml);
    return rc;
}

/* The file that its SQL became; line: of the SQL, 0: none. */
static const char *place_of(struct arena *a, const struct fresh *f, int line)
{
    const char *file = f->file != NULL ? f->file : "forward.sql";
    return line > 0 ? arena_printf(a, "%s:%d", file, f->n_before + line) : file;
}

/* Nobody knows here which roles a server has, but those that every one has. */
static void warn_of_roles(struct arena *a, const struct ear *ear, const struct fresh *f)
{
    struct role_wants w = {.a = a};
    const struct statement *first = NULL;
    const char *names = "";
    plan_roles(&f->bundle, &w);
    for (size_t i = 0; i < w.needed.n; i++) {
        const char *name = w.needed.rows[i].key.p;
        if (strncmp(name, "pg_", 3) != 0) {
            names = arena_printf(a, "%s%s%s", names, first != NULL ? ", " : "", name);
            first = first != NULL ? first : w.needed.rows[i].value;
        }
    }
    if (first != NULL) {
        tell_warning(ear, "%s: roles that must be there before: %s; `kfmig plan` looks",
                     place_of(a, f, first->line), names);
    }
}

void fresh_warn(const struct project *p, const struct ear *ear, const char *folder,
                const struct fresh *f)
{
    const struct draft *d = &f->draft;
    struct reason *reasons = NULL;
    size_t n = 0;
    if (f->forward.path != NULL) {
        plan_judge(p->a, &f->bundle, &p->domains, NULL, &reasons, &n);
    }
    for (size_t i = 0; i < n; i++) {
        tell_warning(ear, "%s: %s: %s", place_of(p->a, f, reasons[i].line),
                     reason_sentence(reasons[i].code), reasons[i].detail);
    }
    if (f->forward.path != NULL) {
        warn_of_roles(p->a, ear, f);
    }
    if (f->n_left_out > 0) {
        tell_warning(ear, "%s: %zu statement%s with data left out; --data=TABLE,... keeps rows",
                     place_of(p->a, f, 0), f->n_left_out, f->n_left_out == 1 ? "" : "s");
    }
    if (f->n_forward_open > 0) {
        tell_warning(ear, "%s: %zu thing%s must be done by hand, look for BY HAND",
                     place_of(p->a, f, 0), f->n_forward_open, f->n_forward_open == 1 ? "" : "s");
    }
    if (f->n_open > 0) {
        tell_warning(ear, "the rollback: %zu statement%s must be undone by hand, look for BY HAND",
                     f->n_open, f->n_open == 1 ? "" : "s");
    }
    const struct draft_open *hidden = &d->open[DRAFT_HIDDEN];
    if (hidden->path != NULL) {
        tell_warning(
            ear,
            "%s: what this does cannot be read off its text; scope and limits may be too tight",
            place_of(p->a, f, hidden->line));
    }
    if (d->guessed_schema) {
        tell_warning(ear, "%s: names without a schema are taken to be in schema public",
                     place_of(p->a, f, 0));
    }
    for (size_t i = 0; i < p->n_bundle; i++) {
        const struct bundle *b = &p->bundle[i];
        if (f->made == NULL && !bundle_is_repeatable(b) && strcmp(b->folder, folder) == 0 &&
            strcmp(b->id, d->decl.id) > 0) {
            tell_warning(
                ear, "%s sorts after the new id and so runs after it; depends_on can say otherwise",
                b->id);
            return;
        }
    }
}
