/* layer: plan */
/* Repeatable definitions: what texts make and need, which names mean the same, their order, and how they are decided. */
#include "plan_cases.h"

#include <string.h>

#include "model/definition.h"
#include "script/language.h"

/* --- what texts make and need ----------------------------------------------------------------------- */

static const struct {
    const char *text, *makes, *needs;
} texts[] = {
    {"CREATE VIEW app.v AS SELECT id FROM app.t", "relation app.v", "relation app.t"},
    {"CREATE VIEW v AS SELECT id FROM t JOIN app.u USING (id)", "relation v",
     "relation t, relation app.u"},
    {"CREATE MATERIALIZED VIEW app.m AS SELECT app.f(id) FROM app.v", "relation app.m",
     "function app.f, relation app.v"},
    {"CREATE FUNCTION app.f(int, text) RETURNS int LANGUAGE sql AS 'SELECT id FROM app.t'",
     "function app.f", "relation app.t"},
    {"CREATE TRIGGER g BEFORE INSERT ON app.t FOR EACH ROW EXECUTE FUNCTION app.g()", "",
     "relation app.t, function app.g"},
    {"CREATE POLICY p ON app.t USING (app.may(id))", "", "relation app.t, function app.may"},
    {"CREATE FUNCTION app.g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE TRIGGER g "
     "BEFORE INSERT ON "
     "app.t EXECUTE FUNCTION app.g()",
     "function app.g", "relation app.t"},
    {"DROP VIEW IF EXISTS app.v; CREATE VIEW app.v AS SELECT 1 AS a; COMMENT ON VIEW app.v IS 'x'",
     "relation app.v", ""},
    {"CREATE VIEW \"A b\".\"v.w\" AS SELECT 1 FROM \"A b\".\"t.u\"", "relation \"A b\".\"v.w\"",
     "relation \"A b\".\"t.u\""},
    {"GRANT SELECT ON app.v TO PUBLIC", "", "relation app.v"},
};

static const char *joined(struct arena *a, const struct names *l)
{
    const char *text = "";
    for (size_t i = 0; i < l->n; i++) {
        text = arena_printf(a, "%s%s%s", text, i > 0 ? ", " : "", l->v[i]);
    }
    return text;
}

static struct definition *read(struct arena *a, const char *sql, struct script *script)
{
    struct err e = {0};
    struct definition *d = ARENA_NEW(a, struct definition);
    if (language_parse(a, "d.sql", bytes_str(sql), script, &e) == 0) {
        definition_read(a, script, 1, d);
    }
    return d;
}

static void test_texts(void)
{
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct arena a = {0};
        struct script script;
        const struct definition *d = read(&a, texts[i].text, &script);
        const struct definition *copy = definition_copy(&a, d);
        is_str(joined(&a, &copy->makes), texts[i].makes, texts[i].text);
        is_str(joined(&a, &copy->needs), texts[i].needs, "and what it stands on");
        ok(definition_admits(&script.forms[0]), "which is a definition");
        arena_release(&a);
    }
}

static const struct {
    const char *text;
    bool is_one;
} statements[] = {
    {"CREATE OR REPLACE PROCEDURE p() LANGUAGE sql AS ''", true},
    {"CREATE AGGREGATE s(int) (SFUNC = int4pl, STYPE = int)", true},
    {"CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING", true},
    {"ALTER VIEW v OWNER TO o", true},
    {"ALTER FUNCTION f() STABLE", true},
    {"REVOKE ALL ON v FROM PUBLIC", true},
    {"INSERT INTO t VALUES (1)", false},
    {"CREATE TABLE t ()", false},
    {"ALTER TABLE t ENABLE ROW LEVEL SECURITY", false},
    {"DROP TABLE t", false},
    {"SELECT f()", false},
    {"CREATE TYPE e AS ENUM ('a')", false},
    {"REFRESH MATERIALIZED VIEW m", false},
    {"DO 'BEGIN END'", false},
};

static void test_statements(void)
{
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        struct arena a = {0};
        struct script script;
        (void)read(&a, statements[i].text, &script);
        is_int(definition_admits(&script.forms[0]), statements[i].is_one, statements[i].text);
        arena_release(&a);
    }
}

