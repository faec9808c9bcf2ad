/* Facets' values from what the class queries send of them. For src/store/postgis only.
 * Owns: the marks in those rows, and what becomes of each in both formats of fingerprints. Pure.
 *
 * A row's value is policy-safe text with marks: U+0001, a letter, a payload as the server has it (in
 * which U+0002 stands twice), U+0002. Nothing of a payload ever gets into a value but a digest of it,
 * privileges, or options that are policy-safe.
 *   d           any text: its digest
 *   e c i b k s a   SQL as the server deparses it (sql/same.h): expression, constraint, tail of an
 *               index, bound, partitioning, statement, arguments: its digest, and a normal form
 *   A           an array of what stands before it, privileges, privileges by default
 *   o O C       an array of what stands before them, options: in clear; digests of values, passwords
 *               left out; digests of values
 *   1 2         without a payload, at the beginning: only this format has the facet */
#ifndef KFMIG_STORE_POSTGIS_FACET_TEXT_H
#define KFMIG_STORE_POSTGIS_FACET_TEXT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/bytes.h"

/* The facet's value on one line, or NULL: the format has no such facet, or nothing but defaults to
 * say. *has_sql (may be NULL): it holds deparsed SQL. In a. */
const char *facet_value(struct arena *a, int format, const char *sent, bool *has_sql);
/* The same for format 2 with the digest of a normal form in place of each text of SQL. NULL: there is
 * none, or the texts are such that nothing but themselves means the same. In a. */
const char *facet_normal(struct arena *a, const char *sent);
/* The facet's value with every text as the server has it, between U+0001 and U+0002, where facet_value()
 * has a digest; privileges and options as there. Not on one line. NULL as there. For statements that say
 * what stands there; nothing of it is recorded anywhere. In a. */
const char *facet_clear(struct arena *a, const char *sent);
/* What facet_value() takes, made: a payload with its mark. list: an array of one with what stands before it,
 * itself, and for privileges those by default (else NULL). */
void facet_mark(struct buf *out, char mark, const char *payload);
void facet_mark_list(struct buf *out, char mark, const char *before, const char *list,
                     const char *by_default);
/* The name that quote_ident() made of one, "a" of a and of "a". */
void facet_unquote(struct buf *out, const char *quoted);
/* Names may hold anything; a definition is lines of "facet TAB value". In a. */
const char *facet_line(struct arena *a, const char *s);

#endif
