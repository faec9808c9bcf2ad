/* layer: store */
/* A picture of a store, carried forward by what was done: sorted, found by text and by address, and at a cost that does
 * not grow with what stands there. */
#include "tap.h"

#include "store/catalog.h"

static struct arena arena;

enum { N_NAMES = 400, N_ROUNDS = 600, N_LARGE = 20000 };

static struct catalog_object *made(struct arena *a, int n, int version)
{
    struct catalog_object *o = ARENA_NEW(a, struct catalog_object);
    struct object object = {.kind = OBJ_TABLE, .schema = "app", .name = arena_printf(a, "t%d", n)};
    *o = (struct catalog_object){.classid = 1259, .objid = (uint32_t)(1000 + n), .object = object};
    o->facets = ARENA_NEW(a, struct facet);
    o->facets[0] = (struct facet){"version", arena_printf(a, "%d", version), NULL};
    o->n_facets = 1;
    o->text = object_text(a, &object);
    o->fingerprint = digest_of(bytes_str(catalog_definition(a, o)));
    return o;
}

static int by_text(const void *x, const void *y)
{
    const struct change *a = x;
    const struct change *b = y;
    return strcmp(a->before != NULL ? a->before->text : a->after->text,
                  b->before != NULL ? b->before->text : b->after->text);
}

static struct catalog empty_catalog(struct arena *a)
{
    return (struct catalog){.a = a, .by_text = {.a = a}, .by_oid = {.a = a}};
}

static uint32_t dice;
static uint32_t roll(uint32_t n)
{
    dice = dice * 1664525U + 1013904223U;
    return (dice >> 8) % n;
}

/* version[n]: 0, it is not there. */
static bool is_as(const struct catalog *c, const int *version)
{
    size_t n = 0;
    for (int i = 0; i < N_NAMES; i++) {
        const struct catalog_object *o =
            table_gets(&c->by_text, arena_printf(&arena, "table app.t%d", i));
        const struct catalog_object *at = catalog_at(c, 1259, (uint32_t)(1000 + i));
        bool is_there = version[i] != 0;
        if (is_there != (o != NULL) || o != at ||
            (is_there && strcmp(o->facets[0].value, arena_printf(&arena, "%d", version[i])) != 0)) {
            return false;
        }
        n += is_there;
    }
    for (size_t i = 0; i < c->n; i++) {
        if ((i > 0 && strcmp(c->v[i - 1]->text, c->v[i]->text) >= 0) ||
            table_gets(&c->by_text, c->v[i]->text) != c->v[i]) {
            return false;
        }
    }
    return n == c->n;
}

static void test_sequence(void)
{
    struct catalog base = empty_catalog(&arena);
    int version[N_NAMES] = {0};
    int n_good = 0;
    for (int i = 1; i <= N_ROUNDS; i++) {
        struct arena seen = {0};
        struct change v[5];
        struct observation o = {.changes = v};
        bool taken[N_NAMES] = {false};
        for (size_t k = roll(6); k > 0; k--) {
            int n = (int)roll(N_NAMES);
            if (taken[n]) {
                continue;
            }
            taken[n] = true;
            bool goes = version[n] != 0 && roll(2) == 0;
            v[o.n_changes++] = (struct change){version[n] != 0 ? made(&seen, n, version[n]) : NULL,
                                               goes ? NULL : made(&seen, n, i)};
            version[n] = goes ? 0 : i;
        }
        qsort(v, o.n_changes, sizeof *v, by_text);
        catalog_advance(&base, &o);
        arena_release(&seen); /* observations do not live as long */
        n_good += is_as(&base, version);
    }
    is_int(n_good, N_ROUNDS, "sorted, found, and as changed last, after each change");
}

static void test_cost(void)
{
    struct arena a = {0};
    struct catalog base = empty_catalog(&a);
    for (int i = 0; i < N_LARGE; i++) {
        (void)catalog_add(
            &base,
            (struct object){.kind = OBJ_TABLE, .schema = "app", .name = arena_printf(&a, "a%d", i)},
            ARENA_NEW(&a, struct facet), 0);
    }
    catalog_seal(&base);
    size_t before = a.used;
    for (int i = 0; i < 100; i++) {
        struct change v = {NULL, made(&arena, i, 1)};
        catalog_advance(&base, &(struct observation){.changes = &v, .n_changes = 1});
    }
    size_t each = (a.used - before) / 100;
    is_int(base.n, N_LARGE + 100, "a hundred more than twenty thousand");
    if (!ok(each < 8192, "and each takes its own memory, not that of all")) {
        printf("# %zu bytes each\n", each);
    }
    arena_release(&a);
}

int main(void)
{
    tap_plan(3);
    test_sequence();
    test_cost();
    arena_release(&arena);
    return tap_done();
}
