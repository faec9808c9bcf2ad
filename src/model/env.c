/* Environments: lists of names, and the names of enum constants. Pure. */
#include "model/env.h"

#include <string.h>

bool names_have(const struct names *l, const char *name)
{
    for (size_t i = 0; i < l->n; i++) {
        if (strcmp(l->v[i], name) == 0) {
            return true;
        }
    }
    return false;
}

bool names_same(const struct names *x, const struct names *y)
{
    bool same = x->n == y->n;
    for (size_t i = 0; i < x->n && same; i++) {
        same = strcmp(x->v[i], y->v[i]) == 0;
    }
    return same;
}

void names_add(struct arena *a, struct names *l, const char *name)
{
    if (!names_have(l, name)) {
        ARENA_GROW(a, l->v, l->n, l->cap);
        l->v[l->n++] = name;
    }
}

struct names names_copy(struct arena *a, const struct names *l)
{
    struct names out = {.n = l->n, .cap = l->n};
    out.v = l->n == 0 ? NULL : ARENA_ARRAY(a, const char *, l->n);
    for (size_t i = 0; i < l->n; i++) {
        out.v[i] = arena_strdup(a, l->v[i]);
    }
    return out;
}

const char *names_text(struct arena *a, const struct names *l)
{
    struct buf text = {0};
    for (size_t i = 0; i < l->n; i++) {
        buf_printf(&text, "%s%s", i > 0 ? ", " : "", l->v[i]);
    }
    const char *out = arena_strdup(a, buf_str(&text));
    buf_release(&text);
    return out;
}

struct doc *names_doc(struct arena *a, const struct names *l)
{
    struct doc *list = doc_new(a, DOC_LIST);
    for (size_t i = 0; i < l->n; i++) {
        doc_push(a, list, doc_text(a, l->v[i]));
    }
    return list;
}

const char *approval_text(enum approval_mode a)
{
    static const char *const names[] = {
        [APPROVAL_NONE] = "none", [APPROVAL_REVIEW] = "review", [APPROVAL_SIGNATURE] = "signature"};
    return names[a];
}

enum approval_mode approval_parse(const char *text)
{
    for (int i = APPROVAL_SIGNATURE; i > APPROVAL_NONE; i--) {
        if (strcmp(approval_text((enum approval_mode)i), text) == 0) {
            return (enum approval_mode)i;
        }
    }
    return APPROVAL_NONE;
}

const char *env_kind_text(enum env_kind k)
{
    static const char *const names[] = {
        [ENV_DEV] = "dev", [ENV_STAGE] = "stage", [ENV_PROD] = "prod"};
    return names[k];
}

const char *durability_text(enum durability d)
{
    return d == DURABILITY_EACH ? "each" : "batch";
}

const char *evidence_text(enum evidence e)
{
    static const char *const names[] = {[EVIDENCE_NONE] = "none",
                                        [EVIDENCE_BUNDLE] = "bundle",
                                        [EVIDENCE_FOLDER] = "folder",
                                        [EVIDENCE_POINTER] = "pointer"};
    return names[e];
}
