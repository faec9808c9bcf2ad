/* gzip of a piece of memory, through zlib. */
#ifndef KFMIG_STORE_TILES_GZIP_H
#define KFMIG_STORE_TILES_GZIP_H

#include "base/bytes.h"

/* Append raw to out, compressed: no name, no time, so that equal bytes give equal bytes with one zlib. */
void gzip_pack(struct bytes raw, struct buf *out);
/* Append what packed holds to out, at most out->limit bytes in all. -1: it is no gzip, is cut off, has
 * something behind its end, or holds more. */
int gzip_unpack(struct bytes packed, struct buf *out) MUST_CHECK;
/* "1.2.13": the zlib that packs. */
const char *gzip_version(void);

#endif
