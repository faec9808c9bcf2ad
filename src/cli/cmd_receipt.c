/* kfmig receipt: list, show, verify, export, text. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attest/signer.h"
#include "attest/verify.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "doc/canon.h"
#include "evidence/export.h"
#include "evidence/receipts.h"
#include "evidence/shape.h"
#include "evidence/verify.h"
#include "flow/restore.h"
#include "load/checker.h"
#include "site/site.h"

/* One call: what is left of the request behind the word list, show, verify or export. */
struct receipt_call {
    struct invocation s;
    struct request req;
    struct arguments args;
    const struct receipt_shape *shape; /* of --shape; may be NULL */
    bool audits;
    int status;
};

/* Connect to the environment that the arguments name; without a ledger there are no receipts. */
static int open_ledger(struct receipt_call *c, const struct env *env, struct err *e)
{
    struct invocation *s = &c->s;
    invocation_site(s, env);
    s->site.o.audits = c->audits;
    if (site_link(&s->site, e) != 0) {
        return -1;
    }
    if (!s->site.id.has_ledger) {
        return site_no_ledger(env, "there are no receipts", e);
    }
    return 0;
}

static int open_targets(struct receipt_call *c, struct err *e)
{
    if (arguments_resolve(&c->s, &c->args, e) != 0 || arguments_known(&c->args, e) != 0) {
        return -1;
    }
    return open_ledger(c, c->args.env, e);
}

/* Is subject among the targets? A target may carry a stage; without targets everything is. */
static bool is_wanted(const struct arguments *args, const char *subject)
{
    for (size_t i = 0; i < args->n_targets; i++) {
        size_t n = strcspn(args->targets[i], "@");
        if (strncmp(args->targets[i], subject, n) == 0 && subject[n] == '\0') {
            return true;
        }
    }
    return args->n_targets == 0;
}

/* Those of the ledger's entries that the arguments want; in the site's arena. */
static struct entry_list wanted(const struct receipt_call *c)
{
    const struct entries *all = &c->s.site.entries;
    struct entry_list out = {.v = ARENA_ARRAY(c->s.a, const struct entry *, all->n + 1)};
    for (size_t i = 0; i < all->n; i++) {
        if (is_wanted(&c->args, all->v[i].subject)) {
            out.v[out.n++] = &all->v[i];
        }
    }
    return out;
}

static int list(struct receipt_call *c, struct err *e)
{
    if (open_targets(c, e) != 0) {
        return -1;
    }
    const struct entry_list l = wanted(c);
    if (c->req.format == FORMAT_JSON) {
        c->status = output_json(&c->req, receipts_list_doc(c->s.a, &l));
        return 0;
    }
    struct buf out = {0};
    receipts_put_list(&out, c->s.a, &l);
    c->status = output_result(&c->req, &out);
    buf_release(&out);
    return 0;
}

static int show_one(struct receipt_call *c, const struct entry *en, struct buf *out, struct err *e)
{
    struct bytes body;
    struct doc *receipt = NULL;
    struct arena *a = c->s.a;
    struct ledger_source ledger = ledger_source_of(c->s.site.pg);
    if (receipts_body(&ledger, a, en->sequence, en->run_id, &en->receipt, &body, e) != 0 ||
        receipts_parse(a, body, en->sequence, &receipt, e) != 0 ||
        (c->shape != NULL && shape_of(c->shape, a, receipt, &en->receipt, &receipt, e) != 0)) {
        return -1;
    }
    if (c->req.canonical) {
        buf_add(out, body.p, body.n);
    } else if (c->req.format == FORMAT_JSON) {
        canon_write(out, receipt);
        buf_putc(out, '\n');
    } else {
        canon_pretty(out, receipt);
    }
    return 0;
}

/* A migration or projection may be named as a target is: "dev/ID@receipt", or by a part of its id.
 * NULL if ref names none. */
static const char *find_subject(struct receipt_call *c, const char *ref, const struct env **env)
{
    struct err ignored;
    struct target t;
    const struct project *p = &c->s.project;
    struct subjects all = arguments_subjects(p, c->s.a);
    if (plan_target(ref, p->env, p->n_env, &all, c->s.a, &t, &ignored) != 0) {
        return NULL;
    }
    *env = t.env != NULL ? load_env(p, t.env) : *env;
    return t.projection >= 0 ? all.projections[t.projection]->name : all.bundles[t.bundle]->id;
}

