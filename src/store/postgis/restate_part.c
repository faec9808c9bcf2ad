/* What belongs to a table: constraints, indexes, triggers, rules, policies. */
#include <string.h>

#include "base/bytes.h"
#include "store/postgis/restate_parts.h"

/* --- constraints and indexes --------------------------------------------------------------------------- */

static const char *part_name(const struct facet_pair *p, const char *prefix)
{
    return begins(p->facet, prefix) ? p->facet + strlen(prefix) : NULL;
}

enum constraint_part { CON_HEAD, CON_COMMENT, CON_LOCAL, CON_INHERITED, CON_PERIOD, CON_PARTS };
static const char *const constraint_keys[] = {" comment ", " inherited and local", " inherited",
                                              " period"};

/* "PRIMARY KEY (id) deferrable deferred" as SQL; what the index beneath says of it is put in. */
static const char *constraint_sql(struct restating *r, const char *name, const char *head)
{
    static const char *const flags[] = {" deferred"};
    static const char *const kinds[] = {"CHECK ", "EXCLUDE "};
    const char *part[2];
    if (begins(head, kinds[0]) || begins(head, kinds[1])) {
        /* All of it is in the text; what follows says parts of it again. */
        return restate_marked(r->a, head);
    }
    const char *index = restate_now(r, arena_printf(r->a, "index %s", name));
    if (index != NULL &&
        (strstr(index, "include ") != NULL || strstr(index, "nulls not") != NULL)) {
        return NULL;
    }
    restate_split(r->a, head, flags, 1, part);
    return arena_printf(r->a, "%s%s", part[0], part[1] != NULL ? " INITIALLY DEFERRED" : "");
}

static bool say_constraint(struct restating *r, const struct facet_pair *p)
{
    const char *name = part_name(p, "constraint ");
    const char *was[CON_PARTS];
    const char *now[CON_PARTS];
    if (name == NULL) {
        return false;
    }
    restate_split(r->a, p->was != NULL ? p->was : "", constraint_keys, 4, was);
    restate_split(r->a, p->now != NULL ? p->now : "", constraint_keys, 4, now);
    const char *quoted = restate_name(r->a, name);
    restate_done(r, arena_printf(r->a, "index %s", name));
    bool whole = !same(was[CON_HEAD], now[CON_HEAD]);
    if (was[CON_INHERITED] != NULL || now[CON_INHERITED] != NULL) {
        if (!r->t->makes) { /* with its table it comes by itself */
            restate_open(r, p->facet);
        }
        return true;
    }
    const char *sql = p->now != NULL && whole ? constraint_sql(r, name, now[CON_HEAD]) : NULL;
    if (p->now != NULL && whole && (sql == NULL || now[CON_PERIOD] != NULL)) {
        restate_open(r, p->facet);
        return true;
    }
    bool is_key = begins(p->was != NULL ? p->was : p->now, "FOREIGN KEY");
    if (p->was != NULL && whole) {
        restate_add(r, is_key ? STAGE_DROP_PART : STAGE_DROP_INNER, p->facet,
                    arena_printf(r->a, "ALTER TABLE %s DROP CONSTRAINT %s", r->name, quoted));
    }
    if (p->now != NULL && whole) {
        restate_add(
            r, is_key ? STAGE_KEY : STAGE_INNER, p->facet,
            arena_printf(r->a, "ALTER TABLE %s ADD CONSTRAINT %s %s", r->name, quoted, sql));
    }
    if (p->now != NULL &&
        (whole ? now[CON_COMMENT] != NULL : !same(was[CON_COMMENT], now[CON_COMMENT]))) {
        restate_comment(r, p->facet, arena_printf(r->a, "CONSTRAINT %s ON %s", quoted, r->name),
                        was[CON_COMMENT], now[CON_COMMENT]);
    }
    return true;
}

enum index_part {
    IDX_HEAD,
    IDX_DISTINCT,
    IDX_WITH,
    IDX_DEFERRABLE,
    IDX_INVALID,
    IDX_CLUSTERED,
    IDX_IDENTITY,
    IDX_TABLESPACE,
    IDX_STATISTICS,
    IDX_COMMENT,
    IDX_PARTS
};
static const char *const index_keys[] = {
    " nulls not distinct", " with ",       " deferrable",  " invalid", " clustered",
    " replica identity",   " tablespace ", " statistics ", " comment "};

