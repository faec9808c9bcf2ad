/* Receipts as the ledger has them, checked against their entries. */
#include "evidence/receipts.h"

#include <stdlib.h>
#include <string.h>

#include "doc/json.h"

enum { RUN_PREFIX = 4 };

int receipts_body(const struct ledger_source *l, struct arena *a, int64_t sequence,
                  const char *run_id, const struct digest *receipt, struct bytes *out,
                  struct err *e)
{
    struct receipt_rows rows = {0};
    if (l->receipt(l->ctx, sequence - 1, run_id, a, &rows, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < rows.n; i++) {
        if (rows.v[i].sequence != sequence) {
            continue;
        }
        struct digest found = digest_of(rows.v[i].body);
        if (!digest_is_zero(receipt) && !digest_eq(&found, receipt)) {
            err_set(e, ERR_INTEGRITY,
                    "the receipt of ledger entry %lld is not the one that the entry names",
                    (long long)sequence);
            return err_hint(e, "the ledger was altered; `kfmig receipt verify` lists everything "
                               "that does not fit");
        }
        *out = rows.v[i].body;
        return 0;
    }
    err_set(e, ERR_INTEGRITY, "ledger entry %lld has no receipt", (long long)sequence);
    return err_hint(
        e, "the ledger was altered; `kfmig receipt verify` lists everything that does not fit");
}

int receipts_parse(struct arena *a, struct bytes body, int64_t sequence, struct doc **out,
                   struct err *e)
{
    struct err why;
    *out = json_read(a, body, "receipt", &why);
    if (*out == NULL) {
        return err_set(e, ERR_INTEGRITY, "the receipt of ledger entry %lld is no JSON: %s",
                       (long long)sequence, why.msg);
    }
    return 0;
}

int receipts_read(const struct ledger_source *l, struct arena *a, const struct fact *f,
                  struct doc **out, struct err *e)
{
    struct bytes body = {NULL, 0};
    if (receipts_body(l, a, f->sequence, f->run_id, &f->receipt, &body, e) != 0) {
        return -1;
    }
    return receipts_parse(a, body, f->sequence, out, e);
}

/* All entries of the run that ref begins. */
static size_t find_run(const struct entries *l, const char *ref, const struct entry **out)
{
    const char *id = NULL;
    size_t n = 0;
    for (size_t i = 0; i < l->n && strlen(ref) >= RUN_PREFIX; i++) {
        const struct entry *en = &l->v[i];
        if (id == NULL && strncmp(en->run_id, ref, strlen(ref)) == 0) {
            id = en->run_id;
        }
        if (id != NULL && strcmp(en->run_id, id) == 0) {
            out[n++] = en;
        }
    }
    return n;
}

size_t receipts_find(const struct entries *l, const struct past *past, const char *ref,
                     const struct entry **out)
{
    const struct history *h = past_get(past, ref);
    char *end = NULL;
    long long sequence = strtoll(ref, &end, 10);
    if (ref[0] != '0' && *end == '\0' && sequence >= 1 && (size_t)sequence <= l->n) {
        out[0] = &l->v[sequence - 1];
        return 1;
    }
    for (size_t i = l->n; i-- > 0;) {
        if (strcmp(l->v[i].subject, ref) == 0) {
            out[0] = &l->v[i];
            return 1;
        }
    }
    if (h != NULL && h->last != NULL) {
        out[0] = &l->v[h->last->sequence - 1];
        return 1;
    }
    return find_run(l, ref, out);
}
