/* Finding PostgreSQL's server programs: the environment, pg_config, Debian's folders. */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pg/child.h"
#include "pg/clients.h"
#include "pg/find.h"

enum { FIND_TIMEOUT_MS = 10000, OLDEST_MAJOR = 13, MAJORS_MAX = 32 };

static const char debian_root[] = "/usr/lib/postgresql";

/* Runs argv and gives its output without the line's end; false if it fails in any way. */
static bool output_of(const char *const *argv, int64_t limit_ms, struct buf *out)
{
    int status = 0;
    struct child c = {.argv = argv, .out = -1};
    if (child_run(&c, out, limit_ms, &status, NULL) != 0 || status != 0 || out->n == 0) {
        return false;
    }
    while (out->n > 0 && isspace((unsigned char)out->p[out->n - 1])) {
        out->p[--out->n] = '\0';
    }
    return true;
}

/* "postgres (PostgreSQL) 15.18 (Debian ...)" */
static int major_of(const char *program, int64_t limit_ms)
{
    struct buf words = {0};
    const char *argv[] = {program, "--version", NULL};
    int major = 0;
    if (output_of(argv, limit_ms, &words)) {
        const char *at = strstr(words.p, "(PostgreSQL) ");
        major = at == NULL ? 0 : (int)strtol(at + strlen("(PostgreSQL) "), NULL, 10);
    }
    buf_release(&words);
    return major;
}

/* Of dir, if it has both that can be run: the version of program; else 0. */
static int major_in(const char *dir, const char *beside, const char *program, int64_t limit_ms)
{
    char path[PATH_MAX + 16];
    (void)snprintf(path, sizeof path, "%s/%s", dir, beside);
    if (strlen(dir) >= PATH_MAX || access(path, X_OK) != 0) {
        return 0;
    }
    (void)snprintf(path, sizeof path, "%s/%s", dir, program);
    return access(path, X_OK) == 0 ? major_of(path, limit_ms) : 0;
}

/* True, with *out filled, if dir holds a server that can be run and has the wanted version. */
static bool try_folder(const char *dir, int major, struct programs *out)
{
    int found = major_in(dir, "initdb", "postgres", FIND_TIMEOUT_MS);
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
    bool found =
        output_of(argv, FIND_TIMEOUT_MS, &dir) && dir.p[0] == '/' && try_folder(dir.p, major, out);
    buf_release(&dir);
    return found;
}

static int descending(const void *a, const void *b)
{
    int left = *(const int *)a;
    int right = *(const int *)b;
    return (left < right) - (left > right);
}

/* The versions that Debian's folder has, highest first. */
static size_t debian_majors(int majors[static MAJORS_MAX])
{
    size_t n = 0;
    DIR *root = opendir(debian_root);
    for (struct dirent *d = root != NULL ? readdir(root) : NULL; d != NULL && n < MAJORS_MAX;
         d = readdir(root)) {
        if (isdigit((unsigned char)d->d_name[0])) {
            majors[n++] = (int)strtol(d->d_name, NULL, 10);
        }
    }
    if (root != NULL) {
        (void)closedir(root);
    }
    qsort(majors, n, sizeof *majors, descending);
    return n;
}

static bool try_debian(int major, struct programs *out)
{
    int majors[MAJORS_MAX];
    size_t n = debian_majors(majors);
    bool found = false;
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

/* --- clients ------------------------------------------------------------------------------------------ */

/* What is looked for. seen: the highest of all that are too old. */
struct sought {
    int least, seen;
    int64_t limit_ms;
};

/* Keep dir where its pg_dump can read such a server, and is closer to it than what was found before. */
static void try_clients(const char *dir, struct sought *x, struct clients *out)
{
    int least = x->least;
    int found = major_in(dir, "pg_restore", "pg_dump", x->limit_ms);
    if (found > 0 && found < least) {
        x->seen = found > x->seen ? found : x->seen;
    } else if (found > 0 && (out->major == 0 || (found == least && out->major != least))) {
        memcpy(out->dir, dir, strlen(dir) + 1);
        out->major = found;
    }
}

static void try_path(struct sought *x, struct clients *out)
{
    const char *at = getenv("PATH");
    while (at != NULL && out->major != x->least) {
        char dir[PATH_MAX];
        size_t n = strcspn(at, ":");
        if (at[0] == '/' && n < sizeof dir) {
            memcpy(dir, at, n);
            dir[n] = '\0';
            try_clients(dir, x, out);
        }
        at = at[n] == ':' ? at + n + 1 : NULL;
    }
}

int clients_find(int least_major, int64_t limit_ms, struct clients *out, struct err *e)
{
    const char *given = getenv("KFMIG_PG_BINDIR");
    int majors[MAJORS_MAX];
    struct sought x = {.least = least_major, .limit_ms = limit_ms};
    *out = (struct clients){.major = 0};
    if (given != NULL && *given != '\0') {
        try_clients(given, &x, out);
    } else {
        try_path(&x, out);
        size_t n = debian_majors(majors);
        for (size_t i = 0; i < n && out->major != least_major; i++) {
            char dir[64];
            (void)snprintf(dir, sizeof dir, "%s/%d/bin", debian_root, majors[i]);
            try_clients(dir, &x, out);
        }
    }
    if (out->major > 0) {
        return 0;
    }
    if (x.seen > 0) {
        (void)err_set(e, ERR_PREFLIGHT, "pg_dump is of version %d, older than the server's %d",
                      x.seen, least_major);
    } else {
        (void)err_set(e, ERR_PREFLIGHT, "there is no pg_dump, or no pg_restore beside it");
    }
    return err_hint(e,
                    "install one of version %d or newer (Debian: postgresql-client-%d), or set "
                    "KFMIG_PG_BINDIR to its folder",
                    least_major, least_major);
}
