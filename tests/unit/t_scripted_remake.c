/* layer: run scripted */
/* Definitions dropped and made again: one that cannot be replaced, those that a migration rebuilds, and one whose
 * file is gone: which refusals that is said of, what is asked, what runs. */
#include "model/definition.h"
#include "run/remake.h"
#include "script/language.h"
#include "scripted_run.h"

static struct scene t;

enum { UPON = 3 };
static struct plan plan;
static struct step steps[UPON];
static struct bundle bundles[UPON];
static struct decl decls[UPON];
static struct script scripts[UPON];
static struct definition definitions[UPON];
static struct artifact artifacts[UPON];
static struct fact facts[UPON];
static struct history histories[UPON];
static struct past past;

/* v, a view upon it with a comment of its own, and a function that has nothing to do with it. */
static const char *const texts[UPON] = {
    "CREATE OR REPLACE VIEW app.v AS SELECT id FROM app.t;\n",
    "CREATE OR REPLACE VIEW app.top AS SELECT id FROM app.v;\nCOMMENT ON VIEW app.top IS 'x';\n",
    "CREATE OR REPLACE FUNCTION app.f() RETURNS int LANGUAGE sql AS 'SELECT 1';\n"};
static const char *const ids[UPON] = {"v", "top", "f"};

static void set_up_one(int i)
{
    struct err e = {0};
    const char *path = arena_printf(&t.a, "migrations/postgis/repeatable/%s.sql", ids[i]);
    (void)!language_parse(&t.a, path, bytes_str(texts[i]), &scripts[i], &e);
    definition_read(&t.a, &scripts[i], 1, &definitions[i]);
    artifacts[i] = (struct artifact){.path = path};
    decls[i] = (struct decl){.limits = {1, 1, 1}, .forward = {&artifacts[i], 1, 1}};
    decls[i].scope = (struct scope){.has_tables = true, .has_schemas = true};
    decls[i].scope.allowed_tables = (struct names){arena_dup(&t.a, &ids[i], sizeof ids[i]), 1, 1};
    bundles[i] = (struct bundle){.id = ids[i],
                                 .layout = LAYOUT_REPEATABLE,
                                 .file = path,
                                 .decl = &decls[i],
                                 .forward = &scripts[i],
                                 .definition = &definitions[i]};
    facts[i] = (struct fact){.sequence = i + 1, .recorded_as = ids[i]};
    histories[i] = (struct history){.applied = &facts[i]};
    (void)table_puts(&past.by_id, ids[i], &histories[i]);
    steps[i] = (struct step){.bundle = &bundles[i], .history = &histories[i]};
}

static void set_up_all(const char *script)
{
    static struct catalog_object stands[2];
    scene_open(&t, script);
    past = (struct past){.by_id = {.a = &t.a}};
    for (int i = 0; i < UPON; i++) {
        set_up_one(i);
    }
    plan =
        (struct plan){.a = &t.a, .v = steps, .n_steps = UPON, .n_migrations = UPON, .past = &past};
    t.run.plan = &plan;
    stands[0] = (struct catalog_object){
        .classid = 1259, .objid = 7, .object = {OBJ_VIEW, "app", "v", NULL}};
    stands[1] = (struct catalog_object){
        .classid = 1259, .objid = 8, .object = {OBJ_VIEW, "app", "top", NULL}};
    t.base.by_text.a = &t.a;
    (void)table_puts(&t.base.by_text, "view app.v", &stands[0]);
    (void)table_puts(&t.base.by_text, "view app.top", &stands[1]);
}

#define MADE                                                                                       \
    CONNECT "~ @pg_pin_query -> rows 1\n@run_remake_made({\"v\",\"top\"}) -> rows table app.t ; "  \
            "view app.top ; view app.v ; view app.gone\n"
#define WORDS                                                                                      \
    "@run_remake_words({\"1259\",\"1259\"}, {\"8\",\"7\"}, {\"f\",\"t\"}) -> rows "                \
    "DROP VIEW app.top | DO 'BEGIN END' ; DROP VIEW app.v | DO 'BEGIN NULL; END'\n"

static const char *texts_of(const struct bundle *b)
{
    const char *out = "";
    for (size_t i = 0; i < b->decl->forward.n; i++) {
        for (size_t k = 0; k < b->forward[i].n; k++) {
            struct statement_room room;
            const struct bytes text = script_at(&b->forward[i], k, &room)->text;
            out = arena_printf(&t.a, "%s%.*s\n", out, (int)text.n, text.p);
        }
    }
    return out;
}

