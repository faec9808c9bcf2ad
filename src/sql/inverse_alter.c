/* What undoes ALTER. */
#include <string.h>

#include "sql/inverse_parts.h"

/* What is altered: the words, and its name with what belongs to it: "f" "(int)", "g" "ON s.t", "c"
 * "USING gist". */
struct subject {
    const char *kind;
    bool actions; /* it is altered by a list of actions */
    struct bytes name, tail;
};

static void put_subject(struct buf *out, const struct subject *s, struct bytes qualifier,
                        struct bytes last)
{
    buf_printf(out, "ALTER %s ", s->kind);
    inverse_put(out, qualifier);
    inverse_put(out, last);
    if (s->tail.n > 0) {
        buf_puts(out, s->tail.p[0] == '(' ? "" : " ");
        inverse_put(out, s->tail);
    }
}

/* Actions whose inverse is fixed words, perhaps with the name behind them. */
static const struct {
    const char *words, *inverse;
    bool named;
    enum care care;
} fixed[] = {
    {"ENABLE ROW LEVEL SECURITY", "DISABLE ROW LEVEL SECURITY", false, CARE_NONE},
    {"DISABLE ROW LEVEL SECURITY", "ENABLE ROW LEVEL SECURITY", false, CARE_GONE},
    {"FORCE ROW LEVEL SECURITY", "NO FORCE ROW LEVEL SECURITY", false, CARE_THERE},
    {"NO FORCE ROW LEVEL SECURITY", "FORCE ROW LEVEL SECURITY", false, CARE_GONE},
    {"SET NOT NULL", "DROP NOT NULL", false, CARE_THERE},
    {"DROP NOT NULL", "SET NOT NULL", false, CARE_GONE},
    {"SET DEFAULT", "DROP DEFAULT", false, CARE_REPLACED},
    {"ATTACH PARTITION", "DETACH PARTITION ", true, CARE_NONE},
    {"NO INHERIT", "INHERIT ", true, CARE_NONE},
    {"INHERIT", "NO INHERIT ", true, CARE_NONE},
    {"ENABLE TRIGGER", "DISABLE TRIGGER ", true, CARE_THERE},
    {"DISABLE TRIGGER", "ENABLE TRIGGER ", true, CARE_GONE},
};

static enum answer on_fixed(struct inversion *v, struct head *h, struct buf *out)
{
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        if (!head_skip(h, fixed[i].words)) {
            continue;
        }
        struct bytes name = fixed[i].named ? head_name(h) : bytes_of("", 0);
        if (fixed[i].named && name.n == 0) {
            return ANSWER_OPEN;
        }
        v->care = fixed[i].care > v->care ? fixed[i].care : v->care;
        buf_puts(out, fixed[i].inverse);
        inverse_put(out, name);
        return ANSWER_SQL;
    }
    return ANSWER_OPEN;
}

static bool is_table(const char *kind)
{
    return strcmp(kind, "TABLE") == 0 || strcmp(kind, "FOREIGN TABLE") == 0;
}

static const char *constraint_key(struct inversion *v, struct bytes table, struct bytes name)
{
    return arena_printf(v->a, "%.*s %.*s", (int)table.n, table.p, (int)name.n, name.p);
}

/* A constraint with a name; one without gets it from the server. */
static enum answer on_add_constraint(struct inversion *v, struct head *h, struct bytes table,
                                     struct buf *out)
{
    struct bytes name = head_name(h);
    (void)table_puts(&v->constraints, constraint_key(v, table, name), v);
    buf_puts(out, "DROP CONSTRAINT ");
    inverse_put(out, name);
    return name.n > 0 ? ANSWER_SQL : ANSWER_OPEN;
}

static enum answer on_add(struct inversion *v, struct head *h, const struct subject *s,
                          struct buf *out)
{
    static const char *const unnamed[] = {"PRIMARY", "UNIQUE", "CHECK", "FOREIGN", "EXCLUDE"};
    if (head_skip(h, "CONSTRAINT")) {
        return on_add_constraint(v, h, s->name, out);
    }
    for (size_t i = 0; i < sizeof unnamed / sizeof unnamed[0]; i++) {
        if (head_is(h, unnamed[i])) {
            return ANSWER_OPEN;
        }
    }
    bool attribute = head_skip(h, "ATTRIBUTE");
    if (!attribute && !is_table(s->kind)) {
        return ANSWER_OPEN; /* ADD VALUE, ADD MAPPING */
    }
    (void)head_skip(h, "COLUMN");
    if (head_skip(h, "IF NOT EXISTS")) {
        v->care = CARE_THERE;
    }
    struct bytes name = head_name(h);
    buf_puts(out, attribute ? "DROP ATTRIBUTE " : "DROP COLUMN ");
    inverse_put(out, name);
    return name.n > 0 ? ANSWER_SQL : ANSWER_OPEN;
}

