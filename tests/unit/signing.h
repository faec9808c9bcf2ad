/* People with keys of their own. ssh-keygen makes them, signs and verifies. */
#ifndef KFMIG_TESTS_UNIT_SIGNING_H
#define KFMIG_TESTS_UNIT_SIGNING_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/file.h"

/* When they sign, unless a test says otherwise: 2026-01-02T03:04:05Z. */
#define SIGNING_NOW "1767323045"

static char signing_path[] = "/tmp/kfmig-t-keys-XXXXXX";
static const char *const signing_people[] = {"ann", "bob", "cy", "op", "eve"};
static struct arena signing_arena;

static inline const char *signing_key(const char *who)
{
    return arena_printf(&signing_arena, "%s/%s", signing_path, who);
}

/* A key for each of them; false: there is no ssh-keygen. */
static inline bool signing_begin(void)
{
    bool good = mkdtemp(signing_path) != NULL;
    (void)setenv("KFMIG_NOW", SIGNING_NOW, 1);
    for (size_t i = 0; i < sizeof signing_people / sizeof *signing_people && good; i++) {
        const char *command =
            arena_printf(&signing_arena, "ssh-keygen -q -t ed25519 -N '' -C x -f %s </dev/null",
                         signing_key(signing_people[i]));
        good = system(command) == 0; /* NOLINT(cert-env33-c): a test's own words */
    }
    return good;
}

static inline int signing_remove_one(const char *path, const struct stat *st, int flag,
                                     struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

static inline void signing_end(void)
{
    (void)nftw(signing_path, signing_remove_one, 16, FTW_DEPTH | FTW_PHYS);
    arena_release(&signing_arena);
}

/* "TYPE KEY", of WHO. */
static inline const char *signing_public(const char *who)
{
    struct bytes text;
    struct err e = {0};
    const char *path = arena_printf(&signing_arena, "%s.pub", signing_key(who));
    if (file_read_given(&signing_arena, path, 10000, &text, &e) != 0) {
        printf("Bail out! %s\n", e.msg);
        abort();
    }
    const char *blank = memchr(text.p, ' ', text.n);
    return arena_printf(&signing_arena, "%.*s",
                        (int)(blank + 1 + strcspn(blank + 1, " \n") - text.p), text.p);
}

/* Who may sign. text: words "WHO@x,ROLE,...", each with WHO's key; options stand behind a '+' ("ann@x,p+valid-before=..."). */
static inline const char *signing_lines(const char *text)
{
    const char *lines = "";
    char *rest = arena_strdup(&signing_arena, text);
    for (char *word = strsep(&rest, " "); word != NULL && word[0] != '\0';
         word = strsep(&rest, " ")) {
        char *options = strchr(word, '+');
        if (options != NULL) {
            *options++ = '\0';
        }
        const char *who = arena_strndup(&signing_arena, word, strcspn(word, "@"));
        lines = arena_printf(&signing_arena, "%s%s %s%s%s\n", lines, word,
                             options != NULL ? options : "", options != NULL ? " " : "",
                             signing_public(who));
    }
    return lines;
}

/* Programs are looked for there meanwhile; NULL: where they are. */
static inline void signing_look_in(const char *folder)
{
    static const char *path;
    path = path != NULL ? path : arena_strdup(&signing_arena, getenv("PATH"));
    (void)setenv("PATH", folder != NULL ? folder : path, 1);
}

#endif