static void test_whole(void)
{
    struct err e = {0};
    struct bundle view = {0};
    struct rebuilding with;
    set_up_all(MADE WORDS);
    is_int(remake_view(&t.run, &bundles[0], &view, &with, &e), 0,
           "it can be dropped and made again");
    is_str(rebuilding_text(&t.a, &with, 1), "top", "with what stands upon it");
    is_str(
        view.decl != NULL ? texts_of(&view) : e.msg,
        "DROP VIEW app.top\nDROP VIEW app.v\n"
        "CREATE OR REPLACE VIEW app.v AS SELECT id FROM app.t\n"
        "CREATE OR REPLACE VIEW app.top AS SELECT id FROM app.v\nCOMMENT ON VIEW app.top IS 'x'\n"
        "DO 'BEGIN NULL; END'\nDO 'BEGIN END'\nCOMMENT ON VIEW app.top IS 'x'\n",
        "drops, texts, what was kept, and what the texts say of it");
    ok(view.decl != NULL && view.decl->limits.max_row_backfill == 4 &&
           decls[0].limits.max_row_backfill == 1,
       "within the limits of both, for what goes and for what comes");
    ok(view.decl != NULL && names_have(&view.decl->scope.allowed_tables, "top") &&
           names_have(&view.decl->scope.allowed_tables, "v") &&
           !names_have(&view.decl->scope.allowed_tables, "f") &&
           decls[0].scope.allowed_tables.n == 1,
       "in the scope of both");
    scene_close(&t);
    ok(pq_played(), "asked for once");
}

static const struct {
    const char *name, *script;
    bool is_blocked;
    int want;
} ends[] = {
    {"one upon it is blocked", CONNECT "~ @pg_pin_query -> rows 1\n", true, 1},
    {"nothing of it stands any more",
     CONNECT "~ @pg_pin_query -> rows 1\n@run_remake_made -> rows view app.gone\n", false, 1},
    {"what it made cannot be asked for",
     CONNECT "~ @pg_pin_query -> rows 1\n@run_remake_made -> error 42501\n", false, -1},
    {"its words cannot be asked for", MADE "@run_remake_words -> error 42501\n", false, -1},
    {"nothing is to be dropped", MADE "@run_remake_words -> rows\n", false, 1},
};

static void test_ends(void)
{
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct err e = {0};
        struct bundle view = {0};
        struct rebuilding with;
        set_up_all(ends[i].script);
        steps[1].state = ends[i].is_blocked ? STATE_BLOCKED : STATE_STALE;
        is_int(remake_view(&t.run, &bundles[0], &view, &with, &e), ends[i].want, ends[i].name);
        scene_close(&t);
        ok(pq_played() && (e.code != ERR_NONE) == (ends[i].want < 0), "and nothing else is asked");
    }
}

/* --- what a migration rebuilds ----------------------------------------------------------------------- */

static const char migrates[] = "ALTER TABLE app.t ALTER id TYPE bigint;\n";
static const char puts_trigger[] =
    "CREATE OR REPLACE VIEW app.v AS SELECT id FROM app.t;\n"
    "DROP TRIGGER IF EXISTS g ON app.t;\nCREATE TRIGGER g BEFORE INSERT ON app.t FOR EACH ROW "
    "EXECUTE FUNCTION app.g();\nCREATE POLICY p ON app.t USING (true);\n";

static struct bundle migration_of(const char *text, struct decl *d, struct artifact *file)
{
    struct err e = {0};
    static struct script script;
    static const char *name[] = {"v"};
    *file = (struct artifact){.path = "migrations/postgis/M/forward.sql"};
    *d = (struct decl){.limits = {1, -1, 0}, .forward = {file, 1, 1}};
    (void)!language_parse(&t.a, file->path, bytes_str(text), &script, &e);
    return (struct bundle){.id = "M", .decl = d, .forward = &script, .rebuilds = {name, 1, 1}};
}

static void test_rebuilt(void)
{
    struct err e = {0};
    struct decl d;
    struct artifact file;
    struct bundle view = {0};
    struct rebuilding with;
    size_t n_ahead = 0;
    set_up_all(MADE WORDS);
    (void)!language_parse(&t.a, "v.sql", bytes_str(puts_trigger), &scripts[0], &e);
    const struct bundle m = migration_of(migrates, &d, &file);
    rebuilding_named(&t.a, &plan, &m.rebuilds, &with);
    is_str(rebuilding_text(&t.a, &with, 0), "v, top", "those named, and those upon them");
    ok(rebuilding_reached(&t.a, &with, &m), "it may change what they stand on");
    is_int(rebuild_view(&t.run, &m, &with, &view, &n_ahead, &e), 0, "they can go and come back");
    is_int((long long)n_ahead, 4, "what goes before its own statements is told from them");
    is_str(view.decl != NULL ? texts_of(&view) : e.msg,
           "DROP POLICY IF EXISTS p ON app.t\nDROP TRIGGER IF EXISTS g ON app.t\n"
           "DROP VIEW app.top\nDROP VIEW app.v\n"
           "ALTER TABLE app.t ALTER id TYPE bigint\n"
           "CREATE OR REPLACE VIEW app.v AS SELECT id FROM app.t\n"
           "DROP TRIGGER IF EXISTS g ON app.t\n"
           "CREATE TRIGGER g BEFORE INSERT ON app.t FOR EACH ROW EXECUTE FUNCTION app.g()\n"
           "CREATE POLICY p ON app.t USING (true)\n"
           "CREATE OR REPLACE VIEW app.top AS SELECT id FROM app.v\nCOMMENT ON VIEW app.top IS "
           "'x'\nDO 'BEGIN NULL; END'\nDO 'BEGIN END'\nCOMMENT ON VIEW app.top IS 'x'\n",
           "drops, its own, texts, what was kept, and what the texts say of it");
    ok(view.decl != NULL && view.decl->limits.max_table_count_touched == 5 &&
           view.decl->limits.max_index_count_delta == -1 && d.limits.max_table_count_touched == 1,
       "within its limits and theirs");
    const struct bundle other = migration_of("ALTER TABLE app.u ADD n int;\n", &d, &file);
    ok(!rebuilding_reached(&t.a, &with, &other), "what it does not reach is left alone");
    const struct bundle code = migration_of("DO 'BEGIN END';\n", &d, &file);
    ok(rebuilding_reached(&t.a, &with, &code), "code may reach anything");
    struct names upon = {0};
    struct statement_room room;
    rebuilding_upon(&t.a, &plan, script_at(m.forward, 0, &room), &upon);
    scene_close(&t);
    ok(pq_played(), "asked for once");
}

