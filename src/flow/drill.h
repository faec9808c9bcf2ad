/* Would what is live come back? `kfmig rebuild --drill`: everything made again in a throwaway database beside
 * it, and compared. */
#ifndef KFMIG_FLOW_DRILL_H
#define KFMIG_FLOW_DRILL_H

#include "flow/recover.h"

/* s is begun, not connected; r begun by result_begin(). Whatever happens, the throwaway database is dropped
 * and what was found is recorded. r->more: registry/schemas/drill.v1.schema.json, once something was
 * compared. -1 with ERR_VALIDATE: something that was compared differs. */
int drill(struct site *s, const struct recover_options *o, struct result *r,
          struct err *e) MUST_CHECK;

#endif
