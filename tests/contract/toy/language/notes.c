/* The toy store's language. */
#include "notes/notes.h"

#include <string.h>

static const struct {
    const char *verb;
    enum effect effect;
} verbs[] = {{"put", EFFECT_ALTER}, {"drop", EFFECT_DROP}, {"find", EFFECT_READ}};

static size_t line_length(struct bytes text, size_t at)
{
    const char *end = memchr(text.p + at, '\n', text.n - at);
    return end == NULL ? text.n - at : (size_t)(end - (text.p + at));
}

/* Behind the content of a put; *n receives its length, without the line that ends it. */
static size_t skip_content(struct bytes text, size_t at, size_t *n)
{
    size_t from = at;
    while (at < text.n) {
        size_t n_line = line_length(text, at);
        if (n_line == 1 && text.p[at] == '.') {
            *n = at - from;
            return at + 2 < text.n ? at + 2 : text.n;
        }
        at += n_line + 1;
    }
    *n = text.n - from;
    return text.n;
}

static void add_touch(struct arena *a, struct statement *st, enum effect effect, const char *what)
{
    const char *slash = strchr(what, '/');
    struct object object = {OBJ_TABLE, what, "", "toy"};
    if (slash != NULL) {
        object.schema = arena_strndup(a, what, (size_t)(slash - what));
        object.name = slash + 1;
    } else {
        object = (struct object){OBJ_SCHEMA, "", arena_strndup(a, what, strcspn(what, " ")), "toy"};
    }
    touches_add(a, &st->touches,
                (struct touch){.object = object,
                               .effect = effect,
                               .inserted = ROWS_UNKNOWN,
                               .updated = ROWS_UNKNOWN,
                               .deleted = ROWS_UNKNOWN,
                               .line = st->line,
                               .col = st->col});
}

static int refuse(const char *path, const struct statement *st, struct err *e)
{
    err_at(e, ERR_CONFIG, path, st->line, 1, "this is no statement of notes");
    return err_hint(e, "write put, drop or find, and what");
}

static int read_statement(struct arena *a, const char *path, struct bytes line,
                          struct statement *st, struct err *e)
{
    const char *text = arena_strndup(a, line.p, line.n);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        size_t n = strlen(verbs[i].verb);
        if (strncmp(text, verbs[i].verb, n) == 0 && text[n] == ' ' && text[n + 1] != '\0') {
            st->tag = verbs[i].verb;
            st->destructive = verbs[i].effect == EFFECT_DROP;
            add_touch(a, st, verbs[i].effect, text + n + 1);
            return 0;
        }
    }
    return refuse(path, st, e);
}

int notes_parse(struct arena *a, const char *path, struct bytes text, struct script *out,
                struct err *e)
{
    size_t cap = 0;
    int number = 1;
    *out = (struct script){.path = path, .bytes = text, .digest = digest_of(text)};
    for (size_t at = 0; at < text.n;) {
        size_t n = line_length(text, at);
        struct statement st = {.kind = STATEMENT_PLAIN,
                               .text = bytes_of(text.p + at, n),
                               .offset = at,
                               .line = number,
                               .col = 1,
                               .tag = "",
                               .why = "",
                               .hint = "",
                               .analysed = true};
        size_t next = at + n + 1 < text.n ? at + n + 1 : text.n;
        if (n > 0 && text.p[at] != '#') {
            size_t n_content = 0;
            if (read_statement(a, path, st.text, &st, e) != 0) {
                return -1;
            }
            if (strcmp(st.tag, "put") == 0) {
                size_t from = next;
                next = skip_content(text, next, &n_content);
                st.text = bytes_of(text.p + at, from - at + n_content);
            }
            ARENA_GROW(a, out->forms, out->n, cap);
            out->forms[out->n++] = st;
        }
        for (; at < next; at++) {
            number += text.p[at] == '\n';
        }
    }
    return 0;
}