static int show(struct receipt_call *c, struct err *e)
{
    const struct env *env = c->req.n_args > 1 ? load_env(&c->s.project, c->req.args[0]) : NULL;
    size_t at = env != NULL ? 1 : 0;
    if (c->req.n_args != at + 1) {
        err_set(e, ERR_CONFIG,
                "`kfmig receipt show` needs one run id, ledger sequence or migration");
        return err_hint(e, "`kfmig receipt list` shows them");
    }
    const char *ref = c->req.args[at];
    const char *subject = find_subject(c, ref, &env);
    if (invocation_env(&c->s, env != NULL ? env->name : NULL, &env, e) != 0 ||
        open_ledger(c, env, e) != 0) {
        return -1;
    }
    const struct entry **found = ARENA_ARRAY(c->s.a, const struct entry *, c->s.site.entries.n + 1);
    size_t n = receipts_find(&c->s.site.entries, &c->s.site.past, ref, found);
    if (n == 0 && subject != NULL) {
        n = receipts_find(&c->s.site.entries, &c->s.site.past, subject, found);
    }
    if (n == 0) {
        err_set(e, ERR_CONFIG, "the ledger of \"%s\" has no receipt \"%s\"", env->name, ref);
        return err_hint(e, "`kfmig receipt list %s` shows them", env->name);
    }
    struct buf out = {0};
    int rc = 0;
    for (size_t i = 0; i < n && rc == 0; i++) {
        rc = show_one(c, found[i], &out, e);
    }
    if (rc == 0) {
        c->status = output_result(&c->req, &out);
    }
    buf_release(&out);
    return rc;
}

static int print_verified(struct receipt_call *c, struct verified *v)
{
    const char *env = c->args.env->name;
    if (c->req.format == FORMAT_JSON) {
        return output_json(&c->req, verified_doc(c->s.a, env, v));
    }
    struct buf out = {0};
    struct style st = output_style(&c->req, stdout);
    struct err_list faults = {0};
    for (size_t i = 0; i < v->findings.n; i++) {
        const struct finding *f = &v->findings.v[i];
        err_list_addf(&faults, ERR_INTEGRITY, f->path, f->line, f->col, f->hint, "%s", f->text);
    }
    report_faults(&out, &st, &faults, "finding");
    err_list_release(&faults);
    verified_put(&out, env, v, c->s.project.sink != NULL && !c->req.offline);
    int status = output_result(&c->req, &out);
    buf_release(&out);
    return status;
}

/* What stands in the project's files; no ledger. */
static struct archive archive_of_files(const struct receipt_call *c)
{
    const struct project *p = &c->s.project;
    return (struct archive){
        .env = c->args.env, .dirfd = p->dirfd, .sink = p->sink, .schema = checker_schema};
}

static int verify_files(struct receipt_call *c, struct verified *v, struct err *e)
{
    if (arguments_resolve(&c->s, &c->args, e) != 0 || arguments_known(&c->args, e) != 0) {
        return -1;
    }
    struct archive r = archive_of_files(c);
    return attest_verify_files(&r, c->s.a, v, e);
}

static int verify_all(struct receipt_call *c, struct verified *v, struct err *e)
{
    c->audits = true;
    if (open_targets(c, e) != 0) {
        return -1;
    }
    struct archive r = site_archive(&c->s.site);
    return verify_ledger(&r, c->s.a, v, e) != 0 ? -1 : attest_verify_ledger(&r, c->s.a, v, e);
}

static int verify(struct receipt_call *c, struct err *e)
{
    struct verified v;
    int rc = c->req.offline ? verify_files(c, &v, e) : verify_all(c, &v, e);
    if (rc == 0 && c->args.n_targets > 0) {
        err_set(e, ERR_CONFIG, "`kfmig receipt verify` takes no targets");
        return err_hint(e, "the entries of a ledger stand or fall together");
    }
    if (rc == 0) {
        c->status = print_verified(c, &v);
        if (c->status == 0 && v.n_found > 0) {
            c->status = err_status(ERR_INTEGRITY);
        }
    }
    return rc;
}

