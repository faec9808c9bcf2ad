/* How SQL text names an object of each type (COMMENT ON, DROP, ALTER ... OWNER TO, ...).
 * Owns: the table of libpg_query's object types: word in command tags, kind, form of the name. */
#ifndef KFMIG_SQL_ADDRESS_H
#define KFMIG_SQL_ADDRESS_H

#include "sql/analysis.h"

/* "MATERIALIZED VIEW". */
const char *address_word(PgQuery__ObjectType t);

/* What kind an object of this type counts as: a trigger, policy, column counts as its table. */
enum object_kind address_kind(PgQuery__ObjectType t);

/* Names in its own right (CREATE, DROP are its effects), or only changes what it belongs to (always
 * ALTER). */
bool address_is_part(PgQuery__ObjectType t);

/* Touch the object that the text names by object, or by rel where the grammar gives one. Indexes
 * and extended statistics belong to a table that is not in the text: they make the statement
 * opaque. Relations get a lock of that level. */
void address_touch(struct analysis *x, PgQuery__ObjectType t, const PgQuery__Node *object,
                   const PgQuery__RangeVar *rel, enum effect effect, int lock);

/* Touch the same object under another name or in another schema (NULL: unchanged). */
void address_touch_new(struct analysis *x, PgQuery__ObjectType t, const PgQuery__Node *object,
                       const PgQuery__RangeVar *rel, const char *schema, const char *name);

/* "integer AS kfm.grade", for casts. In x->scratch. */
const char *address_cast(struct analysis *x, const PgQuery__TypeName *from,
                         const PgQuery__TypeName *to);
const char *address_transform(struct analysis *x, const PgQuery__TypeName *type,
                              const char *language);

#endif
