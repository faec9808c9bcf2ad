/* receipts/receipt_ref.json. */
#include "evidence/pointer.h"

#include "doc/canon.h"
#include "doc/json.h"
#include "evidence/receipt.h"

const char *pointer_uri(struct arena *a, const char *instance, int64_t sequence)
{
    return arena_printf(a, "kfmig:ledger:%s:%lld", instance, (long long)sequence);
}

struct bytes pointer_write(struct arena *a, const struct pointer *p)
{
    struct buf out = {0};
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "format", doc_text(a, "kfmig.receipt_ref.v1"));
    doc_put(a, d, "migration_id", doc_text(a, p->migration_id));
    doc_put(a, d, "environment", doc_text(a, p->environment));
    doc_put(a, d, "run_id", doc_text(a, p->run_id));
    doc_put(a, d, "uri", doc_text(a, p->uri));
    doc_put(a, d, "sequence", doc_int(a, p->sequence));
    doc_put(a, d, "sha256", doc_digest(a, &p->sha256));
    canon_pretty(&out, d);
    struct bytes text = bytes_of(arena_dup(a, buf_str(&out), out.n), out.n);
    buf_release(&out);
    return text;
}

int pointer_read(struct arena *a, struct bytes text, const char *path, struct pointer *out,
                 struct err *e)
{
    const struct doc *d = json_read(a, text, path, e);
    if (d == NULL) {
        return -1;
    }
    if (d->type != DOC_MAP) {
        return err_at(e, ERR_INTEGRITY, path, 0, 0, "not a pointer to a receipt");
    }
    *out = (struct pointer){.migration_id = doc_str(d, "migration_id", ""),
                            .environment = doc_str(d, "environment", ""),
                            .run_id = doc_str(d, "run_id", ""),
                            .uri = doc_str(d, "uri", ""),
                            .sequence = doc_num(d, "sequence", 0)};
    if (receipt_read_digest(doc_get(d, "sha256"), &out->sha256) != 0) {
        out->sha256 = (struct digest){{0}};
    }
    return 0;
}
