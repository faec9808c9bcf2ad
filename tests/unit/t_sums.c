/* layer: evidence */
/* Sums moved on from entry to entry are those that are read whole, whatever was made, changed, removed and
 * made again, and the ledger is asked for few of them. */
#include "tap.h"

#include <stdlib.h>
#include <string.h>

#include "evidence/sums.h"

static struct arena arena;

enum { ENTRIES = 600, TABLES = 40 };

/* Entry i writes one object, and every third removes another. */
struct written {
    struct object_row row[2 * ENTRIES];
    size_t n;
    int n_whole, n_changes;
    int64_t furthest;
    bool is_gone;
};

static struct written h;

static void add(int64_t sequence, int table, int value)
{
    struct object_row *o = &h.row[h.n++];
    *o = (struct object_row){.object = arena_printf(&arena, "table s%d.t%d", table % 3, table),
                             .sequence = sequence};
    o->fingerprint.b[0] = (uint8_t)value;
    o->fingerprint.b[1] = (uint8_t)(value >> 8);
}

static void make_history(void)
{
    for (int i = 1; i <= ENTRIES; i++) {
        add(i, i * 7 % TABLES, i);
        if (i % 3 == 0) {
            add(i, (i * 7 + 1) % TABLES, 0);
        }
    }
}

static int by_object(const void *x, const void *y)
{
    return strcmp(((const struct object_row *)x)->object, ((const struct object_row *)y)->object);
}

static void sum_up(int64_t upto, struct arena *a, struct object_rows *out)
{
    struct table last = {.a = a};
    *out = (struct object_rows){.v = ARENA_ARRAY(a, struct object_row, TABLES + 1)};
    for (size_t i = 0; i < h.n && h.row[i].sequence <= upto; i++) {
        table_puts(&last, h.row[i].object, &h.row[i]);
    }
    for (size_t i = 0; i < last.n; i++) {
        const struct object_row *o = last.rows[i].value;
        if (!digest_is_zero(&o->fingerprint)) {
            out->v[out->n++] = *o;
        }
    }
    qsort(out->v, out->n, sizeof *out->v, by_object);
}

static int tell_objects(void *ctx, int64_t upto, struct arena *a, struct object_rows *out,
                        struct err *e)
{
    (void)ctx;
    h.n_whole++;
    if (h.is_gone) {
        return err_set(e, ERR_PREFLIGHT, "the connection is gone");
    }
    sum_up(upto, a, out);
    return 0;
}

static int tell_changes(void *ctx, int64_t after, int64_t upto, struct arena *a,
                        struct object_rows *out, struct err *e)
{
    (void)ctx;
    h.n_changes++;
    h.furthest = upto;
    if (h.is_gone) {
        return err_set(e, ERR_PREFLIGHT, "the connection is gone");
    }
    *out = (struct object_rows){.v = ARENA_ARRAY(a, struct object_row, h.n + 1)};
    for (size_t i = 0; i < h.n; i++) {
        if (h.row[i].sequence > after && h.row[i].sequence <= upto) {
            out->v[out->n++] = h.row[i];
        }
    }
    return 0;
}

static const struct ledger_source source = {.objects = tell_objects, .changes = tell_changes};
static const char *s0[] = {"s0"};
static const char *s1[] = {"s1"};
static const char *t4[] = {"t4"};
static const struct domains none;
static const struct domains governed[] = {{.schemas = {s0, 1, 1}},
                                          {.schemas = {s1, 1, 1}},
                                          {.schemas = {s1, 1, 1}, .tables = {t4, 1, 1}}};

/* Is the sum up to upto the one that is made of its rows? */
static bool is_right(struct sums *s, int64_t upto, const struct domains *d, int major)
{
    struct baseline *b = NULL;
    struct baseline whole;
    struct object_rows rows;
    struct object_rows have;
    struct err e = {0};
    if (sums_at(s, upto, d, major, &b, &e) != 0) {
        return false;
    }
    sum_up(upto, &arena, &rows);
    baseline_begin(&whole, &rows, d, major);
    struct digest x = baseline_digest(b);
    struct digest y = baseline_digest(&whole);
    baseline_rows(b, &arena, &have);
    bool same = digest_eq(&x, &y) && have.n == rows.n;
    for (size_t i = 0; same && i < rows.n; i++) {
        same = strcmp(have.v[i].object, rows.v[i].object) == 0 &&
               digest_eq(&have.v[i].fingerprint, &rows.v[i].fingerprint);
    }
    baseline_release(&whole);
    return same;
}

static void begin(struct sums *s, int64_t last)
{
    h.n_whole = h.n_changes = 0;
    h.furthest = 0;
    sums_begin(s, &source, last);
}

static void test_forward(void)
{
    struct sums s;
    bool good = true;
    begin(&s, ENTRIES);
    for (int64_t i = 1; i <= ENTRIES; i++) {
        good = is_right(&s, i - 1, &none, 15) && is_right(&s, i, &none, 15) && good;
    }
    ok(good, "before and after each of 600 entries");
    is_int(h.n_whole, 0, "none is read whole");
    is_int(h.n_changes, 3, "and changes 250 entries at a time");
    is_int(h.furthest, ENTRIES, "to the last");
    sums_release(&s);
}

static void test_from_within(void)
{
    struct sums s;
    begin(&s, 300);
    ok(is_right(&s, 299, &none, 15) && is_right(&s, 300, &none, 15), "before and after one entry");
    is_int(h.n_whole, 1, "the first is read whole");
    is_int(h.n_changes, 1, "the other moved on");
    is_int(h.furthest, 300, "by what that entry changed, and no more");
    ok(is_right(&s, 290, &none, 15) && is_right(&s, 0, &none, 15) && is_right(&s, 300, &none, 15),
       "and back, to none, and on again");
    is_int(h.n_whole, 2, "of which the first was read whole again");
    sums_release(&s);
}

static void test_policy(void)
{
    struct sums s;
    bool good = true;
    begin(&s, ENTRIES);
    for (int64_t i = 1; i <= ENTRIES; i += 20) {
        good = is_right(&s, i, &governed[i / 20 % 3], 15 + (int)(i / 100)) && good;
    }
    ok(good, "what is protected and the server's version change on the way");
    is_int(h.n_whole, 1, "and that takes no reading");
    sums_release(&s);
}

static void test_gone(void)
{
    struct sums s;
    begin(&s, ENTRIES);
    ok(is_right(&s, 1, &none, 15), "the ledger can be read");
    h.is_gone = true;
    ok(is_right(&s, 1, &none, 15), "the same once more needs nothing");
    ok(!is_right(&s, 2, &none, 15) && !is_right(&s, 3, &none, 15), "it cannot be read");
    h.is_gone = false;
    ok(is_right(&s, 3, &none, 15) && is_right(&s, 400, &none, 15), "it can be again");
    sums_release(&s);
}

int main(void)
{
    tap_plan(4 + 6 + 2 + 4);
    make_history();
    test_forward();
    test_from_within();
    test_policy();
    test_gone();
    arena_release(&arena);
    return tap_done();
}
