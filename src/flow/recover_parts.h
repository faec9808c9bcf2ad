/* The inside of a recovery; for src/flow/recover*.c only. */
#ifndef KFMIG_FLOW_RECOVER_PARTS_H
#define KFMIG_FLOW_RECOVER_PARTS_H

#include "flow/recover.h"

/* One note: which ledger the new one will cite, and who told of it. */
void recover_tell_cites(const struct site *s, const struct lost *l);

#endif