/* "note text_ops collate c desc": as CREATE INDEX has it, in another order. */
static const char *index_column(struct arena *a, const char *item)
{
    enum { NAME, COLLATE, DESC, FIRST, PARTS };
    static const char *const keys[] = {" collate ", " desc", " nulls first"};
    const char *part[PARTS];
    restate_split(a, item, keys, PARTS - 1, part);
    const char *name = part[NAME];
    size_t n = name[0] == '"' ? (size_t)(strchr(name + 1, '"') - name) + 1 : strcspn(name, " ");
    return arena_printf(a, "%.*s%s%s%s%s%s", (int)n, name, part[COLLATE] != NULL ? " COLLATE " : "",
                        part[COLLATE] != NULL ? part[COLLATE] : "", name + n,
                        part[DESC] != NULL ? " DESC" : "",
                        part[FIRST] != NULL  ? " NULLS FIRST"
                        : part[DESC] != NULL ? " NULLS LAST"
                                             : "");
}

/* "btree (note text_ops, include id)" -> "btree (note text_ops) INCLUDE (id)" */
static const char *index_head(struct arena *a, const char *head)
{
    const char *open = strchr(head, '(');
    size_t n = strlen(head);
    if (open == NULL || n == 0 || head[n - 1] != ')') {
        return NULL;
    }
    const char **items = restate_list(a, arena_strndup(a, open + 1, n - (size_t)(open - head) - 2));
    struct buf keys = {0};
    struct buf more = {0};
    for (size_t i = 0; items[i] != NULL; i++) {
        bool included = begins(items[i], "include ");
        struct buf *b = included ? &more : &keys;
        buf_printf(b, "%s%s", b->n > 0 ? ", " : "",
                   included ? items[i] + strlen("include ") : index_column(a, items[i]));
    }
    const char *sql =
        arena_printf(a, "%.*s(%s)%s%s%s", (int)(open - head), head, buf_str(&keys),
                     more.n > 0 ? " INCLUDE (" : "", buf_str(&more), more.n > 0 ? ")" : "");
    buf_release(&keys);
    buf_release(&more);
    return sql;
}

/* What follows "USING " in CREATE INDEX; NULL: not known. */
static const char *index_sql(struct arena *a, const char *const *part, const char *head)
{
    if (restate_is_marked(head)) { /* the server's own words, to their end */
        return restate_marked(a, head);
    }
    const char *text = restate_text(a, head);
    const char *sql = text != NULL ? index_head(a, text) : NULL;
    const char *options = restate_options(a, part[IDX_WITH], NULL, false);
    return sql == NULL ? NULL
                       : arena_printf(a, "%s%s%s%s%s", sql,
                                      part[IDX_DISTINCT] != NULL ? " NULLS NOT DISTINCT" : "",
                                      options[0] != '\0' ? " WITH (" : "", options,
                                      options[0] != '\0' ? ")" : "");
}

static void make_index(struct restating *r, const struct facet_pair *p, const char *name,
                       const char *const *now)
{
    const char *head = now[IDX_HEAD];
    bool is_unique = begins(head, "unique ");
    const char *sql = begins(head, "primary ") || now[IDX_INVALID] != NULL
                          ? NULL
                          : index_sql(r->a, now, is_unique ? head + strlen("unique ") : head);
    const char *space = now[IDX_TABLESPACE];
    bool is_marked = restate_is_marked(p->now);
    if (sql == NULL || now[IDX_STATISTICS] != NULL || (space != NULL && is_marked)) {
        restate_open(r, p->facet);
        return;
    }
    bool of_part = restate_now(r, "partition_bound") != NULL;
    restate_add(r, of_part ? STAGE_KEY : STAGE_INNER, p->facet,
                arena_printf(r->a, "CREATE %sINDEX %s%s ON %s USING %s%s%s",
                             is_unique ? "UNIQUE " : "", of_part ? "IF NOT EXISTS " : "",
                             restate_name(r->a, name), r->name, sql,
                             space != NULL ? " TABLESPACE " : "",
                             space != NULL ? restate_name(r->a, space) : ""));
}

static void say_index_rest(struct restating *r, const struct facet_pair *p, const char *name,
                           const char *const *was, const char *const *now)
{
    struct arena *a = r->a;
    const char *sql = restate_name(a, name);
    if ((was[IDX_CLUSTERED] != NULL) != (now[IDX_CLUSTERED] != NULL)) {
        restate_add(r, STAGE_REST, p->facet,
                    now[IDX_CLUSTERED] != NULL
                        ? arena_printf(a, "ALTER TABLE %s CLUSTER ON %s", r->name, sql)
                        : arena_printf(a, "ALTER TABLE %s SET WITHOUT CLUSTER", r->name));
    }
    if (now[IDX_IDENTITY] != NULL && was[IDX_IDENTITY] == NULL) {
        restate_add(
            r, STAGE_REST, p->facet,
            arena_printf(a, "ALTER TABLE %s REPLICA IDENTITY USING INDEX %s", r->name, sql));
    }
    if (!same(was[IDX_COMMENT], now[IDX_COMMENT])) {
        restate_comment(
            r, p->facet,
            arena_printf(a, "INDEX %s", restate_qualified(a, r->t->object.schema, name)),
            was[IDX_COMMENT], now[IDX_COMMENT]);
    }
}

