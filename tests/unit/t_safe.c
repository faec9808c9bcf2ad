/* layer: flow */
/* migrate-safe: which environment DATABASE_URL leads to, and what a status means in each mode. */
#include "flow/safe.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>

static struct env envs[] = {
    {.name = "dev", .dsn_ref = "KFM_DSN"},
    {.name = "stage", .dsn_ref = "DATABASE_URL"},
    {.name = "prod", .dsn_ref = "DATABASE_URL"},
    {.name = "embedded", .embedded = true},
};

/* Of n environments from first on, with that value (NULL: unset): the one that is meant, or words. */
static const struct {
    size_t first, n;
    const char *url, *env, *words;
} cases[] = {
    {0, 2, "postgresql:///x", "stage", ""},
    {2, 2, "postgresql:///x", "prod", ""},
    {0, 1, "postgresql:///x", NULL, "no environment of registry/environments.v1.yml has"},
    {0, 3, "postgresql:///x", NULL, "more than one environment"},
    {0, 2, "", NULL, "DATABASE_URL is not set"},
    {0, 2, NULL, NULL, "DATABASE_URL is not set"},
};
enum { N_CASES = sizeof cases / sizeof *cases };

static void find(void)
{
    for (size_t i = 0; i < N_CASES; i++) {
        const struct env *found = NULL;
        struct err e = {0};
        struct project p = {.env = envs + cases[i].first, .n_env = cases[i].n};
        (void)unsetenv("DATABASE_URL");
        if (cases[i].url != NULL) {
            (void)setenv("DATABASE_URL", cases[i].url, 1);
        }
        int rc = safe_env(&p, &found, &e);
        ok(cases[i].env != NULL
               ? rc == 0 && strcmp(found->name, cases[i].env) == 0
               : rc != 0 && e.code == ERR_CONFIG && strstr(e.msg, cases[i].words) != NULL,
           cases[i].env != NULL ? cases[i].env : cases[i].words);
    }
    struct env implicit = {.name = "default", .implicit = true};
    const struct env *found = NULL;
    struct err e = {0};
    (void)setenv("DATABASE_URL", "x", 1);
    ok(safe_env(&(struct project){.env = &implicit, .n_env = 1}, &found, &e) == 0 &&
           found == &implicit,
       "without a declaration it is the implicit one");
}

/* Rows: modes; what becomes of 0, 1, 2, 3, 4, 5, 6, 130. */
static void status(void)
{
    static const int before[] = {0, 1, 2, 3, 4, 5, 6, 130};
    static const int after[SAFE_MODES][8] = {[SAFE_DRY_RUN] = {0, 1, 1, 1, 1, 5, 6, 130},
                                             [SAFE_PREFLIGHT] = {0, 1, 1, 1, 1, 5, 6, 130},
                                             [SAFE_APPLY] = {0, 1, 2, 3, 4, 5, 6, 130},
                                             [SAFE_POSTFLIGHT] = {0, 3, 3, 3, 3, 5, 6, 130},
                                             [SAFE_ROLLBACK] = {0, 4, 4, 4, 4, 5, 6, 130}};
    for (enum safe_mode m = SAFE_DRY_RUN; m < SAFE_MODES; m++) {
        bool good = true;
        for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
            good = good && safe_status(m, before[i]) == after[m][i];
        }
        ok(good, safe_mode_text(m));
    }
}

int main(void)
{
    tap_plan(N_CASES + 1 + SAFE_MODES);
    find();
    status();
    return tap_done();
}
