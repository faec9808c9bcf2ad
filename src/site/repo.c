/* HEAD, by reading .git. */
#include "site/repo.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"

enum { REF_MAX = 4 * 1024 * 1024 };

static bool is_commit(const char *s, size_t n)
{
    return (n == 40 || n == 64) && strspn(s, "0123456789abcdef") >= n;
}

static const char *read_line(struct arena *a, int dirfd, const char *path)
{
    struct bytes text;
    struct err ignored = {0};
    if (file_read(a, dirfd, path, REF_MAX, &text, NULL, &ignored) != 0) {
        return "";
    }
    return arena_strndup(a, text.p, strcspn(text.p, "\r\n"));
}

static const char *packed_ref(struct arena *a, int dirfd, const char *ref)
{
    struct bytes text;
    struct err ignored = {0};
    if (file_read(a, dirfd, ".git/packed-refs", REF_MAX, &text, NULL, &ignored) != 0) {
        return "";
    }
    const char *needle = arena_printf(a, " %s\n", ref);
    const char *at = strstr(text.p, needle);
    const char *line = at;
    while (line != NULL && line > text.p && line[-1] != '\n') {
        line--;
    }
    return line != NULL && is_commit(line, (size_t)(at - line))
               ? arena_strndup(a, line, (size_t)(at - line))
               : "";
}

const char *repo_commit(struct arena *a, int dirfd)
{
    const char *given = getenv("KFMIG_COMMIT");
    if (given != NULL && is_commit(given, strlen(given))) {
        return arena_strdup(a, given);
    }
    const char *head = read_line(a, dirfd, ".git/HEAD");
    if (is_commit(head, strlen(head))) {
        return head;
    }
    if (strncmp(head, "ref: refs/", 10) != 0) {
        return "";
    }
    const char *commit = read_line(a, dirfd, arena_printf(a, ".git/%s", head + 5));
    return is_commit(commit, strlen(commit)) ? commit : packed_ref(a, dirfd, head + 5);
}
