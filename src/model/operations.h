/* When an environment may be changed, and what is asked before and after: windows, freezes, the checklist,
 * thresholds, probes. Plain data and pure rules; what time it is, is told. */
#ifndef KFMIG_MODEL_OPERATIONS_H
#define KFMIG_MODEL_OPERATIONS_H

#include "base/clock.h"
#include "model/env.h"
#include "model/finding.h"
#include "model/policy.h"

enum threshold_unit { UNIT_MS, UNIT_BYTES, UNIT_PERCENT };
enum threshold {
#define THRESHOLD(name, key, unit, preset, about) THRESHOLD_##name,
#include "model/threshold.def"
#undef THRESHOLD
    THRESHOLDS
};
/* Of a row: its key, its unit, what holds where an environment says nothing. */
struct threshold_row {
    const char *key;
    enum threshold_unit unit;
    int64_t preset;
};
const struct threshold_row *threshold_row(enum threshold t);
/* The one with that key; THRESHOLDS: there is none. */
enum threshold threshold_parse(const char *key);
/* Of a text as declared, "30s", "24h", "1GB", "20%"; -1: it is none of that unit, or too large. */
int64_t threshold_read(enum threshold_unit unit, const char *text);

/* A maintenance window. days: bit 0 Sunday .. bit 6 Saturday, on which it begins; from, to: minutes of the
 * day, to < from: it ends on the next day. zone: "UTC", or a name of the zone database. */
struct window {
    unsigned days;
    int from, to;
    const char *zone, *text; /* text: "sat-sun 02:00 to 06:00 UTC" */
};
/* Nothing may change from the beginning of the first day to the end of the last; as 20261220. */
struct freeze {
    int from, to;
    const char *zone, *reason, *text; /* text: "2026-12-20 to 2027-01-03" */
};
/* A program that says a figure. at_most, at_least: its bounds; has_*: there is such a one. */
struct probe {
    const char *command;
    double at_most, at_least;
    bool has_most, has_least;
    int line, col;
};
/* A query with what is to come of it. role: as whom, NULL: as who connects. sql: the path of its file.
 * denied: the server refuses it; else it has so many rows. */
struct query_probe {
    const char *role, *sql;
    bool denied;
    int64_t rows;
    int line, col;
};
/* What is backed up before it is changed, and how. command: a program that does it, or NULL: pg_dump, with so
 * many jobs, of which the last keep are kept. max_age_ms: how old what command made may be; 0: any age is too
 * much. rows_of: the rows of this schema and nothing else, whatever a run may touch, as one compressed
 * script beneath backups/migrations, of which all are kept; NULL: folders beneath state/backups. */
enum { BACKUP_JOBS = 4, BACKUP_KEEP = 3 }; /* where nothing is declared */
struct backup_rule {
    bool is_wanted;
    const char *rows_of;
    const char *command;
    int64_t max_age_ms;
    int jobs, keep;
    int line, col;
};
/* What an environment declares; all of it in the arena of the project. */
struct operations {
    struct window *windows;
    size_t n_windows;
    struct freeze *freezes;
    size_t n_freezes;
    struct names checklist;
    int64_t threshold[THRESHOLDS]; /* what holds: as declared, or preset */
    bool is_set[THRESHOLDS];
    struct probe *probes;
    size_t n_probes;
    struct query_probe *policies, *queries;
    size_t n_policies, n_queries;
    struct names smoke; /* commands */
    struct backup_rule backup;
    struct policy policy;
};
/* Of an environment that declares nothing of it: env->operations may be NULL. */
const struct operations *operations_of(const struct env *env);

/* The day and minute in a zone; NULL: this machine does not know the zone. In a. */
typedef const struct clock_local *zone_fn(void *ctx, const char *zone);
/* May a change begin? Adds what does not: rules "window" and "freeze". A zone that nobody knows is in the
 * way: unknown. */
void operations_judge(struct arena *a, const struct operations *o, zone_fn *local, void *ctx,
                      struct findings *out);
/* Does the window lie around that time? For tests too. Pure. */
bool window_holds(const struct window *w, const struct clock_local *at);

#endif
