/* ${NAME}, and what stands for it. */
#include "model/variables.h"

#include <string.h>

#include "doc/doc.h"
#include "model/script.h"

const struct variable *variables_find(const struct variables *l, const char *name)
{
    for (size_t i = 0; l != NULL && i < l->n; i++) {
        if (strcmp(l->v[i].name, name) == 0) {
            return &l->v[i];
        }
    }
    return NULL;
}

const char *variable_fault(const char *value)
{
    static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                               "_.,:/@+=% -";
    if (value[0] == '\0') {
        return "it is empty";
    }
    if (value[strspn(value, good)] != '\0') {
        return "it has something else than letters, digits, blanks and _ . , : / @ + = % - in it";
    }
    return strstr(value, "--") != NULL ? "it begins a comment" : NULL;
}

struct doc *variables_doc(struct arena *a, const struct names *declared,
                          const struct variables *values)
{
    char text[DIGEST_TEXT];
    struct doc *d = doc_new(a, DOC_MAP);
    for (size_t i = 0; values != NULL && i < values->n; i++) {
        const struct variable *x = &values->v[i];
        if (names_have(declared, x->name)) {
            (void)doc_put(a, d, x->name, doc_text(a, digest_text(&x->digest, text)));
        }
    }
    return d;
}

static bool variable_begins(struct bytes text, size_t at)
{
    return at + 2 < text.n && text.p[at] == '$' && text.p[at + 1] == '{';
}

bool variables_undeclared(const struct script *s, struct err_list *faults)
{
    bool is_any = false;
    struct statement_room room;
    for (size_t i = 0; i < s->n; i++) {
        int line = 1;
        int col = 1;
        const struct statement *st = script_at(s, i, &room);
        if (st->analysed || !variable_begins(s->bytes, st->unread_at)) {
            continue;
        }
        text_place(s->bytes, st->unread_at, &line, &col);
        err_list_addf(faults, ERR_CONFIG, s->path, line, col,
                      "declare its name under `variables`, or in a line \"-- kfmig:variables "
                      "NAME\" of a flat file",
                      "a variable that is not declared");
        is_any = true;
    }
    return is_any;
}

static bool is_name(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* The length of "${NAME}" at at; 0: none begins there. */
static size_t reference_at(struct bytes text, size_t at)
{
    size_t n = 2;
    if (!variable_begins(text, at)) {
        return 0;
    }
    while (at + n < text.n && is_name(text.p[at + n])) {
        n++;
    }
    return n > 2 && at + n < text.n && text.p[at + n] == '}' ? n + 1 : 0;
}

/* As a name without quotes is read. */
static const char *stand_in(struct arena *a, const char *name)
{
    char *out = arena_strdup(a, name);
    for (char *p = out; *p != '\0'; p++) {
        *p = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
    }
    return out;
}

/* What stands for it; NULL: it is a fault. */
static const char *value_of(struct arena *a, const struct names *declared,
                            const struct variables *values, const char *path, struct bytes text,
                            size_t at, const char *name, struct err_list *faults)
{
    int line = 1;
    int col = 1;
    const struct variable *found = variables_find(values, name);
    text_place(text, at, &line, &col);
    if (!names_have(declared, name)) {
        err_list_addf(faults, ERR_CONFIG, path, line, col,
                      arena_printf(a,
                                   "declare it: `variables: [%s]`, or a line \"-- "
                                   "kfmig:variables %s\" in a flat file",
                                   name, name),
                      "${%s} is not declared", name);
        return NULL;
    }
    if (values != NULL && found == NULL) {
        err_list_addf(faults, ERR_CONFIG, path, line, col,
                      arena_printf(a,
                                   "write `variables: {%s: VALUE}` under %s in "
                                   "registry/environments.v1.yml",
                                   name, values->env),
                      "${%s} has no value in environment \"%s\"", name, values->env);
        return NULL;
    }
    return found != NULL ? found->value : stand_in(a, name);
}

void variables_fill(struct arena *a, const struct names *declared, const struct variables *values,
                    const char *path, struct bytes text, struct bytes *out, struct err_list *faults)
{
    struct buf filled = {0};
    size_t from = 0;
    *out = text;
    for (size_t at = 0; declared->n > 0 && at + 3 < text.n; at++) {
        size_t n = text.p[at] == '$' ? reference_at(text, at) : 0;
        if (n == 0) {
            continue;
        }
        const char *name = arena_strndup(a, text.p + at + 2, n - 3);
        const char *value = value_of(a, declared, values, path, text, at, name, faults);
        buf_add(&filled, text.p + from, at - from);
        buf_puts(&filled, value != NULL ? value : name);
        from = at + n;
        at = from - 1;
    }
    if (from > 0) {
        buf_add(&filled, text.p + from, text.n - from);
        *out = bytes_of(arena_strndup(a, buf_str(&filled), filled.n), filled.n);
    }
    buf_release(&filled);
}