static const struct {
    const char *one, *other;
    bool is_same;
} same[] = {
    {"relation app.t", "relation app.t", true},    {"relation t", "relation app.t", true},
    {"relation app.t", "relation b.t", false},     {"relation t", "function app.t", false},
    {"relation \"a.t\"", "relation app.t", false}, {"relation \"a.t\"", "relation x.\"a.t\"", true},
};

static void test_same(void)
{
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        const char *one = same[i].one;
        const struct names list = {&one, 1, 1};
        is_int(definition_has(&list, same[i].other), same[i].is_same, same[i].other);
    }
}

/* --- order ------------------------------------------------------------------------------------------ */

/* id, SQL; a name in capitals is a migration's that is pending. */
static const struct {
    const char *name, *bundles[5][3], *order;
} orders[] = {
    {"behind all migrations",
     {{"v", "CREATE VIEW app.v AS SELECT 1 AS a", NULL}, {"M", "CREATE TABLE app.t ()", NULL}},
     "M v"},
    {"by what they make",
     {{"a", "CREATE VIEW app.a AS SELECT * FROM app.b", NULL},
      {"b", "CREATE VIEW app.b AS SELECT app.c()", NULL},
      {"c", "CREATE FUNCTION app.c() RETURNS int LANGUAGE sql AS 'SELECT 1'", NULL}},
     "c b a"},
    {"by an unqualified name",
     {{"a", "CREATE VIEW app.a AS SELECT * FROM b", NULL},
      {"b", "CREATE VIEW app.b AS SELECT 1 AS x", NULL}},
     "b a"},
    {"as it says",
     {{"a", "CREATE VIEW app.a AS SELECT 1 AS x", "b"},
      {"b", "CREATE VIEW app.b AS SELECT 1 AS x", NULL}},
     "b a"},
    {"before a migration that says so",
     {{"a", "CREATE VIEW app.a AS SELECT 1 AS x", NULL},
      {"f", "CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS 'SELECT 1'", NULL},
      {"M", "CREATE TABLE app.t ()", ""},
      {"N", "CREATE TABLE app.u (id int DEFAULT app.f())", "f"}},
     "M a f N"},
    {"not behind itself", {{"a", "CREATE VIEW app.a AS SELECT 1 FROM app.a", NULL}}, "a"},
};

static struct bundle *add_text(struct stage_set *t, const char *id, const char *sql,
                               const char *depends)
{
    struct bundle *b = add(t, id, depends);
    struct script *script = ARENA_NEW(t->a, struct script);
    struct decl *decl = ARENA_NEW(t->a, struct decl);
    struct definition *d = read(t->a, sql, script);
    *decl = (struct decl){.limits = limits_none, .forward = {.n = 1}};
    decl->scope.is_open = true;
    b->decl = decl;
    b->forward = script;
    if (id[0] >= 'a') {
        b->layout = LAYOUT_REPEATABLE;
        b->file = arena_printf(t->a, "migrations/postgis/repeatable/%s.sql", id);
        b->definition = d;
        b->status = NULL;
    }
    return b;
}

static void test_orders(void)
{
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        struct arena a = {0};
        struct stage_set t;
        struct plan p;
        struct err e = {0};
        set_up(&t, &a);
        for (size_t k = 0; k < 5 && orders[i].bundles[k][0] != NULL; k++) {
            (void)add_text(&t, orders[i].bundles[k][0], orders[i].bundles[k][1],
                           orders[i].bundles[k][2]);
        }
        is_str(make(&t, &p, &e) == 0 ? order_of(&a, &p) : e.msg, orders[i].order, orders[i].name);
        arena_release(&a);
    }
}

static void test_cycle(void)
{
    struct arena a = {0};
    struct stage_set t;
    struct plan p;
    struct err e = {0};
    set_up(&t, &a);
    (void)add_text(&t, "a", "CREATE VIEW app.a AS SELECT * FROM app.b", NULL);
    (void)add_text(&t, "b", "CREATE VIEW app.b AS SELECT * FROM app.a", NULL);
    is_int(make(&t, &p, &e), -1, "two that need each other are no plan");
    ok(strstr(e.msg, "dependency cycle: a (migrations/postgis/repeatable/a.sql:7)") != NULL,
       "which names their files");
    is_str(e.hint, "remove one of these depends_on; definitions that need each other are one file",
           "and what to do");
    arena_release(&a);
}

