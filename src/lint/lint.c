/* The linter: files in, notes, findings out. */
#include "lint/lint.h"

#include <stdlib.h>
#include <string.h>

#include "lint/work.h"
#include "sql/classify.h"

static const struct lint_rule rules[LINTS] = {
#define LINT(name, id, severities, from, to, also, what, why, instead, bad, good)                  \
    [LINT_##name] = {id, severities, from, to, also, what, why, instead, bad, good},
#include "lint/lint.def"
#undef LINT
};

const struct lint_rule *lint_rule(enum hazard r)
{
    return &rules[r];
}

enum severity lint_severity(enum hazard r, char class)
{
    char c = rules[r].severities[class - 'A'];
    return c == 'E' ? SEVERITY_ERROR : c == 'W' ? SEVERITY_WARNING : SEVERITY_NOTE;
}

bool lint_is(enum hazard r, enum lint_kind k)
{
    static const struct {
        enum hazard rule;
        enum lint_kind kind;
    } all[] = {
#define LINT_KIND(kind, rule) {LINT_##rule, LINT_##kind},
#include "lint/kind.def"
#undef LINT_KIND
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (all[i].rule == r && all[i].kind == k) {
            return true;
        }
    }
    return false;
}

enum hazard lint_named(const char *id)
{
    int r = 0;
    while (r < LINTS && strcmp(rules[r].id, id) != 0) {
        r++;
    }
    return (enum hazard)r;
}

struct lint *lint_begin(struct arena *a, const struct lint_options *o)
{
    struct lint *l = ARENA_NEW(a, struct lint);
    l->a = a;
    l->o = *o;
    return l;
}

/* --- notes ------------------------------------------------------------------------------------------ */

static bool is_meant(const struct lint *l, const struct lint_rule *r)
{
    return l->o.server == 0 || (l->o.server >= r->from && (r->to == 0 || l->o.server <= r->to));
}

static size_t end_of(const struct statement *st)
{
    return st->offset + st->text.n;
}

static struct lint_remark *add_note(struct lint *l, enum hazard rule, int line, int col,
                                    const char *subject, const char *text)
{
    struct lint_remark *n = ARENA_NEW(l->a, struct lint_remark);
    *n = (struct lint_remark){.rule = rule,
                              .file = l->now,
                              .line = line,
                              .col = col,
                              .subject = arena_strdup(l->a, subject), /* often the tree's */
                              .text = text,
                              .from = line,
                              .to = line};
    n->is_cancelled = l->now->f.part != LINT_ASKED || !is_meant(l, &rules[rule]);
    ARENA_GROW(l->a, l->note, l->n_note, l->cap_note);
    l->note[l->n_note++] = n;
    return n;
}

struct lint_remark *lint_note(struct lint *l, enum hazard rule, int location, const char *subject,
                              const char *fmt, ...)
{
    struct buf text = {0};
    const struct statement *st = l->st;
    int line = st->line;
    int col = st->col;
    int last_col;
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    size_t place = st->offset;
    if (location > 0) {
        place = l->w->base + (size_t)location;
        lines_place(l->w->lines, place, &line, &col);
    }
    struct lint_remark *n = add_note(l, rule, line, col, subject != NULL ? subject : "",
                                     arena_strndup(l->a, text.p, text.n));
    buf_release(&text);
    n->place = place;
    n->at = st->offset;
    n->end = end_of(st);
    n->from = st->line > l->last_line ? l->last_line + 1 : st->line;
    lines_place(l->w->lines, n->end, &n->to, &last_col);
    return n;
}

void lint_edit(struct lint_remark *n, size_t at, size_t end, const char *text)
{
    if (!n->file->f.is_fixed) {
        n->edit = (struct lint_edit){at, end, text};
    }
}

void lint_cancel(struct lint_remark *n)
{
    if (n != NULL) {
        n->is_cancelled = true;
    }
}

void lint_mark(struct lint *l, enum hazard rule, int line, const char *name, const char *what)
{
    struct bytes text = l->now->f.text;
    struct lint_remark *n =
        add_note(l, rule, line, 1, name, arena_printf(l->a, "%s %s", name, what));
    for (int i = 1; i < line; n->place++) {
        i += text.p[n->place] == '\n';
    }
}

/* --- names ------------------------------------------------------------------------------------------ */

bool lint_in_use(const struct lint *l, const char *schema, const char *name)
{
    const struct known_table *t = known_table(&l->known, schema, name);
    return t == NULL || !t->is_new;
}

bool lint_range_in_use(const struct lint *l, const PgQuery__RangeVar *r)
{
    return r != NULL && lint_in_use(l, r->schemaname, r->relname);
}

const char *lint_name(struct lint *l, const char *schema, const char *name)
{
    return schema[0] != '\0' ? arena_printf(l->a, "%s.%s", schema, name) : arena_strdup(l->a, name);
}

const char *lint_range(struct lint *l, const PgQuery__RangeVar *r)
{
    return r != NULL ? lint_name(l, r->schemaname, r->relname) : "";
}

/* --- one statement ---------------------------------------------------------------------------------- */

static const struct lint_handlers *const handlers[] = {
    &on_table_handlers, &on_index_handlers, &on_drop_handlers,  &on_rows_handlers,
    &on_role_handlers,  &on_code_handlers,  &on_other_handlers,
};

static void dispatch(struct lint *l, const tree *m)
{
    for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++) {
        for (size_t k = 0; k < handlers[i]->n; k++) {
            if (handlers[i]->v[k].type == m->descriptor) {
                handlers[i]->v[k].fn(l, m);
                return;
            }
        }
    }
}

