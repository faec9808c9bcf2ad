/* Literal connection strings, passwords, tokens and keys in project files.
 * Owns: what counts as one. Project files name secrets (dsn_ref), they never hold them. Pure. */
#ifndef KFMIG_LOAD_SECRET_H
#define KFMIG_LOAD_SECRET_H

#include "model/leak.h"

/* Look for a secret in a text file; path's ending tells its language. Found are: PostgreSQL URLs,
 * URLs of any scheme with a password in them, key=value connection strings with a password
 * (libpq, "Connection Strings"), keys named like a password that have a value (YAML, JSON, a line
 * "password: value" of prose), PASSWORD 'literal' in SQL, SCRAM verifiers; and what model/leak.h finds.
 * Words in angle brackets or behind a $ stand for a value and are none; what a comment allows
 * (leak_allowed()) is passed over.
 * text must be followed by a NUL. Returns NULL, or what it is, with *at where it begins. The text
 * itself must not be shown. */
const struct leak *secret_find(struct bytes text, const char *path, size_t *at);

#endif