/* --- decisions -------------------------------------------------------------------------------------- */

static void wrote(struct stage_set *t, const char *name, int64_t sequence)
{
    struct rewritten *x = ARENA_NEW(t->a, struct rewritten);
    *x = (struct rewritten){sequence, "M"};
    t->world.written.a = t->a;
    (void)table_puts(&t->world.written, name, x);
}

static void on_built(struct stage_set *t)
{
    happened(t, "M", "success", "M");
    happened(t, "v", "success", "v");
}
static void on_other_text(struct stage_set *t)
{
    happened(t, "M", "success", "M");
    happened(t, "v", "success", "another");
}
static void on_below(struct stage_set *t)
{
    on_built(t);
    wrote(t, "relation app.t", 3);
}
static void on_itself(struct stage_set *t)
{
    on_built(t);
    wrote(t, "relation app.v", 3);
}
static void on_before(struct stage_set *t)
{
    on_built(t);
    wrote(t, "relation app.t", 1);
}
static void on_elsewhere(struct stage_set *t)
{
    on_built(t);
    wrote(t, "relation app.u", 3);
}
static void on_pending(struct stage_set *t)
{
    happened(t, "v", "success", "v");
}
static void on_blocked_below(struct stage_set *t)
{
    happened(t, "M", "success", "another M");
    happened(t, "v", "success", "v");
}
static void on_failed(struct stage_set *t)
{
    happened(t, "M", "success", "M");
    happened(t, "v", "failed", "v");
}
static void on_said(struct stage_set *t)
{
    on_built(t);
    t->b[1].has_depends = true;
    t->b[1].depends_on = (struct names){ARENA_ARRAY(t->a, const char *, 1), 1, 1};
    t->b[1].depends_on.v[0] = "M";
    happened(t, "M", "success", "M");
}
static void on_missing(struct stage_set *t)
{
    on_built(t);
    t->exports[1] = EXPORT_MISSING;
}
static void on_altered(struct stage_set *t)
{
    on_built(t);
    t->exports[1] = EXPORT_ALTERED;
}
static void on_gone(struct stage_set *t)
{
    on_built(t);
    t->b[1] = bundle_absent("v", &t->b[1].checksum);
    t->b[1].layout = LAYOUT_REPEATABLE;
    t->env.is_protected = true;
}
static void on_pruned(struct stage_set *t)
{
    on_built(t);
    t->b[1] = bundle_absent("v", &t->b[1].checksum);
    t->b[1].layout = LAYOUT_REPEATABLE;
    t->prunes = true;
}
static void on_unregistered(struct stage_set *t)
{
    happened(t, "M", "success", "M");
    t->env.is_protected = true;
}

