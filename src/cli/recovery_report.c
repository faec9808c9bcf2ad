/* What a recovery says. */
#include <stdio.h>
#include <string.h>

#include "cli/output.h"
#include "cli/recovery.h"

static struct doc *digest_doc(struct arena *a, const struct digest *d)
{
    char text[DIGEST_TEXT];
    return digest_is_zero(d) ? doc_new(a, DOC_NULL) : doc_text(a, digest_text(d, text));
}

struct doc *recovery_lost_doc(struct arena *a, const struct recovery *r)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "cites", checkpoint_doc(a, &r->cites));
    doc_put(a, d, "receipts_missing",
            r->lost.has_sink && r->cites.sequence > 0 ? doc_text(a, lost_positions(a, &r->lost))
                                                      : doc_new(a, DOC_NULL));
    return d;
}

struct doc *recovery_migrations_doc(struct arena *a, const struct session *s)
{
    char text[DIGEST_TEXT];
    struct doc *list = doc_new(a, DOC_LIST);
    for (size_t i = 0; i < s->plan.n_migrations; i++) {
        const struct bundle *b = s->plan.v[i].bundle;
        if (s->plan.v[i].state != STATE_NOT_APPLICABLE) {
            struct doc *d = doc_push(a, list, doc_new(a, DOC_MAP));
            doc_put(a, d, "id", doc_text(a, b->id));
            doc_put(a, d, "sha256", doc_text(a, digest_text(&b->checksum, text)));
        }
    }
    return list;
}

struct doc *recovery_timings_doc(struct arena *a, const struct recovery *r)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "database_ms", doc_int(a, r->database_ms));
    doc_put(a, d, "prerequisites_ms",
            doc_int(a, r->prerequisites_ms > 0 ? r->prerequisites_ms : 0));
    struct doc *list = doc_put(a, d, "projections", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < r->n_rebuilt; i++) {
        struct doc *x = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, x, "name", doc_text(a, r->rebuilt[i].p->name));
        doc_put(a, x, "ms", doc_int(a, r->rebuilt[i].ms));
    }
    doc_put(a, d, "total_ms", doc_int(a, r->total_ms));
    return d;
}

struct doc *recovery_doc(struct arena *a, const struct recovery *r)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "environment", doc_text(a, r->s->link.env->name));
    doc_put(a, d, "result", doc_text(a, r->t.worst == ERR_NONE ? "success" : "failed"));
    doc_put(a, d, "resumed", doc_bool(a, r->is_resumed));
    doc_put(a, d, "lost", recovery_lost_doc(a, r));
    struct doc *list = doc_put(a, d, "projections", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < r->n_rebuilt; i++) {
        const struct rebuilt *b = &r->rebuilt[i];
        struct doc *x = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, x, "name", doc_text(a, b->p->name));
        doc_put(a, x, "digest", digest_doc(a, &b->generation));
        doc_put(a, x, "content", digest_doc(a, &b->content));
        doc_put(a, x, "sequence", b->sequence > 0 ? doc_int(a, b->sequence) : doc_new(a, DOC_NULL));
        doc_put(a, x, "same_as",
                b->lost != NULL ? doc_int(a, b->lost->sequence) : doc_new(a, DOC_NULL));
    }
    struct doc *tables = doc_put(a, d, "empty_tables", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < r->n_tables; i++) {
        if (r->tables[i].rows <= 0) {
            doc_push(a, tables, doc_text(a, r->tables[i].text));
        }
    }
    doc_put(a, d, "timings", recovery_timings_doc(a, r));
    return d;
}

void recovery_cites(const struct session *s, const struct lost *l)
{
    struct buf places = {0};
    if (l->last.sequence == 0) {
        tell_note(&s->ear, "no checkpoint of an earlier ledger was found (sink, exported receipts, "
                           "cache): the new ledger cites none");
        return;
    }
    for (size_t i = 0; i < 3; i++) {
        if (l->last.found_in[i] != NULL) {
            buf_printf(&places, "%s%s", places.n > 0 ? ", " : "", l->last.found_in[i]);
        }
    }
    tell_note(&s->ear, "cites entry %lld of ledger %s (%s)", (long long)l->last.sequence,
              l->last.instance, buf_str(&places));
    buf_release(&places);
}

static void print_same(const struct recovery *r, struct buf *out)
{
    for (size_t i = 0; i < r->n_rebuilt; i++) {
        const struct rebuilt *b = &r->rebuilt[i];
        if (b->lost != NULL && !digest_is_zero(&b->content)) {
            buf_printf(out, "%s: same content as %s\n", b->p->name, b->lost->known.whence);
        } else {
            buf_printf(out, "%s: nothing tells what the lost one held\n", b->p->name);
        }
    }
}

static void print_missing(const struct recovery *r, struct buf *out)
{
    const struct lost *l = &r->lost;
    struct arena *a = r->s->a;
    buf_puts(out, "not recovered:\n");
    if (l->last.sequence == 0) {
        buf_puts(out, "  the history: no earlier ledger is known\n");
    } else if (!l->has_sink) {
        buf_printf(out,
                   "  the receipts of the lost ledger's %lld entries, but for exported ones: no "
                   "receipt sink is declared\n",
                   (long long)l->last.sequence);
    } else {
        const char *missing = lost_positions(a, l);
        if (missing[0] != '\0') {
            buf_printf(out, "  receipts that the sink lacks: entries %s of the lost ledger\n",
                       missing);
        }
    }
    if (l->last.sequence > 0) {
        buf_printf(out, "  whatever came after entry %lld of the lost ledger: nobody knows of it\n",
                   (long long)l->last.sequence);
    }
    for (size_t i = 0; i < r->n_tables; i++) {
        if (r->tables[i].rows < 0) {
            buf_printf(out, "  rows of %s: cannot be counted\n", r->tables[i].text);
        } else if (r->tables[i].rows == 0) {
            buf_printf(out, "  rows of %s: no migration makes any\n", r->tables[i].text);
        }
    }
    buf_puts(out, "  rows outside of projections that were not made by migrations\n");
}

void recovery_print(const struct recovery *r)
{
    struct buf out = {0};
    print_same(r, &out);
    print_missing(r, &out);
    buf_printf(&out, "%s: %s in %.1f s\n", r->s->link.env->name,
               r->is_resumed ? "recovered (gone on with)" : "recovered",
               (double)r->total_ms / 1000.0);
    (void)output_result(r->s->req, &out);
    buf_release(&out);
}
