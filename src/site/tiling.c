/* From declared projections of tiles to the plan's inputs. */
#include "site/tiling.h"

#include <string.h>

#include "cache/cache.h"
#include "load/generation_key.h"
#include "load/used.h"
#include "script/language.h"
#include "sql/steady.h"
#include "store/postgis/tiles.h"
#include "store/tiles/gzip.h"

/* --- queries ---------------------------------------------------------------------------------------- */

static void fault(struct err_list *faults, const struct tile_layer *l, const struct statement *st,
                  const char *hint, const char *what)
{
    err_list_addf(faults, ERR_CONFIG, l->sql.path, st != NULL ? st->line : 1,
                  st != NULL ? st->col : 1, hint, "layer \"%s\": %s", l->name, what);
}

/* The first of what st touches that is no reading of a table of schema. */
static const struct touch *outside(const struct statement *st, const char *schema)
{
    for (size_t i = 0; i < st->touches.n; i++) {
        const struct touch *t = &st->touches.v[i];
        bool is_inside = t->object.schema[0] == '\0' || strcmp(t->object.schema, schema) == 0;
        if (t->object.kind == OBJ_FUNCTION && t->effect == EFFECT_REFERENCE) {
            continue; /* whose code it is, the statement says: opaque */
        }
        if (t->effect != EFFECT_READ || !is_inside) {
            return t;
        }
    }
    return NULL;
}

static const char *only_select = "a layer is one SELECT without INTO";

static void fault_unread(const struct tile_layer *l, const struct statement *st,
                         struct err_list *faults)
{
    int line, col;
    text_place(l->sql.bytes, st->unread_at, &line, &col);
    err_list_addf(faults, ERR_CONFIG, l->sql.path, line, col, only_select,
                  "layer \"%s\": a syntax error in its query", l->name);
}

static void judge(struct arena *a, const struct tile_layer *l, const struct statement *st,
                  const char *schema, struct err_list *faults)
{
    const struct touch *t = outside(st, schema);
    const char *unsteady =
        query_unsteady(a, bytes_of(arena_strndup(a, st->text.p, st->text.n), st->text.n));
    if (!st->analysed) {
        fault_unread(l, st, faults);
    } else if (st->kind != STATEMENT_PLAIN || strcmp(st->tag, "SELECT") != 0) {
        fault(faults, l, st, only_select, "its query is something else");
    } else if (t != NULL) {
        fault(
            faults, l, st,
            arena_printf(a, "a layer reads nothing but tables and views of schema \"%s\"", schema),
            t->effect == EFFECT_READ
                ? arena_printf(a, "its query reads \"%s\".\"%s\"", t->object.schema, t->object.name)
                : arena_printf(a, "its query does more than read (%s)", effect_text(t->effect)));
    } else if (unsteady != NULL) {
        fault(faults, l, st, "the same rows must give the same tiles: leave it out",
              arena_printf(a, "its query has %s, which gives another answer each time", unsteady));
    } else if (st->opaque) {
        fault(faults, l, st, "call functions of PostgreSQL and PostGIS only",
              "its query calls a function whose code nobody has looked at");
    }
}

static void look_at_query(struct arena *a, struct tile_layer *l, const char *schema,
                          struct err_list *faults)
{
    struct script s;
    struct err e = {0};
    struct statement_room room;
    if (language_parse(a, l->sql.path, l->sql.bytes, &s, &e) != 0) {
        err_list_add(faults, &e);
        return;
    }
    if (s.n != 1) {
        fault(faults, l, NULL, only_select,
              s.n == 0 ? "its file has no query" : "its file has several statements");
        return;
    }
    const struct statement *st = script_at(&s, 0, &room);
    judge(a, l, st, schema, faults);
    l->query = st->text;
}

void tiling_queries(struct arena *a, const struct projection *p, const char *schema,
                    struct err_list *faults)
{
    for (size_t i = 0; i < p->tiling->n_layers; i++) {
        struct tile_layer *l = &p->tiling->layer[i];
        if (l->sql.path == NULL) {
            continue; /* load_project() has told that */
        }
        look_at_query(a, l, schema, faults);
    }
}

/* --- what it is made of ----------------------------------------------------------------------------- */

const struct projection *tiling_from(const struct project *project, const struct projection *p)
{
    for (size_t i = 0; i < project->n_projection; i++) {
        if (strcmp(project->projection[i].name, p->tiling->from) == 0) {
            return &project->projection[i];
        }
    }
    return NULL;
}

struct tile_place tiling_place(const struct site *s, const struct projection *p)
{
    return (struct tile_place){
        .dirfd = s->project->dirfd, .folder = s->env->place[STORE_TILES][0], .name = p->name};
}

