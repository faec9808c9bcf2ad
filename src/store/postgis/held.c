/* Relations that a transaction holds: their rows, which of them it wrote, and definitions made of them. */
#include "store/postgis/held.h"

#include "store/postgis/facet_text.h"
#include "store/postgis/queries.h"

/* Behind the columns of catalog_relations.sql, catalog_columns.sql and catalog_indexes.sql. */
enum { HELD_AGE = REL_COLUMNS, HELD_TYPE_AGE, HELD_ARRAY_AGE, HELD_TOAST, HELD_IS_PART, HELD_MORE };
enum { HELD_COLUMN_AGE = ATT_COLUMNS, HELD_DEFAULT_AGE };
enum { HELD_INDEX = IND_COLUMNS };
enum { NOTE_CLASS, NOTE_OBJECT, NOTE_COLUMN, NOTE_TEXT, NOTE_AGE };

void held_add(struct pg *s, struct held_rows *h, bool defines)
{
    pg_batch_add(s, &postgis_glance_relations, NULL, 0, &h->relations);
    pg_batch_add(s, &postgis_glance_columns, NULL, 0, &h->columns);
    pg_batch_add(s, &postgis_glance_indexes, NULL, 0, &h->indexes);
    pg_batch_add(s, &postgis_glance_notes, NULL, 0, &h->notes);
    if (defines) {
        pg_batch_add(s, &postgis_glance_constraints, NULL, 0, &h->constraints);
    }
}

void held_release(struct held_rows *h)
{
    pg_rows_free(h->relations);
    pg_rows_free(h->columns);
    pg_rows_free(h->indexes);
    pg_rows_free(h->constraints);
    pg_rows_free(h->notes);
    *h = (struct held_rows){0};
}

static uint32_t oid_at(const struct pg_rows *r, size_t i, int col)
{
    return (uint32_t)pg_int(r, i, col);
}

/* --- relations ---------------------------------------------------------------------------------------- */

static struct held_relation *relation_at(const struct held_rows *h, uint32_t oid)
{
    return table_get(&h->by_oid, bytes_of((const char *)&oid, sizeof oid));
}

static uint32_t owner_of(const struct held_rows *h, uint32_t index)
{
    const struct held_relation *x = relation_at(h, index);
    return x != NULL ? x->owner : 0;
}

/* The row of that relation, or h->n. */
static size_t row_of(const struct held_rows *h, uint32_t oid)
{
    const struct held_relation *x = relation_at(h, oid);
    return x != NULL ? (size_t)(x - h->v) : h->n;
}

static void take_relations(struct arena *a, struct held_rows *h)
{
    const struct pg_rows *r = h->relations;
    h->n = pg_rows_n(r);
    h->v = ARENA_ARRAY(a, struct held_relation, h->n + 1);
    h->by_oid = (struct table){.a = a};
    for (size_t i = 0; i < h->n; i++) {
        struct held_relation *x = &h->v[i];
        *x = (struct held_relation){.oid = oid_at(r, i, REL_OID),
                                    .filenode = oid_at(r, i, REL_FILENODE),
                                    .kind = pg_text(r, i, REL_KIND)[0],
                                    .quoted_schema = pg_text(r, i, REL_SCHEMA),
                                    .name = pg_text(r, i, REL_NAME),
                                    .is_temporary = pg_text(r, i, REL_PERSISTENCE)[0] == 't',
                                    .is_part = pg_bool(r, i, HELD_IS_PART)};
        (void)table_put(&h->by_oid, bytes_of((const char *)&x->oid, sizeof x->oid), x);
    }
    for (size_t i = 0; i < pg_rows_n(h->indexes); i++) {
        struct held_relation *x = relation_at(h, oid_at(h->indexes, i, HELD_INDEX));
        if (x != NULL) {
            x->owner = oid_at(h->indexes, i, IND_RELATION);
        }
    }
}

