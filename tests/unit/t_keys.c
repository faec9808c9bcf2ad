/* layer: data
 * Names of open objects: found twice or not, however many there are, in as many steps as there are names. */
#include "data/keys.h"

#include "tap.h"

enum { MANY = 200000, PROBES_A_NAME = 4 };

/* Otherwise it is random, and so were the counts. */
static const uint64_t some_factor = 0x9E3779B97F4A7C15;

/* A name of n bytes at most, made of i. */
static uint64_t name(const char *before, int i)
{
    char text[64];
    int n = snprintf(text, sizeof text, "%s%d", before, i);
    return key_of(bytes_of(text, (size_t)n));
}

static int add_many(struct keys *k, size_t from, const char *before, int n)
{
    int n_refused = 0;
    for (int i = 0; i < n; i++) {
        n_refused += keys_add(k, from, name(before, i)) ? 0 : 1;
    }
    return n_refused;
}

/* Objects of 0 to 100 names: each name is new once, and found afterwards, and the outer object's are as they were. */
static void check_sizes(void)
{
    struct keys k = {0};
    int n_wrong = 0;
    for (int n = 0; n <= 100; n++) {
        size_t from = k.n;
        n_wrong += add_many(&k, from, "", n) != 0 ? 1 : 0;
        n_wrong += add_many(&k, from, "", n) != n ? 1 : 0;
        n_wrong += k.n != from + (size_t)n ? 1 : 0;
        keys_leave(&k, from);
    }
    is_int(n_wrong, 0, "objects of 0 to 100 names");
    is_int((long long)(k.n + k.n_many), 0, "nothing is left of them");
    keys_release(&k);
}

/* The same names at every depth are other members; an object that goes on behind an inner one still knows its own. */
static void check_nesting(void)
{
    struct keys k = {0};
    size_t from[64];
    int n_wrong = 0;
    for (int depth = 0; depth < 64; depth++) {
        from[depth] = k.n;
        n_wrong += add_many(&k, from[depth], "a name ", 20 + depth) != 0 ? 1 : 0;
    }
    for (int depth = 63; depth >= 0; depth--) {
        n_wrong += add_many(&k, from[depth], "a name ", 20 + depth) != 20 + depth ? 1 : 0;
        n_wrong += add_many(&k, from[depth], "another ", 300) != 0 ? 1 : 0;
        n_wrong += add_many(&k, from[depth], "another ", 300) != 300 ? 1 : 0;
        keys_leave(&k, from[depth]);
    }
    is_int(n_wrong, 0, "the same names in 64 objects, one in the other");
    is_int((long long)(k.n + k.n_many), 0, "all are left");
    keys_release(&k);
}

static void check_linear(const char *before, const char *what)
{
    struct keys k = {.factor = some_factor};
    is_int(add_many(&k, 0, before, MANY), 0, what);
    ok(k.n_probes <= (uint64_t)PROBES_A_NAME * MANY, "few comparisons for each");
    ok(!keys_add(&k, 0, name(before, 0)) && !keys_add(&k, 0, name(before, MANY - 1)),
       "the first and the last are found");
    keys_leave(&k, 0);
    uint64_t before_small = k.n_probes;
    is_int(add_many(&k, 0, before, KEYS_FEW), 0, "a small object behind it");
    is_int((long long)(k.n_probes - before_small), 0, "looks at nothing but itself");
    keys_release(&k);
}

static void check_middle(void)
{
    struct keys k = {.factor = some_factor};
    int n_refused = 0;
    for (uint64_t i = 0; i < MANY; i++) {
        n_refused += keys_add(&k, 0, i << 32) ? 0 : 1;
    }
    is_int(n_refused, 0, "numbers that differ in their middle only");
    ok(k.n_probes <= (uint64_t)PROBES_A_NAME * MANY, "are spread as well");
    keys_release(&k);
}

int main(void)
{
    tap_plan(4 + 2 * 5 + 2);
    check_sizes();
    check_nesting();
    check_linear("", "200,000 short names");
    check_linear("a name that is hashed, ", "200,000 long names");
    check_middle();
    return tap_done();
}
