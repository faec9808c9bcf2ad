/* layer: run */
/* The gate "posture": what was reduced against what statements say and the linter found, in protected environments and elsewhere. */
#include "run/posture.h"
#include "tap.h"

static struct arena arena;

/* One statement at line 3, what it is about, what the linter found there, and what came of it. */
/* clang-format off */
static const struct {
    const char *name;
    struct touch touch;       /* of the statement; kind and name of what it says */
    const char *rule;         /* that the linter found there; NULL: none */
    const char *path;         /* in that file */
    bool is_protected;
    struct object changed;    /* everyone gets a privilege on it */
    const char *told;         /* "severity words"; "passed"; "" */
} cases[] = {
#define SAYS(e, k, s, n) {.object = {k, s, n, NULL}, .effect = (e)}
    {"a statement says so", SAYS(EFFECT_ALTER, OBJ_TABLE, "app", "t"), "grant-to-public", "m/forward.sql", true, {OBJ_TABLE, "app", "t", NULL}, "passed"},
    {"a statement says something else", SAYS(EFFECT_ALTER, OBJ_TABLE, "app", "t"), "grant-option", "m/forward.sql", true, {OBJ_TABLE, "app", "t", NULL}, "error"},
    {"a statement says it of another", SAYS(EFFECT_ALTER, OBJ_TABLE, "app", "u"), "grant-to-public", "m/forward.sql", true, {OBJ_TABLE, "app", "t", NULL}, "error"},
    {"... of one whose name begins so", SAYS(EFFECT_ALTER, OBJ_TABLE, "app", "t2"), "grant-to-public", "m/forward.sql", true, {OBJ_TABLE, "app", "t", NULL}, "error"},
    {"... of one in another schema", SAYS(EFFECT_ALTER, OBJ_TABLE, "own", "t"), "grant-to-public", "m/forward.sql", true, {OBJ_TABLE, "app", "t", NULL}, "error"},
    {"a statement without a schema", SAYS(EFFECT_ALTER, OBJ_TABLE, "", "t"), "grant-to-public", "m/forward.sql", true, {OBJ_TABLE, "app", "t", NULL}, "passed"},
    {"another file says so", SAYS(EFFECT_ALTER, OBJ_TABLE, "app", "t"), "grant-to-public", "m/other.sql", true, {OBJ_TABLE, "app", "t", NULL}, "error"},
    {"a statement that reads it", SAYS(EFFECT_READ, OBJ_TABLE, "app", "t"), "grant-to-public", "m/forward.sql", true, {OBJ_TABLE, "app", "t", NULL}, "error"},
    {"a statement that may be about it", {.object = {OBJ_TABLE, "app", "t", NULL}, .effect = EFFECT_ALTER, .maybe = true}, "grant-to-public", "m/forward.sql", true, {OBJ_TABLE, "app", "t", NULL}, "error"},
    {"all that is in a schema", SAYS(EFFECT_ALTER, OBJ_SCHEMA, "", "app"), "grant-to-public", "m/forward.sql", true, {OBJ_TABLE, "app", "t", NULL}, "passed"},
    {"... in another", SAYS(EFFECT_ALTER, OBJ_SCHEMA, "", "own"), "grant-to-public", "m/forward.sql", true, {OBJ_TABLE, "app", "t", NULL}, "error"},
    {"a schema is not another", SAYS(EFFECT_ALTER, OBJ_SCHEMA, "", "own"), "grant-to-public", "m/forward.sql", true, {OBJ_SCHEMA, "", "app", NULL}, "error"},
    {"a function without arguments' types", SAYS(EFFECT_ALTER, OBJ_FUNCTION, "app", "f"), "grant-to-public", "m/forward.sql", true, {OBJ_FUNCTION, "app", "f(integer)", NULL}, "passed"},
    {"a view as a table", SAYS(EFFECT_ALTER, OBJ_TABLE, "app", "v"), "grant-to-public", "m/forward.sql", true, {OBJ_VIEW, "app", "v", NULL}, "passed"},
    {"default privileges", SAYS(EFFECT_ALTER, OBJ_DEFAULT_PRIVILEGES, "", "ann"), "grant-to-public", "m/forward.sql", true, {OBJ_DEFAULT_PRIVILEGES, "", "bob", NULL}, "passed"},
    {"... which are no table", SAYS(EFFECT_ALTER, OBJ_TABLE, "app", "t"), "grant-to-public", "m/forward.sql", true, {OBJ_DEFAULT_PRIVILEGES, "", "bob", NULL}, "error"},
    {"nobody says it", SAYS(EFFECT_ALTER, OBJ_TABLE, "app", "u"), NULL, "", true, {OBJ_TABLE, "app", "t", NULL}, "error"},
    {"nobody says it elsewhere", SAYS(EFFECT_ALTER, OBJ_TABLE, "app", "u"), NULL, "", false, {OBJ_TABLE, "app", "t", NULL}, "warning"},
    {"elsewhere a statement says it that no linter looked at", SAYS(EFFECT_ALTER, OBJ_TABLE, "app", "t"), NULL, "", false, {OBJ_TABLE, "app", "t", NULL}, "passed"},
    {"... not so where it is protected", SAYS(EFFECT_ALTER, OBJ_TABLE, "app", "t"), NULL, "", true, {OBJ_TABLE, "app", "t", NULL}, "error"},
    {"nothing was reduced", SAYS(EFFECT_ALTER, OBJ_TABLE, "app", "t"), "grant-to-public", "m/forward.sql", true, {OBJ_TABLE, NULL, NULL, NULL}, ""},
};
/* clang-format on */
enum { N = sizeof cases / sizeof *cases };

