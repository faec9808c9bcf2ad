/* kfmig wait: until the server of an environment answers. */
#include "site/wait.h"

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/verb.h"

enum { TIMEOUT_MS = 60 * 1000 };

static int wait_verb(struct invocation *s, const struct request *req, struct result *r,
                     struct err *e)
{
    struct arguments args;
    struct waited w;
    struct buf out = {0};
    (void)r;
    if (invocation_open(s, req, false, e) != 0 || arguments_resolve(s, &args, e) != 0 ||
        arguments_known(&args, e) != 0) {
        return -1;
    }
    invocation_site(s, args.env);
    if (site_wait(&s->site, req->timeout_ms >= 0 ? req->timeout_ms : TIMEOUT_MS, &w, e) != 0) {
        return -1;
    }
    report_waited(&out, &w);
    return verb_print(req, &out, report_waited_doc(s->a, &w), e);
}

static int run(const struct request *req)
{
    return verb_run(req, wait_verb);
}

static const char *const takes[] = {"timeout", NULL};
static const struct example examples[] = {
    {"kfmig wait dev && kfmig build dev", "in a pipeline, behind `docker compose up -d`"},
    {"kfmig wait prod --timeout=0", "does it answer now?"},
    {NULL, NULL},
};
const struct command command_wait = {
    .name = "wait",
    .synopsis = "[ENV]",
    .summary = "Wait until the server of an environment answers.",
    .description =
        "Connects again and again, until a server answers that kfmig could work on: not one that "
        "is starting up or recovering, nor a replica, which may yet be promoted. Why it does not "
        "answer is told once for each reason.\n\n"
        "What no waiting mends ends it at once: a wrong password, a database that is not there, "
        "the database of another environment. Exits with 1 then, and when the time is over; "
        "nothing is changed.",
    .options = takes,
    .examples = examples,
    .run = run,
};
