/* Help for people at a terminal, from the tables of commands and options. */
#include "command/help.h"

#include <string.h>

enum { LINE_WIDTH = 79, NAME_WIDTH = 10, OPTION_WIDTH = 24 };

const struct exit_row exit_rows[] = {
    {"0", "done"},
    {"1", "preflight failed or blocked; also: stale plan digest, not promoted, wrong database, "
          "unreachable, lint findings of check"},
    {"2", "a migration failed and was rolled back"},
    {"3", "postflight or validation failed"},
    {"4", "a rollback failed"},
    {"5", "configuration or usage error; also faults found by check"},
    {"6", "outcome in doubt"},
    {"7", "lock held by another run"},
    {"8", "integrity: ledger, receipt or key altered"},
    {"9", "a secret or restricted value was about to be written"},
    {"10", "differences found (--exit-code)"},
    {"70", "internal error"},
    {"130, 143", "interrupted, terminated"},
    {NULL, NULL},
};

/* Words of one paragraph, broken at LINE_WIDTH, each line after indent blanks; the first begins at
 * column used. */
static void put_words(struct buf *out, const char *text, size_t n, int indent, int used)
{
    int col = used;
    if (used == 0) {
        buf_printf(out, "%*s", indent, "");
        col = indent;
    }
    bool first = true;
    for (size_t i = 0; i < n;) {
        size_t len = strcspn(text + i, " \n");
        len = len > n - i ? n - i : len;
        if (len > 0) {
            if (!first && col + 1 + (int)len > LINE_WIDTH) {
                buf_printf(out, "\n%*s", indent, "");
                col = indent;
            } else if (!first) {
                buf_putc(out, ' ');
                col++;
            }
            buf_add(out, text + i, len);
            col += (int)len;
            first = false;
        }
        i += len + 1;
    }
    buf_putc(out, '\n');
}

size_t help_paragraph(const char *text)
{
    const char *end = strstr(text, "\n\n");
    return end != NULL ? (size_t)(end - text) : strlen(text);
}

void help_option_name(struct buf *out, const struct option *o)
{
    if (o->letter != 0) {
        buf_printf(out, "-%c, ", o->letter);
    }
    buf_printf(out, "--%s", o->name);
    if (o->argument != NULL) {
        buf_printf(out, o->kind == OPTION_CHOICE ? "[=%s]" : "=%s", o->argument);
    }
}

const struct option *help_option(const char *name)
{
    const struct option *o = options;
    while (o->name != NULL && strcmp(o->name, name) != 0) {
        o++;
    }
    return o->name != NULL ? o : NULL;
}

static void put_row(struct buf *out, const char *name, int width, const char *text)
{
    buf_printf(out, "  %-*s ", width, name);
    int used = (int)strlen(name) > width ? LINE_WIDTH : width + 3;
    if (used == LINE_WIDTH) {
        buf_printf(out, "\n%*s", width + 3, "");
        used = width + 3;
    }
    put_words(out, text, strlen(text), width + 3, used);
}

static void put_option(struct buf *out, const struct option *o)
{
    struct buf name = {0};
    if (o->letter == 0) {
        buf_puts(&name, "    ");
    }
    help_option_name(&name, o);
    put_row(out, buf_str(&name), OPTION_WIDTH, o->summary);
    buf_release(&name);
}

static void put_globals(struct buf *out)
{
    for (size_t i = 0; i < n_global_options; i++) {
        put_option(out, &options[i]);
    }
}

void help_overview(struct buf *out, const struct command *const *commands)
{
    buf_puts(out, "kfmig: make for migrations\n\n"
                  "usage: kfmig COMMAND [ENV] [TARGET...] [options]\n\n");
    for (size_t i = 0; commands[i] != NULL; i++) {
        put_row(out, commands[i]->name, NAME_WIDTH + 2, commands[i]->summary);
    }
    buf_puts(out, "\nA TARGET is ENV/ID@STAGE; a part of it that fits only one is enough.\n"
                  "`kfmig help COMMAND` explains a command.\n\noptions for every command:\n");
    put_globals(out);
    buf_puts(out, "\nexit status:\n");
    for (const struct exit_row *r = exit_rows; r->status != NULL; r++) {
        put_row(out, r->status, NAME_WIDTH, r->text);
    }
}

void help_command(struct buf *out, const struct command *c)
{
    buf_printf(out, "usage: kfmig %s%s%s [options]\n\n", c->name, c->synopsis[0] != '\0' ? " " : "",
               c->synopsis);
    for (const char *p = c->description; *p != '\0';) {
        size_t n = help_paragraph(p);
        put_words(out, p, n, 0, 0);
        buf_putc(out, '\n');
        p += n + strspn(p + n, "\n");
    }
    if (c->options != NULL && c->options[0] != NULL) {
        buf_puts(out, "options:\n");
        for (size_t i = 0; c->options[i] != NULL; i++) {
            put_option(out, help_option(c->options[i]));
        }
        buf_putc(out, '\n');
    }
    buf_puts(out, "options for every command:\n");
    put_globals(out);
    for (const struct example *x = c->examples; x != NULL && x->line != NULL; x++) {
        buf_printf(out, "%s  %s\n", x == c->examples ? "\nexamples:\n" : "", x->line);
        put_words(out, x->text, strlen(x->text), 6, 0);
    }
}
