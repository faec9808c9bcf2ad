/* A ledger as an ordinary first contact makes it, with nothing behind. */
#ifndef KFMIG_TESTS_UNIT_LEDGER_MADE_H
#define KFMIG_TESTS_UNIT_LEDGER_MADE_H

#include "ledger/ledger.h"

static inline int ledger_create(struct pg *s, const char *env, struct err *e)
{
    return ledger_create_with(&s, &(struct first_contact){.env = env}, e);
}

#endif
