/* kfmig rename: a migration gets another id. */
#include "cli/arguments.h"
#include "cli/output.h"
#include "cli/signals.h"
#include "flow/rename.h"
#include "load/rename.h"

/* v[0..n): the environments that are meant, and what came of each. */
struct rename_call {
    const struct request *req;
    const char *old, *id;
    struct renamed *v;
    size_t n;
    bool moved;
};

/* Those that were named, else all. */
static int choose(struct invocation *s, struct rename_call *c, struct err *e)
{
    const struct request *req = c->req;
    size_t n_named = req->n_args - 2;
    c->v = ARENA_ARRAY(s->a, struct renamed, s->project.n_env + n_named + 1);
    for (size_t i = 0; i < (n_named > 0 ? n_named : s->project.n_env); i++) {
        const struct env *env = &s->project.env[i];
        if (n_named > 0 && invocation_env(s, req->args[i + 2], &env, e) != 0) {
            return -1;
        }
        invocation_site(s, env);
        if (rename_ask(&s->site, c->old, c->id, n_named > 0, &c->v[c->n++], e) != 0) {
            return -1;
        }
    }
    return 0;
}

static int apply(struct invocation *s, struct rename_call *c, struct err *e)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct env *env = load_env(&s->project, c->v[i].env);
        if (c->v[i].fate == RENAME_PASSED || env->is_protected) {
            continue;
        }
        invocation_site(s, env);
        if (rename_ledger(&s->site, c->old, c->id, c->req->lock_wait_ms, &c->v[i], e) != 0) {
            return -1;
        }
    }
    return 0;
}

static int print(struct invocation *s, const struct rename_call *c)
{
    if (c->req->format == FORMAT_JSON) {
        return output_json(c->req, rename_doc(s->a, c->old, c->id, c->moved, c->v, c->n));
    }
    struct buf out = {0};
    rename_put(&out, c->old, c->id, c->moved, c->v, c->n);
    int status = output_result(c->req, &out);
    buf_release(&out);
    return status;
}

/* The ledgers are asked first: where one of them says no, nothing has been touched. */
static int rename_verb(struct invocation *s, struct rename_call *c, struct err *e)
{
    const struct request *req = c->req;
    struct invocation before = {0};
    if (req->n_args < 2) {
        err_set(e, ERR_CONFIG, "`kfmig rename` needs the old id and the new one");
        return err_hint(e, "for example: kfmig rename PG-MIG-2026-03-02-01 PG-MIG-2026-03-02-03");
    }
    c->old = req->args[0];
    c->id = req->args[1];
    int rc = rename_check_id(c->id, e);
    rc = rc == 0 ? invocation_open(&before, req, true, e) : rc;
    rc = rc == 0 ? choose(&before, c, e) : rc;
    rc = rc == 0 ? load_rename(&before.project, c->old, c->id, &c->moved, e) : rc;
    rc = rc == 0 ? invocation_open(s, req, true, e) : rc;
    rc = rc == 0 ? apply(s, c, e) : rc;
    rc = rc == 0 ? print(s, c) : -1;
    invocation_close(&before);
    return rc;
}

static int run(const struct request *req)
{
    struct invocation s = {0};
    struct rename_call c = {.req = req};
    struct err e = {0};
    signals_catch();
    int status = rename_verb(&s, &c, &e);
    if (status < 0) {
        status = output_error(req, -1, &e);
    }
    invocation_close(&s);
    return status;
}

static const char *const takes[] = {"intent",    "pr",       "links", "notes",
                                    "lock-wait", "progress", NULL};
static const struct example examples[] = {
    {"kfmig rename PG-MIG-A PG-MIG-B", "everywhere: folder, registry, ledgers"},
    {"kfmig rename PG-MIG-A PG-MIG-B staging", "where only staging has the old name"},
    {NULL, NULL},
};

const struct command command_rename = {
    .name = "rename",
    .synopsis = "OLD NEW [ENV...]",
    .summary = "Give a migration another id.",
    .description =
        "Renames the folder of OLD, the id in its migration.yml, what other migrations say in "
        "depends_on, and its entry in registry/migrations.v1.json. Where OLD is applied, the "
        "ledger "
        "gets an entry of kind rename: from there on it knows the migration as NEW, which so is "
        "applied and does not run again.\n\n"
        "Every environment is asked first, or those that are named. A protected one in which OLD "
        "is "
        "applied keeps the name: then nothing is renamed. One that cannot be asked is passed over, "
        "and said; an environment that was named must answer.\n\n"
        "A bundle that was renamed by hand is left as it is: only the ledgers are told.",
    .options = takes,
    .examples = examples,
    .run = run,
};
