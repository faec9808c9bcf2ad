/* Objects that are no tables and no code: schemas, extensions, sequences, roles, publications, event
 * triggers, casts, settings. */
#include <string.h>

#include "base/bytes.h"
#include "store/postgis/restate_parts.h"

static void made(struct restating *r, const char *facet, const char *sql)
{
    restate_add(r, STAGE_MAKE, facet, sql);
    restate_done(r, facet);
}

static const char *member(struct restating *r, const char *facet)
{
    const char *value = restate_now(r, facet);
    return value != NULL ? value : "";
}

/* --- publications -------------------------------------------------------------------------------------- */

/* "all tables of insert, update by the root generated columns s"; had: it was said of generated columns
 * before. */
static const char *publication_options(struct restating *r, const char *value, bool had)
{
    enum { HEAD, ROOT, COLUMNS, PARTS };
    static const char *const keys[] = {" by the root", " generated columns "};
    const char *part[PARTS];
    const char *of = strstr(value, "of ");
    restate_split(r->a, of != NULL ? of + strlen("of ") : "", keys, PARTS - 1, part);
    bool is_known = part[COLUMNS] == NULL || same(part[COLUMNS], "s");
    const char *columns = part[COLUMNS] != NULL ? ", publish_generated_columns = stored"
                          : had                 ? ", publish_generated_columns = none"
                                                : "";
    return is_known ? arena_printf(r->a, "publish = '%s', publish_via_partition_root = %s%s",
                                   part[HEAD], part[ROOT] != NULL ? "true" : "false", columns)
                    : NULL;
}

static void make_publication(struct restating *r)
{
    const char *value = member(r, "options");
    const char *options = publication_options(r, value, false);
    made(r, "options",
         options == NULL || strstr(value, "all sequences") != NULL
             ? NULL
             : arena_printf(r->a, "CREATE PUBLICATION %s%s WITH (%s)", r->name,
                            begins(value, "all tables") ? " FOR ALL TABLES" : "", options));
}

static bool publication_facet(struct restating *r, const struct facet_pair *p)
{
    enum { HEAD, COLUMNS, WHERE, PARTS };
    static const char *const keys[] = {" columns ", " where "};
    const char *part[PARTS];
    bool is_schema = begins(p->facet, "schema ");
    bool is_options = same(p->facet, "options");
    const char *what = is_schema ? "TABLES IN SCHEMA" : "TABLE";
    if (is_options && p->was != NULL && p->now != NULL) {
        bool had = strstr(p->was, " generated columns ") != NULL;
        const char *options = publication_options(r, p->now, had);
        bool same_all = begins(p->was, "all ") == begins(p->now, "all ");
        restate_add(r, STAGE_REST, p->facet,
                    options != NULL && same_all
                        ? arena_printf(r->a, "ALTER PUBLICATION %s SET (%s)", r->name, options)
                        : NULL);
        return true;
    }
    if (!is_schema && !begins(p->facet, "table ")) {
        return false;
    }
    const char *name = strchr(p->facet, ' ') + 1;
    restate_split(r->a, p->now != NULL ? p->now : "", keys, PARTS - 1, part);
    const char *where = part[WHERE] != NULL ? restate_text(r->a, part[WHERE]) : "";
    if (where == NULL) {
        restate_open(r, p->facet);
        return true;
    }
    if (p->was != NULL) {
        restate_add(r, STAGE_DROP_INNER, p->facet,
                    arena_printf(r->a, "ALTER PUBLICATION %s DROP %s %s", r->name, what, name));
    }
    if (p->now != NULL) {
        restate_add(r, STAGE_PART, p->facet,
                    arena_printf(r->a, "ALTER PUBLICATION %s ADD %s %s%s%s%s%s%s%s", r->name, what,
                                 name, part[COLUMNS] != NULL ? " (" : "",
                                 part[COLUMNS] != NULL ? part[COLUMNS] : "",
                                 part[COLUMNS] != NULL ? ")" : "",
                                 where[0] != '\0' ? " WHERE (" : "", where,
                                 where[0] != '\0' ? ")" : ""));
    }
    return true;
}

/* --- event triggers, casts ----------------------------------------------------------------------------- */

