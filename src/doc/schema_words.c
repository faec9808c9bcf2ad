/* Words for what a schema finds: names of places and types, hints. Values are shown only where they
 * cannot be a secret: a password pasted into the wrong key must not reach a log by way of an error
 * message. */
#include <stdio.h>
#include <string.h>

#include "doc/schema_node.h"

enum { SHOWN_LIMIT = 32, KNOWN_LIMIT = 24 };

static void add_spot(struct buf *out, const struct spot *at)
{
    if (at->up != NULL) {
        add_spot(out, at->up);
    }
    if (at->key.p != NULL) {
        buf_puts(out, out->n > 0 ? "." : "");
        buf_add(out, at->key.p, text_cut(at->key, 60));
    } else if (at->up != NULL) {
        buf_printf(out, "[%zu]", at->index);
    }
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* "Migration declaration" is the migration declaration; "PostGIS store" is the PostGIS store. */
static const char *titled(struct arena *a, const char *title)
{
    char *words = arena_printf(a, "the %s", strncmp(title, "the ", 4) == 0 ? title + 4 : title);
    size_t n = strcspn(title, " ");
    bool is_word = n > 1;
    for (size_t i = 1; i < n; i++) {
        is_word = is_word && is_lower(title[i]);
    }
    if (is_word && is_upper(words[4])) {
        words[4] = (char)(words[4] - 'A' + 'a');
    }
    return words;
}

static const char *quoted(struct arena *a, const struct spot *at)
{
    struct buf path = {0};
    add_spot(&path, at);
    const char *words = arena_printf(a, "\"%s\"", buf_str(&path));
    buf_release(&path);
    return words;
}

const char *schema_subject(struct arena *a, const struct schema *s, const struct spot *at)
{
    return at->up == NULL ? schema_container(a, s, at) : quoted(a, at);
}

const char *schema_container(struct arena *a, const struct schema *s, const struct spot *at)
{
    if (s->title != NULL) {
        return titled(a, s->title);
    }
    return at->up == NULL ? "the file" : quoted(a, at);
}

const char *schema_types(struct arena *a, unsigned types)
{
    static const char *const words[] = {
        [DOC_NULL] = "null", [DOC_BOOL] = "true or false", [DOC_INT] = "a whole number",
        [DOC_TEXT] = "text", [DOC_LIST] = "a list",        [DOC_MAP] = "a map",
    };
    static const enum doc_type order[] = {DOC_TEXT, DOC_INT, DOC_BOOL, DOC_LIST, DOC_MAP, DOC_NULL};
    const char *out = NULL;
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        if ((types & 1U << order[i]) != 0) {
            out = out == NULL ? words[order[i]] : arena_printf(a, "%s or %s", out, words[order[i]]);
        }
    }
    return out == NULL ? "nothing at all" : out;
}

/* A short word without the punctuation of passwords and connection strings. */
static bool is_harmless(struct bytes s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!is_lower(c) && !is_upper(c) && !(c >= '0' && c <= '9') && c != '_' && c != '-' &&
            c != '.') {
            return false;
        }
    }
    return s.n > 0 && s.n <= SHOWN_LIMIT;
}

const char *schema_found(struct arena *a, const struct doc *d)
{
    switch (d->type) {
    case DOC_NULL:
        return "null";
    case DOC_BOOL:
        return d->flag ? "true" : "false";
    case DOC_INT:
        return arena_printf(a, "the number %lld", (long long)d->number);
    case DOC_TEXT:
        if (d->plain && d->text.n == 0) {
            return "nothing";
        }
        return is_harmless(d->text) ? arena_printf(a, "the text \"%s\"", d->text.p) : "a text";
    case DOC_LIST:
        return "a list";
    case DOC_MAP:
        return "a map";
    }
    return "a value";
}

static bool is_one_of(struct bytes s, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (bytes_eq(s, bytes_str(*words))) {
            return true;
        }
    }
    return false;
}

static const char *empty_hint(unsigned types)
{
    if ((types & TYPES_LIST) != 0) {
        return "write [] for an empty list, or remove the key";
    }
    if ((types & TYPES_MAP) != 0) {
        return "write {} for an empty map, or remove the key";
    }
    return (types & TYPES_TEXT) != 0 ? "write \"\" for an empty text, or remove the key"
                                     : "write a value after the ':'";
}

