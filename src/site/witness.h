/* What saves a look: ways to know, without reading definitions, that what stands there is what the last look
 * found.
 * (1) Every change of a definition takes a transaction id, and a cluster gives ids out one after another:
 * where no transaction has ended since, or only our own, nobody else has changed anything. (2) Where others
 * have written, the catalogs' own sums. What is kept in the cache is bound to the ledger's root, server,
 * timeline, role, database and version of kfmig, and is kept only once what it was told of is on disk: a
 * crash that takes the end of the log away gives ids out again, to others. A server whose log has gone back
 * behind it is another.
 */
#ifndef KFMIG_SITE_WITNESS_H
#define KFMIG_SITE_WITNESS_H

#include "site/site.h"

/* The sums of the catalogs and of the ledger's objects, in one flight; in s->a. */
int witness_ask(const struct site *s, struct catalog_witness *out, struct err *e) MUST_CHECK;
/* It is known what stands there, as of s->id, which was asked for before that was looked at. */
void witness_begin(struct site *s);
/* From then to s->id nobody but this session has written anything: true only where that is certain. */
bool witness_alone(const struct site *s);
/* The sums are as s->catalogs has them. One flight; false also where they cannot be had. */
bool witness_same(const struct site *s);

#endif
