/* layer: sql */
/* Any text as an SQL file: refused with a place, or statements that lie in order inside the text, where they say they lie. */
#include "fuzz.h"

#include <stdlib.h>

#include "sql/script.h"

static void check_statement(const struct script *s, const struct statement *st, size_t end)
{
    int line = 0;
    int col = 0;
    if (st->offset < end || st->offset > s->bytes.n || st->text.n > s->bytes.n - st->offset ||
        st->text.p != s->bytes.p + st->offset) {
        abort();
    }
    text_place(s->bytes, st->offset, &line, &col);
    if (line != st->line || col != st->col) {
        abort();
    }
    bool is_refused = st->kind == STATEMENT_CONTROL || st->kind == STATEMENT_NO_TRANSACTION ||
                      st->kind == STATEMENT_REFUSED;
    if (st->why == NULL || st->hint == NULL || st->tag == NULL ||
        (is_refused && st->why[0] == '\0')) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct err e = {0};
    struct script s = {0};
    struct bytes text = bytes_of((const char *)data, size);
    size_t end = 0;
    const char *what = NULL;
    if (text_check(text, &end, &what) != 0) {
        return 0;
    }
    if (script_parse(&a, "input.sql", text, &s, &e) != 0) {
        if (e.code != ERR_CONFIG || e.msg[0] == '\0' || e.where.line < 1) {
            abort();
        }
        arena_release(&a);
        return 0;
    }
    end = 0;
    for (size_t i = 0; i < s.n; i++) {
        check_statement(&s, &s.forms[i], end);
        end = s.forms[i].offset + s.forms[i].text.n;
    }
    struct digest whole = digest_of(text);
    if (!digest_eq(&whole, &s.digest)) {
        abort();
    }
    arena_release(&a);
    return 0;
}
