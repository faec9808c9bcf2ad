/* layer: run scripted */
/* A repeatable definition that cannot be replaced: which refusals that is said of, what is asked, what runs. */
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
    facts[i] = (struct fact){.sequence = i + 1};
    histories[i] = (struct history){.applied = &facts[i]};
    steps[i] = (struct step){.bundle = &bundles[i], .history = &histories[i]};
}

static void set_up_all(const char *script)
{
    static struct catalog_object stands[2];
    scene_open(&t, script);
    for (int i = 0; i < UPON; i++) {
        set_up_one(i);
    }
    plan = (struct plan){.a = &t.a, .v = steps, .n_steps = UPON, .n_migrations = UPON};
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
            struct statement room;
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
    const char *with = "";
    set_up_all(MADE WORDS);
    is_int(remake_view(&t.run, &bundles[0], &view, &with, &e), 0,
           "it can be dropped and made again");
    is_str(with, "top", "with what stands upon it");
    is_str(
        view.decl != NULL ? texts_of(&view) : e.msg,
        "DROP VIEW app.top\nDROP VIEW app.v\n"
        "CREATE OR REPLACE VIEW app.v AS SELECT id FROM app.t\n"
        "CREATE OR REPLACE VIEW app.top AS SELECT id FROM app.v\nCOMMENT ON VIEW app.top IS 'x'\n"
        "DO 'BEGIN NULL; END'\nDO 'BEGIN END'\nCOMMENT ON VIEW app.top IS 'x'\n",
        "drops, texts, what was kept, and what the texts say of it");
    ok(view.decl != NULL && view.decl->limits.max_row_backfill == -1 &&
           decls[0].limits.max_row_backfill == 1,
       "without limits, which it keeps itself");
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
        const char *with = "";
        set_up_all(ends[i].script);
        steps[1].state = ends[i].is_blocked ? STATE_BLOCKED : STATE_STALE;
        is_int(remake_view(&t.run, &bundles[0], &view, &with, &e), ends[i].want, ends[i].name);
        scene_close(&t);
        ok(pq_played() && (e.code != ERR_NONE) == (ends[i].want < 0), "and nothing else is asked");
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
    tap_plan((int)(6 + 2 * (sizeof ends / sizeof *ends) + sizeof states / sizeof *states));
    test_whole();
    test_ends();
    test_states();
    return tap_done();
}