static int export_all(struct receipt_call *c, struct sums *sums, int dirfd, struct buf *out,
                      struct err *e)
{
    const struct project *p = &c->s.project;
    struct archive r = site_archive(&c->s.site);
    size_t n = 0;
    for (size_t i = 0; i < p->n_bundle; i++) {
        const struct bundle *b = &p->bundle[i];
        const struct history *h = past_get(&c->s.site.past, b->id);
        if (h == NULL || h->applied == NULL || !is_wanted(&c->args, b->id)) {
            continue;
        }
        const char *prefix = c->req.to != NULL ? b->id : b->dir;
        if (export_bundle(&r, sums, h->applied, b, dirfd, prefix, EVIDENCE_BUNDLE, e) != 0 ||
            (c->shape != NULL &&
             shape_export(c->shape, &r.ledger, h->applied, dirfd, prefix, e) != 0)) {
            return -1;
        }
        buf_printf(out, "exported %s%s%s\n", c->req.to != NULL ? c->req.to : "",
                   c->req.to != NULL ? "/" : "", prefix);
        n++;
    }
    if (n == 0 && c->args.n_targets > 0) {
        err_set(e, ERR_PREFLIGHT, "%s was never applied in \"%s\"", c->args.targets[0],
                c->args.env->name);
        return err_hint(e, "`kfmig receipt show` prints the receipts of failed runs");
    }
    if (n == 0) {
        buf_puts(out, "nothing is applied, so there is nothing to export\n");
    }
    return 0;
}

static int export(struct receipt_call *c, struct err *e)
{
    int dirfd = -1;
    if (open_targets(c, e) != 0 ||
        restore_destination(c->s.a, c->req.to, c->s.project.dirfd, &dirfd, e) != 0) {
        return -1;
    }
    struct buf out = {0};
    struct sums sums;
    struct ledger_source l = ledger_source_of(c->s.site.pg);
    sums_begin(&sums, &l, (int64_t)c->s.site.entries.n);
    int rc = export_all(c, &sums, dirfd, &out, e);
    sums_release(&sums);
    if (rc == 0) {
        c->status = output_result(&c->req, &out);
    }
    buf_release(&out);
    if (dirfd != c->s.project.dirfd) {
        (void)close(dirfd);
    }
    return rc;
}

/* Which migration: as the ledger knows it, also one that is not here. */
static int text(struct receipt_call *c, struct err *e)
{
    struct arena *a = c->s.a;
    struct restoring x;
    struct buf out = {0};
    if (arguments_resolve(&c->s, &c->args, e) != 0 || open_ledger(c, c->args.env, e) != 0) {
        return -1;
    }
    if (c->args.n_targets != 1) {
        return err_set(e, ERR_CONFIG, "`kfmig receipt text` needs one migration");
    }
    const char *id = arena_strndup(a, c->args.targets[0], strcspn(c->args.targets[0], "@"));
    if (restore_read(&c->s.site, id, &x, e) != 0 ||
        (c->req.write && restore_write(&c->s.site, &x, e) != 0)) {
        return -1;
    }
    restore_put(&out, &x, c->req.write);
    c->status = c->req.format == FORMAT_JSON
                    ? output_json(&c->req, restore_doc(a, &x, c->req.write))
                    : output_result(&c->req, &out);
    buf_release(&out);
    return 0;
}

/* The public half of the key that the environment signs with, as registry/keys.v1.json has it. */
static int key(struct receipt_call *c, struct err *e)
{
    struct doc *row = NULL;
    struct buf out = {0};
    if (arguments_resolve(&c->s, &c->args, e) != 0 ||
        signer_row(c->args.env, c->s.project.dirfd, 1, c->s.a, &row, e) != 0) {
        return -1;
    }
    canon_pretty(&out, row);
    c->status =
        c->req.format == FORMAT_JSON ? output_json(&c->req, row) : output_result(&c->req, &out);
    buf_release(&out);
    return 0;
}

static const struct {
    const char *name;
    int (*run)(struct receipt_call *c, struct err *e);
} verbs[] = {{"list", list},     {"show", show}, {"verify", verify},
             {"export", export}, {"text", text}, {"key", key}};

