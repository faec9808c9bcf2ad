/* What stands there against what the ledger says: what differs, whose business it is, and whether it is only
 * the server's version. */
#include <stdlib.h>
#include <string.h>

#include "site/site.h"
#include "store/facets.h"

enum { MAJOR = 10000 }; /* of a server's version number */

const char *site_writer(const struct entries *entries, int64_t sequence)
{
    if (sequence < 1 || (size_t)sequence > entries->n) {
        return "";
    }
    const struct entry *en = &entries->v[sequence - 1];
    return entry_kind_objects(en->kind) == OBJECTS_WRITTEN ? en->subject : "";
}

static bool stands_in(const struct facet *f, const char *tablespace)
{
    const char *index =
        strncmp(f->name, "index ", 6) == 0 ? strstr(f->value, " tablespace ") : NULL;
    return (strcmp(f->name, "tablespace") == 0 && strcmp(f->value, tablespace) == 0) ||
           (index != NULL && strcmp(index + strlen(" tablespace "), tablespace) == 0);
}

static bool is_used(const struct site *s, const char *tablespace)
{
    for (size_t i = 0; i < s->catalog.n; i++) {
        for (size_t k = 0; k < s->catalog.v[i]->n_facets; k++) {
            if (stands_in(&s->catalog.v[i]->facets[k], tablespace)) {
                return true;
            }
        }
    }
    return false;
}

/* A role's settings in this database, not those that it has in all. */
static bool is_of_database(const struct differences *d)
{
    for (size_t i = 0; i < d->n; i++) {
        if (strncmp(d->v[i].name, "of database", strlen("of database")) == 0 ||
            strncmp(d->v[i].name, "of role in this database", strlen("of role in this")) == 0) {
            return true;
        }
    }
    return false;
}

/* Roles, their settings and tablespaces belong to the whole server: they are this ledger's business where a
 * migration wrote them, or this database uses them. */
static bool is_ours(const struct site *s, const struct object *o, const char *writer,
                    const struct differences *d)
{
    if (writer[0] != '\0') {
        return true;
    }
    if (o->kind == OBJ_SETTING) {
        return s->catalog.format == 1 || is_of_database(d);
    }
    if (o->kind == OBJ_TABLESPACE) {
        return s->catalog.format != 1 && is_used(s, o->name);
    }
    return o->kind != OBJ_ROLE;
}

static bool is_by_version(const struct differences *d)
{
    bool all = true;
    for (size_t i = 0; i < d->n; i++) {
        all &= facets_by_version(&d->v[i]);
    }
    return all;
}

/* was, now NULL: the object is not there. */
static void add_drift(struct site *s, const char *text, const struct object_row *was,
                      const struct catalog_object *now)
{
    struct world *w = &s->world;
    struct drift d = {.text = text, .last_writer = ""};
    struct differences differences;
    if (was != NULL) {
        d.was = was->fingerprint;
        d.sequence = was->written;
        d.last_writer = site_writer(&s->entries, was->written);
    }
    if (now != NULL) {
        d.now = now->fingerprint;
        d.object = now->object;
    } else if (object_parse(s->a, d.text, &d.object) != 0) {
        d.object = (struct object){OBJ_UNKNOWN, "", d.text, NULL};
    }
    facets_compare(s->a, was != NULL ? was->definition : "", now, &differences);
    /* What other stores hold is compared by its fingerprints alone. */
    bool by_facets = s->catalog.format > 1 && d.object.store == NULL && was != NULL && now != NULL;
    bool same = by_facets && differences.n == 0;
    if (same || !is_ours(s, &d.object, d.last_writer, &differences)) {
        return;
    }
    d.by_version = by_facets && is_by_version(&differences);
    d.recorded = was != NULL ? was->sequence : 0;
    w->drift[w->n_drift++] = d;
}

