/* What undoes a script, as far as that can be read off its text. */
#include "cli/inverse.h"

#include <string.h>

#include "base/table.h"
#include "cli/words.h"

/* What one look at a statement collects. */
struct look {
    struct arena *a;
    const char *name; /* of the script, for comments */
    struct table
        made; /* objects made by statements before this one: object_text() -> statement number */
    struct table named; /* functions: name as written -> how many of them */
};

enum answer {
    ANSWER_NOTHING, /* needs no undoing, or what it changed goes away with something else */
    ANSWER_SQL,
    ANSWER_OPEN
};

/* "CREATE <words> name" -> "DROP <drop> name". */
static const struct {
    const char *words[3];
    const char *drop;
} kinds[] = {
    {{"MATERIALIZED", "VIEW", NULL}, "MATERIALIZED VIEW"},
    {{"TABLE", NULL, NULL}, "TABLE"},
    {{"VIEW", NULL, NULL}, "VIEW"},
    {{"SEQUENCE", NULL, NULL}, "SEQUENCE"},
    {{"SCHEMA", NULL, NULL}, "SCHEMA"},
    {{"EXTENSION", NULL, NULL}, "EXTENSION"},
    {{"TYPE", NULL, NULL}, "TYPE"},
    {{"DOMAIN", NULL, NULL}, "DOMAIN"},
    {{"FUNCTION", NULL, NULL}, "FUNCTION"},
    {{"PROCEDURE", NULL, NULL}, "PROCEDURE"},
    {{"STATISTICS", NULL, NULL}, "STATISTICS"},
    {{"COLLATION", NULL, NULL}, "COLLATION"},
    {{"ROLE", NULL, NULL}, "ROLE"},
};

static void put(struct buf *out, struct bytes s)
{
    buf_add(out, s.p, s.n);
}

static bool skip_all(struct words *w, const char *const *keywords)
{
    struct words copy = *w;
    for (size_t i = 0; i < 3 && keywords[i] != NULL; i++) {
        if (!words_skip(&copy, keywords[i])) {
            return false;
        }
    }
    *w = copy;
    return true;
}

static bool skip_if_not_exists(struct words *w)
{
    static const char *const keywords[] = {"IF", "NOT", "EXISTS"};
    return skip_all(w, keywords);
}

/* An index stands in the schema of its table: CREATE INDEX i ON s.t -> DROP INDEX s.i. */
static enum answer invert_index(struct words *w, struct buf *out, bool *careful)
{
    (void)words_skip(w, "CONCURRENTLY");
    *careful |= skip_if_not_exists(w);
    if (word_is(words_peek(w), "ON")) {
        return ANSWER_OPEN;
    }
    struct bytes index = words_name(w);
    if (index.n == 0 || !words_skip(w, "ON")) {
        return ANSWER_OPEN;
    }
    (void)words_skip(w, "ONLY");
    struct words table = *w;
    struct bytes whole = words_name(w);
    struct bytes schema = words_next(&table);
    buf_puts(out, "DROP INDEX ");
    if (whole.n > schema.n) {
        put(out, schema);
        buf_putc(out, '.');
    }
    put(out, index);
    buf_puts(out, ";\n");
    return ANSWER_SQL;
}

/* CREATE TRIGGER n ... ON t, CREATE POLICY n ON t, CREATE RULE n AS ON event TO t is left to a person. */
static enum answer invert_on_table(struct words *w, const char *kind, struct buf *out)
{
    struct bytes name = words_name(w);
    struct bytes word;
    do {
        word = words_next(w);
    } while (word.n > 0 && !word_is(word, "ON"));
    struct bytes table = words_name(w);
    if (name.n == 0 || table.n == 0) {
        return ANSWER_OPEN;
    }
    buf_printf(out, "DROP %s ", kind);
    put(out, name);
    buf_puts(out, " ON ");
    put(out, table);
    buf_puts(out, ";\n");
    return ANSWER_SQL;
}

