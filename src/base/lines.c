/* Where lines begin. */
#include "base/lines.h"

enum { BLOCK = 256 };

/* As text_place() and the server count: CR LF is one end of line, a lone CR is one too. */
static bool ends_line(struct bytes text, size_t i)
{
    return text.p[i] == '\n' || (text.p[i] == '\r' && (i + 1 == text.n || text.p[i + 1] != '\n'));
}

static void advance(struct bytes text, size_t from, size_t to, struct line_mark *m)
{
    for (size_t i = from; i < to; i++) {
        if (ends_line(text, i)) {
            m->line++;
            m->start = (uint32_t)(i + 1);
        }
    }
}

void lines_find(struct arena *a, struct bytes text, struct lines *out)
{
    size_t n = text.n / BLOCK + 1;
    struct line_mark *marks = ARENA_ARRAY(a, struct line_mark, n);
    struct line_mark m = {1, 0};
    for (size_t i = 0; i < n; i++) {
        marks[i] = m;
        advance(text, i * BLOCK, i + 1 < n ? (i + 1) * BLOCK : text.n, &m);
    }
    *out = (struct lines){text, marks};
}

void lines_place(const struct lines *l, size_t offset, int *line, int *col)
{
    struct line_mark m = l->marks[offset / BLOCK];
    advance(l->text, offset - offset % BLOCK, offset, &m);
    *line = (int)m.line;
    *col = (int)(offset - m.start) + 1;
}
