/* CODEOWNERS. */
#include "load/owners.h"

#include <string.h>

#include "load/text.h"

static const char *const places[] = {".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS",
                                     ".gitlab/CODEOWNERS"};

/* --- the file ----------------------------------------------------------------------------------------- */

/* The next word of a line; "\ " is a blank in it. NULL: there is none, or a comment begins. */
static char *next_word(char **rest)
{
    char *from = *rest + strspn(*rest, " \t\r");
    if (*from == '\0' || *from == '#') {
        return NULL;
    }
    char *to = from;
    char *p = from;
    for (; *p != '\0' && strchr(" \t\r", *p) == NULL; p++) {
        p += *p == '\\' && p[1] != '\0';
        *to++ = *p;
    }
    *rest = *p == '\0' ? p : p + 1;
    *to = '\0';
    return from;
}

static void read_line(struct arena *a, char *line, int number, struct owners *out)
{
    struct owner_rule r = {.pattern = next_word(&line), .line = number};
    if (r.pattern == NULL) {
        return;
    }
    for (char *word = next_word(&line); word != NULL; word = next_word(&line)) {
        names_add(a, &r.owners, word);
    }
    ARENA_GROW(a, out->v, out->n, out->cap);
    out->v[out->n++] = r;
}

void owners_load(struct arena *a, int dirfd, struct owners *out, struct err_list *faults)
{
    struct text_file file = {.bytes = {NULL, 0}};
    *out = (struct owners){.path = NULL};
    for (size_t i = 0; i < sizeof places / sizeof *places && out->path == NULL; i++) {
        int rc = text_read(a, dirfd, places[i], LIMIT_NOTES, NULL, &file, faults);
        if (rc < 0 || (rc == 0 && !file.is_text)) {
            return;
        }
        out->path = rc == 0 ? places[i] : NULL;
    }
    char *rest = out->path != NULL ? arena_strndup(a, file.bytes.p, file.bytes.n) : NULL;
    int number = 1;
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n"), number++) {
        if (line[0] == '[' || strncmp(line, "^[", 2) == 0) {
            *out = (struct owners){.path = NULL};
            return;
        }
        read_line(a, line, number, out);
    }
}

/* --- what fits ---------------------------------------------------------------------------------------- */

/* One part of a path, without '/': '*' is any text, '?' any character. Behind a star what does not go on
 * is tried one character later, so that many stars cost no more than one. */
static bool part_fits(const char *pattern, size_t n, const char *part, size_t m)
{
    size_t at = 0;
    size_t i = 0;
    size_t star = n;
    size_t from = 0;
    while (i < m) {
        if (at < n && pattern[at] == '*') {
            star = at++;
            from = i;
        } else if (at < n && (pattern[at] == '?' || pattern[at] == part[i])) {
            at++;
            i++;
        } else if (star < n) {
            at = star + 1;
            i = ++from;
        } else {
            return false;
        }
    }
    while (at < n && pattern[at] == '*') {
        at++;
    }
    return at == n;
}

/* pattern, from a part on, and path. A folder that fits has all beneath it, but for one that a last "*"
 * stands for; with a '/' behind it only a folder fits. */
static bool path_fits(const char *pattern, const char *path)
{
    size_t n = strcspn(pattern, "/");
    size_t m = strcspn(path, "/");
    bool is_last = pattern[n] == '\0' || pattern[n + 1] == '\0';
    bool wants_folder = pattern[n] == '/' && is_last;
    if (n == 2 && memcmp(pattern, "**", 2) == 0) {
        return is_last || path_fits(pattern + n + 1, path) ||
               (path[m] == '/' && path_fits(pattern, path + m + 1));
    }
    if (!part_fits(pattern, n, path, m)) {
        return false;
    }
    if (!is_last) {
        return path[m] == '/' && path_fits(pattern + n + 1, path + m + 1);
    }
    bool is_star = n == 1 && pattern[0] == '*';
    return path[m] == '\0' ? !wants_folder : wants_folder || !is_star;
}

/* One without a '/' but at its end fits at any depth. */
static bool rule_fits(const char *pattern, const char *path)
{
    const char *slash = strchr(pattern, '/');
    if (slash != NULL && slash[1] != '\0') {
        return path_fits(pattern + (pattern[0] == '/'), path);
    }
    for (const char *p = path; p != NULL; p = strchr(p, '/') != NULL ? strchr(p, '/') + 1 : NULL) {
        if (path_fits(pattern, p)) {
            return true;
        }
    }
    return false;
}

const struct owner_rule *owners_of(const struct owners *l, const char *path)
{
    for (size_t i = l->n; i > 0; i--) {
        if (rule_fits(l->v[i - 1].pattern, path)) {
            return l->v[i - 1].owners.n > 0 ? &l->v[i - 1] : NULL;
        }
    }
    return NULL;
}

/* --- who it is ---------------------------------------------------------------------------------------- */

static const char *short_name(const char *owner)
{
    const char *slash = strrchr(owner, '/');
    return owner[0] != '@' ? owner : slash != NULL ? slash + 1 : owner + 1;
}

struct names owners_names(struct arena *a, const struct owner_rule *r)
{
    struct names out = {0};
    for (size_t i = 0; i < r->owners.n; i++) {
        const char *name = short_name(r->owners.v[i]);
        if (!names_have(&out, name)) {
            names_add(a, &out, name);
        }
    }
    return out;
}

bool owners_same(const struct owner_rule *r, const struct doc *list)
{
    struct arena a = {0};
    struct names theirs = owners_names(&a, r);
    struct owner_rule ours = {.pattern = ""};
    for (size_t i = 0; list != NULL && i < list->n; i++) {
        names_add(&a, &ours.owners, list->item[i]->text.p);
    }
    struct names registered = owners_names(&a, &ours);
    bool same = registered.n == theirs.n;
    for (size_t i = 0; i < theirs.n && same; i++) {
        same = names_have(&registered, theirs.v[i]);
    }
    arena_release(&a);
    return same;
}