static enum answer invert_create(struct look *l, struct words *w, struct buf *out, bool *careful)
{
    static const char *const fillers[] = {"UNLOGGED",   "UNIQUE", "RECURSIVE",
                                          "CONSTRAINT", "GLOBAL", "LOCAL"};
    static const char *const replace[] = {"OR", "REPLACE", NULL};
    *careful = skip_all(w, replace);
    for (size_t i = 0; i < sizeof fillers / sizeof fillers[0]; i++) {
        (void)words_skip(w, fillers[i]);
    }
    if (words_skip(w, "TEMP") || words_skip(w, "TEMPORARY")) {
        return ANSWER_NOTHING;
    }
    if (words_skip(w, "INDEX")) {
        return invert_index(w, out, careful);
    }
    if (words_skip(w, "TRIGGER")) {
        return invert_on_table(w, "TRIGGER", out);
    }
    if (words_skip(w, "POLICY")) {
        return invert_on_table(w, "POLICY", out);
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (!skip_all(w, kinds[i].words)) {
            continue;
        }
        *careful |= skip_if_not_exists(w);
        struct bytes name = words_name(w);
        const size_t *same = table_get(&l->named, name);
        if (name.n == 0 || word_is(name, "AUTHORIZATION") || (same != NULL && *same > 1)) {
            return ANSWER_OPEN;
        }
        buf_printf(out, "DROP %s ", kinds[i].drop);
        put(out, name);
        buf_puts(out, ";\n");
        return ANSWER_SQL;
    }
    return ANSWER_OPEN;
}

/* One action of ALTER TABLE, without the comma; *careful: it may have found what it wanted already there. */
static enum answer invert_action(struct words *w, struct buf *out, bool *careful)
{
    static const char *const unnamed[] = {"PRIMARY", "UNIQUE", "CHECK", "FOREIGN", "EXCLUDE"};
    static const char *const security[] = {"ROW", "LEVEL", "SECURITY"};
    if (words_skip(w, "ENABLE") && skip_all(w, security)) {
        buf_puts(out, "DISABLE ROW LEVEL SECURITY");
        return ANSWER_SQL;
    }
    if (!words_skip(w, "ADD")) {
        return ANSWER_OPEN;
    }
    if (words_skip(w, "CONSTRAINT")) {
        buf_puts(out, "DROP CONSTRAINT ");
    } else {
        for (size_t i = 0; i < sizeof unnamed / sizeof unnamed[0]; i++) {
            if (word_is(words_peek(w), unnamed[i])) {
                return ANSWER_OPEN;
            }
        }
        (void)words_skip(w, "COLUMN");
        *careful |= skip_if_not_exists(w);
        buf_puts(out, "DROP COLUMN ");
    }
    struct bytes name = words_name(w);
    put(out, name);
    return name.n > 0 ? ANSWER_SQL : ANSWER_OPEN;
}

/* All actions, the last first, in one statement; open if one of them is. */
static enum answer invert_alter(struct look *l, struct words *w, struct buf *out, bool *careful)
{
    static const char *const if_exists[] = {"IF", "EXISTS", NULL};
    if (!words_skip(w, "TABLE")) {
        return ANSWER_OPEN;
    }
    *careful = skip_all(w, if_exists);
    (void)words_skip(w, "ONLY");
    struct bytes table = words_name(w);
    const char *actions = "";
    do {
        struct words item = {bytes_of(w->text.p, words_item_end(w)), w->at};
        struct buf one = {0};
        enum answer answer = invert_action(&item, &one, careful);
        actions =
            arena_printf(l->a, "%s%s%s", buf_str(&one), actions[0] != '\0' ? ", " : "", actions);
        buf_release(&one);
        if (answer != ANSWER_SQL) {
            return ANSWER_OPEN;
        }
        w->at = item.text.n;
    } while (words_skip(w, ","));
    buf_puts(out, "ALTER TABLE ");
    put(out, table);
    buf_printf(out, " %s;\n", actions);
    return ANSWER_SQL;
}

