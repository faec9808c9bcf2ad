/* Settling by hand what was begun. */
#include "run/resolve.h"

#include <string.h>

#include "base/fault.h"
#include "doc/json.h"
#include "evidence/receipt.h"
#include "run/record.h"
#include "run/segmented_parts.h"

/* The journal of a run that writes nothing but resolves. */
struct settling {
    struct run *r;
    const struct resolving *x;
    struct outcome *o;
    struct receipt_input in;
    struct evidence_set none;
    struct journal_run run;
    struct journal *journal;
};

static void begin(struct settling *g)
{
    struct account about;
    struct run *r = g->r;
    *g->o = (struct outcome){0};
    random_uuid(g->o->run_id);
    g->in = (struct receipt_input){.kind = "resolve",
                                   .bundle = g->x->b,
                                   .outcome = g->o,
                                   .evidence = &g->none,
                                   .started_at = "",
                                   .notes = ""};
    account_of(r->a, r, &g->in, &about);
    g->run = (struct journal_run){.pg = r->pg,
                                  .id = r->id,
                                  .merkle = r->merkle,
                                  .epoch = r->epoch,
                                  .run_id = g->o->run_id,
                                  .about = receipt_people_said(r->a, &about)};
    g->journal = journal_open(r->a, &g->run, g->x->past);
}

static const struct doc *receipt_of(struct arena *a, struct bytes body)
{
    struct err ignored = {0};
    return json_read_own(a, body, "", &ignored);
}

/* As the receipt of what began it names it: its text may be another one now. */
static int read_step(const struct settling *g, const struct journal_row *row,
                     struct journal_step *out, struct err *e)
{
    struct arena *a = g->r->a;
    struct receipt_rows rows;
    char key[DIGEST_TEXT];
    if (ledger_receipts(*g->r->pg, row->intent - 1, row->run_id, a, &rows, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < rows.n; i++) {
        const struct doc *d = receipt_of(a, rows.v[i].body);
        const struct doc *step = doc_find(d, "claim.journal");
        if (step == NULL || strcmp(doc_str(step, "key", ""), digest_text(&row->key, key)) != 0) {
            continue;
        }
        *out = (struct journal_step){.subject = row->subject,
                                     .store = doc_str(step, "store", ""),
                                     .verb = doc_str(step, "verb", ""),
                                     .object = receipt_name(a, d, doc_str(step, "object", "")),
                                     .at = doc_num(step, "at", 0)};
        const struct doc *inputs = doc_find(d, "claim.inputs");
        (void)!digest_parse(doc_len(inputs) > 0 ? doc_str(inputs->item[0], "digest", "") : "",
                            &out->payload);
        return 0;
    }
    return err_set(e, ERR_INTEGRITY, "the ledger lacks the receipt of entry %lld of %s",
                   (long long)row->intent, row->subject);
}

static int settle(struct settling *g, const struct journal_row *row, struct bytes kept,
                  struct err *e)
{
    struct journal_step step;
    const struct journal_settling s = {g->x->is_applied, g->x->stands, g->x->seen, kept};
    if (read_step(g, row, &step, e) != 0) {
        return -1;
    }
    if (FAULT(RESOLVE_SEEN)) {
        return err_set(e, ERR_APPLY, "seen, and not settled: fault point");
    }
    return journal_resolve(g->journal, row, &step, &s, &g->o->sequence, e);
}

/* Newest first: what stands on another goes before it. */
static int settle_all(struct settling *g, struct err *e)
{
    const struct journal_row **v = NULL;
    size_t n = journal_begun(g->journal, g->r->a, g->x->b->id, &v);
    while (n > 0) {
        char run_id[37];
        random_uuid(run_id);
        memcpy(g->o->run_id, run_id, sizeof run_id);
        if (settle(g, v[--n], (struct bytes){NULL, 0}, e) != 0) {
            return -1;
        }
    }
    return 0;
}

int run_resolve(struct run *r, const struct resolving *x, struct outcome *o, struct err *e)
{
    struct settling g = {.r = r, .x = x, .o = o};
    struct bytes kept = {NULL, 0};
    begin(&g);
    if (digest_is_zero(&x->key)) {
        return settle_all(&g, e);
    }
    const struct journal_row *row = journal_find(g.journal, &x->key);
    if (row == NULL || !row->is_open) {
        return err_set(e, ERR_PREFLIGHT, "%s is not in doubt any more", x->b->id);
    }
    if (x->is_segmented && x->is_applied && segmented_seen(r, x->past, x->b, &kept, e) != 0) {
        return -1;
    }
    return settle(&g, row, kept, e);
}
