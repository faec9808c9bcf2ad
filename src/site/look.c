/* What really stands there, against what the ledger says. */
#include <string.h>

#include "pg/tx.h"
#include "site/site.h"
#include "site/undeclared.h"

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
    if (s->id.has_ledger && (ledger_objects(s->pg, 0, s->a, &s->sum, e) != 0 ||
                             catalog_witness(s->pg, s->a, &s->catalogs, e) != 0)) {
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
    s->catalogs = NULL;
    int64_t before = pg_patience(s->pg, LOOK_MS + wait_of(s));
    s->has_catalog = look(s, e) == 0 && hide_others(s, e) == 0;
    if (!s->has_catalog) {
        tx_roll_back(s->pg);
    }
    (void)pg_patience(s->pg, before);
    return s->has_catalog ? 0 : -1;
}

/* --- what saves a look ------------------------------------------------------------------------------- */

/* "lsn timeline root": nothing at all was written since the last full look if it is the same now. */
static const char *witness_text(const struct site *s)
{
    char root[DIGEST_TEXT];
    return arena_printf(s->a, "%s %lld %s %s", s->id.lsn, (long long)s->id.timeline,
                        s->id.system_id, digest_text(&s->id.root, root));
}

/* The sums of the catalogs, and all else that what is found depends on: who looks at which database, the
 * ledger, and the program that compares. */
static const char *catalogs_text(const struct site *s)
{
    char root[DIGEST_TEXT];
    return arena_printf(s->a, "%s\n%s %lld %d %s\n%s %s\n%s", KFMIG_VERSION,
                        digest_text(&s->id.root, root), (long long)s->id.format, s->id.version,
                        s->id.system_id, s->id.role, s->id.database, s->catalogs);
}

static bool is_kept(const struct site *s, const char *kind, const char *text)
{
    struct bytes seen;
    return cache_get(s->cache, kind, bytes_str(s->id.uuid), s->a, &seen) &&
           bytes_eq(seen, bytes_str(text));
}

static void keep(const struct site *s, const char *kind, const char *text)
{
    if (!is_kept(s, kind, text)) {
        cache_put(s->cache, kind, bytes_str(s->id.uuid), bytes_str(text));
    }
}

bool site_unmoved(const struct site *s)
{
    return s->id.has_ledger && s->id.lsn[0] != '\0' && is_kept(s, "witness", witness_text(s));
}

void site_witness(const struct site *s)
{
    if (s->id.has_ledger && s->id.lsn[0] != '\0') {
        keep(s, "witness", witness_text(s));
        if (s->catalogs != NULL && digest_eq(&s->root, &s->id.root)) {
            keep(s, "catalogs", catalogs_text(s));
        }
    }
}

bool site_catalogs_unmoved(struct site *s)
{
    struct err ignored = {0};
    struct bytes seen;
    s->has_catalog = false; /* what it says is as of another time */
    if (s->id.lsn[0] == '\0' ||
        !cache_get(s->cache, "catalogs", bytes_str(s->id.uuid), s->a, &seen) ||
        catalog_witness(s->pg, s->a, &s->catalogs, &ignored) != 0) {
        return false;
    }
    s->root = s->id.root;
    return bytes_eq(seen, bytes_str(catalogs_text(s)));
}

/* What was read of generations may be another run's since. */
bool site_look_again(struct site *s)
{
    struct err ignored = {0};
    const char *then = s->catalogs;
    const char *now = NULL;
    bool is_ahead = s->looks_ahead && site_format(s) < LEDGER_FORMAT;
    return s->has_catalog && then != NULL && !is_ahead && digest_eq(&s->root, &s->id.root) &&
           catalog_witness(s->pg, s->a, &now, &ignored) == 0 && strcmp(now, then) == 0 &&
           hide_others(s, &ignored) == 0;
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
