/* What undoes CREATE. */
#include "sql/inverse_parts.h"

typedef enum answer create_fn(struct inversion *v, struct head *h);

static enum answer drop(struct inversion *v, const char *kind, struct bytes name)
{
    if (name.n == 0) {
        return ANSWER_OPEN;
    }
    buf_printf(v->out, "DROP %s ", kind);
    inverse_put(v->out, name);
    buf_puts(v->out, ";\n");
    return ANSWER_SQL;
}

static enum answer drop_with(struct inversion *v, const char *kind, struct bytes name,
                             const char *word, struct bytes rest)
{
    if (name.n == 0 || rest.n == 0) {
        return ANSWER_OPEN;
    }
    buf_printf(v->out, "DROP %s ", kind);
    inverse_put(v->out, name);
    buf_puts(v->out, word);
    inverse_put(v->out, rest);
    buf_puts(v->out, ";\n");
    return ANSWER_SQL;
}

static void if_not_exists(struct inversion *v, struct head *h)
{
    if (head_skip(h, "IF NOT EXISTS")) {
        v->care = CARE_THERE;
    }
}

/* An index stands in the schema of its table: CREATE INDEX i ON s.t -> DROP INDEX s.i. */
static enum answer on_index(struct inversion *v, struct head *h)
{
    bool beside = head_skip(h, "CONCURRENTLY");
    if_not_exists(v, h);
    if (head_is(h, "ON")) {
        return ANSWER_OPEN; /* the server chooses its name */
    }
    struct bytes index = head_name(h);
    if (index.n == 0 || !head_skip(h, "ON")) {
        return ANSWER_OPEN;
    }
    (void)head_skip(h, "ONLY");
    struct bytes schema = head_qualifier(head_name(h));
    buf_puts(v->out, beside ? "DROP INDEX CONCURRENTLY " : "DROP INDEX ");
    inverse_put(v->out, schema);
    inverse_put(v->out, index);
    buf_puts(v->out, ";\n");
    return ANSWER_SQL;
}

/* CREATE TRIGGER n ... ON t, CREATE POLICY n ON t. */
static enum answer on_table(struct inversion *v, struct head *h, const char *kind,
                            const char *before)
{
    struct bytes name = head_name(h);
    (void)head_until(h, before);
    return head_skip(h, before) ? drop_with(v, kind, name, " ON ", head_name(h)) : ANSWER_OPEN;
}

static enum answer on_trigger(struct inversion *v, struct head *h)
{
    return on_table(v, h, "TRIGGER", "ON");
}

static enum answer on_policy(struct inversion *v, struct head *h)
{
    return on_table(v, h, "POLICY", "ON");
}

static enum answer on_rule(struct inversion *v, struct head *h)
{
    return on_table(v, h, "RULE", "TO");
}

static enum answer on_cast(struct inversion *v, struct head *h)
{
    return drop(v, "CAST", head_group(h));
}

/* The old syntax, without arguments of its own, hides them in the definition. */
static enum answer on_aggregate(struct inversion *v, struct head *h)
{
    struct bytes name = head_name(h);
    struct bytes args = head_group(h);
    return head_is(h, "(") ? drop_with(v, "AGGREGATE", name, "", args) : ANSWER_OPEN;
}

/* The type that stands behind "word =" in the parenthesis, or NONE. */
static struct bytes operand(struct head h, const char *word)
{
    (void)head_skip(&h, "(");
    while (!head_at_end(&h)) {
        bool found = head_skip(&h, word) && head_skip(&h, "=");
        struct bytes value = head_until(&h, ",|)");
        if (found) {
            return value;
        }
        h.i++;
    }
    return bytes_str("NONE");
}

static enum answer on_operator(struct inversion *v, struct head *h)
{
    struct bytes name = head_until(h, "(");
    struct bytes left = operand(*h, "LEFTARG");
    struct bytes right = operand(*h, "RIGHTARG");
    if (name.n == 0 || !head_is(h, "(")) {
        return ANSWER_OPEN;
    }
    buf_puts(v->out, "DROP OPERATOR ");
    inverse_put(v->out, name);
    buf_puts(v->out, " (");
    inverse_put(v->out, left);
    buf_puts(v->out, ", ");
    inverse_put(v->out, right);
    buf_puts(v->out, ");\n");
    return ANSWER_SQL;
}

static enum answer on_family(struct inversion *v, struct head *h)
{
    struct bytes name = head_name(h);
    return head_skip(h, "USING") ? drop_with(v, "OPERATOR FAMILY", name, " USING ", head_name(h))
                                 : ANSWER_OPEN;
}

/* Without FAMILY the server makes one of the same name, which DROP OPERATOR CLASS would leave behind. */
static enum answer on_class(struct inversion *v, struct head *h)
{
    struct bytes name = head_name(h);
    (void)head_until(h, "USING");
    if (!head_skip(h, "USING")) {
        return ANSWER_OPEN;
    }
    struct bytes method = head_name(h);
    bool family = head_is(h, "FAMILY");
    v->care = family ? v->care : CARE_THERE;
    return drop_with(v, family ? "OPERATOR CLASS" : "OPERATOR FAMILY", name, " USING ", method);
}

