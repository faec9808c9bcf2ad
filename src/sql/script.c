/* SQL text to statements. */
#include "sql/script.h"

#include <pg_query.h>
#include <stdlib.h>
#include <string.h>

#include "sql/apart.h"
#include "sql/lone.h"
#include "sql/marked.h"
#include "sql/parse.h"
#include "sql/psql.h"
#include "sql/rows.h"

const char script_version[] = "PostgreSQL " PG_MAJORVERSION;

static struct statement *add_statement(struct parse *p, size_t i, const struct verdict *verdict)
{
    const struct slice *s = &p->slices.v[i];
    return forms_add(p, p->tokens.v[s->first].at, p->tokens.v[s->first + s->n - 1].end, verdict);
}

static bool writes(const struct statement *st)
{
    bool yes = st->counts_rows_before || st->opaque || st->rewrites ||
               strcmp(st->tag, "CREATE TABLE AS") == 0 || strcmp(st->tag, "SELECT INTO") == 0;
    for (size_t i = 0; i < st->touches.n; i++) {
        const struct touch *t = &st->touches.v[i];
        yes = yes || (t->effect == EFFECT_WRITE && t->object.kind != OBJ_SEQUENCE && !t->stored) ||
              t->effect == EFFECT_TRUNCATE;
    }
    return yes;
}

static void show(const struct parse *p, const struct statement *st, const tree *stmt, size_t base)
{
    if (p->watcher != NULL) {
        p->watcher->see(p->watcher->ctx, &(struct watched){st, stmt, base, &p->lines});
    }
}

static void judge(struct statement *st, const struct verdict *v)
{
    st->kind = v->kind;
    st->why = v->why;
    st->hint = v->hint;
}

/* Whoever names the setting in code, in a string, in a function's settings, can switch the counters off. */
static void refuse_counters(struct statement *st)
{
    if (bytes_mention(st->text, "track_counts")) {
        judge(st, classify_counters());
    }
}

/* Each row of VALUES is inserted, or updated where it was there, or left out: at most so many. */
int64_t parse_rows(const struct statement *st, const tree *stmt)
{
    if (!writes(st)) {
        return 0;
    }
    const PgQuery__InsertStmt *s =
        tree_is(stmt, &pg_query__insert_stmt__descriptor) ? TREE(InsertStmt, stmt) : NULL;
    if (st->opaque || s == NULL || s->with_clause != NULL) {
        return ROWS_UNKNOWN;
    }
    const tree *values = tree_of(s->select_stmt);
    if (values == NULL) {
        return 1; /* DEFAULT VALUES */
    }
    size_t n = tree_is(values, &pg_query__select_stmt__descriptor)
                   ? TREE(SelectStmt, values)->n_values_lists
                   : 0;
    return n > 0 ? (int64_t)n : ROWS_UNKNOWN;
}

/* What an analysis remembers for the statements behind it. */
static bool is_remembered(const struct parse *p, const struct temps *temps, const struct path *path)
{
    return p->temps.n_added > temps->n_added || p->path.all.n > path->all.n ||
           p->path.names.v != path->names.v;
}

/* base: where the text that was parsed begins in the script. */
static void analyse(struct parse *p, size_t i, const tree *stmt, size_t base)
{
    struct statement *st = add_statement(p, i, classify(stmt));
    const struct arena_mark empty = arena_mark(&p->lists);
    struct analysis x = {.a = p->a,
                         .scratch = &p->scratch,
                         .lists = &p->lists,
                         .st = st,
                         .index = (int)p->out->n,
                         .temps = &p->temps,
                         .path = &p->path,
                         .lines = &p->lines,
                         .base = base,
                         .read_lock = LOCK_ACCESS_SHARE,
                         .schema = ""};
    const struct arena_mark mark = arena_mark(p->a);
    const struct temps temps = p->temps;
    const struct path path = p->path;
    st->analysed = true;
    st->tag = classify_tag(p->a, stmt);
    analysis_run(&x, stmt);
    const struct verdict *touched =
        st->kind == STATEMENT_PLAIN ? classify_touched(&st->touches) : NULL;
    if (touched != NULL) {
        judge(st, touched);
    }
    refuse_counters(st);
    if (st->kind == STATEMENT_NO_TRANSACTION) {
        lone_read(p->a, stmt, st);
    }
    if (st->kind == STATEMENT_PLAIN) {
        apart_read(p->a, stmt, st);
    }
    st->rows = parse_rows(st, stmt);
    st->quiet = quiet_of(st, stmt);
    marked_read(p, stmt, base, st);
    analysis_end(&x);
    show(p, st, stmt, base);
    if (st->kind == STATEMENT_COMMIT || st->kind == STATEMENT_NO_TRANSACTION) {
        temps_commit(&p->temps);
    }
    if (forms_settle(p) && !is_remembered(p, &temps, &path)) {
        arena_reset(p->a, mark);
    }
    arena_reset(&p->lists, empty);
}

