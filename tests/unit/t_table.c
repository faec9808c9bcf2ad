/* layer: base */
#include "tap.h"

#include "base/table.h"

static int values[20000];

static void test_small(void)
{
    struct arena a = {0};
    struct table t = {.a = &a};
    int x = 1;
    int y = 2;
    ok(table_gets(&t, "a") == NULL, "an empty table holds nothing");
    ok(table_puts(&t, "a", &x) == NULL, "a new key had no value");
    ok(table_puts(&t, "a", &y) == &x, "an old key gives its old value");
    ok(table_gets(&t, "a") == &y && t.n == 1, "and holds the new one");
    ok(table_put(&t, bytes_of(NULL, 0), &x) == NULL && table_gets(&t, "") == &x,
       "the empty key is a key");
    ok(table_put(&t, bytes_of("a\0b", 3), &x) == NULL && t.n == 3, "NUL in a key counts");
    ok(table_gets(&t, "b") == NULL, "an absent key has no value");
    arena_release(&a);
}

static void test_large(void)
{
    struct arena a = {0};
    struct table t = {.a = &a};
    bool fresh = true;
    for (int i = 0; i < 20000; i++) {
        fresh = fresh && table_puts(&t, arena_printf(&a, "key-%d", i), &values[i]) == NULL;
    }
    bool found = true;
    bool ordered = true;
    for (int i = 0; i < 20000; i++) {
        char key[32];
        (void)snprintf(key, sizeof key, "key-%d", i);
        found = found && table_gets(&t, key) == &values[i];
        ordered =
            ordered && t.rows[i].value == &values[i] && bytes_eq(t.rows[i].key, bytes_str(key));
    }
    ok(fresh, "20,000 keys are all new");
    ok(found, "and all found");
    ok(ordered, "in insertion order");
    ok(table_gets(&t, "key-20000") == NULL, "one that is not there is not found");
    ok(t.n_slots <= 65536, "slots stay in proportion");
    arena_release(&a);
}

int main(void)
{
    tap_plan(7 + 5);
    test_small();
    test_large();
    return tap_done();
}
