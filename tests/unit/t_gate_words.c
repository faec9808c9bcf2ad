/* layer: run */
/* The gates: what passes, what stops, with which words; everything that fails at once. */
#include "tap.h"

#include "run/gates.h"

#define LIST(...)                                                                                  \
    {                                                                                              \
        (const char *[]){__VA_ARGS__}, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), 0   \
    }

static struct arena arena;
static const struct domains governed = {.schemas = LIST("governance")};
static const struct scope app = {.has_schemas = true, .allowed_schemas = LIST("app")};
static struct drift drifted[] = {
    {.text = "table app.t", .last_writer = "M-0"},
    {.text = "table app.u", .last_writer = ""},
};

/* A run in whose database app.t and governance stand already, and a migration of schema app. */
struct scene {
    struct catalog base;
    struct world world;
    struct run run;
    struct decl decl;
    struct bundle bundle;
    struct outcome o;
};

static void scene_begin(struct scene *s)
{
    *s = (struct scene){.base = {.by_text = {.a = &arena}}};
    table_puts(&s->base.by_text, "table app.t", s);
    table_puts(&s->base.by_text, "schema governance", s);
    s->run = (struct run){.a = &arena, .domains = &governed, .world = &s->world, .base = &s->base};
    s->decl = (struct decl){.limits = limits_none, .file = {.path = "m/migration.yml"}};
    s->decl.scope = app;
    s->bundle = (struct bundle){.id = "M-1", .decl = &s->decl, .scope_line = 4};
}

static void touch(struct scene *s, enum effect effect, const char *schema, const char *table)
{
    touches_add(&arena, &s->o.seen.touches,
                (struct touch){.object = {OBJ_TABLE, schema, table, NULL}, .effect = effect});
}

/* The findings as "RULE=RESULT" or "RULE: TEXT", a line each. */
static const char *told(const struct scene *s)
{
    struct buf out = {0};
    for (size_t i = 0; i < s->o.gates.n; i++) {
        const struct finding *g = &s->o.gates.v[i];
        buf_printf(&out, "%s%s%s\n", g->rule, g->passed ? "" : ": ", g->text);
    }
    const char *text = arena_strdup(&arena, buf_str(&out));
    buf_release(&out);
    return text;
}

static const struct finding *first_failed(const struct scene *s)
{
    static const struct finding none = {.fix = "", .hint = "", .subject = "", .path = ""};
    const struct finding *f = findings_stopping(&s->o.gates, NULL);
    return f != NULL ? f : &none;
}

static void test_pass(void)
{
    struct scene s;
    scene_begin(&s);
    touch(&s, EFFECT_ALTER, "app", "t");
    ok(gates_judge(&s.run, &s.bundle, &s.o), "a change in scope");
    is_str(told(&s), "scope\nprotected\ndrift\nledger\nobservation\nsecrets\n",
           "every rule once, and none says anything");
    ok(s.o.failure.code == ERR_NONE, "nothing failed");
}

static void test_scope(void)
{
    struct scene s;
    scene_begin(&s);
    touch(&s, EFFECT_CREATE, "other", "o");
    ok(!gates_judge(&s.run, &s.bundle, &s.o), "a table out of scope");
    is_str(told(&s),
           "scope: create of table other.o: not in scope.allowed_schemas\n"
           "protected\ndrift\nledger\nobservation\nsecrets\n",
           "stops by scope alone");
    const struct finding *f = first_failed(&s);
    is_str(f->fix, "scope.allowed_schemas: [app, other]", "with what would admit it");
    is_str(f->subject, "table other.o", "about what");
    ok(strcmp(f->path, "m/migration.yml") == 0 && f->line == 4, "and where");
    is_str(
        s.o.failure.msg,
        "M-1: gate \"scope\" failed, everything was rolled back: create of table other.o: not in "
        "scope.allowed_schemas",
        "the failure");
    is_str(s.o.failure.hint,
           "narrow the migration, or widen its scope in migration.yml and have that reviewed",
           "and the hint");
}

static void test_protected(void)
{
    struct scene s;
    scene_begin(&s);
    touch(&s, EFFECT_ALTER, "governance", "decision");
    ok(!gates_judge(&s.run, &s.bundle, &s.o), "a table of a protected schema that stands");
    is_str(told(&s),
           "scope\nprotected: alter of table governance.decision: protected by "
           "policy.protected.schemas\ndrift\nledger\nobservation\nsecrets\n",
           "stops by protection alone");
    is_str(first_failed(&s)->fix, "", "no line of a migration admits it");
    ok(strstr(s.o.failure.hint, "signed approval") != NULL, "but an approval");
}

struct limit_case {
    int64_t declared, seen;
    const char *told, *fix; /* told "": not judged */
};
static const struct limit_case limit_cases[] = {
    {-1, 9, "", ""},
    {0, 0, "limit max_row_backfill", ""},
    {0, 1, "limit max_row_backfill: declared 0, observed 1", "limits.max_row_backfill: 1"},
    {5, 5, "limit max_row_backfill", ""},
    {5, 6, "limit max_row_backfill: declared 5, observed 6", "limits.max_row_backfill: 6"},
    {5, ROWS_UNKNOWN,
     "limit max_row_backfill: declared 5, and the rows removed could not be counted", ""},
};

