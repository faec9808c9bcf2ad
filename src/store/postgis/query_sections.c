/* Queries of which parts can be left out. Owns: the choices made so far. */
#include "store/postgis/query_sections.h"

#include <stdio.h>
#include <string.h>

enum { CHOICES = 64, WIDE_CHOICES = 4 };

struct section_choice {
    const struct pg_sql *whole;
    struct pg_sql sql;
};

static void choose(struct buf *out, const char *text, section_keep keep, void *ctx)
{
    bool kept = true;
    for (const char *p = text; *p != '\0';) {
        size_t n = strcspn(p, "\n");
        if (strncmp(p, "--+ ", 4) == 0) {
            kept = keep(ctx, bytes_of(p + 4, n - 4));
        } else if (strncmp(p, "--.", 3) == 0) {
            kept = true;
        } else if (kept) {
            buf_add(out, p, n);
            buf_putc(out, '\n');
        }
        p += n + (p[n] == '\n' ? 1 : 0);
    }
}

const struct pg_sql *sections_choose(const struct pg_sql *whole, section_keep keep, void *ctx,
                                     bool is_wide)
{
    static struct section_choice choices[CHOICES + WIDE_CHOICES];
    static size_t n_choices;
    struct buf text = {0};
    choose(&text, whole->text, keep, ctx);
    for (size_t i = 0; i < n_choices; i++) {
        if (choices[i].whole == whole && strcmp(choices[i].sql.text, buf_str(&text)) == 0) {
            buf_release(&text);
            return &choices[i].sql;
        }
    }
    if (n_choices >= CHOICES + (is_wide ? WIDE_CHOICES : 0)) {
        buf_release(&text);
        return NULL;
    }
    size_t room = strlen(whole->name) + sizeof "_00";
    char *name = mem_alloc(room);
    (void)snprintf(name, room, "%s_%02zu", whole->name, n_choices);
    choices[n_choices] = (struct section_choice){whole, {name, text.p}};
    return &choices[n_choices++].sql;
}
