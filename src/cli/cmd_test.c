/* kfmig test: migrations proven on throwaway databases. */
#include "flow/prove.h"

#include "cli/arguments.h"
#include "cli/output.h"
#include "cli/verb.h"

static int print(const struct invocation *s, const struct proofs *o)
{
    struct buf out = {0};
    struct style st = output_style(s->req, stdout);
    if (s->req->format == FORMAT_JSON) {
        report_json(&out, report_proofs_doc(s->a, o));
    } else if (s->req->format == FORMAT_JUNIT) {
        report_proofs_junit(&out, o);
    } else {
        report_proofs(&out, &st, o);
    }
    int status = output_result(s->req, &out);
    buf_release(&out);
    return status;
}

static int test(struct invocation *s, const struct request *req, struct result *r, struct err *e)
{
    struct arguments args;
    struct proofs found = {.v = NULL};
    if (invocation_open(s, req, false, e) != 0 || arguments_resolve(s, &args, e) != 0 ||
        arguments_known(&args, e) != 0) {
        return -1;
    }
    const struct prove_options o = {.server_ref = req->server,
                                    .template = req->template_db,
                                    .limit_ms = req->time_limit_ms > 0 ? req->time_limit_ms
                                                                       : PROVE_LIMIT_MS,
                                    .lock_wait_ms = req->lock_wait_ms,
                                    .jobs = req->jobs,
                                    .all = req->all,
                                    .targets = args.targets,
                                    .n_targets = args.n_targets};
    invocation_site(s, args.env);
    int rc = prove(&s->site, &o, &found, e);
    bool is_begun = found.server[0] != '\0';
    bool is_told = found.n > 0 && (rc == 0 || (is_begun && req->format == FORMAT_TEXT));
    if (is_told && print(s, &found) != 0 && rc == 0) {
        return err_set(e, ERR_PREFLIGHT, "the result could not be written");
    }
    result_worsen(r, found.worst);
    return rc;
}

static int run(const struct request *req)
{
    return verb_run(req, test);
}

static const char *const takes[] = {"server", "template",  "time-limit", "jobs",
                                    "all",    "lock-wait", "progress",   NULL};
static const struct example examples[] = {
    {"kfmig test", "prove what is not proven yet, on the embedded server"},
    {"kfmig test PG-MIG-2026-02-28-01 --all", "prove that one again"},
    {"kfmig test staging --server=KFM_TEST_DSN --format=junit",
     "for a CI system, on a server of its own"},
    {NULL, NULL},
};
const struct command command_test = {
    .name = "test",
    .synopsis = "[ENV] [TARGET...]",
    .summary = "Prove migrations on throwaway databases: up, down and up again.",
    .description =
        "On one throwaway database all migrations are applied to nothing, and a second build finds "
        "nothing to do. On "
        "another each is applied behind those before it and the seeds of tests/seeds, taken back, "
        "and applied again: "
        "by the protocols of `kfmig build` and `kfmig rollback`, with all their gates. A rollback "
        "is exact, differs "
        "in an order only, differs, fails, or is empty, and is told as such. What is declared "
        "idempotent is run over "
        "itself. No migration may take longer than --time-limit.\n"
        "\n"
        "A proof that holds is remembered, and tried again only once something that it depends on "
        "is another: the "
        "migration, one before it, a seed, the server. --all tries all of them. The environment's "
        "own database is "
        "neither read nor written; ENV says what is provided, and which migrations there are.\n"
        "\n"
        "Exits with 2 if one cannot be applied, 4 if one cannot be taken back, 3 if a second build "
        "finds something "
        "to do. docs/test.md says more.",
    .options = takes,
    .examples = examples,
    .run = run,
    .formats = 1U << FORMAT_JUNIT,
};
