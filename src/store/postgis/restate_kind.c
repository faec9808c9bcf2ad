/* Views, functions and types: how one is made, and what is said of its facets. */
#include <string.h>

#include "base/bytes.h"
#include "store/postgis/restate_parts.h"

static void add(struct restating *r, enum stage stage, const char *facet, const char *sql)
{
    restate_add(r, stage, facet, sql);
    restate_done(r, facet);
}

/* What a facet says, without marks; NULL: it is missing, or not known. */
static const char *text_of(const struct restating *r, const char *facet)
{
    const char *value = restate_now(r, facet);
    return value != NULL ? restate_text(r->a, value) : NULL;
}

/* --- views --------------------------------------------------------------------------------------------- */

static const char *view_sql(struct restating *r, const char *verb)
{
    const char *query = text_of(r, "definition");
    const char *options = restate_options(r->a, restate_now(r, "options"), NULL, false);
    const char *space = restate_now(r, "tablespace");
    size_t n = query != NULL ? strlen(query) : 0;
    n -= n > 0 && query[n - 1] == ';' ? 1 : 0;
    return query == NULL
               ? NULL
               : arena_printf(r->a, "%s %s %s%s%s%s%s%s AS\n%.*s", verb, r->kind, r->name,
                              options[0] != '\0' ? " WITH (" : "", options,
                              options[0] != '\0' ? ")" : "", space != NULL ? " TABLESPACE " : "",
                              space != NULL ? restate_name(r->a, space) : "", (int)n, query);
}

static void make_view(struct restating *r)
{
    add(r, STAGE_MAKE, "definition", view_sql(r, "CREATE"));
    restate_done(r, "options");
    restate_done(r, "tablespace");
}

/* --- functions ----------------------------------------------------------------------------------------- */

/* SET name TO value, of each setting. */
static const char *settings(struct restating *r)
{
    const char *value = restate_now(r, "settings");
    struct buf b = {0};
    for (const char *p = value != NULL ? value : ""; *p != '\0';) {
        const struct restate_option o = restate_next_option(r->a, &p);
        if (o.value != NULL) {
            buf_printf(&b, " SET %s TO %s", o.name, restate_setting(r->a, o.name, o.value));
        }
    }
    const char *text = arena_strdup(r->a, buf_str(&b));
    buf_release(&b);
    return text;
}

/* $body$, which the body does not hold. */
static const char *dollars(struct arena *a, const char *body)
{
    const char *tag = "$body$";
    for (int i = 1; strstr(body, tag) != NULL; i++) {
        tag = arena_printf(a, "$body%d$", i);
    }
    return tag;
}

/* The word behind "language " in attributes; *n: how long it is. */
static const char *language_of(const char *how, size_t *n)
{
    const char *p = how != NULL ? strstr(how, "language ") : NULL;
    *n = p != NULL ? strcspn(p + strlen("language "), " ") : 0;
    return p != NULL ? p + strlen("language ") : "";
}

/* "function language sql stable ..." without its first word, and of a procedure only what it may say. */
static const char *attributes(struct restating *r, const char *how)
{
    if (!begins(how, "procedure ")) {
        return arena_printf(r->a, "%s%s", begins(how, "window ") ? " WINDOW" : "",
                            how + strcspn(how, " "));
    }
    size_t n = 0;
    const char *language = language_of(how, &n);
    return arena_printf(r->a, " language %.*s%s", (int)n, language,
                        strstr(how, " security definer") != NULL ? " security definer" : "");
}

