/* The flat migrations of one folder, held to each other. */
#include "load/flats.h"

#include <string.h>

/* A number twice: which of the two runs first, nobody said. */
static void check_numbers(struct project *p, const struct flats *f, struct table *ids)
{
    struct table seen = {.a = ids->a};
    for (size_t i = f->first; i < f->first + f->n; i++) {
        const struct bundle *b = &p->bundle[i];
        if (b->layout == LAYOUT_ALEMBIC) {
            (void)table_puts(ids, b->id, &p->bundle[i]);
        }
        if (b->file == NULL || bundle_is_repeatable(b) || b->layout == LAYOUT_ALEMBIC) {
            continue;
        }
        struct bytes key = bytes_of((const char *)&b->number, sizeof b->number);
        const struct bundle *first = table_get(&seen, key);
        (void)table_puts(ids, b->id, &p->bundle[i]);
        if (first == NULL) {
            (void)table_put(&seen, key, &p->bundle[i]);
            continue;
        }
        err_list_addf(&p->faults, ERR_CONFIG, b->file, 0, 0,
                      "give the one that is not applied yet the next free number",
                      "the number %llu is used twice: here and in %s",
                      (unsigned long long)b->number, first->file);
    }
}

static void check_downs(struct project *p, const struct flats *f, const struct table *ids)
{
    for (size_t i = 0; i < f->n_down; i++) {
        const struct down *d = &f->down[i];
        const char *at = arena_printf(ids->a, "%s/%s", f->path, d->path);
        const struct bundle *b = table_gets(ids, d->id);
        const char *down = b != NULL ? layout_down(ids->a, b->layout, b->id) : "";
        if (b == NULL) {
            err_list_addf(&p->faults, ERR_CONFIG, at, 0, 0, "add what it undoes, or remove it",
                          "it undoes a migration %s, which is not here", d->id);
        } else if (strcmp(down, d->path) != 0) {
            err_list_addf(&p->faults, ERR_CONFIG, at, 0, 0,
                          arena_printf(p->a, "call it %s/%s", f->path, down),
                          "what undoes %s stands elsewhere in its layout", b->file);
        }
    }
}

void flats_check(struct project *p, const struct flats *f)
{
    struct arena a = {0};
    struct table ids = {.a = &a};
    check_numbers(p, f, &ids);
    check_downs(p, f, &ids);
    arena_release(&a);
}
