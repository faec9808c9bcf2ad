/* Every command, each defined in cmd_<verb>.c. */
#ifndef KFMIG_CLI_COMMANDS_H
#define KFMIG_CLI_COMMANDS_H

#include "command/command.h"

extern const struct command *const commands[]; /* NULL-terminated, in the order of the manual */

extern const struct command command_build;
extern const struct command command_plan;
extern const struct command command_why;
extern const struct command command_status;
extern const struct command command_promote;
extern const struct command command_graph;
extern const struct command command_diff;
extern const struct command command_check;
extern const struct command command_lint;
extern const struct command command_init;
extern const struct command command_new;
extern const struct command command_scope;
extern const struct command command_deployed;
extern const struct command command_resolve;
extern const struct command command_rename;
extern const struct command command_reset;
extern const struct command command_rollback;
extern const struct command command_test;
extern const struct command command_adopt;
extern const struct command command_approve;
extern const struct command command_env;
extern const struct command command_receipt;
extern const struct command command_dataset;
extern const struct command command_rebuild;
extern const struct command command_switch;
extern const struct command command_gc;
extern const struct command command_preflight;
extern const struct command command_postflight;
extern const struct command command_backup;
extern const struct command command_wait;
extern const struct command command_dump;
extern const struct command command_migrate_safe;
extern const struct command command_help;
int preflight_run(const struct request *req); /* of preflight and postflight */

#endif
