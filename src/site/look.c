/* What really stands there, against what the ledger says. */
#include <string.h>

#include "pg/tx.h"
#include "site/site.h"

static int look(struct site *s, struct err *e)
{
    if (postgis_snapshot(s->pg, e) != 0 || catalog_read(s->pg, s->a, &s->catalog, e) != 0) {
        return -1;
    }
    if (s->id.has_ledger && ledger_objects(s->pg, 0, s->a, &s->sum, e) != 0) {
        return -1;
    }
    return postgis_snapshot_end(s->pg, e);
}

/* Take what belongs to generations that are not live out of the catalogs that were read. */
static int hide_others(struct site *s, struct err *e)
{
    if (s->project->n_projection == 0 || !s->id.has_ledger) {
        return 0;
    }
    if (ledger_generations(s->pg, s->a, &s->generations, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < s->generations.n; i++) {
        const struct generation *g = &s->generations.v[i];
        for (size_t k = 0; k < s->project->n_projection && g->state != GENERATION_LIVE; k++) {
            const struct projection *p = &s->project->projection[k];
            if (strcmp(p->name, g->projection) == 0) {
                catalog_leave_out(&s->catalog,
                                  arena_printf(s->a, "%s__g%lld", p->schema, (long long)g->number));
            }
        }
    }
    return 0;
}

/* One snapshot for both: read one after the other while another run commits, they would differ, and that
 * looks like drift. */
int site_look(struct site *s, struct err *e)
{
    s->catalog = (struct catalog){0};
    s->sum = (struct object_rows){0};
    s->has_catalog = look(s, e) == 0 && hide_others(s, e) == 0;
    if (!s->has_catalog) {
        tx_roll_back(s->pg);
    }
    return s->has_catalog ? 0 : -1;
}

/* "lsn timeline root": nothing at all was written since the last full look if it is the same now. */
static const char *witness_text(const struct site *s)
{
    char root[DIGEST_TEXT];
    return arena_printf(s->a, "%s %lld %s %s", s->id.lsn, (long long)s->id.timeline,
                        s->id.system_id, digest_text(&s->id.root, root));
}

bool site_unmoved(const struct site *s)
{
    struct bytes seen;
    return s->id.has_ledger && s->id.lsn[0] != '\0' &&
           cache_get(s->cache, "witness", bytes_str(s->id.uuid), s->a, &seen) &&
           bytes_eq(seen, bytes_str(witness_text(s)));
}

void site_witness(const struct site *s)
{
    if (s->id.has_ledger && s->id.lsn[0] != '\0' && !site_unmoved(s)) {
        cache_put(s->cache, "witness", bytes_str(s->id.uuid), bytes_str(witness_text(s)));
    }
}

/* Roles and tablespaces belong to the whole server: only those that a migration wrote are this ledger's
 * business. */
static bool is_ours(const struct object *o, const char *writer)
{
    return (o->kind != OBJ_ROLE && o->kind != OBJ_TABLESPACE) || writer[0] != '\0';
}

static const char *writer_of(const struct site *s, int64_t sequence)
{
    if (sequence < 1 || (size_t)sequence > s->entries.n) {
        return "";
    }
    const struct entry *en = &s->entries.v[sequence - 1];
    return entry_kind_objects(en->kind) == OBJECTS_WRITTEN ? en->subject : "";
}

static void add_drift(struct site *s, const struct object_row *was,
                      const struct catalog_object *now)
{
    struct world *w = &s->world;
    struct drift d = {.text = now != NULL ? now->text : "", .last_writer = ""};
    if (was != NULL) {
        d.text = was->object;
        d.was = was->fingerprint;
        d.sequence = was->sequence;
        d.last_writer = writer_of(s, was->sequence);
    }
    if (now != NULL) {
        d.now = now->fingerprint;
        d.object = now->object;
    } else if (object_parse(s->a, d.text, &d.object) != 0) {
        d.object = (struct object){OBJ_UNKNOWN, "", d.text, NULL};
    }
    if (is_ours(&d.object, d.last_writer)) {
        w->drift[w->n_drift++] = d;
    }
}

void site_compare(struct site *s, const struct object_rows *sum, const struct catalog *now)
{
    struct world *w = &s->world;
    size_t i = 0;
    size_t k = 0;
    struct drift *all = ARENA_ARRAY(s->a, struct drift, w->n_drift + sum->n + now->n + 1);
    for (size_t d = 0; d < w->n_drift; d++) {
        all[d] = w->drift[d];
    }
    w->drift = all;
    while (i < sum->n || k < now->n) {
        const struct object_row *was = i < sum->n ? &sum->v[i] : NULL;
        const struct catalog_object *is = k < now->n ? now->v[k] : NULL;
        int order = was == NULL ? 1 : is == NULL ? -1 : strcmp(was->object, is->text);
        if (order != 0 || !digest_eq(&was->fingerprint, &is->fingerprint)) {
            add_drift(s, order <= 0 ? was : NULL, order >= 0 ? is : NULL);
        }
        i += order <= 0;
        k += order >= 0;
    }
}

void site_find_drift(struct site *s)
{
    const struct object_rows sum = object_rows_of(s->a, &s->sum, NULL);
    s->world.n_drift = 0;
    site_compare(s, &sum, &s->catalog);
}

bool site_is_usual(const struct object *o)
{
    return object_kind_global(o->kind) || o->kind == OBJ_EXTENSION ||
           (o->kind == OBJ_SCHEMA && strcmp(o->name, "public") == 0);
}

int64_t site_count_existing(const struct site *s)
{
    int64_t n = 0;
    for (size_t i = 0; i < s->catalog.n; i++) {
        n += !site_is_usual(&s->catalog.v[i]->object);
    }
    return n;
}
