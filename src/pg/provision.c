/* Provisioning: the owner role, its database, and the declared roles and extensions. */
#include <stdio.h>
#include <string.h>

#include "pg/queries.h"
#include "pg/server.h"
#include "pg/session.h"

enum { NAME_MAX_BYTES = 63, CREATE_TIMEOUT_MS = 300000 };

/* A name goes into SQL only if it is one of these, and quoted even then. */
static int check_name(const char *kind, const char *name, struct err *e)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-");
    bool starts = (name[0] >= 'a' && name[0] <= 'z') || name[0] == '_';
    if (starts && name[n] == '\0' && n <= NAME_MAX_BYTES) {
        return 0;
    }
    (void)err_set(e, ERR_CONFIG, "%s to provision has a name that is not allowed", kind);
    return err_hint(e, "use lower-case letters, digits, \"_\" and \"-\", at most %d",
                    NAME_MAX_BYTES);
}

/* Runs "VERB name TAIL" with the name quoted. */
static int create(struct pg *s, const char *verb, const char *name, const char *tail, struct err *e)
{
    struct buf sql = {0};
    const struct pg_wait wait = {.timeout_ms = CREATE_TIMEOUT_MS};
    char *quoted = PQescapeIdentifier(s->conn, name, strlen(name));
    if (quoted == NULL) {
        return err_set(e, ERR_PREFLIGHT, "the name \"%s\" cannot be quoted", name);
    }
    buf_printf(&sql, "%s %s%s", verb, quoted, tail);
    PQfreemem(quoted);
    int rc = pg_statement(s, buf_bytes(&sql), &wait, NULL, NULL, e);
    buf_release(&sql);
    if (rc != 0 && e != NULL && e->code == ERR_APPLY) {
        e->code = ERR_PREFLIGHT;
    }
    return rc;
}

/* Returns 1 or 0, or -1. */
static int exists(struct pg *s, const struct pg_sql *q, const char *name, struct err *e)
{
    struct pg_rows *r = NULL;
    const char *params[] = {name};
    if (pg_query(s, q, params, 1, &r, e) != 0) {
        return -1;
    }
    int found = pg_rows_n(r) > 0 ? 1 : 0;
    pg_rows_free(r);
    return found;
}

static int ensure_role(struct pg *s, const char *name, const char *tail, struct err *e)
{
    int found = exists(s, &pg_role_exists, name, e);
    return found == 0 ? create(s, "CREATE ROLE", name, tail, e) : found < 0 ? -1 : 0;
}

/* Debian's package for an extension that postgresql-N does not bring. */
static int fail_missing(const char *name, int major, struct err *e)
{
    static const struct {
        const char *prefix, *before, *after;
    } packages[] = {
        {"postgis", "postgresql-", "-postgis-3"},
        {"address_standardizer", "postgresql-", "-postgis-3"},
        {"pgrouting", "postgresql-", "-pgrouting"},
        {"vector", "postgresql-", "-pgvector"},
        {"plpython3", "postgresql-plpython3-", ""},
        {"plperl", "postgresql-plperl-", ""},
        {"pltcl", "postgresql-pltcl-", ""},
    };
    (void)err_set(e, ERR_PREFLIGHT, "the extension \"%s\" is not installed for PostgreSQL %d", name,
                  major);
    for (size_t i = 0; i < sizeof packages / sizeof *packages; i++) {
        if (strncmp(name, packages[i].prefix, strlen(packages[i].prefix)) == 0) {
            return err_hint(e, "Debian: apt-get install %s%d%s", packages[i].before, major,
                            packages[i].after);
        }
    }
    return err_hint(e, "install the package that brings it, on Debian often postgresql-%d-%s",
                    major, name);
}

static int ensure_extension(struct pg *s, const char *name, struct err *e)
{
    struct pg_rows *r = NULL;
    const char *params[] = {name};
    if (pg_query(s, &pg_extension_state, params, 1, &r, e) != 0) {
        return -1;
    }
    bool available = pg_rows_n(r) > 0;
    bool installed = available && pg_bool(r, 0, 0);
    pg_rows_free(r);
    if (!available) {
        return fail_missing(name, pg_server_version(s) / 10000, e);
    }
    return installed ? 0 : create(s, "CREATE EXTENSION IF NOT EXISTS", name, "", e);
}

int server_extensions(const struct home *h, const char *dbname, const struct embedded_options *o,
                      struct err *e)
{
    struct secret where = {NULL};
    struct pg *s = NULL;
    const struct pg_options options = {.application_name = "kfmig embedded"};
    if (o->n_extensions == 0) {
        return 0;
    }
    server_conninfo(h, SERVER_ADMIN, dbname, &where);
    int rc = pg_open(&s, &where, &options, e);
    secret_wipe(&where);
    for (size_t i = 0; i < o->n_extensions && rc == 0; i++) {
        rc = ensure_extension(s, o->extensions[i], e);
    }
    pg_close(s);
    return rc;
}

static int check_names(const struct embedded_options *o, struct err *e)
{
    for (size_t i = 0; i < o->n_roles; i++) {
        if (check_name("a role", o->roles[i], e) != 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < o->n_extensions; i++) {
        if (check_name("an extension", o->extensions[i], e) != 0) {
            return -1;
        }
    }
    return 0;
}

int server_database(struct pg *admin, const char *name, struct err *e)
{
    int found = exists(admin, &pg_database_exists, name, e);
    if (found != 0) {
        return found < 0 ? -1 : 0;
    }
    return create(admin, "CREATE DATABASE", name,
                  " OWNER " SERVER_OWNER " ENCODING 'UTF8' TEMPLATE template0", e);
}

int server_provision(const struct home *h, struct pg *admin, const struct embedded_options *o,
                     struct err *e)
{
    if (check_names(o, e) != 0 ||
        ensure_role(admin, SERVER_OWNER,
                    " LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS",
                    e) != 0) {
        return -1;
    }
    if (server_database(admin, SERVER_OWNER, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < o->n_roles; i++) {
        if (ensure_role(admin, o->roles[i], " NOLOGIN", e) != 0) {
            return -1;
        }
    }
    return server_extensions(h, SERVER_OWNER, o, e);
}
