/* layer: model */
/* What counts to what: parents as catalogs list them and as texts name them, roots, and the verdict of a scope on a child by its
 * parents. */
#include "tap.h"

#include "model/scope.h"

#define LIST(...)                                                                                  \
    {                                                                                              \
        (const char *[]){__VA_ARGS__}, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), 0   \
    }

static struct arena arena;

static struct object table(const char *schema, const char *name)
{
    return (struct object){.kind = OBJ_TABLE, .schema = schema, .name = name};
}

/* app.m: app.m_1 and archive.m_2; app.m_1: app.m_1_a. app.both: app.m and other.x. ring: itself by way of loop. m_new, as a text
 * names it: m. */
static const struct lineage *family(void)
{
    static const struct {
        const char *schema, *name, *parents;
    } rows[] = {
        {"app", "m_1", "app.m"},
        {"archive", "m_2", "app.m"},
        {"app", "m_1_a", "app.m_1"},
        {"app", "both", "app.m, other.x"},
        {"app", "odd", "\"a, b\".\"c.d\", \"say \"\"x\"\"\".y"},
        {"", "ring", "loop"},
        {"", "loop", "ring"},
        {"", "m_new", "m"},
        {"x", "twice", "app.m"},
        {"x", "between", "app.m"},
        {"w", "twice", "app.m"},
        {"y", "twice", "other.x"},
        {"y", "between", "app.m"},
        {"v", "twice", "other.m"},
        {"x", "pair", "app.m, other.m"},
    };
    struct lineage *l = lineage_new(&arena);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct object child = table(rows[i].schema, rows[i].name);
        lineage_add_list(l, &child, rows[i].parents);
        lineage_add_list(l, &child, rows[i].parents);
    }
    is_int(l->n, 18, "each parent once");
    return l;
}

/* The same, half of them known before; of two parents the second, as what is new is told first. */
static const struct lineage *family_over(const struct lineage *whole)
{
    struct lineage *known = lineage_new(&arena);
    struct lineage *l = lineage_over(&arena, known);
    for (size_t i = 0; i < whole->n; i++) {
        lineage_add((i % 2 == 1) == (i >= 8) ? known : l, &whole->v[i].child, &whole->v[i].parent);
    }
    for (size_t i = 0; i < whole->n; i++) {
        lineage_add(l, &whole->v[i].child, &whole->v[i].parent);
    }
    is_int(l->n, 9, "what is known is not repeated");
    return l;
}

static const char *parents_of(const struct lineage *l, const char *schema, const char *name)
{
    const char *text = "";
    size_t at = 0;
    struct object o = table(schema, name);
    for (const struct object *p; (p = lineage_parent(l, &o, &at)) != NULL;) {
        text = arena_printf(&arena, "%s%s%s", text, text[0] != '\0' ? "; " : "",
                            object_text(&arena, p) + strlen("table "));
    }
    return text;
}

static void test_parents(const struct lineage *l)
{
    is_str(parents_of(l, "app", "m_1"), "app.m", "a partition");
    is_str(parents_of(l, "archive", "m_1"), "", "of that name in another schema");
    is_str(parents_of(l, "app", "both"), "app.m; other.x", "two parents");
    is_str(parents_of(l, "app", "odd"), "\"a, b\".\"c.d\"; \"say \"\"x\"\"\".y",
           "names with commas, dots and quotes");
    is_str(parents_of(l, "", "twice"), "app.m; app.m; other.x; other.m",
           "without a schema: all of that name");
    is_str(parents_of(l, "y", "twice"), "other.x", "the second of that name");
    is_str(parents_of(l, "v", "twice"), "other.m", "the last of that name");
    is_str(parents_of(l, "q", "twice"), "", "none of that name");
    is_str(parents_of(l, "x", "pair"), "app.m; other.m",
           "two parents that differ in their schema only");
    is_str(parents_of(l, "z", "m_new"), "m", "one whose schema the text does not say");
    is_str(parents_of(NULL, "app", "m_1"), "", "nothing is known");
}

