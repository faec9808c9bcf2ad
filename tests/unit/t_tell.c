/* layer: report */
#include <stdlib.h>

#include "model/finding.h"
#include "report/report.h"
#include "tap.h"

static const struct err fault = {.code = ERR_APPLY,
                                 .where = {"m/forward.sql", 3, 1},
                                 .msg = "statement 2 failed",
                                 .sqlstate = "42P01"};

static struct finding verdicts[] = {
    {.rule = "drift",
     .severity = SEVERITY_ERROR,
     .passed = true,
     .subject = "",
     .text = "",
     .fix = ""},
    {.rule = "scope",
     .severity = SEVERITY_ERROR,
     .subject = "table a.b",
     .text = "no",
     .fix = "f",
     .waived_by = ""},
};
static const struct findings gates = {verdicts, 2, 2};

/* Every kind with what it carries, and its line (but for the time). */
static const struct {
    struct tell tell;
    const char *line;
} cases[] = {
    {{.kind = TELL_NOTE, .what = "a\nnote"}, "\"event\":\"note\",\"text\":\"a\\\\x0anote\""},
    {{.kind = TELL_BLOCKED, .n = 3}, "\"event\":\"blocked\",\"targets\":3"},
    {{.kind = TELL_WARNING, .what = "w"}, "\"event\":\"warning\",\"text\":\"w\""},
    {{.kind = TELL_FAULT, .fault = &fault},
     "\"error\":{\"code\":\"apply\",\"hint\":null,\"message\":\"statement 2 failed\",\"sqlstate\":"
     "\"42P01\",\"where\":\"m/forward.sql:3:1\"},\"event\":\"fault\""},
    {{.kind = TELL_BEGIN, .target = "M-1", .at = 1, .n = 8},
     "\"at\":1,\"event\":\"begin\",\"of\":8,\"target\":\"M-1\""},
    {{.kind = TELL_DONE, .target = "p", .what = "published", .at = 2, .n = 8, .ms = 30},
     "\"as\":\"published\",\"at\":2,\"event\":\"done\",\"ms\":30,\"of\":8,\"target\":\"p\""},
    {{.kind = TELL_DONE, .target = "M-1", .what = "", .at = 2, .n = 8},
     "\"at\":2,\"event\":\"done\",\"ms\":0,\"of\":8,\"target\":\"M-1\""},
    {{.kind = TELL_FAILED, .target = "M-1", .fault = &fault, .sequence = 4, .run_id = "R"},
     "\"error\":{\"code\":\"apply\",\"hint\":null,\"message\":\"statement 2 failed\",\"sqlstate\":"
     "\"42P01\",\"where\":\"m/"
     "forward.sql:3:1\"},\"event\":\"failed\",\"run_id\":\"R\",\"sequence\":"
     "4,\"target\":\"M-1\""},
    {{.kind = TELL_FAILED, .target = "M-2", .fault = &fault, .gates = &gates},
     "\"error\":{\"code\":\"apply\",\"hint\":null,\"message\":\"statement 2 failed\",\"sqlstate\":"
     "\"42P01\",\"where\":\"m/forward.sql:3:1\"},\"event\":\"failed\",\"gates\":[{\"fix\":\"f\","
     "\"rule\":\"scope\",\"subject\":\"table a.b\",\"text\":\"no\"}],\"target\":\"M-2\""},
    {{.kind = TELL_STATEMENT, .what = "UPDATE", .path = "m/f.sql", .line = 7, .at = 1, .n = 2},
     "\"at\":1,\"event\":\"statement\",\"of\":2,\"tag\":\"UPDATE\",\"where\":\"m/f.sql:7\""},
    {{.kind = TELL_PHASE, .target = "p", .what = "index"},
     "\"event\":\"phase\",\"phase\":\"index\",\"target\":\"p\""},
    {{.kind = TELL_LOADING, .target = "p", .rows = 5, .done = 10, .size = 20},
     "\"bytes\":10,\"event\":\"loading\",\"rows\":5,\"size\":20,\"target\":\"p\""},
    {{.kind = TELL_BATCH,
      .target = "M-1",
      .what = "table a.b by (id)",
      .at = 2,
      .rows = 5,
      .done = 10,
      .size = 20,
      .ms = 1500},
     "\"about\":20,\"backfill\":\"table a.b by "
     "(id)\",\"batches\":2,\"event\":\"batch\",\"left_ms\":1500,\"passed\":10,\"rows\":5,"
     "\"target\":\"M-1\""},
    {{.kind = TELL_BATCH, .target = "M-1", .what = "x", .at = 1, .rows = 0, .ms = -1},
     "\"about\":0,\"backfill\":\"x\",\"batches\":1,\"event\":\"batch\",\"passed\":0,\"rows\":0,"
     "\"target\":\"M-1\""},
    {{.kind = TELL_WAITING, .what = "waiting for x"},
     "\"event\":\"waiting\",\"for\":\"waiting for x\""},
    {{.kind = TELL_RETRY, .what = "deadlock_detected", .at = 1, .n = 3, .ms = 200},
     "\"at\":1,\"condition\":\"deadlock_detected\",\"event\":\"retry\",\"ms\":200,\"of\":3"},
    {{.kind = TELL_SAID,
      .severity = "NOTICE",
      .sqlstate = "00000",
      .what = "ada",
      .path = "f",
      .line = 2},
     "\"event\":\"said\",\"severity\":\"NOTICE\",\"sqlstate\":\"00000\",\"where\":\"f:2\""},
    {{.kind = TELL_RESOLVING, .target = "p"}, "\"event\":\"resolving\",\"target\":\"p\""},
    {{.kind = TELL_TICK, .target = "p", .ms = 30000},
     "\"event\":\"heartbeat\",\"ms\":30000,\"target\":\"p\""},
};

