/* layer: base */
/* What stands beneath folders: each way in which a file can be otherwise is told, and nothing else is. */
#include "base/stamps.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/tree.h"
#include "tap.h"

static const char *const roots[] = {"data", "more", "absent"};

/* what a shell does between two looks, how many differ, the first, what */
static const struct {
    const char *name, *does;
    size_t n;
    const char *first, *what;
} cases[] = {
    {"nothing", "cat data/a >/dev/null", 0, "", ""},
    {"outside", "echo x >other", 0, "", ""},
    {"a file is written", "echo other >data/a", 1, "data/a", "changed"},
    {"with its times set back", "cp -p data/a k; echo x >data/a; touch -r k data/a; rm k", 1,
     "data/a", "changed"},
    {"another file of the same name", "cp -p data/b n; mv n data/b", 1, "data/b", "changed"},
    {"its mode", "chmod 600 data/b", 1, "data/b", "changed"},
    {"a file goes", "rm data/a", 1, "data/a", "removed"},
    {"a file comes", "echo x >more/z", 1, "more/z", "added"},
    {"a root comes", "mkdir absent; echo x >absent/a", 1, "absent/a", "added"},
    {"deep below", "echo x >data/d/e/f", 1, "data/d/e/f", "changed"},
    {"a folder moves", "mv data/d data/g", 2, "data/d/e/f", "removed"},
    {"a symlink points elsewhere", "ln -sf b data/link", 1, "data/link", "changed"},
    {"a folder becomes a file", "rm -r more; echo x >more", 2, "more", "added"},
};
enum { N = sizeof cases / sizeof *cases };

static bool shell(const char *folder, const char *does)
{
    char text[512];
    (void)snprintf(text, sizeof text, "cd %s && %s", folder, does);
    return system(text) == 0;
}

static void play(int at, const char *folder, size_t i)
{
    struct arena a = {0};
    struct stamps before = {0};
    struct stamps after = {0};
    struct err e = {0};
    const char *first = "";
    const char *what = "";
    bool good = shell(folder, "rm -rf -- * && mkdir -p data/d/e more && echo a >data/a && echo b "
                              ">data/b && echo f >data/d/e/f && "
                              "ln -s a data/link && echo c >more/c") &&
                stamps_take(&a, at, roots, 3, &before, &e) == 0 && shell(folder, cases[i].does) &&
                stamps_take(&a, at, roots, 3, &after, &e) == 0;
    ok(good, cases[i].name);
    ok(stamps_differ(&before, &after, &first, &what) == cases[i].n, "and so many differ");
    is_str(first, cases[i].first, "the first of them");
    is_str(what, cases[i].what, "and what became of it");
    arena_release(&a);
}

int main(void)
{
    char folder[] = "/tmp/kfmig-stamps-XXXXXX";
    struct arena a = {0};
    struct stamps none = {0};
    struct err e = {0};
    tap_plan(4 * N + 2);
    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    int at = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i < N; i++) {
        play(at, folder, i);
    }
    ok(shell(folder, "d=data; for i in $(seq 70); do d=$d/x; done; mkdir -p $d && echo x >$d/y") &&
           stamps_take(&a, at, roots, 3, &none, &e) != 0 &&
           strstr(e.msg, "folders in each other") != NULL,
       "too deep a tree is told");
    (void)stamps_take(&a, at, roots + 2, 0, &none, &e);
    ok(none.n == 0, "no roots, nothing");
    (void)close(at);
    (void)!tree_remove(AT_FDCWD, folder);
    arena_release(&a);
    return tap_done();
}
