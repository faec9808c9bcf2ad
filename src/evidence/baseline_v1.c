/* Baselines as receipts of older versions name them: every object is in the document, and its name is a key,
 * which canon_write() makes %XX of where it is no UTF-8 or U+007F. */
#include <stdlib.h>
#include <string.h>

#include "doc/canon.h"
#include "evidence/baseline.h"

static void put_member(struct buf *out, struct arena *a, const char *key, const struct digest *d,
                       bool is_first)
{
    char text[DIGEST_TEXT];
    buf_puts(out, is_first ? "" : ",");
    canon_write(out, doc_text(a, key));
    buf_printf(out, ":\"%s\"", digest_text(d, text));
}

/* What has no name, the database, was not counted. */
static enum object_kind kind_of(struct arena *a, const char *object)
{
    size_t n = 0;
    enum object_kind k;
    object += object_store(object, &n) != NULL ? n + 1 : 0;
    const char *space = strchr(object, ' ');
    const char *kind = arena_strndup(a, object, space != NULL ? (size_t)(space - object) : 0);
    return object_kind_parse(kind, &k) == 0 ? k : OBJ_COUNT;
}

static void write_counts(struct buf *out, struct arena *a, const struct object_rows *rows)
{
    struct doc *counts = doc_new(a, DOC_MAP);
    int64_t count[OBJ_COUNT + 1] = {0};
    for (size_t i = 0; i < rows->n; i++) {
        count[kind_of(a, rows->v[i].object)]++;
    }
    for (int k = 0; k < OBJ_COUNT; k++) {
        if (count[k] > 0) {
            doc_put(a, counts, object_kind_text((enum object_kind)k), doc_int(a, count[k]));
        }
    }
    canon_write(out, counts);
}

static void add_object(struct digester *d, const struct object_row *row)
{
    digester_field(d, "object", bytes_str(row->object));
    digester_field(d, "fingerprint",
                   bytes_of((const char *)row->fingerprint.b, sizeof row->fingerprint.b));
}

static int by_key(const void *x, const void *y)
{
    return bytes_cmp(((const struct table_row *)x)->key, ((const struct table_row *)y)->key);
}

static void write_schemas(struct buf *out, struct arena *a, const struct object_rows *rows)
{
    struct table by_name = {.a = a};
    for (size_t i = 0; i < rows->n; i++) {
        const char *name = baseline_schema_of(a, rows->v[i].object);
        struct digester *of = table_gets(&by_name, name);
        if (name[0] == '\0') {
            continue;
        }
        if (of == NULL) {
            of = digester_open("kfmig.schema.v1");
            table_puts(&by_name, name, of);
        }
        add_object(of, &rows->v[i]);
    }
    if (by_name.n > 0) {
        qsort(by_name.rows, by_name.n, sizeof *by_name.rows, by_key); /* it is asked no more */
    }
    for (size_t i = 0; i < by_name.n; i++) {
        struct digest d = digester_close(by_name.rows[i].value);
        put_member(out, a, by_name.rows[i].key.p, &d, i == 0);
    }
}

static struct digest protected_of(struct arena *a, const struct object_rows *rows,
                                  const struct domains *d)
{
    struct digester *of = digester_open("kfmig.protected.v1");
    for (size_t i = 0; i < rows->n; i++) {
        if (baseline_in_domains(a, d, rows->v[i].object)) {
            add_object(of, &rows->v[i]);
        }
    }
    return digester_close(of);
}

void baseline_write_v1(struct buf *out, const struct object_rows *rows, const struct domains *d,
                       int server_major)
{
    struct arena a = {0};
    struct digest protected = protected_of(&a, rows, d);
    buf_puts(out, "{\"counts\":");
    write_counts(out, &a, rows);
    buf_printf(out, ",\"format\":\"%s\",\"objects\":{", baseline_format_text(1));
    for (size_t i = 0; i < rows->n; i++) {
        put_member(out, &a, rows->v[i].object, &rows->v[i].fingerprint, i == 0);
    }
    buf_puts(out, "},");
    put_member(out, &a, "protected", &protected, true);
    buf_puts(out, ",\"schemas\":{");
    write_schemas(out, &a, rows);
    buf_printf(out, "},\"server_major\":%d}", server_major);
    arena_release(&a);
}