/* Newer syntax, or another vendor's: only its first words tell something. */
static void leave_unread(struct parse *p, size_t i, size_t stop)
{
    const struct token *v = &p->tokens.v[p->slices.v[i].first];
    size_t n = p->slices.v[i].n;
    struct statement *st = add_statement(p, i, classify_tokens(v, n));
    refuse_counters(st);
    st->opaque = true;
    st->unread_at = stop;
    st->rows = ROWS_UNKNOWN;
    st->destructive =
        v[0].type == TOK(DROP) || v[0].type == TOK(TRUNCATE) || v[0].type == TOK(DELETE_P);
    marked_read(p, NULL, p->base, st);
    show(p, st, NULL, p->base);
    (void)forms_settle(p);
}

static unsigned height_of(const struct parse *p, const struct slice *s)
{
    return tokens_height(&p->tokens.v[s->first], s->n);
}

/* Returns the one statement of slice i as the parser sees it, or NULL with *stop, the place in the
 * script that it did not get past. */
static const tree *parse_alone(struct parse *p, size_t i, size_t *stop)
{
    const struct slice *s = &p->slices.v[i];
    const PgQuery__ParseResult *r;
    size_t at = p->tokens.v[s->first].at;
    size_t end = p->tokens.v[s->first + s->n - 1].end;
    const char *sql = arena_strndup(&p->scratch, p->sql + (at - p->base), end - at);
    size_t within = 0;
    *stop = at;
    if (height_of(p, s) > TOKENS_DEEPEST || tree_parse(&p->scratch, sql, &r, &within) != 0 ||
        r->n_stmts != 1) {
        *stop += within < end - at ? within : end - at;
        return NULL;
    }
    return tree_of(r->stmts[0]->stmt);
}

static int by_statement(struct parse *p, struct err *e)
{
    const char *path = p->out->path;
    if (psql_check_commands(path, p->out->bytes, &p->tokens, e) != 0) {
        return -1;
    }
    tokens_split(&p->scratch, &p->tokens, &p->slices);
    for (size_t i = 0; i < p->slices.n; i++) {
        const struct slice *s = &p->slices.v[i];
        struct arena_mark mark = arena_mark(&p->scratch);
        size_t stop = 0;
        const tree *stmt = parse_alone(p, i, &stop);
        if (stmt != NULL) {
            analyse(p, i, stmt, p->tokens.v[s->first].at);
        } else if (!marked_is(p, p->tokens.v[s->first].at) &&
                   psql_check_variables(path, p->out->bytes, &p->tokens.v[s->first], s->n, e) !=
                       0) {
            return -1;
        } else {
            leave_unread(p, i, stop);
        }
        arena_reset(&p->scratch, mark);
    }
    return 0;
}

static void as_parsed(struct parse *p, const PgQuery__ParseResult *r)
{
    tokens_split_as(&p->scratch, &p->tokens, r, p->base, &p->slices);
    for (size_t i = 0; i < p->slices.n; i++) {
        analyse(p, i, tree_of(r->stmts[i]->stmt), p->base);
    }
}

