/* What the tests of generations share: a server with PostGIS and roles, transactions, values, a chain to replay. */
#ifndef KFMIG_TESTS_UNIT_GENERATION_SERVER_H
#define KFMIG_TESTS_UNIT_GENERATION_SERVER_H

#include "store/postgis/generation.h"
#include "store_server.h"

static struct pg *owner; /* of the database, an ordinary role */
static struct pg *admin; /* superuser */

static const char *const generation_roles[] = {
    "CREATE EXTENSION postgis",
    "CREATE ROLE reader LOGIN",
    "CREATE ROLE alice LOGIN",
    "CREATE ROLE bob LOGIN",
    "CREATE ROLE \"Odd \"\"role\"\"\" LOGIN",
    "CREATE SCHEMA other AUTHORIZATION kfmig",
};

static inline void command(struct pg *s, const char *sql)
{
    char tag[64];
    must(pg_command(s, sql, tag, NULL, &e), sql);
}

static inline void generation_up(void)
{
    server = server_begin(server_dir, &where);
    if (server == NULL) {
        _exit(1);
    }
    owner = session("");
    admin = session(ADMIN);
    run_all(admin, generation_roles, sizeof generation_roles / sizeof *generation_roles);
}

static inline bool generation_down(void)
{
    pg_close(owner);
    pg_close(admin);
    bool good = server_down();
    arena_release(&arena);
    return good;
}

/* The first column of the first row in the arena; "(null)", "(no row)", or the SQLSTATE of a refusal. */
static inline const char *value(struct pg *s, const char *sql)
{
    struct pg_rows *r = NULL;
    struct err refusal = {0};
    if (pg_run(s, sql, NULL, 0, &r, &refusal) != 0) {
        return arena_strdup(&arena, refusal.sqlstate);
    }
    const char *text = pg_rows_n(r) == 0  ? "(no row)"
                       : pg_null(r, 0, 0) ? "(null)"
                                          : arena_strdup(&arena, pg_text(r, 0, 0));
    pg_rows_free(r);
    return text;
}

#define value_of(s, ...) value((s), arena_printf(&arena, __VA_ARGS__))
#define run_of(s, ...) run((s), arena_printf(&arena, __VA_ARGS__))

static inline struct names names_of(const char *const *v, size_t n)
{
    struct names out = {ARENA_ARRAY(&arena, const char *, n + 1), n, n + 1};
    for (size_t i = 0; i < n; i++) {
        out.v[i] = v[i];
    }
    return out;
}
#define NAMES(...)                                                                                 \
    names_of((const char *const[]){__VA_ARGS__},                                                   \
             sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))
static const struct names no_names = {NULL, 0, 0};
#define ROWS(...) (&(const struct row_set){__VA_ARGS__})

/* Make hidden generation number of schema by statements in which %s stands for the quoted schema; committed. */
static inline const char *make(const char *schema, int64_t number, const char *const *chain,
                               size_t n, const char **acl)
{
    bool had_live = false;
    const char *hidden = NULL;
    command(owner, "BEGIN");
    must(generation_aside(owner, &arena, schema, true, &had_live, &e), "aside");
    for (size_t i = 0; i < n; i++) {
        struct buf b = {0};
        for (const char *p = chain[i]; *p != '\0'; p++) {
            if (p[0] == '%' && p[1] == 's') {
                buf_puts(&b, pg_ident(&arena, schema));
                p++;
            } else {
                buf_putc(&b, *p);
            }
        }
        run(owner, buf_str(&b));
        buf_release(&b);
    }
    must(generation_hide(owner, &arena, schema, number, had_live, acl, &e), "hide");
    command(owner, "COMMIT");
    must(generation_schema(&arena, schema, number, &hidden, &e), "name");
    return hidden;
}

/* Publish it without looking for obstacles; committed. */
static inline void publish(const char *schema, int64_t live_number, const char *hidden,
                           const char *acl, const char **live_acl)
{
    const char *held_by = NULL;
    command(owner, "BEGIN");
    must(generation_lock(owner, &arena, schema, hidden, 0, &held_by, &e), "lock");
    must(generation_swap(owner, &arena, schema, live_number, hidden, acl, live_acl, &e), "swap");
    command(owner, "COMMIT");
    if (live_number > 0) {
        const char *kept = NULL;
        must(generation_schema(&arena, schema, live_number, &kept, &e), "name");
        must(generation_conceal(owner, kept, &e), "conceal");
    }
}

/* As the server names it. */
static inline const char *session_text(const struct pg *s, const char *name)
{
    return arena_printf(&arena, "session %d (%s)", pg_backend_pid(s), name);
}

static inline struct catalog state(void)
{
    struct catalog c;
    must(catalog_read(owner, FORMAT, &arena, &c, &e), "read");
    return c;
}

#endif
