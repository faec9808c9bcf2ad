/* The one place that judges a touch: predicted by the parser or observed by the sensors, the same rules.
 * Pure. */
#ifndef KFMIG_MODEL_SCOPE_H
#define KFMIG_MODEL_SCOPE_H

#include "model/decl.h"
#include "model/lineage.h"
#include "model/touch.h"

enum verdict {
    VERDICT_OK,
    VERDICT_FORBIDDEN, /* named as forbidden, or kfmig.* */
    VERDICT_OUTSIDE,   /* not allowed by scope */
    VERDICT_PROTECTED  /* a protected domain: an existing object there would change */
};

/* existed: the object (or for a new object its schema) was there before the migration; protected domains
 * stop changes of existing objects and additions to existing protected schemas; creating a protected
 * schema and filling it in the same migration is allowed (existed false).
 *
 * Rules, in this order:
 *   schema "kfmig" is forbidden
 *   forbidden_tables ("t" in any schema, or "s.t") and forbidden_schemas win, for reads too
 *   protected domains: any effect but READ and REFERENCE
 *   READ is otherwise free
 *   REFERENCE of a table needs allowed or scope.references; views and functions may refer to anything not
 *     forbidden (the object's kind decides: TABLE only)
 *   TABLE, VIEW, MATVIEW, FOREIGN_TABLE, SEQUENCE by allowed_schemas and allowed_tables, where given, both
 *     admitting it; views and sequences only by allowed_schemas if allowed_tables is given and does not name
 *     them (a sequence owned by an allowed table is passed by the observer as that table)
 *   a relation without a name (the table of an index, as text shows it) by allowed_schemas alone
 *   other schema-bound objects, and SCHEMA, by allowed_schemas
 *   EXTENSION by allowed_extensions; globals by allowed_global ("kind" or "kind:name"; a role, database,
 *     setting or user mapping without a name by any entry of its kind)
 * l (may be NULL: nothing is known) says which relations count to which. What a relation counts to, at any
 * distance, forbids and protects it as its own name does, and admits it where its own name does not; with
 * several parents, all of them.
 * An unqualified name (schema "") matches any allowed schema, and any forbidden table of that name. With
 * neither allowed_schemas nor allowed_tables, no schema-bound object is allowed. */
/* Puts a long list of allowed tables in order, in a: judging takes as long for few as for many then. Anew
 * where
 * the list changed. */
void scope_sort(struct arena *a, struct scope *s);

enum verdict scope_admits(const struct scope *s, const struct domains *d, const struct lineage *l,
                          const struct touch *t, bool existed);
/* "forbidden by scope.forbidden_tables", "not in scope.allowed_schemas", ... : which rule decided; static
 * text. */
const char *scope_rule(const struct scope *s, const struct domains *d, const struct lineage *l,
                       const struct touch *t, bool existed);

/* The line of migration.yml that would admit it, as it would then read: "scope.allowed_schemas:
 * [app, audit]"; of a partition, what it counts to. "" where no line of it can: it is forbidden,
 * protected, or cannot be named. In a. */
const char *scope_fix(struct arena *a, const struct scope *s, const struct domains *d,
                      const struct lineage *l, const struct touch *t, bool existed);

#endif
