/* What to do next about a projection, per reason. */
#include <string.h>

#include "report/advice.h"
#include "report/words.h"

static void put_build(struct buf *out, const struct plan *p, const struct step *x,
                      const char *after)
{
    advice_command(out, p, "build", x->in->p->name);
    buf_puts(out, after);
}

static void put_text(struct buf *out, const char *before, const char *name, const char *after)
{
    buf_puts(out, before);
    words_safe(out, name);
    buf_puts(out, after);
}

/* The cause is the other environment's target: "staging/feature_index@receipt". */
static void put_promotion(struct buf *out, const struct plan *p, const struct step *x,
                          const struct reason *r)
{
    for (size_t i = 0; i < p->world->n_upstream; i++) {
        const struct upstream *u = &p->world->upstream[i];
        size_t n = strlen(u->env);
        if (strncmp(r->cause, u->env, n) != 0 || r->cause[n] != '/') {
            continue;
        }
        if (!u->reachable) {
            advice_unasked(out, u->env);
            return;
        }
        put_text(out, "`kfmig build ", u->env, " ");
        put_text(out, "", x->in->p->name, "` first");
        return;
    }
    buf_puts(out, "publish it in the required environment first");
}

static void put_catalog(struct buf *out, const struct plan *p, const struct step *x,
                        const struct reason *r)
{
    (void)p;
    (void)r;
    put_text(out, "mend the catalog, or pin another version in ", x->in->p->file.path,
             "; `kfmig dataset verify` checks the files too");
}

static void put_dml(struct buf *out, const struct plan *p, const struct step *x,
                    const struct reason *r)
{
    (void)p;
    (void)x;
    (void)r;
    buf_puts(out, "declare `rebuild: after-load` where that migration is declared, so that "
                  "it runs when the data is there");
}

static void put_in_place(struct buf *out, const struct plan *p, const struct step *x,
                         const struct reason *r)
{
    (void)p;
    (void)r;
    put_text(out, "take the change of the chain back, or declare `policy: prefer-rebuild` in ",
             x->in->p->file.path, "");
}

static void put_space(struct buf *out, const struct plan *p, const struct step *x,
                      const struct reason *r)
{
    (void)x;
    (void)r;
    buf_puts(out, "make room at the server; ");
    advice_command(out, p, "gc", "--all");
    buf_puts(out, " drops kept generations");
}

static void put_switched(struct buf *out, const struct plan *p, const struct step *x,
                         const struct reason *r)
{
    (void)r;
    put_build(out, p, x, " publishes what is declared; ");
    advice_command(out, p, "switch", x->in->p->name);
    buf_puts(out, " lists the generations");
}

static void put_script(struct buf *out, const struct plan *p, const struct step *x,
                       const struct reason *r)
{
    (void)p;
    (void)x;
    (void)r;
    buf_puts(out, "correct the script, or what that migration declares, and have that reviewed");
}

static void put_rebuild(struct buf *out, const struct plan *p, const struct step *x,
                        const struct reason *r)
{
    (void)r;
    put_build(out, p, x, " makes a new generation beside the old one");
}

static void put_resume(struct buf *out, const struct plan *p, const struct step *x,
                       const struct reason *r)
{
    (void)r;
    put_build(out, p, x, " goes on with it");
}

static void put_publish(struct buf *out, const struct plan *p, const struct step *x,
                        const struct reason *r)
{
    (void)r;
    put_build(out, p, x, " publishes it; nothing is loaded for that");
}

/* r->now: what may be its name now. */
static void put_declaration(struct buf *out, const struct plan *p, const struct step *x,
                            const struct reason *r)
{
    (void)p;
    if (r->now[0] != '\0') {
        put_text(out,
                 "give it its old name back, the file and what it declares: ", x->in->p->file.path,
                 ", or ");
        put_text(out, "drop what is left of the old one: `kfmig gc ", p->env->name, " --given-up=");
        put_text(out, "", x->in->p->name, "`");
        return;
    }
    put_text(out, "put its declaration back from version control (`git log --all -- ",
             x->in->p->file.path, "` finds it); where it is no longer wanted ");
    put_text(out, "in ", p->env->name, ", keep it and list other environments in it, or ");
    put_text(out, "drop what is left of it: `kfmig gc ", p->env->name, " --given-up=");
    put_text(out, "", x->in->p->name, "`");
}

static void put_schema(struct buf *out, const struct plan *p, const struct step *x,
                       const struct reason *r)
{
    (void)p;
    put_text(out, "declare `schema: ", r->was, "` again in ");
    put_text(out, "", x->in->p->file.path, "; a projection in another schema has another name");
}

static void put_taken(struct buf *out, const struct plan *p, const struct step *x,
                      const struct reason *r)
{
    (void)p;
    (void)x;
    put_text(out, "give it its old name back, ", r->was, ", or a schema of its own");
}

static void put_tiles(struct buf *out, const struct plan *p, const struct step *x,
                      const struct reason *r)
{
    (void)p;
    put_text(out, "correct ", r->path != NULL ? r->path : x->in->p->file.path,
             ", as the sentence above says");
}

void advice_put_projection(struct buf *out, const struct plan *p, const struct step *x,
                           const struct reason *r)
{
    static const struct {
        enum reason_code code;
        void (*put)(struct buf *out, const struct plan *p, const struct step *x,
                    const struct reason *r);
    } rows[] = {
        {REASON_NEVER_BUILT, put_rebuild},
        {REASON_INPUT_CHANGED, put_rebuild},
        {REASON_GENERATION_ALTERED, put_rebuild},
        {REASON_GENERATION_PENDING, put_resume},
        {REASON_PUBLISH_PENDING, put_publish},
        {REASON_GENERATION_KEPT, put_publish},
        {REASON_FILE_ALTERED, put_rebuild},
        {REASON_CATALOG_FAULT, put_catalog},
        {REASON_TILES_FAULT, put_tiles},
        {REASON_CHAIN_HAS_DML, put_dml},
        {REASON_NO_SPACE, put_space},
        {REASON_IN_PLACE, put_in_place},
        {REASON_SWITCHED_BACK, put_switched},
        {REASON_ABSENT, put_declaration},
        {REASON_ABSENT_NOTE, put_declaration},
        {REASON_BEGUN_NOT_HERE, put_declaration},
        {REASON_SCHEMA_TAKEN, put_taken},
        {REASON_SCHEMA_CHANGED, put_schema},
        {REASON_NOT_PROMOTED, put_promotion},
        {REASON_SCOPE_EXCEEDED, put_script},
        {REASON_LIMIT_EXCEEDED, put_script},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].code == r->code) {
            rows[i].put(out, p, x, r);
            return;
        }
    }
    if (!advice_put_shared(out, p, r)) {
        put_build(out, p, x, "");
    }
}
