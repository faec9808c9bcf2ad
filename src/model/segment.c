/* Segments of a migration. */
#include "model/segment.h"

#include <string.h>
#include <strings.h>

static bool is_run(const struct statement *st)
{
    return st->kind == STATEMENT_PLAIN ||
           (st->kind == STATEMENT_NO_TRANSACTION && st->lone != NULL);
}

static bool sets(const struct statement *st)
{
    return st->kind == STATEMENT_PLAIN &&
           (strcmp(st->tag, "SET") == 0 || strcmp(st->tag, "RESET") == 0 || st->sets_session);
}

/* Of the session, not only of the transaction: no SET LOCAL. */
static bool sets_session(const struct statement *st)
{
    size_t at = strlen("SET");
    while (at < st->text.n && strchr(" \t\r\n", st->text.p[at]) != NULL) {
        at++;
    }
    return st->sets_session ||
           (sets(st) && !(st->text.n - at > strlen("LOCAL") &&
                          strncasecmp(st->text.p + at, "LOCAL", strlen("LOCAL")) == 0));
}

/* How many segments there are, as far as it matters: one, or more. */
struct tally {
    size_t n;
    bool acts; /* a transaction is under way, with more than SET in it */
};

static void tally_end(struct tally *t)
{
    t->n += t->acts ? 1 : 0;
    t->acts = false;
}

static void tally_add(struct tally *t, const struct statement *st)
{
    if (st->lone != NULL || st->backfill != NULL) {
        t->n += 2; /* even where it is the only one */
    }
    if (st->is_apart) {
        tally_end(t);
    }
    t->acts = t->acts || (is_run(st) && !sets(st));
    if (st->is_apart || st->ends_transaction) {
        tally_end(t);
    }
}

bool segments_any(const struct bundle *b)
{
    struct tally t = {0};
    struct statement_room room;
    if (bundle_is_program(b)) {
        return true;
    }
    for (size_t i = 0; b->forward != NULL && i < b->decl->forward.n; i++) {
        for (size_t k = 0; k < b->forward[i].n && t.n < 2; k++) {
            tally_add(&t, script_at(&b->forward[i], k, &room));
        }
    }
    tally_end(&t);
    return t.n > 1;
}

/* --- where a transaction ends early ------------------------------------------------------------------ */

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (unsigned char)c >= 0x80;
}

/* As a string, or in an array's; in rows as a word. Rather once too often. */
static bool names(struct bytes text, const char *value, bool is_data)
{
    const size_t n = strlen(value);
    const char *const end = text.p + text.n;
    for (const char *at = text.p;
         at <= end && (at = memmem(at, (size_t)(end - at), value, n)) != NULL; at++) {
        char before = at > text.p ? at[-1] : ' ';
        char after = at + n < end ? at[n] : ' ';
        if (is_data ? !is_word(before) && !is_word(after)
                    : (before == '\'' && after == '\'') || before == '{' || after == '}' ||
                          before == '$' || before == '"') {
            return true;
        }
    }
    return false;
}

/* Is the value named behind statement k of file i? */
static bool is_used_behind(const struct script *files, size_t n, size_t i, size_t k,
                           const char *value)
{
    struct statement_room room;
    for (; i < n; i++, k = 0) {
        for (; k < files[i].n; k++) {
            const struct statement *st = script_at(&files[i], k, &room);
            if (names(st->text, value, false) ||
                (st->data.p != NULL && names(st->data, value, true))) {
                return true;
            }
        }
    }
    return false;
}

static bool makes(const struct touches *t, const struct object *o)
{
    for (size_t i = 0; i < t->n; i++) {
        if (t->v[i].effect == EFFECT_CREATE && !t->v[i].maybe && object_eq(&t->v[i].object, o)) {
            return true;
        }
    }
    return false;
}

