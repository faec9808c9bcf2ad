/* The rows that a rollback may take along. */
#include <string.h>

#include "evidence/diff.h"
#include "flow/undo.h"

/* More than this many bytes of a table are not read to count its rows: the server's statistics have to
 * do. */
static const int64_t counted_bytes = 256LL * 1024 * 1024;

/* Tables of one step; at: text -> place in x->tables, from 1. */
struct tables {
    struct arena *a;
    struct undo_step *x;
    struct table at;
    size_t cap;
};

static struct undo_table *table_of(struct tables *t, const char *text)
{
    size_t at = (size_t)(uintptr_t)table_gets(&t->at, text);
    if (at == 0) {
        ARENA_GROW(t->a, t->x->tables, t->x->n_tables, t->cap);
        at = ++t->x->n_tables;
        t->x->tables[at - 1] = (struct undo_table){.table = arena_strdup(t->a, text),
                                                   .now = ROWS_UNKNOWN,
                                                   .inserted = ROWS_UNKNOWN,
                                                   .updated = ROWS_UNKNOWN,
                                                   .deleted = ROWS_UNKNOWN};
        (void)table_puts(&t->at, t->x->tables[at - 1].table, (void *)(uintptr_t)at);
    }
    return &t->x->tables[at - 1];
}

/* --- what the migration changed, and what its receipt counted ----------------------------------------- */

static void add_changed(struct tables *t, const struct taking_back *back)
{
    for (size_t i = 0; i < back->n_before; i++) {
        struct object o;
        if (object_parse(t->a, back->before[i].object, &o) == 0 && o.kind == OBJ_TABLE &&
            o.store == NULL) {
            (void)table_of(t, back->before[i].object);
        }
    }
}

static int add_receipt(struct site *s, struct tables *t, const struct fact *f, struct err *e)
{
    struct bytes text = {NULL, 0};
    struct account_diff diff;
    struct err ignored = {0};
    bool found = false;
    if (digest_is_zero(&f->diff)) {
        return 0;
    }
    if (ledger_blob(s->pg, &f->diff, s->a, &text, &found, e) != 0) {
        return -1;
    }
    bool has = found && diff_read(s->a, text, "summary.json", &diff, &ignored) == 0;
    for (size_t i = 0; has && i < diff.rows.n; i++) {
        const struct touch *w = &diff.rows.v[i];
        struct undo_table *x = table_of(t, object_text(s->a, &w->object));
        x->inserted = w->inserted;
        x->updated = w->updated;
        x->deleted = w->deleted;
        x->has_receipt = true;
    }
    for (size_t i = 0; has && i < t->x->n_tables; i++) {
        struct undo_table *x = &t->x->tables[i];
        if (!x->has_receipt) {
            x->inserted = x->updated = x->deleted = 0;
            x->has_receipt = true;
        }
    }
    return 0;
}

/* --- what the rollback files remove ------------------------------------------------------------------- */

static void worsen(struct undo_table *x, enum undo_removes r)
{
    x->removes = x->removes == UNDO_ALL ? UNDO_ALL : r;
}

/* May it add rows, or make a table that has some? */
static bool may_add(const struct statement *st, const struct touch *w)
{
    static const char *const tags[] = {"DELETE", "UPDATE"};
    bool adds = w->effect == EFFECT_CREATE || w->effect == EFFECT_WRITE;
    for (size_t i = 0; i < sizeof tags / sizeof *tags && w->effect == EFFECT_WRITE; i++) {
        adds = adds && strcmp(st->tag, tags[i]) != 0;
    }
    return adds && w->object.kind == OBJ_TABLE;
}

static bool only_adds(const struct statement *st)
{
    static const char *const tags[] = {"INSERT", "UPDATE", "COPY"};
    bool adds = false;
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        adds |= strcmp(st->tag, tags[i]) == 0;
    }
    return adds && !st->destructive;
}

/* Rows of every table of a schema go with it. */
static void empty_schema(struct tables *t, const char *schema)
{
    for (size_t i = 0; i < t->x->n_tables; i++) {
        struct object o;
        struct undo_table *x = &t->x->tables[i];
        if (object_parse(t->a, x->table, &o) == 0 && strcmp(o.schema, schema) == 0) {
            worsen(x, UNDO_ALL);
        }
    }
}

/* An unqualified name may be any table of that name. */
static void take_table(struct tables *t, const struct touch *w, enum undo_removes r)
{
    if (w->object.schema[0] != '\0') {
        worsen(table_of(t, object_text(t->a, &w->object)), r);
        return;
    }
    for (size_t i = 0; i < t->x->n_tables; i++) {
        struct object o;
        if (object_parse(t->a, t->x->tables[i].table, &o) == 0 &&
            strcmp(o.name, w->object.name) == 0) {
            worsen(&t->x->tables[i], r);
        }
    }
}

static void take_touch(struct tables *t, const struct statement *st, const struct touch *w)
{
    bool is_table = w->object.kind == OBJ_TABLE;
    if (w->effect == EFFECT_DROP && w->object.kind == OBJ_SCHEMA) {
        empty_schema(t, w->object.name);
    } else if (is_table && (w->effect == EFFECT_DROP || w->effect == EFFECT_TRUNCATE)) {
        take_table(t, w, UNDO_ALL);
    } else if (is_table && w->effect == EFFECT_WRITE && !only_adds(st)) {
        take_table(t, w, UNDO_NOT_SAID);
    }
}

