/* Lines of project files in messages, for the .c files of report/ only. */
#ifndef KFMIG_REPORT_QUOTE_H
#define KFMIG_REPORT_QUOTE_H

#include "report/report.h"

/* May this line be repeated? A line that may hold a password, token or connection string may not. */
bool quote_allowed(struct bytes line);

/* The line and a caret under col:
 *   3 | ALTER TABLE a DROP COLUMN b;
 *     |                           ^
 * Nothing where the line does not exist or may not be repeated. A long line is shown around col. */
void quote_caret(struct buf *out, const struct style *st, struct bytes text, int line, int col);

#endif
