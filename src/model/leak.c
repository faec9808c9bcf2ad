/* What leaks: the rules of leak.def, and what comments let through. */
#include "model/leak.h"

#include <string.h>

#include "model/leak_shape.h"

/* --- the rules ------------------------------------------------------------------------------------------ */

struct leak_token {
    struct leak leak;
    const char *prefix;
    unsigned class;
    size_t min, max;
};
static const struct leak_token tokens[] = {
#define TOKEN(rule, what, prefix, class, min, max)                                                 \
    {{rule, what, EVERYWHERE}, prefix, class, min, max},
#include "model/leak.def"
};
enum { N_TOKENS = sizeof tokens / sizeof tokens[0] };

static const struct {
    struct leak leak;
    leak_shape *is;
} shapes[] = {
#define SHAPE(rule, what, where, is, found, passed) {{rule, what, where}, is},
#include "model/leak.def"
};
enum { N_SHAPES = sizeof shapes / sizeof shapes[0] };

static const struct {
    struct leak leak;
    leak_search *find;
} texts[] = {
#define TEXT(rule, what, where, find, found, passed) {{rule, what, where}, find},
#include "model/leak.def"
};
enum { N_TEXTS = sizeof texts / sizeof texts[0] };

const struct leak *leak_rule(size_t i)
{
    return i < N_TOKENS                        ? &tokens[i].leak
           : i - N_TOKENS < N_SHAPES           ? &shapes[i - N_TOKENS].leak
           : i - N_TOKENS - N_SHAPES < N_TEXTS ? &texts[i - N_TOKENS - N_SHAPES].leak
                                               : NULL;
}

/* --- comments that let through -------------------------------------------------------------------------- */

/* "kfmig:allow RULE reason" in the line. */
static bool line_allows(struct bytes line, const char *rule)
{
    static const char word[] = "kfmig:allow ";
    const char *end = line.p + line.n;
    const char *p = memmem(line.p, line.n, word, sizeof word - 1);
    if (p == NULL) {
        return false;
    }
    p += sizeof word - 1;
    size_t n = strlen(rule);
    if ((size_t)(end - p) <= n || memcmp(p, rule, n) != 0 || p[n] != ' ') {
        return false;
    }
    for (p += n; p < end; p++) {
        if ((leak_signs(*p) & ALNUM) != 0) {
            return true;
        }
    }
    return false;
}

/* Does a comment "kfmig:allow RULE reason" stand on the line of at or on the one before? A reason must be
 * given. */
static bool is_allowed(struct bytes text, size_t at, const char *rule)
{
    size_t start = at;
    while (start > 0 && text.p[start - 1] != '\n') {
        start--;
    }
    const char *stop = memchr(text.p + at, '\n', text.n - at);
    size_t end = stop == NULL ? text.n : (size_t)(stop - text.p);
    if (line_allows(bytes_of(text.p + start, end - start), rule)) {
        return true;
    }
    size_t before = start > 0 ? start - 1 : 0;
    while (before > 0 && text.p[before - 1] != '\n') {
        before--;
    }
    return start > 0 && line_allows(bytes_of(text.p + before, start - 1 - before), rule);
}

/* --- looking -------------------------------------------------------------------------------------------- */

/* One text, and what may not stand in it. allows: comments in it count. */
struct leak_search {
    struct bytes text;
    enum leak_where where;
    enum leak_language language;
    bool allows;
};

/* The shortest token, with its prefix: what is shorter need not be compared with any. The tests make a token
 * of each row, at its shortest. */
enum { SHORTEST = 15 };

static bool is_long(struct bytes text, size_t at)
{
    size_t n = 0;
    while (n < SHORTEST && at + n < text.n && (leak_signs(text.p[at + n]) & OF_TOKENS) != 0) {
        n++;
    }
    return n == SHORTEST;
}

static const struct leak *token_at(struct bytes text, size_t at, size_t *end)
{
    if (!is_long(text, at)) {
        return NULL;
    }
    for (size_t i = 0; i < N_TOKENS; i++) {
        const struct leak_token *t = &tokens[i];
        if (t->prefix[0] != text.p[at] || !leak_begins(text, at, t->prefix)) {
            continue;
        }
        size_t from = at + strlen(t->prefix);
        size_t n = leak_span(text, from, t->class);
        if (n >= t->min && (t->max == 0 || n <= t->max) &&
            !leak_is_sample(bytes_of(text.p + from, n))) {
            *end = from + n;
            return &t->leak;
        }
    }
    return NULL;
}

/* What begins at that place, of what may not stand there. */
static const struct leak *begins_at(const struct leak_search *l, size_t at, size_t *end)
{
    const struct leak *found = token_at(l->text, at, end);
    for (size_t i = 0; found == NULL && i < N_SHAPES; i++) {
        bool counts = (shapes[i].leak.where & (unsigned)l->where) != 0;
        found = counts && shapes[i].is(l->text, at, end) ? &shapes[i].leak : NULL;
    }
    return found;
}

/* Tokens and names begin where a word begins, or behind the dashes that it begins with, as options do. */
static bool is_start(struct bytes text, size_t i)
{
    enum { DASHES = 4 };
    size_t first = i;
    while (first > 0 && i - first < DASHES && text.p[first - 1] == '-') {
        first--;
    }
    return (leak_signs(text.p[i]) & WORD) != 0 &&
           (leak_signs(leak_before(text, first)) & WORD) == 0;
}

static bool is_let_through(const struct leak_search *l, size_t at, const struct leak *found)
{
    return l->allows && is_allowed(l->text, at, found->rule);
}

static const struct leak *look_at_words(const struct leak_search *l, size_t *at)
{
    for (size_t i = 0; i < l->text.n; i++) {
        size_t end = i + 1;
        const struct leak *found = is_start(l->text, i) ? begins_at(l, i, &end) : NULL;
        *at = i;
        if (found != NULL && !is_let_through(l, i, found)) {
            return found;
        }
        i = found != NULL ? end - 1 : i;
    }
    return NULL;
}

static const struct leak *look_for_texts(const struct leak_search *l, size_t *at)
{
    for (size_t i = 0; i < N_TEXTS; i++) {
        const struct leak *leak = &texts[i].leak;
        size_t from = 0;
        while ((leak->where & (unsigned)l->where) != 0 && from < l->text.n &&
               texts[i].find(l->text, l->language, &from, at)) {
            if (!is_let_through(l, *at, leak)) {
                return leak;
            }
        }
    }
    return NULL;
}

static const struct leak *look(const struct leak_search *l, size_t *at)
{
    const struct leak *found = look_for_texts(l, at);
    return found != NULL ? found : look_at_words(l, at);
}

static enum leak_language language_of(const char *path)
{
    const char *dot = strrchr(path, '.');
    bool is_data = dot != NULL && (strcmp(dot, ".yml") == 0 || strcmp(dot, ".json") == 0);
    return is_data ? LEAK_DATA : dot != NULL && strcmp(dot, ".md") == 0 ? LEAK_PROSE : LEAK_SQL;
}

const struct leak *leak_file(struct bytes text, const char *path, size_t *at)
{
    const struct leak_search l = {text, LEAK_FILE, language_of(path), true};
    return look(&l, at);
}

/* What people say may be a statement, and may be a sentence. */
const struct leak *leak_in(enum leak_where where, const char *text)
{
    size_t at = 0;
    struct leak_search l = {.text = bytes_str(text != NULL ? text : ""), .where = where};
    const struct leak *found = look(&l, &at);
    l.language = LEAK_PROSE;
    return found == NULL && where == LEAK_SAID ? look(&l, &at) : found;
}
