/* The two digests of a bundle.
 *
 * Both are SHA-256 over framed fields (digester_field() in base/digest.h: lengths, names, values),
 * of typed values and never of migration.yml's bytes: reordered keys, other quotes, comments and
 * indentation change neither.
 *
 * checksum: what can change what runs. Domain "kfmig.checksum.v1", then in this order
 *   "forward"            per file, in the order of artifacts.forward: its name in the bundle, a NUL,
 *                        the 32 bytes of its SHA-256
 *   "rollback"           the same for artifacts.rollback
 *   "invariant"          the same for the invariants, sorted by name
 *   "scope"              canonical JSON (RFC 8785) of the declared scope: each list sorted;
 *                        allowed_schemas and allowed_tables if they are given, the others if they
 *                        are not empty
 *   "limits"             canonical JSON of the limits that are declared
 *   "runner.tool"        "native", "psql" or "command"
 *   "runner.command"     the command, if the tool is "command"
 *   "requires_rollback"  "true" or "false"
 *   "rebuild"            "after-load", if it is declared
 *   "rebuilds"           canonical JSON of the list, sorted, if it names any
 *
 * Of a flat migration the fields are the same and the values are these: "forward" and "rollback"
 * name their files forward and rollback, whatever they are called, so that an id is in no checksum;
 * scope and limits are {}: those of its header stand in the file's bytes, and those of
 * defaults.yml, which is edited while its migrations are facts, in the bundle digest alone.
 *
 * bundle digest: what an approval binds to. Domain "kfmig.bundle.v1", then
 *   "checksum"           the 32 bytes of the checksum
 *   "declaration"        canonical JSON of the whole declaration as it is written, typed by its schema
 *   "notes"              the 32 bytes of the SHA-256 of the notes; empty without notes
 *
 * Neither covers baselines/, diffs/, receipts/ or approvals. */
#ifndef KFMIG_MODEL_KEY_H
#define KFMIG_MODEL_KEY_H

#include "doc/doc.h"
#include "model/decl.h"

/* d's artifacts have their digests; dir is the bundle's folder, which their paths begin with; NULL:
 * it is flat. */
struct digest key_checksum(const struct decl *d, const char *dir);

/* Would d have that checksum, were the line ends of all of its files LF, or all CRLF? d has the files' bytes.
 */
bool key_is_line_ends(const struct decl *d, const char *dir, const struct digest *checksum);

/* doc: the declaration, typed by its schema. */
struct digest key_bundle(const struct decl *d, const struct doc *doc,
                         const struct digest *checksum);

#endif
