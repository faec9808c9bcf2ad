/* layer: run */
/* The gates before COMMIT, judged from observations made by hand: every rule passes, fails, and says what would admit what it refused. */
#include "model/operations.h"
#include "run/gates.h"
#include "tap.h"

static struct arena arena;
static const char *allowed[] = {"app"};
static const char *guarded[] = {"governance"};
static const char *reader[] = {"role:reader"};
static const char *other[] = {"other.t"};
static struct policy_deed drop = {.effect = EFFECT_DROP, .kind = OBJ_TABLE};
static struct drift drift = {.text = "table app.t", .last_writer = "M-0"};

/* What one case sees and declares, beyond a migration of schema app that does nothing. */
struct seen {
    struct touch touch; /* kind OBJ_KINDS..: none if its name is NULL */
    int tables, indexes;
    int64_t rows, max_rows; /* max_rows -1: no limit is declared */
    bool drifted, ledger, existed, has_policy;
    const char *unreconciled;
};

#define TOUCH(what, k, s, n)                                                                       \
    {                                                                                              \
        .object = {k, s, n, NULL}, .effect = what, .statement = -1                                 \
    }

/* clang-format off */
static const struct {
    const char *name;
    struct seen seen;
    const char *words;   /* of the failure; "": everything passes */
    const char *rule;    /* that failed first */
    const char *fix;
} cases[] = {
    {"nothing was done", {.max_rows = -1}, "", "", ""},
    {"a table in scope", {.touch = TOUCH(EFFECT_CREATE, OBJ_TABLE, "app", "t"), .max_rows = -1}, "", "", ""},
    {"a table out of scope", {.touch = TOUCH(EFFECT_ALTER, OBJ_TABLE, "other", "t"), .max_rows = -1},
     "M-1: gate \"scope\" failed, everything was rolled back: alter of table other.t: not in scope.allowed_schemas", "scope", "scope.allowed_schemas: [app, other]"},
    {"a forbidden table is read", {.touch = TOUCH(EFFECT_READ, OBJ_TABLE, "other", "t"), .max_rows = -1}, "gate \"scope\" failed, everything was rolled back: read of table other.t", "scope", NULL},
    {"a role that nobody named", {.touch = TOUCH(EFFECT_CREATE, OBJ_ROLE, "", "writer"), .max_rows = -1}, "create of role writer", "scope", NULL},
    {"a role that was named", {.touch = TOUCH(EFFECT_CREATE, OBJ_ROLE, "", "reader"), .max_rows = -1}, "", "", ""},
    {"what is protected and was there", {.touch = TOUCH(EFFECT_ALTER, OBJ_TABLE, "governance", "t"), .existed = true, .max_rows = -1}, "gate \"protected\" failed", "protected", NULL},
    {"as many rows as declared", {.rows = 5, .max_rows = 5}, "", "", ""},
    {"more rows than declared", {.rows = 6, .max_rows = 5}, "gate \"limit max_row_backfill\" failed, everything was rolled back: declared 5, observed 6", "limit max_row_backfill", "limits.max_row_backfill: 6"},
    {"rows that could not be counted", {.rows = ROWS_UNKNOWN, .max_rows = 5}, "declared 5, and the rows removed could not be counted", "limit max_row_backfill", NULL},
    {"more tables than declared", {.tables = 2, .max_rows = 5}, "gate \"limit max_table_count_touched\" failed, everything was rolled back: declared 1, observed 2", "limit max_table_count_touched", "limits.max_table_count_touched: 2"},
    {"more indexes than declared", {.indexes = 3, .max_rows = 5}, "declared 1, observed 3", "limit max_index_count_delta", "limits.max_index_count_delta: 3"},
    {"what somebody changed is changed", {.touch = TOUCH(EFFECT_ALTER, OBJ_TABLE, "app", "t"), .drifted = true, .max_rows = -1}, "table app.t was changed outside kfmig after M-0", "drift", NULL},
    {"what somebody changed is read", {.touch = TOUCH(EFFECT_READ, OBJ_TABLE, "app", "t"), .drifted = true, .max_rows = -1}, "", "", ""},
    {"something else than what somebody changed", {.touch = TOUCH(EFFECT_ALTER, OBJ_TABLE, "app", "u"), .drifted = true, .max_rows = -1}, "", "", ""},
    {"what a policy forbids", {.touch = TOUCH(EFFECT_DROP, OBJ_TABLE, "app", "t"), .has_policy = true, .max_rows = -1}, "M-1: gate \"policy no-drops\" failed, everything was rolled back: drop of table app.t: rows stay", "policy no-drops", NULL},
    {"something else than a policy forbids", {.touch = TOUCH(EFFECT_ALTER, OBJ_TABLE, "app", "t"), .has_policy = true, .max_rows = -1}, "", "", ""},
    {"the ledger was touched", {.ledger = true, .max_rows = -1}, "schema kfmig was read or written", "ledger", NULL},
    {"a change that cannot be named", {.unreconciled = "pg_cast: 1 row changed", .max_rows = -1}, "gate \"observation\" failed, everything was rolled back: pg_cast: 1 row changed", "observation", NULL},
    {"the first of several is told, and how many more", {.touch = TOUCH(EFFECT_ALTER, OBJ_TABLE, "other", "t"), .ledger = true, .max_rows = -1}, "(and 1 more)", "scope", NULL},
};
/* clang-format on */

