/* Test Anything Protocol for unit tests: the count is stated first, and fewer tests than stated is a failure.
 *   int main(void) { tap_plan(2); ok(1 + 1 == 2, "sums"); is_str(name, "x", "names"); return tap_done(); } */
#ifndef KFMIG_TESTS_UNIT_TAP_H
#define KFMIG_TESTS_UNIT_TAP_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int tap_planned;
static int tap_ran;
static int tap_failed;

static inline void tap_plan(int n)
{
    tap_planned = n;
    printf("1..%d\n", n);
}

static inline bool tap_result(bool good, const char *name, const char *file, int line)
{
    tap_ran++;
    printf("%sok %d - %s\n", good ? "" : "not ", tap_ran, name);
    if (!good) {
        tap_failed++;
        printf("# failed at %s:%d\n", file, line);
    }
    fflush(stdout);
    return good;
}

static inline bool tap_is_str(const char *got, const char *want, const char *name, const char *file,
                              int line)
{
    bool good = got != NULL && want != NULL ? strcmp(got, want) == 0 : got == want;
    if (!tap_result(good, name, file, line)) {
        printf("#  got: %s\n# want: %s\n", got ? got : "(null)", want ? want : "(null)");
    }
    return good;
}

static inline bool tap_is_int(long long got, long long want, const char *name, const char *file,
                              int line)
{
    bool good = got == want;
    if (!tap_result(good, name, file, line)) {
        printf("#  got: %lld\n# want: %lld\n", got, want);
    }
    return good;
}

#define ok(cond, name) tap_result((cond), (name), __FILE__, __LINE__)
#define is_str(got, want, name) tap_is_str((got), (want), (name), __FILE__, __LINE__)
#define is_int(got, want, name)                                                                    \
    tap_is_int((long long)(got), (long long)(want), (name), __FILE__, __LINE__)

/* Are the parts of words, which " ... " divides, in text, in this order? */
static inline bool has_in_order(const char *text, const char *words)
{
    char *copy = strdup(words);
    bool good = true;
    for (char *p = copy, *end; p != NULL && good; p = end) {
        end = strstr(p, " ... ");
        if (end != NULL) {
            *end = '\0';
            end += 5;
        }
        const char *at = strstr(text, p);
        good = at != NULL;
        text = good ? at + strlen(p) : text;
    }
    free(copy);
    return good;
}

/* Where a test begins that draws by chance: KFMIG_TEST_SEED, which tests/run gives and prints, spread over 64 bits; never 0. */
static inline unsigned long long tap_seed(void)
{
    const char *given = getenv("KFMIG_TEST_SEED");
    unsigned long long seed = given != NULL ? strtoull(given, NULL, 10) : 1;
    printf("# KFMIG_TEST_SEED=%llu\n", seed);
    return (seed + 1) * 0x9E3779B97F4A7C15U | 1;
}

static inline int tap_done(void)
{
    if (tap_ran != tap_planned) {
        printf("# planned %d tests but ran %d\n", tap_planned, tap_ran);
        return 1;
    }
    return tap_failed == 0 ? 0 : 1;
}

#endif
