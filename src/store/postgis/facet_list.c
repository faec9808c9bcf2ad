/* Privileges and options as lists that are equal where they mean the same. */
#include "store/postgis/facet_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"

/* --- arrays ------------------------------------------------------------------------------------------- */

/* One element: *p stands at its first character; afterwards behind it. */
static const char *element(struct arena *a, const char **p)
{
    struct buf b = {0};
    bool quoted = **p == '"';
    *p += quoted ? 1 : 0;
    while (**p != '\0' && (quoted ? **p != '"' : **p != ',' && **p != '}')) {
        *p += **p == '\\' && (*p)[1] != '\0' ? 1 : 0;
        buf_putc(&b, *(*p)++);
    }
    *p += quoted && **p == '"' ? 1 : 0;
    const char *text =
        !quoted && strcmp(buf_str(&b), "NULL") == 0 ? NULL : arena_strdup(a, buf_str(&b));
    buf_release(&b);
    return text;
}

struct elements array_elements(struct arena *a, const char *text)
{
    struct elements out = {0};
    if (text == NULL || text[0] != '{' || text[1] == '}') {
        return out;
    }
    const char *p = text;
    do {
        p++;
        ARENA_GROW(a, out.v, out.n, out.cap);
        out.v[out.n++] = element(a, &p);
    } while (*p == ',');
    return out;
}

static int by_bytes(const void *x, const void *y)
{
    const char *const *a = x;
    const char *const *b = y;
    return strcmp(*a, *b);
}

static void sort(struct elements *items)
{
    if (items->n > 0) {
        qsort(items->v, items->n, sizeof *items->v, by_bytes);
    }
}

void list_as_was(struct buf *out, struct elements *items)
{
    sort(items);
    buf_puts(out, items->n == 0 ? "none" : "");
    for (size_t i = 0; i < items->n; i++) {
        buf_puts(out, i > 0 ? ", " : "");
        buf_puts(out, items->v[i]);
    }
}

/* --- privileges --------------------------------------------------------------------------------------- */

/* An aclitem, "grantee=privileges/grantor", in pieces. */
struct grant {
    const char *grantee, *privileges, *grantor;
};

/* Behind a role's name, which is quoted where it holds more than letters, digits and underscores. */
static const char *behind_name(const char *p, char end)
{
    bool quoted = false;
    while (*p != '\0' && (quoted || *p != end)) {
        quoted ^= *p == '"';
        p++;
    }
    return p;
}

static struct grant grant_of(struct arena *a, const char *item)
{
    const char *equals = behind_name(item, '=');
    const char *slash = behind_name(equals, '/');
    return (struct grant){.grantee = arena_strndup(a, item, (size_t)(equals - item)),
                          .privileges =
                              arena_strndup(a, equals + (*equals == '=' ? 1 : 0),
                                            (size_t)(slash - equals) - (*equals == '=' ? 1 : 0)),
                          .grantor = *slash == '/' ? arena_strdup(a, slash + 1) : ""};
}

/* Is the privilege at p (a letter, and a star where it may be passed on) among those of list? */
static bool has_privilege(const struct grant *list, size_t n, const struct grant *of, const char *p)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(list[i].grantee, of->grantee) != 0 ||
            strcmp(list[i].grantor, of->grantor) != 0) {
            continue;
        }
        const char *hit = strchr(list[i].privileges, *p);
        if (hit != NULL && (hit[1] == '*') == (p[1] == '*')) {
            return true;
        }
    }
    return false;
}

/* What one has and other has not, an element per grantee and grantor. */
static void add_missing(struct arena *a, struct elements *out, char sign, const struct grant *one,
                        size_t n_one, const struct grant *other, size_t n_other)
{
    for (size_t i = 0; i < n_one; i++) {
        struct buf only = {0};
        for (const char *p = one[i].privileges; *p != '\0'; p++) {
            if (*p != '*' && !has_privilege(other, n_other, &one[i], p)) {
                buf_add(&only, p, p[1] == '*' ? 2 : 1);
            }
        }
        if (only.n > 0) {
            ARENA_GROW(a, out->v, out->n, out->cap);
            out->v[out->n++] =
                arena_printf(a, "%c%s=%s/%s", sign, one[i].grantee, buf_str(&only), one[i].grantor);
        }
        buf_release(&only);
    }
}

static struct grant *grants_of(struct arena *a, const char *acl, size_t *n)
{
    struct elements items = array_elements(a, acl);
    struct grant *v = ARENA_ARRAY(a, struct grant, items.n + 1);
    *n = items.n;
    for (size_t i = 0; i < items.n; i++) {
        v[i] = grant_of(a, items.v[i] != NULL ? items.v[i] : "");
    }
    return v;
}

void list_privileges(struct arena *a, struct buf *out, const char *acl, const char *by_default)
{
    size_t n = 0;
    size_t n_default = 0;
    const struct grant *now = grants_of(a, acl, &n);
    const struct grant *was = grants_of(a, by_default, &n_default);
    struct elements changes = {0};
    add_missing(a, &changes, '+', now, n, was, n_default);
    add_missing(a, &changes, '-', was, n_default, now, n);
    if (changes.n > 0) {
        list_as_was(out, &changes);
    }
}

/* --- options ------------------------------------------------------------------------------------------ */

static void add_escaped(struct buf *out, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (text[i] == ',' || text[i] == '\\') {
            buf_putc(out, '\\');
        }
        buf_putc(out, text[i]);
    }
}

static bool may_be_secret(const char *option, size_t n_name)
{
    static const char *const words[] = {"pass", "secret", "token", "key", "credential"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (bytes_mention(bytes_of(option, n_name), words[i])) {
            return true;
        }
    }
    return false;
}

static void add_option(struct buf *out, const char *option, enum list_values values)
{
    char digest[DIGEST_TEXT];
    size_t n_name = strcspn(option, "=");
    const char *value = option + n_name + (option[n_name] == '=' ? 1 : 0);
    if (values == LIST_CLEAR) {
        add_escaped(out, option, strlen(option));
        return;
    }
    struct digest d = digest_of(bytes_str(value));
    add_escaped(out, option, n_name);
    buf_putc(out, '=');
    buf_puts(out, values == LIST_SECRET && may_be_secret(option, n_name) ? "set"
                                                                         : digest_text(&d, digest));
}

void list_options(struct buf *out, struct elements *options, enum list_values values)
{
    sort(options);
    for (size_t i = 0; i < options->n; i++) {
        buf_puts(out, i > 0 ? ", " : "");
        add_option(out, options->v[i], values);
    }
}
