/* Findings: what one rule says about one thing. */
#include "model/finding.h"

#include <stdarg.h>

#include "base/bytes.h"

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

struct finding *finding_fail(struct arena *a, struct findings *l, const char *rule, const char *fmt,
                             ...)
{
    struct buf text = {0};
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    if (text.n == 0) {
        BUG("a finding that failed has nothing to say");
    }
    struct finding *f = add(a, l, rule);
    f->text = arena_strdup(a, buf_str(&text));
    buf_release(&text);
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
    return f->passed ? "pass" : f->waived_by[0] != '\0' ? "waived" : "fail";
}
