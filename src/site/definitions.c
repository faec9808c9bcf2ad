/* What was changed since repeatable definitions were built. */
#include "site/definitions.h"

#include <string.h>

#include "model/definition.h"

/* From which entry on something may be new to one of them; -1: to none. */
static int64_t find_first(const struct site *s)
{
    int64_t first = -1;
    for (size_t i = 0; i < s->project->n_bundle; i++) {
        const struct bundle *b = &s->project->bundle[i];
        const struct history *h = b->definition != NULL ? past_get(&s->past, b->id) : NULL;
        if (h != NULL && h->applied != NULL && (first < 0 || h->applied->sequence < first)) {
            first = h->applied->sequence;
        }
    }
    return first;
}

/* What it changed is a definition's doing, and no change below another. */
static bool is_of_definition(const struct entry *en)
{
    return en->kind == ENTRY_DEFINE || en->kind == ENTRY_PRUNE;
}

/* Another definition's entry counts for what it makes, and not for a table that it has a trigger or a policy
 * on: two of them on one table would else wake each other for ever. */
static const struct bundle *maker_of(const struct site *s, const struct entry *en)
{
    return is_of_definition(en) ? table_gets(&s->project->by_id, en->subject) : NULL;
}

/* Does b, built before en, stand on what en's definition makes? */
static bool is_older(const struct site *s, const struct bundle *b, const struct bundle *maker,
                     const struct entry *en)
{
    const struct history *h = b->definition != NULL ? past_get(&s->past, b->id) : NULL;
    return h != NULL && h->applied != NULL && h->applied->sequence < en->sequence &&
           definition_needs(b->definition, maker->definition);
}

static bool concerns(const struct site *s, const struct entry *en)
{
    const struct bundle *maker = maker_of(s, en);
    if (strcmp(en->result, "success") != 0 || entry_kind_objects(en->kind) == OBJECTS_NONE) {
        return false;
    }
    for (size_t i = 0; maker != NULL && maker->definition != NULL && i < s->project->n_bundle;
         i++) {
        if (is_older(s, &s->project->bundle[i], maker, en)) {
            return true;
        }
    }
    return !is_of_definition(en);
}

static bool must_ask(const struct site *s, int64_t first)
{
    for (size_t i = s->entries.n; i-- > 0 && s->entries.v[i].sequence > first;) {
        if (concerns(s, &s->entries.v[i])) {
            return true;
        }
    }
    return false;
}

static const struct entry *entry_at(const struct site *s, int64_t sequence)
{
    size_t at = sequence > 0 ? (size_t)sequence - 1 : s->entries.n;
    return at < s->entries.n && s->entries.v[at].sequence == sequence ? &s->entries.v[at] : NULL;
}

static void add_row(struct site *s, const struct object_row *row)
{
    struct object o;
    const struct entry *en = entry_at(s, row->sequence);
    if (en == NULL || object_parse(s->a, row->object, &o) != 0) {
        return;
    }
    const char *name = definition_name(s->a, &o);
    const struct bundle *maker = maker_of(s, en);
    bool counts = !is_of_definition(en) || (maker != NULL && maker->definition != NULL &&
                                            definition_has(&maker->definition->makes, name));
    if (counts) {
        struct rewritten *x = ARENA_NEW(s->a, struct rewritten);
        *x = (struct rewritten){en->sequence, en->subject};
        (void)table_puts(&s->world.written, name, x);
    }
}

int definitions_look(struct site *s, struct err *e)
{
    struct object_rows rows;
    int64_t first = s->pg != NULL && s->id.has_ledger ? find_first(s) : -1;
    s->world.written = (struct table){.a = s->a};
    if (first < 0 || !must_ask(s, first)) {
        return 0;
    }
    if (ledger_changes(s->pg, first, s->id.size, s->a, &rows, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < rows.n; i++) {
        add_row(s, &rows.v[i]);
    }
    return 0;
}
