/* Functions, DO, triggers, rules. */
#include <string.h>
#include <strings.h>

#include "lint/work.h"
#include "sql/builtin.h"
#include "sql/token.h"

/* --- what a body in SQL says ------------------------------------------------------------------------ */

struct function_body {
    bool looks_up; /* names something of its own without a schema */
    bool moves;    /* asks for the moment, chance, a setting or a table */
};

static bool is_moving(const char *name)
{
    static const char *const names[] = {"now", "statement_timestamp", "current_setting",
                                        "transaction_timestamp"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return builtin_volatile(name);
}

static void look(void *ctx, const tree *m)
{
    struct function_body *b = ctx;
    if (tree_is(m, &pg_query__func_call__descriptor)) {
        struct dotted d = tree_dotted(LIST(TREE(FuncCall, m), funcname));
        b->looks_up |= d.schema[0] == '\0' && !builtin_function(d.name);
        b->moves |= is_moving(d.name);
    } else if (tree_is(m, &pg_query__range_var__descriptor)) {
        b->looks_up |= TREE(RangeVar, m)->schemaname[0] == '\0';
        b->moves = true;
    } else if (tree_is(m, &pg_query__sqlvalue_function__descriptor)) {
        b->moves = true;
    }
    tree_children(m, look, ctx);
}

static const char *text_of(const PgQuery__DefElem *as)
{
    struct tree_list list = as != NULL ? tree_items(as->arg) : (struct tree_list){NULL, 0};
    const char *alone = as != NULL ? tree_string(as->arg) : NULL;
    return list.n > 0 ? tree_string(list.v[0]) : alone;
}

static const char *word_of(struct tree_list options, const char *name)
{
    const PgQuery__DefElem *o = tree_option(options, name);
    const char *s = o != NULL ? tree_string(o->arg) : NULL;
    return s != NULL ? s : "";
}

static struct function_body body_of(const PgQuery__CreateFunctionStmt *s)
{
    struct function_body b = {false, false};
    struct arena scratch = {0};
    const PgQuery__ParseResult *r = NULL;
    const char *text = text_of(tree_option(LIST(s, options), "as"));
    const char *language = word_of(LIST(s, options), "language");
    bool is_sql = language[0] == '\0' || strcasecmp(language, "sql") == 0;
    if (tree_of(s->sql_body) != NULL) {
        look(&b, tree_of(s->sql_body));
        b.looks_up = false; /* names were looked up when it was made */
    } else if (is_sql && text != NULL && tokens_parse(&scratch, text, &r) == 0) {
        for (size_t i = 0; i < r->n_stmts; i++) {
            const tree *m = tree_of(r->stmts[i]->stmt);
            if (m != NULL) {
                look(&b, m);
            }
        }
    }
    arena_release(&scratch);
    return b;
}

/* --- CREATE FUNCTION -------------------------------------------------------------------------------- */

static bool sets_path(struct tree_list options)
{
    for (size_t i = 0; i < options.n; i++) {
        const tree *o = tree_of(options.v[i]);
        const tree *set =
            tree_is(o, &pg_query__def_elem__descriptor) ? tree_of(TREE(DefElem, o)->arg) : NULL;
        if (tree_is(set, &pg_query__variable_set_stmt__descriptor) &&
            strcasecmp(TREE(VariableSetStmt, set)->name, "search_path") == 0) {
            return true;
        }
    }
    return false;
}

static bool is_trusted(const char *language)
{
    static const char *const names[] = {"", "sql", "plpgsql", "plperl", "pltcl", "plv8", "pljava"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcasecmp(language, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void look_at_definer(struct lint *l, const PgQuery__CreateFunctionStmt *s,
                            struct known_function *f, const char *name)
{
    if (!tree_option_on(LIST(s, options), "security", false)) {
        return;
    }
    if (!f->has_path) {
        (void)lint_note(l, LINT_DEFINER_PATH, -1, name,
                        "%s is SECURITY DEFINER and has no search_path set", name);
    }
    if (!s->replace) {
        f->for_all = lint_note(l, LINT_DEFINER_PUBLIC, -1, name,
                               "everyone may call %s, which runs as its owner", name);
    }
}

static void create_function(struct lint *l, const tree *m)
{
    const PgQuery__CreateFunctionStmt *s = TREE(CreateFunctionStmt, m);
    struct dotted d = tree_dotted(LIST(s, funcname));
    struct known *k = &l->known;
    const char *name = lint_name(l, d.schema, d.name);
    const char *language = word_of(LIST(s, options), "language");
    const struct function_body b = body_of(s);
    ARENA_GROW(l->a, k->function, k->n_function, k->cap_function);
    struct known_function *f = &k->function[k->n_function++];
    *f = (struct known_function){.schema = arena_strdup(l->a, d.schema),
                                 .name = arena_strdup(l->a, d.name),
                                 .has_path = sets_path(LIST(s, options)),
                                 .is_looked_up = b.looks_up};
    lint_given_dotted(l, d);
    look_at_definer(l, s, f, name);
    if (!is_trusted(language)) {
        (void)lint_note(l, LINT_UNTRUSTED, -1, name, "%s is in %s", name, language);
    }
    if (b.moves && strcmp(word_of(LIST(s, options), "volatility"), "immutable") == 0) {
        (void)lint_note(l, LINT_IMMUTABLE_LIE, -1, name,
                        "%s is IMMUTABLE, and asks for what changes", name);
    }
    if (strcmp(d.schema, "public") == 0) {
        (void)lint_note(l, LINT_HELPER_PUBLIC, -1, name, "%s is in schema public", name);
    }
}

static void alter_function(struct lint *l, const tree *m)
{
    const PgQuery__AlterFunctionStmt *s = TREE(AlterFunctionStmt, m);
    struct known_function *f =
        s->func != NULL ? known_function(&l->known, tree_dotted(LIST(s->func, objname))) : NULL;
    if (f != NULL) {
        f->has_path = f->has_path || sets_path(LIST(s, actions));
    } else if (tree_option_on(LIST(s, actions), "security", false) &&
               !sets_path(LIST(s, actions))) {
        (void)lint_note(l, LINT_DEFINER_PATH, -1, NULL,
                        "a function becomes SECURITY DEFINER, and no search_path is set");
    }
}

/* --- DO, triggers, rules ---------------------------------------------------------------------------- */

static void run(struct lint *l, const tree *m)
{
    const char *text = text_of(tree_option(LIST(TREE(DoStmt, m), args), "as"));
    if (text != NULL && bytes_mention(bytes_str(text), "execute")) {
        (void)lint_note(l, LINT_DYNAMIC, -1, NULL, "statements that no text shows");
    }
}

static void trigger(struct lint *l, const tree *m)
{
    const PgQuery__CreateTrigStmt *s = TREE(CreateTrigStmt, m);
    lint_given(l, s->trigname, -1);
    if (lint_range_in_use(l, s->relation)) {
        (void)lint_note(l, LINT_TRIGGER_MADE, -1, lint_range(l, s->relation),
                        "%s runs for each write of %s", s->trigname, lint_range(l, s->relation));
    }
}

static void event_trigger(struct lint *l, const tree *m)
{
    const PgQuery__CreateEventTrigStmt *s = TREE(CreateEventTrigStmt, m);
    (void)lint_note(l, LINT_EVENT_TRIGGER, -1, s->trigname, "%s runs at %s of everyone",
                    s->trigname, s->eventname);
}

static void rule(struct lint *l, const tree *m)
{
    const PgQuery__RuleStmt *s = TREE(RuleStmt, m);
    (void)lint_note(l, LINT_RULE, -1, lint_range(l, s->relation), "rule %s of %s", s->rulename,
                    lint_range(l, s->relation));
}

static const struct lint_handler rows[] = {
    {&pg_query__create_function_stmt__descriptor, create_function},
    {&pg_query__alter_function_stmt__descriptor, alter_function},
    {&pg_query__do_stmt__descriptor, run},
    {&pg_query__create_trig_stmt__descriptor, trigger},
    {&pg_query__create_event_trig_stmt__descriptor, event_trigger},
    {&pg_query__rule_stmt__descriptor, rule},
};
LINT_HANDLERS(on_code_handlers, rows);
