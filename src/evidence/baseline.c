/* Baselines: the ledger's sum of objects as a document. */
#include "evidence/baseline.h"

#include <stdlib.h>
#include <string.h>

#include "doc/canon.h"
#include "doc/json.h"

/* The schema that an object counts to, read off its text form: "table kfm_ref.county" -> "kfm_ref"; empty
 * for globals. */
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

/* A baseline is written after every migration, and few of its objects are new: what each adds is kept.
 * frame: for digests of several objects; line: its member of "objects". */
struct baseline_text {
    enum object_kind kind; /* OBJ_COUNT: none that is counted */
    const char *schema;    /* "" for globals */
    bool is_protected;
    struct bytes line, frame;
};

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

/* Few names need an escape; canon_write() wants a tree, which would be most of a baseline's cost. What it
 * cannot say of a name it writes as %XX. */
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

static enum object_kind kind_of(struct arena *a, const char *object)
{
    size_t n = 0;
    enum object_kind k;
    object += object_store(object, &n) != NULL ? n + 1 : 0;
    const char *space = strchr(object, ' ');
    const char *kind = arena_strndup(a, object, space != NULL ? (size_t)(space - object) : 0);
    return object_kind_parse(kind, &k) == 0 ? k : OBJ_COUNT;
}

static const struct baseline_text *render(struct arena *a, const struct domains *d,
                                          const struct baseline_object *o)
{
    struct buf line = {0};
    struct buf frame = {0};
    struct baseline_text *t = ARENA_NEW(a, struct baseline_text);
    put_digest(&line, bytes_str(o->object), &o->fingerprint, true);
    digester_frame(&frame, "object", bytes_str(o->object));
    digester_frame(&frame, "fingerprint",
                   bytes_of((const char *)o->fingerprint.b, sizeof o->fingerprint.b));
    *t = (struct baseline_text){.kind = kind_of(a, o->object),
                                .schema = schema_of(a, o->object),
                                .is_protected = in_domains(a, d, o->object),
                                .line = bytes_of(arena_dup(a, line.p, line.n), line.n),
                                .frame = bytes_of(arena_dup(a, frame.p, frame.n), frame.n)};
    buf_release(&line);
    buf_release(&frame);
    return t;
}

static void write_counts(struct buf *out, const struct baseline *b)
{
    struct arena a = {0};
    struct doc *counts = doc_new(&a, DOC_MAP);
    int64_t count[OBJ_COUNT + 1] = {0};
    for (size_t i = 0; i < b->n; i++) {
        count[b->v[i].text->kind]++;
    }
    for (int k = 0; k < OBJ_COUNT; k++) {
        if (count[k] > 0) {
            doc_put(&a, counts, object_kind_text((enum object_kind)k), doc_int(&a, count[k]));
        }
    }
    canon_write(out, counts);
    arena_release(&a);
}

/* Neighbours mostly are of one schema. */
static struct group *group_at(struct arena *a, struct table *by_name, const char *name)
{
    struct bytes key = bytes_str(name);
    struct group *g = table_get(by_name, key);
    if (g == NULL) {
        g = ARENA_NEW(a, struct group);
        *g = (struct group){key, digester_open("kfmig.schema.v1")};
        (void)table_put(by_name, key, g);
    }
    return g;
}

static void write_schemas(struct buf *out, const struct baseline *b)
{
    struct arena a = {0};
    struct table by_name = {.a = &a};
    struct group *g = NULL;
    for (size_t i = 0; i < b->n; i++) {
        const struct baseline_text *t = b->v[i].text;
        if (t->schema[0] == '\0') {
            continue;
        }
        if (g == NULL || strcmp(g->name.p, t->schema) != 0) {
            g = group_at(&a, &by_name, t->schema);
        }
        digester_raw(g->d, t->frame);
    }
    struct group *v = ARENA_ARRAY(&a, struct group, by_name.n + 1);
    for (size_t i = 0; i < by_name.n; i++) {
        v[i] = *(struct group *)by_name.rows[i].value;
    }
    qsort(v, by_name.n, sizeof *v, group_cmp);
    buf_putc(out, '{');
    for (size_t i = 0; i < by_name.n; i++) {
        struct digest d = digester_close(v[i].d);
        put_digest(out, v[i].name, &d, i == 0);
    }
    buf_putc(out, '}');
    arena_release(&a);
}

