/* The definitions of what stands in an environment's database. */
#include "site/dump.h"

int site_dump(struct site *s, struct dumped *out, struct err *e)
{
    if (site_look(s, e) != 0) {
        return -1;
    }
    *out = (struct dumped){.environment = s->env->name,
                           .major = s->id.version / 10000,
                           .format = s->catalog.format,
                           .v = ARENA_ARRAY(s->a, struct dumped_object, s->catalog.n + 1)};
    for (size_t i = 0; i < s->catalog.n; i++) {
        const struct catalog_object *o = s->catalog.v[i];
        if (!site_is_usual(&o->object)) {
            out->v[out->n++] = (struct dumped_object){o->text, catalog_lines(s->a, o)};
        }
    }
    return 0;
}
