/* Findings: what one rule says about one thing. */
#include "model/finding.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

const char *check_rule(enum check c)
{
    static const char *const rule[CHECKS] = {
#define CHECK(name, rule, about) rule,
#include "model/check.def"
#undef CHECK
    };
    return rule[c];
}

const char *severity_text(enum severity s)
{
    static const char *const text[SEVERITIES] = {"note", "warning", "error"};
    return text[s];
}

static struct finding *add(struct arena *a, struct findings *l, const char *rule)
{
    ARENA_GROW(a, l->v, l->n, l->cap);
    struct finding *f = &l->v[l->n++];
    *f = (struct finding){.rule = rule,
                          .severity = SEVERITY_ERROR,
                          .path = "",
                          .subject = "",
                          .text = "",
                          .hint = "",
                          .fix = "",
                          .waived_by = ""};
    return f;
}

void finding_pass(struct arena *a, struct findings *l, const char *rule)
{
    add(a, l, rule)->passed = true;
}

static struct finding *PRINTF_LIKE(4, 0)
    add_failed(struct arena *a, struct findings *l, const char *rule, const char *fmt, va_list ap)
{
    struct buf text = {0};
    buf_vprintf(&text, fmt, ap);
    if (text.n == 0) {
        BUG("a finding that failed has nothing to say");
    }
    struct finding *f = add(a, l, rule);
    f->text = arena_strdup(a, buf_str(&text));
    buf_release(&text);
    return f;
}

struct finding *finding_fail(struct arena *a, struct findings *l, const char *rule, const char *fmt,
                             ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct finding *f = add_failed(a, l, rule, fmt, ap);
    va_end(ap);
    return f;
}

struct finding *finding_unknown(struct arena *a, struct findings *l, const char *rule,
                                const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct finding *f = add_failed(a, l, rule, fmt, ap);
    va_end(ap);
    f->is_unknown = true;
    return f;
}

bool finding_stops(const struct finding *f)
{
    return !f->passed && f->severity == SEVERITY_ERROR && f->waived_by[0] == '\0';
}

const struct finding *findings_stopping(const struct findings *l, size_t *n_stopping)
{
    const struct finding *first = NULL;
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++) {
        if (finding_stops(&l->v[i])) {
            first = first == NULL ? &l->v[i] : first;
            n++;
        }
    }
    if (n_stopping != NULL) {
        *n_stopping = n;
    }
    return first;
}

const char *finding_result(const struct finding *f)
{
    return f->passed                 ? "pass"
           : f->waived_by[0] != '\0' ? "waived"
           : f->is_unknown           ? "unknown"
                                     : "fail";
}

/* One found, and as which. */
struct found_at {
    struct finding f;
    size_t at;
};

static int by_place(const void *left, const void *right)
{
    const struct found_at *a = left;
    const struct found_at *b = right;
    int c = strcmp(a->f.path, b->f.path);
    c = c != 0 ? c : (a->f.line > b->f.line) - (a->f.line < b->f.line);
    c = c != 0 ? c : (a->f.col > b->f.col) - (a->f.col < b->f.col);
    return c != 0 ? c : (a->at > b->at) - (a->at < b->at);
}

void findings_sort(struct findings *l)
{
    struct found_at *v = mem_alloc((l->n + 1) * sizeof *v);
    for (size_t i = 0; i < l->n; i++) {
        v[i] = (struct found_at){l->v[i], i};
    }
    qsort(v, l->n, sizeof *v, by_place);
    for (size_t i = 0; i < l->n; i++) {
        l->v[i] = v[i].f;
    }
    free(v);
}