static struct facet open_to_all = {.name = "acl", .value = "+=r/ann"};

static const char *told(const struct outcome *o, const struct object *changed)
{
    const struct finding *f = o->gates.n > 0 ? &o->gates.v[0] : NULL;
    if (f == NULL) {
        return "";
    }
    if (o->gates.n > 1 || strcmp(f->rule, "posture") != 0) {
        return "other findings";
    }
    if (f->passed) {
        return "passed";
    }
    const char *words = arena_printf(
        &arena, "%s: everyone has a privilege (grant-to-public), which no statement says",
        object_text(&arena, changed));
    return strcmp(f->text, words) != 0 || f->hint[0] == '\0' ? f->text
           : f->severity == SEVERITY_ERROR                   ? "error"
                                                             : "warning";
}

static const char *judged(size_t i)
{
    struct statement statements[2] = {{.line = 1, .col = 1}, {.line = 3, .col = 1}};
    struct script script = {.path = "m/forward.sql", .forms = statements, .n = 2};
    struct world world = {.reduced = {.a = &arena}};
    struct decl decl = {.id = "M-1", .forward = {.n = 1}};
    struct bundle bundle = {.id = "M-1", .decl = &decl, .forward = &script};
    struct env env = {.is_protected = cases[i].is_protected};
    struct run run = {.a = &arena, .env = &env, .world = &world};
    struct catalog_object now = {.object = cases[i].changed, .facets = &open_to_all, .n_facets = 1};
    struct change change = {.after = &now};
    struct outcome o = {.seen = {.changes = &change, .n_changes = now.object.name != NULL}};
    struct findings l = {0};
    touches_add(&arena, &statements[1].touches, cases[i].touch);
    if (cases[i].rule != NULL) {
        struct finding *f = finding_fail(&arena, &l, cases[i].rule, "it is so");
        f->path = cases[i].path;
        f->line = 3;
        f->col = 5;
    }
    (void)table_puts(&world.reduced, "M-1", &l);
    gates_posture(&run, &bundle, &o);
    return told(&o, &cases[i].changed);
}

/* What one statement says another does not announce: the finding stands at the first. */
static void test_place(void)
{
    struct statement statements[3] = {
        {.line = 1, .col = 1}, {.line = 3, .col = 1}, {.line = 3, .col = 40}};
    struct script script = {.path = "m/forward.sql", .forms = statements, .n = 3};
    struct world world = {.reduced = {.a = &arena}};
    struct decl decl = {.id = "M-1", .forward = {.n = 1}};
    struct bundle bundle = {.id = "M-1", .decl = &decl, .forward = &script};
    struct env env = {.is_protected = true};
    struct run run = {.a = &arena, .env = &env, .world = &world};
    struct catalog_object now = {
        .object = {OBJ_TABLE, "app", "t", NULL}, .facets = &open_to_all, .n_facets = 1};
    struct change change = {.after = &now};
    struct outcome o = {.seen = {.changes = &change, .n_changes = 1}};
    struct findings l = {0};
    touches_add(&arena, &statements[2].touches,
                (struct touch){.object = now.object, .effect = EFFECT_ALTER});
    struct finding *f = finding_fail(&arena, &l, "grant-to-public", "it is so");
    f->path = script.path;
    f->line = 3;
    f->col = 1;
    (void)table_puts(&world.reduced, "M-1", &l);
    gates_posture(&run, &bundle, &o);
    is_str(told(&o, &now.object), "error", "what stands before it in the line");
    f->col = 52;
    o.gates.n = 0;
    gates_posture(&run, &bundle, &o);
    is_str(told(&o, &now.object), "passed", "what stands in it");
    o.gates.n = 0;
    (void)finding_fail(&arena, &o.gates, "scope", "something else");
    gates_posture(&run, &bundle, &o);
    is_int((int)o.gates.n, 2, "what others found is let be");
    ok(o.gates.v[1].passed, "and it passed all the same");
}

int main(void)
{
    tap_plan(N + 4);
    for (size_t i = 0; i < N; i++) {
        is_str(judged(i), cases[i].told, cases[i].name);
    }
    test_place();
    arena_release(&arena);
    return tap_done();
}
