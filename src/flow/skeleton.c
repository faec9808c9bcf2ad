/* What a new project consists of, and what a new migration is called. */
#include "flow/skeleton.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "pg/child.h"

enum { GIT_MS = 2000, ATTRIBUTES_MAX = 1024 * 1024, PLAIN_MOST = 99, MOST = 99 + 999 };

static const char environments_text[] = "# Environments of this project. A dsn_ref names a "
                                        "variable or a file, never the connection string itself.\n"
                                        "environments:\n"
                                        "  dev:\n"
                                        "    stores:\n"
                                        "      postgis:\n"
                                        "        dsn_ref: DATABASE_URL\n"
                                        "default_environment: dev\n";

static const char embedded_text[] =
    "# Environments of this project. The server of dev is kfmig's own; it starts when it is "
    "needed.\n"
    "environments:\n"
    "  dev:\n"
    "    stores:\n"
    "      postgis:\n"
    "        server: embedded\n"
    "        # provision: {extensions: [postgis], roles: [app_reader]}\n"
    "default_environment: dev\n";

static const char attributes_line[] = "/migrations/** -text";

/* --- a project -------------------------------------------------------------------------------------- */

struct skeleton {
    int dirfd;
    struct buf *out;
};

static int put_file(const struct skeleton *w, const char *path, const char *text, struct err *e)
{
    struct stamp stamp;
    int rc = file_stamp(w->dirfd, path, &stamp, e);
    if (rc < 0) {
        return -1;
    }
    if (rc == 1 && file_write(w->dirfd, path, bytes_str(text), 0666, e) != 0) {
        return -1;
    }
    buf_printf(w->out, "%s %s\n", rc == 1 ? "made" : "kept", path);
    return 0;
}

static int put_folder(const struct skeleton *w, const char *path, struct err *e)
{
    bool there = faccessat(w->dirfd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    if (file_mkdirs(w->dirfd, path, 0777, e) != 0) {
        return -1;
    }
    buf_printf(w->out, "%s %s/\n", there ? "kept" : "made", path);
    return 0;
}

/* Checksums are over bytes: git must not make other line ends of them. */
static int put_attributes(const struct skeleton *w, struct err *e)
{
    struct arena a = {0};
    struct bytes text = {NULL, 0};
    const char *fresh =
        arena_printf(&a, "# Checksums are over bytes: line ends stay.\n%s\n", attributes_line);
    int rc = file_read(&a, w->dirfd, ".gitattributes", ATTRIBUTES_MAX, &text, NULL, e);
    bool lacks = rc == 0 && strstr(text.p, attributes_line) == NULL;
    rc = rc < 0 ? -1 : put_file(w, ".gitattributes", fresh, e);
    if (lacks) {
        buf_printf(w->out, "  add to it, so that git leaves line ends alone: %s\n",
                   attributes_line);
    }
    arena_release(&a);
    return rc;
}

static int put_environments(const struct skeleton *w, bool embedded, enum layout layout,
                            struct err *e)
{
    struct arena a = {0};
    const char *text = embedded ? embedded_text : environments_text;
    if (layout != LAYOUT_COUNT) {
        text = arena_printf(&a, "%slayout: %s\n", text, layout_row(layout)->name);
    }
    int rc = put_file(w, "registry/environments.v1.yml", text, e);
    arena_release(&a);
    return rc;
}

int skeleton_make(int dirfd, bool embedded, enum layout layout, struct buf *out, struct err *e)
{
    const struct skeleton w = {dirfd, out};
    const char *folder = layout_row(layout != LAYOUT_COUNT ? layout : LAYOUT_BUNDLE)->folder;
    if (put_environments(&w, embedded, layout, e) != 0 ||
        put_file(&w, "registry/migrations.v1.json",
                 "{\n  \"version\": 1,\n  \"migrations\": []\n}\n", e) != 0 ||
        put_folder(&w, folder, e) != 0 || put_attributes(&w, e) != 0) {
        return -1;
    }
    return put_file(&w, "state/.gitignore", "*\n!.gitignore\n", e);
}

/* --- an id ------------------------------------------------------------------------------------------ */

/* The number behind prefix; 0: none. 99-001 is 100. */
static int number_of(const char *name, size_t n, const char *prefix)
{
    size_t n_prefix = strlen(prefix);
    const char *rest = name + n_prefix;
    size_t left = n - n_prefix;
    if (n < n_prefix + 2 || strncmp(name, prefix, n_prefix) != 0 ||
        strspn(rest, "0123456789") != 2) {
        return 0;
    }
    if (left == 2) {
        return (rest[0] - '0') * 10 + rest[1] - '0';
    }
    if (left != 6 || memcmp(rest, "99-", 3) != 0 || strspn(rest + 3, "0123456789") < 3) {
        return 0;
    }
    return PLAIN_MOST + (rest[3] - '0') * 100 + (rest[4] - '0') * 10 + rest[5] - '0';
}

/* The highest among the folders of names, one path a line. */
static int highest_in(const char *text, const char *prefix)
{
    int highest = 0;
    while (*text != '\0') {
        size_t n = strcspn(text, "/\n");
        int number = number_of(text, n, prefix);
        highest = number > highest ? number : highest;
        text += n + (text[n] != '\0');
    }
    return highest;
}

/* Nothing of it writes, fetches or asks; whatever goes wrong, nothing is known. */
static int ask_git(struct arena *a, const char *root, const char *folder, const char *prefix)
{
    const char *what = arena_printf(a, "%s/%s*", folder, prefix);
    const char *const argv[] = {"env",
                                "GIT_NO_LAZY_FETCH=1",
                                "GIT_OPTIONAL_LOCKS=0",
                                "git",
                                "--no-pager",
                                "-C",
                                root,
                                "-c",
                                "log.showSignature=false",
                                "log",
                                "--branches",
                                "--remotes",
                                "--since=3.days.ago",
                                "--format=",
                                "--name-only",
                                "--no-renames",
                                "-m",
                                "--",
                                what,
                                NULL};
    const struct child c = {.argv = argv, .out = -1};
    struct buf words = {0};
    struct err ignored = {0};
    int status = 0;
    int highest = 0;
    if (child_run(&c, &words, GIT_MS, &status, &ignored) == 0 && status == 0) {
        highest = highest_in(buf_str(&words), prefix);
    }
    buf_release(&words);
    return highest;
}

int skeleton_id(struct arena *a, int dirfd, const char *root, const char *folder, const char **out,
                struct err *e)
{
    char now[CLOCK_TEXT];
    struct file_names names = {0};
    const char *prefix = arena_printf(a, "PG-MIG-%.10s-", clock_text(clock_unix_us(), now));
    if (file_list(a, dirfd, folder, &names, e) < 0) {
        return -1;
    }
    int highest = ask_git(a, root, folder, prefix);
    for (size_t i = 0; i < names.n; i++) {
        int number = number_of(names.v[i].name, strlen(names.v[i].name), prefix);
        highest = number > highest ? number : highest;
    }
    if (highest >= MOST) {
        err_set(e, ERR_CONFIG, "%s99-999 is taken: there is no number left for today", prefix);
        return err_hint(e, "make the folder by hand with an id of your own");
    }
    int next = highest + 1;
    *out = next <= PLAIN_MOST ? arena_printf(a, "%s%02d", prefix, next)
                              : arena_printf(a, "%s99-%03d", prefix, next - PLAIN_MOST);
    return 0;
}