static struct statement *refuse(struct parse *p, size_t i, const char *why, const char *hint)
{
    struct statement *st = forms_own(p, i);
    st->kind = STATEMENT_CONTROL;
    st->why = why;
    st->hint = hint;
    return st;
}

/* What is looked at statement by statement: whether a block is open, and what has run in this transaction. */
struct balance {
    struct parse *p;
    bool is_open, is_first;
    size_t open; /* where is_open: the BEGIN */
};

static void balance_begin(struct balance *b, size_t i)
{
    if (b->is_open) {
        refuse(b->p, i, "BEGIN inside a block that BEGIN opened",
               "COMMIT the first block before it");
        b->is_first = false;
        return;
    }
    b->is_open = b->is_first = true;
    b->open = i;
}

static void balance_commit(struct balance *b, size_t i)
{
    if (!b->is_open) {
        refuse(b->p, i, "COMMIT without BEGIN",
               "remove it; kfmig commits when every check has passed");
    }
    b->is_open = false;
}

static void balance_one(struct balance *b, size_t i, const struct statement *st)
{
    const enum statement_kind kind = st->kind;
    const bool is_apart = st->is_apart; /* forms may move */
    if (kind == STATEMENT_COMMIT) {
        balance_commit(b, i);
    } else if (kind == STATEMENT_SET_TRANSACTION && !b->is_first) {
        refuse(b->p, i, "SET TRANSACTION after other statements has no effect on them",
               "make it the first statement");
    } else if (kind == STATEMENT_NO_TRANSACTION && b->is_open) {
        refuse(b->p, i, "it cannot run between BEGIN and COMMIT", "move it out of the block")
            ->lone = NULL;
    } else if (st->mark.p != NULL && b->is_open) {
        refuse(b->p, i, "a backfill cannot run between BEGIN and COMMIT: each batch has its own",
               "move it out of the block")
            ->mark = (struct bytes){NULL, 0};
    }
    if (is_apart && b->is_open) { /* who writes BEGIN wants one transaction */
        forms_own(b->p, i)->is_apart = false;
    }
    b->is_first = b->is_first && kind == STATEMENT_SET_TRANSACTION;
}

static void balance(struct parse *p)
{
    struct balance b = {.p = p, .is_first = true};
    struct statement_room room;
    for (size_t i = 0; i < p->out->n; i++) {
        const struct statement *st = script_at(p->out, i, &room);
        if (st->kind == STATEMENT_BEGIN) {
            p->out->has_block = true;
            balance_begin(&b, i);
        } else {
            balance_one(&b, i, st);
        }
    }
    if (b.is_open) {
        refuse(p, b.open, "BEGIN without COMMIT", "add the COMMIT, or remove both");
    }
}

/* Invisible characters that may stand in a string change what a reader takes the rest for. */
static int check_marks(const struct parse *p, struct err *e)
{
    struct bytes text = bytes_of(p->out->bytes.p, p->end);
    const char *name = "";
    size_t i = 0;
    for (size_t at = text_mark(text, p->base, &name); at < text.n;
         at = text_mark(text, at + 1, &name)) {
        while (i < p->tokens.n && p->tokens.v[i].end <= at) {
            i++;
        }
        const struct token *t = i < p->tokens.n ? &p->tokens.v[i] : NULL;
        if (t != NULL && t->at <= at && (t->type == TOK(SCONST) || t->type == TOK(USCONST))) {
            continue;
        }
        int line, col;
        text_place(text, at, &line, &col);
        err_at(e, ERR_CONFIG, p->out->path, line, col, "a %s outside of a string", name);
        return err_hint(e, "remove it: it cannot be seen, and it changes how the line is shown");
    }
    return 0;
}

/* The statements of a piece that piece_read() has read. */
static int read_statements(struct parse *p, struct err *e)
{
    const PgQuery__ParseResult *r = NULL;
    if (check_marks(p, e) != 0 || marked_find(p, e) != 0) {
        return -1;
    }
    if (tokens_height(p->tokens.v, p->tokens.n) <= TOKENS_DEEPEST &&
        tree_parse(&p->scratch, p->sql, &r, NULL) == 0) {
        as_parsed(p, r);
        return 0;
    }
    return by_statement(p, e);
}

