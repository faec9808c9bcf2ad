/* layer: run */
/* What segments came to, laid one over the other: touches and rows are added up, a table counts once, the last state of an object counts,
 * and the whole is what differs from before. */
#include "run/so_far.h"
#include "tap.h"

static struct arena a;

static struct touch touch_of(const char *name, enum effect effect, int64_t inserted)
{
    return (struct touch){
        .object = {OBJ_TABLE, "app", name, NULL}, .effect = effect, .inserted = inserted};
}

static struct observation seen_of(const struct touch *v, size_t n, int tables, int indexes,
                                  int64_t rows)
{
    struct observation seen = {.n_tables_touched = tables, .index_delta = indexes, .rows = rows};
    for (size_t i = 0; i < n; i++) {
        touches_add(&a, &seen.touches, v[i]);
    }
    return seen;
}

static struct object_row row_of(const char *object, const char *definition)
{
    return (struct object_row){.object = object,
                               .definition = definition,
                               .fingerprint = definition != NULL ? digest_of(bytes_str(definition))
                                                                 : (struct digest){{0}}};
}

static void test_counts(void)
{
    struct so_far f;
    static const struct facet_diff one = {FACET_ADDED, "index i"}, two = {FACET_ADDED, "index k"};
    struct touch v[] = {touch_of("t", EFFECT_ALTER, 1), touch_of("r", EFFECT_READ, 0)};
    struct touch more[] = {touch_of("t", EFFECT_ALTER, 2), touch_of("u", EFFECT_WRITE, 4)};
    const struct touch q = {.object = {OBJ_SEQUENCE, "app", "q", NULL}, .effect = EFFECT_WRITE};
    v[0].facets = &one;
    more[0].facets = &two;
    v[0].n_facets = more[0].n_facets = 1;
    so_far_begin(&f, &a);
    struct observation seen = seen_of(v, 2, 1, 1, 1);
    touches_add(&a, &seen.residue, q);
    so_far_add(&f, &seen);
    is_int(seen.n_tables_touched, 1, "nothing came before");
    so_far_take(&f, &seen, NULL, 0);
    seen = seen_of(more, 2, 2, 1, 6);
    so_far_add(&f, &seen);
    is_int(seen.n_tables_touched, 2, "a table that both touch counts once");
    is_int(seen.index_delta, 2, "indexes are added up");
    is_int(seen.rows, 7, "and rows");
    so_far_take(&f, &seen, NULL, 0);
    is_int((long long)f.touches.n, 3, "the same effect on the same table is one touch");
    is_int(f.touches.v[0].inserted, 3, "with the rows of both");
    is_int((long long)f.touches.v[0].n_facets, 2, "and what of it");
    is_int((long long)f.residue.n, 1, "what outlives a rollback stays");
    struct touch third = touch_of("z", EFFECT_DROP, ROWS_UNKNOWN);
    seen = seen_of(&third, 1, 1, 0, ROWS_UNKNOWN);
    so_far_add(&f, &seen);
    is_int(seen.n_tables_touched, 3, "tables of earlier segments are added");
    is_int(seen.rows, ROWS_UNKNOWN, "what nobody knows stays unknown");
}

/* What an earlier run kept. */
static void test_read(void)
{
    struct so_far f;
    struct facet_diff facet = {FACET_ADDED, "index i"};
    struct account_change changes[] = {{"table app.x", FACET_CHANGED, NULL, 0},
                                       {"table app.t", FACET_CHANGED, &facet, 1}};
    struct object_row row = row_of("table app.t", "owner\tu\n");
    struct stepped s = {.objects = {&row, 1, 1}};
    struct touch v[] = {touch_of("t", EFFECT_ALTER, 0), touch_of("t", EFFECT_WRITE, 5)};
    s.diff.changes = changes;
    s.diff.n_changes = 2;
    s.diff.touched = (struct touches){v, 2, 2};
    s.diff.residue = (struct touches){v, 1, 1};
    s.diff.observed = limits_none;
    s.diff.observed.max_index_count_delta = 3;
    s.diff.observed.max_row_backfill = 5;
    so_far_begin(&f, &a);
    so_far_read(&f, NULL, &s);
    is_int((long long)f.touches.v[0].n_facets, 1, "the diff says what of it was altered");
    is_int((long long)f.touches.v[1].n_facets, 0, "of rows that were written it says nothing");
    is_int((long long)f.tables.n, 1, "one table");
    is_int(f.index_delta, 3, "indexes of all segments so far");
    is_int(f.rows, 5, "rows, too");
    ok(table_gets(&f.objects, "table app.t") != NULL && f.residue.n == 1, "and its objects");
}

static void add(struct catalog *c, const char *name, const char *value)
{
    struct facet *facet = ARENA_NEW(&a, struct facet);
    *facet = (struct facet){.name = "owner", .value = value};
    (void)catalog_add(c, (struct object){OBJ_TABLE, "app", name, NULL}, facet, 1);
}

static void test_result(void)
{
    struct so_far f;
    struct observation whole;
    struct catalog now = {
        .a = &a, .format = CATALOG_FORMAT, .by_text = {.a = &a}, .by_oid = {.a = &a}};
    struct object_row v[] = {row_of("table app.a", "owner\tann\n"),
                             row_of("table app.b", "owner\tann\n"),
                             row_of("table app.c", "owner\tann\n")};
    const struct object_rows was = {v, 3, 3};
    const struct object_rows nothing = {0};
    const struct object_row rows[] = {row_of("table app.new", "x"), row_of("table app.c", NULL),
                                      row_of("table app.b", "x"), row_of("table app.a", "x"),
                                      row_of("table app.passing", "x")};
    struct observation seen = {.rows = 2};
    add(&now, "a", "ann");
    add(&now, "b", "bob");
    add(&now, "new", "ann");
    catalog_seal(&now);
    so_far_begin(&f, &a);
    so_far_take(&f, &seen, rows, 5);
    so_far_result(&f, &was, &now, &whole);
    is_int((long long)whole.n_changes, 3,
           "what is as before, and what came and went, is no change");
    is_str(whole.changes[0].after->text, "table app.b", "changed");
    ok(whole.changes[0].before != NULL && whole.changes[0].before->object.kind == OBJ_TABLE,
       "from what it was");
    ok(whole.changes[1].after == NULL && strcmp(whole.changes[1].before->text, "table app.c") == 0,
       "removed");
    ok(whole.changes[2].before == NULL &&
           strcmp(whole.changes[2].after->text, "table app.new") == 0,
       "added");
    is_int(whole.rows, 2, "with its counts");
    so_far_result(&f, &nothing, &now, &whole);
    is_int((long long)whole.n_changes, 3, "where nothing was before, all that stands is added");
}

int main(void)
{
    tap_plan(10 + 6 + 7);
    test_counts();
    test_read();
    test_result();
    arena_release(&a);
    return tap_done();
}
