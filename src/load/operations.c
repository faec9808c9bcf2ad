/* Windows, freezes, the checklist, thresholds and probes of an environment. */
#include "load/operations.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "load/declaration.h"

struct operations_work {
    struct arena *a;
    const char *env;
    struct err_list *faults;
    struct operations *out;
};

static void PRINTF_LIKE(4, 5) fault(const struct operations_work *w, const struct doc *at,
                                    const char *hint, const char *fmt, ...)
{
    struct buf msg = {0};
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&msg, fmt, ap);
    va_end(ap);
    doc_fault(w->faults, at, hint, "environment \"%s\": %s", w->env, buf_str(&msg));
    buf_release(&msg);
}

/* --- windows ------------------------------------------------------------------------------------- */

/* 0 Sunday .. 6 Saturday; -1: text does not begin with a day. *text moves behind it. */
static int take_day(const char **text)
{
    static const char days[] = "sun mon tue wed thu fri sat";
    for (int i = 0; i < 7; i++) {
        if (strncmp(days + (ptrdiff_t)i * 4, *text, 3) == 0) {
            *text += 3;
            return i;
        }
    }
    return -1;
}

/* "daily", "sat-sun", "mon,wed,fri-sun"; 0: it is none of that. */
static unsigned days_of(const char *text)
{
    unsigned days = 0;
    if (strcmp(text, "daily") == 0) {
        return 0x7F;
    }
    for (;;) {
        int from = take_day(&text);
        int to = from;
        if (from >= 0 && *text == '-') {
            text++;
            to = take_day(&text);
        }
        if (from < 0 || to < 0) {
            return 0;
        }
        for (int i = from; i != to; i = (i + 1) % 7) {
            days |= 1U << i;
        }
        days |= 1U << to;
        if (*text != ',') {
            return *text == '\0' ? days : 0;
        }
        text++;
    }
}

/* Of "02:30"; the schema has looked at its form. */
static int minute_of(const char *text)
{
    return ((text[0] - '0') * 10 + text[1] - '0') * 60 + (text[3] - '0') * 10 + text[4] - '0';
}

static void read_windows(const struct operations_work *w, const struct doc *list)
{
    w->out->windows = ARENA_ARRAY(w->a, struct window, doc_len(list) + 1);
    for (size_t i = 0; i < doc_len(list); i++) {
        const struct doc *d = list->item[i];
        const char *days = doc_str(d, "days", "daily");
        const char *from = doc_str(d, "from", "");
        const char *to = doc_str(d, "to", "");
        const char *zone = doc_str(d, "zone", "UTC");
        struct window x = {
            .days = days_of(days), .from = minute_of(from), .to = minute_of(to), .zone = zone};
        x.text = arena_printf(w->a, "%s %s to %s %s", days, from, to, zone);
        if (x.days == 0) {
            fault(w, doc_get(d, "days"), "write daily, sat-sun, or mon,wed,fri",
                  "\"%s\" are no days", days);
        } else if (x.from == x.to) {
            fault(w, doc_get(d, "to"), "a whole day is from 00:00 to 24:00",
                  "the window begins and ends at %s", from);
        } else {
            w->out->windows[w->out->n_windows++] = x;
        }
    }
}

/* --- freezes ------------------------------------------------------------------------------------- */

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Of "2026-12-20", as 20261220; 0: there is no such day. */
static int date_of(const char *text)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = (int)strtol(text, NULL, 10);
    int month = (int)strtol(text + 5, NULL, 10);
    int day = (int)strtol(text + 8, NULL, 10);
    bool is_day = month >= 1 && month <= 12 && day >= 1 &&
                  day <= days[month - 1] + (month == 2 && is_leap(year));
    return is_day ? year * 10000 + month * 100 + day : 0;
}

static int read_date(const struct operations_work *w, const struct doc *d, const char *key)
{
    const char *text = doc_str(d, key, "");
    int date = date_of(text);
    if (date == 0) {
        fault(w, doc_get(d, key), "write a day as 2026-12-31", "there is no day %s", text);
    }
    return date;
}

