/* A projection of tiles: from what the ledger remembers to what readers find. */
#include "run/tiles.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "run/projection_parts.h"
#include "run/queries.h"
#include "run/record.h"
#include "run/tiles_draw.h"

/* m.g: the generation on its way, m.tiles: what its file holds. */
struct tiles_work {
    struct making m;
    const struct tiles_job *job;
    struct projection_job none; /* it has no sources and no chain */
};

/* --- what is remembered ----------------------------------------------------------------------------- */

static struct doc *set_doc(struct arena *a, const struct tileset *set, const struct digest *file)
{
    struct doc *d = doc_new(a, DOC_MAP);
    struct doc *bounds = doc_new(a, DOC_LIST);
    doc_put(a, d, "sha256", doc_digest(a, file));
    doc_put(a, d, "bytes", doc_int(a, set->bytes));
    doc_put(a, d, "min_zoom", doc_int(a, set->min_zoom));
    doc_put(a, d, "max_zoom", doc_int(a, set->max_zoom));
    doc_put(a, d, "tiles", doc_int(a, set->addressed));
    doc_put(a, d, "contents", doc_int(a, set->contents));
    for (int i = 0; i < 4; i++) {
        doc_push(a, bounds, doc_text(a, arena_printf(a, "%.7f", set->bounds[i])));
    }
    doc_put(a, d, "bounds", bounds);
    return d;
}

static void put_facts(struct making *m)
{
    struct arena *a = m->r->a;
    struct doc *f = doc_new(a, DOC_MAP);
    doc_put(a, f, "format", doc_text(a, "kfmig.tiles.v1"));
    doc_put(a, f, "ms", doc_int(a, m->made_ms));
    if (m->chosen_against != NULL) {
        doc_put(a, f, "chosen_against", doc_text(a, m->chosen_against));
    }
    if (m->tiles != NULL) {
        doc_put(a, f, "bytes", doc_int(a, doc_num(m->tiles, "bytes", 0)));
        doc_put(a, f, "file", arena_dup(a, m->tiles, sizeof *m->tiles));
    }
    m->g.facts = f;
}

/* The row in a transaction of its own. */
static int put_row(struct making *m, enum generation_state state, struct err *e)
{
    m->g.state = state;
    put_facts(m);
    if (making_begin(m, e) != 0) {
        return -1;
    }
    if (ledger_generation_put(making_session(m), &m->g, e) != 0) {
        making_roll_back(m);
        return -1;
    }
    return making_commit(m, e);
}

static int drop(const struct retiring *t, int64_t number, struct err *e)
{
    const struct tile_place *place = t->place;
    struct making m = {.r = t->r, .p = t->p, .started_at = ""};
    tilefile_abandon(place, number);
    if (tilefile_drop(place, number, e) != 0 || making_begin(&m, e) != 0) {
        return -1;
    }
    if (ledger_generation_remove(*t->r->pg, t->p->name, number, e) != 0) {
        making_roll_back(&m);
        return -1;
    }
    return making_commit(&m, e);
}

/* Those that were begun for something else, or that nobody can go on with. */
static int drop_unfinished(struct tiles_work *w, int64_t but, struct err *e)
{
    const struct retiring t = {.r = w->m.r, .p = w->m.p, .drop = drop, .place = &w->job->place};
    return retire_begun(&t, but, e);
}

/* --- making it -------------------------------------------------------------------------------------- */

static int draw(struct tiles_work *w, int fd, struct tileset *set, struct err *e)
{
    struct making *m = &w->m;
    const char *path = tilefile_path(m->r->a, &w->job->place, m->g.number);
    if (tiles_draw(m, w->job->from, fd, path, set, e) != 0) {
        return -1;
    }
    if (FAULT(TILES_BUILT)) {
        return execution_injected(e);
    }
    return tilefile_keep(&w->job->place, m->g.number, fd, e);
}

