/* Whole databases. */
#include "site/database.h"

#include <stdio.h>
#include <string.h>

#include "site/queries.h"
#include "store/postgis/database.h"

static const char comment[] = "kfmig drill: a throwaway database, dropped by the next drill";

/* A session that no signal stops. */
static int open_beside(const struct site *s, const char *dbname, struct pg **out, struct err *e)
{
    const struct pg_options o = {.application_name = arena_printf(s->a, "kfmig %s", s->o.verb),
                                 .dbname = dbname,
                                 .words = s->o.words};
    return pg_open(out, &s->dsn, &o, e);
}

int database_probe(struct site *s, bool *missing, const char **name, struct err *e)
{
    *missing = false;
    *name = "";
    int rc = site_connect(s, e);
    if (rc != 0 && strcmp(e->sqlstate, "3D000") == 0) {
        *missing = true;
        *name = pg_dbname(s->a, &s->dsn);
        *e = (struct err){0};
        rc = 0;
    }
    site_leave(s);
    return rc;
}

/* Why the server would not: with what an administrator has to do. */
static int explain(struct site *s, struct pg *pg, const char *name, const char *template,
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

static int create(struct site *s, struct pg *pg, const char *name, const char *template,
                  struct err *e)
{
    return postgis_database_create(pg, s->a, name, template, e) == 0
               ? 0
               : explain(s, pg, name, template, e);
}

/* A session with a database that every server has. */
static struct pg *open_maintenance(const struct site *s, struct err *e)
{
    static const char *const names[] = {"postgres", "template1"};
    struct pg *pg = NULL;
    for (size_t i = 0; pg == NULL && i < 2; i++) {
        *e = (struct err){0};
        (void)!open_beside(s, names[i], &pg, e);
    }
    return pg;
}

int database_create(struct site *s, const char *name, const char *template, struct err *e)
{
    struct pg *pg = NULL;
    int rc = site_resolve(s, e);
    if (rc == 0 && s->env->embedded) {
        const struct embedded_options o = site_embedded(s);
        rc = embedded_database(&o, NULL, NULL, e);
        site_leave(s);
        return rc;
    }
    pg = rc == 0 ? open_maintenance(s, e) : NULL;
    rc = pg == NULL ? -1 : create(s, pg, name, template, e);
    /* Two at once may both find none; the catalog's own index then tells the later one. */
    if (rc != 0 && (strcmp(e->sqlstate, "42P04") == 0 || strcmp(e->sqlstate, "23505") == 0)) {
        *e = (struct err){0};
        rc = 0;
    }
    pg_close(pg);
    site_leave(s);
    return rc;
}

int database_drop(struct site *s, const char *name, struct err *e)
{
    struct pg *pg = open_maintenance(s, e);
    int rc = pg == NULL ? -1 : postgis_database_drop(pg, s->a, name, true, e);
    if (rc != 0 && strcmp(e->sqlstate, "42501") == 0) {
        struct pg_where where;
        pg_where(pg, &where);
        err_set(e, ERR_PREFLIGHT, "the role %s may not drop the database %s, or end who is in it",
                where.user, pg_ident(s->a, name));
        err_hint(e, "only its owner may, and only sessions of its own roles are ended: an "
                    "administrator can run ALTER DATABASE ... OWNER TO, or end the others");
    }
    if (rc != 0 && e->code == ERR_APPLY) {
        e->code = ERR_PREFLIGHT;
    }
    pg_close(pg);
    return rc;
}

int database_others(struct site *s, struct names *out, struct err *e)
{
    struct pg_rows *r = NULL;
    *out = (struct names){0};
    if (pg_query(s->pg, &site_database_others, NULL, 0, &r, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        ARENA_GROW(s->a, out->v, out->n, out->cap);
        out->v[out->n++] = arena_printf(s->a, "%s of %s (pid %s)", pg_text(r, i, 0),
                                        pg_text(r, i, 2), pg_text(r, i, 1));
    }
    pg_rows_free(r);
    return 0;
}

/* --- drills ----------------------------------------------------------------------------------------- */

static int hold(struct site *s, const char *name, bool *held, struct err *e)
{
    struct pg_rows *r = NULL;
    const char *params[] = {name + strlen(name) - 8};
    if (pg_query(s->pg, &site_drill_hold, params, 1, &r, e) != 0) {
        return -1;
    }
    *held = pg_bool(r, 0, 0);
    pg_rows_free(r);
    return 0;
}

int drill_create(struct site *s, const char *template, char name[static DRILL_NAME], struct err *e)
{
    const struct env *env = s->env;
    char uuid[37];
    bool held = false;
    while (!held) {
        random_uuid(uuid);
        (void)snprintf(name, DRILL_NAME, "kfmig_drill_%.8s", uuid);
        if (hold(s, name, &held, e) != 0) {
            return -1;
        }
    }
    if (env->embedded) {
        const struct embedded_options o = site_embedded(s);
        return embedded_database(&o, name, comment, e);
    }
    if (create(s, s->pg, name, template, e) != 0) {
        return -1;
    }
    return postgis_database_comment(s->pg, s->a, name, comment, e);
}

int drill_extension(struct site *s, const char *name, struct err *e)
{
    return postgis_extension_create(s->pg, s->a, name, e);
}

int drill_drop(struct site *s, const char *name, struct err *e)
{
    struct pg *pg = NULL;
    if (open_beside(s, NULL, &pg, e) != 0) {
        return -1;
    }
    int rc = postgis_database_drop(pg, s->a, name, true, e);
    pg_close(pg);
    if (rc != 0) {
        err_hint(e, "%s; the next drill tries it again",
                 postgis_database_drop_text(s->a, name, false));
    }
    return rc;
}

int drill_sweep(struct site *s, size_t *n, struct err *e)
{
    struct pg_rows *r = NULL;
    *n = 0;
    if (pg_query(s->pg, &site_drill_leftovers, NULL, 0, &r, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        struct err ignored = {0};
        *n += postgis_database_drop(s->pg, s->a, pg_text(r, i, 0), false, &ignored) == 0;
    }
    pg_rows_free(r);
    return 0;
}
