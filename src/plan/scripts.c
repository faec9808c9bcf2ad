/* From a declaration's artifacts to parsed scripts, and what stands in the way of running them. */
#include <string.h>

#include "model/program.h"
#include "model/segment.h"
#include "model/variables.h"
#include "plan/plan.h"
#include "script/fill.h"
#include "script/language.h"

static void refuse(struct err_list *faults, const struct script *s, const struct statement *st)
{
    const char *hint = st->hint;
    if (st->lone != NULL) {
        hint =
            "invariants and the chain of a projection run in transactions: leave CONCURRENTLY out";
    } else if (st->backfill != NULL) {
        err_list_addf(faults, ERR_CONFIG, s->path, st->line, st->col,
                      "leave the mark out, or make it a migration of its own",
                      "a backfill's batches are transactions of their own: it stands in forward "
                      "files, and not in the chain of a projection");
        return;
    } else if (st->kind == STATEMENT_NO_TRANSACTION && hint[0] == '\0') {
        hint = "kfmig does not run it: leave it out of the bundle, and run it by hand";
    }
    err_list_addf(faults, ERR_CONFIG, s->path, st->line, st->col, hint, "%s: %s",
                  st->tag[0] != '\0' ? st->tag : "this statement", st->why);
}

/* allows_lone: statements that run alone may stand there. */
static size_t count_run(const struct script *s, bool allows_lone, struct err_list *faults)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        struct statement_room room;
        const struct statement *st = script_at(s, i, &room);
        if (allows_lone && st->lone != NULL) {
            n++;
            continue;
        }
        if (!allows_lone && st->backfill != NULL) {
            refuse(faults, s, st);
            continue;
        }
        switch (st->kind) {
        case STATEMENT_CONTROL:
        case STATEMENT_NO_TRANSACTION:
        case STATEMENT_REFUSED:
            refuse(faults, s, st);
            break;
        case STATEMENT_PLAIN:
            n++;
            break;
        case STATEMENT_BEGIN:
        case STATEMENT_COMMIT:
        case STATEMENT_SET_TRANSACTION:
            break;
        }
    }
    return n;
}

/* What is one transaction whatever stands in it: the chain of a projection. */
static void leave_whole(struct script *v, size_t n)
{
    struct statement_room room;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < v[i].n; k++) {
            if (script_at(&v[i], k, &room)->is_apart) {
                script_own(&v[i], k)->is_apart = false;
            }
        }
    }
}

enum allowed { INVARIANTS, TRANSACTIONS, SEGMENTS };

/* Values in place of variables; false: one has none. */
static bool fill(struct arena *a, const struct bundle *b, const struct artifact *f,
                 struct bytes *text, struct err_list *faults)
{
    size_t n = faults->n;
    const struct filling x = {&b->variables, b->values, b->decl->runner};
    script_fill(a, &x, f->path, f->bytes, text, faults);
    return faults->n == n;
}

/* What a program reads is in no language: of its text nobody knows anything. */
static bool is_given(const struct bundle *b, const struct artifact *f)
{
    const struct language *l = language_of(f->path);
    return store_can(b->store, STORE_RUNS_PROGRAMS) &&
           (l == NULL || strcmp(l->ending, store_row(b->store)->ending) != 0);
}

/* *n_run receives how many statements there are to run. */
static struct script *parse_all(struct arena *a, const struct bundle *b,
                                const struct artifacts *files, enum allowed allowed, size_t *n_run,
                                struct err_list *faults)
{
    bool one_statement = allowed == INVARIANTS;
    struct script *out = ARENA_ARRAY(a, struct script, files->n + 1);
    *n_run = 0;
    for (size_t i = 0; i < files->n; i++) {
        struct err e = {0};
        const struct artifact *f = &files->v[i];
        struct bytes text;
        if (is_given(b, f)) {
            out[i] = (struct script){.path = f->path, .bytes = f->bytes, .digest = f->digest};
            continue;
        }
        if (!fill(a, b, f, &text, faults)) {
            continue;
        }
        if (language_parse(a, f->path, text, &out[i], &e) != 0) {
            err_list_add(faults, &e);
            continue;
        }
        (void)variables_undeclared(&out[i], faults);
        out[i].allows_unread = out[i].allows_unread || (b->values == NULL && text.p != f->bytes.p);
        size_t n = count_run(&out[i], allowed == SEGMENTS, faults);
        if (one_statement && n != 1) {
            err_list_addf(faults, ERR_CONFIG, f->path, 1, 1,
                          "write one query that returns the rows that are wrong",
                          "an invariant is exactly one query, this file has %zu", n);
        }
        *n_run += n;
    }
    if (allowed == SEGMENTS) {
        segments_mark(out, files->n);
    } else {
        leave_whole(out, files->n);
    }
    return out;
}

