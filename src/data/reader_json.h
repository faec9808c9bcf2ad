/* The inside of the JSON readers; for src/data only.
 * Owns: what reader_json_scan.c (bytes, strings, numbers, members), reader_json_geometry.c and
 * reader_json_record.c know of each other. Whatever returns -1 has told in r->e. Texts that are handed out
 * are valid until the next byte is asked for. */
#ifndef KFMIG_DATA_READER_JSON_H
#define KFMIG_DATA_READER_JSON_H

#include <string.h>

#include "data/reader_parts.h"

/* White space of JSON. */
static inline bool json_is_space(char c)
{
    const uint64_t spaces =
        UINT64_C(1) << ' ' | UINT64_C(1) << '\n' | UINT64_C(1) << '\r' | UINT64_C(1) << '\t';
    return (unsigned char)c <= ' ' && (spaces >> (unsigned char)c & 1) != 0;
}

/* json_peek() where what lies at r->s->p is white space or the window's end. */
int json_peek_far(struct reader *r);

/* The next byte that is no white space, without taking it; -1: the end, -2: an error that is told. Mostly
 * it is there: what lies at the end is 0. */
static inline int json_peek(struct reader *r)
{
    unsigned char c = (unsigned char)*r->s->p;
    return c > ' ' ? c : json_peek_far(r);
}

/* c, which json_peek() gave, is not what was wanted: tell it, if it is not told. Returns -1. */
int json_unexpected(struct reader *r, int c, const char *wanted);

/* What is taken is copied while somebody wants it whole. */
static inline void json_copy(struct reader *r, const char *p, size_t n)
{
    if (r->n_copies > 0) {
        buf_add(&r->json, p, n);
    }
}

/* Is that name, without escapes, word? */
static inline bool json_is(struct bytes name, const char *word)
{
    size_t n = strlen(word);
    return name.n == n && memcmp(name.p, word, n) == 0;
}

/* Take the string at r->s->p, which begins with a quote: *raw is what stands between the quotes, with its
 * escapes. 0, -1. */
int json_take_string(struct reader *r, struct bytes *raw, bool *has_escapes) MUST_CHECK;

/* raw without its escapes, into r->string. 0, -1: one is wrong. */
int json_unescape(struct reader *r, struct bytes raw) MUST_CHECK;

/* json_take_number() where the number may go on behind the window, or is none. */
int json_take_far_number(struct reader *r, double *v, struct bytes *raw) MUST_CHECK;

/* Take the number at r->s->p: its nearest double and its literal. 0, -1: it is none, or too large for one.
 * Mostly what ends it is there. */
static inline int json_take_number(struct reader *r, double *v, struct bytes *raw)
{
    const char *end = number_read(r->s->p, v);
    if (end == NULL || (*end != ',' && *end != ']' && *end != '}')) {
        return json_take_far_number(r, v, raw);
    }
    *raw = bytes_of(r->s->p, (size_t)(end - r->s->p));
    json_copy(r, raw->p, raw->n);
    r->s->p = end;
    return 0;
}

/* Take word ("true", "false", "null"), which r->s->p begins like. 0, -1. */
int json_take_word(struct reader *r, const char *word) MUST_CHECK;

/* Take the name of the next member and its colon. from: where the keys of this object begin (r->keys.n
 * before its first). *is_first is true before the first call for an object. 1, 0: the object ends here,
 * -1. */
int json_next_member(struct reader *r, size_t from, bool *is_first, struct bytes *name) MUST_CHECK;

/* Take the bracket that opens an object or an array, which has to be counted down in r->depth when it
 * ends. 0, -1. */
int json_enter(struct reader *r) MUST_CHECK;

/* Take a value, and of it what is wanted at node and below (NULL: nothing). 0, -1. */
int json_value(struct reader *r, struct node *node) MUST_CHECK;

/* Take the value of a member "crs" (GeoJSON of 2008), which may say no more than what is known anyway. 0,
 * -1. */
int json_crs(struct reader *r) MUST_CHECK;

/* Take the GeoJSON geometry at r->s->p, which begins with a brace, as EWKB into r->text and *out.
 * outermost: it is no member of a collection, and gets the SRID; level counts from 1. 0, -1. */
int json_geometry(struct reader *r, struct slot *out, bool outermost, int level) MUST_CHECK;

#endif
