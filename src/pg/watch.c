/* The watcher: a process that ends the server when nobody has needed it for a while. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/clock.h"
#include "pg/server.h"

enum {
    TICK_MAX_MS = 1000,
    TICK_MIN_MS = 20,
    TICKS_PER_IDLE = 10,
    OWN_LOCK_MS = 5000,
    EVENTS = 4096
};

static const int64_t idle_default_ms = 600000;

int watcher_ensure(const struct home *h, const struct embedded_options *o, struct err *e)
{
    char idle[32];
    int64_t ms = o->idle_ms > 0 ? o->idle_ms : idle_default_ms;
    const char *argv[] = {o->self != NULL ? o->self : "/proc/self/exe", "--embedded-watch", h->dir,
                          idle, NULL};
    struct child c = {.argv = argv, .out = -1};
    int fd = lock_take(h, "watch.lock", LOCK_SH, 0);
    if (fd < 0 && errno == EWOULDBLOCK) {
        return 0;
    }
    if (fd < 0) {
        return err_errno(e, ERR_PREFLIGHT, "cannot use \"%s/watch.lock\"", h->dir);
    }
    (void)close(fd);
    (void)snprintf(idle, sizeof idle, "%lld", (long long)ms);
    return child_detach(&c, NULL, e);
}

/* A user that came and went between two looks at the lease shows by having opened it. */
static bool was_used(int events)
{
    char drain[EVENTS];
    bool used = false;
    while (events >= 0 && read(events, drain, sizeof drain) > 0) {
        used = true;
    }
    return used;
}

static int64_t tick_of(int64_t idle_ms)
{
    int64_t tick = idle_ms / TICKS_PER_IDLE;
    tick = tick > TICK_MAX_MS ? TICK_MAX_MS : tick;
    return tick < TICK_MIN_MS ? TICK_MIN_MS : tick;
}

/* Ends the watch only while nobody can be starting a server: a starter would take it for a watch over the
 * new one. */
static bool may_leave(const struct home *h)
{
    int fd = lock_take_old(h, "start.lock", LOCK_EX, 0);
    bool gone = (fd >= 0 || errno != EWOULDBLOCK) && server_look(h).pid == 0;
    if (!gone && fd >= 0) {
        (void)close(fd);
    }
    return gone;
}

/* The lease stays locked while the server ends, so that a starter waits for the end. */
static int watch(const struct home *h, int lease, int events, int64_t idle_ms)
{
    int64_t free_since = -1;
    for (;;) {
        if (server_look(h).pid == 0 && may_leave(h)) {
            return 0;
        }
        bool used = was_used(events);
        bool is_free = flock(lease, LOCK_EX | LOCK_NB) == 0;
        int64_t now = clock_ms();
        if (!is_free || used || free_since < 0) {
            free_since = is_free ? now : -1;
        }
        if (is_free && now - free_since >= idle_ms) {
            return server_stop(h, NULL) < 0 ? 1 : 0;
        }
        if (is_free) {
            (void)flock(lease, LOCK_UN);
        }
        clock_sleep_ms(tick_of(idle_ms));
    }
}

int embedded_watch(const char *dir, int64_t idle_ms)
{
    struct home h;
    char path[SERVER_PATH];
    if (home_find(&h, dir, NULL) != 0) {
        return 1;
    }
    int own = lock_take_old(&h, "watch.lock", LOCK_EX, OWN_LOCK_MS);
    (void)snprintf(path, sizeof path, "%s/lease", dir);
    int lease = own < 0 ? -1 : open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (lease < 0) {
        return own < 0 && errno == EWOULDBLOCK ? 0 : 1;
    }
    int events = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (events >= 0) {
        (void)inotify_add_watch(events, path, IN_OPEN | IN_CLOSE);
    }
    int rc = watch(&h, lease, events, idle_ms > 0 ? idle_ms : idle_default_ms);
    /* First of all: a starter that gets the other locks while this one is still held would start no
     * watcher. */
    (void)close(own);
    return rc;
}
