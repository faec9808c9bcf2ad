/* What the members of an artifact's records are called, for who named one that is not there. */
#include <string.h>

#include "data/reader.h"
#include "doc/json.h"

enum { RECORD_LIMIT = 1024 * 1024, NAMES_LIMIT = 400 };

static void add_name(struct buf *out, struct bytes name)
{
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] == '.' || name.p[i] == '\\' || (i == 0 && name.p[i] == '$')) {
            buf_putc(out, '\\');
        }
        buf_putc(out, name.p[i]);
    }
}

/* outer: the object's name, or NULL at the top. False: there is room for no more. */
static bool add_names(struct buf *out, const struct doc *outer, const struct doc *map)
{
    for (size_t i = 0; i < map->n; i++) {
        const struct doc *value = map->item[i];
        bool is_geometry =
            value->type == DOC_MAP && doc_get(value, "type") != NULL &&
            (doc_get(value, "coordinates") != NULL || doc_get(value, "geometries") != NULL);
        if (outer == NULL && value->type == DOC_MAP && value->n > 0 && !is_geometry) {
            if (!add_names(out, map->key[i], value)) {
                return false;
            }
            continue;
        }
        if (out->n > NAMES_LIMIT) {
            buf_puts(out, ", …");
            return false;
        }
        buf_puts(out, out->n > 0 ? ", " : "");
        if (outer != NULL) {
            add_name(out, outer->text);
            buf_putc(out, '.');
        }
        add_name(out, map->key[i]->text);
    }
    return true;
}

void reader_names(enum data_format format, struct source *s, struct buf *out)
{
    const struct wanted_value whole = {.path = NULL};
    const struct geometry_rules none = {0};
    struct arena a = {0};
    struct record record;
    struct err e;
    struct reader *r = reader_open(format, s, &whole, 1, &none);
    if (format != FORMAT_CSV && reader_next(r, &record, &e) > 0 &&
        record.v[0].text.n <= RECORD_LIMIT) {
        const struct doc *d = json_read_reals(&a, record.v[0].text, source_path(s), &e);
        if (d != NULL && d->type == DOC_MAP) {
            (void)add_names(out, NULL, d);
        }
    }
    reader_close(r);
    arena_release(&a);
}