/* Code whose effects cannot be read off it, and what goes by CASCADE, may take rows of any of them. */
static void take_statement(struct tables *t, const struct statement *st)
{
    for (size_t i = 0; i < st->touches.n; i++) {
        take_touch(t, st, &st->touches.v[i]);
    }
    bool is_open = st->opaque || st->cascade || !st->analysed;
    for (size_t i = 0; is_open && i < t->x->n_tables; i++) {
        worsen(&t->x->tables[i], UNDO_NOT_SAID);
    }
}

static void add_scripts(struct tables *t, const struct taking_back *back)
{
    struct statement_room room;
    for (size_t i = 0; i < back->bundle->decl->rollback.n; i++) {
        for (size_t k = 0; k < back->scripts[i].n; k++) {
            if (!script_repeats(&back->scripts[i], k)) {
                take_statement(t, script_at(&back->scripts[i], k, &room));
            }
        }
    }
}

/* --- how many there are ------------------------------------------------------------------------------- */

/* The tables of all steps, each once; at: text -> place in v, from 1. */
struct all_tables {
    struct object *v;
    size_t n;
    struct table at;
};

static void gather(struct arena *a, const struct undo_list *u, struct all_tables *all)
{
    size_t most = 1;
    for (size_t i = 0; i < u->n; i++) {
        most += u->v[i].n_tables;
    }
    *all = (struct all_tables){.v = ARENA_ARRAY(a, struct object, most), .at = {.a = a}};
    for (size_t i = 0; i < u->n; i++) {
        for (size_t k = 0; k < u->v[i].n_tables; k++) {
            const char *text = u->v[i].tables[k].table;
            if (table_gets(&all->at, text) == NULL && object_parse(a, text, &all->v[all->n]) == 0) {
                all->n++;
                (void)table_puts(&all->at, text, (void *)(uintptr_t)all->n);
            }
        }
    }
}

static void note_statement(struct arena *a, struct table *written, const struct statement *st)
{
    for (size_t t = 0; t < st->touches.n; t++) {
        if (may_add(st, &st->touches.v[t])) {
            (void)table_puts(written, object_text(a, &st->touches.v[t].object), written);
        }
    }
}

/* What the rollback of a newer one makes, or writes, is not counted yet. */
static void note_written(struct arena *a, struct table *written, const struct taking_back *back)
{
    struct statement_room room;
    for (size_t i = 0; i < back->bundle->decl->rollback.n; i++) {
        for (size_t k = 0; k < back->scripts[i].n; k++) {
            if (!script_repeats(&back->scripts[i], k)) {
                note_statement(a, written, script_at(&back->scripts[i], k, &room));
            }
        }
    }
}

static int count(struct site *s, struct undoing *u, struct err *e)
{
    struct all_tables all;
    struct table written = {.a = s->a};
    gather(s->a, &u->undo, &all);
    struct rows_now *rows = ARENA_ARRAY(s->a, struct rows_now, all.n + 1);
    if (site_snapshot(s, e) != 0) {
        return -1;
    }
    int rc = catalog_rows_now(s->pg, s->a, all.v, all.n, counted_bytes, rows, e);
    tx_roll_back(s->pg);
    for (size_t i = 0; rc == 0 && i < u->undo.n; i++) {
        for (size_t k = 0; k < u->undo.v[i].n_tables; k++) {
            struct undo_table *x = &u->undo.v[i].tables[k];
            size_t at = (size_t)(uintptr_t)table_gets(&all.at, x->table);
            x->now = at > 0 ? rows[at - 1].rows : ROWS_UNKNOWN;
            x->is_about = at > 0 && rows[at - 1].is_about;
            x->is_made = table_gets(&written, x->table) != NULL;
        }
        note_written(s->a, &written, &u->back[i]);
    }
    return rc;
}

/* --- the whole ---------------------------------------------------------------------------------------- */

static void allow(struct arena *a, const struct undo_step *x, struct taking_back *back)
{
    struct rows_shown *v = ARENA_ARRAY(a, struct rows_shown, x->n_tables + 1);
    for (size_t i = 0; i < x->n_tables; i++) {
        if (x->tables[i].removes != UNDO_KEEPS) {
            v[back->n_rows++] = (struct rows_shown){x->tables[i].table, undo_most(&x->tables[i])};
        }
    }
    back->rows = v;
}

/* The tables that the first look knew, by receipts too: a name without schema means the same ones again. */
static void add_known(struct tables *t, const struct undo_list *known, size_t i)
{
    for (size_t k = 0; i < known->n && k < known->v[i].n_tables; k++) {
        (void)table_of(t, known->v[i].tables[k].table);
    }
}

int undo_rows(struct site *s, const struct undo_list *known, struct undoing *u, struct err *e)
{
    for (size_t i = 0; i < u->undo.n; i++) {
        struct tables t = {.a = s->a, .x = &u->undo.v[i], .at = {.a = s->a}};
        add_changed(&t, &u->back[i]);
        if (known != NULL) {
            add_known(&t, known, i);
        } else if (add_receipt(s, &t, u->undo.v[i].fact, e) != 0) {
            return -1;
        }
        add_scripts(&t, &u->back[i]);
    }
    if (count(s, u, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < u->undo.n; i++) {
        allow(s->a, &u->undo.v[i], &u->back[i]);
    }
    return 0;
}
