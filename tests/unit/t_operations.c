/* layer: model */
/* When an environment may be changed: windows and freezes in their zones, and the figures that it is judged by. */
#include "tap.h"

#include <stdlib.h>
#include <string.h>

#include "model/operations.h"

static struct arena a;

enum { SUN = 1, MON = 2, SAT = 64, ALL = 127 };

/* clang-format off */
static const struct {
    const char *name;
    struct window w;
    int weekday, minute;
    bool holds;
} windows[] = {
    {"its first minute", {SUN, 120, 360, "UTC", ""}, 0, 120, true},
    {"the minute before", {SUN, 120, 360, "UTC", ""}, 0, 119, false},
    {"its last minute", {SUN, 120, 360, "UTC", ""}, 0, 359, true},
    {"its end is outside", {SUN, 120, 360, "UTC", ""}, 0, 360, false},
    {"another day", {SUN, 120, 360, "UTC", ""}, 1, 200, false},
    {"a whole day", {MON, 0, 1440, "UTC", ""}, 1, 1439, true},
    {"across midnight, before it", {SAT, 1320, 240, "UTC", ""}, 6, 1439, true},
    {"across midnight, behind it", {SAT, 1320, 240, "UTC", ""}, 0, 0, true},
    {"across midnight, its end", {SAT, 1320, 240, "UTC", ""}, 0, 240, false},
    {"across midnight, the morning of its own day", {SAT, 1320, 240, "UTC", ""}, 6, 100, false},
    {"across midnight, daily", {ALL, 1320, 240, "UTC", ""}, 3, 100, true},
};

static const struct {
    enum threshold_unit unit;
    const char *text;
    long long value;
} values[] = {
    {UNIT_MS, "500ms", 500}, {UNIT_MS, "30s", 30000}, {UNIT_MS, "90s", 90000},
    {UNIT_MS, "10min", 600000}, {UNIT_MS, "24h", 86400000}, {UNIT_MS, "7d", 604800000},
    {UNIT_MS, "0s", 0}, {UNIT_MS, "3", -1}, {UNIT_MS, "3w", -1}, {UNIT_MS, "s", -1},
    {UNIT_MS, "-3s", -1}, {UNIT_MS, "1GB", -1}, {UNIT_MS, "999999999999999999d", -1},
    {UNIT_MS, "99999999999999999999s", -1},
    {UNIT_BYTES, "1GB", 1073741824}, {UNIT_BYTES, "1536kB", 1572864}, {UNIT_BYTES, "3B", 3},
    {UNIT_BYTES, "2TB", 2199023255552}, {UNIT_BYTES, "7MB", 7340032}, {UNIT_BYTES, "1s", -1},
    {UNIT_PERCENT, "20%", 20}, {UNIT_PERCENT, "20", -1},
};

