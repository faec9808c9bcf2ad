/* Schemas by name: making room, hiding, swapping.
 * Owns: what the schemas of generations are called, and who may use them while they are hidden. */
#include <string.h>

#include "store/postgis/generation_query.h"

enum { NAME_BYTES = 63, COL_NAME = 0, COL_ACL };

static const char aside_ending[] = "__aside";

int generation_schema(struct arena *a, const char *schema, int64_t number, const char **out,
                      struct err *e)
{
    if (number < 1) {
        BUG("generations count from 1");
    }
    const char *name = arena_printf(a, "%s__g%lld", schema, (long long)number);
    const char *aside = arena_printf(a, "%s%s", schema, aside_ending);
    const char *longer = strlen(name) > strlen(aside) ? name : aside;
    if (strlen(longer) > NAME_BYTES) {
        (void)err_set(
            e, ERR_CONFIG,
            "the name of schema \"%s\" is too long for a projection: \"%s\" has more than "
            "%d bytes",
            schema, longer, NAME_BYTES);
        return err_hint(e, "shorten it by %zu bytes", strlen(longer) - NAME_BYTES);
    }
    *out = name;
    return 0;
}

struct schema_state {
    bool exists;
    const char *acl; /* NULL: none were ever given */
};

static int look(struct pg *s, struct arena *a, const char *schema, struct schema_state *out,
                struct err *e)
{
    struct pg_rows *r = NULL;
    const char *params[1] = {pg_array(a, &schema, 1)};
    *out = (struct schema_state){0};
    if (generation_ask(s, &postgis_generation_schemas, params, 1, &r, e) != 0) {
        return -1;
    }
    out->exists = pg_rows_n(r) == 1;
    if (out->exists && !pg_null(r, 0, COL_ACL)) {
        out->acl = arena_strdup(a, pg_text(r, 0, COL_ACL));
    }
    pg_rows_free(r);
    return 0;
}

static int need(struct pg *s, struct arena *a, const char *schema, struct schema_state *out,
                struct err *e)
{
    if (look(s, a, schema, out, e) != 0) {
        return -1;
    }
    return out->exists ? 0 : err_set(e, ERR_PREFLIGHT, "schema \"%s\" does not exist", schema);
}

static int need_free(struct pg *s, struct arena *a, const char *schema, struct err *e)
{
    struct schema_state found;
    if (look(s, a, schema, &found, e) != 0) {
        return -1;
    }
    if (found.exists) {
        (void)err_set(e, ERR_PREFLIGHT, "schema \"%s\" exists, and the projection needs its name",
                      schema);
        return err_hint(e, "rename or drop it");
    }
    return 0;
}

static int rename_schema(struct pg *s, struct arena *a, const char *from, const char *to,
                         struct err *e)
{
    if (need_free(s, a, to, e) != 0) {
        return -1;
    }
    return pg_run(
        s, arena_printf(a, "ALTER SCHEMA %s RENAME TO %s", pg_ident(a, from), pg_ident(a, to)),
        NULL, 0, NULL, e);
}

int generation_aside(struct pg *s, struct arena *a, const char *schema, bool create, bool *had_live,
                     struct err *e)
{
    struct schema_state live;
    const char *aside = arena_printf(a, "%s%s", schema, aside_ending);
    if (look(s, a, schema, &live, e) != 0) {
        return -1;
    }
    *had_live = live.exists;
    if (live.exists && rename_schema(s, a, schema, aside, e) != 0) {
        return -1;
    }
    if (!create) {
        return 0;
    }
    return pg_run(s, arena_printf(a, "CREATE SCHEMA %s", pg_ident(a, schema)), NULL, 0, NULL, e);
}

static int take(struct pg *s, const char *schema, struct err *e)
{
    return generation_each(s, &postgis_generation_take, &schema, 1, e);
}

int generation_hide(struct pg *s, struct arena *a, const char *schema, int64_t number,
                    bool had_live, const char **acl, struct err *e)
{
    const char *hidden = NULL;
    struct schema_state made;
    if (generation_schema(a, schema, number, &hidden, e) != 0 ||
        need(s, a, schema, &made, e) != 0 || take(s, schema, e) != 0 ||
        rename_schema(s, a, schema, hidden, e) != 0) {
        return -1;
    }
    *acl = made.acl;
    return had_live ? rename_schema(s, a, arena_printf(a, "%s%s", schema, aside_ending), schema, e)
                    : 0;
}

static int retire(struct pg *s, struct arena *a, const char *live, int64_t number, const char **acl,
                  struct err *e)
{
    const char *kept = NULL;
    struct schema_state was;
    if (generation_schema(a, live, number, &kept, e) != 0 || need(s, a, live, &was, e) != 0) {
        return -1;
    }
    *acl = was.acl;
    return rename_schema(s, a, live, kept, e);
}

int generation_exposed(struct pg *s, const char *hidden, bool *out, struct err *e)
{
    struct pg_rows *r = NULL;
    int rc = generation_ask(s, &postgis_generation_take, &hidden, 1, &r, e);
    *out = rc == 0 && pg_rows_n(r) > 0;
    pg_rows_free(r);
    return rc;
}

int generation_conceal(struct pg *s, const char *hidden, struct err *e)
{
    return take(s, hidden, e);
}

int generation_swap(struct pg *s, struct arena *a, const char *live, int64_t live_number,
                    const char *hidden, const char *acl, const char **live_acl, struct err *e)
{
    struct schema_state next;
    *live_acl = NULL;
    if (need(s, a, hidden, &next, e) != 0 ||
        (live_number != 0 && retire(s, a, live, live_number, live_acl, e) != 0) ||
        rename_schema(s, a, hidden, live, e) != 0) {
        return -1;
    }
    const char *params[2] = {live, acl};
    return acl == NULL ? 0 : generation_each(s, &postgis_generation_give, params, 2, e);
}

int generation_size(struct pg *s, const char *schema, int64_t *bytes, struct err *e)
{
    struct pg_rows *r = NULL;
    if (pg_query(s, &postgis_generation_size, &schema, 1, &r, e) != 0) {
        return -1;
    }
    *bytes = pg_int(r, 0, 0);
    pg_rows_free(r);
    return 0;
}

int generation_reveal(struct pg *s, struct arena *a, const char *schema, const char *hidden,
                      struct err *e)
{
    const char *rename =
        arena_printf(a, "ALTER SCHEMA %s RENAME TO %s", pg_ident(a, hidden), pg_ident(a, schema));
    return pg_run(s, rename, NULL, 0, NULL, e);
}