static int read_shape(struct receipt_call *c, const char *name, struct err *e)
{
    const char *shape = c->req.shape;
    if (shape == NULL) {
        return 0;
    }
    c->s.project.dirfd = -1;
    if (strcmp(name, "show") != 0 && strcmp(name, "export") != 0) {
        return err_set(e, ERR_CONFIG, "`kfmig receipt %s` has no --shape: show and export have it",
                       name);
    }
    if (c->req.canonical) {
        return err_set(
            e, ERR_CONFIG,
            "--canonical prints the bytes that were hashed, which --shape does not keep");
    }
    c->shape = shape_find(shape, e);
    return c->shape != NULL ? 0 : -1;
}

static int call_verb(struct receipt_call *c, const struct request *req, struct err *e)
{
    const char *name = req->n_args > 0 ? req->args[0] : "list";
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verbs[i].name, name) == 0) {
            return read_shape(c, name, e) == 0 && invocation_open(&c->s, &c->req, false, e) == 0
                       ? verbs[i].run(c, e)
                       : -1;
        }
    }
    c->s.project.dirfd = -1;
    err_set(e, ERR_CONFIG, "receipt knows no \"%s\"", name);
    return err_hint(e, "kfmig receipt list, show, verify, export, text or key");
}

static int run(const struct request *req)
{
    struct receipt_call c = {.req = *req};
    struct err e = {0};
    if (req->n_args > 0) {
        c.req.args++;
        c.req.n_args--;
    }
    if (call_verb(&c, req, &e) != 0) {
        c.status = output_error(req, c.s.project.dirfd, &e);
    }
    if (c.s.a != NULL) {
        invocation_close(&c.s);
    }
    return c.status;
}

static const char *const takes[] = {"to", "write", "canonical", "shape", "offline", NULL};
static const struct example examples[] = {
    {"kfmig receipt list prod", "every entry of the ledger of prod, oldest first"},
    {"kfmig receipt show prod PG-MIG-2026-02-28-01", "the last receipt of that migration"},
    {"kfmig receipt verify prod", "recompute every digest and the tree over them"},
    {"kfmig receipt verify prod --offline",
     "the same of the signed receipts in the sink, without a database"},
    {"kfmig receipt text dev PG-MIG-2026-02-28-01 --write",
     "its files as they were when it was applied"},
    {"kfmig receipt export prod --to=evidence", "receipts, baselines and diffs as files"},
    {"kfmig receipt show prod PG-MIG-2026-02-28-01 --shape=prov",
     "where it came from, for readers of W3C PROV"},
    {NULL, NULL},
};

const struct command command_receipt = {
    .name = "receipt",
    .synopsis = "list|show|verify|export|text|key [ENV] [ID]",
    .summary = "List, show, verify and export the receipts of a ledger.",
    .description =
        "Every run that touched or tried to touch a database left a receipt in its ledger.\n\n"
        "list prints one line per ledger entry. show prints receipts as JSON, checked against the "
        "digest in the ledger; the "
        "beginning of a run id is enough; with --canonical the bytes that were hashed, for "
        "sha256sum, with --shape as others read them: prov (W3C PROV-O as JSON-LD), runbook and ci "
        "(docs/receipts.md).\n\n"
        "verify recomputes the digest of every receipt and of every text and baseline that "
        "receipts name, checksums, bundle digests and generation digests from what receipts say "
        "that they are made of, the tree over all "
        "entries and the root before each, compares columns with texts and definitions with "
        "fingerprints, looks for guards that are missing and triggers that are not kfmig's, and "
        "compares exported files with their receipts, and documents with their schemas. It prints "
        "one line per finding "
        "and exits with 8 if there is any; a ledger that is shorter than it was, or forked, is "
        "one. "
        "docs/verify.sh does the same without kfmig; "
        "docs/audit.md "
        "says how each digest is made. Where the environment declares attestations it looks at "
        "what "
        "is signed in the receipt sink, too; with --offline at nothing else, and asks no database "
        "(docs/attestations.md).\n\n"
        "export writes baselines, diffs and receipts of what is applied into the bundles, or below "
        "DIR with --to. The bytes "
        "are those that were hashed: sha256sum of a file gives the digest in the receipt. With "
        "--shape "
        "each receipt stands beside it in that shape, too.\n\n"
        "text prints the files of a migration that is applied, as the ledger has them; with "
        "--write "
        "it puts them into the bundle, which it makes where it is gone. Notes are not in the "
        "ledger.\n\n"
        "key prints the row of registry/keys.v1.json for the key that runs of ENV are signed with.",
    .options = takes,
    .examples = examples,
    .run = run,
};
