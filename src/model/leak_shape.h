/* How what leaks looks, for model/leak*.c only: classes of characters, a function for each SHAPE and TEXT of
 * leak.def. */
#ifndef KFMIG_MODEL_LEAK_SHAPE_H
#define KFMIG_MODEL_LEAK_SHAPE_H

#include <string.h>
#include <strings.h>

#include "model/leak.h"

/* What a character is; a class is a set of these. */
enum {
    DIGIT = 1,
    HEX_LETTER = 2, /* a to f */
    LOWER = 4,
    BIG = 8,
    BASE32_DIGIT = 16, /* 2 to 7 */
    DASH = 32,         /* - and _ */
    SIGN = 64,         /* + and / */
    EQUALS = 128,
    DOT = 256, /* . and ~ and % */
};
enum {
    HEX = DIGIT | HEX_LETTER,
    ALNUM = DIGIT | LOWER | BIG,
    UPPER = DIGIT | BIG,
    BASE32 = BIG | BASE32_DIGIT,
    WORD = ALNUM | DASH,
    WORD_EQ = WORD | EQUALS,
    BASE64 = ALNUM | SIGN | EQUALS,
    PATH = WORD | SIGN,
    DOTTED = WORD | DOT | EQUALS,
    OF_TOKENS = WORD | SIGN | EQUALS | DOT, /* all of which a TOKEN may be made */
};
/* Where a rule holds, in the words of leak.def. */
enum {
    EVERYWHERE = LEAK_FILE | LEAK_NAME | LEAK_SAID | LEAK_RECORD,
    RECORDS = LEAK_NAME | LEAK_SAID | LEAK_RECORD
};

/* What a character is, of the above, by its byte. */
extern const unsigned short leak_signs_of[256];
static inline unsigned leak_signs(char c)
{
    return leak_signs_of[(unsigned char)c];
}
/* How many characters of the class follow. Words do not overlap, so that their whole length may be looked at
 * from where they begin; of everything else 512, or a hostile file would cost its length squared. */
size_t leak_span(struct bytes text, size_t from, unsigned class);
/* Does text have prefix at that place? Asked for each word and rule; nearly always the first byte says no. */
static inline bool leak_begins(struct bytes text, size_t at, const char *prefix)
{
    if (at >= text.n || text.p[at] != prefix[0]) {
        return false;
    }
    size_t n = strlen(prefix);
    return text.n - at >= n && memcmp(text.p + at, prefix, n) == 0;
}
/* The same of a word that begins with a letter, in any case of letters, with something behind it. */
static inline bool leak_says(struct bytes text, size_t at, const char *word)
{
    if (at >= text.n || ((text.p[at] ^ word[0]) & ~0x20) != 0) {
        return false;
    }
    size_t n = strlen(word);
    return text.n - at > n && strncasecmp(text.p + at, word, n) == 0;
}
/* xxxx, 0123..., EXAMPLE: stands for a token. */
bool leak_is_sample(struct bytes body);
/* The character before at; a blank before the first. */
static inline char leak_before(struct bytes text, size_t at)
{
    return at > 0 ? text.p[at - 1] : ' ';
}

/* Each: does it begin at that place, where a word begins? *end: behind it. */
typedef bool leak_shape(struct bytes text, size_t at, size_t *end);
leak_shape is_private_key, is_jwt, is_azure_secret, is_aws_key, is_telegram_token,
    is_terraform_token, is_verifier, is_password_hash, is_bearer, is_named_secret, is_cipher_key,
    is_random, is_wkt, is_geojson, is_ewkb, is_degrees, is_pair_of_degrees, is_mgrs, is_plus_code,
    is_geohash, is_h3, is_email, is_phone, is_ssn, is_card, is_home_path;

enum leak_language { LEAK_SQL, LEAK_PROSE, LEAK_DATA };
/* Each: the first at or behind *from, which moves behind it. text is followed by a NUL. */
typedef bool leak_search(struct bytes text, enum leak_language language, size_t *from, size_t *at);
leak_search find_postgres, find_pairs, find_url, find_password, find_scram;

#endif
