/* The definitions of what stands in an environment's database. */
#ifndef KFMIG_SITE_DUMP_H
#define KFMIG_SITE_DUMP_H

#include "model/comparison.h"
#include "site/site.h"

/* s is planned. Without what every database has, kfmig's own schema and generations that are not live; in
 * s->a. -1: the database cannot be read. */
int site_dump(struct site *s, struct dumped *out, struct err *e) MUST_CHECK;

#endif
