/* Statements of a script, and whether one writes a table's rows anew. */
#include "model/script.h"

#include <string.h>

struct statement_place *script_place(const struct script *s, size_t i)
{
    return &s->places[i / PLACES][i % PLACES];
}

bool statement_is_single(const struct statement *st)
{
    return !st->analysed || st->data.p != NULL || st->lone != NULL || st->mark.p != NULL ||
           st->range != NULL || st->rewriting != NULL || st->adds != NULL || st->is_apart ||
           st->n_kin > ROOM_KIN || (st->roles != NULL && st->roles->n > ROOM_ROLES);
}

/* --- what differs in names only --------------------------------------------------------------------- */

size_t statement_name(const struct statement_names *names, const char *name)
{
    size_t i = 0;
    while (i < names->n && (name[0] == '\0' || strcmp(names->v[i], name) != 0)) {
        i++;
    }
    return i;
}

static bool add_name(struct statement_names *out, const char *name)
{
    if (name[0] == '\0' || statement_name(out, name) < out->n) {
        return true;
    }
    if (out->n == ROOM_NAMES) {
        return false;
    }
    out->v[out->n++] = name;
    return true;
}

static bool add_object(struct statement_names *out, const struct object *o)
{
    return add_name(out, o->schema) && add_name(out, o->name);
}

bool statement_names(const struct statement *st, struct statement_names *out)
{
    bool fits = st->touches.n <= ROOM_TOUCHES && st->n_locks <= ROOM_LOCKS &&
                st->n_kin <= ROOM_KIN && (st->roles == NULL || st->roles->n <= ROOM_ROLES);
    out->n = 0;
    for (size_t i = 0; fits && i < st->touches.n; i++) {
        fits = add_object(out, &st->touches.v[i].object);
    }
    for (size_t i = 0; fits && i < st->n_locks; i++) {
        fits = add_object(out, &st->locks[i].object);
    }
    for (size_t i = 0; fits && i < st->n_kin; i++) {
        fits = add_object(out, &st->kin[i].child) && add_object(out, &st->kin[i].parent);
    }
    for (size_t i = 0; fits && st->roles != NULL && i < st->roles->n; i++) {
        fits = add_name(out, st->roles->v[i].name);
    }
    return fits;
}

/* A name of a form, as it is in a statement like it. */
static const char *as_named(const char *name, const struct statement_names *from,
                            const struct statement_names *to)
{
    size_t i = statement_name(from, name);
    return i < from->n ? to->v[i] : name;
}

static struct object renamed(const struct object *o, const struct statement_names *from,
                             const struct statement_names *to)
{
    struct object out = *o;
    out.schema = as_named(o->schema, from, to);
    out.name = as_named(o->name, from, to);
    return out;
}

/* The names of a statement that has its own, and its form. */
static const struct statement *read_names(const struct script *s, size_t at,
                                          struct statement_names *from, struct statement_names *to)
{
    uint32_t form;
    const char *p = s->names[at / NAMES_BLOCK] + at % NAMES_BLOCK;
    memcpy(&form, p, sizeof form);
    p += sizeof form;
    (void)statement_names(&s->forms[form], from);
    for (to->n = 0; to->n < from->n; to->n++) {
        to->v[to->n] = p;
        p += strlen(p) + 1;
    }
    return &s->forms[form];
}

/* Its lists are those in room. */
static void own_lists(struct statement *st, struct statement_room *room)
{
    st->touches.v = room->touches;
    st->touches.cap = ROOM_TOUCHES;
    st->locks = room->locks;
    st->kin = st->kin != NULL ? room->kin : NULL;
    if (st->roles != NULL) {
        room->roles = (struct role_needs){room->role, st->roles->n, ROOM_ROLES};
        st->roles = &room->roles;
    }
}