int tiling_parts(struct site *s, const struct projection *p, const struct generation *from,
                 struct parts *out, struct err *e)
{
    if (digest_is_zero(&from->content)) {
        err_at(e, ERR_PREFLIGHT, p->file.path, p->tiling->line, p->tiling->col,
               "the generation of \"%s\" that is live has no fingerprint of its content",
               from->projection);
        return err_hint(e, "kfmig did not build it from catalogs: `kfmig rebuild` does");
    }
    const char *engines = tiles_versions(s->pg, s->a);
    if (engines[0] == '\0') {
        return err_at(e, ERR_PREFLIGHT, p->file.path, p->tiling->line, p->tiling->col,
                      "tiles need PostGIS, which this database has not");
    }
    engines = arena_printf(s->a, "%s, zlib %s", engines, gzip_version());
    generation_parts_of_tiles(s->a, p, from, engines, out);
    return 0;
}

/* --- the file --------------------------------------------------------------------------------------- */

static const char kind[] = "tiles";

/* What the cache remembers of a file. */
struct seen_file {
    struct stamp stamp;
    struct digest digest;
};

static bool recall(const struct site *s, const char *path, const struct stamp *now,
                   struct digest *out)
{
    struct bytes row;
    struct seen_file seen;
    if (!cache_get(s->cache, kind, bytes_str(path), s->a, &row) || row.n != sizeof seen) {
        return false;
    }
    memcpy(&seen, row.p, sizeof seen);
    *out = seen.digest;
    return stamp_eq(&seen.stamp, now);
}

/* The digest of what readers find, which is read only where it does not look as it did when it was read last.
 * 1: it is not there. */
static int digest_file(const struct site *s, const struct tile_place *at, struct digest *out,
                       struct err *e)
{
    int64_t size = 0;
    int64_t started = used_now();
    struct stamp after = {0};
    struct seen_file seen = {{0}, {{0}}};
    const char *path = tilefile_path(s->a, at, 0);
    int rc = file_stamp(at->dirfd, path, &seen.stamp, e);
    if (rc != 0 || recall(s, path, &seen.stamp, out)) {
        return rc;
    }
    rc = tilefile_digest(at, 0, out, &size, e);
    if (rc == 0 && file_stamp(at->dirfd, path, &after, e) == 0 && stamp_eq(&after, &seen.stamp) &&
        used_is_settled(&after, 1, started)) {
        seen.digest = *out;
        cache_put(s->cache, kind, bytes_str(path), bytes_of((const char *)&seen, sizeof seen));
    }
    return rc;
}

/* What is wrong with it, and the digest of its tiles; NULL: nothing. */
static const char *find_wrong(const struct site *s, const struct tile_place *at,
                              const struct generation *live, struct digest *now)
{
    struct err e = {0};
    struct digest file;
    struct digest known = {{0}};
    struct tileset set;
    int rc = digest_file(s, at, &file, &e);
    if (rc != 0) {
        return rc > 0 ? "it is not there" : "it cannot be read";
    }
    (void)!digest_parse(doc_str(doc_get(live->facts, "file"), "sha256", ""), &known);
    if (digest_eq(&file, &known)) {
        return NULL;
    }
    int64_t most = doc_num(doc_get(live->facts, "file"), "tiles", 0);
    if (tilefile_read(at, 0, most, &set, &e) != 0) {
        return "it is no file of these tiles";
    }
    *now = set.content;
    return digest_eq(&set.content, &live->content) ? NULL : "its tiles are others";
}

static void look_at_file(struct site *s, struct projected *x)
{
    const struct generation *live = generations_live(&s->generations, x->input.p->name);
    struct tile_place at = tiling_place(s, x->input.p);
    struct digest now = {{0}};
    const char *why = live != NULL ? find_wrong(s, &at, live, &now) : NULL;
    if (why == NULL) {
        return;
    }
    struct altered_file *f = ARENA_NEW(s->a, struct altered_file);
    *f = (struct altered_file){tilefile_path(s->a, &at, 0), why, live->content, now};
    x->input.altered = f;
}

void tiling_look(struct site *s, struct projected *x)
{
    const struct projection *p = x->input.p;
    const struct projection *from = tiling_from(s->project, p);
    const struct generation *live = generations_live(&s->generations, p->tiling->from);
    struct err e = {0};
    x->input.free_bytes = -1;
    if (from == NULL) {
        return;
    }
    tiling_queries(s->a, p, from->schema, &x->faults);
    look_at_file(s, x);
    if (live == NULL || s->pg == NULL || x->faults.n > 0) {
        return;
    }
    if (tiling_parts(s, p, live, &x->input.parts, &e) != 0) {
        err_list_add(&x->faults, &e);
        return;
    }
    x->input.digest = parts_digest(&x->input.parts);
}
