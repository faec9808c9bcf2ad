/* Variables whose values changed since they were put into what stands. */
#include <string.h>

#include "doc/doc.h"
#include "model/variables.h"
#include "plan/step_kind.h"

void plan_give_value(struct plan *p, struct reason *r, const struct variable *x, const char *was)
{
    r->cause = arena_printf(p->a, "variables.%s of %s in registry/environments.v1.yml", x->name,
                            p->env->name);
    r->was = was;
    r->now = step_digest(p, &x->digest);
}

const struct variable *plan_revalued(const struct world *w, const struct bundle *b,
                                     const char **was)
{
    char text[DIGEST_TEXT];
    const struct doc *had = b->variables.n > 0 ? table_gets(&w->valued, b->id) : NULL;
    for (size_t i = 0; had != NULL && b->values != NULL && i < b->variables.n; i++) {
        const struct variable *now = variables_find(b->values, b->variables.v[i]);
        *was = doc_str(had, b->variables.v[i], "");
        if (now != NULL && (*was)[0] != '\0' &&
            strcmp(*was, digest_text(&now->digest, text)) != 0) {
            return now;
        }
    }
    return NULL;
}
