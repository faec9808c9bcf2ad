/* Scope and limits of a migration written anew. */
#include "flow/rescope.h"

#include "evidence/diff.h"
#include "evidence/receipt.h"
#include "evidence/receipts.h"
#include "plan/plan.h"

#include <string.h>

int rescope_text(struct project *p, struct bundle *b, struct draft *out, struct err_list *faults,
                 struct err *e)
{
    if (load_decl(p, b, e) != 0) {
        return -1;
    }
    plan_scripts(p->a, b);
    plan_script_faults(b, faults);
    plan_unread_faults(b, faults);
    if (faults->n > 0) {
        return err_set(e, ERR_CONFIG, "%s cannot be read as it is", b->id);
    }
    draft_make(p->a, b->forward, b->decl->forward.n, out);
    return 0;
}

static int no_run(const struct site *s, const struct bundle *b, struct err *e)
{
    err_set(e, ERR_PREFLIGHT, "no run of %s was seen in environment \"%s\"", b->id, s->env->name);
    return err_hint(e, "a run is seen once all its statements have run: `kfmig build %s %s`",
                    s->env->name, b->id);
}

/* A document of the run that en tells of, by its digest. */
static int document(struct site *s, const struct digest *d, struct bytes *out, struct err *e)
{
    struct archive r = site_archive(s);
    bool found = false;
    if (r.ledger.blob(r.ledger.ctx, d, s->a, out, &found, e) != 0) {
        return -1;
    }
    return found ? 0
                 : err_set(e, ERR_INTEGRITY, "the ledger lacks a document that a receipt names");
}

static int read_run(struct site *s, const struct entry *en, const struct account *run,
                    struct draft *out, struct err *e)
{
    struct bytes text;
    struct touches seen = {0};
    struct account_diff diff;
    if (document(s, &run->touched, &text, e) != 0 ||
        touched_read(s->a, text, "touched.csv", &seen, e) != 0 ||
        document(s, &en->diff, &text, e) != 0 ||
        diff_read(s->a, text, "summary.json", &diff, e) != 0) {
        return -1;
    }
    draft_observed(s->a, &seen, &diff.observed, out);
    return 0;
}

int rescope_observed(struct site *s, const struct bundle *b, struct draft *out, struct err *e)
{
    struct archive r = site_archive(s);
    if (s->env->is_protected) {
        err_set(e, ERR_PREFLIGHT, "environment \"%s\" is protected", s->env->name);
        return err_hint(e, "what a run may do there is declared and reviewed before it runs");
    }
    for (size_t i = s->entries.n; i-- > 0;) {
        const struct entry *en = &s->entries.v[i];
        if (en->kind != ENTRY_APPLY || strcmp(en->subject, b->id) != 0 ||
            digest_is_zero(&en->diff)) {
            continue;
        }
        if (strcmp(en->result, "success") == 0) {
            err_set(e, ERR_PREFLIGHT, "%s is applied in environment \"%s\"", b->id, s->env->name);
            return err_hint(e, "its scope is a fact; a correction is a new migration");
        }
        struct bytes body;
        struct doc *receipt;
        struct account run;
        if (receipts_body(&r.ledger, s->a, en->sequence, en->run_id, &en->receipt, &body, e) != 0 ||
            receipts_parse(s->a, body, en->sequence, &receipt, e) != 0 ||
            receipt_read(s->a, receipt, &run, e) != 0) {
            return -1;
        }
        return digest_is_zero(&run.touched) ? no_run(s, b, e) : read_run(s, en, &run, out, e);
    }
    return no_run(s, b, e);
}

int rescope_write(struct project *p, struct bundle *b, struct draft *d, struct err *e)
{
    if (load_decl(p, b, e) != 0) {
        return -1;
    }
    if (b->file != NULL) {
        err_set(e, ERR_CONFIG, "%s is a flat migration: what its text shows is its scope already",
                b->id);
        return err_hint(e,
                        "say scope and limits in its header, or in %s/defaults.yml; `kfmig check` "
                        "lists what is open",
                        b->folder);
    }
    if (b->has_evidence) {
        err_set(e, ERR_CONFIG, "%s was executed: its receipt names the scope that it had", b->id);
        return err_hint(e, "a correction is a new migration");
    }
    const struct artifact *file = &b->decl->file;
    d->decl.id = b->id;
    d->decl.scope.forbidden_schemas = b->decl->scope.forbidden_schemas;
    d->decl.scope.forbidden_tables = b->decl->scope.forbidden_tables;
    struct buf out = {0};
    int rc = draft_replace(&out, file->bytes, file->path, d, e);
    rc = rc == 0 ? file_write(p->dirfd, file->path, buf_bytes(&out), 0666, e) : -1;
    buf_release(&out);
    return rc;
}
