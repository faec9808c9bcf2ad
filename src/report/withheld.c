/* Lines without what may not be shown. */
#include "report/withheld.h"

#include <string.h>

static void put_word(struct buf *out, struct bytes line, const struct leak *leak)
{
    static const char error[] = "{\"error\"";
    if (line.n >= sizeof error - 1 && memcmp(line.p, error, sizeof error - 1) == 0) {
        buf_printf(out,
                   "{\"error\":{\"code\":\"leak\",\"message\":\"it holds %s (rule %s) and is left "
                   "out\"}}",
                   leak->what, leak->rule);
    } else if (line.p[0] == '{') {
        buf_printf(out, "{\"event\":\"withheld\",\"rule\":\"%s\"}", leak->rule);
    } else {
        buf_printf(out, "(a line with %s is left out, rule %s)", leak->what, leak->rule);
    }
}

static void put_line(struct buf *out, struct bytes line, enum leak_where where)
{
    struct buf copy = {0}; /* the rules look at what a NUL follows */
    buf_add(&copy, line.p, line.n);
    const struct leak *leak = leak_in(where, buf_str(&copy));
    if (leak != NULL) {
        put_word(out, line, leak);
    } else {
        buf_add(out, line.p, line.n);
    }
    buf_release(&copy);
}

void withheld_put(struct buf *out, struct bytes text, enum leak_where where)
{
    while (text.n > 0) {
        const char *end = memchr(text.p, '\n', text.n);
        size_t n = end != NULL ? (size_t)(end - text.p) : text.n;
        put_line(out, bytes_of(text.p, n), where);
        n += end != NULL;
        buf_puts(out, end != NULL ? "\n" : "");
        text = bytes_of(text.p + n, text.n - n);
    }
}