/* Where strings end otherwise, the rest of the file is not what it looks like: that is told, not what follows
 * from it. */
static int blame_quoting(const struct parse *p, struct err *e)
{
    size_t at = 0;
    int line = 0;
    int col = 0;
    const struct verdict *quoting = classify_quoting();
    for (size_t i = 0; i < p->forms.n && line == 0; i++) {
        if (p->out->forms[i].why == quoting->why) {
            line = p->out->forms[i].line;
            col = p->out->forms[i].col;
        }
    }
    if (line == 0 && psql_finds_quoting(p->out->bytes, &p->tokens, &at)) {
        text_place(p->out->bytes, at, &line, &col);
    }
    if (line != 0) {
        err_at(e, ERR_CONFIG, p->out->path, line, col, "SET: %s", quoting->why);
        (void)err_hint(e, "%s", quoting->hint);
    }
    return -1;
}

static int split(struct parse *p, struct err *e)
{
    const struct arena_mark empty = arena_mark(&p->scratch);
    int rc = 0;
    for (; rc == 0 && p->base < p->out->bytes.n; p->base = p->end) {
        p->slices = (struct slices){0};
        rc = piece_read(p, e);
        rc = rc == 0 ? read_statements(p, e) : rc < 0 ? -1 : 0;
        if (rc == 0 && p->rows.p != NULL) {
            rows_attach(p);
            p->end = p->rows_end;
        }
        rc = rc == 0 ? 0 : blame_quoting(p, e);
        arena_reset(&p->scratch, empty);
    }
    return rc;
}

/* A line that begins so, with a reason behind it where one is wanted. */
static bool says(struct bytes text, const char *words, bool wants_reason)
{
    const size_t n = strlen(words);
    for (size_t at = 0; at + n <= text.n;) {
        const char *end = memchr(text.p + at, '\n', text.n - at);
        size_t to = end != NULL ? (size_t)(end - text.p) : text.n;
        if (memcmp(text.p + at, words, n) == 0) {
            size_t reason = at + n;
            while (reason < to && (text.p[reason] == ' ' || text.p[reason] == '\r')) {
                reason++;
            }
            if (!wants_reason || (reason > at + n && reason < to)) {
                return true;
            }
        }
        at = to + 1;
    }
    return false;
}

int script_watch(struct arena *a, const char *path, struct bytes text, const struct watcher *w,
                 struct script *out, struct err *e)
{
    struct parse p = {.a = a, .out = out, .watcher = w};
    *out = (struct script){.path = arena_strdup(a, path), .bytes = text, .digest = digest_of(text)};
    out->allows_unread = says(text, "-- kfmig:allow-unparsed", false);
    out->allows_data = says(text, "-- kfmig:allow-data", true);
    lines_find(text.n > PIECE ? a : &p.keep, text, &p.lines);
    out->lines = p.lines;
    int rc = split(&p, e);
    if (rc == 0) {
        path_close(a, &p.path);
        out->search_path = p.path.all;
        balance(&p);
    }
    forms_end(&p, rc == 0);
    arena_release(&p.lists);
    arena_release(&p.scratch);
    arena_release(&p.keep);
    return rc;
}

int script_parse(struct arena *a, const char *path, struct bytes text, struct script *out,
                 struct err *e)
{
    return script_watch(a, path, text, NULL, out, e);
}

bool script_changes_rows(const struct script *s)
{
    static const char *const tags[] = {"UPDATE", "DELETE", "MERGE", "CREATE TABLE AS",
                                       "SELECT INTO"};
    struct statement_room room;
    for (size_t i = 0; i < s->n; i++) {
        const struct statement *st = script_at(s, i, &room);
        for (size_t k = 0; k < sizeof tags / sizeof *tags; k++) {
            if (strcmp(st->tag, tags[k]) == 0) {
                return true;
            }
        }
    }
    return false;
}

void script_shutdown(void)
{
    pg_query_exit();
}
