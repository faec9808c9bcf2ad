/* The embedded server as its users see it: open, close, stop. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "pg/server.h"

enum { START_ATTEMPTS = 10, ATTEMPT_PAUSE_MS = 100 };

struct embedded {
    int lease;
};

static int fail_lock(const struct home *h, const char *name, struct err *e)
{
    if (errno == EWOULDBLOCK) {
        (void)err_set(e, ERR_PREFLIGHT, "another kfmig has held \"%s/%s\" for too long", h->dir,
                      name);
        return err_hint(e, "wait for it, or end it, and run again");
    }
    (void)err_errno(e, ERR_PREFLIGHT, "cannot use \"%s/%s\"", h->dir, name);
    return err_hint(e, "the folder must belong to the user that runs kfmig");
}

static bool is_socket(const struct home *h)
{
    char path[SOCKET_DIR + 32];
    struct stat st;
    (void)snprintf(path, sizeof path, "%s/.s.PGSQL." SERVER_PORT, h->socket_dir);
    return lstat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

static bool is_ready(const struct home *h)
{
    struct postmaster m = server_look(h);
    return m.state == SERVER_READY && strcmp(m.socket_dir, h->socket_dir) == 0 && is_socket(h);
}

/* A server that is on its way out, or that listens where nobody looks (the folder was moved, a cleaner of
 * /tmp removed the socket), makes room for a new one. Returns the process that stays, 0 for none, -1. */
static int settle_running(const struct home *h, pid_t *pid, struct err *e)
{
    struct postmaster m = server_look(h);
    bool useless = m.state == SERVER_STOPPING || (m.state == SERVER_READY && !is_ready(h));
    *pid = m.pid;
    if (m.pid != 0 && useless) {
        *pid = 0;
        return server_stop(h, e) < 0 ? -1 : 0;
    }
    return 0;
}

/* After a postmaster was killed its backends live on for a moment, and the next one refuses to start
 * beside them. */
static int start_and_wait(const struct home *h, const struct embedded_options *o, pid_t pid,
                          struct pg **admin, struct err *e)
{
    struct programs p;
    int rc = 1;
    if (pid == 0 && server_create(h, o->throwaway, &p, e) != 0) {
        return -1;
    }
    for (int i = 0; i < START_ATTEMPTS && rc > 0; i++) {
        clock_sleep_ms((int64_t)i * ATTEMPT_PAUSE_MS);
        if (pid == 0 && server_start(h, &p, o->throwaway, &pid, e) != 0) {
            return -1;
        }
        rc = server_wait_ready(h, pid, admin, e);
        pid = 0;
    }
    return rc == 0 ? 0 : -1;
}

/* Under start.lock. The watcher comes first: whatever is killed after this, somebody will end the server. */
static int bring_up(struct home *h, const struct embedded_options *o, const struct ear *ear,
                    struct err *e)
{
    pid_t pid = 0;
    struct pg *admin = NULL;
    if (is_ready(h) && stamp_covers(h, o)) {
        return watcher_ensure(h, o, e);
    }
    if (home_settle(h, e) != 0 || settle_running(h, &pid, e) != 0 || watcher_ensure(h, o, e) != 0) {
        return -1;
    }
    if (pid == 0) {
        tell_note(ear, "starting the embedded server");
    }
    int rc = start_and_wait(h, o, pid, &admin, e);
    if (rc == 0 && !stamp_covers(h, o)) {
        tell_note(ear, "preparing the embedded database");
        rc = server_provision(h, admin, o, e);
        rc = rc == 0 ? stamp_write(h, o, e) : rc;
    }
    pg_close(admin);
    return rc;
}

static int bring_up_alone(struct home *h, const struct embedded_options *o, const struct ear *ear,
                          struct err *e)
{
    int lock = lock_take(h, "start.lock", LOCK_EX, 0);
    if (lock < 0 && errno == EWOULDBLOCK) {
        tell_note(ear, "waiting for another kfmig that starts the embedded server");
        lock = lock_take(h, "start.lock", LOCK_EX, SERVER_LOCK_MS);
    }
    if (lock < 0) {
        return fail_lock(h, "start.lock", e);
    }
    int rc = bring_up(h, o, ear, e);
    (void)close(lock);
    return rc;
}

