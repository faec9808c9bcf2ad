/* Tokens and keys that give access somewhere, in any text: cloud keys, tokens of services, private keys, JSON
 * web tokens, verifiers of passwords, and values that are named like a secret and look like one.
 * Owns: what counts as one, by the table leak.def and a few shapes that have no fixed prefix. What is said in
 * the grammar of a file (connection strings, passwords) is load/secret.h's. Pure. */
#ifndef KFMIG_MODEL_LEAK_H
#define KFMIG_MODEL_LEAK_H

#include "base/bytes.h"

/* rule: "aws-access-key", by which it can be allowed. what: "an AWS access key". Static. */
struct leak {
    const char *rule, *what;
};

/* The first at or behind from, or NULL. *at: where it begins; *end: behind it. What stands for a token and is
 * none (one character repeated, EXAMPLE) is passed over. The text itself must not be shown. One pass. */
const struct leak *leak_find(struct bytes text, size_t from, size_t *at, size_t *end);

/* The first in text, or NULL, where no comment can allow one. text: NULL is none. */
const struct leak *leak_in(const char *text);

/* Does a comment "kfmig:allow RULE reason" stand on the line of at or on the one before? A reason must be
 * given. */
bool leak_allowed(struct bytes text, size_t at, const char *rule);

/* The rules of leak.def and the others, in order, for documents and tests; NULL behind the last. */
const struct leak *leak_rule(size_t i);

#endif
