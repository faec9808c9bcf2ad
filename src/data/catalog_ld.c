/* JSON-LD as far as catalogs need it: members by their prefixed, plain or full names, values in their
 * wrappings, nodes of a graph. No context is resolved and nothing is fetched. */
#include <string.h>

#include "data/catalog.h"

struct prefix {
    const char *prefix, *iri;
};

static const struct prefix prefixes[] = {
    {"dcat:", "http://www.w3.org/ns/dcat#"},
    {"dct:", "http://purl.org/dc/terms/"},
    {"prov:", "http://www.w3.org/ns/prov#"},
    {"spdx:", "http://spdx.org/rdf/terms#"},
};
enum { N_PREFIXES = sizeof prefixes / sizeof prefixes[0] };

const char *catalog_text(const struct doc *d)
{
    return d != NULL && d->type == DOC_TEXT && !d->plain ? d->text.p : NULL;
}

const char *catalog_member(const struct doc *map, const char *key)
{
    return catalog_text(doc_get(map, key));
}

static const struct prefix *prefix_of(const char *name)
{
    for (size_t i = 0; i < N_PREFIXES; i++) {
        if (strncmp(name, prefixes[i].prefix, strlen(prefixes[i].prefix)) == 0) {
            return &prefixes[i];
        }
    }
    return NULL;
}

/* Is text another way to write name? */
static bool is_name(const char *text, const char *name)
{
    const struct prefix *p = prefix_of(name);
    if (p == NULL || strcmp(text, name) == 0) {
        return strcmp(text, name) == 0;
    }
    const char *plain = name + strlen(p->prefix);
    size_t n_iri = strlen(p->iri);
    return strcmp(text, plain) == 0 ||
           (strncmp(text, p->iri, n_iri) == 0 && strcmp(text + n_iri, plain) == 0) ||
           (strcmp(p->prefix, "dct:") == 0 && strncmp(text, "dcterms:", 8) == 0 &&
            strcmp(text + 8, plain) == 0);
}

struct doc *ld_get(const struct doc *node, const char *key)
{
    struct doc *exact = doc_get(node, key);
    if (exact != NULL || node == NULL || node->type != DOC_MAP) {
        return exact;
    }
    for (size_t i = 0; i < node->n; i++) {
        if (is_name(node->key[i]->text.p, key)) {
            return node->item[i];
        }
    }
    return NULL;
}

const struct doc *ld_value(const struct doc *d)
{
    if (d != NULL && d->type == DOC_LIST) {
        d = d->n > 0 ? d->item[0] : NULL;
    }
    if (d != NULL && d->type == DOC_MAP) {
        const struct doc *value = doc_get(d, "@value");
        d = value != NULL ? value : doc_get(d, "@id");
    }
    return d;
}

bool ld_is(const struct doc *node, const char *type)
{
    const struct doc *types = doc_get(node, "@type");
    if (types != NULL && types->type == DOC_LIST) {
        for (size_t i = 0; i < types->n; i++) {
            const char *one = catalog_text(types->item[i]);
            if (one != NULL && is_name(one, type)) {
                return true;
            }
        }
        return false;
    }
    const char *only = catalog_text(types);
    return only != NULL && is_name(only, type);
}

static void add_nodes(struct arena *a, const struct doc *list, struct ld_nodes *out)
{
    for (size_t i = 0; list != NULL && list->type == DOC_LIST && i < list->n; i++) {
        if (list->item[i]->type == DOC_MAP) {
            ARENA_GROW(a, out->v, out->n, out->cap);
            out->v[out->n++] = list->item[i];
        }
    }
}

void ld_nodes(struct arena *a, const struct doc *root, struct ld_nodes *out)
{
    *out = (struct ld_nodes){.by_id = {.a = a}};
    if (root->type == DOC_MAP) {
        ARENA_GROW(a, out->v, out->n, out->cap);
        out->v[out->n++] = root;
        add_nodes(a, doc_get(root, "@graph"), out);
    } else {
        add_nodes(a, root, out);
    }
    for (size_t i = out->n; i-- > 0;) {
        const struct doc *id = doc_get(out->v[i], "@id");
        if (catalog_text(id) != NULL) {
            (void)table_put(&out->by_id, id->text, &out->v[i]);
        }
    }
}

const struct doc *ld_follow(const struct ld_nodes *l, const struct doc *ref)
{
    const struct doc *id = ref->type == DOC_MAP ? doc_get(ref, "@id") : ref;
    bool is_reference = ref->type != DOC_MAP || (ref->n == 1 && id != NULL);
    if (!is_reference) {
        return ref;
    }
    const struct doc *const *node =
        catalog_text(id) == NULL ? NULL : table_get(&l->by_id, id->text);
    return node == NULL ? NULL : *node;
}