static void test_roots(const struct lineage *l)
{
    struct object deep = table("app", "m_1_a");
    struct object alone = table("app", "alone");
    struct object m = table("app", "m");
    struct object ring = table("", "ring");
    struct object root = lineage_root(l, &deep);
    is_str(object_text(&arena, &root), "table app.m", "root of a partition's partition");
    is_str(lineage_text(&arena, l, &deep), "table app.m_1_a, a part of app.m", "in words");
    is_str(lineage_text(&arena, l, &alone), "table app.alone", "what is alone, in words");
    is_str(lineage_text(&arena, NULL, &deep), "table app.m_1_a", "where nothing is known");
    ok(lineage_is_above(l, &m, &deep), "an ancestor is above");
    ok(!lineage_is_above(l, &deep, &m), "and not below");
    ok(!lineage_is_above(l, &m, &m), "nor above itself");
    root = lineage_root(l, &ring);
    ok(root.name[0] != '\0', "names that go round in circles come to an end");
    ok(!lineage_is_above(l, &m, &ring), "also when an ancestor is looked for");
}

/* app.c0 is a part of app.c1, and so on: as many generations as are followed, and one more. */
static void test_depth(void)
{
    struct lineage *l = lineage_new(&arena);
    const char *names[LINEAGE_DEPTH + 2];
    for (int i = 0; i < LINEAGE_DEPTH + 2; i++) {
        names[i] = arena_printf(&arena, "c%d", i);
    }
    for (int i = 0; i <= LINEAGE_DEPTH; i++) {
        struct object child = table("app", names[i]);
        struct object parent = table("app", names[i + 1]);
        lineage_add(l, &child, &parent);
    }
    struct object first = table("app", names[0]);
    struct object last = table("app", names[LINEAGE_DEPTH]);
    struct object beyond = table("app", names[LINEAGE_DEPTH + 1]);
    struct object elsewhere = table("other", names[LINEAGE_DEPTH]);
    struct object root = lineage_root(l, &first);
    struct touch t = {.object = first, .effect = EFFECT_WRITE};
    const struct domains none = {.schemas = {0}};
    is_str(root.name, last.name, "a root as far up as is followed");
    ok(lineage_is_above(l, &last, &first), "the last that is followed is above");
    ok(!lineage_is_above(l, &beyond, &first), "what is beyond is not");
    ok(!lineage_is_above(l, &elsewhere, &first), "nor one of that name in another schema");
    for (int i = 0; i < 2; i++) {
        const char *entry = arena_printf(&arena, "app.%s", names[LINEAGE_DEPTH + i]);
        struct names list = {&entry, 1, 0};
        struct scope by_tables = {.has_tables = true, .allowed_tables = list};
        struct scope but = {
            .has_schemas = true, .allowed_schemas = LIST("app"), .forbidden_tables = list};
        is_int(scope_admits(&by_tables, &none, l, &t, true), i == 0 ? VERDICT_OK : VERDICT_OUTSIDE,
               "admitted by the last, not by one beyond");
        is_int(scope_admits(&but, &none, l, &t, true), i == 0 ? VERDICT_FORBIDDEN : VERDICT_OK,
               "forbidden by the last, not by one beyond");
    }
    struct object part = table("app", "f_1");
    struct object foreign = {.kind = OBJ_FOREIGN_TABLE, .schema = "app", .name = "f"};
    lineage_add(l, &part, &foreign);
    is_str(lineage_text(&arena, l, &part), "table app.f_1, a part of app.f",
           "a parent of another kind, in words");
}

struct row {
    const char *what;
    struct scope scope;
    const char *schema, *name;
    enum effect effect;
    enum verdict verdict;
    const char *rule, *fix;
};

