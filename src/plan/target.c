/* Target names: ENV/SUBJECT@STAGE, abbreviations, near misses. */
#include <string.h>

#include "plan/plan.h"

/* The parts of a name as written; NULL where left out. */
struct parts {
    const char *env;
    const char *subject;
    const char *stage;
};

static void split_name(struct arena *a, const char *text, const struct env *envs, size_t n_envs,
                       struct parts *out)
{
    char *copy = arena_strdup(a, text);
    *out = (struct parts){.subject = copy};
    char *at = strrchr(copy, '@');
    if (at != NULL) {
        *at = '\0';
        out->stage = at + 1;
    }
    char *slash = strchr(copy, '/');
    if (slash == NULL) {
        return;
    }
    *slash = '\0';
    for (size_t i = 0; i < n_envs; i++) {
        if (strcmp(envs[i].name, copy) == 0) {
            out->env = envs[i].name;
            out->subject = slash + 1;
            return;
        }
    }
    *slash = '/';
}

static int find_stage(const char *text, enum stage *out, struct err *e)
{
    *out = STAGE_COUNT;
    if (text == NULL) {
        return 0;
    }
    size_t n_found = 0;
    for (int s = 0; s < STAGE_COUNT; s++) {
        const char *name = stage_text((enum stage)s);
        if (strcmp(name, text) == 0) {
            *out = (enum stage)s;
            return 0;
        }
        if (text[0] != '\0' && strncmp(name, text, strlen(text)) == 0) {
            *out = (enum stage)s;
            n_found++;
        }
    }
    if (n_found == 1) {
        return 0;
    }
    err_set(e, ERR_CONFIG, n_found == 0 ? "no stage \"%s\"" : "stage \"%s\" is ambiguous", text);
    return err_hint(
        e, "stages of a migration: declaration, pre, apply, post, diff, invariants, receipt");
}

/* Edit distance with early exit, for near misses; both strings short. */
static size_t distance(const char *x, const char *y)
{
    size_t row[128];
    size_t n = strlen(y);
    if (n >= 128 || strlen(x) >= 128) {
        return 128;
    }
    for (size_t k = 0; k <= n; k++) {
        row[k] = k;
    }
    for (size_t i = 1; x[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t k = 1; k <= n; k++) {
            size_t best = diagonal + (x[i - 1] != y[k - 1]);
            diagonal = row[k];
            if (row[k] + 1 < best) {
                best = row[k] + 1;
            }
            if (row[k - 1] + 1 < best) {
                best = row[k - 1] + 1;
            }
            row[k] = best;
        }
    }
    return row[n];
}

static int unknown(const char *text, const struct bundle *const *b, size_t n, struct err *e)
{
    struct buf near = {0};
    size_t n_near = 0;
    for (size_t d = 1; d <= 4 && n_near == 0; d++) {
        for (size_t i = 0; i < n && n_near < 3; i++) {
            if (distance(text, b[i]->id) == d) {
                buf_printf(&near, "%s%s", n_near++ > 0 ? ", " : "", b[i]->id);
            }
        }
    }
    err_set(e, ERR_CONFIG, "no target \"%s\"", text);
    if (n_near > 0) {
        err_hint(e, "did you mean %s?", buf_str(&near));
    } else {
        err_hint(e, "`kfmig status` lists all targets");
    }
    buf_release(&near);
    return -1;
}

static int ambiguous(const char *text, const struct bundle *const *b, size_t n, bool prefix,
                     struct err *e)
{
    struct buf list = {0};
    size_t n_listed = 0;
    for (size_t i = 0; i < n; i++) {
        bool fits =
            prefix ? strncmp(b[i]->id, text, strlen(text)) == 0 : strstr(b[i]->id, text) != NULL;
        if (fits && n_listed < 5) {
            buf_printf(&list, "%s%s", n_listed++ > 0 ? ", " : "", b[i]->id);
        }
    }
    err_set(e, ERR_CONFIG, "target \"%s\" is ambiguous", text);
    err_hint(e, "it fits %s%s", buf_str(&list), n_listed == 5 ? ", ..." : "");
    buf_release(&list);
    return -1;
}

static int find_subject(const char *text, const struct bundle *const *b, size_t n, int *out,
                        struct err *e)
{
    size_t n_prefix = 0;
    size_t n_inside = 0;
    int prefix = -1;
    int inside = -1;
    for (size_t i = 0; i < n && text[0] != '\0'; i++) {
        if (strcmp(b[i]->id, text) == 0) {
            *out = (int)i;
            return 0;
        }
        const char *at = strstr(b[i]->id, text);
        if (at == b[i]->id) {
            prefix = (int)i;
            n_prefix++;
        }
        if (at != NULL) {
            inside = (int)i;
            n_inside++;
        }
    }
    if (n_prefix > 1 || (n_prefix == 0 && n_inside > 1)) {
        return ambiguous(text, b, n, n_prefix > 1, e);
    }
    *out = n_prefix == 1 ? prefix : inside;
    return *out >= 0 ? 0 : unknown(text, b, n, e);
}

int plan_target(const char *text, const struct env *envs, size_t n_envs,
                const struct bundle *const *bundles, size_t n_bundles, struct arena *a,
                struct target *out, struct err *e)
{
    struct parts parts;
    split_name(a, text, envs, n_envs, &parts);
    out->env = parts.env;
    if (find_stage(parts.stage, &out->stage, e) != 0) {
        return -1;
    }
    return find_subject(parts.subject, bundles, n_bundles, &out->bundle, e);
}

const char *plan_target_text(struct arena *a, const struct plan *p, const struct step *s,
                             enum stage stage)
{
    if (stage == STAGE_DECLARATION) {
        return arena_printf(a, "%s@declaration", s->bundle->id);
    }
    if (stage == STAGE_COUNT) {
        return arena_printf(a, "%s/%s", p->env->name, s->bundle->id);
    }
    return arena_printf(a, "%s/%s@%s", p->env->name, s->bundle->id, stage_text(stage));
}
