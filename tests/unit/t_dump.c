/* layer: report */
/* What is printed of a database's definitions, and what of two such texts differs. */
#include "doc/canon.h"
#include "report/report.h"
#include "tap.h"

#define HEAD "# definitions of format 2, read by PostgreSQL 15: for comparing, not for running\n"
#define A "table app.a\n\tcolumns\tid int\n\towner\tann\n"
#define B "table app.b\n\tcolumns\tid int\n"
#define B2 "table app.b\n\tcolumns\tid bigint\n"
#define VIEW "view app.b\n"

/* clang-format off */
static const struct {
    const char *name, *was, *now, *differs;
} pairs[] = {
    {"the same", HEAD A B, HEAD A B, ""},
    {"nothing at all", HEAD, HEAD, ""},
    {"one that is not there any more", HEAD A B, HEAD A, "- table app.b\n"},
    {"one that was not there", HEAD B, HEAD A B, "+ table app.a\n"},
    {"another definition", HEAD A B, HEAD A B2, "~ table app.b\n"},
    {"a facet less", HEAD A, HEAD "table app.a\n\tcolumns\tid int\n", "~ table app.a\n"},
    {"all of them", HEAD A VIEW, HEAD B B2, "- table app.a\n+ table app.b\n+ table app.b\n- view app.b\n"},
    {"a name that another begins with", HEAD "table app.a\n", HEAD "table app.ab\n", "- table app.a\n+ table app.ab\n"},
    {"another format", "# definitions of format 1\n" A, HEAD A, "- # definitions of format 1\n+ # definitions of format 2, read by PostgreSQL 15: for comparing, not for running\n"},
    {"no dump at all", "", HEAD A, "- \n+ # definitions of format 2, read by PostgreSQL 15: for comparing, not for running\n+ table app.a\n"},
    {"some other text", "hello\nworld", HEAD, "- hello\n+ # definitions of format 2, read by PostgreSQL 15: for comparing, not for running\n- world\n"},
    {"control characters", HEAD "table \x1b[2J\n", HEAD, "- table %1B[2J\n"},
};
/* clang-format on */
enum { N = sizeof pairs / sizeof *pairs };

static void compare(size_t i)
{
    struct arena a = {0};
    struct buf out = {0};
    report_dump_differences(&out, report_dump_compare(&a, pairs[i].was, pairs[i].now));
    is_str(buf_str(&out), pairs[i].differs, pairs[i].name);
    buf_release(&out);
    arena_release(&a);
}

static struct dumped_object objects[] = {{"table app.a", "columns\tid int\nowner\tann\n"},
                                         {"view app.b", ""}};
static const struct dumped all = {"dev", 15, 2, objects, 2};

static void print(void)
{
    struct buf out = {0};
    report_dump(&out, &all);
    is_str(buf_str(&out), HEAD A VIEW, "a name on a line, facets behind tabs");
    buf_release(&out);
}

static void print_json(void)
{
    struct arena a = {0};
    struct buf out = {0};
    canon_write(&out, report_dump_doc(&a, &all));
    is_str(buf_str(&out),
           "{\"environment\":\"dev\",\"format\":2,\"names\":\"%XX\",\"objects\":[{\"facets\":[{"
           "\"facet\":\"columns\",\"value\":\"id "
           "int\"},{\"facet\":\"owner\",\"value\":\"ann\"}],\"object\":\"table "
           "app.a\"},{\"facets\":[],\"object\":\"view "
           "app.b\"}],\"server_major\":15}",
           "the same as a document");
    buf_release(&out);
    arena_release(&a);
}

static void print_waited(void)
{
    struct buf out = {0};
    report_waited(&out, &(struct waited){"dev", "kfm\n", 150018, 3, 1250, false});
    report_waited(&out, &(struct waited){"dev", "kfm", 180001, 1, 0, true});
    is_str(buf_str(&out),
           "dev: PostgreSQL 15 answers, database \"kfm\\x0a\", without a ledger; after 1.2 s\n"
           "dev: PostgreSQL 18 answers, database \"kfm\", with a ledger; after 0.0 s\n",
           "a server that was waited for");
    buf_release(&out);
}

int main(void)
{
    tap_plan(N + 3);
    for (size_t i = 0; i < N; i++) {
        compare(i);
    }
    print();
    print_json();
    print_waited();
    return tap_done();
}