#define TABLES(...) .has_tables = true, .allowed_tables = LIST(__VA_ARGS__)
#define SCHEMAS(...) .has_schemas = true, .allowed_schemas = LIST(__VA_ARGS__)
#define COVERED "what it is a part of is in scope"
#define NOT_TABLES "not in scope.allowed_tables"

static const struct row rows[] = {
    {"its parent is named", {TABLES("app.m")}, "app", "m_1", EFFECT_WRITE, VERDICT_OK, COVERED, ""},
    {"its parent's parent is named",
     {TABLES("m")},
     "app",
     "m_1_a",
     EFFECT_DROP,
     VERDICT_OK,
     COVERED,
     ""},
    {"its parent's schema is allowed",
     {SCHEMAS("app")},
     "archive",
     "m_2",
     EFFECT_ALTER,
     VERDICT_OK,
     COVERED,
     ""},
    {"itself",
     {TABLES("app.m_1")},
     "app",
     "m_1",
     EFFECT_WRITE,
     VERDICT_OK,
     "in scope.allowed_tables",
     ""},
    {"only a sibling",
     {TABLES("archive.m_2")},
     "app",
     "m_1",
     EFFECT_WRITE,
     VERDICT_OUTSIDE,
     NOT_TABLES,
     "scope.allowed_tables: [archive.m_2, app.m]"},
    {"the parent, where the child is named",
     {TABLES("app.m_1")},
     "app",
     "m",
     EFFECT_WRITE,
     VERDICT_OUTSIDE,
     NOT_TABLES,
     "scope.allowed_tables: [app.m_1, app.m]"},
    {"a schema beside the parent's",
     {SCHEMAS("x")},
     "archive",
     "m_2",
     EFFECT_WRITE,
     VERDICT_OUTSIDE,
     "not in scope.allowed_schemas",
     "scope.allowed_schemas: [x, app]"},
    {"one of two parents",
     {TABLES("app.m")},
     "app",
     "both",
     EFFECT_WRITE,
     VERDICT_OUTSIDE,
     NOT_TABLES,
     "scope.allowed_tables: [app.m, other.x]"},
    {"both parents",
     {TABLES("app.m", "other.x")},
     "app",
     "both",
     EFFECT_WRITE,
     VERDICT_OK,
     COVERED,
     ""},
    {"one of two that bear the name",
     {TABLES("app.m")},
     "",
     "twice",
     EFFECT_WRITE,
     VERDICT_OK,
     COVERED,
     ""},
    {"the other of the two",
     {TABLES("app.m")},
     "y",
     "twice",
     EFFECT_WRITE,
     VERDICT_OUTSIDE,
     NOT_TABLES,
     "scope.allowed_tables: [app.m, other.x]"},
    {"itself and its parent",
     {TABLES("app.m_1", "app.m")},
     "app",
     "m_1",
     EFFECT_WRITE,
     VERDICT_OK,
     "in scope.allowed_tables",
     ""},
    {"one of two parents, in a schema of one letter",
     {TABLES("app.m")},
     "x",
     "pair",
     EFFECT_WRITE,
     VERDICT_OUTSIDE,
     NOT_TABLES,
     "scope.allowed_tables: [app.m, other.m]"},
    {"referred to, as one of two parents may be",
     {TABLES("app.t"), .references = LIST("app.m")},
     "app",
     "both",
     EFFECT_REFERENCE,
     VERDICT_OUTSIDE,
     "neither in scope nor in scope.references",
     "scope.references: [app.m, other.x]"},
    {"as a text names it", {TABLES("m")}, "", "m_new", EFFECT_CREATE, VERDICT_OK, COVERED, ""},
    {"in circles",
     {TABLES("app.m")},
     "",
     "ring",
     EFFECT_WRITE,
     VERDICT_OUTSIDE,
     NOT_TABLES,
     "scope.allowed_tables: [app.m, ring]"},
    {"named as forbidden",
     {TABLES("app.m"), .forbidden_tables = LIST("m_1")},
     "app",
     "m_1",
     EFFECT_READ,
     VERDICT_FORBIDDEN,
     "forbidden by scope.forbidden_tables",
     ""},
    {"a parent is forbidden",
     {TABLES("app.m_1"), .forbidden_tables = LIST("app.m")},
     "app",
     "m_1",
     EFFECT_READ,
     VERDICT_FORBIDDEN,
     "forbidden by scope.forbidden_tables",
     ""},
    {"a parent's schema is forbidden",
     {SCHEMAS("archive"), .forbidden_schemas = LIST("app")},
     "archive",
     "m_2",
     EFFECT_WRITE,
     VERDICT_FORBIDDEN,
     "forbidden by scope.forbidden_schemas",
     ""},
    {"a sibling is forbidden",
     {TABLES("app.m"), .forbidden_tables = LIST("m_2")},
     "app",
     "m_1",
     EFFECT_WRITE,
     VERDICT_OK,
     COVERED,
     ""},
    {"referred to, as its parent may be",
     {TABLES("app.t"), .references = LIST("app.m")},
     "app",
     "m_1",
     EFFECT_REFERENCE,
     VERDICT_OK,
     COVERED,
     ""},
    {"referred to",
     {TABLES("app.t")},
     "app",
     "m_1",
     EFFECT_REFERENCE,
     VERDICT_OUTSIDE,
     "neither in scope nor in scope.references",
     "scope.references: [app.m]"},
    {"read", {TABLES("app.t")}, "app", "m_1", EFFECT_READ, VERDICT_OK, "reading it is free", ""},
    {"a parent is protected",
     {SCHEMAS("archive", "app", "other")},
     "app",
     "both",
     EFFECT_WRITE,
     VERDICT_PROTECTED,
     "protected by policy.protected.tables",
     ""},
    {"a parent is protected, and it is only read",
     {SCHEMAS("app")},
     "app",
     "both",
     EFFECT_READ,
     VERDICT_OK,
     "reading it is free",
     ""},
};