static void read_freezes(const struct operations_work *w, const struct doc *list)
{
    w->out->freezes = ARENA_ARRAY(w->a, struct freeze, doc_len(list) + 1);
    for (size_t i = 0; i < doc_len(list); i++) {
        const struct doc *d = list->item[i];
        struct freeze x = {.from = read_date(w, d, "from"),
                           .to = read_date(w, d, "to"),
                           .zone = doc_str(d, "zone", "UTC"),
                           .reason = doc_str(d, "reason", "")};
        x.text = arena_printf(w->a, "%s to %s", doc_str(d, "from", ""), doc_str(d, "to", ""));
        if (x.from > x.to && x.to != 0) {
            fault(w, doc_get(d, "to"), "write the first day as from, the last as to",
                  "the freeze ends before it begins");
        } else {
            w->out->freezes[w->out->n_freezes++] = x;
        }
    }
}

/* --- thresholds and probes ----------------------------------------------------------------------- */

static void read_thresholds(const struct operations_work *w, const struct doc *map)
{
    static const char *const forms[] = {[UNIT_MS] = "a time: 500ms, 30s, 10min, 24h, 7d",
                                        [UNIT_BYTES] = "a size: 100MB, 1GB",
                                        [UNIT_PERCENT] = "a share: 20%"};
    for (int t = 0; t < THRESHOLDS; t++) {
        w->out->threshold[t] = threshold_row((enum threshold)t)->preset;
    }
    for (size_t i = 0; i < doc_len(map); i++) {
        enum threshold t = threshold_parse(map->key[i]->text.p);
        if (t == THRESHOLDS) {
            continue; /* the schema has said so */
        }
        enum threshold_unit unit = threshold_row(t)->unit;
        const char *text = map->item[i]->text.p;
        int64_t value = threshold_read(unit, text);
        if (value < 0) {
            fault(w, map->item[i], forms[unit], "\"%s\" is no value of %s", text,
                  map->key[i]->text.p);
        } else {
            w->out->threshold[t] = value;
            w->out->is_set[t] = true;
        }
    }
}

/* What is run, or read, stands in the project. */
static void check_path(const struct operations_work *w, const struct doc *at)
{
    const char *why = declaration_name_fault(at->text.p);
    if (why != NULL) {
        fault(w, at, "name a file of the project: scripts/smoke.sh", "\"%s\" %s", at->text.p, why);
    }
}

/* Numbers stay text until here: the documents of kfmig know whole ones only. */
static bool read_bound(const struct operations_work *w, const struct doc *d, const char *key,
                       double *out)
{
    const struct doc *at = doc_get(d, key);
    char *end = NULL;
    if (at == NULL) {
        return false;
    }
    if (at->type == DOC_INT) {
        *out = (double)at->number;
        return true;
    }
    errno = 0;
    *out = strtod(at->text.p, &end);
    if (errno != 0 || end == at->text.p || *end != '\0' || !isfinite(*out)) {
        fault(w, at, "write a number: 0.01", "\"%s\" is no number", at->text.p);
    }
    return true;
}

static void read_probes(const struct operations_work *w, const struct doc *list)
{
    w->out->probes = ARENA_ARRAY(w->a, struct probe, doc_len(list) + 1);
    for (size_t i = 0; i < doc_len(list); i++) {
        const struct doc *d = list->item[i];
        struct probe x = {.command = doc_str(d, "command", ""), .line = d->line, .col = d->col};
        check_path(w, doc_get(d, "command"));
        x.has_most = read_bound(w, d, "at_most", &x.at_most);
        x.has_least = read_bound(w, d, "at_least", &x.at_least);
        if (!x.has_most && !x.has_least) {
            fault(w, d, "write at_most: 0.01, or at_least: 100",
                  "nobody says which figures of %s are good", x.command);
        }
        w->out->probes[w->out->n_probes++] = x;
    }
}

/* "denied", or "3 rows". */
static void read_expected(const struct operations_work *w, const struct doc *at,
                          struct query_probe *x)
{
    char *word = NULL;
    x->denied = strcmp(at->text.p, "denied") == 0;
    errno = 0;
    x->rows = x->denied ? 0 : strtoll(at->text.p, &word, 10);
    if (errno != 0) {
        fault(w, at, "write denied, or 3 rows", "\"%s\" are too many rows", at->text.p);
    }
}

static size_t read_queries(const struct operations_work *w, const struct doc *list,
                           struct query_probe **out)
{
    *out = ARENA_ARRAY(w->a, struct query_probe, doc_len(list) + 1);
    for (size_t i = 0; i < doc_len(list); i++) {
        const struct doc *d = list->item[i];
        struct query_probe *x = &(*out)[i];
        *x = (struct query_probe){.role = doc_str(d, "role", NULL),
                                  .sql = doc_str(d, "sql", ""),
                                  .line = d->line,
                                  .col = d->col};
        check_path(w, doc_get(d, "sql"));
        read_expected(w, doc_get(d, "expect"), x);
    }
    return doc_len(list);
}