static const char *function_sql(struct restating *r)
{
    const char *whole = text_of(r, "definition");
    const char *how = restate_now(r, "attributes");
    const char *body = text_of(r, "body");
    const char *known = restate_now(r, "arguments");
    const char *arguments = known != NULL ? restate_text(r->a, known) : NULL;
    const char *is_set = restate_now(r, "settings");
    if (whole != NULL) {
        return whole;
    }
    if (how == NULL || body == NULL || begins(how, "aggregate") ||
        (known != NULL && arguments == NULL) ||
        (is_set != NULL && restate_text(r->a, is_set) == NULL) ||
        strstr(restate_now(r, "body"), "\x02 of ") != NULL ||
        restate_now(r, "transforms") != NULL) {
        return NULL;
    }
    const char *tag = dollars(r->a, body);
    const char *returns = restate_now(r, "returns");
    size_t n = strcspn(r->name, "(");
    const char *name =
        arguments != NULL ? arena_printf(r->a, "%.*s(%s)", (int)n, r->name, arguments) : r->name;
    return arena_printf(r->a, "CREATE OR REPLACE %s %s%s%s%s%s AS %s%s%s", r->kind, name,
                        returns != NULL ? " RETURNS " : "", returns != NULL ? returns : "",
                        attributes(r, how), settings(r), tag, body, tag);
}

static const char *const function_facets[] = {"definition", "body",     "arguments",  "attributes",
                                              "returns",    "settings", "transforms", "aggregate"};
enum { N_FUNCTION_FACETS = sizeof function_facets / sizeof *function_facets };

static void say_function(struct restating *r, enum stage stage)
{
    restate_add(r, stage, "", function_sql(r));
    for (size_t i = 0; i < N_FUNCTION_FACETS; i++) {
        restate_done(r, function_facets[i]);
    }
}

/* How it is, where what it does stays: ALTER FUNCTION says that without its body. */
static void alter_function(struct restating *r, const struct facet_pair *p)
{
    enum { SECURITY = 1 };
    static const char *const flags[][2] = {{" strict", " called on null input"},
                                           {" security definer", " security invoker"},
                                           {" leakproof", " not leakproof"}};
    struct buf b = {0};
    bool is_procedure = begins(p->now, "procedure ");
    size_t n = 0;
    const char *language = language_of(attributes(r, p->now), &n);
    const char *rest = language + n;
    buf_puts(&b, rest);
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        bool fits = i == SECURITY || !is_procedure;
        if (fits && strstr(rest, flags[i][0]) == NULL) {
            buf_puts(&b, flags[i][1]);
        }
    }
    restate_add(r, STAGE_REST, p->facet,
                arena_printf(r->a, "ALTER %s %s%s", r->kind, r->name, buf_str(&b)));
    buf_release(&b);
}

static bool function_facet(struct restating *r, const struct facet_pair *p)
{
    size_t n = 0;
    size_t m = 0;
    bool is_its = false;
    for (size_t i = 0; i < N_FUNCTION_FACETS; i++) {
        is_its = is_its || strcmp(p->facet, function_facets[i]) == 0;
    }
    const char *was = language_of(p->was, &n);
    const char *now = language_of(p->now, &m);
    bool alone = same(p->facet, "attributes") && n == m && strncmp(was, now, n) == 0;
    for (size_t i = 0; i < N_FUNCTION_FACETS && alone; i++) {
        alone = strcmp(function_facets[i], "attributes") == 0 ||
                restate_pair(r, function_facets[i]) == NULL;
    }
    if (is_its && alone) {
        alter_function(r, p);
    } else if (is_its) {
        say_function(r, STAGE_REPLACE);
    }
    return is_its;
}

/* --- types --------------------------------------------------------------------------------------------- */

enum domain_part { DOM_TYPE, DOM_NOT_NULL, DOM_DEFAULT, DOM_COLLATE, DOM_PARTS };
static const char *const domain_keys[] = {" not null", " default ", " collate "};