static bool is_number(struct bytes s)
{
    size_t i = s.n > 0 && s.p[0] == '-';
    size_t first = i;
    while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9') {
        i++;
    }
    return i == s.n && i > first;
}

const char *schema_type_hint(const struct schema *s, const struct doc *d)
{
    static const char *const almost[] = {"yes",  "no",    "on",   "off",   "Yes", "No",
                                         "On",   "Off",   "YES",  "NO",    "ON",  "OFF",
                                         "True", "False", "TRUE", "FALSE", NULL};
    static const char *const exact[] = {"true", "false", NULL};
    unsigned types = s->accepts;
    if (d->type == DOC_TEXT && d->plain && d->text.n == 0) {
        return empty_hint(types);
    }
    if (d->type == DOC_TEXT && (types & TYPES_BOOL) != 0 && is_one_of(d->text, almost)) {
        return "write true or false";
    }
    if (d->type == DOC_TEXT && (types & TYPES_INT) != 0 && is_number(d->text) && d->plain) {
        return "a number may go up to 9007199254740991 (2^53-1)";
    }
    bool is_quoted = d->type == DOC_TEXT && !d->plain;
    if (is_quoted && (((types & TYPES_INT) != 0 && is_number(d->text)) ||
                      ((types & TYPES_BOOL) != 0 && is_one_of(d->text, exact)))) {
        return "remove the quotes";
    }
    if ((types & TYPES_TEXT) != 0 && (d->type == DOC_INT || d->type == DOC_BOOL)) {
        return "put it in double quotes";
    }
    if (types == TYPES_LIST && d->type != DOC_MAP) {
        return "write it as a list: [value]";
    }
    return schema_description(s);
}

const char *schema_description(const struct schema *s)
{
    while (s != NULL && s->description == NULL) {
        s = s->ref;
    }
    return s == NULL ? NULL : s->description;
}

static void add_quoted(struct buf *out, struct bytes s)
{
    buf_printf(out, "%s\"%.*s\"", out->n > 0 ? ", " : "", (int)text_cut(s, 60), s.p);
}

static const char *kept(struct arena *a, const char *start, struct buf *words)
{
    const char *out = arena_printf(a, "%s%s", start, buf_str(words));
    buf_release(words);
    return out;
}

const char *schema_key_hint(struct arena *a, const struct schema *s, const struct doc *map,
                            struct bytes key)
{
    struct buf known = {0};
    const struct table_row *best = NULL;
    for (size_t i = 0; i < s->props.n; i++) {
        const struct table_row *row = &s->props.rows[i];
        if (i < KNOWN_LIMIT) {
            add_quoted(&known, row->key);
        }
        if (!text_is_near(key, row->key) || doc_get(map, row->key.p) != NULL) {
            continue;
        }
        if (best == NULL || text_distance(key, row->key) < text_distance(key, best->key)) {
            best = row;
        }
    }
    if (best != NULL) {
        buf_release(&known);
        return arena_printf(a, "did you mean \"%s\"?", best->key.p);
    }
    return known.n == 0 ? "remove it: no key is allowed here" : kept(a, "known keys: ", &known);
}

static void add_value(struct buf *out, struct arena *a, const struct doc *v)
{
    if (v->type == DOC_TEXT) {
        add_quoted(out, v->text);
    } else {
        buf_printf(out, "%s%s", out->n > 0 ? ", " : "",
                   v->type == DOC_INT ? arena_printf(a, "%lld", (long long)v->number)
                                      : schema_found(a, v));
    }
}

const char *schema_enum_hint(struct arena *a, const struct doc *enums, const struct doc *d)
{
    struct buf known = {0};
    const struct doc *best = NULL;
    for (size_t i = 0; i < enums->n; i++) {
        const struct doc *v = enums->item[i];
        if (i < KNOWN_LIMIT) {
            add_value(&known, a, v);
        }
        bool is_near = d->type == DOC_TEXT && v->type == DOC_TEXT && text_is_near(d->text, v->text);
        if (is_near && (best == NULL ||
                        text_distance(d->text, v->text) < text_distance(d->text, best->text))) {
            best = v;
        }
    }
    const char *start = best == NULL
                            ? "allowed: "
                            : arena_printf(a, "did you mean \"%s\"? allowed: ", best->text.p);
    return kept(a, start, &known);
}