/* "pg_dump", or a map. */
static void read_backup(const struct operations_work *w, const struct doc *d)
{
    struct backup_rule *x = &w->out->backup;
    *x = (struct backup_rule){.jobs = BACKUP_JOBS, .keep = BACKUP_KEEP};
    if (d == NULL) {
        return;
    }
    x->is_wanted = true;
    x->line = d->line;
    x->col = d->col;
    x->max_age_ms = threshold_row(THRESHOLD_BACKUP_AGE)->preset;
    if (d->type != DOC_MAP) {
        return;
    }
    const struct doc *age = doc_get(d, "max_age");
    x->command = doc_str(d, "command", NULL);
    x->jobs = (int)doc_num(d, "jobs", BACKUP_JOBS);
    x->keep = (int)doc_num(d, "keep", BACKUP_KEEP);
    if (age != NULL) {
        x->max_age_ms = threshold_read(UNIT_MS, age->text.p);
    }
    if (age != NULL && x->max_age_ms < 0) {
        fault(w, age, "a time: 30s, 10min, 24h, 7d", "\"%s\" is no time", age->text.p);
    }
    if (x->command != NULL) {
        check_path(w, doc_get(d, "command"));
    } else if (age != NULL) {
        fault(w, age, "name a command: pg_dump is run before each change",
              "max_age is for a command's backups");
    }
    if (x->command != NULL && (doc_get(d, "jobs") != NULL || doc_get(d, "keep") != NULL)) {
        fault(w, d, "remove them, or the command", "jobs and keep are for pg_dump");
    }
}

/* --- policy -------------------------------------------------------------------------------------- */

static void read_deeds(const struct operations_work *w, const struct doc *list,
                       struct policy_rule *r)
{
    r->deeds = ARENA_ARRAY(w->a, struct policy_deed, doc_len(list) + 1);
    for (size_t i = 0; i < doc_len(list); i++) {
        const char *text = list->item[i]->text.p;
        if (policy_deed_parse(text, &r->deeds[r->n_deeds])) {
            r->n_deeds++;
        } else {
            fault(w, list->item[i],
                  "write, truncate, create, alter or drop, with or without a kind of object (drop "
                  "table, "
                  "alter role), or any",
                  "policy \"%s\": \"%s\" is nothing that can be forbidden or warned of", r->id,
                  text);
        }
    }
}

static void read_needs(const struct operations_work *w, const struct doc *list,
                       struct policy_rule *r)
{
    for (size_t i = 0; i < doc_len(list); i++) {
        enum policy_need n = policy_need_parse(list->item[i]->text.p);
        if (n == NEED_WINDOW && w->out->n_windows == 0) {
            fault(w, list->item[i], "declare windows, or require something else",
                  "policy \"%s\" requires a window, and the environment has none", r->id);
        }
        r->needs |= n < POLICY_NEEDS ? 1U << n : 0;
    }
}

static const char *classes_of(struct arena *a, const struct doc *list)
{
    char *out = arena_alloc(a, doc_len(list) + 1);
    for (size_t i = 0; i < doc_len(list); i++) {
        out[i] = list->item[i]->text.p[0];
    }
    out[doc_len(list)] = '\0';
    return out;
}

static void read_rule(const struct operations_work *w, const struct doc *d, struct policy_rule *r)
{
    size_t n = 0;
    *r = (struct policy_rule){.id = doc_str(d, "id", ""),
                              .classes = classes_of(w->a, doc_get(d, "classes")),
                              .rows_over = doc_num(d, "rows_over", -1),
                              .why = doc_str(d, "why", "")};
    for (int e = POLICY_FORBID; e <= POLICY_WARN; e++) {
        const struct doc *list = doc_get(d, policy_effect_text((enum policy_effect)e));
        if (list == NULL) {
            continue;
        }
        n++;
        r->effect = (enum policy_effect)e;
        if (r->effect == POLICY_REQUIRE) {
            read_needs(w, list, r);
        } else {
            read_deeds(w, list, r);
        }
    }
    if (n != 1) {
        fault(w, d, "write {id: NAME, forbid: [drop table]}: a rule does one thing",
              "policy \"%s\" has %s of forbid, require and warn", r->id,
              n == 0 ? "none" : "several");
    } else if (r->effect == POLICY_REQUIRE && r->rows_over >= 0) {
        fault(w, d, "name classes",
              "policy \"%s\": rows_over is for what is forbidden or warned of", r->id);
    }
}