static void end_transaction(struct lint *l)
{
    l->transaction++;
    l->is_block = false;
    l->held = NULL;
    l->n_held = l->n_changed = 0;
    l->held_all.n = l->enum_values.n = 0;
    l->is_wide_told = l->is_large_told = false;
}

/* What takes long, by what it does to a relation that is in use: reads or writes all of it. */
static bool is_slow(const struct lint *l)
{
    static const char *const tags[] = {
        "CREATE INDEX",    "REINDEX",     "REFRESH MATERIALIZED VIEW",
        "CREATE TABLE AS", "SELECT INTO", "CLUSTER"};
    const struct statement *st = l->st;
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        if (strcmp(st->tag, tags[i]) == 0) {
            return st->n_locks > 0 &&
                   lint_in_use(l, st->locks[0].object.schema, st->locks[0].object.name);
        }
    }
    return false;
}

/* A table that is in use is locked ACCESS EXCLUSIVE from now on. */
static void hold(struct lint *l, const struct object *o)
{
    const char *name = lint_name(l, o->schema, o->name);
    if (names_have(&l->held_all, name)) {
        return;
    }
    names_add(l->a, &l->held_all, name);
    if (l->held == NULL) {
        l->held = name;
    } else if (!l->is_wide_told) {
        l->is_wide_told = true;
        (void)lint_note(l, LINT_WIDE_WINDOW, -1, name,
                        "%s is locked ACCESS EXCLUSIVE while %s is locked already", name, l->held);
    }
}

enum { CHANGED_MOST = 50 };

static void look_at_locks(struct lint *l)
{
    const struct statement *st = l->st;
    const char *held = l->held;
    if (held != NULL && is_slow(l)) {
        (void)lint_note(l, LINT_UNDER_LOCK, -1, held, "%s runs while %s is locked ACCESS EXCLUSIVE",
                        st->tag, held);
    }
    for (size_t i = 0; i < st->n_locks; i++) {
        const struct object *o = &st->locks[i].object;
        if (!lint_in_use(l, o->schema, o->name)) {
            continue;
        }
        if (st->locks[i].level == LOCK_ACCESS_EXCLUSIVE) {
            hold(l, o);
        }
        l->n_changed += st->locks[i].level > LOCK_ROW_EXCLUSIVE;
    }
    if (l->n_changed > CHANGED_MOST && !l->is_large_told) {
        l->is_large_told = true;
        (void)lint_note(l, LINT_MANY_STATEMENTS, -1, NULL,
                        "more than %d changes of tables that are there, in one transaction",
                        CHANGED_MOST);
    }
}

