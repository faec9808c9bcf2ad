/* kfmig rollback: migrations taken back, with proof. */
#include "flow/rollback.h"

#include <stdio.h>

#include "cli/verb.h"

/* A protected environment wants a yes, and so does every other where rows may go. */
static int confirm(struct invocation *s, const struct undo_list *u, bool *is_confirmed,
                   struct err *e)
{
    *is_confirmed = s->req->apply || !(s->site.env->is_protected || undo_loses(u));
    if (!s->req->quiet) {
        verb_undo(s, u, s->req->format == FORMAT_JSON ? stderr : stdout);
    }
    if (writing_may(&s->site, e) != 0) {
        return -1;
    }
    const char *question = arena_printf(s->a, "Take %zu migration%s back in %s?", u->n,
                                        u->n == 1 ? "" : "s", u->environment);
    if (verb_ask(s, question, "taken back", is_confirmed, e) != 0) {
        return -1;
    }
    if (*is_confirmed || s->site.env->is_protected) {
        return 0;
    }
    err_set(e, ERR_PREFLIGHT, "rows would go: nothing was taken back");
    return err_hint(e, "add --apply once what is shown above may go");
}

static int wish_of(const struct request *req, size_t at, struct undo_wish *out, struct err *e)
{
    *out = (struct undo_wish){.id = at < req->n_args ? req->args[at] : NULL,
                              .to = req->to,
                              .steps = req->steps > 0 ? req->steps : 0,
                              .is_exact = req->exact,
                              .with_dependants = req->with_dependants};
    int n = (out->id != NULL) + (out->to != NULL) + (req->steps >= 0);
    if (n <= 1 && req->n_args <= at + 1) {
        return 0;
    }
    err_set(e, ERR_CONFIG, "`kfmig rollback` takes one migration, --steps=N or --to=ID");
    return err_hint(e, "kfmig rollback [ENV] [ID | --steps=N | --to=ID]");
}

static int rollback_verb(struct invocation *s, const struct request *req, struct result *r,
                         struct err *e)
{
    struct undo_wish wish;
    struct undoing undoing;
    struct writing_order order = verb_order(req);
    if (invocation_open(s, req, false, e) != 0) {
        return -1;
    }
    const struct env *env = req->n_args > 0 ? load_env(&s->project, req->args[0]) : NULL;
    if (wish_of(req, env != NULL ? 1 : 0, &wish, e) != 0 ||
        (env == NULL && invocation_env(s, NULL, &env, e) != 0) ||
        invocation_plan(s, env, true, e) != 0 ||
        undo_plan(&s->site, &wish, NULL, &undoing, e) != 0 ||
        undo_reviewed(&undoing.undo, req->plan_digest, e) != 0) {
        return -1;
    }
    if (req->dry_run) {
        verb_undo(s, &undoing.undo, stdout);
        return 0;
    }
    result_begin(r, &s->site);
    if (undoing.undo.n == 0 || req->steps == 0) {
        result_end(r, &s->site);
        verb_note(s, "%s: nothing to take back", env->name);
        return 0;
    }
    if (confirm(s, &undoing.undo, &order.is_confirmed, e) != 0 ||
        rollback(&s->site, &wish, &undoing, req->skip_backup, &order, r, e) != 0) {
        return -1;
    }
    verb_note(s, "%s: %zu taken back, %zu failed; %.1f s", env->name, r->n_done[RESULT_ROLLBACK],
              r->n_failed, (double)r->ms / 1000.0);
    return 0;
}

static int run(const struct request *req)
{
    return verb_run(req, rollback_verb);
}

static const char *const takes[] = {"steps", "to",    "with-dependants", "exact",    "dry-run",
                                    "plan",  "apply", "skip-backup",     "intent",   "pr",
                                    "links", "notes", "lock-wait",       "progress", NULL};
static const struct example examples[] = {
    {"kfmig rollback dev", "take the last migration back"},
    {"kfmig rollback dev PG-MIG-2026-02-28-01 --dry-run", "what that one would take along"},
    {"kfmig rollback prod --to=PG-MIG-2026-02-28-01 --apply --plan=sha256:...",
     "what was applied after it, as it was reviewed"},
    {NULL, NULL},
};
const struct command command_rollback = {
    .name = "rollback",
    .synopsis = "[ENV] [ID]",
    .summary = "Take migrations back, and prove that everything is as it was before.",
    .description =
        "Runs the rollback files of the last migration, of ID, of the last --steps=N or of all "
        "that were applied after --to=ID: each in one guarded transaction, newest first, each with "
        "its receipt; the first that fails ends it (exit 4). A transaction commits only if every "
        "object that the migration changed has the fingerprint that the ledger recorded before it, "
        "and no other object changed. Where nothing but the order of columns or of an enum's "
        "values is another, it commits and says so; --exact refuses that too.\n"
        "\n"
        "Before anything runs it shows, table by table, the rows that stand there, those that the "
        "migration wrote by its receipt, and those that the rollback removes; which rows these "
        "are, nobody claims. No more rows go than were shown. Where rows may go, and in a "
        "protected environment always, it asks, or wants --apply.\n"
        "\n"
        "What later migrations depend on, by depends_on, by the order of their folder or because "
        "they changed the same objects, is refused unless --with-dependants takes them back first. "
        "What is taken back stays back: `kfmig build` reports it as rolled_back until its content "
        "changes or it is named.",
    .options = takes,
    .examples = examples,
    .run = run,
};
