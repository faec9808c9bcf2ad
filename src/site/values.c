/* The values that texts are filled with. */
#include "site/values.h"

#include "model/definition.h"
#include "model/variables.h"
#include "script/language.h"

/* What a definition's text makes and needs here; as it was read where it cannot be filled or parsed, which is
 * told where it is to run. */
static int read_definition(struct site *s, struct bundle *b, struct err *e)
{
    struct arena *a = s->project->a;
    struct bytes text;
    struct script script;
    struct err ignored = {0};
    struct err_list faults = {0};
    if (load_decl(s->project, b, e) != 0) {
        return -1;
    }
    const struct artifact *f = &b->decl->forward.v[0];
    variables_fill(a, &b->variables, b->values, f->path, f->bytes, &text, &faults);
    if (faults.n == 0 && language_parse(a, f->path, text, &script, &ignored) == 0) {
        struct definition *d = ARENA_NEW(a, struct definition);
        definition_read(a, &script, 1, d);
        b->definition = d;
    }
    err_list_release(&faults);
    return 0;
}

/* What is wrong with its files stays so. */
static int bind(struct site *s, struct bundle *b, const struct variables *values, struct err *e)
{
    b->values = values;
    if (b->n_misread > 0) {
        return 0;
    }
    b->decl = NULL;
    b->forward = b->invariants = NULL;
    b->faults = NULL;
    b->n_faults = 0;
    b->let_go = 0;
    return b->definition != NULL ? read_definition(s, b, e) : 0;
}

int values_bind(struct site *s, struct err *e)
{
    const struct variables *values = s->env->variables;
    for (size_t i = 0; i < s->project->n_bundle; i++) {
        struct bundle *b = &s->project->bundle[i];
        if (b->variables.n > 0 && b->values != values && bind(s, b, values, e) != 0) {
            return -1;
        }
    }
    return 0;
}

int values_look(struct site *s, struct err *e)
{
    s->world.valued = (struct table){.a = s->a};
    for (size_t i = 0; s->pg != NULL && s->id.has_ledger && i < s->project->n_bundle; i++) {
        const struct bundle *b = &s->project->bundle[i];
        const struct history *h = b->variables.n > 0 ? past_get(&s->past, b->id) : NULL;
        struct doc *receipt = NULL;
        if (h == NULL || h->applied == NULL) {
            continue;
        }
        if (site_receipt(s, b->id, &receipt, e) != 0) {
            return -1;
        }
        struct doc *had = receipt != NULL ? doc_find(receipt, "claim.variables") : NULL;
        if (had != NULL) {
            (void)table_puts(&s->world.valued, b->id, had);
        }
    }
    return 0;
}
