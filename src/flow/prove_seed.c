/* Representative data: tests/seeds. */
#include <string.h>

#include "flow/prove_parts.h"
#include "script/language.h"

#define SEEDS "tests/seeds"
enum { SEED_MAX = 256 * 1024 * 1024 };

/* --- read -------------------------------------------------------------------------------------------- */

/* "-- kfmig:after ID" on a line of its own; NULL: it is not said. */
static const char *said_after(struct arena *a, struct bytes text)
{
    static const char mark[] = "-- kfmig:after ";
    for (const char *p = text.p; p != NULL && p < text.p + text.n;) {
        size_t n = strcspn(p, "\r\n");
        if (n > sizeof mark - 1 && memcmp(p, mark, sizeof mark - 1) == 0) {
            return arena_strndup(a, p + sizeof mark - 1, n - (sizeof mark - 1));
        }
        p += n + strspn(p + n, "\r\n");
        p = *p == '\0' ? NULL : p;
    }
    return NULL;
}

/* Rows are all that a seed may change, as far as its text tells. */
static int check(const struct seed_file *x, struct err *e)
{
    const struct script *s = &x->bundle.forward[0];
    if (x->bundle.n_faults > 0) {
        *e = x->bundle.faults[0];
        return -1;
    }
    struct statement_room room;
    for (size_t i = 0; i < s->n; i++) {
        const struct statement *st = script_at(s, i, &room);
        for (size_t k = 0; k < st->touches.n; k++) {
            const struct touch *t = &st->touches.v[k];
            if (t->effect >= EFFECT_CREATE && !t->maybe) {
                err_at(e, ERR_CONFIG, s->path, st->line, st->col,
                       "a seed changes rows and nothing else; this is a %s of an object",
                       effect_text(t->effect));
                return err_hint(e, "what a migration makes belongs into a migration");
            }
        }
    }
    return 0;
}

static int read_one(struct site *s, const char *name, struct seed_file *out, struct err *e)
{
    struct arena *a = s->a;
    struct artifact *file = ARENA_NEW(a, struct artifact);
    file->path = arena_printf(a, SEEDS "/%s", name);
    if (file_read(a, s->project->dirfd, file->path, SEED_MAX, &file->bytes, NULL, e) != 0) {
        return -1;
    }
    file->digest = digest_of(file->bytes);
    out->decl = (struct decl){.id = file->path,
                              .type = "postgis",
                              .intent = "",
                              .scope = {.is_open = true},
                              .limits = limits_none,
                              .change_class = "",
                              .approval_reference = "",
                              .runner = "native",
                              .lock_timeout_ms = 5000,
                              .idle_timeout_ms = 60000,
                              .forward = {.v = file, .n = 1}};
    out->bundle = (struct bundle){.id = file->path,
                                  .store = store_of_ledger(),
                                  .dir = SEEDS,
                                  .folder = SEEDS,
                                  .checksum = file->digest,
                                  .bundle_digest = file->digest,
                                  .change_class = "",
                                  .intent = ""};
    out->after = said_after(a, file->bytes);
    return 0;
}

int seeds_read(struct site *s, struct seed_files *out, struct err *e)
{
    struct file_names names = {0};
    *out = (struct seed_files){.n = 0};
    int rc = file_list(s->a, s->project->dirfd, SEEDS, &names, e);
    if (rc != 0) {
        return rc < 0 ? -1 : 0;
    }
    struct digester *d = digester_open("kfmig.seeds.v1");
    out->v = ARENA_ARRAY(s->a, struct seed_file, names.n + 1);
    for (size_t i = 0; i < names.n && rc == 0; i++) {
        struct seed_file *x = &out->v[out->n];
        const struct language *language = language_of(names.v[i].name);
        if (language == NULL || strcmp(language->ending, ".sql") != 0) {
            continue;
        }
        rc = read_one(s, names.v[i].name, x, e);
        if (rc == 0) {
            x->bundle.decl = &x->decl;
            plan_scripts(s->a, &x->bundle);
            rc = check(x, e);
            digester_field(d, names.v[i].name, x->decl.forward.v[0].bytes);
            out->n++;
        }
    }
    out->digest = digester_close(d);
    if (out->n == 0) {
        out->digest = (struct digest){{0}};
    }
    return rc == 0 ? 0 : -1;
}

/* --- loaded ------------------------------------------------------------------------------------------ */

static bool stands(const struct catalog *c, struct arena *a, const struct object *o)
{
    if (o->schema != NULL && o->schema[0] != '\0') {
        return table_gets(&c->by_text, object_text(a, o)) != NULL;
    }
    for (size_t i = 0; i < c->n; i++) {
        if (c->v[i]->object.kind == o->kind && strcmp(c->v[i]->object.name, o->name) == 0) {
            return true;
        }
    }
    return false;
}

/* All tables that it names. */
static bool can_load(const struct chain *c, const struct seed_file *x)
{
    const struct script *s = &x->bundle.forward[0];
    struct statement_room room;
    for (size_t i = 0; i < s->n; i++) {
        const struct statement *st = script_at(s, i, &room);
        for (size_t k = 0; k < st->touches.n && !script_repeats(s, i); k++) {
            const struct object *o = &st->touches.v[k].object;
            if (o->kind == OBJ_TABLE && !stands(&c->made.catalog, c->made.a, o)) {
                return false;
            }
        }
    }
    return true;
}

static void note(const struct test_run *p, const struct seed_file *x, const struct err *why)
{
    struct proof_whole *w = p->out->whole;
    if (w->n_notes < PROOF_NOTES_MOST) {
        w->notes[w->n_notes++] = (struct proof_note){.what = x->bundle.id, .fault = *why};
    }
}

static bool load(struct chain *c, struct writing *w, struct seed_file *x, bool tells)
{
    struct outcome o = {0};
    struct err e = {0};
    const struct step step = {.bundle = &x->bundle};
    x->is_loaded = true;
    one_apply(c, w, &step, &o);
    bool is_good = o.result == RUN_SUCCESS && o.seen.n_changes == 0;
    if (o.result != RUN_SUCCESS) {
        e = o.failure;
    } else if (!is_good) {
        (void)err_set(&e, ERR_CONFIG, "a seed changes rows and nothing else; it changed %s",
                      change_text(&o.seen.changes[0]));
    }
    if (!is_good && tells) {
        note(c->p, x, &e);
    }
    if (o.own != NULL) {
        arena_release(o.own);
    }
    return is_good;
}

size_t seeds_load(struct chain *c, struct writing *w, const char *id, bool tells)
{
    size_t n = 0;
    for (size_t i = 0; i < c->p->seeds.n && chain_is_connected(c); i++) {
        struct seed_file *x = &c->p->seeds.v[i];
        if (!x->is_loaded && (x->after != NULL ? strcmp(x->after, id) == 0 : can_load(c, x))) {
            n += load(c, w, x, tells);
        }
    }
    return n;
}

void seeds_left(struct chain *c)
{
    for (size_t i = 0; i < c->p->seeds.n; i++) {
        struct seed_file *x = &c->p->seeds.v[i];
        struct err e = {0};
        if (x->is_loaded) {
            continue;
        }
        (void)err_set(&e, ERR_CONFIG, "it was never loaded: %s",
                      x->after != NULL ? "the migration that it names was not proven"
                                       : "a table that it names was never there");
        note(c->p, x, &e);
    }
}
