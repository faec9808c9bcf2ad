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
    static const struct env nothing_declared = {.name = "dev"};
    s->run = (struct run){.a = &arena,
                          .env = &nothing_declared,
                          .domains = &governed,
                          .world = &s->world,
                          .base = &s->base};
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

/* The hints of all that failed, a line each. */
static const char *hints(const struct scene *s)
{
    const char *text = "";
    for (size_t i = 0; i < s->o.gates.n; i++) {
        const struct finding *g = &s->o.gates.v[i];
        text =
            arena_printf(&arena, "%s%s%s", text, g->passed ? "" : g->hint, g->passed ? "" : "\n");
    }
    return text;
}

static void test_uncounted(void)
{
    struct catalog_object one = {.text = "table app.t"};
    struct catalog_object two = {.text = "table app.u"};
    const struct catalog_object *v[] = {&one, &two};
    struct scene s;
    scene_begin(&s);
    s.decl.limits.max_row_backfill = 5;
    s.o.seen.rows = ROWS_UNKNOWN;
    s.o.seen.uncounted = v;
    s.o.seen.n_uncounted = 2;
    ok(!gates_judge(&s.run, &s.bundle, &s.o), "rows of two tables are not counted");
    is_str(first_failed(&s)->text,
           "declared 5, and the rows removed of table app.t, table app.u could not be counted",
           "each by name");
    is_str(hints(&s),
           "this role may not lock the table or see all of its rows, or the migration writes "
           "outside the database and cannot run twice; remove them with a plain statement\n",
           "with what to do");
    is_str(first_failed(&s)->path, "m/migration.yml", "and the file of the limit");
    scene_begin(&s);
    s.decl.limits.max_row_backfill = 5;
    s.decl.file.path = NULL;
    s.o.seen.rows = 6;
    ok(!gates_judge(&s.run, &s.bundle, &s.o), "a limit of a declaration without a file");
    is_str(first_failed(&s)->path, "", "has no place");
    is_str(hints(&s),
           "raise the limit in migration.yml and have that reviewed, or split the migration\n",
           "and a hint");
}

/* What a flat migration declares stands in its own file. */
static void test_flat(void)
{
    struct scene s;
    scene_begin(&s);
    s.bundle.file = "m/001_a.up.sql";
    s.decl.limits.max_row_backfill = 5;
    s.o.seen.rows = 6;
    touch(&s, EFFECT_CREATE, "other", "o");
    ok(!gates_judge(&s.run, &s.bundle, &s.o), "a flat one out of scope and limits");
    is_str(hints(&s),
           "narrow the migration, or widen its scope in its header and have that reviewed\n"
           "raise the limit in its header and have that reviewed, or split the migration\n",
           "is told where it says them");
}

static void test_unsettled(void)
{
    struct scene s;
    scene_begin(&s);
    s.o.seen.unsettled = true;
    ok(!gates_judge(&s.run, &s.bundle, &s.o), "triggers that always defer themselves again");
    is_str(told(&s),
           "scope\nprotected\ndrift\nledger\n"
           "observation: deferred triggers defer themselves again: after 16 rounds some are still "
           "to run in COMMIT\nsecrets\n",
           "by that gate alone, once");
    s.o.gates.n = 0;
    s.o.seen.unreconciled = "pg_class: 1 row changed";
    s.o.seen.ledger_touched = true;
    ok(!gates_judge(&s.run, &s.bundle, &s.o), "and more");
    is_str(hints(&s),
           "a migration may not read or write schema kfmig\n"
           "what a trigger defers has to come to an end; do it in statements of the migration\n"
           "a change that cannot be named is refused; make it with a plain statement\n",
           "each has its hint");
}

