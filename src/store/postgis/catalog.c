/* Full reads, and carrying a catalog forward. */
#include "store/postgis/catalog.h"

#include <string.h>

#include "store/postgis/definitions.h"
#include "store/postgis/queries.h"

enum { VERSION_15 = 150000 };

int catalog_read(struct pg *s, struct arena *a, struct catalog *out, struct err *e)
{
    struct wanted w = {.all = true};
    enum pins p = pins_for(s);
    pins_add(s, p, true);
    if (pg_server_version(s) >= VERSION_15) {
        pg_batch_add(s, &postgis_observe_flush, NULL, 0, NULL);
    }
    struct definitions *d = definitions_add(a, s, &w);
    pins_undo(s, p);
    if (pins_run(s, p, e) != 0) {
        return -1;
    }
    definitions_take(d, out);
    return 0;
}

/* A copy in the base's memory: observations do not live as long. */
static struct catalog_object *keep(struct arena *a, const struct catalog_object *o)
{
    struct catalog_object *k = arena_dup(a, o, sizeof *o);
    k->object.schema = arena_strdup(a, o->object.schema);
    k->object.name = arena_strdup(a, o->object.name);
    k->text = arena_strdup(a, o->text);
    k->parts = ARENA_ARRAY(a, struct catalog_part, o->n_parts + 1);
    for (size_t i = 0; i < o->n_parts; i++) {
        k->parts[i] = o->parts[i];
    }
    k->facets = ARENA_ARRAY(a, struct facet, o->n_facets + 1);
    for (size_t i = 0; i < o->n_facets; i++) {
        k->facets[i].name = arena_strdup(a, o->facets[i].name);
        k->facets[i].value = arena_strdup(a, o->facets[i].value);
    }
    return k;
}

static const char *text_of(const struct change *c)
{
    return c->before != NULL ? c->before->text : c->after->text;
}

/* Both lists are sorted by text. */
static void merge(struct catalog *base, const struct observation *o)
{
    struct catalog_object **old = base->v;
    size_t n_old = base->n;
    size_t i = 0;
    size_t k = 0;
    base->cap = n_old + o->n_changes + 1;
    base->v = ARENA_ARRAY(base->a, struct catalog_object *, base->cap);
    base->n = 0;
    while (i < n_old || k < o->n_changes) {
        int c = i == n_old          ? 1
                : k == o->n_changes ? -1
                                    : strcmp(old[i]->text, text_of(&o->changes[k]));
        if (c < 0) {
            base->v[base->n++] = old[i++];
            continue;
        }
        if (o->changes[k].after != NULL) {
            base->v[base->n++] = table_gets(&base->by_text, o->changes[k].after->text);
        }
        i += c == 0 ? 1 : 0;
        k++;
    }
}

void catalog_advance(struct catalog *base, const struct observation *o)
{
    for (size_t i = 0; i < o->n_stored; i++) {
        struct catalog_object *known = catalog_at(base, o->stored[i]->classid, o->stored[i]->objid);
        if (known != NULL) {
            known->filenode = o->stored[i]->filenode;
        }
    }
    if (o->n_changes == 0) {
        return;
    }
    for (size_t i = 0; i < o->n_changes; i++) {
        const struct catalog_object *was = table_gets(&base->by_text, text_of(&o->changes[i]));
        if (was != NULL) {
            catalog_forget(base, was);
        }
    }
    for (size_t i = 0; i < o->n_changes; i++) {
        if (o->changes[i].after != NULL) {
            catalog_index(base, keep(base->a, o->changes[i].after));
        }
    }
    merge(base, o);
}

void catalog_leave_out(struct catalog *c, const char *schema)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++) {
        struct catalog_object *o = c->v[i];
        bool is_there = strcmp(o->object.schema, schema) == 0 ||
                        (o->object.kind == OBJ_SCHEMA && strcmp(o->object.name, schema) == 0);
        if (is_there) {
            catalog_forget(c, o);
        } else {
            c->v[n++] = o;
        }
    }
    c->n = n;
}

int catalog_witness(struct pg *s, struct arena *a, const char **out, struct err *e)
{
    struct pg_rows *sums = NULL;
    struct pg_rows *newer = NULL;
    enum pins p = pins_for(s);
    pins_add(s, p, true);
    pg_batch_add(s, &postgis_witness, NULL, 0, &sums);
    if (pg_server_version(s) >= VERSION_15) {
        pg_batch_add(s, &postgis_witness_since_15, NULL, 0, &newer);
    }
    pins_undo(s, p);
    if (pins_run(s, p, e) != 0) {
        return -1;
    }
    *out = arena_printf(a, "%s%s%s", pg_text(sums, 0, 0), newer != NULL ? " " : "",
                        newer != NULL ? pg_text(newer, 0, 0) : "");
    pg_rows_free(sums);
    pg_rows_free(newer);
    return 0;
}