/* "function app.p(IN a integer)" as version 13 named procedures: without IN. NULL: it has none. */
static const char *without_in(struct arena *a, const char *text)
{
    struct buf b = {0};
    const char *hit = strstr(text, "(IN ");
    const char *p = text;
    for (; hit != NULL; hit = strstr(p, ", IN ")) {
        size_t before = *hit == '(' ? 1 : 2;
        buf_add(&b, p, (size_t)(hit - p) + before);
        p = hit + before + strlen("IN ");
    }
    buf_puts(&b, p);
    const char *name = p != text ? arena_strdup(a, buf_str(&b)) : NULL;
    buf_release(&b);
    return name;
}

/* Version 14 gave procedures other names: what vanished under one appeared under another. */
static void find_renamed(struct site *s)
{
    struct world *w = &s->world;
    for (size_t i = 0; i < w->n_drift; i++) {
        struct drift *d = &w->drift[i];
        const char *old =
            d->object.kind == OBJ_FUNCTION && digest_is_zero(&d->was) && s->catalog.format > 1
                ? without_in(s->a, d->text)
                : NULL;
        const struct object_row *was = old != NULL ? object_rows_find(&s->sum, old) : NULL;
        struct differences differences;
        if (was == NULL || table_gets(&s->catalog.by_text, old) != NULL) {
            continue;
        }
        facets_compare(s->a, was->definition, table_gets(&s->catalog.by_text, d->text),
                       &differences);
        for (size_t k = 0; k < w->n_drift && is_by_version(&differences); k++) {
            if (k == i || strcmp(w->drift[k].text, old) == 0) {
                w->drift[k].by_version = true;
                w->drift[k].recorded = was->sequence;
            }
        }
    }
}

/* Which version recorded what another may read otherwise is asked for all of it together. */
static int find_majors(struct site *s, struct err *e)
{
    struct world *w = &s->world;
    struct server_versions versions = {.n = 0};
    int64_t *sequences = ARENA_ARRAY(s->a, int64_t, w->n_drift + 1);
    size_t n = 0;
    for (size_t i = 0; i < w->n_drift; i++) {
        if (w->drift[i].by_version) {
            sequences[n++] = w->drift[i].recorded;
        }
    }
    if (n > 0 && ledger_server_versions(s->pg, s->a, sequences, n, &versions, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < w->n_drift && n > 0; i++) {
        struct drift *d = &w->drift[i];
        int major = (int)(server_version_of(&versions, d->recorded) / MAJOR);
        if (d->by_version && major > 0 && major < w->server_major) {
            d->from_major = major;
            w->n_upgraded++;
        }
    }
    return 0;
}

void site_compare(struct site *s, const struct object_rows *sum, const struct catalog *found)
{
    struct world *w = &s->world;
    size_t i = 0;
    size_t k = 0;
    struct drift *all = ARENA_ARRAY(s->a, struct drift, w->n_drift + sum->n + found->n + 1);
    for (size_t d = 0; d < w->n_drift; d++) {
        all[d] = w->drift[d];
    }
    w->drift = all;
    while (i < sum->n || k < found->n) {
        int order = i == sum->n     ? 1
                    : k == found->n ? -1
                                    : strcmp(sum->v[i].object, found->v[k]->text);
        const char *text = order <= 0 ? sum->v[i].object : found->v[k]->text;
        if (order != 0 || !digest_eq(&sum->v[i].fingerprint, &found->v[k]->fingerprint)) {
            add_drift(s, text, order <= 0 ? &sum->v[i] : NULL, order >= 0 ? found->v[k] : NULL);
        }
        i += order <= 0;
        k += order >= 0;
    }
}

int site_find_drift(struct site *s, struct err *e)
{
    const struct object_rows sum = object_rows_of(s->a, &s->sum, NULL);
    s->world.n_drift = 0;
    s->world.n_upgraded = 0;
    s->world.server_major = s->id.version / MAJOR;
    site_compare(s, &sum, &s->catalog);
    find_renamed(s);
    return find_majors(s, e);
}
