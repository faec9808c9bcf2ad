/* From scripts to steps. */
#include "model/program.h"

bool touch_changes(const struct touch *t)
{
    return t->effect != EFFECT_READ && t->effect != EFFECT_REFERENCE;
}

static const char *object_of(struct arena *a, const struct touches *l)
{
    for (size_t i = 0; i < l->n; i++) {
        if (touch_changes(&l->v[i])) {
            return object_text(a, &l->v[i].object);
        }
    }
    return "";
}

void program_of(struct arena *a, const struct script *scripts, size_t n, struct program *out)
{
    size_t most = 1;
    for (size_t i = 0; i < n; i++) {
        most += scripts[i].n;
    }
    struct store_step *v = ARENA_ARRAY(a, struct store_step, most);
    struct statement_room room;
    *out = (struct program){v, 0};
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < scripts[i].n; k++) {
            if (script_at(&scripts[i], k, &room)->kind == STATEMENT_PLAIN) {
                const struct statement *st = script_keep(a, &scripts[i], k);
                v[out->n++] = (struct store_step){.verb = st->tag,
                                                  .object = object_of(a, &st->touches),
                                                  .text = st->text,
                                                  .touches = &st->touches,
                                                  .counts_rows = st->counts_rows_before,
                                                  .cascade = st->cascade,
                                                  .script = &scripts[i],
                                                  .statement = st};
            }
        }
    }
}
