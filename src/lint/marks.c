/* What comments let through: "-- kfmig:allow RULE reason", and squawk's "-- squawk-ignore NAME, NAME". */
#include <string.h>

#include "lint/work.h"

static const char squawk[] = "squawk-ignore";

static void add_squawk(struct arena *a, struct read_file *f, int line, const char *p, size_t n)
{
    const char *rule = n > 0 ? arena_printf(a, "squawk:%.*s", (int)n, p) : "squawk:*";
    ARENA_GROW(a, f->allow.v, f->allow.n, f->allow.cap);
    f->allow.v[f->allow.n++] = (struct allowance){
        .path = f->f.path, .line = line, .rule = rule, .reason = "squawk-ignore"};
}

/* The names behind the mark, up to the end of its line. */
static void read_squawk(struct arena *a, struct read_file *f, int line, const char *p,
                        const char *end)
{
    size_t n = 0;
    for (const char *at = p; at <= end; at++) {
        if (at == end || strchr(" \t\r,", *at) != NULL) {
            if (n > 0) {
                add_squawk(a, f, line, at - n, n);
            }
            n = 0;
        } else {
            n++;
        }
    }
    if (p + strspn(p, " \t\r") >= end) {
        add_squawk(a, f, line, p, 0);
    }
}

static void read_squawks(struct arena *a, struct read_file *f)
{
    static const char whole[] = "-file";
    const char *p = f->f.text.p;
    const char *stop = p + f->f.text.n;
    const char *at = p;
    int line = 1;
    while (f->f.text.n > 0 &&
           (at = memmem(at, (size_t)(stop - at), squawk, sizeof squawk - 1)) != NULL) {
        for (; p < at; p++) {
            line += *p == '\n';
        }
        at += sizeof squawk - 1;
        const char *end = memchr(at, '\n', (size_t)(stop - at));
        end = end != NULL ? end : stop;
        if ((size_t)(end - at) >= sizeof whole - 1 && memcmp(at, whole, sizeof whole - 1) == 0) {
            f->ignores_all = true;
        } else {
            read_squawk(a, f, line, at, end);
        }
    }
}

void marks_read(struct arena *a, struct read_file *f)
{
    allow_list(a, f->f.path, f->f.text, &f->allow);
    read_squawks(a, f);
    f->is_used = ARENA_ARRAY(a, bool, f->allow.n + 1);
}

/* "squawk:a squawk:b pgls:c" has "squawk:b". */
static bool has_word(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = strstr(list, word); p != NULL; p = strstr(p + 1, word)) {
        if ((p == list || p[-1] == ' ') && (p[n] == '\0' || p[n] == ' ')) {
            return true;
        }
    }
    return false;
}

static bool is_squawk(const struct allowance *a)
{
    return strncmp(a->rule, "squawk:", strlen("squawk:")) == 0;
}

static bool allows(const struct allowance *a, const struct lint_rule *r)
{
    if (is_squawk(a)) {
        return strcmp(a->rule, "squawk:*") == 0 || has_word(r->also, a->rule);
    }
    return a->reason[0] != '\0' && strcmp(a->rule, r->id) == 0;
}

const char *marks_allow(const struct lint_remark *n)
{
    const struct read_file *f = n->file;
    const char *reason = f->ignores_all ? "squawk-ignore-file" : "";
    for (size_t i = 0; i < f->allow.n; i++) {
        const struct allowance *a = &f->allow.v[i];
        if (a->line >= n->from && a->line <= n->to && allows(a, lint_rule(n->rule))) {
            f->is_used[i] = true;
            reason = a->reason;
        }
    }
    return reason;
}

/* One that the linter has nothing to do with. */
static bool is_others(const struct lint *l, const char *rule)
{
    if (strcmp(rule, "data") == 0 || strcmp(rule, "unparsed") == 0) {
        return true;
    }
    for (size_t i = 0; l->o.allowed != NULL && l->o.allowed[i] != NULL; i++) {
        if (strcmp(l->o.allowed[i], rule) == 0) {
            return true;
        }
    }
    return false;
}

void marks_judge(struct lint *l, struct read_file *f)
{
    for (size_t i = 0; i < f->allow.n; i++) {
        const struct allowance *a = &f->allow.v[i];
        const char *rule = a->rule;
        if (is_squawk(a) || is_others(l, rule)) {
            continue;
        }
        if (lint_named(rule) == LINTS) {
            lint_mark(l, LINT_ALLOW_UNKNOWN, a->line, rule, "is no rule");
        } else if (a->reason[0] == '\0') {
            lint_mark(l, LINT_ALLOW_REASON, a->line, rule, "is let through without a reason");
        } else if (!f->is_used[i]) {
            lint_mark(l, LINT_ALLOW_UNUSED, a->line, rule,
                      "is let through, and nothing here breaks it");
        }
    }
}
