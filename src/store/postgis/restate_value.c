/* Facets' values in pieces, and names, texts and options as SQL. */
#include <string.h>

#include "base/bytes.h"
#include "pg/pg.h"
#include "store/postgis/restate_parts.h"

enum { MARK = 1, END = 2, DIGITS = 64 };

/* Words that are no names without quotes, as columns, tables or functions, in any version. */
static const char *const reserved[] = {"all",
                                       "analyse",
                                       "analyze",
                                       "and",
                                       "any",
                                       "array",
                                       "as",
                                       "asc",
                                       "asymmetric",
                                       "authorization",
                                       "between",
                                       "bigint",
                                       "binary",
                                       "bit",
                                       "boolean",
                                       "both",
                                       "case",
                                       "cast",
                                       "char",
                                       "character",
                                       "check",
                                       "coalesce",
                                       "collate",
                                       "collation",
                                       "column",
                                       "concurrently",
                                       "constraint",
                                       "create",
                                       "cross",
                                       "current_catalog",
                                       "current_date",
                                       "current_role",
                                       "current_schema",
                                       "current_time",
                                       "current_timestamp",
                                       "current_user",
                                       "dec",
                                       "decimal",
                                       "default",
                                       "deferrable",
                                       "desc",
                                       "distinct",
                                       "do",
                                       "else",
                                       "end",
                                       "except",
                                       "exists",
                                       "extract",
                                       "false",
                                       "fetch",
                                       "float",
                                       "for",
                                       "foreign",
                                       "freeze",
                                       "from",
                                       "full",
                                       "grant",
                                       "greatest",
                                       "group",
                                       "grouping",
                                       "having",
                                       "ilike",
                                       "in",
                                       "initially",
                                       "inner",
                                       "inout",
                                       "int",
                                       "integer",
                                       "intersect",
                                       "interval",
                                       "into",
                                       "is",
                                       "isnull",
                                       "join",
                                       "json",
                                       "lateral",
                                       "leading",
                                       "least",
                                       "left",
                                       "like",
                                       "limit",
                                       "localtime",
                                       "localtimestamp",
                                       "merge_action",
                                       "national",
                                       "natural",
                                       "nchar",
                                       "none",
                                       "normalize",
                                       "not",
                                       "notnull",
                                       "null",
                                       "nullif",
                                       "numeric",
                                       "offset",
                                       "on",
                                       "only",
                                       "or",
                                       "order",
                                       "out",
                                       "outer",
                                       "overlaps",
                                       "overlay",
                                       "placing",
                                       "position",
                                       "precision",
                                       "primary",
                                       "public",
                                       "real",
                                       "references",
                                       "returning",
                                       "right",
                                       "row",
                                       "select",
                                       "session_user",
                                       "setof",
                                       "similar",
                                       "smallint",
                                       "some",
                                       "substring",
                                       "symmetric",
                                       "system_user",
                                       "table",
                                       "tablesample",
                                       "then",
                                       "time",
                                       "timestamp",
                                       "to",
                                       "trailing",
                                       "treat",
                                       "trim",
                                       "true",
                                       "union",
                                       "unique",
                                       "user",
                                       "using",
                                       "values",
                                       "varchar",
                                       "variadic",
                                       "verbose",
                                       "when",
                                       "where",
                                       "window",
                                       "with",
                                       "xmlattributes",
                                       "xmlconcat",
                                       "xmlelement",
                                       "xmlexists",
                                       "xmlforest",
                                       "xmlnamespaces",
                                       "xmlparse",
                                       "xmlpi",
                                       "xmlroot",
                                       "xmlserialize",
                                       "xmltable"};

static bool is_plain(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz_";
    static const char more[] = "abcdefghijklmnopqrstuvwxyz_0123456789";
    if (name[0] == '\0' || strchr(letters, name[0]) == NULL || name[strspn(name, more)] != '\0') {
        return false;
    }
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
        /* As a schema or a role, "public" is a name like others. */
        if (strcmp(name, reserved[i]) == 0 && strcmp(name, "public") != 0) {
            return false;
        }
    }
    return true;
}

const char *restate_name(struct arena *a, const char *name)
{
    return is_plain(name) ? name : pg_ident(a, name);
}

const char *restate_qualified(struct arena *a, const char *schema, const char *name)
{
    return schema[0] == '\0'
               ? restate_name(a, name)
               : arena_printf(a, "%s.%s", restate_name(a, schema), restate_name(a, name));
}

const char *restate_literal(struct arena *a, const char *text)
{
    const char *sql = pg_literal(a, text);
    return sql + strspn(sql, " ");
}

bool restate_is_marked(const char *value)
{
    return value != NULL && strchr(value, MARK) != NULL;
}

const char *restate_marked(struct arena *a, const char *value)
{
    const char *mark = strchr(value, MARK);
    const char *end = mark != NULL ? strchr(mark, END) : NULL;
    return end != NULL ? arena_strndup(a, mark + 1, (size_t)(end - mark) - 1) : NULL;
}

const char *restate_upper(struct arena *a, const char *words)
{
    char *text = arena_strdup(a, words);
    for (char *p = text; *p != '\0'; p++) {
        *p = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
    }
    return text;
}

/* Behind the quoted name or the marked text that begins at p; p + 1 where none does. */
static const char *over(const char *p)
{
    char end = *p == MARK ? END : *p;
    if (*p != MARK && *p != '"' && *p != '\'') {
        return p + 1;
    }
    p = strchr(p + 1, end);
    return p != NULL ? p + 1 : NULL;
}

