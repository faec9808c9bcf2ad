/* Signatures that environments want, and who could give them. */
#include "flow/check_signers.h"

#include "approval/signers.h"
#include "load/environments.h"
#include "model/approval.h"

static void check_roles(struct project *p, const struct env *env, const struct signers *l,
                        const struct names *roles)
{
    for (size_t i = 0; i < roles->n; i++) {
        if (!signers_have_role(l, roles->v[i])) {
            err_list_addf(&p->warnings, ERR_CONFIG, ENVIRONMENTS_PATH, env->line, env->col,
                          "add the role to a person's line in " SIGNERS_PATH
                          ", and have that reviewed",
                          "environment \"%s\" wants signatures of \"%s\", a role that nobody has",
                          env->name, roles->v[i]);
        }
    }
}

/* Whatever it declares, a protected environment wants governance's signature where enforcement is reduced. */
static void check_governance(struct project *p, const struct env *env, const struct signers *l)
{
    const struct approval_rule *r = approval_rule_of(env);
    bool is_told = env->approval == APPROVAL_SIGNATURE &&
                   (!l->is_there || names_have(&r->roles, APPROVAL_GOVERNANCE) ||
                    names_have(&r->plan, APPROVAL_GOVERNANCE));
    if (env->is_protected && !is_told && !signers_have_role(l, APPROVAL_GOVERNANCE)) {
        err_list_addf(&p->warnings, ERR_CONFIG, ENVIRONMENTS_PATH, env->line, env->col,
                      "give a person that role in " SIGNERS_PATH ", with a " REVOKED_PATH
                      " beside it (docs/approvals.md)",
                      "environment \"%s\" wants a signature of \"" APPROVAL_GOVERNANCE
                      "\" for what reduces what is enforced, and nobody has that role: such a "
                      "migration is blocked there",
                      env->name);
    }
}

static void check_env(struct project *p, const struct env *env, const struct signers *l)
{
    const struct approval_rule *r = approval_rule_of(env);
    if (!l->is_there) {
        err_list_addf(&p->warnings, ERR_CONFIG, ENVIRONMENTS_PATH, env->line, env->col,
                      "write " SIGNERS_PATH " and an empty " REVOKED_PATH
                      " (docs/approvals.md); or, "
                      "where the repository host's review is enough, approval: review",
                      "environment \"%s\" wants signatures, and " SIGNERS_PATH
                      " is not there: every migration is blocked there",
                      env->name);
        return;
    }
    check_roles(p, env, l, &r->roles);
    check_roles(p, env, l, &r->plan);
    check_roles(p, env, l, &r->runners);
    for (size_t i = 0; i < r->n_routes; i++) {
        check_roles(p, env, l, &r->routes[i].roles);
    }
}

void check_signers(struct project *p)
{
    struct signers l;
    load_checks(p, CHECK_APPROVAL);
    signers_load(p->a, p->dirfd, &l, &p->faults);
    for (size_t i = 0; i < p->n_env; i++) {
        if (p->env[i].approval == APPROVAL_SIGNATURE) {
            check_env(p, &p->env[i], &l);
        }
        check_governance(p, &p->env[i], &l);
    }
}