static bool stands_alone(const struct statement *st)
{
    return st->kind == STATEMENT_NO_TRANSACTION || st->is_apart || st->adds != NULL ||
           st->mark.p != NULL;
}

/* kfmig refuses it, or it does not do what its writer believes. */
static void look_at_kind(struct lint *l)
{
    const struct statement *st = l->st;
    if (st->kind == STATEMENT_NO_TRANSACTION && l->is_block) {
        (void)lint_note(l, LINT_CONCURRENTLY_IN_TX, -1, NULL, "%s between BEGIN and COMMIT",
                        st->tag);
    } else if (st->kind == STATEMENT_CONTROL || (st->kind == STATEMENT_BEGIN && l->is_block)) {
        (void)lint_note(l, LINT_SESSION_ESCAPE, -1, NULL, "%s: %s", st->tag,
                        st->why[0] != '\0' ? st->why : "BEGIN inside a block");
    } else if (st->kind == STATEMENT_REFUSED && !classify_waits(st)) { /* its rows come later */
        (void)lint_note(l, LINT_SESSION_ESCAPE, -1, NULL, "%s: %s", st->tag, st->why);
    }
}

/* A value that was added before in the same block. */
static void look_at_values(struct lint *l)
{
    for (size_t i = 0; i < l->enum_values.n; i++) {
        if (bytes_mention(l->st->text, l->enum_values.v[i])) {
            (void)lint_note(l, LINT_ENUM_USED, -1, NULL, "%s was added in the same transaction",
                            l->enum_values.v[i]);
        }
    }
}

static void see(void *ctx, const struct watched *w)
{
    struct lint *l = ctx;
    const struct statement *st = l->st = w->st;
    int col;
    bool is_alone = stands_alone(st) && !l->is_block;
    l->w = w;
    l->n_seen++;
    l->now->n_statements++;
    if (is_alone) {
        end_transaction(l);
    }
    look_at_kind(l);
    if (w->stmt == NULL && st->mark.p == NULL) {
        (void)lint_note(l, LINT_UNKNOWN, -1, NULL, "the grammar does not know this statement");
    } else if (w->stmt != NULL) {
        look_at_values(l);
        look_at_locks(l);
        dispatch(l, w->stmt);
    }
    class_add(l->now->tally, st);
    if (is_alone || st->kind == STATEMENT_COMMIT) {
        end_transaction(l);
    }
    l->is_block = l->is_block || st->kind == STATEMENT_BEGIN;
    lines_place(w->lines, end_of(st), &l->last_line, &col);
}

static struct class_tally *tally_for(struct lint *l, const char *subject)
{
    const struct read_file *last = l->n_file > 0 ? l->file[l->n_file - 1] : NULL;
    if (last != NULL && strcmp(last->f.subject, subject) == 0) {
        return last->tally;
    }
    struct class_tally *t = ARENA_NEW(l->a, struct class_tally);
    *t = (struct class_tally){.a = l->a};
    return t;
}

