/* Parts of the help that the manual shares: for help.c, man.c and their tests. The texts
 * themselves: command/command.h. */
#ifndef KFMIG_COMMAND_HELP_H
#define KFMIG_COMMAND_HELP_H

#include "command/command.h"

struct exit_row {
    const char *status;
    const char *text;
};
extern const struct exit_row exit_rows[]; /* ended by .status == NULL */

size_t help_paragraph(const char *text); /* bytes up to the next empty line */
void help_option_name(struct buf *out, const struct option *o); /* "-C, --project=DIR" */
const struct option *help_option(const char *name);             /* NULL if there is none */

#endif
