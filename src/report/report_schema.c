/* A JSON Schema, for people who write the file that it is about. */
#include <string.h>

#include "report/fold.h"
#include "report/report.h"

enum { WIDTH = 79, DEEPEST = 12 };

struct schema_help {
    struct buf *out;
    const struct doc *root;
};

/* The node itself, or what its $ref means. */
static const struct doc *meant(const struct schema_help *h, const struct doc *s)
{
    static const char local[] = "#/$defs/";
    const char *ref = doc_str(s, "$ref", "");
    return strncmp(ref, local, sizeof local - 1) == 0
               ? doc_get(doc_get(h->root, "$defs"), ref + sizeof local - 1)
               : s;
}

static bool is_required(const struct doc *object, struct bytes key)
{
    const struct doc *list = doc_get(object, "required");
    for (size_t i = 0; i < doc_len(list); i++) {
        if (bytes_eq(list->item[i]->text, key)) {
            return true;
        }
    }
    return false;
}

/* "  key (required): none | bundle: what it says" */
static void put_key(const struct schema_help *h, int depth, const char *key, bool is_wanted,
                    const struct doc *s)
{
    struct buf line = {0};
    const struct doc *at = meant(h, s);
    const struct doc *words = doc_get(at, "enum");
    const char *says = doc_str(s, "description", doc_str(at, "description", ""));
    buf_printf(&line, "%*s%s%s", 2 * depth, "", key, is_wanted ? " (required)" : "");
    for (size_t i = 0; i < doc_len(words); i++) {
        buf_printf(&line, "%s%s", i > 0 ? " | " : ": ", words->item[i]->text.p);
    }
    buf_printf(&line, "%s%s\n", says[0] != '\0' ? ": " : "", says);
    fold(h->out, buf_bytes(&line), WIDTH);
    buf_release(&line);
}

/* What stands beneath: an object's keys, a list's items, a map's values. Declarations are not deep. */
static void put_inside(const struct schema_help *h, int depth, const struct doc *s)
{
    const struct doc *at = meant(h, s);
    const struct doc *keys = doc_get(at, "properties");
    const struct doc *items = doc_get(at, "items");
    const struct doc *values = doc_get(at, "additionalProperties");
    if (depth > DEEPEST || at == NULL) {
        return;
    }
    for (size_t i = 0; i < doc_len(keys); i++) {
        put_key(h, depth, keys->key[i]->text.p, is_required(at, keys->key[i]->text), keys->item[i]);
        put_inside(h, depth + 1, keys->item[i]);
    }
    if (doc_get(meant(h, items), "properties") != NULL) {
        put_key(h, depth, "- each", false, items);
        put_inside(h, depth + 1, items);
    }
    if (values != NULL && values->type == DOC_MAP) {
        put_key(h, depth, "NAME", false, values);
        put_inside(h, depth + 1, values);
    }
}

void report_schema(struct buf *out, const struct doc *schema)
{
    const struct schema_help h = {out, schema};
    struct buf head = {0};
    buf_printf(&head, "%s\n\n", doc_str(schema, "description", ""));
    fold(out, buf_bytes(&head), WIDTH);
    buf_release(&head);
    put_inside(&h, 1, schema);
}
