/* The table of commands, in the order of the manual. */
#include "cli/commands.h"

const struct command *const commands[] = {
    &command_build,     &command_plan,
    &command_why,       &command_status,
    &command_promote,   &command_graph,
    &command_diff,      &command_check,
    &command_lint,      &command_init,
    &command_new,       &command_scope,
    &command_rename,    &command_reset,
    &command_approve,   &command_rollback,
    &command_adopt,     &command_env,
    &command_receipt,   &command_dataset,
    &command_rebuild,   &command_switch,
    &command_gc,        &command_test,
    &command_preflight, &command_postflight,
    &command_backup,    &command_resolve,
    &command_wait,      &command_dump,
    &command_deployed,  &command_migrate_safe,
    &command_help,      NULL,
};
