/* The frame around everything that writes to an environment. */
#include "cli/work.h"

#include <dirent.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/leftovers.h"
#include "cli/repo.h"

enum { OWED_MAX = 256 * 1024 * 1024, RECONNECT_MS = 30000, RECONNECT_PAUSE_MS = 200 };

const char work_found[] = "first contact: the database as it was found is the starting baseline";

static void fill_actor(struct work_frame *w)
{
    struct session *s = w->s;
    const char *given = getenv("KFMIG_ACTOR");
    const char *ci = getenv("CI");
    bool service = ci != NULL && strcmp(ci, "true") == 0;
    struct passwd *user = getpwuid(geteuid());
    const char *name = given != NULL ? given : user != NULL ? user->pw_name : "unknown";
    const char *pr = getenv("KFMIG_PR");
    w->actor = (struct run_actor){.type = service ? "service" : "human",
                                  .id = arena_strdup(s->a, name),
                                  .commit_sha = repo_commit(s->a, s->project.dirfd),
                                  .pr = pr != NULL ? pr : "",
                                  .tool_version = KFMIG_VERSION};
}

static int take_lock(struct work_frame *w, struct err *e)
{
    struct session *s = w->s;
    struct lock_wait wait = {.timeout_ms = s->req->lock_wait_ms, .ear = &s->ear};
    const char *holder = arena_printf(s->a, "%s %s, process %ld", w->actor.id,
                                      s->req->command->name, (long)getpid());
    if (ledger_lock(s->link.pg, w->run_id, holder, &wait, &w->run.epoch, e) != 0) {
        return -1;
    }
    w->locked = true;
    w->backend_pid = pg_backend_pid(s->link.pg);
    return 0;
}

/* The first signal after this has begun ends it: what came of the run is then in doubt, and the next one asks. One that came before has ended the run,
 * and is no reason not to find out how: it is tried once, for as long as connecting may take. */
static int connect_again(struct work_frame *w, bool once, struct err *e)
{
    struct session *s = w->s;
    int64_t until = clock_ms() + RECONNECT_MS;
    for (;;) {
        pg_close(s->link.pg);
        s->link.pg = NULL;
        if (link_connect(s, &s->link, e) == 0) {
            return 0;
        }
        if (!once && ear_stops(&w->s->ear) != ERR_NONE) {
            return err_set(e, ERR_INTERRUPTED, "interrupted while connecting again");
        }
        if (once || clock_ms() >= until || e->code == ERR_CONFIG) {
            return -1;
        }
        clock_sleep_ms(RECONNECT_PAUSE_MS);
    }
}

/* Before there was a ledger there is no lock, and no uuid to tell one database from another: where it is, is all that is known of it. */
static int link_again(struct work_frame *w, bool once, struct err *e)
{
    struct session *s = w->s;
    char uuid[37];
    memcpy(uuid, s->link.id.uuid, sizeof uuid);
    w->locked = false;
    if (connect_again(w, once, e) != 0 || ledger_identify(s->link.pg, &s->link.id, e) != 0) {
        return -1;
    }
    if ((uuid[0] != '\0' && strcmp(uuid, s->link.id.uuid) != 0) || s->link.id.in_recovery) {
        return err_set(e, ERR_PREFLIGHT, "another database answers now");
    }
    if (uuid[0] == '\0') {
        return 0;
    }
    if (ledger_evict(s->link.pg, w->run_id, w->backend_pid, e) != 0 || take_lock(w, e) != 0) {
        return -1;
    }
    return ledger_identify(s->link.pg, &s->link.id, e);
}

/* Called by the run when its connection is gone: connect again within a bounded time, be sure it is the same database, take the
 * lock again. */
static int reconnect(void *ctx, struct err *e)
{
    struct work_frame *w = ctx;
    struct ear usual = w->s->ear;
    bool once = ear_stops(&usual) != ERR_NONE;
    w->s->ear.stops = once ? NULL : usual.stops;
    int rc = link_again(w, once, e);
    w->s->ear = usual;
    return rc;
}

static int open_beside(void *ctx, struct pg **out, struct err *e)
{
    struct work_frame *w = ctx;
    return link_open(w->s, &w->s->link, out, e);
}

static void fill_run(struct work_frame *w)
{
    struct session *s = w->s;
    int64_t epoch = w->run.epoch;
    w->run = (struct run){.pg = &s->link.pg,
                          .a = s->a,
                          .env = s->link.env,
                          .domains = &s->project.domains,
                          .world = &s->world,
                          .id = &s->link.id,
                          .sum = &w->sum,
                          .merkle = &s->link.merkle,
                          .base = &s->link.catalog,
                          .epoch = epoch,
                          .actor = &w->actor,
                          .ear = &w->watch.front,
                          .wait = &w->watch.wait,
                          .reconnect = reconnect,
                          .open = open_beside,
                          .reconnect_ctx = w};
}

/* One transaction makes the ledger and its starting baseline: a run that dies leaves both or neither. */
static int begin_ledger(struct work_frame *w, const char *baseline, struct err *e)
{
    struct session *s = w->s;
    if (baseline != NULL && link_look(s, &s->link, e) != 0) {
        return -1;
    }
    return run_first_contact(&w->run, s->cites, baseline, &w->n_adopted, &w->first, e);
}

/* A ledger with nothing but its contact was made by an older kfmig that died behind that. */
static int heal(struct work_frame *w, const char *baseline, struct err *e)
{
    struct session *s = w->s;
    return link_look(s, &s->link, e) != 0 ||
                   run_adopt(&w->run, &s->link.sum, baseline, &w->n_adopted, &w->first, e) != 0
               ? -1
               : link_refresh(s, &s->link, e);
}