static enum answer on_transform(struct inversion *v, struct head *h)
{
    return drop(v, "TRANSFORM FOR", head_until(h, "("));
}

static enum answer on_mapping(struct inversion *v, struct head *h)
{
    if_not_exists(v, h);
    return drop(v, "USER MAPPING", head_until(h, "OPTIONS"));
}

/* DROP FUNCTION without arguments needs a name that no other function has. */
static enum answer routine(struct inversion *v, struct head *h, const char *kind)
{
    struct bytes name = head_name(h);
    const size_t *same = table_get(&v->named, name);
    return same != NULL && *same > 1 ? ANSWER_OPEN : drop(v, kind, name);
}

static enum answer on_function(struct inversion *v, struct head *h)
{
    return routine(v, h, "FUNCTION");
}

static enum answer on_procedure(struct inversion *v, struct head *h)
{
    return routine(v, h, "PROCEDURE");
}

static enum answer on_schema(struct inversion *v, struct head *h)
{
    if_not_exists(v, h);
    return head_is(h, "AUTHORIZATION") ? ANSWER_OPEN : drop(v, "SCHEMA", head_name(h));
}

/* CREATE words ...: DROP kind name, or what fn makes of it. */
static const struct {
    const char *words;
    const char *kind;
    create_fn *fn;
} rows[] = {
    {"MATERIALIZED VIEW", "MATERIALIZED VIEW", NULL},
    {"FOREIGN TABLE", "FOREIGN TABLE", NULL},
    {"FOREIGN DATA WRAPPER", "FOREIGN DATA WRAPPER", NULL},
    {"EVENT TRIGGER", "EVENT TRIGGER", NULL},
    {"ACCESS METHOD", "ACCESS METHOD", NULL},
    {"TEXT SEARCH CONFIGURATION", "TEXT SEARCH CONFIGURATION", NULL},
    {"TEXT SEARCH DICTIONARY", "TEXT SEARCH DICTIONARY", NULL},
    {"TEXT SEARCH PARSER", "TEXT SEARCH PARSER", NULL},
    {"TEXT SEARCH TEMPLATE", "TEXT SEARCH TEMPLATE", NULL},
    {"OPERATOR CLASS", NULL, on_class},
    {"OPERATOR FAMILY", NULL, on_family},
    {"OPERATOR", NULL, on_operator},
    {"USER MAPPING", NULL, on_mapping},
    {"INDEX", NULL, on_index},
    {"TRIGGER", NULL, on_trigger},
    {"POLICY", NULL, on_policy},
    {"RULE", NULL, on_rule},
    {"CAST", NULL, on_cast},
    {"AGGREGATE", NULL, on_aggregate},
    {"TRANSFORM FOR", NULL, on_transform},
    {"FUNCTION", NULL, on_function},
    {"PROCEDURE", NULL, on_procedure},
    {"SCHEMA", NULL, on_schema},
    {"TABLE", "TABLE", NULL},
    {"VIEW", "VIEW", NULL},
    {"SEQUENCE", "SEQUENCE", NULL},
    {"EXTENSION", "EXTENSION", NULL},
    {"TYPE", "TYPE", NULL},
    {"DOMAIN", "DOMAIN", NULL},
    {"STATISTICS", "STATISTICS", NULL},
    {"COLLATION", "COLLATION", NULL},
    {"CONVERSION", "CONVERSION", NULL},
    {"LANGUAGE", "LANGUAGE", NULL},
    {"SERVER", "SERVER", NULL},
    {"PUBLICATION", "PUBLICATION", NULL},
    {"ROLE", "ROLE", NULL},
    {"USER", "ROLE", NULL},
    {"GROUP", "ROLE", NULL},
};

/* Words in front of the kind; a temporary object is gone by itself. */
static bool is_temporary(struct head *h)
{
    static const char *const fillers[] = {"UNLOGGED",   "UNIQUE",  "RECURSIVE",
                                          "CONSTRAINT", "TRUSTED", "PROCEDURAL",
                                          "DEFAULT",    "GLOBAL",  "LOCAL"};
    bool temporary = false;
    for (size_t i = 0; i < sizeof fillers / sizeof fillers[0]; i++) {
        (void)head_skip(h, fillers[i]);
        temporary = head_skip(h, "TEMP") || head_skip(h, "TEMPORARY") || temporary;
    }
    return temporary;
}

enum answer inverse_create(struct inversion *v, struct head *h)
{
    v->care = head_skip(h, "OR REPLACE") ? CARE_THERE : CARE_NONE;
    if (is_temporary(h)) {
        return ANSWER_NOTHING;
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!head_skip(h, rows[i].words)) {
            continue;
        }
        if (rows[i].fn != NULL) {
            return rows[i].fn(v, h);
        }
        if_not_exists(v, h);
        return drop(v, rows[i].kind, head_name(h));
    }
    return ANSWER_OPEN;
}
