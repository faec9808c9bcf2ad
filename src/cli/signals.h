/* SIGINT and SIGTERM: the first asks the running statement to be cancelled and everything to be
 * rolled back, the second ends the process at once (which is safe: the server rolls back, the next
 * run asks the ledger). */
#ifndef KFMIG_CLI_SIGNALS_H
#define KFMIG_CLI_SIGNALS_H

#include <stdbool.h>

void signals_catch(void);
int signals_seen(void); /* 0, SIGINT or SIGTERM */

#endif
