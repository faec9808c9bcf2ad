/* Definitions compared, facet by facet. */
#include "store/facets.h"

#include <stdlib.h>
#include <string.h>

/* --- a definition as the ledger keeps it ---------------------------------------------------------- */

/* Facets, and the normal forms of those that have one ("~facet"), in the order of the lines. */
struct kept_facets {
    struct facet *v;
    size_t n, cap;
};

static const char *piece(struct arena *a, const char **p, const char *ends)
{
    size_t n = strcspn(*p, ends);
    const char *text = arena_strndup(a, *p, n);
    *p += n;
    return text;
}

static struct kept_facets read_lines(struct arena *a, const char *definition)
{
    struct kept_facets k = {0};
    for (const char *p = definition; *p != '\0';) {
        ARENA_GROW(a, k.v, k.n, k.cap);
        struct facet *f = &k.v[k.n++];
        f->name = piece(a, &p, "\t\n");
        p += *p == '\t' ? 1 : 0;
        f->value = piece(a, &p, "\n");
        p += *p == '\n' ? 1 : 0;
    }
    return k;
}

static const char *normal_of(const struct kept_facets *k, const char *name)
{
    for (size_t i = k->n; i > 0 && k->v[i - 1].name[0] == '~'; i--) {
        if (strcmp(k->v[i - 1].name + 1, name) == 0) {
            return k->v[i - 1].value;
        }
    }
    return NULL;
}

/* --- the same or not ------------------------------------------------------------------------------ */

static bool begins(const char *text, const char *with)
{
    return text != NULL && strncmp(text, with, strlen(with)) == 0;
}

static bool is_hidden(const char *value)
{
    return value != NULL && strcmp(value, FACET_HIDDEN) == 0;
}

typedef const char *normal_fn(struct arena *a, const char *sent);

static bool means_same(struct arena *a, const struct kept_facets *k, const struct facet *was,
                       const struct facet *now, normal_fn *normal)
{
    if (strcmp(was->value, now->value) == 0) {
        return true;
    }
    const char *x = normal != NULL && now->sent != NULL ? normal_of(k, was->name) : NULL;
    const char *y = x != NULL ? normal(a, now->sent) : NULL;
    return y != NULL && strcmp(x, y) == 0;
}

/* A foreign key to or of a partitioned table has one like it for each partition. The server makes up their
 * names, in the order in which partitions came; a dump restored comes in another, and 18 counts otherwise. */
static bool is_named_by_server(const struct difference *d, const char *value)
{
    return value != NULL && begins(d->name, "constraint ") && begins(value, "FOREIGN KEY ") &&
           text_ends(value, " inherited");
}

static void forget_names_of_server(struct differences *d)
{
    size_t n = 0;
    for (size_t i = 0; i < d->n; i++) {
        for (size_t k = 0; k < d->n && is_named_by_server(&d->v[i], d->v[i].was); k++) {
            if (is_named_by_server(&d->v[k], d->v[k].now) &&
                strcmp(d->v[i].was, d->v[k].now) == 0) {
                d->v[i].was = NULL;
                d->v[k].now = NULL;
            }
        }
    }
    for (size_t i = 0; i < d->n; i++) {
        if (d->v[i].was != NULL || d->v[i].now != NULL) {
            d->v[n++] = d->v[i];
        }
    }
    d->n = n;
}

void facets_compare(struct arena *a, const char *was, const struct catalog_object *now,
                    struct differences *out)
{
    static const struct facet none = {NULL, NULL, NULL};
    struct kept_facets k = read_lines(a, was);
    size_t n = k.n;
    size_t n_now = now != NULL ? now->n_facets : 0;
    const struct facet *facets = now != NULL ? now->facets : NULL;
    normal_fn *normal = now != NULL ? now->normal : NULL;
    *out = (struct differences){0};
    while (n > 0 && k.v[n - 1].name[0] == '~') {
        n--;
    }
    for (size_t i = 0, j = 0; i < n || j < n_now;) {
        int order = i == n ? 1 : j == n_now ? -1 : strcmp(k.v[i].name, facets[j].name);
        struct facet x = order <= 0 ? k.v[i++] : none;
        struct facet y = order >= 0 ? facets[j++] : none;
        bool both = x.value != NULL && y.value != NULL;
        if (!is_hidden(x.value) && !is_hidden(y.value) &&
            !(both && means_same(a, &k, &x, &y, normal))) {
            ARENA_GROW(a, out->v, out->n, out->cap);
            out->v[out->n++] =
                (struct difference){x.name != NULL ? x.name : y.name, x.value, y.value};
        }
    }
    forget_names_of_server(out);
}