static void write_objects(struct buf *out, const struct baseline *b)
{
    struct digester *protected = digester_open("kfmig.protected.v1");
    for (size_t i = 0; i < b->n; i++) {
        const struct baseline_text *t = b->v[i].text;
        if (i > 0) {
            buf_putc(out, ',');
        }
        buf_add(out, t->line.p, t->line.n);
        if (t->is_protected) {
            digester_raw(protected, t->frame);
        }
    }
    struct digest p = digester_close(protected);
    buf_puts(out, "},");
    put_digest(out, bytes_str("protected"), &p, true);
}

/* Written by hand rather than as a tree: it is made once per migration and may hold many thousand objects.
 * The keys stand in canonical order. */
void baseline_write(struct buf *out, struct baseline *b, const struct domains *d, int server_major)
{
    for (size_t i = 0; i < b->n; i++) {
        if (b->v[i].text == NULL) {
            b->v[i].text = render(b->a, d, &b->v[i]);
        }
    }
    buf_puts(out, "{\"counts\":");
    write_counts(out, b);
    buf_puts(out, ",\"format\":\"kfmig.baseline.v1\",\"objects\":{");
    write_objects(out, b);
    buf_puts(out, ",\"schemas\":");
    write_schemas(out, b);
    buf_printf(out, ",\"server_major\":%d}", server_major);
}

struct digest baseline_digest(struct baseline *b, const struct domains *d, int server_major)
{
    if (digest_is_zero(&b->digest)) {
        struct buf text = {0};
        baseline_write(&text, b, d, server_major);
        b->digest = digest_of(buf_bytes(&text));
        buf_release(&text);
    }
    return b->digest;
}

void baseline_of_rows(struct baseline *out, struct arena *a, const struct object_rows *rows)
{
    *out = (struct baseline){.a = a, .v = mem_alloc((rows->n + 1) * sizeof *out->v), .n = rows->n};
    for (size_t i = 0; i < rows->n; i++) {
        out->v[i] = (struct baseline_object){rows->v[i].object, rows->v[i].fingerprint, NULL};
    }
}

void baseline_merge(struct baseline *out, const struct baseline *old,
                    const struct object_row *changes, size_t n_changes)
{
    size_t i = 0;
    *out =
        (struct baseline){.a = old->a, .v = mem_alloc((old->n + n_changes + 1) * sizeof *out->v)};
    for (size_t k = 0; k < n_changes; k++) {
        const struct object_row *c = &changes[k];
        while (i < old->n && strcmp(old->v[i].object, c->object) < 0) {
            out->v[out->n++] = old->v[i++];
        }
        if (i < old->n && strcmp(old->v[i].object, c->object) == 0) {
            i++;
        }
        if (!digest_is_zero(&c->fingerprint)) {
            out->v[out->n++] = (struct baseline_object){c->object, c->fingerprint, NULL};
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

int baseline_read(struct arena *a, struct bytes text, const char *path, struct object_rows *out,
                  int *server_major, struct err *e)
{
    const struct doc *d = json_read(a, text, path, e);
    *out = (struct object_rows){0};
    if (d == NULL) {
        return -1;
    }
    const struct doc *objects = doc_get(d, "objects");
    if (strcmp(doc_str(d, "format", ""), "kfmig.baseline.v1") != 0 || objects == NULL ||
        objects->type != DOC_MAP) {
        return err_at(e, ERR_INTEGRITY, path, 0, 0, "not a baseline");
    }
    *server_major = (int)doc_num(d, "server_major", 0);
    out->v = ARENA_ARRAY(a, struct object_row, objects->n + 1);
    for (; out->n < objects->n; out->n++) {
        struct object_row *row = &out->v[out->n];
        const struct doc *digest = objects->item[out->n];
        *row = (struct object_row){.object = objects->key[out->n]->text.p};
        if (digest->type != DOC_TEXT || digest_parse(digest->text.p, &row->fingerprint) != 0) {
            return err_at(e, ERR_INTEGRITY, path, 0, 0, "object \"%s\" has no fingerprint",
                          row->object);
        }
        if (out->n > 0 && strcmp(row[-1].object, row->object) >= 0) {
            return err_at(e, ERR_INTEGRITY, path, 0, 0, "object \"%s\" is out of order",
                          row->object);
        }
    }
    return 0;
}