static bool changes(const struct touch *t)
{
    return t->effect != EFFECT_READ && t->effect != EFFECT_REFERENCE;
}

static const char *key_of(struct look *l, const struct object *o)
{
    return object_text(l->a, o);
}

/* Everything that it changes was made by an earlier statement of this script and goes away with that. */
static bool is_covered(struct look *l, const struct statement *st)
{
    for (size_t i = 0; i < st->touches.n; i++) {
        const struct touch *t = &st->touches.v[i];
        if (changes(t) && table_gets(&l->made, key_of(l, &t->object)) == NULL) {
            return false;
        }
    }
    return !st->opaque && st->analysed;
}

static enum answer invert(struct look *l, const struct statement *st, struct buf *out,
                          bool *careful)
{
    struct words w = {st->text, 0};
    *careful = false;
    if (st->kind != STATEMENT_PLAIN || is_covered(l, st)) {
        return ANSWER_NOTHING;
    }
    if (words_skip(&w, "CREATE")) {
        return invert_create(l, &w, out, careful);
    }
    if (words_skip(&w, "ALTER")) {
        return invert_alter(l, &w, out, careful);
    }
    return ANSWER_OPEN;
}

static void remember(struct look *l, const struct statement *st)
{
    for (size_t i = 0; i < st->touches.n; i++) {
        const struct touch *t = &st->touches.v[i];
        if (t->effect == EFFECT_CREATE) {
            table_puts(&l->made, key_of(l, &t->object), l);
        }
    }
}

/* DROP FUNCTION f without arguments works only while there is one f. */
static void count_functions(struct look *l, const struct script *s)
{
    static const char *const replace[] = {"OR", "REPLACE", NULL};
    for (size_t i = 0; i < s->n; i++) {
        struct words w = {s->v[i].text, 0};
        if (!words_skip(&w, "CREATE")) {
            continue;
        }
        (void)skip_all(&w, replace);
        if (words_skip(&w, "FUNCTION") || words_skip(&w, "PROCEDURE")) {
            struct bytes name = words_name(&w);
            size_t *n = table_get(&l->named, name);
            if (n == NULL) {
                n = ARENA_NEW(l->a, size_t);
                table_put(&l->named, name, n);
            }
            ++*n;
        }
    }
}

static const char *describe(struct look *l, const struct statement *st)
{
    return arena_printf(l->a, "%s:%d (%s)", l->name, st->line,
                        st->tag[0] != '\0' ? st->tag : "not analysed");
}

void inverse_write(struct arena *a, const struct script *s, const char *name, struct buf *out,
                   size_t *n_open)
{
    struct look l = {.a = a, .name = name, .made = {.a = a}, .named = {.a = a}};
    const char **parts = ARENA_ARRAY(a, const char *, s->n + 1);
    *n_open = 0;
    count_functions(&l, s);
    for (size_t i = 0; i < s->n; i++) {
        struct buf one = {0};
        bool careful;
        const struct statement *st = &s->v[i];
        enum answer answer = invert(&l, st, &one, &careful);
        if (answer == ANSWER_SQL) {
            parts[i] =
                arena_printf(a, "%s%s%s%s", careful ? "-- " : "", careful ? describe(&l, st) : "",
                             careful ? " may find it there already; then this line must go\n" : "",
                             buf_str(&one));
        } else if (answer == ANSWER_OPEN) {
            parts[i] = arena_printf(
                a, "-- BY HAND: %s has no inverse that can be read off its text; write it here\n",
                describe(&l, st));
            ++*n_open;
        }
        buf_release(&one);
        remember(&l, st);
    }
    for (size_t i = s->n; i-- > 0;) {
        buf_puts(out, parts[i] != NULL ? parts[i] : "");
    }
}