static bool names_changes(const struct statement *st)
{
    for (size_t i = 0; i < st->touches.n; i++) {
        if (touch_changes(&st->touches.v[i])) {
            return st->analysed && !st->opaque;
        }
    }
    return false;
}

/* After a crash the journal has to know of each step, from its text alone, what it may have changed. */
static void check_journaled(const struct bundle *b, struct err_list *faults)
{
    struct statement_room room;
    for (size_t i = 0; i < b->decl->forward.n; i++) {
        const struct script *s = &b->forward[i];
        for (size_t k = 0; k < s->n; k++) {
            const struct statement *st = script_at(s, k, &room);
            if (st->kind == STATEMENT_PLAIN && !names_changes(st)) {
                err_list_addf(
                    faults, ERR_CONFIG, s->path, st->line, st->col,
                    "write it so that everything that it changes is named in it",
                    "%s: the text does not say what it changes, so it cannot be journaled",
                    st->tag[0] != '\0' ? st->tag : "this statement");
            }
        }
    }
}

/* A chain's statements run in the transaction that makes a generation. */
static enum allowed allowed_in(const struct bundle *b)
{
    return store_can(b->store, STORE_HOLDS_LEDGER) && b->projection == NULL ? SEGMENTS
                                                                            : TRANSACTIONS;
}

static bool is_misread(const struct bundle *b, const struct err *e)
{
    for (size_t i = 0; i < b->n_misread; i++) {
        const struct err *known = &b->faults[i];
        if (known->where.line == e->where.line && known->where.col == e->where.col &&
            strcmp(known->where.path, e->where.path) == 0 && strcmp(known->msg, e->msg) == 0) {
            return true;
        }
    }
    return false;
}

/* What load_project() found comes first, and is not told again. */
static void keep_faults(struct arena *a, struct bundle *b, const struct err_list *found)
{
    struct err *v = ARENA_ARRAY(a, struct err, b->n_misread + found->n + 1);
    size_t n = 0;
    for (size_t i = 0; i < b->n_misread; i++) {
        v[n++] = b->faults[i];
    }
    for (size_t i = 0; i < found->n; i++) {
        if (!is_misread(b, &found->v[i])) {
            v[n++] = found->v[i];
        }
    }
    b->faults = v;
    b->n_faults = n;
}

void plan_scripts(struct arena *a, struct bundle *b)
{
    struct err_list faults = {0};
    size_t n_run;
    if (b->forward != NULL || b->decl == NULL || b->store == STORE_COUNT ||
        !store_row(b->store)->has_engine) {
        return;
    }
    bool runs_programs = store_can(b->store, STORE_RUNS_PROGRAMS);
    if (bundle_is_program(b) && !runs_programs &&
        (b->projection != NULL || !store_can(b->store, STORE_HOLDS_LEDGER))) {
        err_list_addf(
            &faults, ERR_CONFIG, bundle_file(a, b), 1, 1, "write it for its store's own language",
            "a program runs only migrations of the store that holds the ledger, and none of a "
            "projection");
    }
    if (b->projection != NULL && b->variables.n > 0) {
        err_list_addf(&faults, ERR_CONFIG, bundle_file(a, b), 1, 1,
                      "write the value into its files",
                      "it belongs to a projection, whose generations are the same in every "
                      "environment: it has no variables");
    }
    if (bundle_is_program(b) && !runs_programs) {
        b->forward =
            ARENA_ARRAY(a, struct script, b->decl->forward.n + 1); /* of it nobody knows the text */
    } else {
        b->forward = parse_all(a, b, &b->decl->forward, allowed_in(b), &n_run, &faults);
    }
    if (!store_can(b->store, STORE_HOLDS_LEDGER)) {
        check_journaled(b, &faults);
    }
    if (runs_programs && b->decl->invariants.n > 0) {
        err_list_addf(&faults, ERR_CONFIG, b->decl->invariants.v[0].path, 1, 1, "remove the file",
                      "a store of programs has no invariants: its probe says what stands there");
    }
    b->invariants = parse_all(a, b, &b->decl->invariants, INVARIANTS, &n_run, &faults);
    keep_faults(a, b, &faults);
    err_list_release(&faults);
}

