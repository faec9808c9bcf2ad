/* Repeatable definitions on a scripted server: v, a view upon it with a comment of its own, and a function that has nothing to do with it,
 * all of them built. */
#ifndef KFMIG_TESTS_UNIT_SCRIPTED_VIEWS_H
#define KFMIG_TESTS_UNIT_SCRIPTED_VIEWS_H

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

static const char *const texts[UPON] = {
    "CREATE OR REPLACE VIEW app.v AS SELECT id FROM app.t;\n",
    "CREATE OR REPLACE VIEW app.top AS SELECT id FROM app.v;\nCOMMENT ON VIEW app.top IS 'x';\n",
    "CREATE OR REPLACE FUNCTION app.f() RETURNS int LANGUAGE sql AS 'SELECT 1';\n"};
static const char *const ids[UPON] = {"v", "top", "f"};

static inline void views_set_up_one(int i)
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

static inline void views_stand(struct object object, uint32_t oid)
{
    struct catalog_object *o = catalog_add(&t.base, object, NULL, 0);
    o->classid = object.kind == OBJ_FUNCTION ? 1255 : 1259;
    o->objid = oid;
    (void)table_put(&t.base.by_oid, address_key(&t.a, o->classid, oid), o);
    catalog_seal(&t.base);
}

static inline void views_open(const char *script)
{
    scene_open(&t, script);
    past = (struct past){.by_id = {.a = &t.a}};
    for (int i = 0; i < UPON; i++) {
        views_set_up_one(i);
    }
    plan =
        (struct plan){.a = &t.a, .v = steps, .n_steps = UPON, .n_migrations = UPON, .past = &past};
    t.run.plan = &plan;
    t.base.format = CATALOG_FORMAT;
    views_stand((struct object){OBJ_VIEW, "app", "v", NULL}, 7);
    views_stand((struct object){OBJ_VIEW, "app", "top", NULL}, 8);
}

static inline const char *views_texts(const struct bundle *b)
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

#endif