/* The starting baseline, if there is none yet and one is wanted. */
static int begin_baseline(struct work_frame *w, const char *baseline, struct err *e)
{
    struct session *s = w->s;
    if (baseline != NULL && s->link.id.size == 1 && heal(w, baseline, e) != 0) {
        return -1;
    }
    w->is_first = s->link.entries.n > 1 && w->first.run_id[0] != '\0' &&
                  strcmp(s->link.entries.v[1].run_id, w->first.run_id) == 0;
    if (w->is_first && baseline == work_found) {
        tell_note(&s->ear,
                  "%s: first contact; recorded %zu objects found there as the starting baseline",
                  s->link.env->name, w->n_adopted);
    }
    return 0;
}

/* The owed receipts of this environment, as paths; other environments' debts stay where they are. */
static int find_owed(struct session *s, struct names *out, struct err *e)
{
    struct file_names names = {0};
    *out = (struct names){0};
    int rc = file_list(s->a, s->project.dirfd, "state/owed", &names, e);
    for (size_t i = 0; rc == 0 && i < names.n; i++) {
        size_t n = strlen(names.v[i].name);
        const char *path = arena_printf(s->a, "state/owed/%s", names.v[i].name);
        struct bytes text;
        if (names.v[i].type != DT_REG || n < 5 || strcmp(names.v[i].name + n - 5, ".json") != 0) {
            continue;
        }
        if (file_read(s->a, s->project.dirfd, path, OWED_MAX, &text, NULL, e) != 0) {
            return -1;
        }
        const char *mark = arena_printf(s->a, "\"environment\":\"%s\"", s->link.env->name);
        if (memmem(text.p, text.n, mark, strlen(mark)) != NULL) {
            ARENA_GROW(s->a, out->v, out->n, out->cap);
            out->v[out->n++] = path;
        }
    }
    return rc < 0 ? -1 : 0;
}

bool work_owes(struct session *s)
{
    struct err ignored = {0};
    struct names owed;
    return find_owed(s, &owed, &ignored) != 0 || owed.n > 0;
}

static int pay_one(struct work_frame *w, const char *path, struct err *e)
{
    struct session *s = w->s;
    struct bytes text;
    bool paid = false;
    if (file_read(s->a, s->project.dirfd, path, OWED_MAX, &text, NULL, e) != 0 ||
        run_pay(&w->run, text, &paid, e) != 0) {
        return -1;
    }
    w->n_paid += paid;
    return unlinkat(s->project.dirfd, path, 0) == 0
               ? 0
               : err_errno(e, ERR_PREFLIGHT, "cannot remove %s", path);
}

/* Receipts that an earlier run could not deliver come first: no new work while one is owed. */
static int pay_owed(struct work_frame *w, struct err *e)
{
    struct session *s = w->s;
    struct names owed;
    leftovers_remove(s->a, s->project.dirfd, "state/owed");
    if (find_owed(s, &owed, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < owed.n; i++) {
        if (pay_one(w, owed.v[i], e) != 0) {
            return -1;
        }
    }
    if (w->n_paid > 0) {
        tell_note(&s->ear, "%s: recorded %zu receipt%s that an earlier run could not deliver",
                  s->link.env->name, w->n_paid, w->n_paid == 1 ? "" : "s");
        return link_refresh(s, &s->link, e);
    }
    return 0;
}

int work_open(struct work_frame *w, struct session *s, const char *baseline, struct err *e)
{
    *w = (struct work_frame){.s = s};
    random_uuid(w->run_id);
    fill_actor(w);
    watch_init(&w->watch, &s->ear, &s->link);
    w->total = s->plan.n_apply;
    fill_run(w);
    if (!s->link.id.has_ledger && begin_ledger(w, baseline, e) != 0) {
        return -1;
    }
    if (take_lock(w, e) != 0 ||
        (s->project.n_projection > 0 && ledger_generations_create(s->link.pg, e) != 0) ||
        link_refresh(s, &s->link, e) != 0 || begin_baseline(w, baseline, e) != 0) {
        return -1;
    }
    if (s->dbname == NULL && pay_owed(w, e) != 0) {
        return -1;
    }
    if (session_replan(s, true, e) != 0) {
        return -1;
    }
    baseline_release(&w->sum);
    baseline_of_rows(&w->sum, s->a, &s->link.sum);
    return 0;
}

void work_tell_begin(const struct work_frame *w, const char *target)
{
    tell(&w->watch.front, &(struct tell){.kind = TELL_BEGIN,
                                         .target = target,
                                         .at = w->total > 0 ? w->done + 1 : 0,
                                         .n = w->total});
}

int work_owe(struct work_frame *w, const struct outcome *o, struct err *e)
{
    if (w->s->dbname != NULL) {
        return 0; /* a throwaway database's receipts are nobody's */
    }
    const char *path = arena_printf(w->s->a, "state/owed/%s.json", o->run_id);
    return file_write(w->s->project.dirfd, path, o->owed, 0600, e);
}

void work_close(struct work_frame *w)
{
    struct session *s = w->s;
    struct err ignored = {0};
    watch_close(&w->watch);
    baseline_release(&w->sum);
    if (s->link.pg == NULL || !pg_is_alive(s->link.pg)) {
        return;
    }
    if (w->locked) {
        (void)!ledger_unlock(s->link.pg, &ignored);
        w->locked = false;
    }
    if (link_refresh(s, &s->link, &ignored) == 0) {
        link_remember(s, &s->link);
        if (s->world.n_drift == 0 && w->run.base != NULL) {
            link_witness(s, &s->link);
        }
    }
}