int lint_read(struct lint *l, const struct lint_file *f, struct err *e)
{
    struct arena keep = {0};
    struct script script;
    const struct watcher w = {see, l};
    struct read_file *now = ARENA_NEW(l->a, struct read_file);
    *now = (struct read_file){.f = *f, .tally = tally_for(l, f->subject)};
    now->f.path = arena_strdup(l->a, f->path);
    l->now = now;
    l->last_line = 0;
    l->sets_path = false;
    ARENA_GROW(l->a, l->file, l->n_file, l->cap_file);
    l->file[l->n_file++] = now;
    if (f->part == LINT_ASKED) {
        marks_read(l->a, now);
    }
    end_transaction(l);
    int rc = script_watch(&keep, now->f.path, f->text, &w, &script, e);
    arena_release(&keep);
    l->w = NULL;
    l->st = NULL;
    return rc;
}

/* --- the end ---------------------------------------------------------------------------------------- */

static char judged_as(const struct read_file *f)
{
    bool is_said = f->f.class != 0 && (f->f.class != 'D' || f->f.is_rebuilt);
    return is_said ? f->f.class : f->f.is_rebuilt ? 'D' : class_as_strict(class_tallied(f->tally));
}

/* Words of the statement, apart by one blank each. */
static void add_words(struct digester *d, struct bytes text)
{
    struct buf words = {0};
    for (size_t i = 0; i < text.n; i++) {
        bool blank =
            text.p[i] == ' ' || text.p[i] == '\n' || text.p[i] == '\t' || text.p[i] == '\r';
        if (!blank) {
            buf_putc(&words, text.p[i]);
        } else if (words.n > 0 && words.p[words.n - 1] != ' ') {
            buf_putc(&words, ' ');
        }
    }
    digester_field(d, "words", bytes_of(words.p, words.n));
    buf_release(&words);
}

static struct digest mark_of(struct arena *a, const struct lint_remark *n, size_t nth)
{
    struct digester *d = digester_open("kfmig.lint.v1");
    digester_field(d, "rule", bytes_str(rules[n->rule].id));
    digester_field(d, "path", bytes_str(n->file->f.path));
    digester_field(d, "subject", bytes_str(n->subject));
    add_words(d, bytes_of(n->file->f.text.p + n->at, n->end - n->at));
    digester_field(d, "nth", bytes_str(arena_printf(a, "%zu", nth)));
    return digester_close(d);
}

static int by_place(const void *x, const void *y)
{
    const struct lint_remark *a = *(const struct lint_remark *const *)x;
    const struct lint_remark *b = *(const struct lint_remark *const *)y;
    int c = strcmp(a->file->f.path, b->file->f.path);
    c = c != 0 ? c : (a->line > b->line) - (a->line < b->line);
    c = c != 0 ? c : (a->col > b->col) - (a->col < b->col);
    return c != 0 ? c : (int)a->rule - (int)b->rule;
}

/* Of the same rule, file and words, how many came before. */
static struct digest next_mark(struct table *seen, const struct lint_remark *n)
{
    struct digest mark = mark_of(seen->a, n, 0);
    struct bytes key = bytes_of(arena_dup(seen->a, &mark, sizeof mark), sizeof mark);
    size_t *nth = table_get(seen, key);
    if (nth == NULL) {
        nth = ARENA_NEW(seen->a, size_t);
        (void)table_put(seen, key, nth);
        return mark;
    }
    return mark_of(seen->a, n, ++*nth);
}

/* The line that it stands in, and where it ends there. */
static void quote(struct arena *a, const struct lint_remark *n, struct lint_found *f)
{
    struct bytes text = n->file->f.text;
    size_t at = n->place;
    while (at > 0 && text.p[at - 1] != '\n') {
        at--;
    }
    const char *end = memchr(text.p + at, '\n', text.n - at);
    size_t len = end != NULL ? (size_t)(end - text.p) - at : text.n - at;
    size_t stop = (size_t)n->col - 1;
    f->source = arena_strndup(a, text.p + at, len);
    while (stop < len && strchr(" \t\r;,()", f->source[stop]) == NULL) {
        stop++;
    }
    f->end_col = (int)stop + 1;
}

