/* kfmig promote */
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/select.h"
#include "load/environments.h"

static int print(const struct request *req, const struct invocation *s)
{
    struct buf out = {0};
    struct style st = output_style(req, stdout);
    int status;
    if (req->format == FORMAT_JSON) {
        status = output_json(req, report_promote_doc(s->a, &s->site.plan));
    } else {
        report_promote(&out, &st, &s->site.plan);
        status = output_result(req, &out);
    }
    buf_release(&out);
    return status;
}

/* Without an environment before it there is nothing to be promoted from. */
static int require(const struct invocation *s, struct err *e)
{
    const struct env *env = s->site.env;
    if (env->requires.n > 0) {
        return 0;
    }
    err_at(e, ERR_CONFIG, ENVIRONMENTS_PATH, env->line, env->col,
           "environment \"%s\" requires no other", env->name);
    return err_hint(e,
                    "write requires: [ENV] into it, where something has to be done in ENV first");
}

static int run(const struct request *req)
{
    struct invocation s = {0};
    struct err e = {0};
    size_t n_lacking = 0;
    int status;
    if (select_plan(&s, req, &e) != 0 || require(&s, &e) != 0) {
        status = output_error(req, s.project.dirfd, &e);
    } else {
        status = print(req, &s);
        bool unpromoted = report_unpromoted(&s.site.plan, &n_lacking) > 0;
        if (status == 0 && (!s.site.world.reachable || (req->exit_code && unpromoted))) {
            status = err_status(ERR_PREFLIGHT);
        } else if (status == 0 && req->exit_code && n_lacking > 0) {
            status = err_status(ERR_DIFFERENT);
        }
    }
    invocation_close(&s);
    return status;
}

static const char *const takes[] = {"exit-code", "lock-wait", NULL};
static const struct example examples[] = {
    {"kfmig promote prod", "what prod lacks, and the receipts of staging that let it in"},
    {"kfmig promote prod --exit-code", "fail where something is not promoted yet"},
    {NULL, NULL},
};

const struct command command_promote = {
    .name = "promote",
    .synopsis = "[ENV] [TARGET...]",
    .summary = "Show what an environment lacks of those it requires.",
    .description =
        "Shows each target that is not current in ENV (default: the default environment), and for "
        "each environment that ENV `requires` the receipt there that lets it in: a success with "
        "the same content. Nothing is written; `build` is what runs it.\n\n"
        "The ledger of a required environment is asked now. Where it cannot be reached, its signed "
        "receipts in the receipt sink stand in for it (docs/attestations.md): every signature is "
        "verified against registry/keys.v1.json, and nothing may be missing between the first "
        "and the last of them.\n\n"
        "Exits with 1 if the database of ENV cannot be asked. With --exit-code also with 1 if a "
        "target is not promoted, and with 10 if all that ENV lacks is promoted.",
    .options = takes,
    .examples = examples,
    .run = run,
};
