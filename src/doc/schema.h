/* JSON Schema, a stated subset of draft 2020-12: $schema, $id, $defs, $ref ("#/$defs/NAME" only),
 * title, description, $comment, examples, default (annotations, ignored), type (one name or a
 * list), enum, const, properties, required, additionalProperties (boolean or schema),
 * propertyNames, minProperties, maxProperties, items, minItems, maxItems, uniqueItems, minLength,
 * maxLength, pattern (POSIX extended regular expressions in the common part of ECMA-262: no
 * look-around, no \d), minimum, maximum, anyOf, oneOf, allOf, not, if/then/else, dependentRequired.
 * Any other keyword in a schema is ERR_CONFIG: what kfmig cannot check it must not pretend to
 * check.
 * In a pattern "." and "[^...]" match one byte; repeated characters must be ASCII; a backslash
 * escapes punctuation outside brackets only; a text over 4096 bytes matches no pattern (regexec(3)
 * can take quadratic time). "number" means integer, because documents hold no others. $defs stand
 * at the root only. */
#ifndef KFMIG_DOC_SCHEMA_H
#define KFMIG_DOC_SCHEMA_H
#include "doc/doc.h"

struct schema;

/* Compile a schema document. Returns NULL with ERR_CONFIG at the offending keyword. Lives in a. */
struct schema *schema_compile(struct arena *a, const struct doc *schema, struct err *e) MUST_CHECK;

/* Check d, retyping plain YAML scalars in place to what the schema asks for at that position
 * (integer: -?[0-9]+; boolean: true|false only; null: null, ~ or empty; otherwise text). A key
 * without a value is no text: where null is not allowed it is a fault. Every fault is appended to
 * faults with its place, the dotted path of the value, what was expected, and a hint where one
 * helps: an unknown key gets the nearest known key ("did you mean 'scope'?"), a wrong enum value
 * the allowed ones. Returns the number of faults added. */
size_t schema_check(struct arena *a, const struct schema *s, struct doc *d,
                    struct err_list *faults);
#endif