/* --- versions ------------------------------------------------------------------------------------- */

enum version_how {
    VERSION_DIGESTS,
    VERSION_VALUE,
    VERSION_PRESENCE,
    VERSION_LETTERS,
    VERSION_ARGUMENTS
};

static const struct {
    const char *name, *begins, *ends;
    enum version_how how;
} by_version[] = {
#define FACET(name, begins, ends, how, why) {name, begins, ends, VERSION_##how},
#include "store/facets.def"
#undef FACET
};

/* All but "sha256:..." */
static bool same_but_digests(const char *x, const char *y)
{
    static const char digest[] = "sha256:";
    enum { DIGITS = 64 };
    while (*x != '\0' && *x == *y) {
        if (begins(x, digest) && begins(y, digest)) {
            x += strlen(digest) + strnlen(x + strlen(digest), DIGITS);
            y += strlen(digest) + strnlen(y + strlen(digest), DIGITS);
        } else {
            x++;
            y++;
        }
    }
    return *x == *y;
}

/* "+reader=rm/owner, -=m/owner" without MAINTAIN (m), which came with version 17: "+reader=r/owner". */
static void without_letters(struct buf *out, const char *list)
{
    bool quoted = false;
    bool in_letters = false;
    size_t item = 0;
    size_t letters = 0;
    for (const char *p = list; *p != '\0'; p++) {
        quoted ^= *p == '"';
        if (!quoted && !in_letters && *p == '=') {
            in_letters = true;
            letters = out->n + 1;
        } else if (!quoted && *p == '/') {
            in_letters = false;
            if (out->n == letters) { /* none is left: nothing of this item stays */
                out->n = item;
                p += strcspn(p, ",");
                p += begins(p, ", ") ? 1 : -1;
                continue;
            }
        } else if (!quoted && begins(p, ", ")) {
            item = out->n;
        } else if (in_letters && *p == 'm') {
            p += p[1] == '*' ? 1 : 0;
            continue;
        }
        buf_putc(out, *p);
    }
}

static bool same_but_letters(const char *was, const char *now)
{
    struct buf x = {0};
    struct buf y = {0};
    without_letters(&x, was != NULL ? was : "");
    without_letters(&y, now != NULL ? now : "");
    bool same = bytes_eq(buf_bytes(&x), buf_bytes(&y));
    buf_release(&x);
    buf_release(&y);
    return same;
}

/* "LATIN1 to UTF8 iso8859_1_to_utf8(integer,...)": a name without a schema is of pg_catalog. */
static bool same_but_arguments(const char *was, const char *now)
{
    size_t n = strcspn(was, "(");
    return n == strcspn(now, "(") && strncmp(was, now, n) == 0 && memchr(was, '.', n) == NULL;
}

static bool is_explained(enum version_how how, const struct difference *d)
{
    bool both = d->was != NULL && d->now != NULL;
    switch (how) {
    case VERSION_DIGESTS:
        return both && same_but_digests(d->was, d->now);
    case VERSION_VALUE:
        return both;
    case VERSION_PRESENCE:
        return !both;
    case VERSION_ARGUMENTS:
        return both && same_but_arguments(d->was, d->now);
    case VERSION_LETTERS:
        break;
    }
    return same_but_letters(d->was, d->now);
}

bool facets_by_version(const struct difference *d)
{
    const char *some = d->was != NULL ? d->was : d->now;
    bool explained = false;
    for (size_t i = 0; i < sizeof by_version / sizeof *by_version && !explained; i++) {
        explained = begins(d->name, by_version[i].name) && begins(some, by_version[i].begins) &&
                    text_ends(some, by_version[i].ends) && is_explained(by_version[i].how, d);
    }
    return explained;
}
