/* kfmig postflight: look at an environment after it was changed. */
#include "cli/commands.h"

static const char *const takes[] = {"expect", "verify", "lock-wait", "progress", NULL};
static const struct example examples[] = {
    {"kfmig postflight prod", "is all well there, now and for the next 24 hours?"},
    {"kfmig postflight prod --verify", "count the rows behind every foreign key, too"},
    {NULL, NULL},
};
const struct command command_postflight = {
    .name = "postflight",
    .synopsis = "[ENV] [TARGET...]",
    .summary = "Look whether all is well after an environment was changed.",
    .description =
        "Compares the database with its ledger and looks at foreign keys and the rows that they "
        "let through (with --verify: behind every foreign key), at the invariants of what was "
        "applied within the last 24 hours (`watch` in `thresholds:`), at projections, at declared "
        "queries, probes and smoke commands; docs/operations.md lists the checks.\n\n"
        "The report goes to standard output and, as JSON, to state/logs. It changes nothing and "
        "may be repeated. Exits with 3 if anything is wrong; a warning does not count.",
    .options = takes,
    .examples = examples,
    .run = preflight_run,
};
