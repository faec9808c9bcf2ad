/* Relations themselves and their columns from rows of pg_class and pg_attribute.
 * Owns: which facets a relation and a column have, and how they are written. */
#include <string.h>

#include "store/postgis/facet_text.h"
#include "store/postgis/rows.h"

enum object_kind relation_kind(char relkind)
{
    switch (relkind) {
    case 'v':
        return OBJ_VIEW;
    case 'm':
        return OBJ_MATVIEW;
    case 'f':
        return OBJ_FOREIGN_TABLE;
    case 'S':
        return OBJ_SEQUENCE;
    case 'c':
        return OBJ_TYPE;
    default:
        return OBJ_TABLE;
    }
}

/* A facet that the relation has if the column is not NULL. */
static void add_plain(struct build *b, struct object_draft *d, const char *facet,
                      const struct pg_rows *r, size_t i, int col)
{
    if (!pg_null(r, i, col)) {
        (void)build_facet(b, d, facet, pg_text(r, i, col));
    }
}

static void add_marked(struct build *b, struct object_draft *d, const char *facet, char mark,
                       const struct pg_rows *r, size_t i, int col)
{
    if (pg_null(r, i, col)) {
        return;
    }
    struct buf sent = {0};
    if (mark == 'A') {
        facet_mark_list(&sent, mark, "", pg_text(r, i, col), pg_text(r, i, REL_ACL_DEFAULT));
    } else if (mark == 'o') {
        facet_mark_list(&sent, mark, "", pg_text(r, i, col), NULL);
    } else {
        facet_mark(&sent, mark, pg_text(r, i, col));
    }
    (void)build_facet(b, d, facet, buf_str(&sent));
    buf_release(&sent);
}

static void add_row_security(struct build *b, struct object_draft *d, bool is_on, bool is_forced)
{
    if (is_on || is_forced) {
        (void)build_facet(b, d, "row_security",
                          !is_forced ? "on"
                          : is_on    ? "forced"
                                     : "forced but off");
    }
}

static void add_replica_identity(struct build *b, struct object_draft *d, char relkind,
                                 char identity)
{
    const char *value = identity == 'f'                                     ? "full"
                        : identity == 'i'                                   ? "index"
                        : identity == 'n' && strchr("rpm", relkind) != NULL ? "nothing"
                                                                            : NULL;
    if (value != NULL) {
        (void)build_facet(b, d, "replica_identity", value);
    }
}

static bool is_object(const struct pg_rows *r, size_t i, const char *schema)
{
    return strchr("rpvmfS", pg_text(r, i, REL_KIND)[0]) != NULL &&
           pg_text(r, i, REL_PERSISTENCE)[0] != 't' && strncmp(schema, "pg_", 3) != 0 &&
           strcmp(schema, "information_schema") != 0 && strcmp(schema, "kfmig") != 0;
}

static void add_relation(struct build *b, const struct pg_rows *r, size_t i, const char *schema)
{
    char relkind = pg_text(r, i, REL_KIND)[0];
    struct object o = {relation_kind(relkind), schema, pg_text(r, i, REL_NAME), NULL};
    struct object_draft *d = build_named(b, PG_CLASS, (uint32_t)pg_int(r, i, REL_OID), &o);
    d->o.filenode = (uint32_t)pg_int(r, i, REL_FILENODE);
    add_plain(b, d, "owner", r, i, REL_OWNER);
    add_marked(b, d, "acl", 'A', r, i, REL_ACL);
    if (pg_text(r, i, REL_PERSISTENCE)[0] == 'u') {
        (void)build_facet(b, d, "persistence", "unlogged");
    }
    add_marked(b, d, "options", 'o', r, i, REL_OPTIONS);
    add_row_security(b, d, pg_bool(r, i, REL_HAS_ROW_SECURITY),
                     pg_bool(r, i, REL_FORCES_ROW_SECURITY));
    add_replica_identity(b, d, relkind, pg_text(r, i, REL_REPLICA_IDENTITY)[0]);
    add_plain(b, d, "access_method", r, i, REL_ACCESS_METHOD);
    add_plain(b, d, "tablespace", r, i, REL_TABLESPACE);
    add_plain(b, d, "of_type", r, i, REL_OF_TYPE);
    add_marked(b, d, "partition_bound", 'b', r, i, REL_BOUND);
    add_marked(b, d, "definition", 's', r, i, REL_DEFINITION);
    add_marked(b, d, "toast_options", 'o', r, i, REL_TOAST_OPTIONS);
}

void rows_relations(struct build *b, const struct pg_rows *r)
{
    struct buf schema = {0};
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        buf_clear(&schema);
        facet_unquote(&schema, pg_text(r, i, REL_SCHEMA));
        if (is_object(r, i, buf_str(&schema))) {
            add_relation(b, r, i, buf_str(&schema));
        }
    }
    buf_release(&schema);
}

/* --- columns ------------------------------------------------------------------------------------------ */

static void add_expression(struct buf *sent, char generated, const char *expression)
{
    buf_puts(sent, generated == '\0'  ? " default "
                   : generated == 'v' ? " generated virtual "
                                      : " generated stored ");
    facet_mark(sent, 'e', expression);
}

static void add_column(struct build *b, struct object_draft *d, const struct pg_rows *r, size_t i)
{
    struct buf sent = {0};
    struct buf facet = {0};
    const char *quoted = arena_strdup(b->a, pg_text(r, i, ATT_NAME));
    buf_puts(&facet, "column ");
    facet_unquote(&facet, quoted);
    buf_puts(&sent, pg_text(r, i, ATT_TYPE));
    buf_puts(&sent, pg_bool(r, i, ATT_IS_NOT_NULL) ? " not null" : "");
    if (!pg_null(r, i, ATT_EXPRESSION)) {
        add_expression(&sent, pg_text(r, i, ATT_GENERATED)[0], pg_text(r, i, ATT_EXPRESSION));
    }
    buf_puts(&sent, pg_text(r, i, ATT_MORE));
    if (build_facet(b, d, buf_str(&facet), buf_str(&sent))) {
        ARENA_GROW(b->a, d->columns, d->n_columns, d->cap_columns);
        d->columns[d->n_columns++] =
            (struct column_draft){.position = pg_int(r, i, ATT_NUMBER),
                                  .name = d->o.facets[d->o.n_facets - 1].name + strlen("column "),
                                  .quoted = quoted,
                                  .collation = (uint32_t)pg_int(r, i, ATT_COLLATION)};
    }
    buf_release(&facet);
    buf_release(&sent);
}

void rows_columns(struct build *b, const struct pg_rows *r)
{
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        struct object_draft *d = build_at(b, PG_CLASS, (uint32_t)pg_int(r, i, ATT_RELATION));
        if (d != NULL && pg_int(r, i, ATT_NUMBER) > 0) { /* others are every table's */
            add_column(b, d, r, i);
        }
    }
}