static int make_file(struct tiles_work *w, struct tileset *set, struct err *e)
{
    int fd = -1;
    struct making *m = &w->m;
    if (tilefile_begin(&w->job->place, m->g.number, &fd, e) != 0) {
        return -1;
    }
    int rc = draw(w, fd, set, e);
    (void)close(fd);
    if (rc != 0) {
        tilefile_abandon(&w->job->place, m->g.number);
    }
    return rc;
}

static int make(struct tiles_work *w, struct err *e)
{
    struct making *m = &w->m;
    struct tileset set = {0};
    struct digest file;
    int64_t size = 0;
    int64_t began = clock_ms();
    m->g = (struct generation){
        .projection = m->p->name, .schema = "", .digest = w->job->digest, .parts = w->job->parts};
    if (ledger_generation_next(making_session(m), m->p->name, &m->g.number, e) != 0 ||
        put_row(m, GENERATION_LOADING, e) != 0 || make_file(w, &set, e) != 0) {
        return -1;
    }
    if (tilefile_digest(&w->job->place, m->g.number, &file, &size, e) != 0) {
        return e->code != ERR_NONE
                   ? -1
                   : err_set(e, ERR_PREFLIGHT, "the file of %s is gone", m->p->name);
    }
    m->tiles = set_doc(m->r->a, &set, &file);
    m->g.content = set.content;
    m->made_ms = clock_ms() - began;
    if (put_row(m, GENERATION_READY, e) != 0) {
        return -1;
    }
    return FAULT(TILES_READY) ? execution_injected(e) : 0;
}

/* Is there one with what is wanted, whose file is whole still? It is gone on with. */
static bool take_made(struct tiles_work *w)
{
    struct err ignored = {0};
    struct digest file;
    struct digest known = {{0}};
    int64_t size = 0;
    const struct generation *g = w->job->to != NULL ? w->job->to
                                 : w->job->fresh    ? NULL
                                                    : w->job->step->next;
    if (g == NULL || g->state == GENERATION_LOADING || !digest_eq(&g->digest, &w->job->digest)) {
        return false;
    }
    const struct doc *tiles = doc_get(g->facts, "file");
    (void)!digest_parse(doc_str(tiles, "sha256", ""), &known);
    if (tilefile_digest(&w->job->place, g->number, &file, &size, &ignored) != 0 ||
        !digest_eq(&file, &known)) {
        return false;
    }
    w->m.g = *g;
    w->m.tiles = tiles;
    w->m.made_ms = doc_num(g->facts, "ms", 0);
    return true;
}

/* --- publishing it ---------------------------------------------------------------------------------- */

static int keep_live(struct making *m, struct err *e)
{
    const struct generation *live = m->job->step->live;
    if (live == NULL) {
        return 0;
    }
    struct generation old = *live;
    old.state = GENERATION_KEPT;
    old.is_chosen = false;
    return ledger_generation_put(making_session(m), &old, e);
}

static int put_entry(struct making *m, struct err *e)
{
    m->g.state = GENERATION_LIVE;
    m->g.is_chosen = m->chosen_against != NULL;
    put_facts(m);
    if (making_begin(m, e) != 0 || keep_live(m, e) != 0 ||
        ledger_generation_put(making_session(m), &m->g, e) != 0 || making_stamp(m, e) != 0) {
        return -1;
    }
    m->evidence.pre = baseline_digest(m->r->sum);
    m->evidence.post = m->evidence.pre;
    struct receipt_input in = {.kind = "projection_publish",
                               .bundle = &m->chain,
                               .store = store_text(m->p->store),
                               .outcome = m->o,
                               .evidence = &m->evidence,
                               .started_at = m->started_at,
                               .finished_at = m->o->seen.server_time,
                               .making = m,
                               .notes = ""};
    return record_entry(m->r, &in, ENTRY_PUBLISH, NULL, 0, &m->guard, m->o, e);
}

