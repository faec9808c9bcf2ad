/* A signature of OpenSSH as a file holds it (PROTOCOL.sshsig): the text, the key in it, and what it
 * says that it is for. Owns: reading that text, strictly. Whether the signature is good is for
 * ssh-keygen to say (approval/keygen.h). */
#ifndef KFMIG_APPROVAL_ARMOR_H
#define KFMIG_APPROVAL_ARMOR_H

#include "base/arena.h"
#include "base/bytes.h"

/* key: the public key, as it stands behind its type in a line of authorized_keys. type: "ssh-ed25519". */
struct armor {
    struct bytes key;
    const char *type;
    const char *namespace;
};
/* Read text, which must be one signature of one form and nothing besides: what ssh-keygen would read of
 * more, or of another spelling of it, nobody signed. In a. -1: *why says what it is not, one line. */
int armor_read(struct arena *a, struct bytes text, struct armor *out, const char **why) MUST_CHECK;

/* The type that a public key begins with; NULL: it does not. In a. */
const char *key_type(struct arena *a, struct bytes key);
/* "SHA256:...", as `ssh-keygen -l` prints it; in a. */
const char *key_fingerprint(struct arena *a, struct bytes key);

#endif