static void take_collations(struct arena *a, struct held_rows *h)
{
    const struct pg_rows *r = h->columns;
    h->collations = (struct table){.a = a};
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        uint32_t collation = oid_at(r, i, ATT_COLLATION);
        if (collation != 0) {
            struct bytes key = address_key(a, oid_at(r, i, ATT_RELATION), oid_at(r, i, ATT_NUMBER));
            (void)table_put(&h->collations, key, arena_dup(a, &collation, sizeof collation));
        }
    }
}

void held_take(struct arena *a, struct held_rows *h)
{
    take_relations(a, h);
    take_collations(a, h);
}

/* --- rows that were written --------------------------------------------------------------------------- */

/* How old rows are is counted in ids of transactions back from its own: 0 are its own, and behind it
 * stand those that were given out since. */
struct written {
    struct arena *a;
    struct founds *out;
    int64_t ids;
    bool is_certain;
};

static bool is_ours(struct written *f, const struct pg_rows *r, size_t i, int col)
{
    int64_t age = pg_int(r, i, col);
    bool is_there = !pg_null(r, i, col);
    f->is_certain &= !is_there || age >= 0 || age <= -f->ids;
    return is_there && age == 0;
}

static void find(struct written *f, uint32_t catalog, uint32_t classid, uint32_t objid)
{
    struct founds *l = f->out;
    struct found_row *last = l->n > 0 ? &l->v[l->n - 1] : NULL;
    if (last != NULL && last->catalog == catalog && last->classid == classid &&
        last->objid == objid) {
        last->n++;
        return;
    }
    ARENA_GROW(f->a, l->v, l->n, l->cap);
    l->v[l->n++] = (struct found_row){catalog, classid, objid, 1, ""};
}

static void find_relation(struct written *f, const struct held_rows *h, size_t i)
{
    const struct pg_rows *r = h->relations;
    uint32_t oid = oid_at(r, i, REL_OID);
    size_t toast = row_of(h, oid_at(r, i, HELD_TOAST));
    if (is_ours(f, r, i, HELD_AGE)) {
        find(f, PG_CLASS, PG_CLASS, oid);
    }
    if (toast < h->n && is_ours(f, r, toast, HELD_AGE)) {
        find(f, ROW_OF_TOAST, PG_CLASS, oid);
    }
    for (int col = HELD_TYPE_AGE; col <= HELD_ARRAY_AGE; col++) {
        if (is_ours(f, r, i, col)) {
            find(f, PG_TYPE, PG_CLASS, oid);
        }
    }
}

static void find_all(struct written *f, uint32_t catalog, const struct pg_rows *r, int col)
{
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        if (is_ours(f, r, i, col)) {
            find(f, catalog, PG_CLASS, oid_at(r, i, ATT_RELATION));
        }
    }
}

bool held_found(struct arena *a, const struct held_rows *h, int64_t ids, struct founds *out)
{
    struct written f = {a, out, ids, true};
    *out = (struct founds){0};
    for (size_t i = 0; i < h->n; i++) {
        find_relation(&f, h, i);
    }
    find_all(&f, PG_ATTRIBUTE, h->columns, HELD_COLUMN_AGE);
    find_all(&f, PG_ATTRDEF, h->columns, HELD_DEFAULT_AGE);
    for (size_t i = 0; i < pg_rows_n(h->notes); i++) {
        if (is_ours(&f, h->notes, i, NOTE_AGE)) {
            find(&f, PG_DESCRIPTION, oid_at(h->notes, i, NOTE_CLASS),
                 oid_at(h->notes, i, NOTE_OBJECT));
        }
    }
    return f.is_certain;
}

/* --- definitions -------------------------------------------------------------------------------------- */

static bool relation_is_whole(const struct held_rows *h, size_t i)
{
    size_t toast = row_of(h, oid_at(h->relations, i, HELD_TOAST));
    return !pg_bool(h->relations, i, HELD_MORE) &&
           (toast == h->n || pg_null(h->relations, toast, REL_OPTIONS));
}

static bool column_is_whole(const struct pg_rows *r, size_t i)
{
    return pg_int(r, i, ATT_NUMBER) <= 0 || pg_text(r, i, ATT_MORE)[0] != '?';
}

