/* JSON (RFC 8259), strictly: no duplicate keys, text_check() holds (also for escaped characters: no
 * NUL, no lone surrogate), integers only and within +-(2^53-1) (a fraction or exponent is
 * ERR_CONFIG), depth at most 64, at most 64 MiB, nothing after the value. Every node has its place.
 * No library gives places, hence our own reader (docs/adr).
 * Returns the root, or NULL with ERR_CONFIG at path:line:col. */
#ifndef KFMIG_DOC_JSON_H
#define KFMIG_DOC_JSON_H
#include "doc/doc.h"
struct doc *json_read(struct arena *a, struct bytes text, const char *path,
                      struct err *e) MUST_CHECK;
/* The same up to 1 GiB, for what kfmig itself has written. */
struct doc *json_read_own(struct arena *a, struct bytes text, const char *path,
                          struct err *e) MUST_CHECK;
/* The same for documents whose numbers are others' business: a number with a fraction or an exponent, or an
 * integer beyond +-(2^53-1), is DOC_TEXT with plain = true, holding the literal as it is written. Such a
 * document is not fit for canon_write(): the literal would become a string. */
struct doc *json_read_reals(struct arena *a, struct bytes text, const char *path,
                            struct err *e) MUST_CHECK;
#endif