void plan_script_faults(const struct bundle *b, struct err_list *faults)
{
    for (size_t i = 0; i < b->n_faults; i++) {
        err_list_add(faults, &b->faults[i]);
    }
}

static void find_unread(const struct script *s, struct err_list *faults)
{
    for (size_t i = 0; i < s->n && !s->allows_unread; i++) {
        int line, col;
        struct statement_room room;
        const struct statement *st = script_at(s, i, &room);
        if (st->analysed) {
            continue;
        }
        text_place(s->bytes, st->unread_at, &line, &col);
        err_list_addf(faults, ERR_CONFIG, s->path, line, col,
                      "correct it; if it is right and only a newer server knows it, say so with a "
                      "line \"-- kfmig:allow-unparsed\"",
                      "a syntax error in the statement of line %d", st->line);
    }
}

void plan_unread_faults(const struct bundle *b, struct err_list *faults)
{
    for (size_t i = 0; b->forward != NULL && i < b->decl->forward.n; i++) {
        find_unread(&b->forward[i], faults);
    }
    for (size_t i = 0; b->invariants != NULL && i < b->decl->invariants.n; i++) {
        find_unread(&b->invariants[i], faults);
    }
}

/* Rows that stand in the text: INSERT ... VALUES, and behind COPY ... FROM STDIN. */
static int64_t data_of(const struct statement *st, size_t *n_bytes)
{
    bool constant = st->data.p != NULL || (strcmp(st->tag, "INSERT") == 0 && st->rows > 0);
    *n_bytes += constant ? st->text.n + st->data.n : 0;
    return constant ? st->rows : 0;
}

/* No data dumps in migrations (reference 001): they are data, with a version and a provenance. */
static void find_data(const struct script *s, struct err_list *faults)
{
    enum { ROWS_MOST = 1000, BYTES_MOST = 1024 * 1024 };
    int64_t n_rows = 0;
    size_t n_bytes = 0;
    int line = 0;
    int col = 0;
    for (size_t i = 0; i < s->n && !s->allows_data; i++) {
        struct statement_room room;
        const struct statement *st = script_at(s, i, &room);
        n_rows += data_of(st, &n_bytes);
        if (line == 0 && (n_rows > ROWS_MOST || n_bytes > BYTES_MOST)) {
            line = st->line;
            col = st->col;
        }
    }
    if (line != 0) {
        err_list_addf(
            faults, ERR_CONFIG, s->path, line, col,
            "make the rows a dataset that a projection loads; where they have to stand here, say "
            "why in a line \"-- kfmig:allow-data REASON\"",
            "the file holds %lld row%s of data, %zu KiB: more than 1,000 rows or 1 MiB",
            (long long)n_rows, n_rows == 1 ? "" : "s", n_bytes / 1024);
    }
}

void plan_data_faults(const struct bundle *b, struct err_list *faults)
{
    for (size_t i = 0; b->forward != NULL && i < b->decl->forward.n; i++) {
        find_data(&b->forward[i], faults);
    }
}

