/* How things that a transaction reached lead to each other. */
#include <string.h>

#include "store/postgis/observer.h"
#include "store/postgis/queries.h"

enum {
    COL_KIND,
    COL_SCHEMA,
    COL_NAME,
    COL_TO_KIND,
    COL_TO_SCHEMA,
    COL_TO_NAME,
    COL_BY,
    COL_IS_WRITTEN
};

/* More would only be read about a schema that was dropped whole. */
enum { NAMES_MAX = 400 };

static struct object object_at(struct arena *a, const struct pg_rows *r, size_t i, int col)
{
    struct object o = {.schema = arena_strdup(a, pg_text(r, i, col + 1)),
                       .name = arena_strdup(a, pg_text(r, i, col + 2))};
    if (object_kind_parse(pg_text(r, i, col), &o.kind) != 0) {
        o.kind = OBJ_UNKNOWN;
    }
    return o;
}

static void take(struct arena *a, const struct pg_rows *r, struct ways *out)
{
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        const char *by = pg_null(r, i, COL_BY) ? "" : arena_strdup(a, pg_text(r, i, COL_BY));
        ARENA_GROW(a, out->v, out->n, out->cap);
        out->v[out->n++] =
            (struct way){object_at(a, r, i, COL_KIND), object_at(a, r, i, COL_TO_KIND), by,
                         pg_bool(r, i, COL_IS_WRITTEN)};
    }
}

int observer_ways(struct observer *o, struct ways *out, struct err *e)
{
    const struct touches *t = &o->out->touches;
    const char **schemas = ARENA_ARRAY(o->a, const char *, NAMES_MAX);
    const char **names = ARENA_ARRAY(o->a, const char *, NAMES_MAX);
    struct pg_rows *r = NULL;
    size_t n = 0;
    for (size_t i = 0; i < t->n && n < NAMES_MAX; i++) {
        const struct object *c = &t->v[i].object;
        if (c->name[0] != '\0') {
            schemas[n] = c->schema;
            names[n++] = c->kind == OBJ_FUNCTION
                             ? arena_strndup(o->a, c->name, strcspn(c->name, "("))
                             : c->name;
        }
    }
    const char *params[2] = {pg_array(o->a, schemas, n), pg_array(o->a, names, n)};
    pins_undo(o->s, PINS_SAVEPOINT);
    pins_add(o->s, PINS_SAVEPOINT, true);
    pg_batch_add(o->s, &postgis_observe_ways, params, 2, &r);
    if (pg_batch_run(o->s, NULL, e) != 0) {
        return -1;
    }
    take(o->a, r, out);
    pg_rows_free(r);
    return 0;
}
