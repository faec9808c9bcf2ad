/* What gives access somewhere, says exactly where something is, or who somebody is, in any text: cloud
 * keys, tokens of services, private keys, passwords, connection strings; coordinates; addresses and
 * numbers of persons.
 * Owns: what counts as one and where it may not stand (leak.def, docs/secrets.md), and what a comment lets
 * through. Pure. */
#ifndef KFMIG_MODEL_LEAK_H
#define KFMIG_MODEL_LEAK_H

#include "base/bytes.h"

/* Where a text stands, as bits. FILE: in a file of a project, or shown of one. NAME: a name or
 * definition of an object in a database. SAID: what people say of a run, for its receipt. RECORD: a
 * whole record, as it is written: a receipt, a diff, a baseline. */
enum leak_where { LEAK_FILE = 1, LEAK_NAME = 2, LEAK_SAID = 4, LEAK_RECORD = 8 };

/* rule: "aws-access-key", by which it can be allowed. what: "an AWS access key". where: of enum leak_where.
 * Static. */
struct leak {
    const char *rule, *what;
    unsigned where;
};

/* The first in a text file that no comment allows; path's ending tells its language: .md is prose, .yml
 * and .json are keys and values, the rest is read as SQL. Words in angle brackets or behind a $ stand
 * for a value and are none, nor is what stands for a token (one character repeated, EXAMPLE). text must
 * be followed by a NUL. Returns NULL, or what it is, with *at where it begins. The text itself must not
 * be shown. */
const struct leak *leak_file(struct bytes text, const char *path, size_t *at);

/* The first in text that may not stand there, or NULL, where no comment can allow one. text: NULL is none. */
const struct leak *leak_in(enum leak_where where, const char *text);

/* The rows of leak.def, in order, for documents and tests; NULL behind the last. A rule may have several. */
const struct leak *leak_rule(size_t i);

#endif
