/* layer: model */
/* Findings: a verdict and its words cannot disagree. */
#include "tap.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model/finding.h"

/* Does making a failed finding without a word end the process, as broken promises do? */
static bool aborts_without_text(void)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        struct arena a = {0};
        struct findings l = {0};
        if (freopen("/dev/null", "w", stderr) != NULL) {
            finding_fail(&a, &l, "scope", "%s", "");
        }
        _exit(0);
    }
    return child > 0 && waitpid(child, &status, 0) == child && WIFSIGNALED(status) &&
           WTERMSIG(status) == SIGABRT;
}

static void check_pass(void)
{
    struct arena a = {0};
    struct findings l = {0};
    for (int i = 0; i < 20; i++) {
        finding_pass(&a, &l, "scope");
    }
    const struct finding *f = &l.v[19];
    is_int(l.n, 20, "every finding is kept");
    ok(f->passed && f->severity == SEVERITY_ERROR, "it passed");
    is_str(f->rule, "scope", "by its rule");
    ok(f->text[0] == '\0' && f->subject[0] == '\0' && f->hint[0] == '\0' && f->fix[0] == '\0' &&
           f->waived_by[0] == '\0' && f->path[0] == '\0' && f->line == 0 && f->col == 0,
       "and says nothing");
    is_str(finding_result(f), "pass", "pass in a receipt");
    ok(!finding_stops(f), "it stops nothing");
    arena_release(&a);
}

static void check_fail(void)
{
    struct arena a = {0};
    struct findings l = {0};
    struct finding *f =
        finding_fail(&a, &l, "limit max_row_backfill", "declared %d, observed %d", 0, 3);
    f->fix = "limits.max_row_backfill: 3";
    ok(!f->passed, "it did not pass");
    is_str(f->rule, "limit max_row_backfill", "its rule");
    is_str(f->text, "declared 0, observed 3", "its words");
    is_str(f->fix, "limits.max_row_backfill: 3", "what is set stays");
    is_str(finding_result(f), "fail", "fail in a receipt");
    ok(finding_stops(f), "it stands in the way");
    f->waived_by = "fallback: atomic";
    is_str(finding_result(f), "waived", "waived in a receipt");
    ok(!finding_stops(f), "a waived one lets through");
    f->waived_by = "";
    f->severity = SEVERITY_WARNING;
    ok(!finding_stops(f), "a warning lets through");
    ok(aborts_without_text(), "a failure without words is a broken promise");
    arena_release(&a);
}

static void check_list(void)
{
    struct arena a = {0};
    struct findings l = {0};
    size_t n = 7;
    ok(findings_stopping(&l, &n) == NULL && n == 0, "nothing in an empty list");
    finding_pass(&a, &l, "scope");
    ok(findings_stopping(&l, NULL) == NULL, "what passed does not stop");
    finding_fail(&a, &l, "obstacles", "a view")->waived_by = "fallback: atomic";
    finding_fail(&a, &l, "drift", "table app.t was changed outside kfmig");
    finding_fail(&a, &l, "ledger", "schema kfmig was read or written");
    is_str(findings_stopping(&l, &n)->rule, "drift", "the first that stops");
    is_int(n, 2, "and how many do");
    arena_release(&a);
}

/* Of one place the order of arrival stays. */
static void check_sort(void)
{
    static const struct {
        const char *path, *text;
        int line, col;
    } v[] = {{"b", "4", 2, 1}, {"a", "2", 7, 9}, {"", "0", 0, 0},  {"b", "5", 10, 1},
             {"b", "3", 2, 0}, {"a", "1", 7, 2}, {"b", "6", 10, 1}};
    struct arena a = {0};
    struct findings l = {0};
    char got[sizeof v / sizeof *v + 1] = "";
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        struct finding *f = finding_fail(&a, &l, check_rule(CHECK_SCOPE), "%s", v[i].text);
        f->path = v[i].path;
        f->line = v[i].line;
        f->col = v[i].col;
    }
    findings_sort(&l);
    for (size_t i = 0; i < l.n; i++) {
        got[i] = l.v[i].text[0];
    }
    is_str(got, "0123456", "by path, line and column, then as they were found");
    arena_release(&a);
}

int main(void)
{
    tap_plan(25);
    check_sort();
    is_str(check_rule(CHECK_PROTECTED), "protected", "a rule's name");
    check_pass();
    check_fail();
    check_list();
    is_str(severity_text(SEVERITY_NOTE), "note", "severity note");
    is_str(severity_text(SEVERITY_WARNING), "warning", "severity warning");
    is_str(severity_text(SEVERITY_ERROR), "error", "severity error");
    return tap_done();
}