static const char *domain_sql(struct restating *r)
{
    const char *part[DOM_PARTS];
    restate_split(r->a, restate_now(r, "domain"), domain_keys, DOM_PARTS - 1, part);
    const char *by_default = part[DOM_DEFAULT] != NULL ? restate_text(r->a, part[DOM_DEFAULT]) : "";
    return by_default == NULL
               ? NULL
               : arena_printf(r->a, "CREATE DOMAIN %s AS %s%s%s%s%s%s", r->name, part[DOM_TYPE],
                              part[DOM_COLLATE] != NULL ? " COLLATE " : "",
                              part[DOM_COLLATE] != NULL ? part[DOM_COLLATE] : "",
                              part[DOM_DEFAULT] != NULL ? " DEFAULT " : "", by_default,
                              part[DOM_NOT_NULL] != NULL ? " NOT NULL" : "");
}

static const char *composite_sql(struct restating *r)
{
    const char *list = restate_now(r, "attribute_order");
    const char **order = restate_list(r->a, list != NULL ? list : "");
    struct buf b = {0};
    for (size_t i = 0; order[i] != NULL; i++) {
        const char *plain =
            order[i][0] == '"' ? arena_strndup(r->a, order[i] + 1, strlen(order[i]) - 2) : order[i];
        const char *facet = arena_printf(r->a, "attribute %s", plain);
        static const char *const keys[] = {" comment "};
        const char *part[2];
        restate_split(r->a, restate_now(r, facet), keys, 1, part);
        buf_printf(&b, "%s%s %s", i > 0 ? ", " : "", order[i], part[0]);
    }
    const char *sql = arena_printf(r->a, "CREATE TYPE %s AS (%s)", r->name, buf_str(&b));
    buf_release(&b);
    restate_done(r, "attribute_order");
    return sql;
}

static const char *enum_sql(struct restating *r)
{
    const char *labels = text_of(r, "labels");
    const char *list = labels != NULL ? strchr(labels, ' ') : NULL;
    return list != NULL ? arena_printf(r->a, "CREATE TYPE %s AS ENUM (%s)", r->name, list + 1)
                        : NULL;
}

static const char *range_sql(struct restating *r)
{
    enum { TYPE, CLASS, COLLATE, CANONICAL, DIFFERENCE, MULTI, PARTS };
    static const char *const keys[] = {" operator class ", " collate ", " canonical ",
                                       " difference ", " multirange "};
    const char *part[PARTS];
    restate_split(r->a, restate_now(r, "range"), keys, PARTS - 1, part);
    if (part[CANONICAL] != NULL) { /* its function wants the type, which wants the function */
        return NULL;
    }
    const char *difference = part[DIFFERENCE] != NULL ? part[DIFFERENCE] : "";
    return arena_printf(
        r->a, "CREATE TYPE %s AS RANGE (SUBTYPE = %s, SUBTYPE_OPCLASS = %s%s%s%s%.*s%s%s)", r->name,
        part[TYPE], part[CLASS], part[COLLATE] != NULL ? ", COLLATION = " : "",
        part[COLLATE] != NULL ? part[COLLATE] : "",
        part[DIFFERENCE] != NULL ? ", SUBTYPE_DIFF = " : "", (int)strcspn(difference, "("),
        difference, part[MULTI] != NULL ? ", MULTIRANGE_TYPE_NAME = " : "",
        part[MULTI] != NULL ? part[MULTI] : "");
}

static void make_type(struct restating *r)
{
    static const struct {
        const char *kind, *facet;
        const char *(*sql)(struct restating *);
    } types[] = {{"domain", "domain", domain_sql},
                 {"composite", "attribute_order", composite_sql},
                 {"enum", "labels", enum_sql},
                 {"range", "range", range_sql}};
    const char *kind = restate_now(r, "kind");
    restate_done(r, "kind");
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (same(kind, types[i].kind)) {
            add(r, STAGE_MAKE, types[i].facet, types[i].sql(r));
            return;
        }
    }
    restate_open(r, "");
}

