/* Whole databases. */
#include "cli/database.h"

#include <stdio.h>
#include <string.h>

#include "cli/queries.h"

static const char comment[] = "kfmig drill: a throwaway database, dropped by the next drill";

/* A session that no signal stops. */
static int open_beside(struct session *s, const struct link *l, const char *dbname, struct pg **out,
                       struct err *e)
{
    const struct pg_options o = {.application_name =
                                     arena_printf(s->a, "kfmig %s", s->req->command->name),
                                 .dbname = dbname};
    return pg_open(out, &l->dsn, &o, e);
}

int database_probe(struct session *s, const struct env *env, bool *missing, const char **name,
                   struct err *e)
{
    struct link l = {.env = env};
    *missing = false;
    *name = "";
    int rc = link_connect(s, &l, e);
    if (rc != 0 && strcmp(e->sqlstate, "3D000") == 0) {
        *missing = true;
        *name = pg_dbname(s->a, &l.dsn);
        *e = (struct err){0};
        rc = 0;
    }
    link_close(&l);
    return rc;
}

/* Why the server would not: with what an administrator has to do. */
static int explain(struct session *s, struct pg *pg, const char *name, const char *template,
                   struct err *e)
{
    struct pg_where where;
    const char *quoted = pg_ident(s->a, name);
    pg_where(pg, &where);
    if (strcmp(e->sqlstate, "42501") == 0) {
        err_set(e, ERR_PREFLIGHT, "the role %s may not create the database %s", where.user, quoted);
        return err_hint(e, "an administrator can give the right, ALTER ROLE %s CREATEDB%s",
                        pg_ident(s->a, where.user),
                        template != NULL ? ", and make the template one: ALTER DATABASE ... "
                                           "IS_TEMPLATE true"
                                         : "; or make the database, which must belong to it");
    }
    if (strcmp(e->sqlstate, "3D000") == 0) {
        return err_set(e, ERR_PREFLIGHT, "there is no template database \"%s\"", template);
    }
    if (strcmp(e->sqlstate, "55006") == 0) {
        err_set(e, ERR_PREFLIGHT, "the template of %s is in use: a session is connected to it",
                quoted);
        return err_hint(e, "end that session, and run again");
    }
    e->code = e->code == ERR_APPLY ? ERR_PREFLIGHT : e->code;
    return -1;
}

static int create(struct session *s, struct pg *pg, const char *name, const char *template,
                  struct err *e)
{
    const char *sql = arena_printf(s->a, "CREATE DATABASE %s%s%s", pg_ident(s->a, name),
                                   template != NULL ? " TEMPLATE " : "",
                                   template != NULL ? pg_ident(s->a, template) : "");
    return pg_run(pg, sql, NULL, 0, NULL, e) == 0 ? 0 : explain(s, pg, name, template, e);
}

int database_create(struct session *s, const struct env *env, const char *name,
                    const char *template, struct err *e)
{
    static const char *const maintenance[] = {"postgres", "template1"};
    struct link l = {.env = env};
    struct pg *pg = NULL;
    int rc = link_resolve(s, &l, e);
    if (rc == 0 && env->embedded) {
        const struct embedded_options o = link_embedded(s, env);
        rc = embedded_database(&o, NULL, NULL, e);
        link_close(&l);
        return rc;
    }
    for (size_t i = 0; rc == 0 && pg == NULL && i < 2; i++) {
        *e = (struct err){0};
        (void)!open_beside(s, &l, maintenance[i], &pg, e);
    }
    rc = pg == NULL ? -1 : create(s, pg, name, template, e);
    /* Two at once may both find none; the catalog's own index then tells the later one. */
    if (rc != 0 && (strcmp(e->sqlstate, "42P04") == 0 || strcmp(e->sqlstate, "23505") == 0)) {
        *e = (struct err){0};
        rc = 0;
    }
    pg_close(pg);
    link_close(&l);
    return rc;
}

/* --- drills ----------------------------------------------------------------------------------------- */

static int hold(struct session *live, const char *name, bool *held, struct err *e)
{
    struct pg_rows *r = NULL;
    const char *params[] = {name + strlen(name) - 8};
    if (pg_query(live->link.pg, &cli_drill_hold, params, 1, &r, e) != 0) {
        return -1;
    }
    *held = pg_bool(r, 0, 0);
    pg_rows_free(r);
    return 0;
}

int drill_create(struct session *live, const char *template, char name[static DRILL_NAME],
                 struct err *e)
{
    const struct env *env = live->link.env;
    char uuid[37];
    bool held = false;
    while (!held) {
        random_uuid(uuid);
        (void)snprintf(name, DRILL_NAME, "kfmig_drill_%.8s", uuid);
        if (hold(live, name, &held, e) != 0) {
            return -1;
        }
    }
    if (env->embedded) {
        const struct embedded_options o = link_embedded(live, env);
        return embedded_database(&o, name, comment, e);
    }
    if (create(live, live->link.pg, name, template, e) != 0) {
        return -1;
    }
    const char *sql = arena_printf(live->a, "COMMENT ON DATABASE %s IS %s", pg_ident(live->a, name),
                                   pg_literal(live->a, comment));
    return pg_run(live->link.pg, sql, NULL, 0, NULL, e);
}

int drill_drop(struct session *live, const char *name, struct err *e)
{
    struct pg *pg = NULL;
    if (open_beside(live, &live->link, NULL, &pg, e) != 0) {
        return -1;
    }
    const char *sql =
        arena_printf(live->a, "DROP DATABASE IF EXISTS %s WITH (FORCE)", pg_ident(live->a, name));
    int rc = pg_run(pg, sql, NULL, 0, NULL, e);
    pg_close(pg);
    if (rc != 0) {
        err_hint(e, "DROP DATABASE %s; the next drill tries it again", pg_ident(live->a, name));
    }
    return rc;
}

int drill_sweep(struct session *live, size_t *n, struct err *e)
{
    struct pg_rows *r = NULL;
    *n = 0;
    if (pg_query(live->link.pg, &cli_drill_leftovers, NULL, 0, &r, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        struct err ignored = {0};
        const char *sql =
            arena_printf(live->a, "DROP DATABASE %s", pg_ident(live->a, pg_text(r, i, 0)));
        *n += pg_run(live->link.pg, sql, NULL, 0, NULL, &ignored) == 0;
    }
    pg_rows_free(r);
    return 0;
}