/* What the clock says, by zone: "-" is none that this machine knows. */
static const struct {
    const char *name;
    struct window windows[2];
    size_t n_windows;
    struct freeze freezes[2];
    size_t n_freezes;
    const char *result; /* rule:result of each finding */
    const char *text;   /* of the first that stops */
} judged[] = {
    {"nothing declared", {{0}}, 0, {{0}}, 0, "", ""},
    {"inside", {{MON, 0, 1440, "UTC", "mon"}}, 1, {{0}}, 0, "window:pass ", ""},
    {"in the second of two", {{SUN, 0, 60, "UTC", "sun"}, {MON, 0, 1440, "UTC", "mon"}}, 2, {{0}}, 0, "window:pass ", ""},
    {"outside of both", {{SUN, 0, 60, "UTC", "sun"}, {SAT, 0, 60, "UTC", "sat"}}, 2, {{0}}, 0, "window:fail ", "it is mon 12:30 UTC, outside of the maintenance window"},
    {"another zone has another day", {{SUN, 0, 1440, "West", "sun"}}, 1, {{0}}, 0, "window:pass ", ""},
    {"a zone that nobody knows", {{MON, 0, 1440, "-", "mon"}}, 1, {{0}}, 0, "window:unknown ", "this machine does not know the time zone \"-\", so nobody knows"},
    {"a freeze that is over", {{0}}, 0, {{20261201, 20261202, "UTC", "", "then"}}, 1, "freeze:pass ", ""},
    {"its first day", {{0}}, 0, {{20261207, 20261208, "UTC", "year end", "7 to 8"}}, 1, "freeze:fail ", "changes are frozen from 7 to 8: year end"},
    {"its last day", {{0}}, 0, {{20261201, 20261207, "UTC", "", "1 to 7"}}, 1, "freeze:fail ", "changes are frozen from 1 to 7"},
    {"the day before in another zone", {{0}}, 0, {{20261207, 20261208, "West", "", "7 to 8"}}, 1, "freeze:pass ", ""},
    {"of two one", {{0}}, 0, {{20261201, 20261202, "UTC", "", "x"}, {20261207, 20261207, "UTC", "", "7"}}, 2, "freeze:fail ", "changes are frozen from 7"},
    {"a freeze in no zone", {{0}}, 0, {{20261201, 20261202, "-", "", "x"}}, 1, "freeze:unknown ", "this machine does not know the time zone \"-\", so nobody knows"},
    {"inside and frozen", {{MON, 0, 1440, "UTC", "mon"}}, 1, {{20261207, 20261207, "UTC", "", "7"}}, 1, "window:pass freeze:fail ", "changes are frozen from 7"},
};
/* clang-format on */

static const struct clock_local *local(void *ctx, const char *zone)
{
    static const struct clock_local utc = {20261207, 1, 750}, west = {20261206, 0, 1200};
    (void)ctx;
    return strcmp(zone, "UTC") == 0 ? &utc : strcmp(zone, "West") == 0 ? &west : NULL;
}

static void judge(size_t i)
{
    char seen[200] = "";
    struct findings l = {0};
    struct operations o = {.n_windows = judged[i].n_windows, .n_freezes = judged[i].n_freezes};
    o.windows = arena_dup(&a, judged[i].windows, sizeof judged[i].windows);
    o.freezes = arena_dup(&a, judged[i].freezes, sizeof judged[i].freezes);
    operations_judge(&a, &o, local, NULL, &l);
    for (size_t k = 0; k < l.n; k++) {
        (void)snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%s:%s ", l.v[k].rule,
                       finding_result(&l.v[k]));
    }
    const struct finding *first = findings_stopping(&l, NULL);
    is_str(seen, judged[i].result, judged[i].name);
    is_str(first != NULL ? first->text : "", judged[i].text, judged[i].name);
}

int main(void)
{
    enum {
        N_WINDOWS = sizeof windows / sizeof *windows,
        N_VALUES = sizeof values / sizeof *values,
        N_JUDGED = sizeof judged / sizeof *judged
    };
    tap_plan(N_WINDOWS + N_VALUES + 2 * N_JUDGED + 2 * THRESHOLDS + 3);
    for (size_t i = 0; i < N_WINDOWS; i++) {
        struct clock_local at = {0, windows[i].weekday, windows[i].minute};
        ok(window_holds(&windows[i].w, &at) == windows[i].holds, windows[i].name);
    }
    for (size_t i = 0; i < N_VALUES; i++) {
        int64_t value = threshold_read(values[i].unit, values[i].text);
        is_int(value, values[i].value, values[i].text);
    }
    for (size_t i = 0; i < N_JUDGED; i++) {
        judge(i);
    }
    const struct env env = {.name = "dev"};
    for (int t = 0; t < THRESHOLDS; t++) {
        const struct threshold_row *row = threshold_row((enum threshold)t);
        ok(threshold_parse(row->key) == (enum threshold)t, row->key);
        is_int(operations_of(&env)->threshold[t], row->preset, "what holds where nothing is said");
    }
    ok(threshold_parse("patience") == THRESHOLDS, "no such threshold");
    is_int(threshold_row(THRESHOLD_LONG_TRANSACTION)->preset, 30000, "30 s, as reference 004 says");
    is_int(operations_of(&env)->checklist.n, 0, "nothing to confirm");
    arena_release(&a);
    return tap_done();
}
