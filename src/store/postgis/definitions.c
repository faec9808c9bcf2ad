/* The class queries: which there are, in one text for all objects and for a few, and the settings
 * they run under.
 * Owns: the table of queries. */
#include "store/postgis/definitions.h"

#include <stdio.h>
#include <string.h>

#include "store/postgis/held.h"
#include "store/postgis/queries.h"
#include "store/postgis/query_sections.h"

enum { VERSION_14 = 140000, VERSION_15 = 150000, N_QUERIES = 21 };

struct class_query {
    const struct pg_sql *sql;
    void (*take)(struct build *b, const struct pg_rows *r); /* NULL: rows are facets */
    enum group group;
    enum extra extra;
    int since, until; /* server versions; until: the first that it is not for, 0: none */
    int format;       /* of fingerprints that it is for; 0: any */
};

/* An object's own query stands before those of its parts. */
static const struct class_query queries[N_QUERIES] = {
    {&postgis_catalog_relations, rows_relations, GROUP_RELATIONS, EXTRA_NONE, 0, 0, 0},
    {&postgis_catalog_columns, rows_columns, GROUP_RELATIONS, EXTRA_NONE, 0, 0, 0},
    {&postgis_catalog_constraints, rows_constraints, GROUP_RELATIONS, EXTRA_NONE, 0, 0, 0},
    {&postgis_catalog_names, rows_names, GROUP_RELATIONS, EXTRA_NONE, 0, 0, 0},
    {&postgis_catalog_indexes, rows_indexes, GROUP_RELATIONS, EXTRA_NONE, 0, 0, 0},
    {&postgis_catalog_parts, NULL, GROUP_RELATIONS, EXTRA_PART, 0, 0, 0},
    {&postgis_catalog_types, NULL, GROUP_TYPES, EXTRA_PART, 0, 0, 0},
    {&postgis_catalog_functions, NULL, GROUP_FUNCTIONS, EXTRA_NONE, 0, 0, 0},
    {&postgis_catalog_schemas, NULL, GROUP_SCHEMAS, EXTRA_NONE, 0, 0, 0},
    {&postgis_catalog_operators, NULL, GROUP_OPERATORS, EXTRA_PART, 0, 0, 0},
    {&postgis_catalog_roles, NULL, GROUP_ROLES, EXTRA_NONE, 0, 0, 0},
    {&postgis_catalog_settings, NULL, GROUP_SETTINGS, EXTRA_NONE, 0, 0, 0},
    {&postgis_catalog_default_privileges, NULL, GROUP_DEFAULT_PRIVILEGES, EXTRA_NONE, 0, 0, 0},
    {&postgis_catalog_globals, NULL, GROUP_GLOBALS, EXTRA_NONE, 0, 0, 0},
    {&postgis_catalog_subscriptions, NULL, GROUP_GLOBALS, EXTRA_NONE, VERSION_14, 0, 0},
    {&postgis_catalog_subscriptions_13, NULL, GROUP_GLOBALS, EXTRA_NONE, 0, VERSION_14, 0},
    {&postgis_catalog_publications, NULL, GROUP_PUBLICATIONS, EXTRA_NONE, 0, 0, 0},
    {&postgis_catalog_since_15, NULL, GROUP_PUBLICATIONS, EXTRA_NONE, VERSION_15, 0, 0},
    /* Comments of objects of several groups: read for whatever is read. */
    {&postgis_catalog_notes, NULL, GROUP_COUNT, EXTRA_NONE, 0, 0, 0},
    /* Of several groups, too, and few. */
    {&postgis_catalog_given, NULL, GROUP_COUNT, EXTRA_GIVEN, 0, 0, 2},
    {&postgis_catalog_given_globals, NULL, GROUP_GLOBALS, EXTRA_GIVEN, 0, 0, 2},
};