/* The line without its time. */
static const char *line_of(const struct tell *t)
{
    static char text[1024];
    struct buf out = {0};
    report_tell(&out, t);
    char *time = strstr(buf_str(&out), "\"time\":\"1970-01-01T00:00:00.000000Z\"");
    if (time == NULL || buf_str(&out)[out.n - 1] != '\n') {
        buf_release(&out);
        return "(no time, or no line)";
    }
    (void)snprintf(text, sizeof text, "%.*s%s", (int)(time - buf_str(&out)), buf_str(&out),
                   time + strlen("\"time\":\"1970-01-01T00:00:00.000000Z\""));
    buf_release(&out);
    return text;
}

/* "{" line "}" where the comma before or behind the time is left. */
static void test_lines(void)
{
    bool seen[TELL_KINDS] = {false};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char got[1024] = "";
        const char *line = line_of(&cases[i].tell);
        for (size_t n = 0; *line != '\0'; line++) {
            bool is_left = line[0] == ',' && (line[1] == '}' || line[1] == ',');
            if (!is_left && n + 1 < sizeof got) {
                got[n++] = *line;
            }
        }
        char want[1024];
        (void)snprintf(want, sizeof want, "{%s}\n", cases[i].line);
        is_str(got, want, tell_name(cases[i].tell.kind));
        seen[cases[i].tell.kind] = true;
    }
    for (int k = 0; k < TELL_KINDS; k++) {
        ok(seen[k] || k == TELL_FAULTS, tell_name((enum tell_kind)k));
    }
}

static void test_list(void)
{
    struct err_list faults = {0};
    struct buf out = {0};
    err_list_add(&faults, &fault);
    err_list_add(&faults, &fault);
    report_tell(&out, &(struct tell){.kind = TELL_FAULTS, .faults = &faults});
    const char *second = strchr(buf_str(&out), '\n');
    ok(second != NULL && strstr(second, "\"event\":\"fault\"") != NULL, "faults: one line each");
    err_list_release(&faults);
    buf_release(&out);
}

static struct tell heard;
static char heard_text[2048];

static void hear(void *ctx, const struct tell *t)
{
    (void)ctx;
    heard = *t;
    (void)snprintf(heard_text, sizeof heard_text, "%s", t->what != NULL ? t->what : "");
}

static enum err_code stops(void *ctx)
{
    (void)ctx;
    return ERR_TERMINATED;
}

static void test_ear(void)
{
    const struct ear deaf = {0};
    const struct ear ear = {.hear = hear, .stops = stops};
    tell_note(NULL, "nobody");
    tell_note(&deaf, "nobody");
    ok(ear_stops(NULL) == ERR_NONE && ear_stops(&deaf) == ERR_NONE, "nobody stops anything");
    ok(ear_stops(&ear) == ERR_TERMINATED, "an ear says how the end was asked for");
    tell_note(&ear, "%d of %s", 1, "x");
    ok(heard.kind == TELL_NOTE && heard.target == NULL, "a note");
    is_str(heard_text, "1 of x", "with its text");
    tell_warning(&ear, "%s", "w");
    ok(heard.kind == TELL_WARNING && strcmp(heard_text, "w") == 0, "a warning");
    tell_fault(&ear, &fault);
    ok(heard.kind == TELL_FAULT && heard.fault == &fault, "a fault");
    struct err_list none = {0};
    tell_faults(&ear, &none);
    ok(heard.kind == TELL_FAULT, "an empty list is not told");
}

int main(void)
{
    (void)setenv("KFMIG_NOW", "0", 1);
    tap_plan(19 + 17 + 1 + 7);
    test_lines();
    test_list();
    test_ear();
    return tap_done();
}