/* What is told of where a touch comes from, and what counts as having been there. */
static void test_places(void)
{
    struct scene s;
    scene_begin(&s);
    s.bundle.dir = "m";
    struct touch t = {
        .object = {OBJ_TABLE, "b", "t", NULL}, .effect = EFFECT_ALTER, .statement = 1};
    t.path = "m/forward.sql";
    t.line = 7;
    t.through = "trigger x of app.t";
    touches_add(&arena, &s.o.seen.touches, t);
    t.object.name = "u";
    t.path = "mm/forward.sql";
    t.through = "";
    touches_add(&arena, &s.o.seen.touches, t);
    t.object.name = "v";
    t.path = "n/forward.sql";
    t.through = "x";
    touches_add(&arena, &s.o.seen.touches, t);
    t.object.name = "w";
    t.path = "m/forward.sql";
    t.through = NULL;
    touches_add(&arena, &s.o.seen.touches, t);
    ok(!gates_judge(&s.run, &s.bundle, &s.o), "four that are not in scope");
    is_str(told(&s),
           "scope: alter of table b.t, in statement 2 (forward.sql:7) through trigger x of app.t: "
           "not in scope.allowed_schemas\n"
           "scope: alter of table b.u, in statement 2 (mm/forward.sql:7): not in "
           "scope.allowed_schemas\n"
           "scope: alter of table b.v, in statement 2 (n/forward.sql:7) through x: not in "
           "scope.allowed_schemas\n"
           "scope: alter of table b.w, in statement 2 (forward.sql:7): not in "
           "scope.allowed_schemas\n"
           "protected\ndrift\nledger\nobservation\nsecrets\n",
           "each with its place");
    scene_begin(&s);
    s.decl.scope.allowed_schemas = (struct names)LIST("governance");
    touch(&s, EFFECT_CREATE, "governance", "new");
    ok(!gates_judge(&s.run, &s.bundle, &s.o), "a new table of a protected schema that stands");
    is_str(first_failed(&s)->rule, "protected", "is protected");
    scene_begin(&s);
    s.decl.scope.allowed_global = (struct names)LIST("role");
    s.run.domains = &(struct domains){.roles = LIST("auditor")};
    touches_add(&arena, &s.o.seen.touches,
                (struct touch){.object = {OBJ_ROLE, "", "auditor", NULL}, .effect = EFFECT_CREATE});
    ok(gates_judge(&s.run, &s.bundle, &s.o), "a protected role that is new is not protected");
    scene_begin(&s);
    s.run.domains = &(struct domains){.tables = LIST("q.t")};
    s.decl.scope.allowed_schemas = (struct names)LIST("q");
    table_puts(&s.base.by_text, "schema q", &s);
    touch(&s, EFFECT_CREATE, "q", "t");
    ok(!gates_judge(&s.run, &s.bundle, &s.o), "nor one of a schema of one letter that stands");
    is_str(first_failed(&s)->text, "create of table q.t: protected by policy.protected.tables",
           "but the table is");
    is_str(first_failed(&s)->path, "m/migration.yml", "told with its file");
}

static void test_drift_is_about(void)
{
    struct scene s;
    scene_begin(&s);
    s.world = (struct world){.drift = drifted, .n_drift = 1};
    touch(&s, EFFECT_ALTER, "app", "t");
    ok(!gates_judge(&s.run, &s.bundle, &s.o), "one drifted");
    is_str(first_failed(&s)->subject, "table app.t", "and is named as the subject");
    is_str(first_failed(&s)->hint,
           "`kfmig adopt ENV` accepts the database as it stands, with a receipt",
           "and the hint is whole");
    scene_begin(&s);
    static struct drift by_one = {.text = "table app.t", .last_writer = "M"};
    s.world = (struct world){.drift = &by_one, .n_drift = 1};
    s.decl.file.path = NULL;
    touch(&s, EFFECT_ALTER, "app", "t");
    touch(&s, EFFECT_ALTER, "other", "t");
    ok(!gates_judge(&s.run, &s.bundle, &s.o), "one drifted, one is out of scope");
    is_str(told(&s),
           "scope: alter of table other.t: not in scope.allowed_schemas\nprotected\n"
           "drift: table app.t was changed outside kfmig after M\nledger\nobservation\nsecrets\n",
           "a writer of one letter");
    ok(first_failed(&s)->path[0] == '\0' && first_failed(&s)->line == 0,
       "a declaration without a file has no place");
    scene_begin(&s);
    s.decl.file.path = "y";
    touch(&s, EFFECT_ALTER, "other", "t");
    ok(!gates_judge(&s.run, &s.bundle, &s.o), "out of scope");
    is_int(first_failed(&s)->line, 4, "a file of one letter has its line");
}