enum group group_of_class(uint32_t classid)
{
    switch ((enum system_catalog)classid) {
    case PG_CLASS:
        return GROUP_RELATIONS;
    case PG_TYPE:
        return GROUP_TYPES;
    case PG_PROC:
        return GROUP_FUNCTIONS;
    case PG_NAMESPACE:
    case PG_EXTENSION:
        return GROUP_SCHEMAS;
    case PG_OPCLASS:
    case PG_OPERATOR:
    case PG_OPFAMILY:
    case PG_CONVERSION:
    case PG_COLLATION:
    case PG_TS_DICT:
    case PG_TS_PARSER:
    case PG_TS_CONFIG:
    case PG_TS_TEMPLATE:
        return GROUP_OPERATORS;
    case PG_AUTHID:
        return GROUP_ROLES;
    case PG_DB_ROLE_SETTING:
        return GROUP_SETTINGS;
    case PG_DEFAULT_ACL:
        return GROUP_DEFAULT_PRIVILEGES;
    case PG_PUBLICATION:
    case PG_PARAMETER_ACL:
        return GROUP_PUBLICATIONS;
    case PG_TABLESPACE:
    case PG_DATABASE:
    case PG_ATTRIBUTE:
    case PG_AMOP:
    case PG_AMPROC:
    case PG_ATTRDEF:
    case PG_CAST:
    case PG_CONSTRAINT:
    case PG_REWRITE:
    case PG_TRIGGER:
    case PG_POLICY:
    case PG_STATISTIC_EXT:
    case PG_PUBLICATION_REL:
    case PG_DEPEND:
    case PG_DESCRIPTION:
    case PG_LARGEOBJECT:
    case PG_LARGEOBJECT_METADATA:
        break;
    }
    return GROUP_GLOBALS;
}

enum group group_of(const struct catalog_object *o)
{
    if (o->classid != 0) {
        return group_of_class(o->classid);
    }
    if (o->object.kind == OBJ_SUBSCRIPTION) {
        return GROUP_GLOBALS;
    }
    return o->object.kind == OBJ_SETTING ? GROUP_SETTINGS : GROUP_DEFAULT_PRIVILEGES;
}

void oids_add(struct arena *a, struct oids *l, uint32_t oid)
{
    if (l->n > 0 && l->v[l->n - 1] == oid) {
        return;
    }
    ARENA_GROW(a, l->v, l->n, l->cap);
    l->v[l->n++] = oid;
}

const char *oids_array(struct arena *a, const struct oids *l)
{
    struct buf b = {0};
    buf_putc(&b, '{');
    for (size_t i = 0; i < l->n; i++) {
        buf_printf(&b, "%s%u", i > 0 ? "," : "", l->v[i]);
    }
    buf_putc(&b, '}');
    const char *text = arena_strdup(a, buf_str(&b));
    buf_release(&b);
    return text;
}

/* A query's conditions say "$1::oid[] IS NULL OR x = ANY ($1::oid[])". With the first half no plan
 * for a few objects could be kept, so the text for a few is the file's without it. */
static const struct pg_sql *for_few(size_t at)
{
    static const char either[] = "$1::oid[] IS NULL OR ";
    static struct pg_sql few[N_QUERIES];
    struct pg_sql *out = &few[at];
    if (out->text != NULL) {
        return out;
    }
    const struct pg_sql *all = queries[at].sql;
    struct buf text = {0};
    const char *p = all->text;
    for (const char *hit = strstr(p, either); hit != NULL; hit = strstr(p, either)) {
        buf_add(&text, p, (size_t)(hit - p));
        p = hit + strlen(either);
    }
    buf_puts(&text, p);
    char *name = mem_alloc(strlen(all->name) + sizeof "_few");
    (void)sprintf(name, "%s_few", all->name);
    *out = (struct pg_sql){name, text.p};
    return out;
}

struct definitions {
    struct arena *a;
    int format;
    bool in_clear;
    const struct held_rows *held; /* made of these, which are the caller's, or NULL */
    const struct table *names;
    struct pg_rows *rows[N_QUERIES];
    const char *params[GROUP_COUNT + 1][1];
};

static bool is_for(const struct class_query *q, const struct pg *s, int format)
{
    int version = pg_server_version(s);
    return version >= q->since && (q->until == 0 || version < q->until) &&
           (q->format == 0 || q->format == format);
}

/* Sections of the queries: what only one format has, and labels. */
static bool keep_section(void *ctx, struct bytes name)
{
    const struct definitions_wanted *w = ctx;
    if (bytes_eq(name, bytes_str("labels"))) {
        return !w->no_labels;
    }
    return bytes_eq(name, bytes_str(w->format == 1 ? "format1" : "format2"));
}

static const struct pg_sql *chosen(const struct pg_sql *sql, const struct definitions_wanted *w)
{
    struct definitions_wanted copy = *w;
    return strstr(sql->text, "--+ ") == NULL ? sql
                                             : sections_choose(sql, keep_section, &copy, true);
}