static bool say_index(struct restating *r, const struct facet_pair *p)
{
    static const char *const nothing[IDX_PARTS] = {""};
    const char *name = part_name(p, "index ");
    const char *was[IDX_PARTS];
    const char *now[IDX_PARTS];
    if (name == NULL || strstr(name, " depends_on_extension ") != NULL) {
        return false;
    }
    restate_split(r->a, p->was != NULL ? p->was : "", index_keys, IDX_PARTS - 1, was);
    restate_split(r->a, p->now != NULL ? p->now : "", index_keys, IDX_PARTS - 1, now);
    bool whole = p->was == NULL || p->now == NULL;
    for (int i = IDX_HEAD; i <= IDX_STATISTICS; i++) {
        whole = whole || (i != IDX_CLUSTERED && i != IDX_IDENTITY && !same(was[i], now[i]));
    }
    bool of_constraint = restate_pair(r, arena_printf(r->a, "constraint %s", name)) != NULL ||
                         restate_now(r, arena_printf(r->a, "constraint %s", name)) != NULL;
    if (whole && of_constraint) {
        if (!restate_pair(r, arena_printf(r->a, "constraint %s", name))) {
            restate_open(r, p->facet);
        }
        return true;
    }
    if (whole && p->was != NULL) {
        bool of_part = restate_was(r, "partition_bound") != NULL;
        restate_add(r, of_part ? STAGE_DROP_LAST : STAGE_DROP_INNER, p->facet,
                    arena_printf(r->a, "DROP INDEX %s%s", of_part ? "IF EXISTS " : "",
                                 restate_qualified(r->a, r->t->object.schema, name)));
    }
    if (whole && p->now != NULL) {
        make_index(r, p, name, now);
    }
    if (p->now != NULL) {
        say_index_rest(r, p, name, whole ? nothing : was, now);
    }
    return true;
}

/* --- triggers, rules, policies ------------------------------------------------------------------------- */

/* Cut a flag off the end of *value; the flag, or "". */
static const char *cut(struct arena *a, const char **value, const char *const *flags, size_t n)
{
    size_t length = strlen(*value);
    for (size_t i = 0; i < n; i++) {
        size_t k = strlen(flags[i]);
        if (length > k && strcmp(*value + length - k, flags[i]) == 0) {
            *value = arena_strndup(a, *value, length - k);
            return flags[i];
        }
    }
    return "";
}

struct hung {
    const char *sql, *state, *comment;
    bool is_inherited;
};

/* A trigger or a rule: its statement, and what stands behind that. */
static struct hung read_hung(struct arena *a, const char *value)
{
    static const char *const states[] = {" disabled", " replica", " always"};
    static const char *const inherited[] = {" inherited"};
    static const char *const keys[] = {" comment "};
    struct hung h = {0};
    const char *part[2];
    if (value == NULL) {
        return h;
    }
    restate_split(a, value, keys, 1, part);
    h.comment = part[1];
    const char *head = part[0];
    h.is_inherited = cut(a, &head, inherited, 1)[0] != '\0';
    h.state = cut(a, &head, states, 3);
    h.sql = restate_text(a, head);
    return h;
}

static void set_state(struct restating *r, const char *facet, const char *what, const char *name,
                      const char *state)
{
    const char *word = strcmp(state, " disabled") == 0  ? "DISABLE"
                       : strcmp(state, " replica") == 0 ? "ENABLE REPLICA"
                       : strcmp(state, " always") == 0  ? "ENABLE ALWAYS"
                                                        : "ENABLE";
    restate_add(r, STAGE_PART, facet,
                arena_printf(r->a, "ALTER TABLE %s %s %s %s", r->name, word, what, name));
}