/* "ddl_command_end execute app.f() state O when CREATE TABLE, ..." */
static void make_event_trigger(struct restating *r)
{
    enum { EVENT, FUNCTION, STATE, WHEN, PARTS };
    static const char *const keys[] = {" execute ", " state ", " when "};
    const char *part[PARTS];
    struct buf tags = {0};
    restate_split(r->a, member(r, "definition"), keys, PARTS - 1, part);
    const char **list = restate_list(r->a, part[WHEN] != NULL ? part[WHEN] : "");
    for (size_t i = 0; list[i] != NULL; i++) {
        buf_printf(&tags, "%s%s", i > 0 ? ", " : "", restate_literal(r->a, list[i]));
    }
    made(r, "definition",
         arena_printf(r->a, "CREATE EVENT TRIGGER %s ON %s%s%s%s EXECUTE FUNCTION %s", r->name,
                      part[EVENT], tags.n > 0 ? " WHEN TAG IN (" : "", buf_str(&tags),
                      tags.n > 0 ? ")" : "", part[FUNCTION]));
    buf_release(&tags);
    const char *state = part[STATE] != NULL ? part[STATE] : "O";
    if (state[0] != 'O') {
        restate_add(r, STAGE_REST, "definition",
                    arena_printf(r->a, "ALTER EVENT TRIGGER %s %s", r->name,
                                 state[0] == 'D'   ? "DISABLE"
                                 : state[0] == 'R' ? "ENABLE REPLICA"
                                                   : "ENABLE ALWAYS"));
    }
}

/* "implicit function app.f(a)" */
static void make_cast(struct restating *r)
{
    const char *value = member(r, "definition");
    const char *how = strchr(value, ' ');
    how = how != NULL ? how + 1 : "";
    const char *with = begins(how, "function ")
                           ? arena_printf(r->a, "WITH FUNCTION %s", how + strlen("function "))
                       : same(how, "inout") ? "WITH INOUT"
                                            : "WITHOUT FUNCTION";
    made(r, "definition",
         arena_printf(r->a, "CREATE CAST %s %s%s", r->name, with,
                      begins(value, "implicit")     ? " AS IMPLICIT"
                      : begins(value, "assignment") ? " AS ASSIGNMENT"
                                                    : ""));
}

/* --- roles and settings -------------------------------------------------------------------------------- */

/* "admin inherit true set true by ann": who granted it is who says it now. */
static void member_of(struct restating *r, const struct facet_pair *p)
{
    const char *group = restate_name(r->a, p->facet + strlen("member of "));
    if ((p->now != NULL && strchr(p->now, ',') != NULL) ||
        (p->was != NULL && strchr(p->was, ',') != NULL)) {
        restate_open(r, p->facet);
        return;
    }
    if (p->was != NULL) {
        restate_add(r, STAGE_DROP_INNER, p->facet,
                    arena_printf(r->a, "REVOKE %s FROM %s", group, r->name));
    }
    if (p->now != NULL) {
        const char *rest = strchr(p->now, ' ');
        const char *inherit = rest != NULL ? strstr(rest, "inherit ") : NULL;
        const char *set = rest != NULL ? strstr(rest, " set ") : NULL;
        bool admin = begins(p->now, "admin");
        const char *with =
            inherit != NULL && set != NULL
                ? arena_printf(r->a, " WITH ADMIN %s, INHERIT %s, SET %s", admin ? "TRUE" : "FALSE",
                               begins(inherit + strlen("inherit "), "true") ? "TRUE" : "FALSE",
                               begins(set + strlen(" set "), "true") ? "TRUE" : "FALSE")
            : admin ? " WITH ADMIN OPTION"
                    : "";
        restate_add(r, STAGE_GIVE, p->facet,
                    arena_printf(r->a, "GRANT %s TO %s%s", group, r->name, with));
    }
}

static bool role_facet(struct restating *r, const struct facet_pair *p)
{
    if (begins(p->facet, "member of ")) {
        member_of(r, p);
        return true;
    }
    const char *how =
        same(p->facet, "attributes") ? p->now
        : same(p->facet, "connection_limit")
            ? arena_printf(r->a, "CONNECTION LIMIT %s", p->now != NULL ? p->now : "-1")
        : same(p->facet, "valid_until")
            ? arena_printf(r->a, "VALID UNTIL '%s'", p->now != NULL ? p->now : "infinity")
            : NULL;
    if (how != NULL) {
        restate_add(r, STAGE_REST, p->facet, arena_printf(r->a, "ALTER ROLE %s %s", r->name, how));
    }
    return how != NULL;
}

