/* Target names: ENV/SUBJECT@STAGE, abbreviations, near misses. */
#include <string.h>

#include "plan/plan.h"

/* The parts of a name as written; NULL where left out. */
struct target_words {
    const char *env;
    const char *subject;
    const char *stage;
};

/* A version may hold an '@' of its own, a stage other than a load may not. */
static char *find_at(char *text)
{
    char *load = strstr(text, "@load:");
    return load != NULL ? load : strrchr(text, '@');
}

static void split_name(struct arena *a, const char *text, const struct env *envs, size_t n_envs,
                       struct target_words *out)
{
    char *copy = arena_strdup(a, text);
    *out = (struct target_words){.subject = copy};
    char *at = find_at(copy);
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

/* Which of n names is text, or begins with it and is the only one? kind: for the hint. */
static int find_stage(const char *text, const char *const *names, int n, const char *kind, int *out,
                      struct err *e)
{
    size_t n_found = 0;
    for (int i = 0; i < n; i++) {
        if (strcmp(names[i], text) == 0) {
            *out = i;
            return 0;
        }
        if (text[0] != '\0' && strncmp(names[i], text, strlen(text)) == 0) {
            *out = i;
            n_found++;
        }
    }
    if (n_found == 1) {
        return 0;
    }
    struct buf list = {0};
    for (int i = 0; i < n; i++) {
        buf_printf(&list, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    err_set(e, ERR_CONFIG, n_found == 0 ? "no stage \"%s\"" : "stage \"%s\" is ambiguous", text);
    err_hint(e, "stages of %s: %s", kind, buf_str(&list));
    buf_release(&list);
    return -1;
}

static int find_migration_stage(const char *text, enum stage *out, struct err *e)
{
    const char *names[STAGE_COUNT];
    int found = STAGE_COUNT;
    for (int s = 0; s < STAGE_COUNT; s++) {
        names[s] = stage_text((enum stage)s);
    }
    if (text != NULL && find_stage(text, names, STAGE_COUNT, "a migration", &found, e) != 0) {
        return -1;
    }
    *out = (enum stage)found;
    return 0;
}

static int find_part(const char *text, const struct projection *p, struct arena *a, int *out,
                     struct err *e)
{
    int n = plan_parts(p);
    const char **names = ARENA_ARRAY(a, const char *, (size_t)n);
    for (int i = 0; i < n; i++) {
        names[i] = plan_part_text(a, p, i);
    }
    *out = -1;
    return text == NULL
               ? 0
               : find_stage(text, names, n, arena_printf(a, "projection %s", p->name), out, e);
}

static size_t count_subjects(const struct subjects *s)
{
    return s->n_bundles + s->n_projections;
}

/* Migrations first. */
static const char *name_of(const struct subjects *s, size_t i)
{
    return i < s->n_bundles ? s->bundles[i]->id : s->projections[i - s->n_bundles]->name;
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

static int unknown(const char *text, const struct subjects *s, struct err *e)
{
    struct buf near = {0};
    size_t n_near = 0;
    for (size_t d = 1; d <= 4 && n_near == 0; d++) {
        for (size_t i = 0; i < count_subjects(s) && n_near < 3; i++) {
            if (distance(text, name_of(s, i)) == d) {
                buf_printf(&near, "%s%s", n_near++ > 0 ? ", " : "", name_of(s, i));
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

static int ambiguous(const char *text, const struct subjects *s, bool prefix, struct err *e)
{
    struct buf list = {0};
    size_t n_listed = 0;
    for (size_t i = 0; i < count_subjects(s); i++) {
        const char *name = name_of(s, i);
        bool fits = prefix ? strncmp(name, text, strlen(text)) == 0 : strstr(name, text) != NULL;
        if (fits && n_listed < 5) {
            buf_printf(&list, "%s%s", n_listed++ > 0 ? ", " : "", name);
        }
    }
    err_set(e, ERR_CONFIG, "target \"%s\" is ambiguous", text);
    err_hint(e, "it fits %s%s", buf_str(&list), n_listed == 5 ? ", ..." : "");
    buf_release(&list);
    return -1;
}

void plan_subjects(struct arena *a, struct subjects *s)
{
    int *index = ARENA_ARRAY(a, int, count_subjects(s) + 1);
    s->by_name = (struct table){.a = a};
    for (size_t i = count_subjects(s); i-- > 0;) { /* the first of two wins */
        index[i] = (int)i;
        table_puts(&s->by_name, name_of(s, i), &index[i]);
    }
}

static int find_subject(const char *text, const struct subjects *s, int *out, struct err *e)
{
    size_t n_prefix = 0;
    size_t n_inside = 0;
    int prefix = -1;
    int inside = -1;
    const int *at_once = s->by_name.n > 0 ? table_gets(&s->by_name, text) : NULL;
    if (at_once != NULL) {
        *out = *at_once;
        return 0;
    }
    for (size_t i = 0; i < count_subjects(s) && text[0] != '\0'; i++) {
        const char *name = name_of(s, i);
        if (strcmp(name, text) == 0) {
            *out = (int)i;
            return 0;
        }
        const char *at = strstr(name, text);
        if (at == name) {
            prefix = (int)i;
            n_prefix++;
        }
        if (at != NULL) {
            inside = (int)i;
            n_inside++;
        }
    }
    if (n_prefix > 1 || (n_prefix == 0 && n_inside > 1)) {
        return ambiguous(text, s, n_prefix > 1, e);
    }
    *out = n_prefix == 1 ? prefix : inside;
    return *out >= 0 ? 0 : unknown(text, s, e);
}

int plan_target(const char *text, const struct env *envs, size_t n_envs,
                const struct subjects *subjects, struct arena *a, struct target *out, struct err *e)
{
    struct target_words parts;
    int found = -1;
    split_name(a, text, envs, n_envs, &parts);
    *out = (struct target){
        .env = parts.env, .bundle = -1, .stage = STAGE_COUNT, .projection = -1, .part = -1};
    if (find_subject(parts.subject, subjects, &found, e) != 0) {
        return -1;
    }
    if ((size_t)found < subjects->n_bundles) {
        out->bundle = found;
        return find_migration_stage(parts.stage, &out->stage, e);
    }
    out->projection = found - (int)subjects->n_bundles;
    return find_part(parts.stage, subjects->projections[out->projection], a, &out->part, e);
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
