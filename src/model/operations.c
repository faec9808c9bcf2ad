/* When an environment may be changed, and by what figures it is judged. */
#include "model/operations.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

enum { WEEK = 7 };

const struct threshold_row *threshold_row(enum threshold t)
{
    static const struct threshold_row rows[THRESHOLDS] = {
#define THRESHOLD(name, key, unit, preset, about) {key, unit, preset},
#include "model/threshold.def"
#undef THRESHOLD
    };
    return &rows[t];
}

enum threshold threshold_parse(const char *key)
{
    int t = 0;
    while (t < THRESHOLDS && strcmp(threshold_row((enum threshold)t)->key, key) != 0) {
        t++;
    }
    return (enum threshold)t;
}

/* The words of each unit. */
static const struct unit {
    enum threshold_unit unit;
    const char *word;
    int64_t factor;
} units[] = {
    {UNIT_MS, "d", 86400000},    {UNIT_MS, "h", 3600000},     {UNIT_MS, "min", 60000},
    {UNIT_MS, "s", 1000},        {UNIT_MS, "ms", 1},          {UNIT_BYTES, "TB", INT64_C(1) << 40},
    {UNIT_BYTES, "GB", 1 << 30}, {UNIT_BYTES, "MB", 1 << 20}, {UNIT_BYTES, "kB", 1 << 10},
    {UNIT_BYTES, "B", 1},        {UNIT_PERCENT, "%", 1},
};
enum { UNITS = sizeof units / sizeof *units };

int64_t threshold_read(enum threshold_unit unit, const char *text)
{
    char *word = NULL;
    errno = 0;
    long long n = strtoll(text, &word, 10);
    for (size_t i = 0; errno == 0 && word != text && n >= 0 && i < UNITS; i++) {
        if (units[i].unit == unit && strcmp(units[i].word, word) == 0) {
            return n <= INT64_MAX / units[i].factor ? n * units[i].factor : -1;
        }
    }
    return -1;
}

const struct operations *operations_of(const struct env *env)
{
    static struct operations nothing = {.backup = {.jobs = BACKUP_JOBS, .keep = BACKUP_KEEP}};
    for (int t = 0; t < THRESHOLDS; t++) {
        nothing.threshold[t] = threshold_row((enum threshold)t)->preset;
    }
    return env->operations != NULL ? env->operations : &nothing;
}

static bool begins_on(const struct window *w, int weekday)
{
    return (w->days >> weekday & 1U) != 0;
}

bool window_holds(const struct window *w, const struct clock_local *at)
{
    if (w->from < w->to) {
        return begins_on(w, at->weekday) && at->minute >= w->from && at->minute < w->to;
    }
    int yesterday = (at->weekday + WEEK - 1) % WEEK;
    return (begins_on(w, at->weekday) && at->minute >= w->from) ||
           (begins_on(w, yesterday) && at->minute < w->to);
}

static void fail_zone(struct arena *a, struct findings *out, const char *rule, const char *zone)
{
    struct finding *f = finding_unknown(
        a, out, rule, "this machine does not know the time zone \"%s\", so nobody knows", zone);
    f->subject = zone;
    f->hint = "install the zone database (tzdata), or write the zone as UTC";
}

static const char *now_text(struct arena *a, const struct clock_local *at, const char *zone)
{
    static const char *const days[WEEK] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
    return arena_printf(a, "%s %02d:%02d %s", days[at->weekday], at->minute / 60, at->minute % 60,
                        zone);
}

static void judge_windows(struct arena *a, const struct operations *o, zone_fn *local, void *ctx,
                          struct findings *out)
{
    struct buf all = {0};
    const char *now = "";
    for (size_t i = 0; i < o->n_windows; i++) {
        const struct window *w = &o->windows[i];
        const struct clock_local *at = local(ctx, w->zone);
        if (at == NULL) {
            fail_zone(a, out, "window", w->zone);
            buf_release(&all);
            return;
        }
        if (window_holds(w, at)) {
            finding_pass(a, out, "window");
            buf_release(&all);
            return;
        }
        now = now_text(a, at, w->zone);
        buf_printf(&all, "%s%s", i > 0 ? ", or " : "", w->text);
    }
    if (o->n_windows > 0) {
        struct finding *f =
            finding_fail(a, out, "window", "it is %s, outside of the maintenance window", now);
        f->hint = arena_printf(a, "wait for the window: %s", buf_str(&all));
    }
    buf_release(&all);
}

static void judge_freezes(struct arena *a, const struct operations *o, zone_fn *local, void *ctx,
                          struct findings *out)
{
    size_t n_stopping = 0;
    for (size_t i = 0; i < o->n_freezes; i++) {
        const struct freeze *z = &o->freezes[i];
        const struct clock_local *at = local(ctx, z->zone);
        if (at == NULL) {
            fail_zone(a, out, "freeze", z->zone);
            n_stopping++;
        } else if (at->date >= z->from && at->date <= z->to) {
            struct finding *f = finding_fail(a, out, "freeze", "changes are frozen from %s%s%s",
                                             z->text, z->reason[0] != '\0' ? ": " : "", z->reason);
            f->hint = "wait until it is over, or have it changed in registry/environments.v1.yml";
            n_stopping++;
        }
    }
    if (o->n_freezes > 0 && n_stopping == 0) {
        finding_pass(a, out, "freeze");
    }
}

void operations_judge(struct arena *a, const struct operations *o, zone_fn *local, void *ctx,
                      struct findings *out)
{
    judge_windows(a, o, local, ctx, out);
    judge_freezes(a, o, local, ctx, out);
}