/* Rule i against all before it. */
static void check_policy(const struct operations_work *w, const struct doc *at,
                         const struct policy *p, size_t i)
{
    const struct policy_rule *own = &p->v[i];
    for (size_t k = 0; k < i; k++) {
        const struct policy_rule *other = &p->v[k];
        const char *forward = policy_contradicts(own, other);
        const char *back = policy_contradicts(other, own);
        if (strcmp(own->id, other->id) == 0) {
            fault(w, at, "give it another id", "two policies have the id \"%s\"", own->id);
        }
        if (forward != NULL || back != NULL) {
            fault(w, at, "remove one of them, or say for which classes each is meant",
                  "policy \"%s\" %s \"%s\"", forward != NULL ? own->id : other->id,
                  forward != NULL ? forward : back, forward != NULL ? other->id : own->id);
        }
    }
}

static void read_policy(const struct operations_work *w, const struct doc *list)
{
    struct policy *p = &w->out->policy;
    p->v = ARENA_ARRAY(w->a, struct policy_rule, doc_len(list) + 1);
    for (; p->n < doc_len(list); p->n++) {
        read_rule(w, list->item[p->n], &p->v[p->n]);
        check_policy(w, list->item[p->n], p, p->n);
    }
}

static struct names names_of(const struct operations_work *w, const struct doc *list, bool paths)
{
    size_t n = doc_len(list);
    struct names out = {.v = ARENA_ARRAY(w->a, const char *, n + 1), .n = n, .cap = n};
    for (size_t i = 0; i < n; i++) {
        out.v[i] = list->item[i]->text.p;
        if (paths) {
            check_path(w, list->item[i]);
        }
    }
    return out;
}

const struct operations *operations_read(struct arena *a, const struct doc *env, const char *name,
                                         struct err_list *faults)
{
    static const char *const keys[] = {"windows",       "freeze",  "checklist", "thresholds",
                                       "policy_probes", "queries", "probes",    "smoke",
                                       "backup",        "policy"};
    bool any = false;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        any = any || doc_get(env, keys[i]) != NULL;
    }
    if (!any) {
        return NULL;
    }
    struct operations *out = ARENA_NEW(a, struct operations);
    const struct operations_work w = {a, name, faults, out};
    *out = (struct operations){.n_windows = 0};
    read_windows(&w, doc_get(env, "windows"));
    read_freezes(&w, doc_get(env, "freeze"));
    read_thresholds(&w, doc_get(env, "thresholds"));
    read_probes(&w, doc_get(env, "probes"));
    out->n_policies = read_queries(&w, doc_get(env, "policy_probes"), &out->policies);
    out->n_queries = read_queries(&w, doc_get(env, "queries"), &out->queries);
    out->checklist = names_of(&w, doc_get(env, "checklist"), false);
    out->smoke = names_of(&w, doc_get(env, "smoke"), true);
    read_backup(&w, doc_get(env, "backup"));
    read_policy(&w, doc_get(env, "policy"));
    return out;
}

static void check_file(const char *name, int dirfd, const char *path, int line, int col,
                       struct err_list *faults)
{
    struct stamp stamp;
    struct err e = {0};
    int rc = declaration_name_fault(name) != NULL ? 0 : file_stamp(dirfd, name, &stamp, &e);
    if (rc > 0) {
        err_list_addf(faults, ERR_CONFIG, path, line, col, "", "there is no file %s", name);
    } else if (rc < 0) {
        err_list_addf(faults, ERR_CONFIG, path, line, col, "", "%s", e.msg);
    }
}

void operations_check_files(const struct env *env, int dirfd, const char *path,
                            struct err_list *faults)
{
    const struct operations *o = operations_of(env);
    for (size_t i = 0; i < o->n_probes; i++) {
        const struct probe *x = &o->probes[i];
        check_file(x->command, dirfd, path, x->line, x->col, faults);
    }
    for (size_t i = 0; i < o->n_policies + o->n_queries; i++) {
        const struct query_probe *x =
            i < o->n_policies ? &o->policies[i] : &o->queries[i - o->n_policies];
        check_file(x->sql, dirfd, path, x->line, x->col, faults);
    }
    if (o->backup.command != NULL) {
        check_file(o->backup.command, dirfd, path, o->backup.line, o->backup.col, faults);
    }
    for (size_t i = 0; i < o->smoke.n; i++) {
        check_file(o->smoke.v[i], dirfd, path, env->line, env->col, faults);
    }
}
