/* Baselines: the ledger's sum of objects, kept, and as a document. */
#include "evidence/baseline.h"

#include <stdlib.h>
#include <string.h>

#include "doc/canon.h"

struct baseline_schema {
    const char *name; /* as documents have it */
    struct object_set objects;
};

/* member.fingerprint zero: it is not there (any more). */
struct baseline_object {
    struct set_member member;
    const char *object;
    enum object_kind kind;
    bool is_protected;
    struct baseline_schema *schema; /* NULL: of none */
};

struct baseline_was {
    struct baseline_object *object;
    struct digest fingerprint;
};

static const char *const formats[] = {NULL, "kfmig.baseline.v1", "kfmig.baseline.v2"};

const char *baseline_format_text(int format)
{
    return formats[format];
}

int baseline_format_parse(const char *text)
{
    for (int i = 1; i <= BASELINE_FORMAT; i++) {
        if (strcmp(formats[i], text) == 0) {
            return i;
        }
    }
    return 0;
}

/* --- what is known of an object by its text --------------------------------------------------------- */

const char *baseline_schema_of(struct arena *a, const char *object)
{
    struct object o;
    if (object_parse(a, object, &o) != 0 || object_kind_global(o.kind)) {
        return "";
    }
    return o.kind == OBJ_SCHEMA ? o.name : o.schema;
}

bool baseline_in_domains(struct arena *a, const struct domains *d, const char *object)
{
    struct object o;
    if (d->schemas.n + d->tables.n + d->roles.n == 0 || object_parse(a, object, &o) != 0) {
        return false;
    }
    if (o.kind == OBJ_ROLE) {
        return names_have(&d->roles, o.name);
    }
    if (names_have(&d->schemas, o.kind == OBJ_SCHEMA ? o.name : o.schema)) {
        return true;
    }
    return o.kind == OBJ_TABLE &&
           (names_have(&d->tables, o.name) ||
            names_have(&d->tables, arena_printf(a, "%s.%s", o.schema, o.name)));
}

/* --- the sum ---------------------------------------------------------------------------------------- */

/* As documents have it; the name itself where that is the same. */
static const char *encoded(struct arena *a, const char *name)
{
    struct buf text = {0};
    text_encode(&text, bytes_str(name));
    const char *out = strcmp(buf_str(&text), name) == 0 ? name : arena_strdup(a, buf_str(&text));
    buf_release(&text);
    return out;
}

static struct baseline_schema *schema_at(struct baseline *b, const char *name)
{
    struct baseline_schema *s = table_gets(&b->by_schema, name);
    if (s != NULL || name[0] == '\0') {
        return s;
    }
    s = ARENA_NEW(&b->a, struct baseline_schema);
    name = arena_strdup(&b->a, name);
    *s = (struct baseline_schema){.name = encoded(&b->a, name), .objects = {.a = &b->a}};
    table_puts(&b->by_schema, name, s);
    ARENA_GROW(&b->a, b->schema, b->n_schema, b->cap_schema);
    size_t at = b->n_schema++;
    for (; at > 0 && strcmp(b->schema[at - 1]->name, s->name) > 0; at--) {
        b->schema[at] = b->schema[at - 1];
    }
    b->schema[at] = s;
    return s;
}

static struct baseline_object *object_at(struct baseline *b, const char *object)
{
    struct baseline_object *o = table_gets(&b->by_object, object);
    struct arena a = {0};
    struct object parsed;
    if (o != NULL) {
        return o;
    }
    o = ARENA_NEW(&b->a, struct baseline_object);
    o->object = arena_strdup(&b->a, object);
    o->kind = object_parse(&a, object, &parsed) == 0 ? parsed.kind : OBJ_COUNT;
    o->is_protected = baseline_in_domains(&a, b->domains, object);
    o->schema = schema_at(b, baseline_schema_of(&a, object));
    o->member.name = encoded(&b->a, o->object);
    o->member.bucket = object_set_bucket(o->member.name);
    table_puts(&b->by_object, o->object, o);
    arena_release(&a);
    return o;
}

/* Every set that o is in, or would be. */
static size_t sets_of(struct baseline *b, const struct baseline_object *o, struct object_set *v[3])
{
    size_t n = 0;
    v[n++] = &b->all;
    if (o->is_protected) {
        v[n++] = &b->is_protected;
    }
    if (o->schema != NULL) {
        v[n++] = &o->schema->objects;
    }
    return n;
}

static void set(struct baseline *b, struct baseline_object *o, const struct digest *fingerprint)
{
    struct object_set *v[3];
    bool was_there = !digest_is_zero(&o->member.fingerprint);
    bool is_there = !digest_is_zero(fingerprint);
    size_t n = was_there || is_there ? sets_of(b, o, v) : 0;
    o->member.fingerprint = *fingerprint;
    for (size_t i = 0; i < n; i++) {
        if (!was_there) {
            object_set_put(v[i], &o->member);
        } else if (!is_there) {
            object_set_take(v[i], &o->member);
        } else {
            object_set_changed(v[i], &o->member);
        }
    }
    if (o->kind != OBJ_COUNT) {
        b->count[o->kind] += is_there - was_there;
    }
    b->digest = (struct digest){{0}};
}

