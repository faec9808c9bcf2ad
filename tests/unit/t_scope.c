/* layer: model */
/* Scope: a table of touches, the verdict on each, and the rule that decided; names of environment enums. */
#include "tap.h"

#include "doc/doc.h"
#include "doc/yaml.h"
#include "model/scope.h"

#define LIST(...)                                                                                  \
    {                                                                                              \
        (const char *[]){__VA_ARGS__}, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), 0   \
    }

/* Reference 002's example. */
static const struct scope example = {
    .has_schemas = true,
    .has_tables = true,
    .allowed_schemas = LIST("public"),
    .allowed_tables = LIST("parcels"),
    .forbidden_schemas = LIST("governance", "audit"),
    .forbidden_tables = LIST("authority_sites"),
};
static const struct scope schemas_only = {
    .has_schemas = true,
    .allowed_schemas = LIST("kfm_ref", "kfm_index"),
    .forbidden_tables = LIST("kfm_ref.secret"),
    .references = LIST("public.spatial_ref_sys", "lookup"),
    .allowed_extensions = LIST("postgis"),
    .allowed_global = LIST("role:kfm_reader", "publication", "program", "unknown", "event_trigger"),
};
static const struct scope tables_only = {
    .has_tables = true,
    .allowed_tables = LIST("kfm_ref.county", "zone"),
    .references = LIST("kfm_ref.state"),
};
static const struct scope nothing = {.has_schemas = false};
static const struct scope empty_lists = {.has_schemas = true, .has_tables = true};
static const struct scope greedy = {
    .has_schemas = true,
    .allowed_schemas = LIST("kfmig", "governance", "odd.schema"),
    .allowed_global = LIST("role", "default_privileges"),
};
/* Names of one letter, and entries that nearly name what they do not. */
static const struct scope letters = {
    .has_schemas = true,
    .has_tables = true,
    .allowed_schemas = LIST("a", "b"),
    .allowed_tables = LIST("a.t", "b.u", "myzone", ".w", "s"),
    .forbidden_schemas = LIST("f"),
    .forbidden_tables = LIST("kfm_ref.counter"),
    .allowed_global =
        LIST("role:r", "database:d", "setting:s", "user_mapping:m", "publication:p", "role.x"),
};
static const struct domains letter = {.schemas = LIST("a")};
static const struct domains no_domains = {.schemas = {0}};
static const struct domains governed = {.schemas = LIST("governance"),
                                        .tables = LIST("kfm_ref.official", "charter"),
                                        .roles = LIST("auditor")};

struct row {
    const struct scope *scope;
    const struct domains *domains;
    struct object object;
    enum effect effect;
    bool existed;
    enum verdict verdict;
    const char *rule;
};

#define FORBIDDEN_TABLES "forbidden by scope.forbidden_tables"
#define FORBIDDEN_SCHEMAS "forbidden by scope.forbidden_schemas"
#define IN_SCHEMAS "in scope.allowed_schemas"
#define NOT_SCHEMAS "not in scope.allowed_schemas"
#define NO_SCHEMAS "scope.allowed_schemas is not given"
#define NOT_TABLES "not in scope.allowed_tables"
#define OWN "schema \"kfmig\" belongs to kfmig itself"
#define READS "reading it is free"
#define REFERS "referring to it is free"
#define NOT_REFERENCES "neither in scope nor in scope.references"
#define IN_GLOBAL "in scope.allowed_global"
#define NOT_GLOBAL "not in scope.allowed_global"
#define UNNAMED "a change that cannot be named is never in scope"