static int64_t collation_of(const struct held_rows *h, uint32_t table, int64_t column)
{
    uint32_t key[2] = {table, (uint32_t)column};
    const uint32_t *collation = table_get(&h->collations, bytes_of((const char *)key, sizeof key));
    return collation != NULL ? *collation : 0;
}

/* A column's own collation needs no name. */
static bool is_collated_alike(struct arena *a, const struct held_rows *h, size_t i)
{
    struct numbers columns = numbers_of(a, pg_text(h->indexes, i, IND_KEY));
    struct numbers collations = numbers_of(a, pg_text(h->indexes, i, IND_COLLATIONS));
    bool is_alike = collations.n <= columns.n;
    for (size_t at = 0; is_alike && at < collations.n; at++) {
        is_alike =
            collations.v[at] == 0 ||
            collations.v[at] == collation_of(h, oid_at(h->indexes, i, IND_RELATION), columns.v[at]);
    }
    return is_alike;
}

static bool are_named(struct arena *a, const char *classes, const struct table *names)
{
    struct numbers oids = numbers_of(a, classes);
    bool are_all = true;
    for (size_t i = 0; are_all && i < oids.n; i++) {
        are_all = names_find(names, PG_OPCLASS, (uint32_t)oids.v[i]) != NULL;
    }
    return are_all;
}

static bool index_is_whole(struct arena *a, const struct held_rows *h, size_t i,
                           const struct table *names)
{
    const struct pg_rows *r = h->indexes;
    return pg_null(r, i, IND_TAIL) && pg_null(r, i, IND_TABLESPACE) &&
           are_named(a, pg_text(r, i, IND_CLASSES), names) && is_collated_alike(a, h, i);
}

/* Comments on indexes stand in the facets of these, and of constraints nothing is read here. */
static bool note_is_whole(const struct held_rows *h, size_t i)
{
    uint32_t oid = oid_at(h->notes, i, NOTE_OBJECT);
    return oid_at(h->notes, i, NOTE_CLASS) == PG_CLASS && owner_of(h, oid) == 0;
}

bool held_is_whole(struct arena *a, const struct held_rows *h, const struct table *names)
{
    bool is_whole = names != NULL && h->constraints != NULL;
    for (size_t i = 0; is_whole && i < h->n; i++) {
        is_whole = relation_is_whole(h, i);
    }
    for (size_t i = 0; is_whole && i < pg_rows_n(h->columns); i++) {
        is_whole = column_is_whole(h->columns, i);
    }
    for (size_t i = 0; is_whole && i < pg_rows_n(h->indexes); i++) {
        is_whole = index_is_whole(a, h, i, names);
    }
    for (size_t i = 0; is_whole && i < pg_rows_n(h->constraints); i++) {
        is_whole = pg_text(h->constraints, i, CON_TYPE)[0] != 'f';
    }
    for (size_t i = 0; is_whole && i < pg_rows_n(h->notes); i++) {
        is_whole = note_is_whole(h, i);
    }
    return is_whole;
}

static void add_note(struct build *b, struct object_draft *d, const struct pg_rows *r, size_t i)
{
    struct buf facet = {0};
    struct buf sent = {0};
    int64_t number = pg_int(r, i, NOTE_COLUMN);
    const struct column_draft *c = number != 0 ? build_column(d, number) : NULL;
    facet_mark(&sent, 'd', pg_text(r, i, NOTE_TEXT));
    buf_puts(&facet, number != 0 ? "comment on column " : "comment");
    if (c != NULL) {
        facet_unquote(&facet, c->quoted);
    }
    if (number == 0 || c != NULL) {
        (void)build_facet(b, d, buf_str(&facet), buf_str(&sent));
    }
    buf_release(&facet);
    buf_release(&sent);
}

void held_build(struct build *b, const struct held_rows *h)
{
    rows_relations(b, h->relations);
    rows_columns(b, h->columns);
    rows_constraints(b, h->constraints);
    rows_indexes(b, h->indexes);
    for (size_t i = 0; i < pg_rows_n(h->notes); i++) {
        struct object_draft *d = build_at(b, PG_CLASS, oid_at(h->notes, i, NOTE_OBJECT));
        if (d != NULL) {
            add_note(b, d, h->notes, i);
        }
    }
}
