/* kfmig scope: scope and limits of a migration written anew. */
#include <string.h>

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "flow/rescope.h"

static int scope(struct invocation *s, const struct request *req, const char **id, struct err *e)
{
    struct arguments args;
    struct draft d;
    struct err_list faults = {0};
    if (invocation_open(s, req, true, e) != 0 || arguments_resolve(s, &args, e) != 0 ||
        arguments_known(&args, e) != 0) {
        return -1;
    }
    struct bundle *b = NULL;
    for (size_t i = 0; i < s->project.n_bundle && args.n_targets == 1; i++) {
        bool is_it = strcmp(s->project.bundle[i].id, args.targets[0]) == 0;
        b = is_it ? &s->project.bundle[i] : b;
    }
    if (b == NULL) {
        err_set(e, ERR_CONFIG, "`kfmig scope` wants one migration");
        return err_hint(e, "for example: kfmig scope PG-MIG-2026-02-28-01");
    }
    *id = b->id;
    int rc;
    if (req->observed) {
        invocation_site(s, args.env);
        rc = site_link(&s->site, e) == 0 ? rescope_observed(&s->site, b, &d, e) : -1;
    } else {
        rc = rescope_text(&s->project, b, &d, &faults, e);
        output_faults(req, &faults);
    }
    err_list_release(&faults);
    return rc == 0 ? rescope_write(&s->project, b, &d, e) : -1;
}

static int run(const struct request *req)
{
    struct invocation s = {0};
    struct err e = {0};
    struct buf out = {0};
    const char *id = "";
    int status = 0;
    if (scope(&s, req, &id, &e) != 0) {
        status = output_error(req, s.project.dirfd, &e);
    } else {
        buf_printf(
            &out, "%s: scope and limits written to migration.yml; look at what is left open\n", id);
        status = output_result(req, &out);
    }
    buf_release(&out);
    invocation_close(&s);
    return status;
}

static const char *const takes[] = {"observed", NULL};
static const struct example examples[] = {
    {"kfmig scope PG-MIG-2026-02-28-01", "as tight as its files allow"},
    {"kfmig scope dev PG-MIG-2026-02-28-01 --observed", "what its last run in dev was seen to do"},
    {NULL, NULL},
};
const struct command command_scope = {
    .name = "scope",
    .synopsis = "[ENV] ID",
    .summary = "Write a migration's scope and limits anew.",
    .description =
        "Reads the forward files of ID and writes scope and limits into its migration.yml, as "
        "`kfmig new --from` does: what the\n"
        "text does not show is left open, with the statement that is the reason. What the "
        "scope forbids stays.\n\n"
        "With --observed they are what the last run of ID in an unprotected environment was seen "
        "to do, also one that failed at its gates.",
    .options = takes,
    .examples = examples,
    .run = run,
};
