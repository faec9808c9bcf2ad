/* One document tree for YAML and JSON.
 * Owns: struct doc and its typed getters. A node knows its place in its file; it does not know what
 * it means.
 * Readers: doc/yaml.h, doc/json.h. Writer: doc/canon.h. Validation: doc/schema.h. */
#ifndef KFMIG_DOC_DOC_H
#define KFMIG_DOC_DOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "base/err.h"

enum doc_type { DOC_NULL, DOC_BOOL, DOC_INT, DOC_TEXT, DOC_LIST, DOC_MAP };

/* YAML scalars that are written plainly (no quotes, no block) are DOC_TEXT with plain = true: what
 * they are (a number, a boolean, text) is decided by the schema that asks, see schema_check(),
 * which retypes them in place.
 * Quoted scalars are text and stay text. JSON scalars are typed by their syntax. */
struct doc {
    enum doc_type type;
    bool plain;
    bool flag;         /* DOC_BOOL */
    int64_t number;    /* DOC_INT */
    struct bytes text; /* DOC_TEXT; UTF-8, NUL-terminated, may not contain NUL */
    /* DOC_LIST: n items. DOC_MAP: n values, key[i] belongs to item[i]; document order. */
    struct doc **item;
    struct doc **key; /* DOC_MAP: DOC_TEXT nodes, with places of their own */
    size_t n, cap;
    int line, col;    /* 1-based, col in bytes */
    const char *path; /* of the file; borrowed from the reader's caller */
};

/* Builders; all memory in a. Text is copied. doc_push() and doc_put() return what they added;
 * doc_put() replaces an equal key. */
struct doc *doc_new(struct arena *a, enum doc_type type);
struct doc *doc_text(struct arena *a, const char *s);
struct doc *doc_textn(struct arena *a, struct bytes s);
/* s as text_safe() has it; null where it is NULL or empty. */
struct doc *doc_safe(struct arena *a, const char *s);
/* Its text; null for zero. */
struct doc *doc_digest(struct arena *a, const struct digest *d);
/* A name from a database, or words that hold one: text_encode()d. The document says so in its member "names":
 * without it, as in what an older kfmig wrote, names stand as they are. */
#define NAMES_ENCODED "%XX"
struct doc *doc_name(struct arena *a, const char *s);
struct doc *doc_int(struct arena *a, int64_t v);
struct doc *doc_bool(struct arena *a, bool v);
struct doc *doc_push(struct arena *a, struct doc *list, struct doc *item);
struct doc *doc_put(struct arena *a, struct doc *map, const char *key, struct doc *v);

/* Getters; NULL, or the default, where map is NULL, no map, or has no such key or type. */
struct doc *doc_get(const struct doc *map, const char *key);
struct doc *doc_find(const struct doc *map, const char *dotted); /* "scope.allowed_schemas" */
const char *doc_str(const struct doc *map, const char *key, const char *otherwise);
int64_t doc_num(const struct doc *map, const char *key, int64_t otherwise);
bool doc_yes(const struct doc *map, const char *key, bool otherwise);
size_t doc_len(const struct doc *d);                   /* 0 for NULL and scalars */
bool doc_eq(const struct doc *a, const struct doc *b); /* same JSON value; places do not count */

/* Add to faults what is wrong (ERR_CONFIG) at the place of at. hint may be NULL. */
void doc_fault(struct err_list *faults, const struct doc *at, const char *hint, const char *fmt,
               ...) PRINTF_LIKE(4, 5);

#endif
