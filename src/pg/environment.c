/* What a child is given of a connection: libpq's variables. */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "pg/clients.h"
#include "pg/session.h"

static bool is_of(const char *text, const char *name)
{
    size_t n = strlen(name);
    return strncmp(text, name, n) == 0 && text[n] == '=';
}

static void put(struct pg_environment *x, const char *name, const char *value)
{
    size_t n = strlen(name) + strlen(value) + 2;
    char *text = mem_alloc(n);
    (void)snprintf(text, n, "%s=%s", name, value);
    for (size_t i = 0; i < x->n; i++) {
        if (is_of(x->v[i], name)) {
            explicit_bzero(x->v[i], strlen(x->v[i]));
            free(x->v[i]);
            x->v[i] = text;
            return;
        }
    }
    x->v[x->n++] = text;
    x->v[x->n] = NULL;
}

/* Ours, with room for n more. */
static void copy_ours(struct pg_environment *x, size_t n_more)
{
    size_t n = 0;
    while (environ[n] != NULL) {
        n++;
    }
    x->v = mem_alloc((n + n_more + 1) * sizeof *x->v);
    for (size_t i = 0; i < n; i++) {
        size_t size = strlen(environ[i]) + 1;
        x->v[x->n++] = memcpy(mem_alloc(size), environ[i], size);
    }
    x->v[x->n] = NULL;
}

static size_t count(const PQconninfoOption *options)
{
    size_t n = 0;
    while (options[n].keyword != NULL) {
        n++;
    }
    return n;
}

int pg_environment_make(const struct secret *conninfo, const char *dbname,
                        struct pg_environment *out, struct err *e)
{
    char *words = NULL;
    const char *text = secret_is_set(conninfo) ? conninfo->opaque : "";
    PQconninfoOption *options = PQconninfoParse(text, &words);
    *out = (struct pg_environment){0};
    if (options == NULL) {
        (void)pg_fail_conninfo(words, e);
        PQfreemem(words);
        return -1;
    }
    PQfreemem(words);
    copy_ours(out, count(options) + 1);
    for (const PQconninfoOption *o = options; o->keyword != NULL; o++) {
        if (o->envvar != NULL && o->val != NULL && o->val[0] != '\0') {
            put(out, o->envvar, o->val);
        }
    }
    if (dbname != NULL) {
        put(out, "PGDATABASE", dbname);
    }
    pg_forget_options(options);
    return 0;
}

void pg_environment_wipe(struct pg_environment *x)
{
    for (size_t i = 0; i < x->n; i++) {
        explicit_bzero(x->v[i], strlen(x->v[i]));
        free(x->v[i]);
    }
    free(x->v);
    *x = (struct pg_environment){0};
}
