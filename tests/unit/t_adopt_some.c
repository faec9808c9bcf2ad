/* layer: flow */
/* Which drifted objects are meant by what is written behind `kfmig adopt ENV`, and what is refused with which words. */
#include "flow/adopt.h"
#include "tap.h"

static struct arena arena;

/* given: words, divided by "|". found: what they are taken for, "; " between them, or the error. */
static const struct {
    const char *name, *given, *found;
    bool is_upgrade, has_no_ledger;
} cases[] = {
    {"none", "", "", false, false},
    {"none where there is no ledger", "", "", false, true},
    {"one by its whole name", "table app.t", "table app.t", false, false},
    {"one without its kind", "app.v", "view app.v", false, false},
    {"a function by its arguments", "app.f(integer)", "function app.f(integer)", false, false},
    {"one without a schema", "more", "schema more", false, false},
    {"two", "app.v|table app.t", "view app.v; table app.t", false, false},
    {"of two by that name", "app.same",
     "\"app.same\" may be sequence app.same or collation app.same; name it with its kind", false,
     false},
    {"of two by the kind", "collation app.same", "collation app.same", false, false},
    {"the other by the kind", "sequence app.same", "sequence app.same", false, false},
    {"one that is as the ledger says", "app.still",
     "table app.still in \"dev\" is as the ledger says: there is nothing to adopt; `kfmig diff "
     "dev` lists what differs, by the names to use",
     false, false},
    {"one that only the ledger has", "table app.old",
     "table app.old in \"dev\" is as the ledger says: there is nothing to adopt; `kfmig diff dev` "
     "lists what differs, by the names to use",
     false, false},
    {"one that nobody knows", "app.nothing",
     "neither \"dev\" nor its ledger has an object \"app.nothing\"; `kfmig diff dev` lists what "
     "differs, by the names to use",
     false, false},
    {"a part of a name", "app",
     "neither \"dev\" nor its ledger has an object \"app\"; `kfmig diff dev` lists what differs, "
     "by the names to use",
     false, false},
    {"the second is not known", "app.v|x",
     "neither \"dev\" nor its ledger has an object \"x\"; `kfmig diff dev` lists what differs, by "
     "the names to use",
     false, false},
    {"one of another store", "search:index parcels",
     "search:index parcels stands in store search, which is adopted as a whole; `kfmig adopt dev`",
     false, false},
    {"one that the version explains", "app.v", "view app.v", true, false},
    {"one that it does not", "table app.t",
     "table app.t was changed: the server's version does not explain it; `kfmig diff dev` says "
     "how; without --upgrade it is adopted all the same",
     true, false},
    {"there is no ledger", "app.v",
     "environment \"dev\" has no ledger yet: nothing was adopted; `kfmig build dev` makes it; "
     "`kfmig adopt dev`, too, and runs nothing",
     false, true},
};
enum { N = sizeof cases / sizeof *cases };

static struct drift drift[] = {
    {.text = "table app.t"},
    {.text = "view app.v", .from_major = 15},
    {.text = "function app.f(integer)"},
    {.text = "schema more"},
    {.text = "sequence app.same"},
    {.text = "collation app.same"},
    {.text = "search:index parcels", .object = {OBJ_UNKNOWN, "", "parcels", "search"}},
};

static const char *found_of(const char *given, bool is_upgrade, bool has_ledger)
{
    static const struct env env = {.name = "dev"};
    static struct object_row rows[] = {{.object = "table app.old"}};
    struct catalog_object still = {.text = "table app.still"};
    struct catalog_object *list[] = {&still};
    struct site s = {.a = &arena, .env = &env, .sum = {rows, 1, 1}};
    s.catalog.v = list;
    s.catalog.n = 1;
    s.world.drift = drift;
    s.world.n_drift = sizeof drift / sizeof *drift;
    s.world.has_ledger = has_ledger;
    const char *words[4];
    size_t n = 0;
    char *rest = arena_strdup(&arena, given);
    while (rest != NULL && *rest != '\0') {
        words[n++] = strsep(&rest, "|");
    }
    struct names out;
    struct err e = {0};
    if (adopt_find(&s, words, n, is_upgrade, &out, &e) != 0) {
        return arena_printf(&arena, "%s; %s", e.msg, e.hint);
    }
    const char *text = "";
    for (size_t i = 0; i < out.n; i++) {
        text = arena_printf(&arena, "%s%s%s", text, i > 0 ? "; " : "", out.v[i]);
    }
    return text;
}

static void nothing_drifted(void)
{
    static const struct env env = {.name = "dev"};
    struct site s = {.a = &arena, .env = &env};
    const char *given[] = {"table app.t"};
    struct names out;
    struct err e = {0};
    s.world.has_ledger = true;
    ok(adopt_find(&s, given, 1, false, &out, &e) == -1, "nothing drifted");
    is_str(e.msg, "\"dev\" is as its ledger says: there is nothing to adopt", "and that is said");
}

static void takes(void)
{
    static const char *named[] = {"table app.t"};
    const struct names one = {named, 1, 1};
    const struct names none = {0};
    ok(adopt_takes(&drift[0], &none, false) && adopt_takes(&drift[1], &none, false),
       "all, where none is named");
    ok(adopt_takes(&drift[0], &one, false) && !adopt_takes(&drift[1], &one, false),
       "what is named");
    ok(!adopt_takes(&drift[0], &none, true) && adopt_takes(&drift[1], &none, true),
       "of an upgrade what the version explains");
    ok(!adopt_takes(&drift[0], &one, true), "and that if it is named");
}

int main(void)
{
    tap_plan(N + 6);
    for (size_t i = 0; i < N; i++) {
        is_str(found_of(cases[i].given, cases[i].is_upgrade, !cases[i].has_no_ledger),
               cases[i].found, cases[i].name);
    }
    takes();
    nothing_drifted();
    arena_release(&arena);
    return tap_done();
}
