/* Segments of a migration. */
#include "model/segment.h"

#include <string.h>
#include <strings.h>

static bool is_run(const struct statement *st)
{
    return st->kind == STATEMENT_PLAIN ||
           (st->kind == STATEMENT_NO_TRANSACTION && st->lone != NULL);
}

bool segments_any(const struct bundle *b)
{
    for (size_t i = 0; b->forward != NULL && i < b->decl->forward.n; i++) {
        for (size_t k = 0; k < b->forward[i].n; k++) {
            if (b->forward[i].v[k].lone != NULL || b->forward[i].v[k].backfill != NULL) {
                return true;
            }
        }
    }
    return false;
}

static bool sets(const struct statement *st)
{
    return st->kind == STATEMENT_PLAIN &&
           (strcmp(st->tag, "SET") == 0 || strcmp(st->tag, "RESET") == 0);
}

/* Of the session, not only of the transaction: no SET LOCAL. */
static bool sets_session(const struct statement *st)
{
    size_t at = strlen("SET");
    while (at < st->text.n && strchr(" \t\r\n", st->text.p[at]) != NULL) {
        at++;
    }
    return sets(st) && !(st->text.n - at > strlen("LOCAL") &&
                         strncasecmp(st->text.p + at, "LOCAL", strlen("LOCAL")) == 0);
}

/* --- where they end --------------------------------------------------------------------------------- */

/* A transaction under way: its statements' texts, one after another. */
struct gathering {
    struct arena *a;
    struct segments *out;
    struct buf text;
    size_t first, n;
    bool acts; /* more than SET stands in it */
};

static void end_transaction(struct gathering *g)
{
    struct segment *s = &g->out->v[g->out->n];
    if (g->acts) {
        *s =
            (struct segment){.first = g->first,
                             .n = g->n,
                             .verb = "transaction",
                             .object = g->n == 1 ? arena_printf(g->a, "statement %zu", g->first + 1)
                                                 : arena_printf(g->a, "statements %zu to %zu",
                                                                g->first + 1, g->first + g->n)};
        s->text = bytes_of(arena_dup(g->a, buf_str(&g->text), g->text.n), g->text.n);
        g->out->n++;
    }
    buf_clear(&g->text);
    g->first += g->n;
    g->n = 0;
    g->acts = false;
}

static void add_lone(struct gathering *g, const struct script *s, const struct statement *st)
{
    end_transaction(g);
    g->out->v[g->out->n++] = (struct segment){.script = s,
                                              .lone = st,
                                              .first = g->first,
                                              .n = 1,
                                              .verb = st->tag,
                                              .object = lone_object(g->a, st->lone),
                                              .text = st->text};
    g->first++;
}

/* How fast it goes is no part of what it is. */
static void add_backfill(struct gathering *g, const struct script *s, const struct statement *st)
{
    end_transaction(g);
    g->out->v[g->out->n++] = (struct segment){.script = s,
                                              .backfill = st,
                                              .first = g->first,
                                              .n = 1,
                                              .verb = "backfill",
                                              .object = backfill_object(g->a, st->backfill),
                                              .text = st->backfill->identity};
    g->first++;
}

static void add(struct gathering *g, const struct script *s, const struct statement *st)
{
    if (st->lone != NULL) {
        add_lone(g, s, st);
        return;
    }
    if (st->backfill != NULL) {
        add_backfill(g, s, st);
        return;
    }
    buf_add(&g->text, st->text.p, st->text.n);
    buf_puts(&g->text, ";\n");
    if (st->data.p != NULL) {
        buf_add(&g->text, st->data.p, st->data.n);
    }
    g->acts |= !sets(st);
    g->n++;
}

void segments_of(struct arena *a, const struct bundle *b, struct segments *out)
{
    struct gathering g = {.a = a, .out = out};
    size_t most = 1;
    for (size_t i = 0; i < b->decl->forward.n; i++) {
        most += 2 * b->forward[i].n;
    }
    *out = (struct segments){.v = ARENA_ARRAY(a, struct segment, most)};
    for (size_t i = 0; i < b->decl->forward.n; i++) {
        for (size_t k = 0; k < b->forward[i].n; k++) {
            if (is_run(&b->forward[i].v[k])) {
                add(&g, &b->forward[i], &b->forward[i].v[k]);
                out->n_statements++;
            }
        }
    }
    end_transaction(&g);
    buf_release(&g.text);
}

/* --- what one sees ---------------------------------------------------------------------------------- */

/* The statements of one file that belong to x, into v; *at counts those that are run. Returns how many. */
static size_t select_statements(const struct script *s, const struct segment *x, size_t *at,
                                struct statement *v, size_t *n_before)
{
    size_t n = 0;
    for (size_t k = 0; k < s->n; k++) {
        const struct statement *st = &s->v[k];
        bool is_own = *at >= x->first && *at < x->first + x->n;
        bool is_setting = *at < x->first && sets_session(st);
        bool is_mode = x->first == 0 && st->kind == STATEMENT_SET_TRANSACTION;
        if (is_mode || (st->kind == STATEMENT_PLAIN && (is_own || is_setting))) {
            v[n++] = *st;
            *n_before += is_setting ? 1 : 0;
        }
        *at += is_run(st) ? 1 : 0;
    }
    return n;
}

size_t segment_bundle(struct arena *a, const struct bundle *b, const struct segment *x,
                      bool is_last, struct decl *decl, struct bundle *out)
{
    size_t at = 0;
    size_t n_before = 0;
    struct script *scripts = ARENA_ARRAY(a, struct script, b->decl->forward.n + 1);
    for (size_t i = 0; i < b->decl->forward.n; i++) {
        scripts[i] = b->forward[i];
        scripts[i].v = ARENA_ARRAY(a, struct statement, b->forward[i].n + 1);
        scripts[i].n = select_statements(&b->forward[i], x, &at, scripts[i].v, &n_before);
    }
    *decl = *b->decl;
    *out = *b;
    decl->invariants.n = is_last ? decl->invariants.n : 0;
    out->decl = decl;
    out->forward = scripts;
    return n_before;
}

size_t segment_settings(struct arena *a, const struct bundle *b, const struct segment *x,
                        const struct statement ***out)
{
    size_t at = 0;
    size_t n = 0;
    *out = ARENA_ARRAY(a, const struct statement *, x->first + 1);
    for (size_t i = 0; i < b->decl->forward.n; i++) {
        for (size_t k = 0; k < b->forward[i].n && at < x->first; k++) {
            const struct statement *st = &b->forward[i].v[k];
            if (sets_session(st)) {
                (*out)[n++] = st;
            }
            at += is_run(st) ? 1 : 0;
        }
    }
    return n;
}
