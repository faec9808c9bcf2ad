/* Patterns: what POSIX extended regular expressions and ECMA-262 read alike, compiled with
 * regcomp(3).
 * Everything else is refused, because a pattern that means something else here than in another
 * validator is a trap; also what regcomp() would need gigabytes for. */
#include <stdlib.h>
#include <string.h>

#include "doc/schema_node.h"

enum { GROUP_LIMIT = 32, REPEAT_LIMIT = 1000, PATTERN_SIZE_LIMIT = 8000 };

struct scan {
    const char *at;
    const char *fault;
    size_t total;              /* size of the current group, without its last atom */
    size_t atom;               /* size of the last atom; 0: nothing that could be repeated */
    bool is_repeated;          /* the atom has a quantifier already */
    bool is_wide;              /* the atom is a character of several bytes */
    size_t outer[GROUP_LIMIT]; /* total of the groups around */
    size_t depth;
};

static void start_atom(struct scan *s, size_t size)
{
    s->total += s->atom;
    s->atom = size;
    s->is_repeated = false;
    s->is_wide = false;
}

static const char *open_group(struct scan *s)
{
    if (s->at[1] == '?') {
        return "\"(?\": look-around and special groups are not supported";
    }
    if (s->depth == GROUP_LIMIT) {
        return "groups are nested too deep";
    }
    start_atom(s, 0);
    s->outer[s->depth++] = s->total;
    s->total = 0;
    s->at++;
    return NULL;
}

static const char *close_group(struct scan *s)
{
    if (s->depth == 0) {
        return "')' without '('";
    }
    start_atom(s, 0);
    s->atom = s->total == 0 ? 1 : s->total;
    s->total = s->outer[--s->depth];
    s->at++;
    return NULL;
}

static const char *skip_bracket(struct scan *s)
{
    const char *p = s->at + 1;
    p += *p == '^';
    if (*p == ']') {
        return "']' stands first in brackets: write it \\] outside of them";
    }
    for (; *p != ']'; p++) {
        if (*p == '\0') {
            return "'[' is not closed";
        }
        if (*p == '\\') {
            return "a backslash in brackets is not supported";
        }
        if (*p == '[' && p[1] != '\0' && strchr(":.=", p[1]) != NULL) {
            return "\"[:\" classes are not supported: write the characters out";
        }
        if ((unsigned char)*p >= 0x80) {
            return "brackets may hold ASCII characters only";
        }
    }
    start_atom(s, 1);
    s->at = p + 1;
    return NULL;
}

static const char *skip_escape(struct scan *s)
{
    char c = s->at[1];
    if (c == '\0' || strchr("^$\\.*+?()[]{}|/-\"#,:;=@!%&~_", c) == NULL) {
        return "a backslash may only stand before punctuation: write \\d as [0-9], \\w as "
               "[A-Za-z0-9_]";
    }
    start_atom(s, 1);
    s->at += 2;
    return NULL;
}

static const char *repeat(struct scan *s, size_t times)
{
    if (s->atom == 0) {
        return "there is nothing to repeat";
    }
    if (s->is_repeated) {
        return "two quantifiers follow each other";
    }
    if (s->is_wide) {
        return "only ASCII characters can be repeated: put others in a group";
    }
    s->is_repeated = true;
    s->atom *= times;
    return s->atom + s->total > PATTERN_SIZE_LIMIT ? "the pattern is too large" : NULL;
}

static bool read_count(const char **p, size_t *count)
{
    const char *start = *p;
    *count = 0;
    for (; **p >= '0' && **p <= '9' && *count <= REPEAT_LIMIT; ++*p) {
        *count = *count * 10 + (size_t)(**p - '0');
    }
    return *p != start;
}

static const char *bounds(struct scan *s)
{
    const char *p = s->at + 1;
    size_t least;
    size_t most;
    bool good = read_count(&p, &least);
    most = least;
    if (good && *p == ',') {
        p++;
        good = read_count(&p, &most) || *p == '}';
        most = most < least ? least : most;
    }
    if (!good || *p != '}') {
        return "'{' is no {count}, {least,} or {least,most}: write \\{ for the character";
    }
    if (most > REPEAT_LIMIT) {
        return "a count is above 1000";
    }
    s->at = p + 1;
    return repeat(s, most == 0 ? 1 : most);
}

static const char *step(struct scan *s)
{
    switch (*s->at) {
    case '(':
        return open_group(s);
    case ')':
        return close_group(s);
    case '[':
        return skip_bracket(s);
    case '\\':
        return skip_escape(s);
    case '{':
        return bounds(s);
    case '*':
    case '+':
    case '?':
        s->at++;
        return repeat(s, s->at[-1] == '?' ? 1 : 2);
    case '}':
    case ']':
        return "a bare '}' or ']': write a backslash before it";
    case '^':
    case '$':
    case '|':
        start_atom(s, 0);
        s->at++;
        return NULL;
    default:
        break;
    }
    uint32_t code = 0;
    size_t n = text_char(s->at, strlen(s->at), &code);
    n = n == 0 ? 1 : n;
    start_atom(s, n);
    s->is_wide = n > 1;
    s->at += n;
    return s->total > PATTERN_SIZE_LIMIT ? "the pattern is too large" : NULL;
}

static const char *check_syntax(const char *pattern)
{
    struct scan s = {.at = pattern};
    while (*s.at != '\0') {
        const char *fault = step(&s);
        if (fault != NULL) {
            return fault;
        }
    }
    return s.depth > 0 ? "'(' is not closed" : NULL;
}

static void free_regex(void *p)
{
    regfree(p);
}

regex_t *schema_pattern(struct arena *a, const char *pattern, const char **fault)
{
    *fault =
        strlen(pattern) > PATTERN_SIZE_LIMIT ? "the pattern is too large" : check_syntax(pattern);
    if (*fault != NULL) {
        return NULL;
    }
    regex_t *regex = ARENA_NEW(a, regex_t);
    int rc = regcomp(regex, pattern, REG_EXTENDED | REG_NOSUB);
    if (rc != 0) {
        char *words = arena_alloc(a, 128);
        (void)regerror(rc, regex, words, 128);
        *fault = words;
        return NULL;
    }
    arena_at_end(a, free_regex, regex);
    return regex;
}
