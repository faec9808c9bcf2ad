/* layer: evidence */
/* What a segment did: what is read from what was written is what it was written from; what no kfmig wrote is refused. */
#include "evidence/stepped.h"
#include "tap.h"

static struct arena a;

static struct stepped made(void)
{
    static struct object_row rows[2];
    static struct account_change change;
    static struct facet_diff facet = {FACET_ADDED, "index odd\tname"};
    static struct touch touch, residue;
    rows[0] = (struct object_row){.object = "table app.\"T,\"",
                                  .definition = "index i\tbtree (a)\nowner\tu\n~index i\tx\n"};
    rows[1] = (struct object_row){.object = "view app.gone"};
    change = (struct account_change){"table app.\"T,\"", FACET_CHANGED, &facet, 1};
    touch = (struct touch){.object = {OBJ_TABLE, "app", "T,", NULL},
                           .effect = EFFECT_ALTER,
                           .inserted = 3,
                           .deleted = ROWS_UNKNOWN};
    residue = (struct touch){.object = {OBJ_SEQUENCE, "app", "q", NULL}, .effect = EFFECT_WRITE};
    struct stepped s = {.objects = {rows, 2, 2}, .diff = {.migration_id = "M-1"}};
    s.diff.changes = &change;
    s.diff.n_changes = 1;
    s.diff.touched = (struct touches){&touch, 1, 1};
    s.diff.residue = (struct touches){&residue, 1, 1};
    s.diff.declared = s.diff.observed = limits_none;
    s.diff.observed.max_index_count_delta = 1;
    s.diff.observed.max_row_backfill = 3;
    return s;
}

static void test_round(void)
{
    struct err e = {0};
    struct stepped s = made();
    struct stepped back;
    struct bytes text = stepped_write(&a, &s);
    is_int(stepped_read(&a, text, "x", &back, &e), 0, "it is read back");
    is_int((long long)back.objects.n, 2, "both objects");
    is_str(back.objects.v[0].object, "table app.\"T,\"", "the name of one");
    is_str(back.objects.v[0].definition, s.objects.v[0].definition, "its definition");
    struct digest want = digest_of(bytes_str("index i\tbtree (a)\nowner\tu\n"));
    ok(digest_eq(&back.objects.v[0].fingerprint, &want),
       "its fingerprint: of the lines that count");
    ok(digest_is_zero(&back.objects.v[1].fingerprint) && back.objects.v[1].definition == NULL,
       "one that was removed has none");
    is_int(back.diff.observed.max_row_backfill, 3, "rows so far");
    is_int(back.diff.observed.max_index_count_delta, 1, "indexes so far");
    is_int(back.diff.observed.max_table_count_touched, -1, "what was not counted");
    is_str(back.diff.changes[0].facets[0].facet, "index odd\tname", "a facet");
    is_str(object_text(&a, &back.diff.touched.v[0].object), "table app.\"T,\"", "a touch");
    is_int(back.diff.touched.v[0].inserted, 3, "its rows");
    is_int((long long)back.diff.residue.n, 1, "what outlives a rollback");
    ok(bytes_eq(stepped_write(&a, &back), text), "written again it is the same");
}

static void test_refused(void)
{
    static const char *const texts[] = {
        "",
        "7",
        "{}",
        "[]",
        "{\"format\":\"kfmig.step.v2\"}",
        "{\"format\":\"kfmig.step.v1\"}",
        "{\"format\":\"kfmig.step.v1\",\"diff\":{},\"touched\":\"\"}",
        "{\"format\":\"kfmig.step.v1\",\"diff\":{\"format\":\"kfmig.diff.v1\"},\"touched\":\"x\"}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct err e = {0};
        struct stepped back;
        int rc = stepped_read(&a, bytes_str(texts[i]), "the text of entry 7", &back, &e);
        ok(rc == -1 && e.code == ERR_INTEGRITY && strcmp(e.where.path, "the text of entry 7") == 0,
           texts[i]);
    }
}

int main(void)
{
    tap_plan(14 + 8);
    test_round();
    test_refused();
    arena_release(&a);
    return tap_done();
}
