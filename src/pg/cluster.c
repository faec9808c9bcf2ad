/* The embedded server's cluster: made by initdb, whole or not at all. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "pg/server.h"

enum { INITDB_TIMEOUT_MS = 120000, NOISE = 8 };

static const char include_line[] = "include = 'kfmig.conf'\n";
static const char temp_prefix[] = "initdb.";

const char *text_line(struct bytes text, int n, char *out, size_t size)
{
    const char *p = text.p;
    const char *end = text.p + text.n;
    for (; n > 0 && p < end; n--) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        p = newline == NULL ? end : newline + 1;
    }
    const char *stop = memchr(p, '\n', (size_t)(end - p));
    size_t length = (size_t)((stop == NULL ? end : stop) - p);
    while (length > 0 && p[length - 1] == ' ') {
        length--;
    }
    (void)snprintf(out, size, "%.*s", (int)length, p);
    return out;
}

/* Nothing of ours but what a server needs: no connection string, no password, no PG* variable gets into
 * its memory. */
void server_env(const char *env[static SERVER_ENV_MAX], struct buf *text)
{
    static const char *const kept[] = {"PATH", "LD_LIBRARY_PATH", "PROJ_LIB", "PROJ_DATA",
                                       "GDAL_DATA"};
    enum { KEPT = sizeof kept / sizeof *kept };
    size_t at[KEPT] = {0};
    size_t n = 0;
    for (size_t i = 0; i < KEPT; i++) {
        const char *value = getenv(kept[i]);
        if (value != NULL) {
            at[n++] = text->n;
            buf_printf(text, "%s=%s", kept[i], value);
            buf_putc(text, '\0');
        }
    }
    for (size_t i = 0; i < n; i++) {
        env[i] = text->p + at[i];
    }
    env[n] = "LC_ALL=C";
    env[n + 1] = "TZ=UTC";
    env[n + 2] = NULL;
}

int server_log(const struct home *h, struct err *e)
{
    char path[SERVER_PATH];
    (void)snprintf(path, sizeof path, "%s/log", h->dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_TRUNC | O_CLOEXEC, 0600);
    return fd >= 0 ? fd : err_errno(e, ERR_PREFLIGHT, "cannot write \"%s\"", path);
}

static bool has_locale(const char *name)
{
    locale_t l = newlocale(LC_ALL_MASK, name, (locale_t)0);
    if (l != (locale_t)0) {
        freelocale(l);
        return true;
    }
    return false;
}

static int run_initdb(const struct home *h, const struct programs *p, const char *where,
                      bool throwaway, struct err *e)
{
    char program[SERVER_PATH];
    const char *env[SERVER_ENV_MAX];
    struct buf env_text = {0};
    int status = 0;
    const char *argv[] = {program,
                          "-D",
                          where,
                          "-A",
                          "trust",
                          "-E",
                          "UTF8",
                          has_locale("C.UTF-8") ? "--locale=C.UTF-8" : "--locale=C",
                          "-U",
                          SERVER_ADMIN,
                          throwaway ? "--no-sync" : NULL,
                          NULL};
    int log = server_log(h, e);
    if (log < 0) {
        return -1;
    }
    (void)snprintf(program, sizeof program, "%s/initdb", p->dir);
    server_env(env, &env_text);
    struct child c = {.argv = argv, .env = env, .user = h->drop ? &h->user : NULL, .out = log};
    int rc = child_run(&c, NULL, INITDB_TIMEOUT_MS, &status, e);
    if (rc == 0 && status != 0) {
        (void)err_set(e, ERR_PREFLIGHT, "the embedded database could not be made: initdb failed");
        rc = err_hint(e, "see \"%s/log\"", h->dir);
    }
    (void)close(log);
    buf_release(&env_text);
    return rc;
}

static int append_include(const char *where, struct err *e)
{
    char path[SERVER_PATH + 64];
    (void)snprintf(path, sizeof path, "%s/postgresql.conf", where);
    int fd = open(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : write(fd, include_line, sizeof include_line - 1);
    int rc = n == (ssize_t)sizeof include_line - 1 && fsync(fd) == 0 ? 0 : -1;
    if (rc != 0) {
        (void)err_errno(e, ERR_PREFLIGHT, "cannot write \"%s\"", path);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return rc;
}

/* What an initdb that was killed left behind. Only the holder of start.lock comes here. */
static void remove_leftovers(const struct home *h)
{
    int fd = open(h->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL) {
        if (fd >= 0) {
            (void)close(fd);
        }
        return;
    }
    for (struct dirent *d = readdir(dir); d != NULL; d = readdir(dir)) {
        if (strncmp(d->d_name, temp_prefix, strlen(temp_prefix)) == 0) {
            (void)!tree_remove(fd, d->d_name);
        }
    }
    (void)closedir(dir);
}

static int sync_folder(const char *path, struct err *e)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL) ? 0 : -1;
    if (rc != 0) {
        (void)err_errno(e, ERR_PREFLIGHT, "cannot sync \"%s\"", path);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return rc;
}

/* Under another name until it is complete: a cluster in data/ is a whole one, whatever was killed on the
 * way. */
static int make_cluster(const struct home *h, const struct programs *p, bool throwaway,
                        struct err *e)
{
    char where[SERVER_PATH + 32];
    uint8_t noise[NOISE];
    char hex[2 * NOISE + 1];
    remove_leftovers(h);
    random_bytes(noise, sizeof noise);
    hex_encode(noise, sizeof noise, hex);
    (void)snprintf(where, sizeof where, "%s/%s%s", h->root, temp_prefix, hex);
    if (mkdir(where, 0700) != 0 || (h->drop && lchown(where, h->user.uid, h->user.gid) != 0)) {
        return err_errno(e, ERR_PREFLIGHT, "cannot make \"%s\"", where);
    }
    int rc = run_initdb(h, p, where, throwaway, e);
    if (rc == 0) {
        rc = append_include(where, e);
    }
    if (rc == 0 && rename(where, h->data) != 0) {
        rc = err_errno(e, ERR_PREFLIGHT, "cannot rename \"%s\"", where);
    }
    if (rc != 0) {
        (void)!tree_remove(AT_FDCWD, where);
        return -1;
    }
    return sync_folder(h->root, e);
}

int server_create(const struct home *h, bool throwaway, struct programs *p, struct err *e)
{
    struct arena a = {0};
    struct bytes text = {0};
    int major = 0;
    char word[16];
    if (server_file(&a, h->data, "PG_VERSION", &text)) {
        major = (int)strtol(text_line(text, 0, word, sizeof word), NULL, 10);
    }
    arena_release(&a);
    if (find_programs(major, p, e) != 0) {
        return -1;
    }
    if (major != 0) {
        return 0;
    }
    struct stat st;
    if (lstat(h->data, &st) == 0) {
        (void)err_set(e, ERR_PREFLIGHT, "\"%s\" is no database cluster", h->data);
        return err_hint(e, "move it away, and a new one is made");
    }
    return make_cluster(h, p, throwaway, e);
}
