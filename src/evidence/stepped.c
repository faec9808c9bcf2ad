/* What a segment of a migration did. */
#include "evidence/stepped.h"

#include <string.h>

#include "doc/canon.h"
#include "doc/json.h"
#include "evidence/receipt.h"

#define FORMAT "kfmig.step.v1"

static struct doc *objects_doc(struct arena *a, const struct object_rows *rows)
{
    struct doc *list = doc_new(a, DOC_LIST);
    for (size_t i = 0; i < rows->n; i++) {
        const struct object_row *r = &rows->v[i];
        struct doc *d = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, d, "object", doc_name(a, r->object));
        doc_put(a, d, "definition",
                r->definition != NULL ? doc_name(a, r->definition) : doc_new(a, DOC_NULL));
    }
    return list;
}

struct bytes stepped_write(struct arena *a, const struct stepped *s)
{
    struct err e = {0};
    struct buf text = {0};
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "format", doc_text(a, FORMAT));
    doc_put(a, d, "names", doc_text(a, NAMES_ENCODED));
    doc_put(a, d, "objects", objects_doc(a, &s->objects));
    struct doc *diff = json_read_own(a, diff_write(a, &s->diff).bytes, FORMAT, &e);
    if (diff == NULL) {
        BUG("a diff that was just written cannot be read");
    }
    doc_put(a, d, "diff", diff);
    doc_put(a, d, "touched", doc_textn(a, touched_write(a, &s->diff.touched).bytes));
    canon_write(&text, d);
    struct bytes out = bytes_of(arena_dup(a, buf_str(&text), text.n), text.n);
    buf_release(&text);
    return out;
}

/* Of the lines that count: those that begin with ~ are in no fingerprint. */
static struct digest fingerprint_of(const char *definition)
{
    const char *end = definition;
    while (*end != '\0' && *end != '~') {
        end += strcspn(end, "\n");
        end += *end == '\n';
    }
    return digest_of(bytes_of(definition, (size_t)(end - definition)));
}

static void read_objects(struct arena *a, const struct doc *d, struct object_rows *out)
{
    const struct doc *list = doc_get(d, "objects");
    out->v = ARENA_ARRAY(a, struct object_row, doc_len(list) + 1);
    for (size_t i = 0; i < doc_len(list); i++) {
        struct object_row *r = &out->v[out->n++];
        const char *definition = doc_str(list->item[i], "definition", NULL);
        *r =
            (struct object_row){.object = receipt_name(a, d, doc_str(list->item[i], "object", ""))};
        if (definition != NULL) {
            r->definition = receipt_name(a, d, definition);
            r->fingerprint = fingerprint_of(r->definition);
        }
    }
}

int stepped_read(struct arena *a, struct bytes text, const char *path, struct stepped *out,
                 struct err *e)
{
    struct buf diff = {0};
    const struct doc *d = json_read_own(a, text, path, e);
    *out = (struct stepped){.diff = {.migration_id = ""}};
    if (d == NULL || strcmp(doc_str(d, "format", ""), FORMAT) != 0) {
        return err_at(e, ERR_INTEGRITY, path, 0, 0, "not what a segment of a migration did");
    }
    const struct doc *summary = doc_get(d, "diff");
    canon_write(&diff, summary != NULL ? summary : d);
    struct bytes kept = bytes_of(arena_dup(a, buf_str(&diff), diff.n), diff.n);
    buf_release(&diff);
    read_objects(a, d, &out->objects);
    return diff_read(a, kept, path, &out->diff, e) != 0
               ? -1
               : touched_read(a, bytes_str(doc_str(d, "touched", "")), path, &out->diff.touched, e);
}