/* SCHEMA.NAME of KIND, EFFECT, existed: VERDICT by RULE */
#define ROW(scope, domains, kind, schema, name, effect, existed, verdict, rule)                    \
    {                                                                                              \
        &(scope), &(domains), {OBJ_##kind, schema, name, NULL}, EFFECT_##effect, existed,          \
            VERDICT_##verdict, rule                                                                \
    }

/* clang-format off */
static const struct row rows[] = {
    /* an entry's schema is compared whole: not only as far as the shorter of the two goes */
    ROW(tables_only, no_domains, TABLE, "kfm_references", "county", ALTER, true, OUTSIDE, NOT_TABLES),
    ROW(tables_only, no_domains, TABLE, "kfm", "county", ALTER, true, OUTSIDE, NOT_TABLES),
    ROW(tables_only, no_domains, TABLE, "kfm_ref", "county", ALTER, true, OK, "in scope.allowed_tables"),
    ROW(tables_only, no_domains, TABLE, "kfm_rex", "county", ALTER, true, OUTSIDE, NOT_TABLES),
    /* names of one letter, and entries that only end as the name does */
    ROW(letters, no_domains, TABLE, "a", "t", ALTER, true, OK, IN_SCHEMAS),
    ROW(letters, no_domains, TABLE, "b", "t", ALTER, true, OUTSIDE, NOT_TABLES),
    ROW(letters, no_domains, TABLE, "", "zone", ALTER, true, OUTSIDE, NOT_TABLES),
    ROW(letters, no_domains, TABLE, "", "w", ALTER, true, OUTSIDE, NOT_TABLES),
    ROW(letters, no_domains, TABLE, "f", "t", READ, true, FORBIDDEN, FORBIDDEN_SCHEMAS),
    ROW(letters, no_domains, SEQUENCE, "kfm_ref", "counter", READ, true, FORBIDDEN, FORBIDDEN_TABLES),
    ROW(letters, no_domains, VIEW, "c", "v", CREATE, false, OUTSIDE, NOT_SCHEMAS),
    ROW(letters, no_domains, DEFAULT_PRIVILEGES, "a", "", ALTER, true, OK, IN_SCHEMAS),
    ROW(letters, letter, VIEW, "a", "v", DROP, true, PROTECTED, "protected by policy.protected.schemas"),
    /* the table of an index: its text names a schema at most */
    ROW(schemas_only, no_domains, TABLE, "kfm_ref", "", ALTER, true, OK, IN_SCHEMAS),
    ROW(example, no_domains, TABLE, "other", "", ALTER, true, OUTSIDE, NOT_SCHEMAS),
    ROW(example, no_domains, TABLE, "public", "", ALTER, true, OK, IN_SCHEMAS),
    ROW(tables_only, no_domains, TABLE, "kfm_ref", "", ALTER, true, OK, "in scope.allowed_tables, maybe"),
    ROW(nothing, no_domains, TABLE, "kfm_ref", "", ALTER, true, OUTSIDE, NO_SCHEMAS),
    /* what a text does not name may be any of its kind that is listed: who, which database, which setting */
    ROW(letters, no_domains, ROLE, "", "", ALTER, true, OK, IN_GLOBAL),
    ROW(letters, no_domains, DATABASE, "", "", ALTER, true, OK, IN_GLOBAL),
    ROW(letters, no_domains, SETTING, "", "", ALTER, true, OK, IN_GLOBAL),
    ROW(letters, no_domains, USER_MAPPING, "", "", ALTER, true, OK, IN_GLOBAL),
    ROW(letters, no_domains, PUBLICATION, "", "", ALTER, true, OUTSIDE, NOT_GLOBAL),
    ROW(schemas_only, no_domains, DATABASE, "", "", ALTER, true, OUTSIDE, NOT_GLOBAL),
    ROW(letters, no_domains, ROLE, "", "q", ALTER, true, OUTSIDE, NOT_GLOBAL),
    ROW(letters, no_domains, DATABASE, "", "e", ALTER, true, OUTSIDE, NOT_GLOBAL),
    ROW(letters, no_domains, SETTING, "", "e", ALTER, true, OUTSIDE, NOT_GLOBAL),
    ROW(letters, no_domains, USER_MAPPING, "", "e", ALTER, true, OUTSIDE, NOT_GLOBAL),
    ROW(letters, no_domains, ROLE, "", "r", ALTER, true, OK, IN_GLOBAL),
    ROW(letters, no_domains, ROLE, "", "x", ALTER, true, OUTSIDE, NOT_GLOBAL),
    /* what only bears the name of something protected, and what only refers to it */
    ROW(schemas_only, governed, FUNCTION, "kfm_ref", "official", DROP, true, OK, IN_SCHEMAS),
    ROW(greedy, governed, EXTENSION, "", "auditor", DROP, true, OUTSIDE, "not in scope.allowed_extensions"),
    ROW(schemas_only, governed, TABLE, "kfm_ref", "official", REFERENCE, true, OK, "in scope"),
    /* the example: tables need both lists */
    ROW(example, no_domains, TABLE, "public", "parcels", ALTER, true, OK, IN_SCHEMAS),
    ROW(example, no_domains, TABLE, "public", "parcels", WRITE, true, OK, IN_SCHEMAS),
    ROW(example, no_domains, TABLE, "public", "parcels", DROP, true, OK, IN_SCHEMAS),
    ROW(example, no_domains, TABLE, "public", "parcels", TRUNCATE, true, OK, IN_SCHEMAS),
    ROW(example, no_domains, TABLE, "", "parcels", ALTER, true, OK, IN_SCHEMAS),
    ROW(example, no_domains, TABLE, "other", "parcels", ALTER, true, OUTSIDE, NOT_SCHEMAS),
    ROW(example, no_domains, TABLE, "public", "roads", CREATE, false, OUTSIDE, NOT_TABLES),
    ROW(example, no_domains, TABLE, "public", "Parcels", ALTER, true, OUTSIDE, NOT_TABLES),
    ROW(example, no_domains, MATVIEW, "public", "mv", CREATE, false, OUTSIDE, NOT_TABLES),
    ROW(example, no_domains, FOREIGN_TABLE, "public", "ft", CREATE, false, OUTSIDE, NOT_TABLES),
    ROW(example, no_domains, VIEW, "public", "v", CREATE, false, OK, IN_SCHEMAS),
    ROW(example, no_domains, SEQUENCE, "public", "s", WRITE, true, OK, IN_SCHEMAS),
    ROW(example, no_domains, VIEW, "other", "v", CREATE, false, OUTSIDE, NOT_SCHEMAS),
    ROW(example, no_domains, FUNCTION, "public", "area(geometry)", CREATE, false, OK, IN_SCHEMAS),
    ROW(example, no_domains, FUNCTION, "other", "area(geometry)", CREATE, false, OUTSIDE, NOT_SCHEMAS),
    ROW(example, no_domains, TYPE, "", "mood", CREATE, false, OK, IN_SCHEMAS),
    ROW(example, no_domains, SCHEMA, "", "public", ALTER, true, OK, IN_SCHEMAS),
    ROW(example, no_domains, SCHEMA, "", "fresh", CREATE, false, OUTSIDE, NOT_SCHEMAS),
    /* forbidden wins, for reads too */
    ROW(example, no_domains, TABLE, "public", "authority_sites", READ, true, FORBIDDEN, FORBIDDEN_TABLES),
    ROW(example, no_domains, TABLE, "", "authority_sites", READ, true, FORBIDDEN, FORBIDDEN_TABLES),
    ROW(example, no_domains, VIEW, "x", "authority_sites", READ, true, FORBIDDEN, FORBIDDEN_TABLES),
    ROW(example, no_domains, TABLE, "public", "authority_sites", REFERENCE, true, FORBIDDEN, FORBIDDEN_TABLES),
    ROW(example, no_domains, TABLE, "governance", "rules", READ, true, FORBIDDEN, FORBIDDEN_SCHEMAS),
    ROW(example, no_domains, FUNCTION, "audit", "f()", REFERENCE, true, FORBIDDEN, FORBIDDEN_SCHEMAS),
    ROW(example, no_domains, SCHEMA, "", "audit", DROP, true, FORBIDDEN, FORBIDDEN_SCHEMAS),
    ROW(example, no_domains, TABLE, "governance", "authority_sites", READ, true, FORBIDDEN, FORBIDDEN_TABLES),
    ROW(example, no_domains, FUNCTION, "public", "authority_sites", CREATE, false, OK, IN_SCHEMAS),
    ROW(schemas_only, no_domains, TABLE, "kfm_ref", "secret", READ, true, FORBIDDEN, FORBIDDEN_TABLES),
    ROW(schemas_only, no_domains, TABLE, "", "secret", READ, true, FORBIDDEN, FORBIDDEN_TABLES),
    ROW(schemas_only, no_domains, TABLE, "kfm_index", "secret", CREATE, false, OK, IN_SCHEMAS),
    ROW(schemas_only, no_domains, TABLE, "xkfm_ref", "secret", READ, true, OK, READS),
    /* kfmig's own schema, even where it is allowed */
    ROW(greedy, no_domains, TABLE, "kfmig", "entry", READ, true, FORBIDDEN, OWN),
    ROW(greedy, no_domains, TABLE, "kfmig", "entry", WRITE, true, FORBIDDEN, OWN),
    ROW(greedy, no_domains, SCHEMA, "", "kfmig", DROP, true, FORBIDDEN, OWN),
    ROW(greedy, no_domains, FUNCTION, "kfmig", "f()", REFERENCE, true, FORBIDDEN, OWN),
    /* reading is free, but not what lies outside the database */
    ROW(nothing, no_domains, TABLE, "any", "t", READ, true, OK, READS),
    ROW(nothing, governed, TABLE, "governance", "t", READ, true, OK, READS),
    ROW(nothing, no_domains, SERVER_FILE, "", "/etc/passwd", READ, true, OUTSIDE, NOT_GLOBAL),
    /* references */
    ROW(schemas_only, no_domains, TABLE, "kfm_ref", "county", REFERENCE, true, OK, "in scope"),
    ROW(schemas_only, no_domains, TABLE, "public", "spatial_ref_sys", REFERENCE, true, OK, "in scope.references"),
    ROW(schemas_only, no_domains, TABLE, "any", "lookup", REFERENCE, true, OK, "in scope.references"),
    ROW(schemas_only, no_domains, TABLE, "other", "spatial_ref_sys", REFERENCE, true, OUTSIDE, NOT_REFERENCES),
    ROW(schemas_only, no_domains, TABLE, "public", "lookup", WRITE, true, OUTSIDE, NOT_SCHEMAS),
    ROW(schemas_only, no_domains, FUNCTION, "public", "st_area(geometry)", REFERENCE, true, OK, REFERS),
    ROW(schemas_only, no_domains, FOREIGN_SERVER, "", "remote", REFERENCE, true, OK, REFERS),
    ROW(nothing, no_domains, TABLE, "public", "t", REFERENCE, true, OUTSIDE, NOT_REFERENCES),
    ROW(nothing, no_domains, UNKNOWN, "", "x", REFERENCE, true, OUTSIDE, UNNAMED),
    /* one list only, none, empty ones */
    ROW(schemas_only, no_domains, TABLE, "kfm_index", "anything", CREATE, false, OK, IN_SCHEMAS),
    ROW(tables_only, no_domains, TABLE, "kfm_ref", "county", ALTER, true, OK, "in scope.allowed_tables"),
    ROW(tables_only, no_domains, TABLE, "other", "county", ALTER, true, OUTSIDE, NOT_TABLES),
    ROW(tables_only, no_domains, TABLE, "", "county", ALTER, true, OK, "in scope.allowed_tables"),
    ROW(tables_only, no_domains, TABLE, "anywhere", "zone", CREATE, false, OK, "in scope.allowed_tables"),
    ROW(tables_only, no_domains, TABLE, "kfm_ref", "state", REFERENCE, true, OK, "in scope.references"),
    ROW(tables_only, no_domains, VIEW, "kfm_ref", "v", CREATE, false, OUTSIDE, NO_SCHEMAS),
    ROW(tables_only, no_domains, VIEW, "kfm_ref", "zone", CREATE, false, OK, "in scope.allowed_tables"),
    ROW(tables_only, no_domains, FUNCTION, "kfm_ref", "f()", CREATE, false, OUTSIDE, NO_SCHEMAS),
    ROW(nothing, no_domains, TABLE, "public", "t", CREATE, false, OUTSIDE, NO_SCHEMAS),
    ROW(nothing, no_domains, TABLE, "", "t", CREATE, false, OUTSIDE, NO_SCHEMAS),
    ROW(empty_lists, no_domains, TABLE, "public", "t", CREATE, false, OUTSIDE, NOT_TABLES),
    ROW(empty_lists, no_domains, TYPE, "", "t", CREATE, false, OUTSIDE, NOT_SCHEMAS),
    ROW(greedy, no_domains, TABLE, "odd.schema", "t", CREATE, false, OK, IN_SCHEMAS),
    /* protected domains stop changes of what was there, not what is new, not reads */
    ROW(greedy, governed, TABLE, "governance", "rules", ALTER, true, PROTECTED, "protected by policy.protected.schemas"),
    ROW(greedy, governed, TABLE, "governance", "rules", CREATE, true, PROTECTED, "protected by policy.protected.schemas"),
    ROW(greedy, governed, SCHEMA, "", "governance", CREATE, false, OK, IN_SCHEMAS),
    ROW(greedy, governed, TABLE, "governance", "rules", CREATE, false, OK, IN_SCHEMAS),
    ROW(greedy, governed, SCHEMA, "", "governance", DROP, true, PROTECTED, "protected by policy.protected.schemas"),
    ROW(schemas_only, governed, TABLE, "kfm_ref", "official", WRITE, true, PROTECTED, "protected by policy.protected.tables"),
    ROW(schemas_only, governed, TABLE, "kfm_index", "official", WRITE, true, OK, IN_SCHEMAS),
    ROW(schemas_only, governed, TABLE, "kfm_index", "charter", DROP, true, PROTECTED, "protected by policy.protected.tables"),
    ROW(greedy, governed, ROLE, "", "auditor", ALTER, true, PROTECTED, "protected by policy.protected.roles"),
    ROW(greedy, governed, ROLE, "", "auditor", CREATE, false, OK, IN_GLOBAL),
    ROW(greedy, governed, DEFAULT_PRIVILEGES, "governance", "", ALTER, true, PROTECTED, "protected by policy.protected.schemas"),
    ROW(example, governed, TABLE, "governance", "rules", ALTER, true, FORBIDDEN, FORBIDDEN_SCHEMAS),
    /* extensions and globals are named */
    ROW(schemas_only, no_domains, EXTENSION, "", "postgis", CREATE, false, OK, "in scope.allowed_extensions"),
    ROW(schemas_only, no_domains, EXTENSION, "", "pgcrypto", CREATE, false, OUTSIDE, "not in scope.allowed_extensions"),
    ROW(schemas_only, no_domains, ROLE, "", "kfm_reader", ALTER, true, OK, IN_GLOBAL),
    ROW(schemas_only, no_domains, ROLE, "", "kfm_writer", CREATE, false, OUTSIDE, NOT_GLOBAL),
    ROW(schemas_only, no_domains, ROLE, "", "kfm_reader2", CREATE, false, OUTSIDE, NOT_GLOBAL),
    ROW(schemas_only, no_domains, PUBLICATION, "", "p", CREATE, false, OK, IN_GLOBAL),
    ROW(schemas_only, no_domains, PROGRAM, "", "", WRITE, true, OK, IN_GLOBAL),
    ROW(schemas_only, no_domains, EVENT_TRIGGER, "", "e", DROP, true, OK, IN_GLOBAL),
    ROW(schemas_only, no_domains, SERVER_FILE, "", "/tmp/x", WRITE, true, OUTSIDE, NOT_GLOBAL),
    ROW(schemas_only, no_domains, REMOTE, "", "dblink", WRITE, true, OUTSIDE, NOT_GLOBAL),
    ROW(schemas_only, no_domains, CAST, "", "text AS int4", CREATE, false, OUTSIDE, NOT_GLOBAL),
    ROW(schemas_only, no_domains, UNKNOWN, "", "thing", ALTER, true, OUTSIDE, UNNAMED),
    ROW(greedy, no_domains, ROLE, "", "anyone", CREATE, false, OK, IN_GLOBAL),
    ROW(greedy, no_domains, DEFAULT_PRIVILEGES, "", "", ALTER, true, OK, IN_GLOBAL),
    ROW(greedy, no_domains, DEFAULT_PRIVILEGES, "other", "", ALTER, true, OUTSIDE, NOT_SCHEMAS),
    ROW(schemas_only, no_domains, DEFAULT_PRIVILEGES, "kfm_ref", "", ALTER, true, OK, IN_SCHEMAS),
    ROW(schemas_only, no_domains, DEFAULT_PRIVILEGES, "", "", ALTER, true, OUTSIDE, NOT_GLOBAL),
};
/* clang-format on */

static void check_row(size_t i)
{
    const struct row *r = &rows[i];
    struct arena a = {0};
    struct touch t = {.object = r->object, .effect = r->effect};
    const char *name =
        arena_printf(&a, "%zu: %s of %s", i, effect_text(r->effect), object_text(&a, &r->object));
    is_int(scope_admits(r->scope, r->domains, NULL, &t, r->existed), r->verdict, name);
    is_str(scope_rule(r->scope, r->domains, NULL, &t, r->existed), r->rule, name);
    arena_release(&a);
}

/* A list of the scope by its key in migration.yml. */
static struct names *list_of(struct scope *s, const char *key)
{
    if (strcmp(key, "scope.allowed_schemas") == 0) {
        s->has_schemas = true;
        return &s->allowed_schemas;
    }
    if (strcmp(key, "scope.allowed_tables") == 0) {
        s->has_tables = true;
        return &s->allowed_tables;
    }
    return strcmp(key, "scope.references") == 0           ? &s->references
           : strcmp(key, "scope.allowed_extensions") == 0 ? &s->allowed_extensions
           : strcmp(key, "scope.allowed_global") == 0     ? &s->allowed_global
                                                          : NULL;
}

/* Reads the lines of a fix as YAML and lays them over the scope. */
static bool apply_fix(struct arena *a, const char *fix, struct scope *s)
{
    struct err e = {0};
    const char *text = arena_printf(a, "{%s}", fix);
    const struct doc *d = yaml_read(a, bytes_str(text), "fix", &e);
    for (size_t i = 0; d != NULL && i < doc_len(d); i++) {
        struct names *list = list_of(s, d->key[i]->text.p);
        const struct doc *v = d->item[i];
        if (list == NULL) {
            return false;
        }
        list->v = ARENA_ARRAY(a, const char *, doc_len(v) + 1);
        list->n = doc_len(v);
        for (size_t k = 0; k < doc_len(v); k++) {
            list->v[k] = v->item[k]->text.p;
        }
    }
    return d != NULL;
}

/* What a fix says is enough, and there is one wherever a list of the scope decides. */
static void check_fix(size_t i)
{
    const struct row *r = &rows[i];
    struct arena a = {0};
    struct touch t = {.object = r->object, .effect = r->effect};
    struct scope wider = *r->scope;
    const char *fix = scope_fix(&a, r->scope, r->domains, NULL, &t, r->existed);
    bool is_open = r->verdict == VERDICT_OUTSIDE && r->object.kind != OBJ_UNKNOWN &&
                   (strcmp(r->rule, NOT_SCHEMAS) != 0 || r->object.schema[0] != '\0' ||
                    r->object.kind == OBJ_SCHEMA) &&
                   (strcmp(r->rule, NO_SCHEMAS) != 0 || r->object.schema[0] != '\0' ||
                    r->object.kind == OBJ_SCHEMA);
    const char *name = arena_printf(&a, "%zu: fix of %s: %s", i, object_text(&a, &r->object), fix);
    if (!is_open) {
        is_str(fix, "", name);
    } else {
        ok(fix[0] != '\0' && apply_fix(&a, fix, &wider) &&
               scope_admits(&wider, r->domains, NULL, &t, r->existed) == VERDICT_OK,
           name);
    }
    arena_release(&a);
}

static const struct {
    const struct scope *scope;
    struct object object;
    enum effect effect;
    const char *fix;
} fixes[] = {
    {&schemas_only,
     {OBJ_TABLE, "audit", "log", NULL},
     EFFECT_ALTER,
     "scope.allowed_schemas: [kfm_ref, kfm_index, audit]"},
    {&example,
     {OBJ_TABLE, "audits", "log", NULL},
     EFFECT_WRITE,
     "scope.allowed_tables: [parcels, audits.log], scope.allowed_schemas: [public, audits]"},
    {&nothing,
     {OBJ_SCHEMA, "", "My Schema", NULL},
     EFFECT_CREATE,
     "scope.allowed_schemas: [\"My Schema\"]"},
    {&nothing,
     {OBJ_ROLE, "", "a\"b", NULL},
     EFFECT_CREATE,
     "scope.allowed_global: [\"role:a\\\"b\"]"},
    {&nothing,
     {OBJ_EXTENSION, "", "uuid-ossp", NULL},
     EFFECT_CREATE,
     "scope.allowed_extensions: [\"uuid-ossp\"]"},
    {&tables_only,
     {OBJ_TABLE, "x", "y", NULL},
     EFFECT_REFERENCE,
     "scope.references: [kfm_ref.state, x.y]"},
    {&example, {OBJ_TABLE, "audit", "log", NULL}, EFFECT_ALTER, ""},
    /* only what is missing is added */
    {&example,
     {OBJ_TABLE, "public", "roads", NULL},
     EFFECT_ALTER,
     "scope.allowed_tables: [parcels, public.roads]"},
    {&example, {OBJ_TABLE, "x", "y", NULL}, EFFECT_REFERENCE, "scope.references: [x.y]"},
    {&schemas_only,
     {OBJ_TABLE, "a", "t", NULL},
     EFFECT_ALTER,
     "scope.allowed_schemas: [kfm_ref, kfm_index, a]"},
    /* names that YAML would read as something else */
    {&nothing, {OBJ_SCHEMA, "", "0x", NULL}, EFFECT_CREATE, "scope.allowed_schemas: [\"0x\"]"},
    {&nothing,
     {OBJ_SCHEMA, "", "9lives", NULL},
     EFFECT_CREATE,
     "scope.allowed_schemas: [\"9lives\"]"},
    {&nothing, {OBJ_SCHEMA, "", "5", NULL}, EFFECT_CREATE, "scope.allowed_schemas: [\"5\"]"},
    {&nothing, {OBJ_SCHEMA, "", ".x", NULL}, EFFECT_CREATE, "scope.allowed_schemas: [\".x\"]"},
    {&nothing, {OBJ_SCHEMA, "", "a9.b", NULL}, EFFECT_CREATE, "scope.allowed_schemas: [a9.b]"},
    {&nothing,
     {OBJ_SCHEMA, "", "a\\b", NULL},
     EFFECT_CREATE,
     "scope.allowed_schemas: [\"a\\\\b\"]"},
    {&nothing, {OBJ_EXTENSION, "", "", NULL}, EFFECT_CREATE, "scope.allowed_extensions: [\"\"]"},
};

static void check_fixes(void)
{
    struct arena a = {0};
    for (size_t i = 0; i < sizeof fixes / sizeof fixes[0]; i++) {
        struct touch t = {.object = fixes[i].object, .effect = fixes[i].effect};
        is_str(scope_fix(&a, fixes[i].scope, &no_domains, NULL, &t, true), fixes[i].fix,
               object_text(&a, &t.object));
    }
    arena_release(&a);
}

/* Tables that a long list has, or nearly has: as in a short one, whose only entry is theirs. */
static void check_long_lists(void)
{
    static const char *const entries[] = {"a.t", "a",    "a.b.c", "ab.t", "a-b.t",
                                          "t",   "a.tt", "A.t",   ""};
    static const char *const words[] = {"a",   "t",  "a.b", "b.c", "c",  "ab",
                                        "a-b", "tt", "A",   "",    "a.t"};
    enum { N = sizeof entries / sizeof *entries, W = sizeof words / sizeof *words, MANY = 40 };
    struct arena a = {0};
    char text[MANY][16];
    size_t n_same = 0;
    for (size_t i = 0; i < N; i++) {
        const char *one[] = {entries[i]};
        const char *many[MANY];
        for (size_t k = 0; k < MANY; k++) {
            (void)snprintf(text[k], sizeof text[k], "%s%02zu", k % 2 == 0 ? "a.u" : "u", k);
            many[k] = text[k];
        }
        many[i * 4] = entries[i];
        struct scope few = {.has_tables = true, .allowed_tables = {one, 1, 0}};
        struct scope sorted = {.has_tables = true, .allowed_tables = {many, MANY, 0}};
        scope_sort(&a, &sorted);
        n_same += sorted.sorted_tables != NULL;
        for (size_t w = 0; w < (size_t)W * W; w++) {
            struct touch t = {.object = {OBJ_TABLE, words[w / W], words[w % W], NULL},
                              .effect = EFFECT_WRITE};
            n_same += scope_admits(&few, &no_domains, NULL, &t, true) ==
                      scope_admits(&sorted, &no_domains, NULL, &t, true);
        }
    }
    is_int((long long)n_same, N * (W * W + 1), "a long list admits what a short one does");
    struct scope few = example;
    scope_sort(&a, &few);
    ok(few.sorted_tables == NULL, "a short one is left as it is");
    arena_release(&a);
}

int main(void)
{
    size_t n = sizeof rows / sizeof rows[0];
    tap_plan(3 * (int)n + (int)(sizeof fixes / sizeof fixes[0]) + 14 + 3);
    check_long_lists();
    for (size_t i = 0; i < n; i++) {
        check_row(i);
        check_fix(i);
    }
    check_fixes();
    const struct names list = LIST("a", "b");
    ok(names_have(&list, "b"), "a name in the list");
    ok(!names_have(&list, "B"), "names compare exactly");
    ok(!names_have(&(struct names){0}, "a"), "nothing is in an empty list");
    is_str(store_text(STORE_POSTGIS), "postgis", "store postgis");
    is_str(store_text(STORE_SEARCH), "search", "store search");
    is_str(store_text(STORE_GRAPH), "graph", "store graph");
    is_str(store_text(STORE_COUNT), "", "no store");
    is_str(store_text(STORE_OTHER), "other", "store other");
    is_str(approval_text(APPROVAL_NONE), "none", "approval none");
    is_str(approval_text(APPROVAL_REVIEW), "review", "approval review");
    is_str(approval_text(APPROVAL_SIGNATURE), "signature", "approval signature");
    is_str(evidence_text(EVIDENCE_NONE), "none", "evidence none");
    is_str(evidence_text(EVIDENCE_BUNDLE), "bundle", "evidence bundle");
    is_str(evidence_text(EVIDENCE_FOLDER), "folder", "evidence folder");
    is_str(evidence_text(EVIDENCE_POINTER), "pointer", "evidence pointer");
    return tap_done();
}
