/* layer: model */
/* Comments that let something through, as receipts list them. */
#include "tap.h"

#include <string.h>

#include "model/allow.h"

#define LONG "0123456789012345678901234567890123456789012345678901234567890123456789"

static struct arena arena;

/* want: "LINE RULE|REASON;" each */
static const struct {
    const char *text, *want, *name;
} cases[] = {
    {"", "", "no text"},
    {"SELECT 1;\n", "", "nothing is allowed"},
    {"-- kfmig:allow jwt a sample of the docs\nSELECT 1;", "1 jwt|a sample of the docs;", "a rule"},
    {"\n\nSELECT 1; -- kfmig:allow jwt a sample", "3 jwt|a sample;",
     "behind a statement, at the end"},
    {"/* kfmig:allow jwt a sample */\n", "1 jwt|a sample;", "a comment in C's form"},
    {"<!-- kfmig:allow jwt a sample -->\r\n", "1 jwt|a sample;", "in prose, with DOS line ends"},
    {"# kfmig:allow jwt\n", "1 jwt|;", "no reason"},
    {"-- kfmig:allow-data a list of states\n", "1 data|a list of states;", "data"},
    {"-- kfmig:allow-unparsed\n", "1 unparsed|;", "what the parser does not know"},
    {"-- kfmig:allow a one\n-- kfmig:allow b two\n", "1 a|one;2 b|two;", "two"},
    {"-- kfmig:allowed jwt x\n-- kfmig:allow\n-- kfmig:allow \n-- kfmig:allow", "", "none of them"},
    {"-- kfmig:allow x " LONG LONG LONG,
     "1 x|" LONG LONG "012345678901234567890123456789012345678901234567890123456789;",
     "a long reason is cut"},
};

int main(void)
{
    const int n = sizeof cases / sizeof cases[0];
    tap_plan(n);
    for (int i = 0; i < n; i++) {
        struct allowances l = {0};
        struct buf said = {0};
        allow_list(&arena, "f", bytes_str(cases[i].text), &l);
        for (size_t k = 0; k < l.n; k++) {
            buf_printf(&said, "%d %s|%s;", l.v[k].line, l.v[k].rule, l.v[k].reason);
        }
        is_str(buf_str(&said), cases[i].want, cases[i].name);
        buf_release(&said);
    }
    arena_release(&arena);
    return tap_done();
}
