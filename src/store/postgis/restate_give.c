/* Privileges: from one list to another, as GRANT and REVOKE. A list is what facets have of it,
 * "+reader=r/owner, -=X/owner": what is given and taken besides what the kind of object has by default. */
#include <string.h>

#include "base/bytes.h"
#include "store/postgis/restate_parts.h"

static const struct {
    char letter;
    const char *word;
} words[] = {{'r', "SELECT"},   {'a', "INSERT"},     {'w', "UPDATE"},      {'d', "DELETE"},
             {'D', "TRUNCATE"}, {'x', "REFERENCES"}, {'t', "TRIGGER"},     {'X', "EXECUTE"},
             {'U', "USAGE"},    {'C', "CREATE"},     {'c', "CONNECT"},     {'T', "TEMPORARY"},
             {'m', "MAINTAIN"}, {'s', "SET"},        {'A', "ALTER SYSTEM"}};
enum { N_WORDS = sizeof words / sizeof *words };

/* One item. owned: it is the owner who gave it: as whoever owns the object gives it. */
struct item {
    bool gives, owned, is_owner;
    const char *grantee, *letters;
};
struct items {
    struct item *v;
    size_t n;
};

/* A role's name as aclitem has it, to *end, plain. */
static const char *role(struct arena *a, const char **p, char end)
{
    struct buf b = {0};
    bool quoted = **p == '"';
    *p += quoted ? 1 : 0;
    while (**p != '\0' && (quoted || **p != end)) {
        if (quoted && **p == '"' && *++*p != '"') {
            break;
        }
        buf_putc(&b, *(*p)++);
    }
    const char *name = arena_strdup(a, buf_str(&b));
    buf_release(&b);
    return name;
}

static struct items items_of(struct arena *a, const char *list, const char *owner)
{
    struct items l = {0};
    const char *text = list != NULL ? list : "";
    size_t most = 1;
    for (const char *p = text; *p != '\0'; p++) {
        most += *p == ',';
    }
    l.v = ARENA_ARRAY(a, struct item, most);
    for (const char *p = text; *p == '+' || *p == '-';) {
        struct item *x = &l.v[l.n++];
        x->gives = *p++ == '+';
        x->grantee = role(a, &p, '=');
        p += *p == '=' ? 1 : 0;
        size_t n = strcspn(p, "/");
        x->letters = arena_strndup(a, p, n);
        p += n + (p[n] == '/' ? 1 : 0);
        const char *grantor = role(a, &p, ',');
        x->owned = owner == NULL || strcmp(grantor, owner) == 0; /* NULL: it came with the server */
        x->is_owner = owner != NULL && strcmp(x->grantee, owner) == 0;
        p += strspn(p, ", ");
    }
    return l;
}

static bool has(const struct items *l, const struct item *x, const char *letter)
{
    for (size_t i = 0; i < l->n; i++) {
        const struct item *y = &l->v[i];
        bool same = y->gives == x->gives && y->owned == x->owned &&
                    (x->is_owner ? y->is_owner : strcmp(x->grantee, y->grantee) == 0);
        const char *hit = same ? strchr(y->letters, *letter) : NULL;
        if (hit != NULL && (hit[1] == '*') == (letter[1] == '*')) {
            return true;
        }
    }
    return false;
}

static const char *word_of(char letter)
{
    for (size_t i = 0; i < N_WORDS; i++) {
        if (words[i].letter == letter) {
            return words[i].word;
        }
    }
    return NULL;
}

/* before: what stands before GRANT or REVOKE ("ALTER DEFAULT PRIVILEGES ... "). */
struct giving {
    struct restating *r;
    const char *before, *facet, *columns, *what;
    const char *owner; /* of what is made */
    bool is_open;
};

static void say(struct giving *g, bool gives, const struct item *x, const char *privileges,
                bool passes_on)
{
    struct arena *a = g->r->a;
    const char *to = x->is_owner && g->owner != NULL ? restate_name(a, g->owner)
                     : x->grantee[0] == '\0'         ? "PUBLIC"
                                                     : restate_name(a, x->grantee);
    restate_add(g->r, STAGE_GIVE, g->facet,
                arena_printf(a, "%s%s %s ON %s %s %s%s", g->before, gives ? "GRANT" : "REVOKE",
                             privileges, g->what, gives ? "TO" : "FROM", to,
                             gives && passes_on ? " WITH GRANT OPTION" : ""));
}

/* What one has that other has not: given or, inverted, taken back. */
static void missing(struct giving *g, const struct items *one, const struct items *other,
                    bool inverted)
{
    for (size_t i = 0; i < one->n; i++) {
        const struct item *x = &one->v[i];
        struct buf plain = {0};
        struct buf passed = {0};
        for (const char *p = x->letters; *p != '\0'; p++) {
            if (*p == '*' || has(other, x, p)) {
                continue;
            }
            const char *word = word_of(*p);
            struct buf *b = p[1] == '*' ? &passed : &plain;
            g->is_open = g->is_open || word == NULL || !x->owned;
            buf_printf(b, "%s%s%s%s", b->n > 0 ? ", " : "", word != NULL ? word : "",
                       g->columns[0] != '\0' ? " " : "", g->columns);
        }
        if (plain.n > 0) {
            say(g, x->gives != inverted, x, buf_str(&plain), false);
        }
        if (passed.n > 0) {
            say(g, x->gives != inverted, x, buf_str(&passed), true);
        }
        buf_release(&plain);
        buf_release(&passed);
    }
}

static void give(struct giving *g, const struct items *was, const struct items *now)
{
    size_t from = g->r->out->n;
    missing(g, was, now, true);
    missing(g, now, was, false);
    if (g->is_open) {
        g->r->out->n = from;
        restate_open(g->r, g->facet);
    }
}

void restate_privileges(struct restating *r, const char *facet, const char *columns,
                        const char *what, const char *was, const char *now)
{
    const char *before = restate_was(r, "owner");
    const char *owner = restate_now(r, "owner");
    const struct items x = items_of(r->a, was, before);
    const struct items y = items_of(r->a, now, owner);
    struct giving g = {r, "", facet, columns, what, owner, false};
    give(&g, &x, &y);
}

/* "for ann on tables": ann gives what she makes. */
void restate_default_privileges(struct restating *r, const struct facet_pair *p)
{
    static const char by[] = "for ";
    const char *on = strstr(p->facet, " on ");
    if (!begins(p->facet, by) || on == NULL) {
        restate_open(r, p->facet);
        return;
    }
    const char *name = p->facet + strlen(by);
    const char *owner = role(r->a, &name, ' ');
    const struct object *o = &r->t->object;
    const char *what = restate_upper(r->a, on + strlen(" on "));
    const char *in = o->schema[0] != '\0'
                         ? arena_printf(r->a, " IN SCHEMA %s", restate_name(r->a, o->schema))
                         : "";
    const struct items x = items_of(r->a, p->was, owner);
    const struct items y = items_of(r->a, p->now, owner);
    struct giving g = {r,
                       arena_printf(r->a, "ALTER DEFAULT PRIVILEGES FOR ROLE %s%s ",
                                    restate_name(r->a, owner), in),
                       p->facet,
                       "",
                       what,
                       owner,
                       false};
    give(&g, &x, &y);
}
