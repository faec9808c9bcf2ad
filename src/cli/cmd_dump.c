/* kfmig dump: the definitions of what stands in an environment. */
#include "base/file.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/verb.h"
#include "site/dump.h"

enum { DUMP_MAX = 1 << 30 };

/* What differs from the file of --check, as text in out; NULL: it cannot be read. */
static struct doc *compare(const struct invocation *s, struct buf *out, struct err *e)
{
    struct bytes was;
    if (file_read_given(s->a, s->req->check, DUMP_MAX, &was, e) != 0) {
        return NULL;
    }
    struct doc *found = report_dump_compare(s->a, was.p, buf_str(out));
    size_t n = doc_len(found);
    verb_note(s, "%s: %zu difference%s from %s", s->site.env->name, n, n == 1 ? "" : "s",
              s->req->check);
    buf_clear(out);
    report_dump_differences(out, found);
    return found;
}

static int dump(struct invocation *s, const struct request *req, struct result *r, struct err *e)
{
    struct arguments args;
    struct dumped d;
    struct buf out = {0};
    if (invocation_open(s, req, false, e) != 0 || arguments_resolve(s, &args, e) != 0 ||
        arguments_known(&args, e) != 0 || invocation_plan(s, args.env, true, e) != 0 ||
        site_dump(&s->site, &d, e) != 0) {
        return -1;
    }
    report_dump(&out, &d);
    struct doc *doc = req->format == FORMAT_JSON ? report_dump_doc(s->a, &d) : NULL;
    struct doc *found = req->check != NULL ? compare(s, &out, e) : NULL;
    if (req->check != NULL && found == NULL) {
        buf_release(&out);
        return -1;
    }
    if (doc != NULL && found != NULL) {
        doc_put(s->a, doc, "differences", found);
    }
    result_worsen(r, doc_len(found) > 0 ? ERR_DIFFERENT : ERR_NONE);
    return verb_print(req, &out, doc, e);
}

static int run(const struct request *req)
{
    return verb_run(req, dump);
}

static const char *const takes[] = {"check", "lock-wait", NULL};
static const struct example examples[] = {
    {"kfmig dump dev >schema.txt", "what stands there, in order of names"},
    {"kfmig dump staging --check=schema.txt", "in CI: 10 if it is not that"},
    {NULL, NULL},
};
const struct command command_dump = {
    .name = "dump",
    .synopsis = "[ENV]",
    .summary = "Print the definitions of what stands in an environment, for comparing.",
    .description =
        "Every object of the database as baselines have it, in order of names: its kind and name "
        "on a line, and below, behind a tab, each facet with its value, long ones as digests. The "
        "same structure gives the same bytes on every server of a major version, whatever made "
        "it. It is for comparing and cannot be run; pg_dump makes what can.\n\n"
        "With --check=FILE it is compared with a file of such, and each object that differs is "
        "named: - only in FILE, + only in the database, ~ another definition. Exits with 10 then.",
    .options = takes,
    .examples = examples,
    .run = run,
};
