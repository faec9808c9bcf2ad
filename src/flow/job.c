/* What running one step needs beyond the plan. */
#include "flow/job.h"

#include <string.h>

#include "script/language.h"
#include "site/projected.h"

static const struct step *chain_of(const struct site *s, const struct step *step)
{
    int at = step->bundle->projection != NULL
                 ? plan_find_projection(&s->plan, step->bundle->projection)
                 : -1;
    return at >= 0 ? &s->plan.projections[at] : NULL;
}

/* What was proven about structure and numbers of rows is not said of it any more. */
static struct doc *grown_facts(struct arena *a, const struct doc *was)
{
    struct doc *facts = doc_new(a, DOC_MAP);
    for (size_t i = 0; i < doc_len(was); i++) {
        const char *key = was->key[i]->text.p;
        if (strcmp(key, "structure") != 0 && strcmp(key, "tables") != 0) {
            doc_put(a, facts, key, was->item[i]);
        }
    }
    return facts;
}

bool job_grown(struct site *s, const struct step *step, struct generation *out)
{
    const struct step *x = chain_of(s, step);
    if (x == NULL || x->live == NULL) {
        return false;
    }
    const struct generation *grown = projected_of(s, x->in->p)->grown;
    const struct generation *live = grown != NULL ? grown : x->live;
    const struct parts *wanted = &x->in->parts;
    const struct part *added = parts_migration(wanted, step->bundle->id);
    *out = *live;
    out->parts = (struct parts){0};
    for (size_t i = 0; i < wanted->n; i++) {
        if (&wanted->v[i] == added || parts_find(&live->parts, &wanted->v[i]) != NULL) {
            parts_add(s->a, &out->parts, wanted->v[i]);
        }
    }
    out->digest = parts_digest(&out->parts);
    out->facts = grown_facts(s->a, live->facts);
    return true;
}

void job_remember(struct site *s, const struct step *step, const struct generation *now)
{
    const struct step *x = chain_of(s, step);
    if (x != NULL) {
        projected_of(s, x->in->p)->grown = arena_dup(s->a, now, sizeof *now);
    }
}

static struct script *parse_invariants(struct site *s, const struct projection *p, struct err *e)
{
    struct script *v = ARENA_ARRAY(s->a, struct script, p->invariants.n + 1);
    for (size_t i = 0; i < p->invariants.n; i++) {
        const struct artifact *f = &p->invariants.v[i];
        if (language_parse(s->a, f->path, f->bytes, &v[i], e) != 0) {
            return NULL;
        }
        for (size_t k = 0; k < v[i].n; k++) {
            struct statement_room room;
            const struct statement *st = script_at(&v[i], k, &room);
            if (strcmp(st->tag, "SELECT") != 0) {
                err_at(e, ERR_CONFIG, f->path, st->line, st->col,
                       "an invariant is a query that must return no row, not %s",
                       st->tag[0] != '\0' ? st->tag : "this");
                err_hint(e, "write SELECT ...");
                return NULL;
            }
        }
    }
    return v;
}

int job_make(struct site *s, const struct step *step, struct projection_job *job, struct err *e)
{
    struct projected *x = projected_of(s, step->in->p);
    struct dataset_place *place = ARENA_NEW(s->a, struct dataset_place);
    *place = site_place(s->a, s->project);
    *job = (struct projection_job){.step = step,
                                   .datasets = x->dataset,
                                   .place = place,
                                   .chain = x->chain,
                                   .n_chain = x->n_chain};
    if (projected_parse(s, x, e) != 0) {
        return -1;
    }
    if (x->script_faults.n > 0) {
        *e = x->script_faults.v[0];
        return -1;
    }
    job->invariants = parse_invariants(s, x->input.p, e);
    return job->invariants != NULL ? 0 : -1;
}