static void test_not_rebuilt(void)
{
    struct err e = {0};
    struct decl d;
    struct artifact file;
    struct bundle view = {0};
    struct rebuilding with;
    size_t n_ahead = 0;
    set_up_all(CONNECT "~ @pg_pin_query -> rows 1\n");
    const struct bundle m = migration_of(migrates, &d, &file);
    steps[1].state = STATE_BLOCKED;
    rebuilding_named(&t.a, &plan, &m.rebuilds, &with);
    is_int(rebuild_view(&t.run, &m, &with, &view, &n_ahead, &e), -1, "one upon it is blocked");
    ok(strstr(e.msg, "top is to be dropped and made again with it") != NULL, "and named");
    steps[1].state = STATE_STALE;
    bundles[0].forward = NULL;
    e = (struct err){0};
    rebuilding_named(&t.a, &plan, &m.rebuilds, &with);
    is_int(rebuild_view(&t.run, &m, &with, &view, &n_ahead, &e), -1, "one has no script");
    ok(strstr(e.msg, "v is to be dropped and made again with it") != NULL, "and is named");
    histories[0].applied = NULL;
    rebuilding_named(&t.a, &plan, &m.rebuilds, &with);
    is_int((long long)with.n, 0, "one that is not built is nothing to rebuild");
    scene_close(&t);
    ok(pq_played(), "nobody was asked");
}

/* --- one whose file is gone --------------------------------------------------------------------------- */

#define OWN CONNECT "~ @pg_pin_query -> rows 1\n@run_remake_made({\"v\"}) -> rows view app.v\n"
#define UPON_IT "@run_prune_upon({\"1259\"}, {\"7\"}, t) -> rows"

static const struct {
    const char *name, *script;
    int want;
    const char *runs; /* or what is wrong */
} prunes[] = {
    {"it is dropped",
     OWN UPON_IT "\n@run_remake_words({\"1259\"}, {\"7\"}, {\"t\"}) -> rows DROP VIEW app.v | DO "
                 "'BEGIN END'\n",
     0, "DROP VIEW app.v\n"},
    {"something stands upon it", OWN UPON_IT " view app.mine ; function app.f(app.v)\n", -1,
     "what v made is not dropped: view app.mine, function app.f(app.v) stands upon it"},
    {"nobody can be asked for that", OWN "@run_prune_upon -> error 42501\n", -1, NULL},
    {"it stands no more", CONNECT "~ @pg_pin_query -> rows 1\n@run_remake_made -> rows view x.y\n",
     0, ""},
};

static void test_prunes(void)
{
    for (size_t i = 0; i < sizeof prunes / sizeof *prunes; i++) {
        struct err e = {0};
        struct bundle view = {0};
        set_up_all(prunes[i].script);
        is_int(prune_view(&t.run, &bundles[0], &view, &e), prunes[i].want, prunes[i].name);
        ok(prunes[i].runs == NULL ||
               strcmp(prunes[i].want == 0 ? texts_of(&view) : e.msg, prunes[i].runs) == 0,
           "and that is what runs, or what is said");
        scene_close(&t);
        ok(pq_played(), "asked for once");
    }
}

static const struct {
    const char *state;
    bool helps;
} states[] = {{"42P16", true}, {"42P13", true},  {"42809", true},  {"42P07", true}, {"42723", true},
              {"42710", true}, {"42P01", false}, {"2BP01", false}, {"", false}};

static void test_states(void)
{
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        struct err e = {0};
        (void)snprintf(e.sqlstate, sizeof e.sqlstate, "%s", states[i].state);
        is_int(remake_helps(&e), states[i].helps, states[i].state);
    }
}

int main(void)
{
    tap_plan((int)(6 + 9 + 6 + 3 * (sizeof prunes / sizeof *prunes) +
                   2 * (sizeof ends / sizeof *ends) + sizeof states / sizeof *states));
    test_whole();
    test_ends();
    test_rebuilt();
    test_not_rebuilt();
    test_prunes();
    test_states();
    return tap_done();
}
