/* The last that is known of a lost ledger, as its successor cites it: member claim.recovery of the first
 * receipt. */
#include <stdio.h>
#include <string.h>

#include "ledger/ledger.h"

struct doc *checkpoint_doc(struct arena *a, const struct checkpoint *c)
{
    if (c->sequence == 0) {
        return doc_new(a, DOC_NULL);
    }
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "instance", doc_text(a, c->instance));
    doc_put(a, d, "sequence", doc_int(a, c->sequence));
    doc_put(a, d, "root", doc_digest(a, &c->root));
    doc_put(a, d, "previous", doc_digest(a, &c->previous));
    doc_put(a, d, "receipt", doc_digest(a, &c->receipt));
    struct doc *found = doc_put(a, d, "found_in", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < sizeof c->found_in / sizeof c->found_in[0]; i++) {
        if (c->found_in[i] != NULL) {
            doc_push(a, found, doc_text(a, c->found_in[i]));
        }
    }
    return d;
}

static bool read_digest(const struct doc *d, const char *key, struct digest *out)
{
    const struct doc *v = doc_get(d, key);
    *out = (struct digest){{0}};
    return v == NULL || v->type == DOC_NULL ||
           (v->type == DOC_TEXT && digest_parse(v->text.p, out) == 0);
}

bool checkpoint_of(const struct doc *receipt, struct checkpoint *out)
{
    const struct doc *recovery = doc_find(receipt, "claim.recovery");
    const struct doc *d = doc_get(recovery, "cites");
    *out = (struct checkpoint){.sequence = 0};
    if (recovery == NULL || d == NULL) {
        return recovery != NULL;
    }
    (void)snprintf(out->instance, sizeof out->instance, "%s", doc_str(d, "instance", ""));
    out->sequence = doc_num(d, "sequence", 0);
    const struct doc *found = doc_get(d, "found_in");
    for (size_t i = 0; i < doc_len(found) && i < sizeof out->found_in / sizeof out->found_in[0];
         i++) {
        out->found_in[i] = found->item[i]->type == DOC_TEXT ? found->item[i]->text.p : NULL;
    }
    return read_digest(d, "root", &out->root) && read_digest(d, "previous", &out->previous) &&
           read_digest(d, "receipt", &out->receipt);
}
