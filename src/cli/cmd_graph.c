/* kfmig graph */
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/select.h"

static int print(const struct request *req, struct arena *a, const struct plan *p, int focus)
{
    struct buf out = {0};
    if (req->format == FORMAT_JSON) {
        report_json(&out, report_graph_doc(a, p, focus));
    } else if (req->format == FORMAT_DOT) {
        report_graph_dot(&out, p, focus);
    } else {
        report_graph(&out, p, focus);
    }
    int status = output_result(req, &out);
    buf_release(&out);
    return status;
}

static int run(const struct request *req)
{
    struct invocation s = {0};
    struct arguments args;
    struct err e = {0};
    struct selected at;
    int status;
    if (select_env(&s, req, &args, &e) != 0 || select_target(&s, &args, &at, &e) != 0) {
        status = output_error(req, s.project.dirfd, &e);
    } else {
        int focus = at.projection >= 0 ? (int)s.site.plan.n_migrations + at.projection : at.step;
        status = print(req, s.a, &s.site.plan, focus);
    }
    invocation_close(&s);
    return status;
}

static const struct example examples[] = {
    {"kfmig graph dev", "the whole graph, in the order in which it is built"},
    {"kfmig graph dev --format=dot | dot -Tsvg >graph.svg",
     "the same as a picture, drawn by Graphviz"},
    {NULL, NULL},
};

const struct command command_graph = {
    .name = "graph",
    .synopsis = "[ENV] [TARGET]",
    .summary = "Show what depends on what.",
    .description = "Shows the migrations in the order in which they are built, each with its state "
                   "and what it comes after. What is declared "
                   "with depends_on is indented below it (`needs`); without depends_on a migration "
                   "follows the previous id of its "
                   "folder (`after`). A projection comes from its chain and its dataset versions "
                   "(`from`).\n\n"
                   "With TARGET only what that depends on and what depends on it.",
    .examples = examples,
    .run = run,
    .formats = 1U << FORMAT_DOT,
};