static void settle(struct lint *l, const struct lint_remark *n, struct table *seen,
                   lint_known_fn *known, void *ctx, struct lint_result *out)
{
    const struct lint_rule *r = &rules[n->rule];
    struct findings one = {0};
    struct lint_found *f = &out->v[out->n++];
    *f = (struct lint_found){.rule = n->rule,
                             .edit = n->edit,
                             .mark = next_mark(seen, n),
                             .migration = n->file->f.subject};
    struct finding *found = finding_fail(l->a, &one, r->id, "%s", n->text);
    found->severity = lint_severity(n->rule, judged_as(n->file));
    found->path = n->file->f.path;
    found->line = n->line;
    found->col = n->col;
    found->subject = n->subject;
    found->hint = r->instead;
    found->waived_by = marks_allow(n);
    if (found->waived_by[0] == '\0' && known != NULL && known(ctx, &f->mark)) {
        found->waived_by = "the baseline";
    }
    f->finding = *found;
    quote(l->a, n, f);
    out->n_waived += found->waived_by[0] != '\0';
    if (found->waived_by[0] == '\0') {
        out->n_error += found->severity == SEVERITY_ERROR;
        out->n_warning += found->severity == SEVERITY_WARNING;
        out->n_note += found->severity == SEVERITY_NOTE;
    }
}

/* What its declaration says of its class is less than what it does. */
static void judge_class(struct lint *l, struct read_file *f)
{
    const char class = f->f.class;
    const char does = class_as_strict(class_tallied(f->tally));
    const char *why = class_why(f->tally);
    l->now = f;
    if (class == 'D' && !f->f.is_rebuilt) {
        (void)add_note(l, LINT_CLASS_TOO_LOW, 1, 1, "",
                       "class D is declared, and it belongs to no projection that is rebuilt");
    } else if (class == 0 && does == 'C' && !f->f.is_rebuilt) {
        (void)add_note(l, LINT_CLASS_UNDECLARED, 1, 1, "",
                       arena_printf(l->a, "nothing declares class C, and it %s", why));
    } else if (class != 0 && class < does) {
        (void)add_note(l, LINT_CLASS_TOO_LOW, 1, 1, "",
                       arena_printf(l->a, "class %c is declared, and it %s, which is class %c",
                                    class, why, does));
    }
}

/* Of the first of a migration's files that is asked for. */
static bool tells_class(const struct lint *l, size_t i)
{
    const struct lint_file *f = &l->file[i]->f;
    const struct lint_file *before = i > 0 ? &l->file[i - 1]->f : NULL;
    return before == NULL || before->part != LINT_ASKED || strcmp(before->subject, f->subject) != 0;
}

void lint_end(struct lint *l, lint_known_fn *known, void *ctx, struct lint_result *out)
{
    struct table seen = {.a = l->a};
    *out = (struct lint_result){0};
    for (size_t i = 0; i < l->n_file; i++) {
        struct read_file *f = l->file[i];
        if (f->f.part == LINT_ASKED) {
            if (tells_class(l, i)) {
                judge_class(l, f);
            }
            out->n_files++;
            out->n_statements += f->n_statements;
        }
    }
    for (size_t i = 0; i < l->n_note; i++) { /* which marks are used decides what is said of them */
        if (!l->note[i]->is_cancelled) {
            (void)marks_allow(l->note[i]);
        }
    }
    for (size_t i = 0; i < l->n_file; i++) {
        l->now = l->file[i];
        marks_judge(l, l->now);
    }
    size_t n = 0;
    for (size_t i = 0; i < l->n_note; i++) {
        if (!l->note[i]->is_cancelled) {
            l->note[n++] = l->note[i];
        }
    }
    if (n > 0) {
        qsort(l->note, n, sizeof *l->note, by_place);
    }
    out->v = ARENA_ARRAY(l->a, struct lint_found, n + 1);
    for (size_t i = 0; i < n; i++) {
        settle(l, l->note[i], &seen, known, ctx, out);
    }
}
