/* Test Anything Protocol for unit tests: the count is stated first, and fewer tests than stated is a failure.
 *   int main(void) { tap_plan(2); ok(1 + 1 == 2, "sums"); is_str(name, "x", "names"); return tap_done(); } */
#ifndef KFMIG_TESTS_UNIT_TAP_H
#define KFMIG_TESTS_UNIT_TAP_H

#include <stdbool.h>
#include <stdio.h>
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

static inline int tap_done(void)
{
    if (tap_ran != tap_planned) {
        printf("# planned %d tests but ran %d\n", tap_planned, tap_ran);
        return 1;
    }
    return tap_failed == 0 ? 0 : 1;
}

#endif