static void alter_domain(struct restating *r, const struct facet_pair *p)
{
    const char *was[DOM_PARTS];
    const char *now[DOM_PARTS];
    restate_split(r->a, p->was, domain_keys, DOM_PARTS - 1, was);
    restate_split(r->a, p->now, domain_keys, DOM_PARTS - 1, now);
    const char *sql = now[DOM_DEFAULT] != NULL ? restate_text(r->a, now[DOM_DEFAULT]) : "";
    if (!same(was[DOM_TYPE], now[DOM_TYPE]) || !same(was[DOM_COLLATE], now[DOM_COLLATE]) ||
        (sql == NULL && !same(was[DOM_DEFAULT], now[DOM_DEFAULT]))) {
        restate_open(r, p->facet);
        return;
    }
    if (!same(was[DOM_DEFAULT], now[DOM_DEFAULT])) {
        restate_add(r, STAGE_COLUMN, p->facet,
                    arena_printf(r->a, "ALTER DOMAIN %s %s DEFAULT%s%s", r->name,
                                 now[DOM_DEFAULT] != NULL ? "SET" : "DROP",
                                 sql[0] != '\0' ? " " : "", sql));
    }
    if (!same(was[DOM_NOT_NULL], now[DOM_NOT_NULL])) {
        restate_add(r, STAGE_COLUMN, p->facet,
                    arena_printf(r->a, "ALTER DOMAIN %s %s NOT NULL", r->name,
                                 now[DOM_NOT_NULL] != NULL ? "SET" : "DROP"));
    }
}

static void domain_constraint(struct restating *r, const struct facet_pair *p)
{
    static const char *const keys[] = {" comment "};
    const char *part[2];
    const char *name = restate_name(r->a, p->facet + strlen("constraint "));
    restate_split(r->a, p->now != NULL ? p->now : "", keys, 1, part);
    const char *sql = restate_marked(r->a, part[0]);
    if (p->now != NULL && (sql == NULL || part[1] != NULL)) {
        if (!begins(p->now, "NOT NULL")) { /* the domain says that itself */
            restate_open(r, p->facet);
        }
        return;
    }
    if (p->was != NULL) {
        restate_add(r, STAGE_DROP_INNER, p->facet,
                    arena_printf(r->a, "ALTER DOMAIN %s DROP CONSTRAINT %s", r->name, name));
    }
    if (p->now != NULL) {
        restate_add(r, STAGE_INNER, p->facet,
                    arena_printf(r->a, "ALTER DOMAIN %s ADD CONSTRAINT %s %s", r->name, name, sql));
    }
}

static void alter_attribute(struct restating *r, const struct facet_pair *p)
{
    const char *name = restate_name(r->a, p->facet + strlen("attribute "));
    if (r->t->makes) { /* CREATE TYPE says the rest */
        static const char *const keys[] = {" comment "};
        const char *part[2];
        restate_split(r->a, p->now != NULL ? p->now : "", keys, 1, part);
        restate_comment(r, p->facet, arena_printf(r->a, "COLUMN %s.%s", r->name, name), NULL,
                        part[1]);
        return;
    }
    if (strstr(p->now != NULL ? p->now : "", " comment ") != NULL ||
        strstr(p->was != NULL ? p->was : "", " comment ") != NULL) {
        restate_open(r, p->facet);
        return;
    }
    const char *how = p->now == NULL ? arena_printf(r->a, "DROP ATTRIBUTE %s", name)
                      : p->was == NULL
                          ? arena_printf(r->a, "ADD ATTRIBUTE %s %s", name, p->now)
                          : arena_printf(r->a, "ALTER ATTRIBUTE %s TYPE %s", name, p->now);
    restate_add(r, STAGE_COLUMN, p->facet, arena_printf(r->a, "ALTER TYPE %s %s", r->name, how));
}

