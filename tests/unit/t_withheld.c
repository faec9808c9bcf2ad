/* layer: report */
/* Lines that may not be shown are replaced, by words or by JSON; the others stay as they are. */
#include "report/withheld.h"

#include "tap.h"

#define KEY                                                                                        \
    "AKIA"                                                                                         \
    "Q3ZX7LMN5PRT2WVY"

static const struct {
    const char *name, *text;
    enum leak_where where;
    const char *want;
} rows[] = {
    {"nothing", "", LEAK_FILE, ""},
    {"what is harmless", "a\n\nb", LEAK_FILE, "a\n\nb"},
    {"one line of three", "a\nsee " KEY " there\nb\n", LEAK_FILE,
     "a\n(a line with an AWS access key is left out, rule aws-access-key)\nb\n"},
    {"a line without an end", KEY, LEAK_FILE,
     "(a line with an AWS access key is left out, rule aws-access-key)"},
    {"an event", "{\"event\":\"note\",\"text\":\"" KEY "\"}\n", LEAK_FILE,
     "{\"event\":\"withheld\",\"rule\":\"aws-access-key\"}\n"},
    {"an error", "{\"error\":{\"message\":\"" KEY "\"}}\n", LEAK_FILE,
     "{\"error\":{\"code\":\"leak\",\"message\":\"it holds an AWS access key (rule aws-access-key) "
     "and is left out\"}}\n"},
    {"a place in a record",
     "at POINT(-98.5"
     "7951 39.82834)",
     LEAK_RECORD, "(a line with the coordinates of a geometry is left out, rule place-wkt)"},
    {"a place of a file",
     "at POINT(-98.5"
     "7951 39.82834)",
     LEAK_FILE, "at POINT(-98.57951 39.82834)"},
};
enum { N_ROWS = sizeof rows / sizeof rows[0] };

int main(void)
{
    tap_plan(N_ROWS);
    for (size_t i = 0; i < N_ROWS; i++) {
        struct buf out = {0};
        withheld_put(&out, bytes_str(rows[i].text), rows[i].where);
        is_str(buf_str(&out), rows[i].want, rows[i].name);
        buf_release(&out);
    }
    return tap_done();
}