enum { N = sizeof cases / sizeof *cases };

static void put_object(struct catalog *c, struct object object)
{
    struct catalog_object *o = ARENA_NEW(&arena, struct catalog_object);
    o->object = object;
    o->text = object_text(&arena, &object);
    (void)table_puts(&c->by_text, o->text, o);
}

/* The findings as "scope:pass limit max_row_backfill:FAIL ..." */
static const char *told(const struct findings *l)
{
    const char *text = "";
    for (size_t i = 0; i < l->n; i++) {
        text = arena_printf(&arena, "%s%s%s:%s", text, i > 0 ? " " : "", l->v[i].rule,
                            l->v[i].passed ? "pass" : "FAIL");
    }
    return text;
}

static const struct finding *first_failed(const struct findings *l)
{
    size_t i = 0;
    while (i < l->n && l->v[i].passed) {
        i++;
    }
    return i < l->n ? &l->v[i] : NULL;
}

/* Every rule is told once if it holds; what fails has words, a hint, and where one is known the line that would admit it. */
static bool is_told_well(size_t i, const struct outcome *o)
{
    const struct finding *f = first_failed(&o->gates);
    bool limited = cases[i].seen.max_rows >= 0;
    const char *all =
        limited ? "scope:pass protected:pass limit max_table_count_touched:pass "
                  "limit max_index_count_delta:pass limit max_row_backfill:pass "
                  "drift:pass ledger:pass observation:pass secrets:pass"
        : cases[i].seen.has_policy
            ? "scope:pass protected:pass policy no-drops:pass drift:pass ledger:pass "
              "observation:pass secrets:pass"
            : "scope:pass protected:pass drift:pass ledger:pass observation:pass secrets:pass";
    if (f == NULL) {
        return strcmp(told(&o->gates), all) == 0;
    }
    return strcmp(f->rule, cases[i].rule) == 0 && f->text[0] != '\0' && f->hint[0] != '\0' &&
           strcmp(o->failure.hint, f->hint) == 0 &&
           (cases[i].fix == NULL || strcmp(f->fix, cases[i].fix) == 0);
}

