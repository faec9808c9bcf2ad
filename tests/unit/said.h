/* What is said, word for word, against what was reviewed: tests/unit/said/FILE holds it, scenario by scenario. The clock stands
 * still meanwhile. `tests/run unit NAME --update` writes the file anew, to be read in the diff.
 *
 *     said_open("projection");
 *     ok(said_as("a first generation", pq_said()), "...");
 *     said_close(); */
#ifndef KFMIG_TESTS_UNIT_SAID_H
#define KFMIG_TESTS_UNIT_SAID_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char said_path[512];
static char *said_file; /* as it was reviewed */
static FILE *said_new;  /* NULL: it is not written anew */

static inline void said_open(const char *name)
{
    const char *src = getenv("KFMIG_SRC");
    (void)setenv("KFMIG_NOW", "1767323045", 1);
    (void)snprintf(said_path, sizeof said_path, "%s/tests/unit/said/%s", src != NULL ? src : ".",
                   name);
    FILE *f = fopen(said_path, "r");
    size_t cap = 8 << 20;
    said_file = calloc(cap + 1, 1);
    if (f != NULL) {
        said_file[fread(said_file, 1, cap, f)] = '\0';
        (void)fclose(f);
    }
    said_new = getenv("KFMIG_TEST_UPDATE") != NULL ? fopen(said_path, "w") : NULL;
}

/* The line of text at p. */
static inline int said_line(const char *p)
{
    return (int)strcspn(p, "\n");
}

static inline bool said_as(const char *scenario, const char *text)
{
    char head[256];
    int n = snprintf(head, sizeof head, "=== %s\n", scenario);
    if (said_new != NULL) {
        (void)fprintf(said_new, "%s%s", head, text);
        return true;
    }
    const char *want = strstr(said_file, head);
    if (want == NULL) {
        printf("# %s is not in %s\n", scenario, said_path);
        return false;
    }
    want += n;
    for (const char *got = text;; got += said_line(got) + 1, want += said_line(want) + 1) {
        bool is_over = *want == '\0' || strncmp(want, "=== ", 4) == 0;
        if (*got == '\0' && is_over) {
            return true;
        }
        if (*got == '\0' || is_over || said_line(got) != said_line(want) ||
            strncmp(got, want, (size_t)said_line(got)) != 0) {
            printf("# %s, in %s\n# got:  %.*s\n# want: %.*s\n", scenario, said_path, said_line(got),
                   got, is_over ? 0 : said_line(want), want);
            return false;
        }
    }
}

/* Is this scenario one of those that are compared word for word? */
static inline bool said_whole(const char *const *names, size_t n, const char *scenario)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i], scenario) == 0) {
            return true;
        }
    }
    return false;
}

static inline void said_close(void)
{
    free(said_file);
    if (said_new != NULL) {
        (void)fclose(said_new);
    }
}

#endif
