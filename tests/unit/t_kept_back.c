/* layer: flow */
/* What kfmig writes is judged first: what may stand in which file, what becomes of the rest, and where it is put. */
#include "flow/kept_back.h"
#include "project.h"
#include "tap.h"

#include <dirent.h>
#include <sys/stat.h>

#define KEY                                                                                        \
    "AKIA"                                                                                         \
    "Q3ZX7LMN5PRT2WVY"
#define PLACE                                                                                      \
    "POINT(-98.5"                                                                                  \
    "7951 39.82834)"

static const struct {
    const char *path, *text, *rule; /* NULL: it may be written */
} rows[] = {
    {"migrations/db/a.sql", "SELECT 1;", NULL},
    {"migrations/db/a.sql", "", NULL},
    {"migrations/db/a.sql", "SELECT '" KEY "';", "aws-access-key"},
    {"migrations/db/a.sql", "SELECT '" KEY "'; -- kfmig:allow aws-access-key a sample\n", NULL},
    {"migrations/db/a.sql", "SELECT '" PLACE "';", NULL},
    {"migrations/search/X/forward.json", "{\"a\":\"" PLACE "\"}", NULL},
    {"registry/lint.v1.json", "{\"a\":\"" PLACE "\"}", NULL},
    {"migrations/postgis/X/receipts/run_receipt.json", "{\"a\":\"" PLACE "\"}", "place-wkt"},
    {"migrations/postgis/X/diffs/touched.csv", "table," PLACE, "place-wkt"},
    {"migrations/postgis/X/baselines/pre.json", "{\"a\":\"" KEY "\"}", "aws-access-key"},
    {"state/owed/a.json", "{\"a\":\"" PLACE "\"}", "place-wkt"},
    {"state/logs/a.json",
     "{\"a\":\"512-44"
     "-8839\"}",
     "person-ssn"},
    {"state/alembic/a.sql", "SELECT '" PLACE "';", NULL},
    {"00000001.json",
     "{\"a\":\"/ho"
     "me/ada/project\"}",
     "home-path"},
};
enum { N_ROWS = sizeof rows / sizeof rows[0] };

static struct arena a;

static void test_judged(void)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        struct err e = {0};
        int rc = kept_back_judge(rows[i].path, bytes_str(rows[i].text), &e);
        bool is_right = rows[i].rule == NULL ? rc == 0
                                             : rc == -1 && e.code == ERR_LEAK &&
                                                   strstr(e.msg, rows[i].rule) != NULL &&
                                                   strstr(e.msg, rows[i].path) == e.msg;
        ok(is_right, arena_printf(&a, "%s: %s", rows[i].path, e.msg));
        ok(strstr(e.msg, "AKIA") == NULL && strstr(e.msg, "98.5") == NULL,
           "and the words do not say it");
    }
}

/* How many files stand in quarantine beneath home, each for its owner only. */
static int in_quarantine(const char *home)
{
    int n = 0;
    struct stat st = {0};
    const char *folder = arena_printf(&a, "%s/kfmig/quarantine", home);
    DIR *dir = opendir(folder);
    const struct dirent *one = NULL;
    while (dir != NULL && (one = readdir(dir)) != NULL) {
        bool is_private = stat(arena_printf(&a, "%s/%s", folder, one->d_name), &st) == 0 &&
                          (st.st_mode & 077) == 0;
        n += S_ISREG(st.st_mode) && is_private &&
             strstr(one->d_name, "-aws-access-key-a.json") != NULL;
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
    return n;
}

static void test_quarantine(void)
{
    struct err e = {0};
    struct bytes text = bytes_str("{\"a\":\"" KEY "\"}");
    const char *home = arena_printf(&a, "%s/home", project_path);
    (void)setenv("XDG_STATE_HOME", home, 1);
    kept_back_begin();
    is_int(file_write(project_fd, "state/a.json", text, 0644, &e), -1, "a file is not written");
    is_int(e.code, ERR_LEAK, "as a leak");
    ok(strstr(e.hint, "put aside, for you alone") != NULL && strstr(e.hint, home) == NULL,
       "it is put aside, and no path of the machine is told");
    is_int(in_quarantine(home), 1, "there it stands, for its owner only");
    struct stat st;
    ok(fstatat(project_fd, "state/a.json", &st, 0) != 0, "and not in the project");
    is_int(file_write(project_fd, "state/b.json", bytes_str("{}"), 0644, &e), 0,
           "what is harmless is written");
    file_judge_by(NULL);
    is_int(file_write(project_fd, "state/a.json", text, 0644, &e), 0,
           "where nobody judges, all is");
    (void)unsetenv("XDG_STATE_HOME");
    (void)setenv("HOME", home, 1);
    e = (struct err){0};
    is_int(kept_back_result("result.txt", text, &e), -1, "a result is not shown");
    ok(strstr(e.msg, "it was not shown") != NULL && strstr(e.hint, "put aside") != NULL,
       "which is said");
    (void)unsetenv("HOME");
    e = (struct err){0};
    is_int(kept_back_result("result.txt", text, &e), -1, "nor without a home");
    ok(strstr(e.hint, "is gone") != NULL, "where it cannot be put aside");
    is_int(kept_back_result("result.txt", bytes_str("{}"), &e), 0, "what is harmless is shown");
}

int main(void)
{
    tap_plan(2 * N_ROWS + 12);
    (void)unsetenv("XDG_STATE_HOME");
    (void)unsetenv("HOME");
    project_start();
    test_judged();
    test_quarantine();
    project_remove();
    arena_release(&a);
    return tap_done();
}
