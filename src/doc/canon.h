/* Canonical JSON: RFC 8785 (JCS), restricted so that `jq -cS` yields the same bytes: keys are
 * ASCII, numbers are integers, no U+007F. Keys sort by bytes. canon_write() appends without a
 * newline; a document outside the restriction is a BUG(), because kfmig writes only what it has
 * checked.
 * canon_pretty() gives the same value with two-space indents and sorted keys, ending in a newline:
 * for people. */
#ifndef KFMIG_DOC_CANON_H
#define KFMIG_DOC_CANON_H
#include "base/digest.h"
#include "doc/doc.h"
/* 0 if d keeps the restriction; else -1 with ERR_CONFIG at the node that does not. For documents
 * others wrote. */
int canon_check(const struct doc *d, struct err *e) MUST_CHECK;
void canon_write(struct buf *out, const struct doc *d);
void canon_pretty(struct buf *out, const struct doc *d);
struct digest canon_digest(const struct doc *d); /* SHA-256 of canon_write()'s bytes */
#endif