/* Which statement did it is looked for only where something is not admitted. */
static void test_reach(void)
{
    struct touch made[] = {{.object = {OBJ_TABLE, "app", "t", NULL}, .effect = EFFECT_ALTER},
                           {.object = {OBJ_TABLE, "other", "o", NULL}, .effect = EFFECT_ALTER}};
    struct statement st[] = {
        {.analysed = true, .line = 3, .touches = {.v = &made[0], .n = 1}},
        {.analysed = true, .line = 9, .touches = {.v = &made[1], .n = 1}},
    };
    struct script script = {.path = "m/forward.sql", .forms = st, .n = 2};
    struct ways ways = {0};
    struct scene s;
    scene_begin(&s);
    s.bundle.forward = &script;
    s.decl.forward.n = 1;
    ok(!gates_reach(&s.run, &s.bundle, &s.o), "nothing was touched");
    touch(&s, EFFECT_ALTER, "app", "t");
    ok(!gates_reach(&s.run, &s.bundle, &s.o), "what is in scope is not traced");
    touch(&s, EFFECT_ALTER, "other", "o");
    ok(gates_reach(&s.run, &s.bundle, &s.o), "the last that is not in scope is");
    for (size_t i = 0; i < 2; i++) {
        s.o.seen.touches.v[i].statement = -1;
    }
    gates_trace(&s.run, &s.bundle, &ways, &s.o);
    is_int(s.o.seen.touches.v[0].statement, -1, "what is admitted is left alone");
    is_int(s.o.seen.touches.v[1].statement, 1, "the other has its statement");
    is_int(s.o.seen.touches.v[1].line, 9, "and its line");
    scene_begin(&s);
    touch(&s, EFFECT_ALTER, "other", "o");
    touch(&s, EFFECT_ALTER, "app", "t");
    ok(gates_reach(&s.run, &s.bundle, &s.o), "the first of two that is not in scope, too");
    s.bundle.forward = &script;
    s.decl.forward.n = 1;
    s.o.seen.touches.v[0].statement = -1;
    gates_trace(&s.run, &s.bundle, &ways, &s.o);
    is_int(s.o.seen.touches.v[0].line, 9, "and is traced");
}

#define TOKEN                                                                                      \
    "-----BEG"                                                                                     \
    "IN PRIVATE KE"                                                                                \
    "Y-----"

/* Wherever a secret stands in what was seen: a name, what was there before, what stands there now, its definition. */
static void test_secrets(void)
{
    struct facet facet = {.name = "comment", .value = TOKEN};
    struct catalog_object plain = {.text = "table app.t"};
    struct catalog_object named = {.text = "table app." TOKEN};
    struct catalog_object defined = {.text = "table app.t", .facets = &facet, .n_facets = 1};
    const struct {
        const char *what, *name;
        struct change change[2];
        bool found;
    } cases[] = {
        {"nothing", "t", {{&plain, &plain}, {NULL, &plain}}, false},
        {"a name that is touched", TOKEN, {{&plain, NULL}, {NULL, &plain}}, true},
        {"what was there", "t", {{&plain, NULL}, {&named, NULL}}, true},
        {"what was there, and stands there otherwise",
         "t",
         {{&named, &plain}, {NULL, &plain}},
         true},
        {"what stands there", "t", {{NULL, &named}, {NULL, NULL}}, true},
        {"its definition", "t", {{&plain, &plain}, {&plain, &defined}}, true},
        {"a definition that is gone", "t", {{&defined, NULL}, {&plain, &plain}}, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct change change[2] = {cases[i].change[0], cases[i].change[1]};
        struct scene s;
        scene_begin(&s);
        s.o.observed = true;
        s.o.seen.changes = change;
        s.o.seen.n_changes = 2;
        touch(&s, EFFECT_ALTER, "app", cases[i].name);
        touch(&s, EFFECT_ALTER, "app", "u");
        const struct leak *found = gates_secret(&s.run, &s.o.seen);
        is_str(found != NULL ? found->rule : "", cases[i].found ? "private-key" : "",
               cases[i].what);
        ok(gates_judge(&s.run, &s.bundle, &s.o) != cases[i].found, "and is judged so");
        is_str(s.o.failure.msg,
               cases[i].found
                   ? arena_printf(&arena,
                                  "M-1: gate \"secrets\" failed, everything was rolled back and "
                                  "nothing of it written: a name or definition that this leaves in "
                                  "the database holds %s (rule private-key)",
                                  found != NULL ? found->what : "")
                   : "",
               "and told by its rule, without it");
        ok(s.o.observed != cases[i].found, "and nothing that was seen is written");
        is_str(s.o.failure.hint,
               cases[i].found ? "take the secret out of the migration; if it was ever shared, "
                                "change it"
                              : "",
               "with what to do");
        bool passes_again = gates_judge(&s.run, &s.bundle, &s.o);
        ok(passes_again != cases[i].found &&
               (passes_again || (s.o.gates.n == 1 && strcmp(s.o.gates.v[0].rule, "secrets") == 0)),
           "by that gate alone, however often it is judged");
    }
}

int main(void)
{
    tap_plan(3 + 7 + 4 + 18 + 2 + 4 + 5 + 4 + 7 + 4 + 8 + 8 + 8 + 42 + 2);
    test_pass();
    test_scope();
    test_protected();
    test_limits();
    test_which();
    test_drift();
    test_observation();
    test_all();
    test_uncounted();
    test_flat();
    test_unsettled();
    test_places();
    test_drift_is_about();
    test_reach();
    test_secrets();
    arena_release(&arena);
    return tap_done();
}
