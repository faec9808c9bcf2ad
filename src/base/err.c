/* Errors as values.
 * Owns: filling struct err, the collected faults of one pass, what each code is called. Prints
 * nothing but a bug. */
#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

enum { LIST_LIMIT = 1000 };

struct code_row {
    const char *name;
    int status;
    int rank;
};

static const struct code_row codes[] = {
    [ERR_NONE] = {"none", 0, -1},
#define ERR(name, text, status, rank) [ERR_##name] = {text, status, rank},
#include "base/err.def"
#undef ERR
};

/* A cut may not split a character: the text goes into JSON later. */
static void trim_utf8(char *s, size_t size)
{
    size_t n = strnlen(s, size);
    if (n + 1 < size) {
        return;
    }
    size_t at = n;
    while (at > 0 && n - at < 4 && ((unsigned char)s[at - 1] & 0xC0) == 0x80) {
        at--;
    }
    if (at == 0 || ((unsigned char)s[at - 1] & 0x80) == 0) {
        return;
    }
    unsigned char lead = (unsigned char)s[at - 1];
    size_t want = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (n - (at - 1) < want) {
        s[at - 1] = '\0';
    }
}

static void PRINTF_LIKE(3, 0) format(char *out, size_t size, const char *fmt, va_list ap)
{
    if (vsnprintf(out, size, fmt, ap) < 0) {
        out[0] = '\0';
    }
    trim_utf8(out, size);
}

/* The arguments may point into *e (an error that wraps another), hence the copy before clearing. */
static int PRINTF_LIKE(3, 0) fill(struct err *e, enum err_code code, const char *fmt, va_list ap)
{
    if (e != NULL) {
        char msg[sizeof e->msg];
        format(msg, sizeof msg, fmt, ap);
        memset(e, 0, sizeof *e);
        e->code = code;
        memcpy(e->msg, msg, sizeof msg);
    }
    return -1;
}

static void set_place(struct err *e, const char *path, int line, int col)
{
    char copy[sizeof e->where.path];
    (void)snprintf(copy, sizeof copy, "%s", path == NULL ? "" : path);
    trim_utf8(copy, sizeof copy);
    memcpy(e->where.path, copy, sizeof copy);
    e->where.line = line;
    e->where.col = col;
}

int err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)fill(e, code, fmt, ap);
    va_end(ap);
    return -1;
}

int err_at(struct err *e, enum err_code code, const char *path, int line, int col, const char *fmt,
           ...)
{
    if (e == NULL) {
        return -1;
    }
    struct err filled = {0};
    va_list ap;
    va_start(ap, fmt);
    (void)fill(&filled, code, fmt, ap);
    va_end(ap);
    set_place(&filled, path, line, col);
    *e = filled;
    return -1;
}

int err_wrap(struct err *e, enum err_code code, const char *fmt, ...)
{
    if (e == NULL) {
        return -1;
    }
    char msg[sizeof e->msg];
    va_list ap;
    va_start(ap, fmt);
    format(msg, sizeof msg, fmt, ap);
    va_end(ap);
    e->code = code;
    memcpy(e->msg, msg, sizeof msg);
    return -1;
}

int err_place(struct err *e, const char *path, int line, int col)
{
    if (e != NULL) {
        set_place(e, path, line, col);
    }
    return -1;
}

int err_hint(struct err *e, const char *fmt, ...)
{
    if (e != NULL && e->hint[0] == '\0') {
        char hint[sizeof e->hint];
        va_list ap;
        va_start(ap, fmt);
        format(hint, sizeof hint, fmt, ap);
        va_end(ap);
        memcpy(e->hint, hint, sizeof hint);
    }
    return -1;
}

int err_errno(struct err *e, enum err_code code, const char *fmt, ...)
{
    int number = errno;
    if (e == NULL) {
        return -1;
    }
    char what[sizeof e->msg];
    va_list ap;
    va_start(ap, fmt);
    format(what, sizeof what, fmt, ap);
    va_end(ap);
    return err_set(e, code, "%s: %s", what, strerror(number));
}

static const struct code_row *row_of(enum err_code code)
{
    size_t i = (size_t)code;
    if (i >= sizeof codes / sizeof codes[0]) {
        BUG("unknown error code");
    }
    return &codes[i];
}

const char *err_name(enum err_code code)
{
    return row_of(code)->name;
}

int err_status(enum err_code code)
{
    return row_of(code)->status;
}

enum err_code err_worse(enum err_code a, enum err_code b)
{
    return row_of(b)->rank > row_of(a)->rank ? b : a;
}

void err_list_add(struct err_list *l, const struct err *e)
{
    if (l->n >= LIST_LIMIT) {
        return;
    }
    if (l->n == l->cap) {
        l->cap = l->cap == 0 ? 4 : l->cap * 2;
        l->v = mem_realloc(l->v, l->cap * sizeof *l->v);
    }
    l->v[l->n] = *e;
    l->v[l->n].rule = e->rule != NULL ? e->rule : l->rule;
    l->n++;
}

void err_list_addf(struct err_list *l, enum err_code code, const char *path, int line, int col,
                   const char *hint, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    err_list_vaddf(l, code, path, line, col, hint, fmt, ap);
    va_end(ap);
}

void err_list_vaddf(struct err_list *l, enum err_code code, const char *path, int line, int col,
                    const char *hint, const char *fmt, va_list ap)
{
    struct err e = {0};
    (void)fill(&e, code, fmt, ap);
    set_place(&e, path, line, col);
    if (hint != NULL) {
        (void)err_hint(&e, "%s", hint);
    }
    err_list_add(l, &e);
}

static int compare_places(const void *left, const void *right)
{
    const struct err *a = *(const struct err *const *)left;
    const struct err *b = *(const struct err *const *)right;
    int c = strcmp(a->where.path, b->where.path);
    if (c == 0) {
        c = (a->where.line > b->where.line) - (a->where.line < b->where.line);
    }
    if (c == 0) {
        c = (a->where.col > b->where.col) - (a->where.col < b->where.col);
    }
    return c != 0 ? c : (a > b) - (a < b); /* one array: addresses are the order of arrival */
}

void err_list_sort(struct err_list *l)
{
    if (l->n < 2) {
        return;
    }
    const struct err **order = mem_alloc(l->n * sizeof *order);
    for (size_t i = 0; i < l->n; i++) {
        order[i] = &l->v[i];
    }
    qsort(order, l->n, sizeof *order, compare_places);
    struct err *sorted = mem_alloc(l->cap * sizeof *sorted);
    for (size_t i = 0; i < l->n; i++) {
        sorted[i] = *order[i];
    }
    free(order);
    free(l->v);
    l->v = sorted;
}

void err_list_release(struct err_list *l)
{
    free(l->v);
    *l = (struct err_list){0};
}

static void (*reporter)(const struct err *e);

void err_on_bug(void (*report)(const struct err *e))
{
    reporter = report;
}

_Noreturn void err_bug(const char *file, int line, const char *what)
{
    void (*report)(const struct err *e) = reporter;
    reporter = NULL; /* a fault in the report is a fault of its own */
    if (report != NULL) {
        struct err e;
        (void)err_set(&e, ERR_INTERNAL, "internal error at %s:%d: %s", file, line, what);
        (void)err_hint(&e, "nothing more was done; what was under way is undone, or settled by the "
                           "next run. Please report "
                           "this line and the command");
        report(&e);
    }
    (void)fprintf(stderr, "kfmig: internal error at %s:%d: %s\n", file, line, what);
    abort();
}
