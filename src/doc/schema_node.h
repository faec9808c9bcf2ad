/* A compiled schema, for doc/schema*.c only. */
#ifndef KFMIG_DOC_SCHEMA_NODE_H
#define KFMIG_DOC_SCHEMA_NODE_H

#include <regex.h>

#include "base/table.h"
#include "doc/schema.h"

/* Sets of types: bit 1 << enum doc_type. */
enum {
    TYPES_NONE = 0,
    TYPES_NULL = 1 << DOC_NULL,
    TYPES_BOOL = 1 << DOC_BOOL,
    TYPES_INT = 1 << DOC_INT,
    TYPES_TEXT = 1 << DOC_TEXT,
    TYPES_LIST = 1 << DOC_LIST,
    TYPES_MAP = 1 << DOC_MAP,
    TYPES_ANY = (1 << (DOC_MAP + 1)) - 1
};

struct schema_list {
    struct schema **v;
    size_t n, cap;
};

/* Keywords of JSON Schema by their names; a NULL pointer: the keyword is absent. */
struct schema {
    const struct doc *at;
    const char *title;
    const char *description;
    bool never; /* the schema "false" */
    bool unique;
    unsigned types;   /* of the keyword type; TYPES_ANY without it */
    unsigned accepts; /* types, less what enum, const and the combined schemas exclude */
    const struct doc *enums;
    const struct doc *constant;
    const struct doc *required;
    const struct doc *dependent;
    struct table props; /* struct schema by key */
    struct schema *additional;
    struct schema *names;
    struct schema *items;
    struct schema_list any_of, one_of, all_of;
    struct schema *refused; /* the keyword "not" */
    struct schema *when, *then, *otherwise;
    struct schema *ref;
    const char *pattern;
    regex_t *regex;
    int64_t min_props, max_props, min_items, max_items, min_length, max_length, minimum, maximum;
    int visit; /* of the search for schemas that lead back to themselves */
};

/* Compile a pattern. The common part of POSIX extended and ECMA-262 only; returns NULL with *fault
 * saying what is wrong. Lives in a. */
regex_t *schema_pattern(struct arena *a, const char *pattern, const char **fault);

/* True if list holds two equal values; *first and *second are their numbers, from 0. */
bool schema_twins(const struct doc *list, size_t *first, size_t *second);

/* Where a value stands: the keys and indexes that lead to it. */
struct spot {
    const struct spot *up; /* NULL: the root */
    struct bytes key;
    size_t index;     /* of a list; key.p is NULL then */
    unsigned allowed; /* types that all schemas met so far accept for the value */
};

/* Words for faults, in a. */
const char *schema_subject(struct arena *a, const struct schema *s,
                           const struct spot *at); /* "scope.names[0]", quoted */
const char *schema_container(struct arena *a, const struct schema *s,
                             const struct spot *at);                       /* the declaration */
const char *schema_types(struct arena *a, unsigned types);                 /* text or a list */
const char *schema_found(struct arena *a, const struct doc *d);            /* text "abc" */
const char *schema_type_hint(const struct schema *s, const struct doc *d); /* or NULL */
const char *schema_description(const struct schema *s); /* also of its $ref; or NULL */
/* did you mean "x"?, or the known keys; map tells which keys are taken. */
const char *schema_key_hint(struct arena *a, const struct schema *s, const struct doc *map,
                            struct bytes key);
const char *schema_enum_hint(struct arena *a, const struct doc *enums, const struct doc *d);

#endif