/* Is there anything to undo? Where no inverse is known, a person must write one. */
static bool wants_undoing(struct arena *a, const struct bundle *b)
{
    struct buf inverse = {0};
    size_t n_open = 0;
    for (size_t i = 0; i < b->decl->forward.n; i++) {
        const struct language *l = language_of(b->decl->forward.v[i].path);
        if (l == NULL || l->invert == NULL) {
            n_open++;
        } else {
            l->invert(a, &b->forward[i], "", &inverse, &n_open);
        }
    }
    bool wants = inverse.n > 0 || n_open > 0;
    buf_release(&inverse);
    return wants;
}

/* The way out where nothing can undo it. */
static const char *undone_by_nothing(const struct bundle *b)
{
    return b->file != NULL ? "remove the file and say `rollback: none` and notes in the header"
                           : "set requires_rollback: false";
}

/* Lines that `kfmig new` has left to a person. */
static void find_open(struct arena *a, const struct bundle *b, const struct artifact *f,
                      struct err_list *faults)
{
    static const char mark[] = SCRIPT_BY_HAND;
    const size_t n = sizeof mark - 1;
    int line = 1;
    for (size_t at = 0; at < f->bytes.n; line++) {
        if (f->bytes.n - at >= n && memcmp(f->bytes.p + at, mark, n) == 0) {
            err_list_addf(faults, ERR_CONFIG, f->path, line, 1,
                          arena_printf(a, "write what undoes it and remove the line, or %s",
                                       undone_by_nothing(b)),
                          "a part of the rollback is still to be written by hand");
        }
        const char *end = memchr(f->bytes.p + at, '\n', f->bytes.n - at);
        at = end != NULL ? (size_t)(end - f->bytes.p) + 1 : f->bytes.n;
    }
}

static void find_backfills(const struct script *s, struct err_list *faults)
{
    struct statement_room room;
    for (size_t i = 0; i < s->n; i++) {
        const struct statement *st = script_at(s, i, &room);
        if (st->backfill != NULL) {
            refuse(faults, s, st);
        }
    }
}

/* What load_project() found in the rollback files: the bytes are not what a reader takes them for. */
static void add_misread(const struct bundle *b, struct err_list *faults)
{
    const struct artifacts *files = &b->decl->rollback;
    for (size_t i = 0; i < b->n_misread; i++) {
        for (size_t k = 0; k < files->n; k++) {
            if (strcmp(files->v[k].path, b->faults[i].where.path) == 0) {
                err_list_add(faults, &b->faults[i]);
            }
        }
    }
}

const struct script *plan_rollback(struct arena *a, struct bundle *b, struct err_list *faults)
{
    size_t n_run = 0;
    size_t before = faults->n;
    const struct artifacts *files = &b->decl->rollback;
    add_misread(b, faults);
    const struct script *s = parse_all(a, b, files, allowed_in(b), &n_run, faults);
    for (size_t i = 0; i < files->n; i++) {
        find_open(a, b, &files->v[i], faults);
        find_backfills(&s[i], faults);
    }
    if (n_run > 0 || faults->n > before) {
        return s;
    }
    plan_scripts(a, b);
    return wants_undoing(a, b) ? NULL : s;
}

void plan_rollback_faults(struct arena *a, const struct bundle *b, struct err_list *faults)
{
    const struct artifacts *files = &b->decl->rollback;
    size_t n_run;
    size_t before = faults->n;
    const struct script *s = parse_all(a, b, files, allowed_in(b), &n_run, faults);
    for (size_t i = 0; i < files->n; i++) {
        find_unread(&s[i], faults);
        find_backfills(&s[i], faults);
    }
    if (!b->decl->requires_rollback || b->forward == NULL || files->n == 0) {
        return;
    }
    for (size_t i = 0; i < files->n; i++) {
        if (digest_is_zero(&files->v[i].digest)) {
            return; /* a file that is not there is told elsewhere */
        }
        find_open(a, b, &files->v[i], faults);
    }
    if (n_run == 0 && faults->n == before && wants_undoing(a, b)) {
        err_list_addf(
            faults, ERR_CONFIG, files->v[0].path, 1, 1,
            arena_printf(a, "write what undoes the forward files, or %s", undone_by_nothing(b)),
            "it holds no statement, and the forward files have something to undo");
    }
}