static void judge(size_t i)
{
    const struct seen *s = &cases[i].seen;
    struct outcome o = {0};
    struct domains domains = {.schemas = {guarded, 1, 1}};
    struct world world = {.drift = &drift, .n_drift = s->drifted ? 1 : 0};
    struct catalog base = {.a = &arena, .by_text = {.a = &arena}, .by_oid = {.a = &arena}};
    struct decl decl = {.id = "M-1", .limits = limits_none};
    struct bundle bundle = {.id = "M-1", .decl = &decl, .scope_line = 4};
    struct policy_rule rule = {.id = "no-drops",
                               .effect = POLICY_FORBID,
                               .deeds = &drop,
                               .n_deeds = 1,
                               .classes = "",
                               .rows_over = -1,
                               .why = "rows stay"};
    struct operations operations = {.policy = {&rule, s->has_policy}};
    struct env env = {.operations = &operations};
    struct run run = {
        .a = &arena, .env = &env, .domains = &domains, .world = &world, .base = &base};
    decl.file.path = "migrations/postgis/M-1/migration.yml";
    decl.scope = (struct scope){.has_schemas = true,
                                .allowed_schemas = {allowed, 1, 1},
                                .allowed_global = {reader, 1, 1},
                                .forbidden_tables = {other, 1, 1}};
    decl.scope.forbidden_tables.n = s->touch.effect == EFFECT_READ ? 1 : 0;
    if (s->max_rows >= 0) {
        decl.limits = (struct limits){1, 1, s->max_rows};
    }
    if (s->existed) {
        put_object(&base, s->touch.object);
    }
    if (s->touch.object.name != NULL) {
        touches_add(&arena, &o.seen.touches, s->touch);
    }
    o.seen.n_tables_touched = s->tables;
    o.seen.index_delta = s->indexes;
    o.seen.rows = s->rows;
    o.seen.ledger_touched = s->ledger;
    o.seen.unreconciled = s->unreconciled;
    bool passed = gates_judge(&run, &bundle, &o);
    bool good = passed == (cases[i].words[0] == '\0') &&
                strstr(o.failure.msg, cases[i].words) != NULL &&
                o.failure.code == (passed ? ERR_NONE : ERR_APPLY);
    good = is_told_well(i, &o) && good;
    if (!good) {
        const struct finding *f = first_failed(&o.gates);
        printf("# %s\n# %s\n# fix: %s\n", o.failure.msg, told(&o.gates), f != NULL ? f->fix : "");
    }
    ok(good, cases[i].name);
}

/* It is told, and stands in nobody's way. */
static void test_warning(void)
{
    struct outcome o = {0};
    struct policy_rule rule = {.id = "look",
                               .effect = POLICY_WARN,
                               .deeds = &drop,
                               .n_deeds = 1,
                               .classes = "",
                               .rows_over = -1,
                               .why = ""};
    struct policy_rule wants = {.id = "plan", .effect = POLICY_REQUIRE, .classes = ""};
    struct policy_rule rules[] = {rule, wants};
    struct operations operations = {.policy = {rules, 2}};
    struct env env = {.operations = &operations};
    struct domains domains = {0};
    struct world world = {0};
    struct catalog base = {.a = &arena, .by_text = {.a = &arena}, .by_oid = {.a = &arena}};
    struct decl decl = {.id = "M-1", .limits = limits_none};
    decl.scope = (struct scope){.has_schemas = true, .allowed_schemas = {allowed, 1, 1}};
    struct bundle bundle = {.id = "M-1", .decl = &decl};
    struct run run = {
        .a = &arena, .env = &env, .domains = &domains, .world = &world, .base = &base};
    touches_add(&arena, &o.seen.touches,
                (struct touch){.object = {OBJ_TABLE, "app", "t", NULL},
                               .effect = EFFECT_DROP,
                               .statement = -1});
    bool passed = gates_judge(&run, &bundle, &o);
    const struct finding *f = first_failed(&o.gates);
    ok(passed && f != NULL && strcmp(f->rule, "policy look") == 0 &&
           f->severity == SEVERITY_WARNING,
       "what a policy warns of");
}

int main(void)
{
    tap_plan(N + 1);
    test_warning();
    for (size_t i = 0; i < N; i++) {
        judge(i);
    }
    arena_release(&arena);
    return tap_done();
}
