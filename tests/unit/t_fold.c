/* layer: report */
/* Lines folded for a terminal: nothing lost, nothing wider that has a blank to break at. */
#include <string.h>

#include "report/fold.h"
#include "tap.h"

static const struct {
    const char *name, *text;
    size_t width;
    const char *want;
} rows[] = {
    {"nothing", "", 30, ""},
    {"it fits", "one two\n", 30, "one two\n"},
    {"it just fits", "123456789 123456789 123456789.\n", 30, "123456789 123456789 123456789.\n"},
    {"by one it does not", "123456789 123456789 1234567890.\n", 30,
     "123456789 123456789\n    1234567890.\n"},
    {"more than twice", "aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd eeeeeeeee", 24,
     "aaaaaaaaa bbbbbbbbb\n    ccccccccc ddddddddd\n    eeeeeeeee"},
    {"behind its indent", "  aaaaaaaaa bbbbbbbbb ccccccccc\n", 24,
     "  aaaaaaaaa bbbbbbbbb\n      ccccccccc\n"},
    {"an indent that leaves no room", "                    aaaaaaaaa bbbbbbbbb\n", 24,
     "                    aaaaaaaaa\n            bbbbbbbbb\n"},
    {"a word that is too long stays whole", "aaaa sha256:0123456789abcdef0123456789abcdef bbbb\n",
     24, "aaaa sha256:0123456789abcdef0123456789abcdef\n    bbbb\n"},
    {"columns of a table keep their blanks", "aaaa    bbbb\n", 24, "aaaa    bbbb\n"},
    {"blanks at the break go", "aaaaaaaaaaaaaaaa      bbbbbbbb\n", 24,
     "aaaaaaaaaaaaaaaa\n    bbbbbbbb\n"},
    {"only lines that are too long", "a b\naaaaaaaaa bbbbbbbbb ccccccccc\nc d\n", 24,
     "a b\naaaaaaaaa bbbbbbbbb\n    ccccccccc\nc d\n"},
    {"letters, not bytes", "ääääääääää öööööööööö\n", 24, "ääääääääää öööööööööö\n"},
    {"colours count as nothing", "\033[31maaaaaaaaa\033[0m bbbbbbbbb cc\n", 24,
     "\033[31maaaaaaaaa\033[0m bbbbbbbbb cc\n"},
    {"and are not torn", "aaaaaaaaaaaaaaaa \033[31mbbbbbbbbb\033[0m\n", 24,
     "aaaaaaaaaaaaaaaa\n    \033[31mbbbbbbbbb\033[0m\n"},
    {"no terminal is that narrow", "aaaaaaaaa bbbbbbbbb ccccccccc\n", 19,
     "aaaaaaaaa bbbbbbbbb ccccccccc\n"},
    {"empty lines stay", "\n\naaa\n\n", 24, "\n\naaa\n\n"},
};

int main(void)
{
    size_t n = sizeof rows / sizeof rows[0];
    tap_plan((int)n);
    for (size_t i = 0; i < n; i++) {
        struct buf out = {0};
        fold(&out, bytes_str(rows[i].text), rows[i].width);
        is_str(buf_str(&out), rows[i].want, rows[i].name);
        buf_release(&out);
    }
    return tap_done();
}
