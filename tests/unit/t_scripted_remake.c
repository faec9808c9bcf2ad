/* layer: run scripted */
/* Definitions dropped and made again: one that cannot be replaced, those that a migration rebuilds, and one whose
 * file is gone: which refusals that is said of, what is asked, what runs. */
#include "scripted_views.h"

#define MADE                                                                                       \
    CONNECT "~ @pg_pin_query -> rows 1\n@run_remake_made({\"v\",\"top\"}) -> rows table app.t ; "  \
            "view app.top ; view app.v ; view app.gone\n"
#define WORDS                                                                                      \
    "@run_remake_words({\"1259\",\"1259\"}, {\"8\",\"7\"}, {\"f\",\"t\"}) -> rows "                \
    "DROP VIEW app.top | DO 'BEGIN END' | - ; DROP VIEW app.v | DO 'BEGIN NULL; END' | -\n"

static void test_whole(void)
{
    struct err e = {0};
    struct bundle view = {0};
    struct rebuilding with;
    views_open(MADE WORDS);
    is_int(remake_view(&t.run, &bundles[0], &view, &with, &e), 0,
           "it can be dropped and made again");
    is_str(rebuilding_text(&t.a, &with, 1), "top", "with what stands upon it");
    is_str(
        view.decl != NULL ? views_texts(&view) : e.msg,
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
        views_open(ends[i].script);
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
    views_open(MADE WORDS);
    (void)!language_parse(&t.a, "v.sql", bytes_str(puts_trigger), &scripts[0], &e);
    const struct bundle m = migration_of(migrates, &d, &file);
    rebuilding_named(&t.a, &plan, &m.rebuilds, &with);
    is_str(rebuilding_text(&t.a, &with, 0), "v, top", "those named, and those upon them");
    ok(rebuilding_reached(&t.a, &with, &m), "it may change what they stand on");
    is_int(rebuild_view(&t.run, &m, &with, &view, &n_ahead, &e), 0, "they can go and come back");
    is_int((long long)n_ahead, 4, "what goes before its own statements is told from them");
    is_str(view.decl != NULL ? views_texts(&view) : e.msg,
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
    views_open(CONNECT "~ @pg_pin_query -> rows 1\n");
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
                 "'BEGIN END' | -\n",
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
        views_open(prunes[i].script);
        is_int(prune_view(&t.run, &bundles[0], &view, &e), prunes[i].want, prunes[i].name);
        ok(prunes[i].runs == NULL ||
               strcmp(prunes[i].want == 0 ? views_texts(&view) : e.msg, prunes[i].runs) == 0,
           "and that is what runs, or what is said");
        scene_close(&t);
        ok(pq_played(), "asked for once");
    }
}

/* --- what a text makes no more ------------------------------------------------------------------------ */

/* What v made as it was built last, if not what its text says now: views v and top, function h, and things on app.t. */
static const char made_before[] =
    "CREATE OR REPLACE VIEW app.v AS SELECT id FROM app.t;\n"
    "CREATE OR REPLACE VIEW app.top AS SELECT 1 AS n;\n"
    "CREATE OR REPLACE FUNCTION app.h() RETURNS int LANGUAGE sql AS 'SELECT 1';\n"
    "DROP TRIGGER IF EXISTS g ON app.t;\nCREATE TRIGGER g BEFORE INSERT ON app.t FOR EACH ROW "
    "EXECUTE FUNCTION app.h();\n"
    "DROP POLICY IF EXISTS p ON app.t;\nCREATE POLICY p ON app.t USING (true);\n";
static const char keeps_policy[] =
    "CREATE OR REPLACE VIEW app.v AS SELECT id FROM app.t;\n"
    "DROP POLICY IF EXISTS p ON app.t;\nCREATE POLICY p ON app.t USING (false);\n";
static const char keeps_all[] =
    "CREATE OR REPLACE VIEW app.v AS SELECT id FROM app.t;\n"
    "CREATE OR REPLACE VIEW app.top AS SELECT 2 AS n;\n"
    "DROP TRIGGER IF EXISTS g ON app.t;\nCREATE TRIGGER g AFTER INSERT ON app.t FOR EACH ROW "
    "EXECUTE FUNCTION app.h();\n"
    "DROP POLICY IF EXISTS p ON app.t;\nCREATE POLICY p ON app.t USING (false);\n";

#define FOUND                                                                                      \
    CONNECT "~ @pg_pin_query -> rows 1\n@run_remake_made({\"v\"}) -> rows view app.v ; view "      \
            "app.top ; function app.h()\n"
#define LEFT(what)                                                                                 \
    "@run_remake_words({\"1259\",\"1255\"}, {\"8\",\"9\"}, {\"t\",\"t\"}) -> " what "\n"
#define H "DO 'BEGIN DROP FUNCTION app.h(); END'"
#define V_TEXT "CREATE OR REPLACE VIEW app.v AS SELECT id FROM app.t\n"

static const struct {
    const char *name, *now, *script;
    int want;
    const char *runs; /* or what is wrong */
} leaves[] = {
    {"what it made goes, before its text or behind it", keeps_policy,
     FOUND LEFT("rows DROP VIEW app.top | - | DROP VIEW app.top ; DROP FUNCTION app.h() | - | " H),
     0,
     "DROP TRIGGER IF EXISTS g ON app.t\n" V_TEXT
     "DROP POLICY IF EXISTS p ON app.t\nCREATE POLICY p ON app.t USING (false)\n"
     "DROP VIEW app.top\n" H "\n"},
    {"a function goes where the text did not write it again", keeps_all,
     FOUND "@run_remake_words({\"1255\"}, {\"9\"}, {\"t\"}) -> rows DROP FUNCTION app.h() | - | " H
           "\n",
     0,
     V_TEXT "CREATE OR REPLACE VIEW app.top AS SELECT 2 AS n\n"
            "DROP TRIGGER IF EXISTS g ON app.t\nCREATE TRIGGER g AFTER INSERT ON app.t FOR EACH "
            "ROW EXECUTE FUNCTION app.h()\nDROP POLICY IF EXISTS p ON app.t\nCREATE POLICY p ON "
            "app.t USING (false)\n" H "\n"},
    {"only its text runs where nothing of that stands", keeps_all,
     CONNECT "~ @pg_pin_query -> rows 1\n@run_remake_made -> rows view app.gone ; view app.v\n", 0,
     NULL},
    {"what it made cannot be asked for", keeps_all,
     CONNECT "~ @pg_pin_query -> rows 1\n@run_remake_made -> error 42501\n", -1,
     "insufficient_privilege"},
    {"how it goes cannot be asked for", keeps_policy, FOUND LEFT("error 42501"), -1,
     "insufficient_privilege"},
    {"how it goes cannot be read", keeps_policy, FOUND LEFT("rows - | - | DO 'BEGIN"), -1,
     "unterminated quoted string"},
};

static void read_text(const char *text, int i)
{
    struct err e = {0};
    (void)!language_parse(&t.a, artifacts[i].path, bytes_str(text), &scripts[i], &e);
    definition_read(&t.a, &scripts[i], 1, &definitions[i]);
}

/* The second place holds v as it was; its limits and scope count, too. */
static void play_leaves(size_t i)
{
    struct err e = {0};
    struct bundle out = {0};
    const struct bundle *v = &bundles[0];
    const struct bundle *was = &bundles[1];
    views_open(leaves[i].script);
    views_stand((struct object){OBJ_FUNCTION, "app", "h()", NULL}, 9);
    read_text(leaves[i].now, 0);
    read_text(made_before, 1);
    bundles[1].id = "v";
    is_int(leave_view(&t.run, v, was, v, &out, &e), leaves[i].want, leaves[i].name);
    const char *runs = leaves[i].want == 0 ? views_texts(&out) : e.msg;
    bool is_own = leaves[i].runs == NULL;
    bool good = is_own ? out.forward == v->forward
                       : strcmp(leaves[i].want == 0 ? runs : "", leaves[i].runs) == 0 ||
                             (leaves[i].want < 0 && strstr(runs, leaves[i].runs) != NULL);
    if (!good) {
        printf("# %s\n", runs);
    }
    ok(good, "and that is what runs, or what is said");
    ok(leaves[i].want < 0 || is_own ||
           (out.decl->limits.max_row_backfill == 2 &&
            names_have(&out.decl->scope.allowed_tables, "v") &&
            names_have(&out.decl->scope.allowed_tables, "top")),
       "within both limits, and in both scopes");
    scene_close(&t);
    ok(pq_played(), "asked for once");
}

/* It may be recorded under another name, and have a limit fewer. */
static void test_renamed(void)
{
    struct err e = {0};
    struct bundle out = {0};
    views_open(CONNECT "~ @pg_pin_query -> rows 1\n@run_remake_made({\"v\",\"old\"}) -> rows view "
                       "app.top\n@run_remake_words({\"1259\"}, {\"8\"}, {\"t\"}) -> rows - | - | "
                       "DROP VIEW app.top\n");
    read_text(made_before, 1);
    bundles[1].id = "v";
    facts[0].recorded_as = "old";
    decls[1].limits.max_row_backfill = -1;
    is_int(leave_view(&t.run, &bundles[0], &bundles[1], &bundles[0], &out, &e), 0,
           "one that was renamed is asked for by both names");
    is_int((long long)out.decl->limits.max_row_backfill, 1,
           "the limit that it has now does for what it had none before");
    scene_close(&t);
    ok(pq_played(), "asked for once");
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
                   4 * (sizeof leaves / sizeof *leaves) + 3 + 2 * (sizeof ends / sizeof *ends) +
                   sizeof states / sizeof *states));
    test_whole();
    test_ends();
    test_rebuilt();
    test_not_rebuilt();
    test_prunes();
    for (size_t i = 0; i < sizeof leaves / sizeof *leaves; i++) {
        play_leaves(i);
    }
    test_renamed();
    test_states();
    return tap_done();
}
