/* What an environment declares of approvals. */
#include "load/approvals.h"

#include <string.h>

#include "load/declaration.h"
#include "model/operations.h"

static void read_routes(struct arena *a, const struct doc *map, struct approval_rule *out)
{
    out->routes = ARENA_ARRAY(a, struct approval_route, doc_len(map) + 1);
    for (size_t i = 0; i < doc_len(map); i++) {
        out->routes[out->n_routes++] =
            (struct approval_route){map->key[i]->text.p, declaration_names(a, map->item[i])};
    }
}

static void read_age(const struct doc *d, const char *env, struct approval_rule *out,
                     struct err_list *faults)
{
    const struct doc *at = doc_get(d, "max_age");
    int64_t ms = at != NULL ? threshold_read(UNIT_MS, at->text.p) : 0;
    if (ms < 0 || (at != NULL && ms == 0)) {
        doc_fault(faults, at, "write a time: 12h, 30d",
                  "environment \"%s\": \"%s\" is no age of an approval", env, at->text.p);
    }
    out->max_age_ms = ms > 0 ? ms : 0;
}

/* Whoever has to be asked is asked by signatures. */
static void check_mode(const struct doc *d, const struct env *env, struct err_list *faults)
{
    if (env->approval != APPROVAL_SIGNATURE) {
        doc_fault(faults, d, "write approval: signature, or leave approvals out",
                  "environment \"%s\" says who signs, but its approval is %s", env->name,
                  approval_text(env->approval));
    }
}

const struct approval_rule *approvals_read(struct arena *a, const struct doc *d,
                                           const struct env *env, struct err_list *faults)
{
    if (d == NULL) {
        return NULL;
    }
    struct approval_rule *out = ARENA_NEW(a, struct approval_rule);
    *out = (struct approval_rule){.reviewers = doc_num(d, "reviewers", 1),
                                  .roles = declaration_names(a, doc_get(d, "roles")),
                                  .plan = declaration_names(a, doc_get(d, "plan")),
                                  .runners = declaration_names(a, doc_get(d, "runners"))};
    static const struct env none = {.name = ""};
    const struct doc *protected = doc_get(d, "protected");
    out->protected =
        protected != NULL ? declaration_names(a, protected) : approval_rule_of(&none)->protected;
    read_routes(a, doc_get(d, "change_class"), out);
    read_age(d, env->name, out, faults);
    check_mode(d, env, faults);
    return out;
}
