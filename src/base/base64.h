/* Base64 (RFC 4648 section 4), strictly: of one content there is one text.
 * Owns: reading and writing it. Must not know what is in it. */
#ifndef KFMIG_BASE_BASE64_H
#define KFMIG_BASE_BASE64_H

#include "base/arena.h"
#include "base/bytes.h"

/* Append data as base64, padded, without line ends. */
void base64_write(struct buf *out, struct bytes data);
/* What text stands for, in a. -1: it is no base64, is not padded, holds a blank or a line end, or bits that
 * count for nothing are set: base64_write() of it would give another text. */
int base64_read(struct arena *a, struct bytes text, struct bytes *out) MUST_CHECK;

#endif