/* Does one of the statements before k make the table that st, which is k, changes? */
static bool is_of_new_table(const struct script *files, size_t i, size_t k,
                            const struct statement *st)
{
    struct statement_room room;
    const struct object *o = st->touches.n > 0 ? &st->touches.v[0].object : NULL;
    for (size_t f = 0; o != NULL && f <= i; f++) {
        for (size_t j = 0; j < (f < i ? files[f].n : k); j++) {
            if (makes(&script_at(&files[f], j, &room)->touches, o)) {
                return true;
            }
        }
    }
    return false;
}

/* From the statement that adds a value on: it, or the COMMIT of its block. */
static void end_behind(struct script *files, size_t n, size_t i, size_t k, bool in_block)
{
    struct script *s = &files[i];
    struct statement_room room;
    const char *value = script_at(s, k, &room)->adds;
    while (in_block && k + 1 < s->n && script_at(s, k, &room)->kind != STATEMENT_COMMIT) {
        k++;
    }
    if (!script_at(s, k, &room)->ends_transaction && is_used_behind(files, n, i, k + 1, value)) {
        script_own(s, k)->ends_transaction = true;
    }
}

void segments_mark(struct script *files, size_t n)
{
    struct statement_room room;
    for (size_t i = 0; i < n; i++) {
        bool in_block = false;
        for (size_t k = 0; k < files[i].n; k++) {
            const struct statement *st = script_at(&files[i], k, &room);
            in_block = st->kind == STATEMENT_BEGIN || (in_block && st->kind != STATEMENT_COMMIT);
            if (st->is_apart && is_of_new_table(files, i, k, st)) {
                script_own(&files[i], k)->is_apart = false;
            }
            if (st->adds != NULL) {
                end_behind(files, n, i, k, in_block);
            }
        }
    }
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

static struct segment *add_segment(struct gathering *g)
{
    ARENA_GROW(g->a, g->out->v, g->out->n, g->out->cap);
    return &g->out->v[g->out->n++];
}

static void end_transaction(struct gathering *g)
{
    if (g->acts) {
        struct segment *s = add_segment(g);
        *s =
            (struct segment){.first = g->first,
                             .n = g->n,
                             .verb = "transaction",
                             .object = g->n == 1 ? arena_printf(g->a, "statement %zu", g->first + 1)
                                                 : arena_printf(g->a, "statements %zu to %zu",
                                                                g->first + 1, g->first + g->n)};
        s->text = bytes_of(arena_dup(g->a, buf_str(&g->text), g->text.n), g->text.n);
    }
    buf_clear(&g->text);
    g->first += g->n;
    g->n = 0;
    g->acts = false;
}

static void add_lone(struct gathering *g, const struct script *s, const struct statement *st)
{
    end_transaction(g);
    *add_segment(g) = (struct segment){.script = s,
                                       .lone = st,
                                       .first = g->first,
                                       .n = 1,
                                       .verb = st->tag,
                                       .object = lone_object(g->a, st->lone),
                                       .text = st->text};
    g->first++;
    g->out->n_statements++;
}

/* How fast it goes is no part of what it is. */
static void add_backfill(struct gathering *g, const struct script *s, const struct statement *st)
{
    end_transaction(g);
    *add_segment(g) = (struct segment){.script = s,
                                       .backfill = st,
                                       .first = g->first,
                                       .n = 1,
                                       .verb = "backfill",
                                       .object = backfill_object(g->a, st->backfill),
                                       .text = st->backfill->identity};
    g->first++;
    g->out->n_statements++;
}

static void add_plain(struct gathering *g, const struct statement *st)
{
    if (st->is_apart) {
        end_transaction(g);
    }
    buf_add(&g->text, st->text.p, st->text.n);
    buf_puts(&g->text, ";\n");
    if (st->data.p != NULL) {
        buf_add(&g->text, st->data.p, st->data.n);
    }
    g->acts |= !sets(st);
    g->n++;
    g->out->n_statements++;
    if (st->is_apart) {
        end_transaction(g);
    }
}

static void add(struct gathering *g, const struct script *s, const struct statement *st)
{
    if (!is_run(st)) {
    } else if (st->lone != NULL) {
        add_lone(g, s, st);
    } else if (st->backfill != NULL) {
        add_backfill(g, s, st);
    } else {
        add_plain(g, st);
    }
    if (st->ends_transaction) {
        end_transaction(g);
    }
}

/* What it runs with is part of what it is: the checksum has the command and all files. */
static void add_program(struct gathering *g, const struct bundle *b)
{
    char text[DIGEST_TEXT];
    *add_segment(g) =
        (struct segment){.is_program = true,
                         .n = 1,
                         .verb = "run",
                         .object = b->decl->command,
                         .text = bytes_str(arena_strdup(g->a, digest_text(&b->checksum, text)))};
    g->out->n_statements = 1;
}

void segments_of(struct arena *a, const struct bundle *b, struct segments *out)
{
    struct gathering g = {.a = a, .out = out};
    struct statement_room room;
    *out = (struct segments){0};
    if (bundle_is_program(b)) {
        add_program(&g, b);
        return;
    }
    for (size_t i = 0; i < b->decl->forward.n; i++) {
        for (size_t k = 0; k < b->forward[i].n; k++) {
            add(&g, &b->forward[i], script_at(&b->forward[i], k, &room));
        }
    }
    end_transaction(&g);
    buf_release(&g.text);
}

/* --- what one sees ---------------------------------------------------------------------------------- */

static struct statement_place **make_places(struct arena *a, size_t n)
{
    size_t n_blocks = n / PLACES + 1;
    struct statement_place **out = ARENA_ARRAY(a, struct statement_place *, n_blocks);
    for (size_t i = 0; i < n_blocks; i++) {
        out[i] = ARENA_ARRAY(a, struct statement_place, PLACES);
    }
    return out;
}

/* Statement k of from becomes the next of to, which has room for as many as from. */
static void take(const struct script *from, size_t k, struct script *to)
{
    if (from->places != NULL) {
        *script_place(to, to->n++) = *script_place(from, k);
    } else {
        to->forms[to->n++] = from->forms[k];
    }
}

/* The statements of one file that belong to x, into to; *at counts those that are run. */
static void select_statements(const struct script *s, const struct segment *x, size_t *at,
                              struct script *to, size_t *n_before)
{
    struct statement_room room;
    for (size_t k = 0; k < s->n; k++) {
        const struct statement *st = script_at(s, k, &room);
        bool is_own = *at >= x->first && *at < x->first + x->n;
        bool is_setting = *at < x->first && sets_session(st);
        bool is_mode = x->first == 0 && st->kind == STATEMENT_SET_TRANSACTION;
        if (is_mode || (st->kind == STATEMENT_PLAIN && (is_own || is_setting))) {
            take(s, k, to);
            *n_before += is_setting ? 1 : 0;
        }
        *at += is_run(st) ? 1 : 0;
    }
}

size_t segment_bundle(struct arena *a, const struct bundle *b, const struct segment *x,
                      bool is_last, struct decl *decl, struct bundle *out)
{
    size_t at = 0;
    size_t n_before = 0;
    struct script *scripts = ARENA_ARRAY(a, struct script, b->decl->forward.n + 1);
    for (size_t i = 0; i < b->decl->forward.n; i++) {
        const struct script *from = &b->forward[i];
        scripts[i] = *from;
        scripts[i].n = 0;
        if (from->places != NULL) {
            scripts[i].places = make_places(a, from->n);
        } else {
            scripts[i].forms = ARENA_ARRAY(a, struct statement, from->n + 1);
        }
        select_statements(from, x, &at, &scripts[i], &n_before);
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
    struct statement_room room;
    *out = ARENA_ARRAY(a, const struct statement *, x->first + 1);
    for (size_t i = 0; i < b->decl->forward.n; i++) {
        for (size_t k = 0; k < b->forward[i].n && at < x->first; k++) {
            const struct statement *st = script_at(&b->forward[i], k, &room);
            if (sets_session(st)) {
                (*out)[n++] = script_keep(a, &b->forward[i], k);
            }
            at += is_run(st) ? 1 : 0;
        }
    }
    return n;
}