/* The lease comes first: from here on nobody stops the server for being idle. */
static int take_lease(const struct home *h, struct err *e)
{
    int lease = lock_take(h, "lease", LOCK_SH, 0);
    if (lease < 0 && errno == ENOENT) {
        if (file_mkdirs(AT_FDCWD, h->dir, 0755, e) != 0) {
            return -1;
        }
        lease = lock_take(h, "lease", LOCK_SH, 0);
    }
    if (lease < 0 && errno == EWOULDBLOCK) {
        lease = lock_take(h, "lease", LOCK_SH, SERVER_LOCK_MS);
    }
    return lease >= 0 ? lease : fail_lock(h, "lease", e);
}

int embedded_open(struct embedded **out, const struct embedded_options *o, struct secret *conninfo,
                  const struct ear *ear, struct err *e)
{
    struct home h;
    *out = NULL;
    if (home_find(&h, o->dir, e) != 0) {
        return -1;
    }
    int lease = take_lease(&h, e);
    if (lease < 0) {
        return -1;
    }
    bool at_once = is_ready(&h) && stamp_covers(&h, o);
    int rc = at_once ? watcher_ensure(&h, o, e) : bring_up_alone(&h, o, ear, e);
    if (rc != 0) {
        (void)close(lease);
        return -1;
    }
    server_conninfo(&h, SERVER_OWNER, SERVER_OWNER, conninfo);
    *out = mem_alloc(sizeof **out);
    (*out)->lease = lease;
    return 0;
}

void embedded_close(struct embedded *m)
{
    if (m != NULL) {
        (void)close(m->lease);
        free(m);
    }
}

int embedded_database(const struct embedded_options *o, const char *name, const char *comment,
                      struct err *e)
{
    struct home h;
    struct arena a = {0};
    struct pg *admin = NULL;
    struct secret where = {NULL};
    const struct pg_options options = {.application_name = "kfmig embedded"};
    const char *database = name != NULL ? name : SERVER_OWNER;
    if (home_find(&h, o->dir, e) != 0) {
        return -1;
    }
    server_conninfo(&h, SERVER_ADMIN, "postgres", &where);
    int rc = pg_open(&admin, &where, &options, e);
    secret_wipe(&where);
    rc = rc == 0 ? server_database(admin, database, e) : -1;
    if (rc == 0 && comment != NULL) {
        rc = pg_run(admin,
                    arena_printf(&a, "COMMENT ON DATABASE %s IS %s", pg_ident(&a, database),
                                 pg_literal(&a, comment)),
                    NULL, 0, NULL, e);
    }
    rc = rc == 0 ? server_extensions(&h, database, o, e) : -1;
    pg_close(admin);
    arena_release(&a);
    return rc;
}

int embedded_stop(const char *dir, struct err *e)
{
    struct home h;
    return home_find(&h, dir, e) == 0 ? server_stop(&h, e) : -1;
}

bool embedded_running(const char *dir, int *pid)
{
    struct home h;
    struct postmaster m = {0};
    if (home_find(&h, dir, NULL) == 0) {
        m = server_look(&h);
    }
    if (pid != NULL) {
        *pid = (int)m.pid;
    }
    return m.pid != 0;
}

static int remove_all(const char *path, struct err *e)
{
    return tree_remove(AT_FDCWD, path) == 0
               ? 0
               : err_errno(e, ERR_PREFLIGHT, "cannot remove \"%s\"", path);
}

int embedded_remove(const char *dir, struct err *e)
{
    struct home h;
    if (home_find(&h, dir, e) != 0 || server_stop(&h, e) < 0 || remove_all(h.root, e) != 0 ||
        remove_all(h.socket_dir, e) != 0) {
        return -1;
    }
    return remove_all(h.dir, e);
}
