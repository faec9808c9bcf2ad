/* ssh-keygen, which knows keys: in files, agents and hardware alike.
 * Owns: how it is run, and what is believed of it: its exit status. Everything that it would take in
 * more than one way was refused before (approval/armor.h, approval/signers.h): it gets one line with
 * one key, one signature, and the bytes. Must not know what is signed. */
#ifndef KFMIG_APPROVAL_KEYGEN_H
#define KFMIG_APPROVAL_KEYGEN_H

#include "approval/signers.h"
#include "base/arena.h"
#include "base/tell.h"

/* Is signature, a text that armor_read() takes, x's over text? *why: why not, one line; NULL: it is. In
 * a. -1 with ERR_PREFLIGHT: nobody can tell (no ssh-keygen, no room for its files), ERR_INTERRUPTED. */
int keygen_verify(struct arena *a, const struct signer *x, struct bytes text,
                  struct bytes signature, const struct ear *ear, const char **why,
                  struct err *e) MUST_CHECK;

/* Sign text with the key in the file: a private one, or the public one of a key that an agent or a
 * token holds. It may ask a person on the terminal. *signature is in a. -1 with ERR_CONFIG: no such
 * key, one that others can change or read, or that nobody holds; ERR_PREFLIGHT, ERR_INTERRUPTED. */
int keygen_sign(struct arena *a, const char *key, struct bytes text, const struct ear *ear,
                struct bytes *signature, struct err *e) MUST_CHECK;

#endif
