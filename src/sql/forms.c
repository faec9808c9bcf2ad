/* Statements of a file that are the same but for their place. */
#include "sql/forms.h"

#include <stdlib.h>
#include <string.h>

#include "sql/parse.h"

/* In a short file every statement has a form of its own, and every touch its own place. */
static bool is_long(const struct parse *p)
{
    return p->out->bytes.n > PIECE;
}

static struct statement *new_form(struct parse *p)
{
    struct forms *f = &p->forms;
    if (f->n == f->cap) {
        f->cap = f->cap > 0 ? 2 * f->cap : 16;
        p->out->forms = mem_realloc(p->out->forms, f->cap * sizeof *p->out->forms);
    }
    return &p->out->forms[f->n++];
}

struct statement *forms_add(struct parse *p, size_t at, size_t end, const struct verdict *verdict)
{
    struct statement *st = new_form(p);
    memset(st, 0, sizeof *st); /* its padding too: describe() */
    st->kind = verdict->kind;
    st->text = bytes_of(p->out->bytes.p + at, end - at);
    st->offset = at;
    st->tag = "";
    st->why = verdict->why;
    st->hint = verdict->hint;
    lines_place(&p->lines, at, &st->line, &st->col);
    return st;
}

void forms_drop(struct parse *p)
{
    p->forms.n--;
}

/* --- which are the same --------------------------------------------------------------------------- */

static void put_text(struct buf *out, const char *text)
{
    buf_add(out, text, strlen(text) + 1);
}

static void put_object(struct buf *out, const struct object *o, int what, int flags)
{
    const int v[] = {(int)o->kind, what, flags};
    buf_add(out, v, sizeof v);
    put_text(out, o->schema);
    put_text(out, o->name);
}

/* All that is not its place. A member that struct statement gets later is compared as bytes. */
static void describe(struct buf *out, const struct statement *st)
{
    struct statement x;
    memcpy(&x, st, sizeof x);
    x.text = (struct bytes){NULL, 0};
    x.offset = 0;
    x.line = x.col = 0;
    x.tag = x.why = x.hint = NULL;
    x.touches.v = NULL;
    x.touches.cap = 0;
    x.locks = NULL;
    buf_clear(out);
    buf_add(out, &x, sizeof x);
    put_text(out, st->tag);
    put_text(out, st->why);
    put_text(out, st->hint);
    for (size_t i = 0; i < st->touches.n; i++) {
        const struct touch *t = &st->touches.v[i];
        put_object(out, &t->object, (int)t->effect, t->stored + 2 * t->maybe + 4 * t->only);
        put_text(out, t->through != NULL ? t->through : "");
    }
    for (size_t i = 0; i < st->n_locks; i++) {
        put_object(out, &st->locks[i].object, st->locks[i].level, 0);
    }
}

static uint64_t hash_of(const struct buf *b)
{
    uint64_t h = UINT64_C(14695981039346656037); /* FNV-1a, by words */
    uint64_t word;
    size_t i = 0;
    for (; i + sizeof word <= b->n; i += sizeof word) {
        memcpy(&word, b->p + i, sizeof word);
        h = (h ^ word) * UINT64_C(1099511628211);
        h ^= h >> 29;
    }
    for (; i < b->n; i++) {
        h = (h ^ (unsigned char)b->p[i]) * UINT64_C(1099511628211);
    }
    return h ^ (h >> 32);
}

/* The slot of a form that is as f->now says, or the free one where it belongs. */
static uint32_t *slot_of(struct parse *p)
{
    struct forms *f = &p->forms;
    for (size_t i = (size_t)hash_of(&f->now);; i++) {
        uint32_t *slot = &f->slots[i & (f->n_slots - 1)];
        if (*slot == 0) {
            return slot;
        }
        describe(&f->was, &p->out->forms[*slot - 1]);
        if (bytes_eq(buf_bytes(&f->now), buf_bytes(&f->was))) {
            return slot;
        }
    }
}

static void grow(struct parse *p)
{
    struct forms *f = &p->forms;
    uint32_t *old = f->slots;
    size_t n = f->n_slots;
    f->n_slots = n > 0 ? 2 * n : 64;
    f->slots = mem_alloc(f->n_slots * sizeof *f->slots);
    memset(f->slots, 0, f->n_slots * sizeof *f->slots);
    f->n_used = 0;
    for (size_t i = 0; i < n; i++) {
        if (old[i] != 0) {
            describe(&f->now, &p->out->forms[old[i] - 1]);
            uint32_t *slot = slot_of(p);
            f->n_used += *slot == 0;
            *slot = old[i];
        }
    }
    free(old);
}

/* --- as statements -------------------------------------------------------------------------------- */

static void add_place(struct parse *p, const struct statement *st, uint32_t like)
{
    struct script *s = p->out;
    if (s->n % PLACES == 0) {
        size_t n_blocks = s->n / PLACES;
        s->places = mem_realloc(s->places, (n_blocks + 2) * sizeof *s->places);
        s->places[n_blocks] = mem_alloc(PLACES * sizeof **s->places);
        s->places[n_blocks + 1] = NULL;
    }
    *script_place(s, s->n++) =
        (struct statement_place){(uint32_t)st->offset, (uint32_t)st->text.n, like};
}

bool forms_settle(struct parse *p)
{
    struct forms *f = &p->forms;
    const struct statement *st = &p->out->forms[f->n - 1];
    if (!is_long(p)) {
        p->out->n++;
        return false;
    }
    if (statement_is_single(st)) {
        add_place(p, st, (uint32_t)(f->n - 1));
        return false;
    }
    if (2 * f->n_used >= f->n_slots) {
        grow(p);
    }
    describe(&f->now, st);
    uint32_t *slot = slot_of(p);
    bool is_new = *slot == 0;
    if (is_new) {
        *slot = (uint32_t)f->n;
        f->n_used++;
    }
    add_place(p, st, *slot - 1);
    f->n -= !is_new;
    return !is_new;
}

struct statement *forms_own(struct parse *p, size_t i)
{
    struct script *s = p->out;
    struct statement own;
    if (s->places == NULL) {
        return &s->forms[i];
    }
    const struct statement *is = script_at(s, i, &own);
    if (is != &own) {
        own = *is; /* forms may move */
    }
    struct statement *st = new_form(p);
    *st = own;
    script_place(s, i)->like = (uint32_t)(p->forms.n - 1);
    return st;
}

static void free_places(void *p)
{
    struct statement_place **blocks = p;
    for (size_t i = 0; blocks != NULL && blocks[i] != NULL; i++) {
        free(blocks[i]);
    }
    free(blocks);
}

/* They grew outside of the arena, which is set back while they grow, and would have kept smaller lists. */
void forms_end(struct parse *p, bool is_kept)
{
    struct script *s = p->out;
    free(p->forms.slots);
    buf_release(&p->forms.now);
    buf_release(&p->forms.was);
    if (!is_kept) {
        free(s->forms);
        free_places(s->places);
        s->forms = NULL;
        s->places = NULL;
        s->n = 0;
        return;
    }
    size_t n_adds = 0;
    for (size_t i = 0; i < p->forms.n; i++) {
        n_adds += s->forms[i].adds != NULL;
    }
    if (p->forms.n > 0) {
        s->forms = mem_realloc(s->forms, (p->forms.n + n_adds) * sizeof *s->forms);
    }
    s->n_forms = p->forms.n;
    arena_at_end(p->a, free, s->forms);
    if (s->places != NULL) {
        arena_at_end(p->a, free_places, s->places);
    }
}