/* "of role in this database: work_mem", and its value. */
static bool setting_facet(struct restating *r, const struct facet_pair *p)
{
    const char *database = restate_name(r->a, r->t->database);
    const char *role = restate_name(r->a, r->t->object.name);
    const char *name = strstr(p->facet, ": ");
    const char *of = begins(p->facet, "of database") ? arena_printf(r->a, "DATABASE %s", database)
                     : begins(p->facet, "of role in this")
                         ? arena_printf(r->a, "ROLE %s IN DATABASE %s", role, database)
                     : begins(p->facet, "of all roles") ? "ROLE ALL"
                     : begins(p->facet, "of role")      ? arena_printf(r->a, "ROLE %s", role)
                                                        : NULL;
    if (of == NULL || name == NULL) {
        return false;
    }
    const char *value = p->now != NULL ? restate_text(r->a, p->now) : NULL;
    restate_add(r, STAGE_REST, p->facet,
                p->now == NULL  ? arena_printf(r->a, "ALTER %s RESET %s", of, name + 2)
                : value == NULL ? NULL
                                : arena_printf(r->a, "ALTER %s SET %s TO %s", of, name + 2,
                                               restate_setting(r->a, name + 2, value)));
    return true;
}

/* --- all of them --------------------------------------------------------------------------------------- */

static void make_extension(struct restating *r)
{
    const char *schema = restate_now(r, "schema");
    made(r, "version",
         arena_printf(r->a, "CREATE EXTENSION %s%s%s VERSION %s", r->name,
                      schema != NULL ? " SCHEMA " : "", schema != NULL ? schema : "",
                      restate_literal(r->a, member(r, "version"))));
    restate_done(r, "schema");
}

static void make_sequence(struct restating *r)
{
    made(r, "parameters",
         arena_printf(r->a, "CREATE %sSEQUENCE %s%s",
                      restate_now(r, "persistence") != NULL ? "UNLOGGED " : "", r->name,
                      restate_sequence(r->a, member(r, "parameters"))));
    restate_done(r, "persistence");
}

static void make_schema(struct restating *r)
{
    made(r, "", arena_printf(r->a, "CREATE SCHEMA %s", r->name));
}

static void make_role(struct restating *r)
{
    made(r, "attributes",
         arena_printf(r->a, "CREATE ROLE %s %s", r->name, member(r, "attributes")));
}

/* There as long as something is said of it. */
static void make_nothing(struct restating *r)
{
    (void)r;
}

static bool extension_facet(struct restating *r, const struct facet_pair *p)
{
    if (p->now == NULL || (!same(p->facet, "version") && !same(p->facet, "schema"))) {
        return false;
    }
    restate_add(r, STAGE_REST, p->facet,
                same(p->facet, "version")
                    ? arena_printf(r->a, "ALTER EXTENSION %s UPDATE TO %s", r->name,
                                   restate_literal(r->a, p->now))
                    : arena_printf(r->a, "ALTER EXTENSION %s SET SCHEMA %s", r->name, p->now));
    return true;
}

static bool sequence_facet(struct restating *r, const struct facet_pair *p)
{
    if (!same(p->facet, "parameters") || p->now == NULL) {
        return false;
    }
    restate_add(r, STAGE_REST, p->facet,
                arena_printf(r->a, "ALTER SEQUENCE %s%s", r->name, restate_sequence(r->a, p->now)));
    return true;
}

static bool default_privileges_facet(struct restating *r, const struct facet_pair *p)
{
    restate_default_privileges(r, p);
    return true;
}

static const struct {
    void (*make)(struct restating *);
    bool (*say)(struct restating *, const struct facet_pair *);
} ways[OBJ_COUNT] = {
    [OBJ_SCHEMA] = {make_schema, NULL},
    [OBJ_EXTENSION] = {make_extension, extension_facet},
    [OBJ_SEQUENCE] = {make_sequence, sequence_facet},
    [OBJ_ROLE] = {make_role, role_facet},
    [OBJ_PUBLICATION] = {make_publication, publication_facet},
    [OBJ_EVENT_TRIGGER] = {make_event_trigger, NULL},
    [OBJ_CAST] = {make_cast, NULL},
    [OBJ_SETTING] = {make_nothing, setting_facet},
    [OBJ_DEFAULT_PRIVILEGES] = {make_nothing, default_privileges_facet},
};

void restate_make_other(struct restating *r)
{
    if (ways[r->t->object.kind].make != NULL) {
        ways[r->t->object.kind].make(r);
    } else {
        restate_open(r, "");
    }
}

bool restate_other(struct restating *r, const struct facet_pair *p)
{
    return ways[r->t->object.kind].say != NULL && ways[r->t->object.kind].say(r, p);
}
