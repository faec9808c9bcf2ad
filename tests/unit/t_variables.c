/* layer: model */
/* Values in place of ${NAME}: what is put where, what is said of names without one, and what a value may be. */
#include "model/variables.h"

#include <string.h>

#include "doc/canon.h"
#include "tap.h"

static struct variable have[] = {{.name = "A", .value = "x"}, {.name = "LONG_1", .value = "a b"}};
static const struct variables values = {.env = "dev", .v = have, .n = 2};

/* text, declared names, what it becomes with values, the faults joined by " | ". */
static const struct {
    const char *name, *text, *declared[3], *want, *faults;
} fills[] = {
    {"nothing", "SELECT 1", {"A"}, "SELECT 1", ""},
    {"one", "SELECT ${A}", {"A"}, "SELECT x", ""},
    {"two at once", "${A}${LONG_1};${A}", {"A", "LONG_1"}, "xa b;x", ""},
    {"nothing declared", "SELECT '${A}'", {NULL}, "SELECT '${A}'", ""},
    {"what is no name", "$1 ${} ${a-b} ${A $$ ${", {"A"}, "$1 ${} ${a-b} ${A $$ ${", ""},
    {"not declared", "\n ${B}", {"A"}, "\n B", "p:2:2: ${B} is not declared"},
    {"no value",
     "${A}\n${C}${D}",
     {"A", "C"},
     "x\nCD",
     "p:2:1: ${C} has no value in environment \"dev\" | p:2:5: ${D} is not declared"},
};

static const char *said(struct arena *a, const struct err_list *l)
{
    const char *out = "";
    for (size_t i = 0; i < l->n; i++) {
        out = arena_printf(a, "%s%s%s:%d:%d: %s", out, i > 0 ? " | " : "", l->v[i].where.path,
                           l->v[i].where.line, l->v[i].where.col, l->v[i].msg);
    }
    return out;
}

static void test_fills(struct arena *a)
{
    for (size_t i = 0; i < sizeof fills / sizeof *fills; i++) {
        struct names declared = {0};
        struct err_list faults = {0};
        struct bytes out;
        for (size_t k = 0; k < 3 && fills[i].declared[k] != NULL; k++) {
            names_add(a, &declared, fills[i].declared[k]);
        }
        variables_fill(a, &declared, &values, "p", bytes_str(fills[i].text), &out, &faults);
        is_str(arena_strndup(a, out.p, out.n), fills[i].want, fills[i].name);
        is_str(said(a, &faults), fills[i].faults, "and this is said");
        err_list_release(&faults);
    }
}

/* Where no environment is known a name stands for its value. */
static void test_unknown(struct arena *a)
{
    struct names declared = {0};
    struct err_list faults = {0};
    struct bytes out;
    names_add(a, &declared, "Z");
    variables_fill(a, &declared, NULL, "p", bytes_str("SELECT ${Z}"), &out, &faults);
    is_str(arena_strndup(a, out.p, out.n), "SELECT z", "a name in its own place");
    is_int((long long)faults.n, 0, "and nothing is said");
    err_list_release(&faults);
}

static const struct {
    const char *value, *fault;
} bad[] = {
    {"kansas", NULL},
    {"a-b_c.d,e:/@+=%", NULL},
    {"1 2", NULL},
    {"", "it is empty"},
    {"a--b", "it begins a comment"},
    {"x'y", "something"},
    {"x\"y", "something"},
    {"x;y", "something"},
    {"x\ny", "something"},
    {"x\\y", "something"},
    {"$$", "something"},
    {"a/*b", "something"},
    {"\xc3\xa4", "something"},
};

static void test_values(void)
{
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *why = variable_fault(bad[i].value);
        ok(bad[i].fault == NULL ? why == NULL : why != NULL && strstr(why, bad[i].fault) != NULL,
           bad[i].value);
    }
}

static void test_doc(struct arena *a)
{
    struct names declared = {0};
    struct buf text = {0};
    names_add(a, &declared, "A");
    names_add(a, &declared, "NONE");
    canon_write(&text, variables_doc(a, &declared, &values));
    ok(strncmp(buf_str(&text), "{\"A\":", 5) == 0 && strstr(buf_str(&text), "LONG") == NULL,
       "digests of those that are declared and have a value");
    buf_release(&text);
}

int main(void)
{
    struct arena a = {0};
    tap_plan((int)(2 * (sizeof fills / sizeof *fills) + sizeof bad / sizeof *bad + 2 + 1));
    have[0].digest = digest_of(bytes_str("x"));
    have[1].digest = digest_of(bytes_str("a b"));
    test_fills(&a);
    test_unknown(&a);
    test_values();
    test_doc(&a);
    arena_release(&a);
    return tap_done();
}
