/* layer: pg */
/* Which pg_dump is taken, and what a program gets of a connection. */
#include "pg/clients.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/tree.h"

static char root[] = "/tmp/kfmig-clients-XXXXXX";

/* A folder with a pg_dump that says so; version NULL: there is none, and with "-" there is no pg_restore. */
static void make(const char *name, const char *version)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", root, name);
    (void)mkdir(path, 0700);
    for (int i = 0; i < 2 && version != NULL; i++) {
        (void)snprintf(path, sizeof path, "%s/%s/%s", root, name,
                       i == 0 ? "pg_dump" : "pg_restore");
        FILE *f = i == 1 && version[0] == '-' ? NULL : fopen(path, "w");
        if (f != NULL) {
            (void)fprintf(f, "#!/bin/sh\necho 'pg_dump (PostgreSQL) %s'\n", version);
            (void)fclose(f);
            (void)chmod(path, 0700);
        }
    }
}

/* dirs: of PATH, "@" stands for the root; found: the folder, NULL: none, and then words of the error. */
/* clang-format off */
static const struct {
    const char *name, *given, *dirs;
    int least;
    const char *found;
    int major;
    const char *words;
} cases[] = {
    {"of the folder that is named", "@/17", "@/15", 15, "17", 17, ""},
    {"the named folder's is too old", "@/9", "@/15", 15, NULL, 0, "pg_dump is of version 9, older than the server's 15"},
    {"the named folder has none", "@/none", "@/15", 15, NULL, 0, "there is no pg_dump, or no pg_restore beside it"},
    {"an empty name is none", "", "@/15", 15, "15", 15, ""},
    {"the first of PATH that is not older", NULL, "@/9:@/17:@/18", 16, "17", 17, ""},
    {"the same major before a newer one", NULL, "@/18:@/17", 17, "17", 17, ""},
    {"without its pg_restore it does not count", NULL, "@/alone:@/18", 18, "18", 18, ""},
    {"what says no version does not count", NULL, "@/odd:@/18", 18, "18", 18, ""},
    {"a folder that is not absolute does not count", NULL, "relative::@/18", 18, "18", 18, ""},
    {"all are too old", NULL, "@/9:@/17", 99, NULL, 0, "older than the server's 99"},
};
/* clang-format on */
enum { N = sizeof cases / sizeof *cases };

static void at_root(char *out, size_t size, const char *text)
{
    size_t n = 0;
    out[0] = '\0';
    for (const char *c = text; *c != '\0' && n + sizeof root < size; c++) {
        n += (size_t)snprintf(out + n, size - n, *c == '@' ? "%s" : "%.1s", *c == '@' ? root : c);
    }
}

static void find(size_t i)
{
    char text[PATH_MAX];
    char wanted[PATH_MAX];
    struct clients c;
    struct err e = {0};
    (void)unsetenv("KFMIG_PG_BINDIR");
    if (cases[i].given != NULL) {
        at_root(text, sizeof text, cases[i].given);
        (void)setenv("KFMIG_PG_BINDIR", text, 1);
    }
    at_root(text, sizeof text, cases[i].dirs);
    (void)snprintf(text + strlen(text), sizeof text - strlen(text), ":/bin:/usr/sbin");
    (void)setenv("PATH", text, 1);
    int rc = clients_find(cases[i].least, 60000, &c, &e);
    (void)snprintf(wanted, sizeof wanted, "%s/%s", root,
                   cases[i].found != NULL ? cases[i].found : "");
    bool good = cases[i].found != NULL
                    ? rc == 0 && strcmp(c.dir, wanted) == 0 && c.major == cases[i].major
                    : rc != 0 && e.code == ERR_PREFLIGHT && strstr(e.msg, cases[i].words) != NULL;
    if (!good) {
        printf("# rc %d: %s %d; %s\n", rc, c.dir, c.major, e.msg);
    }
    ok(good, cases[i].name);
}

static const char *value_of(const struct pg_environment *x, const char *name)
{
    size_t n = strlen(name);
    const char *found = NULL;
    for (size_t i = 0; x->v != NULL && x->v[i] != NULL; i++) {
        if (strncmp(x->v[i], name, n) == 0 && x->v[i][n] == '=') {
            ok(found == NULL, name); /* once */
            found = x->v[i] + n + 1;
        }
    }
    return found != NULL ? found : "-";
}

static void environment(void)
{
    struct secret dsn = {0};
    struct pg_environment x;
    struct err e = {0};
    (void)setenv("PGHOST", "ours", 1);
    (void)setenv("PGOPTIONS", "-c a=b", 1);
    secret_set(&dsn, "postgresql://ann:p%40ss@db.example:6432/kfm?sslmode=require");
    ok(pg_environment_make(&dsn, NULL, &x, &e) == 0, "of a connection string");
    is_str(value_of(&x, "PGHOST"), "db.example", "its host instead of ours");
    is_str(value_of(&x, "PGPORT"), "6432", "its port");
    is_str(value_of(&x, "PGUSER"), "ann", "its user");
    is_str(value_of(&x, "PGPASSWORD"), "p@ss", "its password");
    is_str(value_of(&x, "PGDATABASE"), "kfm", "its database");
    is_str(value_of(&x, "PGSSLMODE"), "require", "its other options");
    is_str(value_of(&x, "PGOPTIONS"), "-c a=b", "ours that it does not name");
    pg_environment_wipe(&x);
    ok(x.v == NULL && x.n == 0, "nothing is left of it");
    ok(pg_environment_make(&dsn, "other", &x, &e) == 0, "for another database");
    is_str(value_of(&x, "PGDATABASE"), "other", "which it names");
    pg_environment_wipe(&x);
    secret_set(&dsn, "postgresql://ann:p%4@x");
    ok(pg_environment_make(&dsn, NULL, &x, &e) != 0 && e.code == ERR_CONFIG &&
           strstr(e.msg, "p%4") == NULL,
       "what cannot be parsed is not repeated");
    pg_environment_wipe(&x);
    secret_wipe(&dsn);
}

int main(void)
{
    if (mkdtemp(root) == NULL) {
        abort();
    }
    make("9", "9.6.24");
    make("15", "15.18 (Debian 15.18-1)");
    make("17", "17.2");
    make("18", "18devel");
    make("alone", "-18.1");
    make("odd", "none");
    make("none", NULL);
    tap_plan(N + 12 + 8);
    for (size_t i = 0; i < N; i++) {
        find(i);
    }
    environment();
    (void)!tree_remove(-1, root);
    return tap_done();
}
