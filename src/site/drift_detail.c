/* What of each drifted object differs, facet by facet. */
#include <string.h>

#include "site/site.h"

/* The facets of a definition as the ledger keeps it: "name\tvalue" a line, sorted, normal forms ("~" before
 * the name) last. In a. */
static struct facet *facets_of(struct arena *a, const char *definition, size_t *n)
{
    char *rest = arena_strdup(a, definition);
    size_t most = 1;
    for (const char *p = rest; *p != '\0'; p++) {
        most += *p == '\n';
    }
    struct facet *v = ARENA_ARRAY(a, struct facet, most);
    *n = 0;
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
        char *value = strchr(line, '\t');
        if (value != NULL) {
            *value = '\0';
            v[(*n)++] = (struct facet){.name = line, .value = value + 1};
        }
    }
    return v;
}

static const char *value_of(const struct facet *v, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(v[i].name, name) == 0) {
            return v[i].value;
        }
    }
    return "";
}

/* Two values that deparse in other words, and have one normal form, say the same. */
static bool means_the_same(struct arena *a, const struct facet *was, size_t n_was,
                           const struct facet *now, size_t n_now, const char *name)
{
    const char *normal = arena_printf(a, "~%s", name);
    const char *old = value_of(was, n_was, normal);
    return old[0] != '\0' && strcmp(old, value_of(now, n_now, normal)) == 0;
}

const struct facet_pair *site_facet_pairs(struct arena *a, const char *old, const char *new,
                                          size_t *n)
{
    size_t n_was = 0;
    size_t n_now = 0;
    const struct facet *was = facets_of(a, old != NULL ? old : "", &n_was);
    const struct facet *now = facets_of(a, new != NULL ? new : "", &n_now);
    struct facet_pair *v = ARENA_ARRAY(a, struct facet_pair, n_was + n_now + 1);
    *n = 0;
    for (size_t i = 0, k = 0; i < n_was || k < n_now;) {
        int order = i == n_was ? 1 : k == n_now ? -1 : strcmp(was[i].name, now[k].name);
        const char *name = order <= 0 ? was[i].name : now[k].name;
        const char *before = order <= 0 ? was[i].value : NULL;
        const char *after = order >= 0 ? now[k].value : NULL;
        bool same = order == 0 &&
                    (strcmp(before, after) == 0 || means_the_same(a, was, n_was, now, n_now, name));
        if (!same && name[0] != '~') {
            v[(*n)++] = (struct facet_pair){name, before, after};
        }
        i += order <= 0;
        k += order >= 0;
    }
    return v;
}

const struct drift_detail *site_details(const struct site *s, size_t *n)
{
    struct drift_detail *v = ARENA_ARRAY(s->a, struct drift_detail, s->world.n_drift + 1);
    for (size_t i = 0; i < s->world.n_drift; i++) {
        const struct drift *d = &s->world.drift[i];
        const struct object_row *row = object_rows_find(&s->sum, d->text);
        const struct catalog_object *object = table_gets(&s->catalog.by_text, d->text);
        v[i].drift = d;
        v[i].v =
            site_facet_pairs(s->a, row != NULL ? row->definition : NULL,
                             object != NULL ? catalog_definition(s->a, object) : NULL, &v[i].n);
    }
    *n = s->world.n_drift;
    return v;
}
