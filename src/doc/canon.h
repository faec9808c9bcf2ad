/* Canonical JSON: RFC 8785 (JCS), restricted so that `jq -cS` yields the same bytes: keys are
 * ASCII, numbers are integers of up to 53 bits, no U+007F. Keys sort by bytes. canon_write() appends without
 * a newline. What is outside the restriction never ends a run: bytes that are not UTF-8, and U+007F, are
 * written as text_encode() does, a number beyond 2^53-1 as text. Names from databases are doc_name()d
 * before, which is one to one; here the last net hangs.
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
