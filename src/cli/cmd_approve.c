/* kfmig approve: sign that something may be done. */
#include <stdlib.h>
#include <string.h>

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/verb.h"
#include "flow/approve.h"
#include "model/operations.h"

/* --waive=limits,protected */
static int read_waives(struct invocation *s, const char *text, struct names *out, struct err *e)
{
    char *rest = text != NULL ? arena_strdup(s->a, text) : NULL;
    for (char *word = strsep(&rest, ","); word != NULL; word = strsep(&rest, ",")) {
        if (!approval_is_waiver(word)) {
            err_set(e, ERR_CONFIG, "--waive=%s names nothing that can be waived", word);
            return err_hint(e, "of a migration: limits, protected; of a plan: force, skip-backup");
        }
        names_add(s->a, out, word);
    }
    return 0;
}

static int read_wish(struct invocation *s, const struct request *req, struct approve_wish *w,
                     struct err *e)
{
    const char *key = req->key != NULL ? req->key : getenv("KFMIG_KEY");
    w->lasts_ms = req->expires != NULL ? threshold_read(UNIT_MS, req->expires) : 0;
    w->key = key;
    if (key == NULL || key[0] == '\0') {
        err_set(e, ERR_CONFIG, "with which key? Nothing was signed");
        return err_hint(e, "--key=FILE, or KFMIG_KEY: a private key, or the .pub file of one that "
                           "an agent or a token holds");
    }
    if (w->lasts_ms < 0 || (req->expires != NULL && w->lasts_ms == 0)) {
        err_set(e, ERR_CONFIG, "--expires=%s is no time", req->expires);
        return err_hint(e, "write 12h, or 14d");
    }
    return read_waives(s, req->waive, &w->what.waives, e);
}

static int put_plan(const struct request *req, const struct arguments *args, struct approve_wish *w,
                    struct err *e)
{
    w->what.kind = APPROVES_PLAN;
    w->what.subject = "";
    w->folder = APPROVALS_FOLDER;
    if (digest_parse(req->plan_digest, &w->what.digest) != 0) {
        err_set(e, ERR_CONFIG, "--plan=%s is no digest", req->plan_digest);
        return err_hint(e, "`kfmig plan ENV` shows it: sha256:...");
    }
    if (args->n_targets > 0 || w->what.environments.n == 0) {
        err_set(e, ERR_CONFIG, "a plan is of one environment, and of all that it says");
        return err_hint(e, "kfmig approve ENV --plan=DIGEST");
    }
    return 0;
}

static int put_projection(struct invocation *s, const struct arguments *args,
                          struct approve_wish *w, struct err *e)
{
    if (w->what.environments.n == 0) {
        err_set(e, ERR_CONFIG, "a generation of a projection is of one environment");
        return err_hint(e, "kfmig approve ENV %s", args->targets[0]);
    }
    if (arguments_plan(s, args, true, e) != 0) {
        return -1;
    }
    const struct plan *p = &s->site.plan;
    for (size_t i = 0; i < p->n_projections; i++) {
        if (strcmp(step_name(&p->projections[i]), w->what.subject) == 0) {
            w->what.digest = *step_key(&p->projections[i]);
        }
    }
    if (digest_is_zero(&w->what.digest)) {
        err_set(e, ERR_PREFLIGHT, "what %s would be made of is not known now", w->what.subject);
        return err_hint(e, "`kfmig why %s/%s` says why", args->env->name, w->what.subject);
    }
    w->what.kind = APPROVES_PROJECTION;
    w->folder = APPROVALS_FOLDER;
    return 0;
}

static int put_target(struct invocation *s, const struct arguments *args, struct approve_wish *w,
                      struct err *e)
{
    if (args->n_targets != 1) {
        err_set(e, ERR_CONFIG, "`kfmig approve` wants one migration, projection or plan");
        return err_hint(e, "kfmig approve [ENV] ID, or kfmig approve ENV --plan=DIGEST");
    }
    w->what.subject = args->targets[0];
    const struct bundle *b = table_gets(&s->project.by_id, args->targets[0]);
    if (b == NULL || b->projection != NULL) {
        w->what.subject = b != NULL ? b->projection : args->targets[0];
        return put_projection(s, args, w, e);
    }
    if (b->is_illegible) {
        err_set(e, ERR_CONFIG, "the files of %s cannot be read: nothing was signed", b->id);
        return err_hint(e, "`kfmig check` says why");
    }
    w->what.kind = APPROVES_BUNDLE;
    w->what.digest = b->bundle_digest;
    w->folder = arena_printf(s->a, "%s/approvals", b->dir);
    return 0;
}