static void add_all(struct definitions *d, struct pg *s, const struct definitions_wanted *w)
{
    for (size_t i = 0; i < N_QUERIES; i++) {
        bool takes = queries[i].group < GROUP_WHOLE || queries[i].group == GROUP_COUNT;
        if (is_for(&queries[i], s, w->format)) {
            pg_batch_add(s, chosen(queries[i].sql, w), d->params[GROUP_COUNT], takes ? 1 : 0,
                         &d->rows[i]);
        }
    }
}

static void add_some(struct definitions *d, struct pg *s, const struct definitions_wanted *w)
{
    struct oids any = {0};
    for (enum group g = 0; g < GROUP_WHOLE; g++) {
        d->params[g][0] = oids_array(d->a, &w->oids[g]);
        for (size_t i = 0; i < w->oids[g].n; i++) {
            oids_add(d->a, &any, w->oids[g].v[i]);
        }
    }
    d->params[GROUP_COUNT][0] = oids_array(d->a, &any);
    for (size_t i = 0; i < N_QUERIES; i++) {
        enum group g = queries[i].group;
        bool few = g == GROUP_COUNT ? any.n > 0 : g < GROUP_WHOLE && w->oids[g].n > 0;
        bool whole =
            g >= GROUP_WHOLE && g < GROUP_COUNT && w->whole[g] && is_for(&queries[i], s, w->format);
        few = few && !(w->no_parts && queries[i].sql == &postgis_catalog_parts) &&
              (queries[i].sql != &postgis_catalog_given || (w->given && w->format != 1));
        if (few) {
            pg_batch_add(s, chosen(for_few(i), w), d->params[g], 1, &d->rows[i]);
        } else if (whole) {
            pg_batch_add(s, chosen(queries[i].sql, w), NULL, 0, &d->rows[i]);
        }
    }
}

struct definitions *definitions_add(struct arena *a, struct pg *s,
                                    const struct definitions_wanted *w)
{
    struct definitions *d = ARENA_NEW(a, struct definitions);
    d->a = a;
    d->format = w->format;
    d->in_clear = w->in_clear;
    if (w->all) {
        add_all(d, s, w);
    } else {
        add_some(d, s, w);
    }
    return d;
}

static void take_rows(struct build *b, const struct class_query *q, const struct pg_rows *r)
{
    if (q->take != NULL) {
        b->last = NULL;
        q->take(b, r);
    } else {
        build_rows(b, r, q->extra);
    }
}

struct definitions *definitions_held(struct arena *a, int format, const struct held_rows *held,
                                     const struct table *names)
{
    struct definitions *d = ARENA_NEW(a, struct definitions);
    *d = (struct definitions){.a = a, .format = format, .held = held, .names = names};
    return d;
}

void definitions_take(struct definitions *d, struct catalog *out)
{
    struct build b;
    build_begin(&b, d->a, d->format, out);
    b.in_clear = d->in_clear;
    if (d->held != NULL) {
        b.names = *d->names;
        held_build(&b, d->held);
    }
    for (size_t i = 0; i < N_QUERIES; i++) {
        if (d->rows[i] != NULL) {
            take_rows(&b, &queries[i], d->rows[i]);
            pg_rows_free(d->rows[i]);
            d->rows[i] = NULL;
        }
    }
    build_end(&b);
}

enum pins pins_for(const struct pg *s)
{
    return pg_tx(s) == PG_TX_IDLE ? PINS_TRANSACTION : PINS_SAVEPOINT;
}

void pins_add(struct pg *s, enum pins p, bool all)
{
    static const char *const yes[] = {"t"};
    static const char *const no[] = {"f"};
    pg_batch_add(s, p == PINS_TRANSACTION ? &postgis_pin_begin : &postgis_pin_savepoint, NULL, 0,
                 NULL);
    pg_batch_add(s, &postgis_pin_settings, all ? yes : no, 1, NULL);
}

void pins_undo(struct pg *s, enum pins p)
{
    if (p == PINS_TRANSACTION) {
        pg_batch_add(s, &postgis_pin_commit, NULL, 0, NULL);
        return;
    }
    pg_batch_add(s, &postgis_pin_undo, NULL, 0, NULL);
    pg_batch_add(s, &postgis_pin_release, NULL, 0, NULL);
}

int pins_run(struct pg *s, enum pins p, struct err *e)
{
    if (pg_batch_run(s, NULL, e) == 0) {
        return 0;
    }
    char tag[64];
    struct err ignored;
    if (p == PINS_TRANSACTION && pg_tx(s) == PG_TX_FAILED &&
        pg_command(s, "ROLLBACK", tag, NULL, &ignored) != 0) {
        return -1; /* the first failure is the one to tell */
    }
    return -1;
}