static bool say_hung(struct restating *r, const struct facet_pair *p, const char *prefix,
                     const char *what)
{
    const char *name = part_name(p, prefix);
    if (name == NULL || strstr(name, " depends_on_extension ") != NULL) {
        return false;
    }
    const struct hung was = read_hung(r->a, p->was);
    struct hung now = read_hung(r->a, p->now);
    const char *quoted = restate_name(r->a, name);
    /* Definitions of rules end in a semicolon. */
    size_t n = now.sql != NULL ? strlen(now.sql) : 0;
    now.sql = n > 0 && now.sql[n - 1] == ';' ? arena_strndup(r->a, now.sql, n - 1) : now.sql;
    if (was.is_inherited || now.is_inherited) {
        if (!r->t->makes) {
            restate_open(r, p->facet);
        }
        return true;
    }
    bool whole =
        p->was == NULL || p->now == NULL || restate_is_marked(p->now) || !same(was.sql, now.sql);
    if (p->now != NULL && now.sql == NULL) {
        restate_open(r, p->facet);
        return true;
    }
    if (whole && p->was != NULL) {
        restate_add(r, STAGE_DROP_PART, p->facet,
                    arena_printf(r->a, "DROP %s %s ON %s", what, quoted, r->name));
    }
    if (whole && p->now != NULL) {
        restate_add(r, STAGE_PART, p->facet, now.sql);
    }
    if (p->now != NULL && strcmp(now.state, whole || was.state == NULL ? "" : was.state) != 0) {
        set_state(r, p->facet, what, quoted, now.state);
    }
    if (p->now != NULL && !same(whole ? NULL : was.comment, now.comment)) {
        restate_comment(r, p->facet, arena_printf(r->a, "%s %s ON %s", what, quoted, r->name),
                        was.comment, now.comment);
    }
    return true;
}

/* "permissive select to public using x check y" */
static bool say_policy(struct restating *r, const struct facet_pair *p)
{
    enum { HEAD, TO, USING, CHECK, COMMENT, PARTS };
    static const char *const keys[] = {" to ", " using ", " check ", " comment "};
    struct arena *a = r->a;
    const char *part[PARTS];
    const char *name = part_name(p, "policy ");
    if (name == NULL) {
        return false;
    }
    const char *quoted = restate_name(a, name);
    restate_split(a, p->now != NULL ? p->now : "", keys, PARTS - 1, part);
    const char *using = part[USING] != NULL ? restate_text(a, part[USING]) : "";
    const char *check = part[CHECK] != NULL ? restate_text(a, part[CHECK]) : "";
    if (p->now != NULL && (using == NULL || check == NULL || part[TO] == NULL)) {
        restate_open(r, p->facet);
        return true;
    }
    if (p->was != NULL) {
        restate_add(r, STAGE_DROP_PART, p->facet,
                    arena_printf(a, "DROP POLICY %s ON %s", quoted, r->name));
    }
    if (p->now != NULL) {
        const char *verb = strchr(part[HEAD], ' ');
        int kind = (int)strcspn(part[HEAD], " ");
        restate_add(r, STAGE_PART, p->facet,
                    arena_printf(a, "CREATE POLICY %s ON %s AS %.*s FOR%s TO %s%s%s%s%s%s%s",
                                 quoted, r->name, kind, part[HEAD], verb != NULL ? verb : " all",
                                 part[TO], using[0] != '\0' ? " USING (" : "", using,
                                 using[0] != '\0' ? ")" : "",
                                 check[0] != '\0' ? " WITH CHECK (" : "", check,
                                 check[0] != '\0' ? ")" : ""));
        if (part[COMMENT] != NULL) {
            restate_comment(r, p->facet, arena_printf(a, "POLICY %s ON %s", quoted, r->name), NULL,
                            part[COMMENT]);
        }
    }
    return true;
}

/* "kinds d definition CREATE STATISTICS ... owner ann" */
static bool say_statistics(struct restating *r, const struct facet_pair *p)
{
    enum { HEAD, DEFINITION, OWNER, TARGET, COMMENT, PARTS };
    static const char *const keys[] = {" definition ", " owner ", " target ", " comment "};
    const char *part[PARTS];
    const char *name = part_name(p, "statistics ");
    if (name == NULL) {
        return false;
    }
    restate_split(r->a, p->now != NULL ? p->now : "", keys, PARTS - 1, part);
    const char *sql = part[DEFINITION] != NULL ? restate_text(r->a, part[DEFINITION]) : NULL;
    if (p->now != NULL && (sql == NULL || part[TARGET] != NULL || part[COMMENT] != NULL)) {
        restate_open(r, p->facet);
        return true;
    }
    if (p->was != NULL) {
        restate_add(r, STAGE_DROP_INNER, p->facet, arena_printf(r->a, "DROP STATISTICS %s", name));
    }
    if (p->now != NULL) {
        restate_add(r, STAGE_INNER, p->facet, sql);
    }
    return true;
}

bool restate_part(struct restating *r, const struct facet_pair *p)
{
    return say_constraint(r, p) || say_index(r, p) || say_hung(r, p, "trigger ", "TRIGGER") ||
           say_hung(r, p, "rule ", "RULE") || say_policy(r, p) || say_statistics(r, p);
}
