/* Object names and their text form.
 * Owns: the table of kinds as text. Pure. */
#include "model/object.h"

#include <string.h>

struct kind_row {
    const char *text;
    bool global;
};

static const struct kind_row kinds[OBJ_COUNT] = {
#define KIND(name, text, global) [OBJ_##name] = {text, global},
    OBJECT_KINDS(KIND)
#undef KIND
};

const char *object_kind_text(enum object_kind k)
{
    return (unsigned)k < OBJ_COUNT ? kinds[k].text : "unknown";
}

bool object_kind_global(enum object_kind k)
{
    return (unsigned)k < OBJ_COUNT ? kinds[k].global : true;
}

int object_kind_parse(const char *text, enum object_kind *out)
{
    for (unsigned k = 0; k < OBJ_COUNT; k++) {
        if (strcmp(kinds[k].text, text) == 0) {
            *out = (enum object_kind)k;
            return 0;
        }
    }
    return -1;
}

static bool needs_quotes(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char c = s[i];
        bool letter = (c >= 'a' && c <= 'z') || c == '_';
        bool digit = (c >= '0' && c <= '9') || c == '$';
        if (!letter && !(digit && i > 0)) {
            return true;
        }
    }
    return n == 0;
}

static void add_name(struct buf *out, const char *s, size_t n)
{
    if (!needs_quotes(s, n)) {
        buf_add(out, s, n);
        return;
    }
    buf_putc(out, '"');
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '"') {
            buf_putc(out, '"');
        }
        buf_putc(out, s[i]);
    }
    buf_putc(out, '"');
}

/* Names of these kinds are no identifiers: an operator's signs, "integer AS text", a number. */
static bool is_phrase(enum object_kind k)
{
    return k == OBJ_OPERATOR || k == OBJ_CAST || k == OBJ_TRANSFORM || k == OBJ_LARGE_OBJECT;
}

static void add_object_name(struct buf *out, const struct object *o)
{
    size_t n = strlen(o->name);
    const char *args = o->kind == OBJ_FUNCTION ? strchr(o->name, '(') : NULL;
    if (is_phrase(o->kind)) {
        buf_add(out, o->name, n);
    } else if (args != NULL) {
        add_name(out, o->name, (size_t)(args - o->name));
        buf_puts(out, args);
    } else {
        add_name(out, o->name, n);
    }
}

const char *object_text(struct arena *a, const struct object *o)
{
    struct buf out = {0};
    if (o->store != NULL) {
        buf_puts(&out, o->store);
        buf_putc(&out, ':');
    }
    buf_puts(&out, object_kind_text(o->kind));
    if (o->schema[0] != '\0' || o->name[0] != '\0') {
        buf_putc(&out, ' ');
    }
    if (o->schema[0] != '\0') {
        add_name(&out, o->schema, strlen(o->schema));
    }
    if (o->schema[0] != '\0' && o->name[0] != '\0') {
        buf_putc(&out, '.');
    }
    if (o->name[0] != '\0') {
        add_object_name(&out, o);
    }
    const char *text = arena_strdup(a, buf_str(&out));
    buf_release(&out);
    return text;
}

static bool same_store(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool object_eq(const struct object *a, const struct object *b)
{
    return a->kind == b->kind && strcmp(a->name, b->name) == 0 &&
           strcmp(a->schema, b->schema) == 0 && same_store(a->store, b->store);
}

/* No word for a kind has a ':' in it. */
const char *object_store(const char *text, size_t *n)
{
    *n = strcspn(text, ": ");
    return text[*n] == ':' ? text : NULL;
}

/* Reads one name, quoted or plain, up to stop or the end; returns where it ended. */
static const char *read_name(struct arena *a, const char *p, const char **out)
{
    struct buf name = {0};
    if (*p == '"') {
        for (p++; *p != '\0' && (*p != '"' || p[1] == '"'); p++) {
            buf_putc(&name, *p);
            p += *p == '"';
        }
        p += *p == '"';
    } else {
        size_t n = strcspn(p, ".(");
        buf_add(&name, p, n);
        p += n;
    }
    *out = arena_strdup(a, buf_str(&name));
    buf_release(&name);
    return p;
}

int object_parse(struct arena *a, const char *text, struct object *out)
{
    size_t n_store = 0;
    const char *store = object_store(text, &n_store);
    text += store != NULL ? n_store + 1 : 0;
    const char *space = strchr(text, ' ');
    const char *kind = space == NULL ? text : arena_strndup(a, text, (size_t)(space - text));
    *out = (struct object){
        .schema = "", .name = "", .store = store != NULL ? arena_strndup(a, store, n_store) : NULL};
    if (object_kind_parse(kind, &out->kind) != 0) {
        return -1;
    }
    if (space == NULL) {
        return 0;
    }
    const char *p = space + 1;
    if (is_phrase(out->kind) && out->kind != OBJ_OPERATOR) {
        out->name = arena_strdup(a, p);
        return 0;
    }
    const char *end = read_name(a, p, &out->name);
    if (*end == '.') {
        out->schema = out->name;
        p = end + 1;
        end = read_name(a, p, &out->name);
    }
    if (out->kind == OBJ_OPERATOR) {
        out->name = arena_strdup(a, p);
    } else if (*end != '\0') {
        out->name = arena_printf(a, "%s%s", out->name, end);
    }
    return 0;
}
