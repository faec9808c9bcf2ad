/* kfmig adopt: accept a database as it stands. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/arguments.h"
#include "cli/output.h"
#include "cli/signals.h"
#include "cli/work.h"

static void print_drift(struct session *s)
{
    for (size_t i = 0; i < s->world.n_drift; i++) {
        const struct drift *d = &s->world.drift[i];
        const char *what = digest_is_zero(&d->was)   ? "appeared"
                           : digest_is_zero(&d->now) ? "vanished"
                                                     : "changed";
        tell_note(&s->ear, "  %s %s%s%s", what, d->text,
                  d->last_writer[0] != '\0' ? ", last written by " : "", d->last_writer);
    }
}

static int may_adopt(struct session *s, struct err *e)
{
    if (!s->link.env->is_protected || s->req->apply) {
        return 0;
    }
    char line[128] = "";
    const char *name = s->link.env->name;
    if (isatty(STDIN_FILENO) && isatty(STDERR_FILENO)) {
        (void)fprintf(stderr,
                      "Accept %s as it stands? Type the environment's name to go on: ", name);
        (void)fflush(stderr);
        if (fgets(line, sizeof line, stdin) != NULL) {
            line[strcspn(line, "\r\n")] = '\0';
        }
    }
    if (strcmp(line, name) == 0) {
        return 0;
    }
    err_set(e, ERR_PREFLIGHT, "environment \"%s\" is protected: nothing was adopted", name);
    return err_hint(e, "look at the list above, then add --apply");
}

static int adopt(struct session *s, const struct request *req, struct err *e)
{
    struct arguments args;
    struct work_frame w;
    struct outcome o;
    size_t n = 0;
    if (session_project(s, req, false, e) != 0 || arguments_resolve(s, &args, e) != 0 ||
        session_plan(s, args.env, true, e) != 0) {
        return -1;
    }
    if (s->world.has_ledger && s->world.n_drift == 0 && s->link.id.size > 1) {
        tell_note(&s->ear, "%s: nothing to adopt, the database is as the ledger says",
                  args.env->name);
        return 0;
    }
    print_drift(s);
    if (s->link.id.read_only) {
        return err_set(e, ERR_PREFLIGHT, "environment \"%s\" is read-only for role %s",
                       args.env->name, s->link.id.role);
    }
    if (may_adopt(s, e) != 0) {
        return -1;
    }
    static const char notes[] = "accepted as it stood, by kfmig adopt";
    int rc = work_open(&w, s, notes, e);
    if (rc == 0 && w.is_first) {
        n = w.n_adopted;
        o = w.first;
    } else if (rc == 0) {
        rc = run_adopt(&w.run, &s->link.sum, notes, &n, &o, e);
    }
    if (rc == 0) {
        s->world.n_drift = 0;
        tell_note(&s->ear, "%s: %zu object%s adopted; ledger entry %lld, run %s", args.env->name, n,
                  n == 1 ? "" : "s", (long long)o.sequence, o.run_id);
    }
    work_close(&w);
    return rc;
}

static int run(const struct request *req)
{
    struct session s = {0};
    struct err e = {0};
    signals_catch();
    int rc = adopt(&s, req, &e);
    int status = rc == 0 ? 0 : output_error(req, s.project.dirfd, &e);
    session_close(&s);
    return signals_seen() != 0 ? 128 + signals_seen() : status;
}

static const char *const adopt_options[] = {"apply", "lock-wait", "progress", NULL};
static const struct example adopt_examples[] = {
    {"kfmig adopt prod --apply", "first contact with a database that already holds objects"},
    {NULL, NULL},
};
const struct command command_adopt = {
    .name = "adopt",
    .synopsis = "[ENV]",
    .summary = "Accept a database as it stands as the starting point, with a receipt.",
    .description = "Records the difference between what the ledger says and what the database "
                   "holds as one ledger entry of kind\n"
                   "adopt: at first contact with a protected environment, after a server upgrade, "
                   "or to settle drift that is\n"
                   "wanted. Nothing in the database changes but the ledger.",
    .options = adopt_options,
    .examples = adopt_examples,
    .run = run,
};