static void put_result(struct invocation *s, const struct approval *x, struct buf *text,
                       struct doc **d)
{
    char digest[DIGEST_TEXT];
    (void)digest_text(&x->digest, digest);
    buf_printf(text, "%s%s%s %s\n  signed by %s, key %s%s%s\n  %s\n", approval_kind_text(x->kind),
               x->subject[0] != '\0' ? " " : "", x->subject, digest, x->person, x->key,
               x->expires_at[0] != '\0' ? ", until " : "", x->expires_at, x->path);
    *d = doc_new(s->a, DOC_MAP);
    doc_put(s->a, *d, "kind", doc_text(s->a, approval_kind_text(x->kind)));
    doc_put(s->a, *d, "subject", doc_text(s->a, x->subject));
    doc_put(s->a, *d, "digest", doc_text(s->a, digest));
    doc_put(s->a, *d, "person", doc_text(s->a, x->person));
    doc_put(s->a, *d, "key", doc_text(s->a, x->key));
    doc_put(s->a, *d, "path", doc_text(s->a, x->path));
}

static int approve_verb(struct invocation *s, const struct request *req, struct result *r,
                        struct err *e)
{
    struct arguments args;
    struct approve_wish w = {.key = NULL};
    struct approval made;
    struct buf text = {0};
    struct doc *d = NULL;
    (void)r;
    if (invocation_open(s, req, true, e) != 0) {
        return -1;
    }
    if (s->project.default_env == NULL) {
        s->project.default_env = s->project.env; /* a bundle is the same in all of them */
    }
    if (arguments_resolve(s, &args, e) != 0 || arguments_known(&args, e) != 0 ||
        read_wish(s, req, &w, e) != 0) {
        return -1;
    }
    if (req->n_args > 0 && load_env(&s->project, req->args[0]) != NULL) {
        names_add(s->a, &w.what.environments, args.env->name);
    }
    int rc = req->plan_digest != NULL ? put_plan(req, &args, &w, e) : put_target(s, &args, &w, e);
    if (rc != 0 || approve(&s->project, &w, &s->progress.ear, &made, e) != 0) {
        return -1;
    }
    put_result(s, &made, &text, &d);
    return verb_print(req, &text, d, e);
}

static int run(const struct request *req)
{
    return verb_run(req, approve_verb);
}

static const char *const takes[] = {"plan", "key", "expires", "waive", NULL};
static const struct example examples[] = {
    {"kfmig approve PG-MIG-2026-02-28-01 --key=$HOME/.ssh/id_ed25519",
     "its bundle, for every environment"},
    {"kfmig approve prod PG-MIG-2026-02-28-01 --expires=14d", "for prod, and two weeks"},
    {"kfmig approve prod --plan=sha256:... --waive=skip-backup",
     "that plan, and that no backup is made before it"},
    {NULL, NULL},
};
const struct command command_approve = {
    .name = "approve",
    .synopsis = "[ENV] ID | ENV --plan=DIGEST",
    .summary = "Sign a migration's bundle, a projection's generation or a plan.",
    .description =
        "Signs, with an SSH key and by ssh-keygen, that what has this digest may be done: of a "
        "migration "
        "its bundle digest, which covers the declaration, all scripts and the notes; of a "
        "projection what its "
        "next generation in ENV is made of; with --plan what `kfmig plan` showed, or `kfmig "
        "rollback "
        "--dry-run`. One byte changed, and it counts no more. With ENV it counts there alone.\n\n"
        "Who may sign stands in registry/allowed_signers, a line PERSON,ROLE,... TYPE KEY for each "
        "key; whose "
        "keys count no more in registry/revoked_signers. An environment that says `approval: "
        "signature` runs "
        "nothing without as many persons, of the roles, as it and the declaration ask for "
        "(docs/approvals.md).\n\n"
        "The statement and its signature are written to approvals/ beside the bundle, else to "
        "registry/approvals: commit them. No database is asked, but for a projection's digest. The "
        "key is "
        "--key, or KFMIG_KEY; it may be the .pub file of a key that an agent or a hardware token "
        "holds.",
    .options = takes,
    .examples = examples,
    .run = run,
};