/* What room->st points to that is not to be shared: its lists, into room. */
static void put_lists(struct statement_room *room, const struct statement_names *from,
                      const struct statement_names *to)
{
    struct statement *st = &room->st;
    for (size_t i = 0; i < st->touches.n; i++) {
        room->touches[i] = st->touches.v[i];
        room->touches[i].object = renamed(&st->touches.v[i].object, from, to);
        room->touches[i].line = st->line;
        room->touches[i].col = st->col;
    }
    for (size_t i = 0; i < st->n_locks; i++) {
        room->locks[i] = st->locks[i];
        room->locks[i].object = renamed(&st->locks[i].object, from, to);
    }
    for (size_t i = 0; i < st->n_kin; i++) {
        room->kin[i] = st->kin[i];
        room->kin[i].child = renamed(&st->kin[i].child, from, to);
        room->kin[i].parent = renamed(&st->kin[i].parent, from, to);
    }
    for (size_t i = 0; st->roles != NULL && i < st->roles->n; i++) {
        room->role[i] = st->roles->v[i];
        room->role[i].name = as_named(st->roles->v[i].name, from, to);
    }
    own_lists(st, room);
}

const struct statement *script_at(const struct script *s, size_t i, struct statement_room *room)
{
    struct statement_names from, to;
    if (s->places == NULL) {
        return &s->forms[i];
    }
    const struct statement_place *place = script_place(s, i);
    const struct statement *form =
        place->named ? read_names(s, place->like, &from, &to) : &s->forms[place->like];
    if (form->offset == place->at) {
        return form;
    }
    struct statement *st = &room->st;
    *st = *form;
    st->text = bytes_of(s->bytes.p + place->at, place->n);
    st->offset = place->at;
    lines_place(&s->lines, place->at, &st->line, &st->col);
    if (place->named) {
        put_lists(room, &from, &to);
    }
    return st;
}

static bool lies_in(const struct statement *st, const struct statement_room *room)
{
    return st == &room->st && st->touches.v == room->touches;
}

const struct statement *script_keep(struct arena *a, const struct script *s, size_t i)
{
    struct statement_room room;
    const struct statement *st = script_at(s, i, &room);
    if (st != &room.st) {
        return st;
    }
    if (!lies_in(st, &room)) {
        return arena_dup(a, st, sizeof *st);
    }
    struct statement_room *out = arena_dup(a, &room, sizeof room);
    own_lists(&out->st, out);
    return &out->st;
}

struct statement *script_own(struct script *s, size_t i)
{
    struct statement_room room;
    if (s->places == NULL) {
        return &s->forms[i];
    }
    struct statement_place *place = script_place(s, i);
    const struct statement *st = script_at(s, i, &room);
    if (!place->named && statement_is_single(&s->forms[place->like])) {
        return &s->forms[place->like];
    }
    struct statement_room *own = &s->owned[s->n_owned++];
    struct statement *form = &s->forms[s->n_forms];
    *form = *st;
    if (lies_in(st, &room)) {
        *own = room;
        own_lists(form, own);
    }
    place->named = place->repeated = 0;
    place->like = (uint32_t)s->n_forms & (NAMES_MOST - 1);
    s->n_forms++;
    return form;
}

bool script_repeats(const struct script *s, size_t i)
{
    return s->places != NULL && script_place(s, i)->repeated;
}

static enum rewrite_verdict settle_one(enum rewrite_verdict answer, enum rewrite_verdict unknown)
{
    return answer == REWRITE_UNKNOWN ? unknown : answer;
}

enum rewrite_verdict rewriting_settle(const struct rewriting *r,
                                      const enum rewrite_verdict *answers)
{
    enum rewrite_verdict worst = r->maybe ? REWRITE_MAYBE : REWRITE_NEVER;
    for (size_t i = 0; i < r->n + r->surely; i++) {
        /* Of a column that is added, only rules of a domain write rows: rare, and not said for nothing. */
        bool added = i < r->n && r->v[i].column[0] == '\0';
        enum rewrite_verdict one = settle_one(answers != NULL ? answers[i] : REWRITE_UNKNOWN,
                                              added ? REWRITE_NEVER : REWRITE_MAYBE);
        worst = one > worst ? one : worst;
    }
    return worst;
}

struct bytes rewriting_key(const struct statement *st)
{
    return bytes_of((const char *)&st->rewriting, sizeof(const struct rewriting *));
}