void baseline_lay(struct baseline *b, const struct object_row *changes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct baseline_object *o = object_at(b, changes[i].object);
        if (!digest_eq(&o->member.fingerprint, &changes[i].fingerprint)) {
            ARENA_GROW(&b->a, b->was, b->n_was, b->cap_was);
            b->was[b->n_was++] = (struct baseline_was){o, o->member.fingerprint};
            set(b, o, &changes[i].fingerprint);
        }
    }
}

void baseline_keep(struct baseline *b)
{
    b->n_was = 0;
}

void baseline_undo(struct baseline *b)
{
    while (b->n_was > 0) {
        const struct baseline_was *was = &b->was[--b->n_was];
        set(b, was->object, &was->fingerprint);
    }
}

void baseline_begin(struct baseline *out, const struct object_rows *rows,
                    const struct domains *domains, int server_major)
{
    *out = (struct baseline){.domains = domains, .server_major = server_major};
    out->by_object.a = &out->a;
    out->by_schema.a = &out->a;
    out->all.a = &out->a;
    out->is_protected.a = &out->a;
    for (size_t i = 0; i < rows->n; i++) {
        set(out, object_at(out, rows->v[i].object), &rows->v[i].fingerprint);
    }
}

void baseline_release(struct baseline *b)
{
    arena_release(&b->a);
    *b = (struct baseline){0};
}

static int by_object(const void *x, const void *y)
{
    return strcmp(((const struct object_row *)x)->object, ((const struct object_row *)y)->object);
}

void baseline_rows(const struct baseline *b, struct arena *a, struct object_rows *out)
{
    *out = (struct object_rows){.v = ARENA_ARRAY(a, struct object_row, b->all.n + 1)};
    for (size_t i = 0; i < b->by_object.n; i++) {
        const struct baseline_object *o = b->by_object.rows[i].value;
        if (!digest_is_zero(&o->member.fingerprint)) {
            out->v[out->n++] =
                (struct object_row){.object = o->object, .fingerprint = o->member.fingerprint};
        }
    }
    qsort(out->v, out->n, sizeof *out->v, by_object);
}

/* --- the document ----------------------------------------------------------------------------------- */

static struct doc *digest_doc(struct arena *a, const struct digest *d)
{
    char text[DIGEST_TEXT];
    return doc_text(a, digest_text(d, text));
}

static struct doc *set_doc(struct arena *a, struct object_set *s)
{
    struct digest d = object_set_digest(s);
    return digest_doc(a, &d);
}

static struct doc *counts_doc(struct arena *a, const struct baseline *b)
{
    struct doc *d = doc_new(a, DOC_MAP);
    for (int k = 0; k < OBJ_COUNT; k++) {
        if (b->count[k] > 0) {
            doc_put(a, d, object_kind_text((enum object_kind)k), doc_int(a, b->count[k]));
        }
    }
    return d;
}

static struct doc *schemas_doc(struct arena *a, const struct baseline *b)
{
    struct doc *list = doc_new(a, DOC_LIST);
    for (size_t i = 0; i < b->n_schema; i++) {
        struct baseline_schema *s = b->schema[i];
        if (s->objects.n > 0) {
            struct doc *d = doc_push(a, list, doc_new(a, DOC_MAP));
            doc_put(a, d, "schema", doc_text(a, s->name));
            doc_put(a, d, "objects", set_doc(a, &s->objects));
        }
    }
    return list;
}

void baseline_write(struct buf *out, struct baseline *b)
{
    struct arena a = {0};
    struct doc *d = doc_new(&a, DOC_MAP);
    doc_put(&a, d, "format", doc_text(&a, baseline_format_text(BASELINE_FORMAT)));
    doc_put(&a, d, "names", doc_text(&a, NAMES_ENCODED));
    doc_put(&a, d, "server_major", doc_int(&a, b->server_major));
    doc_put(&a, d, "counts", counts_doc(&a, b));
    doc_put(&a, d, "objects", set_doc(&a, &b->all));
    doc_put(&a, d, "protected", set_doc(&a, &b->is_protected));
    doc_put(&a, d, "schemas", schemas_doc(&a, b));
    canon_write(out, d);
    arena_release(&a);
}

struct digest baseline_digest(struct baseline *b)
{
    if (digest_is_zero(&b->digest)) {
        struct buf text = {0};
        baseline_write(&text, b);
        b->digest = digest_of(buf_bytes(&text));
        buf_release(&text);
    }
    return b->digest;
}

void baseline_lines(struct buf *out, const struct baseline *b)
{
    object_set_lines(out, &b->all);
}
