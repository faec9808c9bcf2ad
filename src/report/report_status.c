/* Status: every target, its state, the last receipt and its result. */
#include <string.h>

#include "report/words.h"

struct widths {
    size_t id, result, when, who;
};

/* "success" of what took it back says less than what it was. */
static const char *result_of(const struct fact *last)
{
    return last->undoes && strcmp(last->result, "success") == 0 ? "taken back" : last->result;
}

static struct widths measure(const struct plan *p)
{
    struct widths w = {0};
    for (size_t i = 0; i < p->n_migrations; i++) {
        const struct step *s = &p->v[i];
        size_t id = words_width(s->bundle->id);
        bool has = s->history != NULL && s->history->last != NULL;
        size_t result = has ? words_width(result_of(s->history->last)) : 1;
        size_t when = has ? words_width(s->history->last->finished_at) : 1;
        size_t who =
            has && s->history->last->run != NULL ? words_width(s->history->last->run->actor) : 1;
        w.id = id > w.id ? id : w.id;
        w.who = who > w.who ? who : w.who;
        w.result = result > w.result ? result : w.result;
        w.when = when > w.when ? when : w.when;
    }
    for (size_t i = 0; i < p->n_projections; i++) {
        size_t id = words_width(p->projections[i].in->p->name);
        w.id = id > w.id ? id : w.id;
    }
    return w;
}

static void put_stages(struct buf *out, const struct style *st, const struct plan *p,
                       const struct step *s)
{
    struct arena a = {0};
    for (int stage = (int)words_first_stage(s); stage < STAGE_COUNT; stage++) {
        char text[DIGEST_TEXT];
        struct digest d = words_output(s, (enum stage)stage);
        buf_puts(out, "    ");
        words_state(out, st, plan_stage_state(s, (enum stage)stage), 16);
        words_cell(out, plan_target_text(&a, p, s, (enum stage)stage),
                   words_width(s->bundle->id) + words_width(p->env->name) + 15);
        words_paint(out, st, PAINT_DIM, digest_is_zero(&d) ? "-" : digest_text(&d, text), 0);
        buf_putc(out, '\n');
    }
    arena_release(&a);
}

/* How long, and who. */
static void put_run(struct buf *out, const struct fact *last, const struct widths *w, bool has_more)
{
    struct buf time = {0};
    const struct fact_run *run = last != NULL ? last->run : NULL;
    if (run != NULL) {
        words_time(&time, run->ms);
        words_cell(out, buf_str(&time), 8);
        words_cell(out, run->actor, has_more ? w->who + 2 : 0);
    }
    buf_release(&time);
}

static void put_row(struct buf *out, const struct style *st, const struct step *s,
                    const struct widths *w)
{
    const struct fact *last = s->history != NULL ? s->history->last : NULL;
    words_cell(out, s->bundle->id, w->id + 2);
    words_step_state(out, st, s, 16);
    words_cell(out, last != NULL ? result_of(last) : "-", w->result + 2);
    bool has_more = s->state != STATE_CURRENT;
    words_cell(out, last != NULL ? last->finished_at : "-",
               has_more || (last != NULL && last->run != NULL) ? w->when + 2 : 0);
    put_run(out, last, w, has_more);
    if (has_more) {
        buf_puts(out, reason_sentence(s->reasons[0].code));
    }
    buf_putc(out, '\n');
    if (s->bundle->intent != NULL && s->bundle->intent[0] != '\0') {
        buf_puts(out, "    ");
        words_paint(out, st, PAINT_DIM, s->bundle->intent, 0);
        buf_putc(out, '\n');
    }
    words_failure(out, s->bundle, last, "    failed: ");
}

static void put_end(struct buf *out, const struct plan *p)
{
    bool busy = p->n_apply + p->n_export + p->n_rebuild > 0;
    bool blocked = p->n_state[STATE_BLOCKED] > 0;
    size_t n_drift = p->world->n_drift - p->world->n_upgraded;
    buf_puts(out, p->world->n_drift > 0 || world_is_old(p->world) || busy || blocked ? "\n" : "");
    words_versions(out, p);
    if (n_drift > 0) {
        words_count(out, n_drift, "object");
        buf_puts(out, " changed outside kfmig; `kfmig plan ");
        words_safe(out, p->env->name);
        buf_puts(out, "` names them\n");
    }
    if (busy) {
        buf_puts(out, "`kfmig build ");
        words_safe(out, p->env->name);
        buf_puts(out, "` runs what is stale; ");
    }
    buf_puts(out, busy || blocked ? "`kfmig why TARGET` explains\n" : "");
}

void report_status(struct buf *out, const struct style *st, const struct plan *p)
{
    words_summary(out, p);
    if (!p->world->reachable) {
        words_unreachable(out, st, p);
    }
    words_running(out, st, p);
    struct widths w = measure(p);
    buf_puts(out, p->n_migrations > 0 ? "\n" : "");
    for (size_t i = 0; i < p->n_migrations; i++) {
        if (p->v[i].selected) {
            put_row(out, st, &p->v[i], &w);
            if (st->verbose) {
                put_stages(out, st, p, &p->v[i]);
            }
        }
    }
    for (size_t i = 0; i < p->n_projections; i++) {
        if (p->projections[i].selected) {
            words_projection_status(out, st, p, &p->projections[i], w.id + 2);
        }
    }
    put_end(out, p);
}

struct doc *report_status_doc(struct arena *a, const struct plan *p)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "environment", words_doc(a, p->env->name));
    words_put_running(a, d, p);
    words_put_versions(a, d, p);
    words_put_moved(a, d, p->world);
    words_put_drift(a, d, "drifted", p->world);
    doc_put(a, d, "drift", doc_int(a, (int64_t)(p->world->n_drift - p->world->n_upgraded)));
    struct doc *targets = doc_put(a, d, "targets", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < p->n_migrations; i++) {
        for (int stage = (int)words_first_stage(&p->v[i]); stage < STAGE_COUNT && p->v[i].selected;
             stage++) {
            doc_push(a, targets, words_target(a, p, &p->v[i], (enum stage)stage));
        }
    }
    words_projection_targets(a, p, targets);
    return d;
}
