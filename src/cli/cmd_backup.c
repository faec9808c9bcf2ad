/* kfmig backup: a backup of an environment, and a try whether it can be restored. */
#include "flow/backup.h"

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/verb.h"

static int backup_verb(struct invocation *s, const struct request *req, struct result *r,
                       struct err *e)
{
    struct arguments args;
    const struct writing_order order = verb_order(req);
    struct backup_wish wish = {.drills = req->drill};
    if (invocation_open(s, req, false, e) != 0 || arguments_resolve(s, &args, e) != 0 ||
        arguments_plan(s, &args, true, e) != 0 || arguments_restrict(s, &args, e) != 0) {
        return -1;
    }
    wish.plan_only = args.n_targets > 0 && !wish.drills;
    result_begin(r, &s->site);
    if (backup(&s->site, &wish, &order, r, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < r->n; i++) {
        verb_note(s, "%s: %s; ledger entry %lld, run %s", args.env->name,
                  wish.drills ? "the backup was restored, and is the same" : "backed up",
                  (long long)r->v[i].sequence, r->v[i].run_id);
    }
    return 0;
}

static int run(const struct request *req)
{
    return verb_run(req, backup_verb);
}

static const char *const takes[] = {"drill", "apply",     "intent",   "pr", "links",
                                    "notes", "lock-wait", "progress", NULL};
static const struct example examples[] = {
    {"kfmig backup prod", "as prod declares it: by pg_dump, or by its command"},
    {"kfmig backup prod PG-MIG-2026-02-28-01", "only what that migration may touch"},
    {"kfmig backup staging --drill",
     "can it be restored? exits with 3 if that gives something else"},
    {NULL, NULL},
};
const struct command command_backup = {
    .name = "backup",
    .synopsis = "[ENV] [TARGET...]",
    .summary = "Back up an environment, or try whether a backup can be restored.",
    .description =
        "Runs what `backup:` of the environment declares: its command, or pg_dump of the whole "
        "database, with TARGETs of the schemas that these may touch, into state/backups. It is "
        "checked with pg_restore --list, its files are hashed, and a ledger entry with a receipt "
        "says path, size and digest; of older ones the last `keep` stay. `kfmig build` and `kfmig "
        "rollback` do so by themselves before their first write where `backup:` is declared.\n\n"
        "With --drill the whole database is backed up in one snapshot, restored in a throwaway "
        "database beside it, and every definition and each table's number of rows is compared "
        "with that snapshot; the role needs CREATEDB. Exits with 1 if there is no backup, with 3 "
        "if what was restored is not the same.",
    .options = takes,
    .examples = examples,
    .run = run,
};
