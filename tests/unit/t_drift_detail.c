/* layer: site */
/* What of drifted objects differs, facet by facet, as `kfmig diff` tells it: the ledger's definition beside what stands there. */
#include <string.h>

#include "site/site.h"
#include "tap.h"

static struct arena arena;

static const char *lower(struct arena *a, const char *sent)
{
    char *s = arena_strdup(a, sent);
    for (char *p = s; *p != '\0'; p++) {
        *p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
    }
    return s;
}

/* what: the object in this test; was: its definition in the ledger, NULL: it has none there; now: names and values of what stands there, in
 * turn, NULL at once: nothing does; normal: the engine knows a normal form of its texts. */
struct detail_case {
    const char *what, *was;
    const char *now[8];
    bool normal;
    const char *seen;
};

static struct facet *facets(const char *const *now, size_t *n)
{
    struct facet *v = ARENA_ARRAY(&arena, struct facet, 4);
    for (*n = 0; now[*n * 2] != NULL; ++*n) {
        v[*n] =
            (struct facet){.name = now[*n * 2], .value = now[*n * 2 + 1], .sent = now[*n * 2 + 1]};
    }
    return v;
}

static void check(const struct detail_case *c)
{
    struct object o = {OBJ_TABLE, "app", "item", NULL};
    const char *text = object_text(&arena, &o);
    struct object_row rows[] = {{.object = "table app.aaa", .definition = "owner\tsomebody\n"},
                                {.object = text, .definition = c->was},
                                {.object = "table app.zzz", .definition = "owner\tsomebody\n"}};
    struct object_row others[] = {rows[0], rows[2]};
    struct drift drift = {.text = text};
    struct site s = {.a = &arena};
    s.catalog = (struct catalog){.a = &arena, .by_text = {.a = &arena}, .by_oid = {.a = &arena}};
    if (c->now[0] != NULL) {
        size_t n = 0;
        struct facet *v = facets(c->now, &n);
        struct catalog_object *made = catalog_add(&s.catalog, o, v, n);
        made->normal = c->normal ? lower : NULL;
        catalog_seal(&s.catalog);
    }
    s.sum = c->was != NULL ? (struct object_rows){.v = rows, .n = 3}
                           : (struct object_rows){.v = others, .n = 2};
    s.world.drift = &drift;
    s.world.n_drift = 1;
    size_t n = 0;
    const struct drift_detail *d = site_details(&s, &n);
    const char *seen = "";
    for (size_t i = 0; i < d->n; i++) {
        seen = arena_printf(&arena, "%s%s: %s > %s; ", seen, d->v[i].facet,
                            d->v[i].was != NULL ? d->v[i].was : "none",
                            d->v[i].now != NULL ? d->v[i].now : "none");
    }
    is_int(n, 1, c->what);
    ok(d->drift == &drift, c->what);
    is_str(seen, c->seen, c->what);
}

int main(void)
{
    static const struct detail_case cases[] = {
        {"a value",
         "kind\ttable\nowner\tone\n",
         {"kind", "table", "owner", "two"},
         false,
         "owner: one > two; "},
        {"a facet came",
         "kind\ttable\n",
         {"kind", "table", "owner", "two"},
         false,
         "owner: none > two; "},
        {"a facet came first",
         "owner\tone\n",
         {"kind", "table", "owner", "one"},
         false,
         "kind: none > table; "},
        {"a facet went",
         "kind\ttable\nowner\tone\n",
         {"kind", "table"},
         false,
         "owner: one > none; "},
        {"a facet went that was first",
         "kind\ttable\nowner\tone\n",
         {"owner", "one"},
         false,
         "kind: table > none; "},
        {"the object is new", NULL, {"kind", "table"}, false, "kind: none > table; "},
        {"the object is gone", "kind\ttable\n", {NULL}, false, "kind: table > none; "},
        {"other words, one meaning",
         "default\tNOW()\n~default\tnow()\n",
         {"default", "now()"},
         true,
         ""},
        {"other words, another meaning",
         "default\tNOW()\n~default\tnow()\n",
         {"default", "LATER()"},
         true,
         "default: NOW() > LATER(); "},
        {"a meaning that only one side knows",
         "default\tNOW()\n",
         {"default", "now()"},
         true,
         "default: NOW() > now(); "},
        {"a line that is no facet",
         "nothing\nkind\ttable\n",
         {"kind", "view"},
         false,
         "kind: table > view; "},
        {"who wrote it is no difference",
         "kind\ttable\n~written\t7\n",
         {"kind", "table"},
         false,
         ""},
    };
    tap_plan(3 * (int)(sizeof cases / sizeof *cases) + 2);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check(&cases[i]);
    }
    struct site nobody = {.a = &arena};
    size_t n = 9;
    (void)site_details(&nobody, &n);
    is_int(n, 0, "without drift there is nothing to tell");
    site_ask_around(&nobody, AROUND_RUNS | AROUND_ROWS, -1);
    ok(nobody.world.running == NULL, "without a connection nobody is asked what runs");
    arena_release(&arena);
    return tap_done();
}