/* The order is that of the columns of a table: what comes, comes last. */
static void say_order(struct restating *r, const struct facet_pair *p)
{
    const char **was = restate_list(r->a, p->was != NULL ? p->was : "");
    const char **now = restate_list(r->a, p->now != NULL ? p->now : "");
    size_t k = 0;
    for (size_t i = 0; was[i] != NULL; i++) {
        const struct facet_pair *c = restate_pair(r, arena_printf(r->a, "attribute %s", was[i]));
        if (c != NULL && c->now == NULL) {
            continue;
        }
        if (now[k] == NULL || strcmp(was[i], now[k++]) != 0) {
            restate_open(r, p->facet);
            return;
        }
    }
}

/* The label that one state has more than the other: only then a digest tells where. */
static bool add_label(struct restating *r, const struct facet_pair *p)
{
    const char *now = restate_text(r->a, p->now);
    const char *list = now != NULL ? strchr(now, ' ') : NULL;
    const char **labels = list != NULL ? restate_list(r->a, list + 1) : NULL;
    const char *digest = p->was != NULL ? strchr(p->was, ' ') : NULL;
    for (size_t i = 0; labels != NULL && digest != NULL && labels[i] != NULL; i++) {
        struct buf b = {0};
        char text[DIGEST_TEXT];
        for (size_t k = 0; labels[k] != NULL; k++) {
            if (k != i) {
                buf_printf(&b, "%s%s", b.n > 0 ? ", " : "", labels[k]);
            }
        }
        struct digest d = digest_of(buf_bytes(&b));
        buf_release(&b);
        if (strcmp(digest_text(&d, text), digest + 1) == 0) {
            const char *where = i > 0               ? arena_printf(r->a, " AFTER %s", labels[i - 1])
                                : labels[1] != NULL ? arena_printf(r->a, " BEFORE %s", labels[1])
                                                    : "";
            restate_add(
                r, STAGE_COLUMN, p->facet,
                arena_printf(r->a, "ALTER TYPE %s ADD VALUE %s%s", r->name, labels[i], where));
            return true;
        }
    }
    return false;
}

static bool type_facet(struct restating *r, const struct facet_pair *p)
{
    if (same(p->facet, "domain") && p->was != NULL && p->now != NULL) {
        alter_domain(r, p);
    } else if (begins(p->facet, "constraint ")) {
        domain_constraint(r, p);
    } else if (begins(p->facet, "attribute ")) {
        alter_attribute(r, p);
    } else if (same(p->facet, "attribute_order")) {
        say_order(r, p);
    } else {
        return same(p->facet, "labels") && p->now != NULL && add_label(r, p);
    }
    return true;
}

void restate_make_code(struct restating *r)
{
    if (r->t->object.kind == OBJ_FUNCTION) {
        say_function(r, STAGE_MAKE);
    } else if (r->t->object.kind == OBJ_TYPE) {
        make_type(r);
    } else {
        make_view(r);
    }
}

bool restate_code(struct restating *r, const struct facet_pair *p)
{
    bool is_view = r->t->object.kind == OBJ_VIEW || r->t->object.kind == OBJ_MATVIEW;
    if (is_view && same(p->facet, "definition")) {
        restate_add(r, STAGE_REPLACE, p->facet, view_sql(r, "CREATE OR REPLACE"));
        return true;
    }
    return (r->t->object.kind == OBJ_FUNCTION && function_facet(r, p)) ||
           (r->t->object.kind == OBJ_TYPE && type_facet(r, p));
}

/* CREATE OR REPLACE VIEW adds columns at the end and no more; of a function it keeps what it returns. */
bool restate_as_whole(const struct restating *r)
{
    enum object_kind k = r->t->object.kind;
    bool query = (k == OBJ_VIEW || k == OBJ_MATVIEW) && restate_pair(r, "definition") != NULL;
    bool whole = query && k == OBJ_MATVIEW;
    for (size_t i = 0; i < r->t->n && query; i++) {
        whole = whole || (begins(r->t->v[i].facet, "column ") && r->t->v[i].was != NULL);
    }
    return whole || (k == OBJ_FUNCTION && restate_pair(r, "returns") != NULL);
}