static void test_limits(void)
{
    for (size_t i = 0; i < sizeof limit_cases / sizeof limit_cases[0]; i++) {
        const struct limit_case *c = &limit_cases[i];
        struct scene s;
        scene_begin(&s);
        s.decl.limits.max_row_backfill = c->declared;
        s.o.seen.rows = c->seen;
        bool passed = gates_judge(&s.run, &s.bundle, &s.o);
        const char *line = c->told[0] != '\0' ? arena_printf(&arena, "%s\n", c->told) : "";
        is_str(
            told(&s),
            arena_printf(&arena, "scope\nprotected\n%sdrift\nledger\nobservation\nsecrets\n", line),
            c->told);
        ok(passed == (strchr(c->told, ':') == NULL), "and stops or not");
        is_str(first_failed(&s)->fix, c->fix, "with the line that admits it");
    }
}

/* Each limit counts its own. */
static void test_which(void)
{
    struct scene s;
    scene_begin(&s);
    s.decl.limits = (struct limits){1, 2, 3};
    s.o.seen.n_tables_touched = 11;
    s.o.seen.index_delta = 12;
    s.o.seen.rows = 13;
    ok(!gates_judge(&s.run, &s.bundle, &s.o), "all limits");
    is_str(told(&s),
           "scope\nprotected\n"
           "limit max_table_count_touched: declared 1, observed 11\n"
           "limit max_index_count_delta: declared 2, observed 12\n"
           "limit max_row_backfill: declared 3, observed 13\n"
           "drift\nledger\nobservation\nsecrets\n",
           "each its own figure");
}

static void test_drift(void)
{
    struct scene s;
    scene_begin(&s);
    s.world = (struct world){.drift = drifted, .n_drift = 2};
    touch(&s, EFFECT_READ, "app", "t");
    touch(&s, EFFECT_ALTER, "app", "v");
    ok(gates_judge(&s.run, &s.bundle, &s.o), "reading what drifted is free");
    scene_begin(&s);
    s.world = (struct world){.drift = drifted, .n_drift = 2};
    touch(&s, EFFECT_ALTER, "app", "t");
    touch(&s, EFFECT_WRITE, "app", "u");
    ok(!gates_judge(&s.run, &s.bundle, &s.o), "changing it is not");
    is_str(told(&s),
           "scope\nprotected\n"
           "drift: table app.t was changed outside kfmig after M-0\n"
           "drift: table app.u was changed outside kfmig\n"
           "ledger\nobservation\nsecrets\n",
           "each by name");
    ok(strstr(s.o.failure.hint, "kfmig adopt ENV") != NULL, "the hint");
}

static void test_observation(void)
{
    struct scene s;
    scene_begin(&s);
    s.o.seen.ledger_touched = true;
    ok(!gates_judge(&s.run, &s.bundle, &s.o), "the ledger was touched");
    is_str(
        told(&s),
        "scope\nprotected\ndrift\nledger: schema kfmig was read or written\nobservation\nsecrets\n",
        "by that gate alone");
    scene_begin(&s);
    s.o.seen.unreconciled = "pg_class moved by 2 more than could be named";
    ok(!gates_judge(&s.run, &s.bundle, &s.o), "something moved that has no name");
    is_str(told(&s),
           "scope\nprotected\ndrift\nledger\n"
           "observation: pg_class moved by 2 more than could be named\nsecrets\n",
           "by that gate alone");
    ok(strstr(s.o.failure.hint, "plain statement") != NULL, "the hint");
}

static void test_all(void)
{
    struct scene s;
    scene_begin(&s);
    s.world = (struct world){.drift = drifted, .n_drift = 2};
    s.decl.limits.max_table_count_touched = 0;
    s.o.seen.n_tables_touched = 2;
    s.o.seen.ledger_touched = true;
    s.o.seen.unreconciled = "more";
    finding_pass(&arena, &s.o.gates, "invariant invariants/a.sql");
    finding_fail(&arena, &s.o.gates, "invariant invariants/b.sql", "1 rows returned, none allowed")
        ->hint = "look";
    touch(&s, EFFECT_ALTER, "app", "t");
    touch(&s, EFFECT_CREATE, "other", "o");
    touch(&s, EFFECT_DROP, "governance", "decision");
    ok(!gates_judge(&s.run, &s.bundle, &s.o), "everything at once");
    is_str(told(&s),
           "invariant invariants/a.sql\n"
           "invariant invariants/b.sql: 1 rows returned, none allowed\n"
           "scope: create of table other.o: not in scope.allowed_schemas\n"
           "protected: drop of table governance.decision: protected by policy.protected.schemas\n"
           "limit max_table_count_touched: declared 0, observed 2\n"
           "drift: table app.t was changed outside kfmig after M-0\n"
           "ledger: schema kfmig was read or written\n"
           "observation: more\nsecrets\n",
           "is told");
    is_str(s.o.failure.msg,
           "M-1: gate \"invariant invariants/b.sql\" failed, everything was rolled back: 1 rows "
           "returned, none allowed (and 6 more)",
           "the first by name, the others by number");
    is_str(s.o.failure.hint, "look", "with the first's hint");
}

int main(void)
{
    tap_plan(3 + 7 + 4 + 18 + 2 + 4 + 5 + 4);
    test_pass();
    test_scope();
    test_protected();
    test_limits();
    test_which();
    test_drift();
    test_observation();
    test_all();
    arena_release(&arena);
    return tap_done();
}
