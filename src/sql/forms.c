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

/* Which of the names it is; or the name itself where no room is made for them. */
static void put_name(struct buf *out, const struct statement_names *names, const char *name)
{
    if (names != NULL) {
        buf_putc(out, name[0] != '\0' ? (char)('0' + statement_name(names, name)) : '-');
    } else {
        put_text(out, name);
    }
}

static void put_object(struct buf *out, const struct statement_names *names, const struct object *o,
                       int what, int flags)
{
    const int v[] = {(int)o->kind, what, flags, names != NULL};
    buf_add(out, v, sizeof v);
    put_name(out, names, o->schema);
    put_name(out, names, o->name);
}

/* All that is neither its place nor a name of its own. A member that struct statement gets later is
 * compared as
 * bytes. */
static void describe(struct buf *out, const struct statement *st)
{
    struct statement x;
    struct statement_names all;
    const struct statement_names *names = statement_names(st, &all) ? &all : NULL;
    memcpy(&x, st, sizeof x);
    x.text = (struct bytes){NULL, 0};
    x.offset = 0;
    x.line = x.col = 0;
    x.tag = x.why = x.hint = NULL;
    x.touches.v = NULL;
    x.touches.cap = 0;
    x.locks = NULL;
    x.kin = NULL;
    x.roles = NULL;
    buf_clear(out);
    buf_add(out, &x, sizeof x);
    put_text(out, st->tag);
    put_text(out, st->why);
    put_text(out, st->hint);
    for (size_t i = 0; i < st->touches.n; i++) {
        const struct touch *t = &st->touches.v[i];
        put_object(out, names, &t->object, (int)t->effect, t->stored + 2 * t->maybe + 4 * t->only);
        put_text(out, t->through != NULL ? t->through : "");
    }
    for (size_t i = 0; i < st->n_locks; i++) {
        put_object(out, names, &st->locks[i].object, st->locks[i].level, 0);
    }
    for (size_t i = 0; i < st->n_kin; i++) {
        put_object(out, names, &st->kin[i].child, 0, 0);
        put_object(out, names, &st->kin[i].parent, 0, 0);
    }
    for (size_t i = 0; st->roles != NULL && i < st->roles->n; i++) {
        buf_putc(out, st->roles->v[i].joined ? 'j' : 'r');
        put_name(out, names, st->roles->v[i].name);
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

static struct statement_place *add_place(struct parse *p, const struct statement *st, size_t like)
{
    struct script *s = p->out;
    if (s->n % PLACES == 0) {
        size_t n_blocks = s->n / PLACES;
        s->places = mem_realloc(s->places, (n_blocks + 2) * sizeof *s->places);
        s->places[n_blocks] = mem_alloc(PLACES * sizeof **s->places);
        s->places[n_blocks + 1] = NULL;
    }
    struct statement_place *place = script_place(s, s->n++);
    *place = (struct statement_place){.at = (uint32_t)st->offset,
                                      .n = (uint32_t)st->text.n,
                                      .like = (uint32_t)like & (NAMES_MOST - 1)};
    return place;
}

/* --- names ---------------------------------------------------------------------------------------- */

/* Of those that were kept last, so many are remembered: a file that goes round more names than that keeps
 * them
 * each time. */
enum { LAST_NAMES = 4096 };

static bool is_same_entry(const struct script *s, size_t at, struct bytes entry)
{
    size_t room = NAMES_BLOCK - at % NAMES_BLOCK;
    return entry.n <= room &&
           memcmp(s->names[at / NAMES_BLOCK] + at % NAMES_BLOCK, entry.p, entry.n) == 0;
}

/* Where an entry of that length goes; NAMES_MOST: nowhere. Nothing stands at 0. */
static size_t room_for(struct parse *p, size_t n)
{
    struct forms *f = &p->forms;
    struct script *s = p->out;
    size_t at = f->n_names > 0 ? f->n_names : 1;
    if (at % NAMES_BLOCK + n > NAMES_BLOCK) {
        at += NAMES_BLOCK - at % NAMES_BLOCK;
    }
    if (n > NAMES_BLOCK || at + n > NAMES_MOST) {
        return NAMES_MOST;
    }
    if (f->n_names == 0 || at % NAMES_BLOCK == 0) {
        size_t n_blocks = at / NAMES_BLOCK;
        s->names = mem_realloc(s->names, (n_blocks + 2) * sizeof *s->names);
        s->names[n_blocks] = mem_alloc(NAMES_BLOCK);
        memset(s->names[n_blocks], 0, NAMES_BLOCK);
        s->names[n_blocks + 1] = NULL;
    }
    f->n_names = at + n;
    return at;
}

/* Keeps f->entry, unless it stands there. Where it does, or NAMES_MOST: there is no room; *had: it stood
 * there. */
static size_t keep_entry(struct parse *p, bool *had)
{
    struct forms *f = &p->forms;
    if (f->last == NULL) {
        f->last = mem_alloc(LAST_NAMES * sizeof *f->last);
        memset(f->last, 0, LAST_NAMES * sizeof *f->last);
    }
    uint32_t *last = &f->last[hash_of(&f->entry) % LAST_NAMES];
    *had = *last != 0 && is_same_entry(p->out, *last, buf_bytes(&f->entry));
    if (*had) {
        return *last;
    }
    size_t at = room_for(p, f->entry.n);
    if (at < NAMES_MOST) {
        memcpy(p->out->names[at / NAMES_BLOCK] + at % NAMES_BLOCK, f->entry.p, f->entry.n);
        *last = (uint32_t)at;
    }
    return at;
}

/* st does what that form does. Returns false if its names find no room, and the form has others. */
static bool take_form(struct parse *p, const struct statement *st, uint32_t like)
{
    struct buf *entry = &p->forms.entry;
    struct statement_names own, its;
    bool had = true;
    size_t at = like;
    bool is_named = false;
    if (statement_names(st, &own) && statement_names(&p->out->forms[like], &its)) {
        buf_clear(entry);
        buf_add(entry, &like, sizeof like);
        for (size_t i = 0; i < own.n; i++) {
            put_text(entry, own.v[i]);
            is_named |= strcmp(own.v[i], its.v[i]) != 0;
        }
    }
    if (is_named) {
        at = keep_entry(p, &had);
        if (at == NAMES_MOST) {
            return false;
        }
    }
    struct statement_place *place = add_place(p, st, at);
    place->named = is_named;
    place->repeated = had;
    return true;
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
        (void)add_place(p, st, f->n - 1);
        return false;
    }
    if (2 * f->n_used >= f->n_slots) {
        grow(p);
    }
    describe(&f->now, st);
    uint32_t *slot = slot_of(p);
    if (*slot != 0 && take_form(p, st, *slot - 1)) {
        f->n--;
        return true;
    }
    if (*slot == 0) {
        *slot = (uint32_t)f->n;
        f->n_used++;
    }
    (void)add_place(p, st, f->n - 1);
    return false;
}

struct statement *forms_own(struct parse *p, size_t i)
{
    struct script *s = p->out;
    if (s->places == NULL) {
        return &s->forms[i];
    }
    const struct statement own = *script_keep(p->a, s, i); /* forms may move */
    struct statement *st = new_form(p);
    struct statement_place *place = script_place(s, i);
    *st = own;
    place->named = place->repeated = 0;
    place->like = (uint32_t)(p->forms.n - 1) & (NAMES_MOST - 1);
    return st;
}

static void free_names(void *p)
{
    char **blocks = p;
    for (size_t i = 0; blocks != NULL && blocks[i] != NULL; i++) {
        free(blocks[i]);
    }
    free(blocks);
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
    free(p->forms.last);
    buf_release(&p->forms.now);
    buf_release(&p->forms.was);
    buf_release(&p->forms.entry);
    if (!is_kept) {
        free(s->forms);
        free_places(s->places);
        free_names(s->names);
        s->forms = NULL;
        s->places = NULL;
        s->names = NULL;
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
    s->owned = n_adds > 0 ? ARENA_ARRAY(p->a, struct statement_room, n_adds) : NULL;
    arena_at_end(p->a, free, s->forms);
    if (s->places != NULL) {
        arena_at_end(p->a, free_places, s->places);
    }
    if (s->names != NULL) {
        arena_at_end(p->a, free_names, s->names);
    }
}