static enum answer on_column(struct inversion *v, struct head *h, struct buf *out)
{
    (void)head_skip(h, "COLUMN");
    struct bytes name = head_name(h);
    buf_puts(out, "ALTER COLUMN ");
    inverse_put(out, name);
    buf_putc(out, ' ');
    if (head_is(h, "ADD GENERATED")) {
        buf_puts(out, "DROP IDENTITY");
        return ANSWER_SQL;
    }
    return name.n > 0 ? on_fixed(v, h, out) : ANSWER_OPEN;
}

/* One action, without the comma behind it. */
static enum answer action(struct inversion *v, struct head *h, const struct subject *s,
                          struct buf *out)
{
    if (head_skip(h, "VALIDATE CONSTRAINT")) {
        /* One that goes away needs not be made unproven first. */
        const char *key = constraint_key(v, s->name, head_name(h));
        return table_gets(&v->constraints, key) != NULL ? ANSWER_NOTHING : ANSWER_OPEN;
    }
    if (head_skip(h, "ADD")) {
        return on_add(v, h, s, out);
    }
    return head_skip(h, "ALTER") ? on_column(v, h, out) : on_fixed(v, h, out);
}

/* All actions, the last first, in one statement; open if one of them is. */
static enum answer actions(struct inversion *v, struct head *h, const struct subject *s)
{
    const char *all = "";
    do {
        struct buf one = {0};
        enum answer answer = action(v, h, s, &one);
        if (answer == ANSWER_SQL) {
            all = arena_printf(v->a, "%s%s%s", buf_str(&one), all[0] != '\0' ? ", " : "", all);
        }
        buf_release(&one);
        if (answer == ANSWER_OPEN) {
            return ANSWER_OPEN;
        }
        (void)head_until(h, ",");
    } while (head_skip(h, ","));
    if (all[0] == '\0') {
        return ANSWER_NOTHING;
    }
    put_subject(v->out, s, s->name, bytes_of("", 0));
    buf_printf(v->out, " %s;\n", all);
    return ANSWER_SQL;
}

/* Behind RENAME: of the whole, or of a part. */
static enum answer on_rename(struct inversion *v, struct head *h, const struct subject *s)
{
    static const char *const parts[] = {"COLUMN", "CONSTRAINT", "ATTRIBUTE", "VALUE"};
    const char *part = "COLUMN";
    if (head_skip(h, "TO")) {
        put_subject(v->out, s, head_qualifier(s->name), head_name(h));
        buf_puts(v->out, " RENAME TO ");
        inverse_put(v->out, head_last(s->name));
        buf_puts(v->out, ";\n");
        return ANSWER_SQL;
    }
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        part = head_skip(h, parts[i]) ? parts[i] : part;
    }
    struct bytes from = head_until(h, "TO");
    if (!head_skip(h, "TO")) {
        return ANSWER_OPEN;
    }
    struct bytes to = head_until(h, "CASCADE|RESTRICT");
    put_subject(v->out, s, s->name, bytes_of("", 0));
    buf_printf(v->out, " RENAME %s ", part);
    inverse_put(v->out, to);
    buf_puts(v->out, " TO ");
    inverse_put(v->out, from);
    buf_puts(v->out, head_is(h, "CASCADE") ? " CASCADE;\n" : ";\n");
    return ANSWER_SQL;
}

/* Where it was is in the text only if its name is qualified. */
static enum answer on_set_schema(struct inversion *v, struct head *h, const struct subject *s)
{
    struct bytes was = head_qualifier(s->name);
    struct bytes now = head_name(h);
    if (was.n == 0 || now.n == 0) {
        return ANSWER_OPEN;
    }
    const char *qualifier = arena_printf(v->a, "%.*s.", (int)now.n, now.p);
    put_subject(v->out, s, bytes_str(qualifier), head_last(s->name));
    buf_puts(v->out, " SET SCHEMA ");
    inverse_put(v->out, bytes_of(was.p, was.n - 1));
    buf_puts(v->out, ";\n");
    return ANSWER_SQL;
}

