/* What really stands there, against what the ledger says. */
#include <string.h>

#include "pg/tx.h"
#include "site/site.h"
#include "site/undeclared.h"
#include "site/witness.h"

int site_format(const struct site *s)
{
    return s->id.has_ledger ? (int)s->id.format : LEDGER_FORMAT;
}

enum { LOOK_WAIT_MS = 30000, LOOK_MS = 60000 };

static int64_t wait_of(const struct site *s)
{
    return s->o.look_wait_ms > 0 ? s->o.look_wait_ms : LOOK_WAIT_MS;
}

int site_snapshot(const struct site *s, struct err *e)
{
    return postgis_snapshot(s->pg, wait_of(s), e);
}

static int look(struct site *s, struct err *e)
{
    if (site_snapshot(s, e) != 0 ||
        catalog_read(s->pg, site_format(s), s->a, &s->catalog, e) != 0) {
        return -1;
    }
    if (s->looks_ahead && site_format(s) < LEDGER_FORMAT &&
        catalog_read(s->pg, LEDGER_FORMAT, s->a, &s->ahead, e) != 0) {
        return -1;
    }
    if (s->id.has_ledger &&
        (ledger_objects(s->pg, 0, s->a, &s->sum, e) != 0 || witness_ask(s, &s->catalogs, e) != 0)) {
        return -1;
    }
    s->root = s->id.root;
    return postgis_snapshot_end(s->pg, e);
}

/* Take what belongs to generations that are not live out of the catalogs that were read. */
static int hide_others(struct site *s, struct err *e)
{
    if (generations_read(s, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < s->generations.n; i++) {
        const struct generation *g = &s->generations.v[i];
        if (g->state != GENERATION_LIVE && g->schema != NULL) {
            const char *hidden = arena_printf(s->a, "%s__g%lld", g->schema, (long long)g->number);
            catalog_leave_out(&s->catalog, hidden);
            catalog_leave_out(&s->ahead, hidden);
        }
    }
    return 0;
}

/* One snapshot for both: read one after the other while another run commits, they would differ, and that
 * looks like drift. */
int site_look(struct site *s, struct err *e)
{
    s->catalog = (struct catalog){0};
    s->ahead = (struct catalog){0};
    s->sum = (struct object_rows){0};
    s->catalogs = (struct catalog_witness){.sums = NULL};
    int64_t before = pg_patience(s->pg, LOOK_MS + wait_of(s));
    s->has_catalog = look(s, e) == 0 && hide_others(s, e) == 0;
    if (!s->has_catalog) {
        tx_roll_back(s->pg);
    }
    (void)pg_patience(s->pg, before);
    return s->has_catalog ? 0 : -1;
}

int site_recorded(struct site *s, struct err *e)
{
    s->root = s->id.root;
    return ledger_objects(s->pg, 0, s->a, &s->sum, e);
}

/* What was read of generations may be another run's since. */
bool site_look_again(struct site *s)
{
    struct err ignored = {0};
    bool is_ahead = s->looks_ahead && site_format(s) < LEDGER_FORMAT;
    return s->has_catalog && !is_ahead && digest_eq(&s->root, &s->id.root) &&
           (witness_alone(s) || witness_same(s)) && hide_others(s, &ignored) == 0;
}

/* What deviates from what it came with. */
static bool is_of_server(const struct object *o)
{
    const char *schema = o->kind == OBJ_SCHEMA ? o->name : o->schema;
    return strcmp(schema, "pg_catalog") == 0 || strcmp(schema, "information_schema") == 0;
}

bool site_is_usual(const struct object *o)
{
    return object_kind_global(o->kind) || o->kind == OBJ_EXTENSION ||
           (o->kind == OBJ_SCHEMA && strcmp(o->name, "public") == 0) || is_of_server(o);
}

int64_t site_count_existing(const struct site *s)
{
    int64_t n = 0;
    for (size_t i = 0; i < s->catalog.n; i++) {
        n += !site_is_usual(&s->catalog.v[i]->object);
    }
    return n;
}
