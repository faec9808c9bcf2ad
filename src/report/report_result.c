/* What a verb that writes has done. */
#include "model/result.h"

#include <string.h>

#include "report/words.h"

static struct doc *row_doc(struct arena *a, const struct result_row *row)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "target", words_doc(a, row->target));
    doc_put(a, d, "action", doc_text(a, result_action_text(row->action)));
    doc_put(a, d, "sequence", row->sequence > 0 ? doc_int(a, row->sequence) : doc_new(a, DOC_NULL));
    doc_put(a, d, "run_id", words_doc(a, row->sequence > 0 ? row->run_id : NULL));
    doc_put(a, d, "key", doc_digest(a, &row->key));
    doc_put(a, d, "ms", doc_int(a, row->ms));
    if (row->generation > 0) {
        doc_put(a, d, "generation", doc_int(a, row->generation));
        doc_put(a, d, "content", doc_digest(a, &row->content));
    }
    if (row->action == RESULT_ADOPT || row->action == RESULT_RETIRE || row->action == RESULT_DROP) {
        doc_put(a, d, row->action == RESULT_ADOPT ? "objects" : "generations",
                doc_int(a, (int64_t)row->n));
    }
    if (row->failure != NULL) {
        doc_put(a, d, "error", words_error(a, row->failure));
    }
    if (row->gates != NULL) {
        doc_put(a, d, "gates", words_gates(a, row->gates));
    }
    return d;
}

static struct doc *rows_doc(struct arena *a, const struct result *r, bool failed)
{
    struct doc *list = doc_new(a, DOC_LIST);
    for (size_t i = 0; i < r->n; i++) {
        if ((r->v[i].failure != NULL) == failed) {
            doc_push(a, list, row_doc(a, &r->v[i]));
        }
    }
    return list;
}

static struct doc *left_doc(struct arena *a, const struct result_left *l)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "not_run", doc_int(a, (int64_t)l->not_run));
    doc_put(a, d, "not_exported", doc_int(a, (int64_t)l->not_exported));
    doc_put(a, d, "blocked", doc_int(a, (int64_t)l->blocked));
    doc_put(a, d, "waiting", doc_int(a, (int64_t)l->waiting));
    doc_put(a, d, "not_here", doc_int(a, (int64_t)l->not_here));
    doc_put(a, d, "not_applicable", doc_int(a, (int64_t)l->not_applicable));
    return d;
}

static struct doc *ledger_doc(struct arena *a, const struct result *r)
{
    if (r->instance == NULL) {
        return doc_new(a, DOC_NULL);
    }
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "instance", doc_text(a, r->instance));
    doc_put(a, d, "size", doc_int(a, r->size));
    doc_put(a, d, "root", doc_digest(a, &r->root));
    return d;
}

static struct doc *durability_doc(struct arena *a, const struct result *r)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "declared", doc_text(a, r->durability));
    doc_put(a, d, "synchronous_commit", doc_text(a, r->commits));
    doc_put(a, d, "fsync", doc_bool(a, r->syncs));
    return d;
}

struct doc *report_result_doc(struct arena *a, const struct result *r, const struct err *failure)
{
    struct doc *d = doc_new(a, DOC_MAP);
    for (size_t i = 0; i < doc_len(r->more); i++) {
        doc_put(a, d, r->more->key[i]->text.p, r->more->item[i]);
    }
    if (r->verb != NULL) {
        doc_put(a, d, "verb", doc_text(a, r->verb));
        doc_put(a, d, "environment", doc_text(a, r->environment));
        doc_put(a, d, "ran", rows_doc(a, r, false));
        doc_put(a, d, "failed", rows_doc(a, r, true));
        doc_put(a, d, "skipped", doc_int(a, (int64_t)r->n_skipped));
        doc_put(a, d, "current", doc_int(a, (int64_t)r->n_current));
        doc_put(a, d, "left", left_doc(a, &r->left));
        doc_put(a, d, "plan_digest",
                r->has_plan ? doc_digest(a, &r->plan_digest) : doc_new(a, DOC_NULL));
        doc_put(a, d, "ledger", ledger_doc(a, r));
        doc_put(a, d, "ms", doc_int(a, r->ms));
        if (r->durability != NULL) {
            doc_put(a, d, "durability", durability_doc(a, r));
        }
    }
    if (failure != NULL) {
        doc_put(a, d, "error", words_error(a, failure));
    }
    return d;
}

/* "2 blocked, 5 current": of each what there is, and what is current. */
static void put_counts(struct buf *out, const struct result *r)
{
    const struct result_left *l = &r->left;
    const struct {
        size_t n;
        const char *text;
    } parts[] = {{r->n_done[RESULT_PUBLISH], "published"},
                 {r->n_done[RESULT_PRUNE], "dropped"},
                 {r->n_failed, "failed"},
                 {r->n_skipped, "skipped"},
                 {r->n_done[RESULT_EXPORT], "exported again"},
                 {l->not_exported, "not exported"},
                 {l->not_run, "not run"},
                 {l->waiting, "waiting"},
                 {l->blocked, "blocked"}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i].n > 0) {
            buf_printf(out, "%zu %s, ", parts[i].n, parts[i].text);
        }
    }
    buf_printf(out, "%zu current", r->n_current);
    if (l->not_here > 0) {
        buf_printf(out, ", %zu applied but not here", l->not_here);
    }
    if (l->not_applicable > 0) {
        buf_printf(out, ", %zu not applicable", l->not_applicable);
    }
}

void report_result(struct buf *out, const struct result *r, bool was_run)
{
    words_safe(out, r->environment);
    if (!was_run) {
        buf_puts(out, ": nothing to do (");
        put_counts(out, r);
        buf_putc(out, ')');
        return;
    }
    buf_printf(out, ": %zu applied, ", r->n_done[RESULT_APPLY]);
    put_counts(out, r);
    buf_printf(out, "; %.1f s", (double)r->ms / 1000.0);
    if (r->durability != NULL && !r->syncs) {
        buf_puts(out, "; its server has fsync off");
    }
    if (r->durability != NULL && strcmp(r->commits, "on") != 0) {
        buf_printf(out, "; its server has synchronous_commit = %s", r->commits);
    }
}