const char *restate_text(struct arena *a, const char *value)
{
    static const char digest[] = "sha256:";
    struct buf b = {0};
    const char *p = value;
    while (p != NULL && *p != '\0') {
        const char *next = over(p);
        if (strncmp(p, digest, strlen(digest)) == 0 &&
            strspn(p + strlen(digest), "0123456789abcdef") >= DIGITS) {
            p = NULL;
        } else if (next != NULL && *p == MARK) {
            buf_add(&b, p + 1, (size_t)(next - p) - 2);
            p = next;
        } else {
            buf_add(&b, p, next != NULL ? (size_t)(next - p) : strlen(p));
            p = next != NULL ? next : "";
        }
    }
    const char *text = p != NULL ? arena_strdup(a, buf_str(&b)) : NULL;
    buf_release(&b);
    return text;
}

static size_t key_at(const char *p, const char *const *keys, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t k = strlen(keys[i]);
        if (strncmp(p, keys[i], k) == 0 && (keys[i][k - 1] == ' ' || p[k] == ' ' || p[k] == '\0')) {
            return i;
        }
    }
    return n;
}

void restate_split(struct arena *a, const char *value, const char *const *keys, size_t n,
                   const char **out)
{
    size_t part = 0;
    const char *from = value;
    for (size_t i = 0; i <= n; i++) {
        out[i] = NULL;
    }
    const char *p = value;
    while (p != NULL && *p != '\0') {
        size_t key = *p == ' ' ? key_at(p, keys, n) : n;
        if (key == n) {
            p = over(p);
            continue;
        }
        out[part] = arena_strndup(a, from, (size_t)(p - from));
        part = key + 1;
        p += strlen(keys[key]);
        from = p;
    }
    out[part] = arena_strdup(a, from);
}

const char **restate_list(struct arena *a, const char *text)
{
    size_t n = 0;
    size_t most = 2;
    int depth = 0;
    for (const char *p = text; *p != '\0'; p++) {
        most += *p == ',';
    }
    const char **v = ARENA_ARRAY(a, const char *, most);
    const char *from = text;
    const char *p = text;
    while (p != NULL && *p != '\0') {
        depth += (*p == '(') - (*p == ')');
        if (*p == ',' && depth == 0) {
            v[n++] = arena_strndup(a, from, (size_t)(p - from));
            from = p + 1 + strspn(p + 1, " ");
            p = from;
            continue;
        }
        p = over(p);
    }
    if (*from != '\0') {
        v[n++] = arena_strdup(a, from);
    }
    return v;
}

/* Is it a list of names, which the server keeps as it has quoted them? */
static bool is_list_setting(const char *name)
{
    static const char *const lists[] = {"search_path", "temp_tablespaces",
                                        "local_preload_libraries", "session_preload_libraries",
                                        "shared_preload_libraries"};
    bool is_list = false;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        is_list = is_list || strcmp(name, lists[i]) == 0;
    }
    return is_list;
}

const char *restate_setting(struct arena *a, const char *name, const char *value)
{
    if (!is_list_setting(name) || value[0] == '\0') {
        return restate_literal(a, value);
    }
    struct buf b = {0};
    const char **items = restate_list(a, value);
    for (size_t i = 0; items[i] != NULL; i++) { /* no name is empty, but a constant may be */
        buf_printf(&b, "%s%s", i > 0 ? ", " : "", same(items[i], "\"\"") ? "''" : items[i]);
    }
    const char *text = arena_strdup(a, buf_str(&b));
    buf_release(&b);
    return text;
}

/* --- options ------------------------------------------------------------------------------------------ */

struct restate_option restate_next_option(struct arena *a, const char **p)
{
    struct buf b = {0};
    const char *q = *p;
    while (*q != '\0' && *q != ',') {
        q += *q == '\\' && q[1] != '\0' ? 1 : 0;
        buf_putc(&b, *q++);
    }
    *p = q + strspn(q, ", ");
    char *text = arena_strdup(a, buf_str(&b));
    buf_release(&b);
    char *equals = strchr(text, '=');
    if (equals != NULL) {
        *equals = '\0';
    }
    return (struct restate_option){text, equals != NULL ? equals + 1 : NULL};
}

static bool has_option(struct arena *a, const char *list, const struct restate_option *o,
                       bool names_only)
{
    for (const char *p = list != NULL ? list : ""; *p != '\0';) {
        struct restate_option x = restate_next_option(a, &p);
        if (strcmp(x.name, o->name) == 0 && (names_only || same(x.value, o->value))) {
            return true;
        }
    }
    return false;
}

const char *restate_options(struct arena *a, const char *list, const char *other, bool names_only)
{
    struct buf b = {0};
    for (const char *p = list != NULL ? list : ""; *p != '\0';) {
        struct restate_option o = restate_next_option(a, &p);
        if (!has_option(a, other, &o, names_only)) {
            buf_printf(&b, "%s%s", b.n > 0 ? ", " : "", restate_name(a, o.name));
            if (!names_only) {
                buf_printf(&b, " = %s", restate_literal(a, o.value != NULL ? o.value : ""));
            }
        }
    }
    const char *text = arena_strdup(a, buf_str(&b));
    buf_release(&b);
    return text;
}