static int publish(struct tiles_work *w, struct err *e)
{
    struct making *m = &w->m;
    struct merkle before = *m->r->merkle;
    making_phase(m, "publish");
    if (tilefile_publish(&w->job->place, m->g.number, e) != 0) {
        return -1;
    }
    if (FAULT(TILES_SWAPPED)) {
        return execution_injected(e);
    }
    if (put_entry(m, e) != 0 || FAULT(TILES_RECORDED)) {
        making_roll_back(m);
        *m->r->merkle = before;
        m->o->sequence = 0;
        return e->code != ERR_NONE ? -1 : execution_injected(e);
    }
    if (making_publish(m, &before, e) != 0) {
        m->o->sequence = 0;
        return -1;
    }
    return 0;
}

/* --- all of it -------------------------------------------------------------------------------------- */

/* What the receipt names: the declaration and the queries. */
static void declare(struct tiles_work *w)
{
    struct making *m = &w->m;
    struct arena *a = m->r->a;
    const struct projection *p = m->p;
    struct decl *d = ARENA_NEW(a, struct decl);
    d->forward.v = ARENA_ARRAY(a, struct artifact, p->tiling->n_layers + 1);
    for (size_t i = 0; i < p->tiling->n_layers; i++) {
        d->forward.v[d->forward.n++] = p->tiling->layer[i].sql;
    }
#define LIMIT(field, key, text) d->limits.field = -1;
    LIMITS(LIMIT)
#undef LIMIT
    d->file = p->file;
    d->change_class = "rebuild";
    m->chain = (struct bundle){.id = p->name,
                               .dir = "registry/projections",
                               .store = p->store,
                               .checksum = w->job->digest,
                               .bundle_digest = p->file.digest,
                               .decl = d};
}

static int refuse_damaged(const struct tiles_work *w, struct err *e)
{
    char text[DIGEST_TEXT];
    const struct generation *to = w->job->to;
    (void)err_set(e, ERR_PREFLIGHT,
                  "the file of generation %lld of %s is gone, or not as %s was built",
                  (long long)to->number, to->projection, digest_text(&to->digest, text));
    return err_hint(e, "`kfmig build` makes what is declared");
}

static int work(struct tiles_work *w, struct err *e)
{
    char text[DIGEST_TEXT];
    bool is_made = take_made(w);
    if (w->job->to != NULL) {
        w->m.chosen_against = arena_strdup(w->m.r->a, digest_text(&w->job->step->in->digest, text));
        return is_made ? publish(w, e) : refuse_damaged(w, e);
    }
    return drop_unfinished(w, is_made ? w->m.g.number : 0, e) != 0 ||
                   (!is_made && make(w, e) != 0) || publish(w, e) != 0
               ? -1
               : 0;
}

void run_tiles(struct run *r, const struct tiles_job *job, struct outcome *o)
{
    size_t n = 0;
    int64_t began = clock_ms();
    *o = (struct outcome){0};
    random_uuid(o->run_id);
    struct tiles_work w = {.job = job, .none = {.step = job->step}};
    w.m = (struct making){.r = r, .job = &w.none, .p = job->step->in->p, .o = o, .is_wanted = true};
    w.m.g = (struct generation){.projection = w.m.p->name, .schema = "", .digest = job->digest};
    w.m.g.parts = job->parts;
    declare(&w);
    if (work(&w, &o->failure) != 0) {
        making_fail(&w.m);
    } else {
        (void)!run_tiles_retire(r, job->step, &job->place, false, &n,
                                &(struct err){0}); /* the next build tries again */
    }
    o->elapsed_ms = clock_ms() - began;
}

int run_tiles_retire(struct run *r, const struct step *step, const struct tile_place *place,
                     bool all, size_t *n, struct err *e)
{
    const struct retiring t = {.r = r, .p = step->in->p, .drop = drop, .place = place};
    return retire_old(&t, &step->in->digest, all, n, e);
}
