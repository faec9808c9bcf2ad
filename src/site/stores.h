/* The stores of an environment besides the one that holds its ledger: opened by their rows, asked who they
 * are, looked at, and what earlier runs began there. One that does not answer blocks what is meant for it and
 * nothing else.
 * Owns: s->store, and what s->world says of stores and of what was begun. Must not know an engine. */
#ifndef KFMIG_SITE_STORES_H
#define KFMIG_SITE_STORES_H

#include "site/site.h"

/* Which answer: opens and probes those that a bundle of the project is for, or that the ledger knows. In a
 * throwaway database there are none. */
void stores_ask(struct site *s);
/* What stands there, once the scripts of what is pending are parsed: s->store, drift (added to that of the
 * ledger's store), what was begun. -1: the ledger's sum cannot be read. */
int stores_look(struct site *s, struct err *e) MUST_CHECK;
void stores_close(struct site *s);

#endif
