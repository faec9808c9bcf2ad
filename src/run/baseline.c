/* Baselines: the ledger's sum of objects as a document. */
#include <stdlib.h>
#include <string.h>

#include "doc/canon.h"
#include "run/run.h"

/* The schema that an object counts to, read off its text form: "table kfm_ref.county" -> "kfm_ref"; empty for globals. */
static const char *schema_of(struct arena *a, const char *object)
{
    struct object o;
    if (object_parse(a, object, &o) != 0 || object_kind_global(o.kind)) {
        return "";
    }
    return o.kind == OBJ_SCHEMA ? o.name : o.schema;
}

static bool in_domains(struct arena *a, const struct domains *d, const char *object)
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

/* Digests per schema while the sorted objects are walked. */
struct group {
    struct bytes name;
    struct digester *d;
};

static void digest_line(struct digester *d, const struct baseline_object *o)
{
    digester_field(d, "object", bytes_str(o->object));
    digester_field(d, "fingerprint",
                   bytes_of((const char *)o->fingerprint.b, sizeof o->fingerprint.b));
}

static int group_cmp(const void *x, const void *y)
{
    return bytes_cmp(((const struct group *)x)->name, ((const struct group *)y)->name);
}

static bool is_plain(struct bytes s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < ' ' || s.p[i] > '~' || s.p[i] == '"' || s.p[i] == '\\') {
            return false;
        }
    }
    return true;
}

/* Few names need an escape; canon_write() wants a tree, which would be most of a baseline's cost. */
static void put_text(struct buf *out, struct bytes s)
{
    struct arena a = {0};
    if (is_plain(s)) {
        buf_putc(out, '"');
        buf_add(out, s.p, s.n);
        buf_putc(out, '"');
        return;
    }
    canon_write(out, doc_textn(&a, s));
    arena_release(&a);
}

static void put_digest(struct buf *out, struct bytes key, const struct digest *d, bool first)
{
    char text[DIGEST_TEXT];
    if (!first) {
        buf_putc(out, ',');
    }
    put_text(out, key);
    buf_putc(out, ':');
    put_text(out, bytes_str(digest_text(d, text)));
}

static void write_counts(struct buf *out, const struct baseline_object *v, size_t n)
{
    struct arena a = {0};
    struct doc *counts = doc_new(&a, DOC_MAP);
    int64_t count[OBJ_COUNT] = {0};
    for (size_t i = 0; i < n; i++) {
        const char *space = strchr(v[i].object, ' ');
        enum object_kind k;
        const char *kind =
            arena_strndup(&a, v[i].object, space != NULL ? (size_t)(space - v[i].object) : 0);
        if (object_kind_parse(kind, &k) == 0) {
            count[k]++;
        }
    }
    for (int k = 0; k < OBJ_COUNT; k++) {
        if (count[k] > 0) {
            doc_put(&a, counts, object_kind_text((enum object_kind)k), doc_int(&a, count[k]));
        }
    }
    canon_write(out, counts);
    arena_release(&a);
}

static void write_schemas(struct buf *out, const struct baseline_object *v, size_t n)
{
    struct group *g = mem_alloc((n + 1) * sizeof *g);
    size_t n_groups = 0;
    struct arena a = {0};
    struct arena scratch = {0};
    struct table by_name = {.a = &a};
    (void)ARENA_NEW(&scratch, char); /* so that its block outlives the resets */
    struct arena_mark mark = arena_mark(&scratch);
    for (size_t i = 0; i < n; i++) {
        struct bytes schema = bytes_str(schema_of(&scratch, v[i].object));
        size_t *at = table_get(&by_name, schema);
        if (at == NULL && schema.n > 0) {
            at = ARENA_NEW(&a, size_t);
            *at = n_groups;
            schema.p = arena_strdup(&a, schema.p);
            g[n_groups++] = (struct group){schema, digester_open("kfmig.schema.v1")};
            table_put(&by_name, schema, at);
        }
        if (at != NULL) {
            digest_line(g[*at].d, &v[i]);
        }
        arena_reset(&scratch, mark);
    }
    qsort(g, n_groups, sizeof *g, group_cmp);
    buf_putc(out, '{');
    for (size_t i = 0; i < n_groups; i++) {
        struct digest d = digester_close(g[i].d);
        put_digest(out, g[i].name, &d, i == 0);
    }
    buf_putc(out, '}');
    arena_release(&scratch);
    arena_release(&a);
    free(g);
}

/* Written by hand rather than as a tree: it is made once per migration and may hold many thousand objects. The keys stand in
 * canonical order. */
void baseline_write(struct buf *out, const struct baseline_object *v, size_t n,
                    const struct domains *d, int server_major)
{
    struct arena a = {0};
    struct digester *protected = digester_open("kfmig.protected.v1");
    buf_puts(out, "{\"counts\":");
    write_counts(out, v, n);
    buf_puts(out, ",\"format\":\"kfmig.baseline.v1\",\"objects\":{");
    for (size_t i = 0; i < n; i++) {
        put_digest(out, bytes_str(v[i].object), &v[i].fingerprint, i == 0);
        if (in_domains(&a, d, v[i].object)) {
            digest_line(protected, &v[i]);
        }
    }
    struct digest p = digester_close(protected);
    buf_puts(out, "},");
    put_digest(out, bytes_str("protected"), &p, true);
    buf_puts(out, ",\"schemas\":");
    write_schemas(out, v, n);
    buf_printf(out, ",\"server_major\":%d}", server_major);
    arena_release(&a);
}

struct digest baseline_digest(struct baseline *b, const struct domains *d, int server_major)
{
    if (digest_is_zero(&b->digest)) {
        struct buf text = {0};
        baseline_write(&text, b->v, b->n, d, server_major);
        b->digest = digest_of(buf_bytes(&text));
        buf_release(&text);
    }
    return b->digest;
}

void baseline_of_rows(struct baseline *out, const struct object_rows *rows)
{
    *out = (struct baseline){.v = mem_alloc((rows->n + 1) * sizeof *out->v), .n = rows->n};
    for (size_t i = 0; i < rows->n; i++) {
        out->v[i] = (struct baseline_object){rows->v[i].object, rows->v[i].fingerprint};
    }
}

void baseline_of_catalog(struct baseline *out, const struct catalog *c)
{
    *out = (struct baseline){.v = mem_alloc((c->n + 1) * sizeof *out->v), .n = c->n};
    for (size_t i = 0; i < c->n; i++) {
        out->v[i] = (struct baseline_object){c->v[i]->text, c->v[i]->fingerprint};
    }
}

static const char *changed_text(const struct change *c)
{
    return c->before != NULL ? c->before->text : c->after->text;
}

void baseline_merge(struct baseline *out, const struct baseline *old, const struct change *changes,
                    size_t n_changes)
{
    size_t i = 0;
    *out = (struct baseline){.v = mem_alloc((old->n + n_changes + 1) * sizeof *out->v)};
    for (size_t k = 0; k < n_changes; k++) {
        const struct change *c = &changes[k];
        while (i < old->n && strcmp(old->v[i].object, changed_text(c)) < 0) {
            out->v[out->n++] = old->v[i++];
        }
        if (i < old->n && strcmp(old->v[i].object, changed_text(c)) == 0) {
            i++;
        }
        if (c->after != NULL) {
            out->v[out->n++] = (struct baseline_object){c->after->text, c->after->fingerprint};
        }
    }
    while (i < old->n) {
        out->v[out->n++] = old->v[i++];
    }
}

void baseline_release(struct baseline *b)
{
    free(b->v);
    *b = (struct baseline){0};
}