enum { N_ROWS = sizeof rows / sizeof *rows };

static const struct domains guarded = {.tables = LIST("other.x")};
static const struct domains none = {.schemas = {0}};

static void test_verdicts(const struct lineage *l)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        const struct row *r = &rows[i];
        const struct domains *d = strstr(r->what, "protected") != NULL ? &guarded : &none;
        struct touch t = {.object = table(r->schema, r->name), .effect = r->effect};
        is_int(scope_admits(&r->scope, d, l, &t, true), r->verdict, r->what);
        is_str(scope_rule(&r->scope, d, l, &t, true), r->rule, "and the rule");
        is_str(scope_fix(&arena, &r->scope, d, l, &t, true), r->fix, "and what would admit it");
    }
}

static void test_same(void)
{
    const struct object p = table("app", "p");
    const struct object q = table("app", "q");
    const struct object child = table("app", "c");
    struct lineage *one = lineage_new(&arena);
    struct lineage *other = lineage_new(&arena);
    ok(lineage_same(NULL, one), "nothing is nothing");
    lineage_add(one, &child, &p);
    ok(!lineage_same(one, other) && !lineage_same(NULL, one), "one more");
    lineage_add(other, &child, &q);
    ok(!lineage_same(one, other), "another parent");
    ok(lineage_same(one, one), "the same");
}

int main(void)
{
    tap_plan(4 + 2 + 9 + 2 * (11 + 9 + 3 * N_ROWS));
    const struct lineage *whole = family();
    const struct lineage *const both[] = {whole, family_over(whole)};
    for (size_t i = 0; i < 2; i++) {
        test_parents(both[i]);
        test_roots(both[i]);
        test_verdicts(both[i]);
    }
    test_depth();
    test_same();
    arena_release(&arena);
    return tap_done();
}
