/* A throwaway server for unit tests: one embedded server in a folder of its own beneath /tmp, removed at the end.
 * A test that uses it must hand "--embedded-watch" to server_watch() first. */
#ifndef KFMIG_TESTS_UNIT_PG_SERVER_H
#define KFMIG_TESTS_UNIT_PG_SERVER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "pg/embedded.h"

/* True, with *status filled, if this process was started to be the watcher. */
static inline bool server_watch(int argc, char **argv, int *status)
{
    if (argc != 4 || strcmp(argv[1], "--embedded-watch") != 0) {
        return false;
    }
    *status = embedded_watch(argv[2], strtoll(argv[3], NULL, 10));
    return true;
}

static inline void server_explain(const struct err *e)
{
    printf("# %s: %s (%s) %s\n", err_name(e->code), e->msg, e->hint, e->detail);
}

/* mode 0755: as root the server runs as another user, who must get in; 0700 keeps that user out. */
static inline bool server_folder(char dir[static 32], unsigned mode)
{
    (void)snprintf(dir, 32, "/tmp/kfmig-unit-XXXXXX");
    return mkdtemp(dir) != NULL && chmod(dir, mode) == 0;
}

static inline struct embedded *server_begin(char dir[static 32], struct secret *where)
{
    struct embedded *m = NULL;
    struct err e = {0};
    struct embedded_options o = {.dir = dir, .throwaway = true, .self = "/proc/self/exe"};
    if (!server_folder(dir, 0755)) {
        return NULL;
    }
    if (embedded_open(&m, &o, where, NULL, &e) != 0) {
        server_explain(&e);
    }
    return m;
}

static inline bool server_end(const char *dir, struct embedded *m, struct secret *where)
{
    struct err e = {0};
    embedded_close(m);
    secret_wipe(where);
    if (embedded_remove(dir, &e) != 0) {
        server_explain(&e);
        return false;
    }
    return true;
}

static inline struct pg *server_connect_with(const struct secret *where, const struct pg_options *o,
                                             struct err *e)
{
    struct pg *s = NULL;
    *e = (struct err){0};
    if (pg_open(&s, where, o, e) != 0) {
        server_explain(e);
    }
    return s;
}

static inline struct pg *server_connect(const struct secret *where, struct err *e)
{
    return server_connect_with(where, &(struct pg_options){.application_name = "kfmig unit test"},
                               e);
}

static inline int server_run(struct err *e, struct pg *s, const char *sql)
{
    *e = (struct err){0};
    return pg_statement(s, bytes_str(sql), NULL, NULL, NULL, e);
}

/* The first column of the first row, "(no row)", or NULL with *e; valid until the next call. */
static inline const char *server_ask(struct err *e, struct pg *s, const struct pg_sql *q,
                                     const char *param)
{
    static char answer[256];
    struct pg_rows *r = NULL;
    const char *params[] = {param};
    *e = (struct err){0};
    if (pg_query(s, q, params, param == NULL ? 0 : 1, &r, e) != 0) {
        return NULL;
    }
    (void)snprintf(answer, sizeof answer, "%s", pg_rows_n(r) > 0 ? pg_text(r, 0, 0) : "(no row)");
    pg_rows_free(r);
    return answer;
}

#endif
