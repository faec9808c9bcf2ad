/* registry/migrations.v1.json: ids, types, owners, status. */
#ifndef KFMIG_LOAD_REGISTRY_H
#define KFMIG_LOAD_REGISTRY_H

#include "doc/doc.h"
#include "load/load.h"

#define REGISTRY_PATH "registry/migrations.v1.json"

/* For tests too. Read the registry from text; path is used for places only. Faults are added: of its form,
 * and ids that stand twice. Returns the document, or NULL with faults. In a. */
struct doc *registry_parse(struct arena *a, struct bytes text, const char *path,
                           struct err_list *faults);

/* Give every bundle that is registered its status. Faults go to p->faults; no file is no fault. */
void registry_read(struct project *p, struct cache *cache);

/* The entry of old becomes id's; where id has one, old's goes. No file, one with faults, or no entry:
 * nothing to do. -1 ERR_PREFLIGHT: the file could not be written. */
int registry_rename(const struct project *p, const char *old, const char *id,
                    struct err *e) MUST_CHECK;

#endif