/* M made app.t; v is a view of it. */
static const struct {
    const char *name;
    void (*arrange)(struct stage_set *t);
    enum reason_code reason; /* of v */
    enum plan_state state;
    enum plan_action action;
    const char *detail; /* of the reason; NULL: whatever */
} decisions[] = {
    {"never built", NULL, REASON_NEVER_BUILT, STATE_STALE, ACTION_APPLY, ""},
    {"built", on_built, REASON_CURRENT, STATE_CURRENT, ACTION_NONE, NULL},
    {"another text", on_other_text, REASON_INPUT_CHANGED, STATE_STALE, ACTION_APPLY, NULL},
    {"what is below", on_below, REASON_NEED_CHANGED, STATE_STALE, ACTION_APPLY,
     "relation app.t, by M"},
    {"what it made", on_itself, REASON_NEED_CHANGED, STATE_STALE, ACTION_APPLY,
     "relation app.v, by M"},
    {"before it was built", on_before, REASON_CURRENT, STATE_CURRENT, ACTION_NONE, NULL},
    {"something else", on_elsewhere, REASON_CURRENT, STATE_CURRENT, ACTION_NONE, NULL},
    {"something pending below", on_pending, REASON_UPSTREAM_PENDING, STATE_STALE, ACTION_APPLY,
     NULL},
    {"something blocked below", on_blocked_below, REASON_CURRENT, STATE_CURRENT, ACTION_NONE, NULL},
    {"the last run failed", on_failed, REASON_NEVER_BUILT, STATE_STALE, ACTION_APPLY, NULL},
    {"it comes after what was built since", on_said, REASON_NEED_CHANGED, STATE_STALE, ACTION_APPLY,
     "it comes after M, as its text says"},
    {"evidence missing", on_missing, REASON_OUTPUT_MISSING, STATE_STALE, ACTION_EXPORT, NULL},
    {"evidence altered", on_altered, REASON_OUTPUT_ALTERED, STATE_STALE, ACTION_EXPORT, NULL},
    {"its file is gone, and what it made is to go", on_pruned, REASON_PRUNED, STATE_STALE,
     ACTION_PRUNE, NULL},
    {"its file is gone", on_gone, REASON_DEFINITION_GONE, STATE_NOT_APPLICABLE, ACTION_NONE,
     "applied at 2026-01-01T00:00:00.000000Z by run run, no file here"},
    {"no registry has it", on_unregistered, REASON_NEVER_BUILT, STATE_STALE, ACTION_APPLY, NULL},
};

static void test_decisions(void)
{
    for (size_t i = 0; i < sizeof decisions / sizeof *decisions; i++) {
        struct arena a = {0};
        struct stage_set t;
        struct plan p;
        struct err e = {0};
        set_up(&t, &a);
        (void)add_text(&t, "M", "CREATE TABLE app.t ()", NULL);
        (void)add_text(&t, "v", "CREATE VIEW app.v AS SELECT 1 FROM app.t", NULL);
        if (decisions[i].arrange != NULL) {
            decisions[i].arrange(&t);
        }
        const struct step *s =
            make(&t, &p, &e) == 0 ? &p.v[plan_find(&p, "v")] : &(struct step){.n_reasons = 0};
        const struct reason *r = s->n_reasons > 0 ? &s->reasons[0] : &(struct reason){.detail = ""};
        is_str(reason_text(r->code), reason_text(decisions[i].reason), decisions[i].name);
        ok(s->state == decisions[i].state && s->action == decisions[i].action, "its state");
        is_str(decisions[i].detail != NULL ? r->detail : "",
               decisions[i].detail != NULL ? decisions[i].detail : "", "and what is told");
        is_str(step_kind_text(s), "repeatable", "what it is");
        arena_release(&a);
    }
}

/* May any of them have to run? Then their scripts are read. */
static void test_scripts(void)
{
    for (size_t i = 0; i < sizeof decisions / sizeof *decisions; i++) {
        struct arena a = {0};
        struct stage_set t;
        set_up(&t, &a);
        (void)add_text(&t, "M", "CREATE TABLE app.t ()", NULL);
        (void)add_text(&t, "v", "CREATE VIEW app.v AS SELECT 1 FROM app.t", NULL);
        if (decisions[i].arrange != NULL) {
            decisions[i].arrange(&t);
        }
        struct plan_input in = {
            .env = &t.env, .domains = &t.domains, .past = &t.past, .world = &t.world};
        in.defines = !t.b[1].is_absent && plan_defines(&in, t.b, t.n);
        is_int(in.defines && plan_needs_scripts(&in, &t.b[1]), decisions[i].action == ACTION_APPLY,
               decisions[i].name);
        is_int(plan_defines(&in, t.b, 1), false, "without a definition nothing is to be defined");
        arena_release(&a);
    }
}

int main(void)
{
    tap_plan((int)(3 * (sizeof texts / sizeof *texts) + sizeof statements / sizeof *statements +
                   sizeof same / sizeof *same + sizeof orders / sizeof *orders + 3 +
                   6 * (sizeof decisions / sizeof *decisions)));
    test_texts();
    test_statements();
    test_same();
    test_orders();
    test_cycle();
    test_decisions();
    test_scripts();
    return tap_done();
}
