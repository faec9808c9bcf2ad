/* Finding PostgreSQL's server programs: the environment, pg_config, Debian's folders. */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pg/child.h"
#include "pg/find.h"

enum { FIND_TIMEOUT_MS = 10000, OLDEST_MAJOR = 13, MAJORS_MAX = 32 };

static const char debian_root[] = "/usr/lib/postgresql";

/* Runs argv and gives its output without the line's end; false if it fails in any way. */
static bool output_of(const char *const *argv, struct buf *out)
{
    int status = 0;
    struct child c = {.argv = argv, .out = -1};
    if (child_run(&c, out, FIND_TIMEOUT_MS, &status, NULL) != 0 || status != 0 || out->n == 0) {
        return false;
    }
    while (out->n > 0 && isspace((unsigned char)out->p[out->n - 1])) {
        out->p[--out->n] = '\0';
    }
    return true;
}

/* "postgres (PostgreSQL) 15.18 (Debian ...)" */
static int major_of(const char *program)
{
    struct buf words = {0};
    const char *argv[] = {program, "--version", NULL};
    int major = 0;
    if (output_of(argv, &words)) {
        const char *at = strstr(words.p, "(PostgreSQL) ");
        major = at == NULL ? 0 : (int)strtol(at + strlen("(PostgreSQL) "), NULL, 10);
    }
    buf_release(&words);
    return major;
}

/* True, with *out filled, if dir holds a server that can be run and has the wanted version. */
static bool try_folder(const char *dir, int major, struct programs *out)
{
    char program[PATH_MAX + 16];
    (void)snprintf(program, sizeof program, "%s/initdb", dir);
    if (strlen(dir) >= sizeof out->dir || access(program, X_OK) != 0) {
        return false;
    }
    (void)snprintf(program, sizeof program, "%s/postgres", dir);
    int found = access(program, X_OK) == 0 ? major_of(program) : 0;
    if (found < OLDEST_MAJOR || (major != 0 && found != major)) {
        return false;
    }
    memcpy(out->dir, dir, strlen(dir) + 1);
    out->major = found;
    return true;
}

static bool try_pg_config(int major, struct programs *out)
{
    struct buf dir = {0};
    const char *argv[] = {"pg_config", "--bindir", NULL};
    bool found = output_of(argv, &dir) && dir.p[0] == '/' && try_folder(dir.p, major, out);
    buf_release(&dir);
    return found;
}

static int descending(const void *a, const void *b)
{
    int left = *(const int *)a;
    int right = *(const int *)b;
    return (left < right) - (left > right);
}

static bool try_debian(int major, struct programs *out)
{
    int majors[MAJORS_MAX];
    size_t n = 0;
    bool found = false;
    DIR *root = opendir(debian_root);
    if (root == NULL) {
        return false;
    }
    for (struct dirent *d = readdir(root); d != NULL && n < MAJORS_MAX; d = readdir(root)) {
        if (isdigit((unsigned char)d->d_name[0])) {
            majors[n++] = (int)strtol(d->d_name, NULL, 10);
        }
    }
    (void)closedir(root);
    qsort(majors, n, sizeof *majors, descending);
    for (size_t i = 0; i < n && !found; i++) {
        char dir[64];
        (void)snprintf(dir, sizeof dir, "%s/%d/bin", debian_root, majors[i]);
        found = (major == 0 || major == majors[i]) && try_folder(dir, major, out);
    }
    return found;
}

static int fail_missing(const char *given, int major, struct err *e)
{
    if (given != NULL) {
        (void)err_set(e, ERR_PREFLIGHT,
                      "KFMIG_PG_BINDIR names no folder with a usable PostgreSQL server%s",
                      major != 0 ? " of the wanted version" : "");
    } else if (major != 0) {
        (void)err_set(e, ERR_PREFLIGHT,
                      "the embedded database was made by PostgreSQL %d, which is not installed",
                      major);
    } else {
        (void)err_set(e, ERR_PREFLIGHT,
                      "no PostgreSQL server is installed (13 or newer is needed)");
    }
    if (major != 0) {
        return err_hint(e, "Debian: apt-get install postgresql-%d", major);
    }
    return err_hint(e, "Debian: apt-get install postgresql; or set KFMIG_PG_BINDIR to the folder "
                       "of initdb and postgres");
}

int find_programs(int major, struct programs *out, struct err *e)
{
    const char *given = getenv("KFMIG_PG_BINDIR");
    if (given != NULL && *given != '\0') {
        return try_folder(given, major, out) ? 0 : fail_missing(given, major, e);
    }
    return try_pg_config(major, out) || try_debian(major, out) ? 0 : fail_missing(NULL, major, e);
}