/* What can be altered; actions: by a list of them, as ALTER TABLE. */
static const struct {
    const char *words;
    bool actions;
} kinds[] = {
    {"MATERIALIZED VIEW", true},
    {"FOREIGN TABLE", true},
    {"FOREIGN DATA WRAPPER", false},
    {"EVENT TRIGGER", false},
    {"TEXT SEARCH CONFIGURATION", false},
    {"TEXT SEARCH DICTIONARY", false},
    {"TEXT SEARCH PARSER", false},
    {"TEXT SEARCH TEMPLATE", false},
    {"OPERATOR CLASS", false},
    {"OPERATOR FAMILY", false},
    {"TABLE", true},
    {"VIEW", true},
    {"SEQUENCE", false},
    {"INDEX", false},
    {"TYPE", true},
    {"DOMAIN", true},
    {"FUNCTION", false},
    {"PROCEDURE", false},
    {"ROUTINE", false},
    {"AGGREGATE", false},
    {"SCHEMA", false},
    {"COLLATION", false},
    {"CONVERSION", false},
    {"SERVER", false},
    {"PUBLICATION", false},
    {"LANGUAGE", false},
    {"ROLE", false},
    {"USER", false},
    {"STATISTICS", false},
    {"TRIGGER", false},
    {"POLICY", false},
    {"RULE", false},
};

static bool read_subject(struct inversion *v, struct head *h, struct subject *s)
{
    for (size_t i = 0; s->kind == NULL && i < sizeof kinds / sizeof kinds[0]; i++) {
        if (head_skip(h, kinds[i].words)) {
            s->kind = kinds[i].words;
            s->actions = kinds[i].actions;
        }
    }
    if (s->kind == NULL) {
        return false;
    }
    v->care = head_skip(h, "IF EXISTS") ? CARE_THERE : CARE_NONE;
    (void)head_skip(h, "ONLY");
    s->name = head_name(h);
    (void)head_skip(h, "*");
    s->tail = head_is(h, "(")                           ? head_group(h)
              : head_is(h, "ON") || head_is(h, "USING") ? head_until(h, "RENAME|SET|OWNER")
                                                        : bytes_of("", 0);
    return s->name.n > 0;
}

/* ALTER PUBLICATION p ADD ...: only whole tables and schemas; DROP takes no columns and no WHERE. */
static enum answer on_publication(struct inversion *v, struct head *h, const struct subject *s)
{
    if (!head_skip(h, "ADD")) {
        return ANSWER_OPEN;
    }
    struct bytes members = head_until(h, "WHERE|(");
    if (!head_at_end(h)) {
        return ANSWER_OPEN;
    }
    put_subject(v->out, s, s->name, bytes_of("", 0));
    buf_puts(v->out, " DROP ");
    inverse_put(v->out, members);
    buf_puts(v->out, ";\n");
    return ANSWER_SQL;
}

/* ALTER DEFAULT PRIVILEGES ... GRANT or REVOKE: the same beginning, the other verb. */
static enum answer on_default(struct inversion *v, struct head *h)
{
    struct bytes where = head_until(h, "GRANT|REVOKE");
    buf_puts(v->out, "ALTER DEFAULT PRIVILEGES ");
    inverse_put(v->out, where);
    buf_puts(v->out, where.n > 0 ? " " : "");
    return head_skip(h, "GRANT")    ? inverse_grant(v, h)
           : head_skip(h, "REVOKE") ? inverse_revoke(v, h)
                                    : ANSWER_OPEN;
}

enum answer inverse_alter(struct inversion *v, struct head *h)
{
    struct subject s = {.kind = NULL};
    if (head_skip(h, "DEFAULT PRIVILEGES")) {
        return on_default(v, h);
    }
    if (!read_subject(v, h, &s)) {
        return ANSWER_OPEN;
    }
    if (head_skip(h, "RENAME")) {
        return on_rename(v, h, &s);
    }
    if (head_skip(h, "SET SCHEMA")) {
        return on_set_schema(v, h, &s);
    }
    if (strcmp(s.kind, "PUBLICATION") == 0) {
        return on_publication(v, h, &s);
    }
    return s.actions ? actions(v, h, &s) : ANSWER_OPEN;
}
