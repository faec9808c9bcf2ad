/* Manual pages, man(7) source, from the same tables as the help. */
#include <string.h>

#include "command/help.h"

/* A hyphen that a reader may copy is "\-"; a backslash "\e"; a line may not begin with a control
 * character. */
static void put_text(struct buf *out, const char *s, size_t n)
{
    bool start = out->n == 0 || out->p[out->n - 1] == '\n';
    for (size_t i = 0; i < n; i++) {
        if (start && (s[i] == '.' || s[i] == '\'')) {
            buf_puts(out, "\\&");
        }
        if (s[i] == '-') {
            buf_puts(out, "\\-");
        } else if (s[i] == '\\') {
            buf_puts(out, "\\e");
        } else {
            buf_putc(out, s[i]);
        }
        start = s[i] == '\n';
    }
}

static void puts_text(struct buf *out, const char *s)
{
    put_text(out, s, strlen(s));
}

/* NAME wants a phrase, the list of commands a sentence: "Make a project." -> "make a project". */
static void put_phrase(struct buf *out, const char *s)
{
    size_t n = strlen(s);
    char first = s[0] >= 'A' && s[0] <= 'Z' ? (char)(s[0] - 'A' + 'a') : s[0];
    put_text(out, &first, 1);
    put_text(out, s + 1, n - 1 - (s[n - 1] == '.'));
}

static void put_head(struct buf *out, const struct command *c)
{
    buf_puts(out, ".\\\" Made by `kfmig help --man`; do not edit.\n.TH KFMIG");
    buf_puts(out, c != NULL ? "\\-" : "");
    for (const char *p = c != NULL ? c->name : ""; *p != '\0'; p++) {
        buf_putc(out, *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p);
    }
    buf_puts(out, " 1 \"\" \"kfmig " KFMIG_VERSION "\" \"kfmig manual\"\n.SH NAME\nkfmig");
    if (c != NULL) {
        buf_printf(out, "\\-%s", c->name);
    }
    buf_puts(out, " \\- ");
    put_phrase(out, c != NULL ? c->summary : "make for migrations");
    buf_putc(out, '\n');
}

static void put_option(struct buf *out, const struct option *o)
{
    struct buf name = {0};
    help_option_name(&name, o);
    buf_puts(out, ".TP\n.B ");
    puts_text(out, buf_str(&name));
    buf_putc(out, '\n');
    puts_text(out, o->summary);
    buf_putc(out, '\n');
    buf_release(&name);
}

static void put_globals(struct buf *out)
{
    for (size_t i = 0; i < n_global_options; i++) {
        put_option(out, &options[i]);
    }
}

static void put_exit_status(struct buf *out)
{
    buf_puts(out, ".SH EXIT STATUS\n");
    for (const struct exit_row *r = exit_rows; r->status != NULL; r++) {
        buf_printf(out, ".TP\n.B %s\n", r->status);
        puts_text(out, r->text);
        buf_putc(out, '\n');
    }
}

static void put_overview(struct buf *out, const struct command *const *commands)
{
    buf_puts(out, ".SH SYNOPSIS\n.B kfmig\n.I COMMAND\n[\\fIENV\\fR] [\\fITARGET\\fR...] "
                  "[\\fIoptions\\fR]\n.SH DESCRIPTION\n");
    puts_text(out, "A project declares its migrations in files; kfmig turns them into one graph of "
                   "targets per environment, compares "
                   "it with what each database says has been done, and runs only what is stale. "
                   "Everything that a migration "
                   "changes is observed and compared with what it declares before it is committed, "
                   "and each run leaves a receipt.\n");
    buf_puts(out, ".PP\n");
    puts_text(out, "A target is named ENV/ID@STAGE. The stages of a migration are declaration, "
                   "pre, apply, post, diff, invariants "
                   "and receipt. A part of a name that fits only one target is enough.\n");
    buf_puts(out, ".SH COMMANDS\n");
    for (size_t i = 0; commands[i] != NULL; i++) {
        buf_printf(out, ".TP\n.BR kfmig\\-%s (1)\n", commands[i]->name);
        puts_text(out, commands[i]->summary);
        buf_putc(out, '\n');
    }
    buf_puts(out, ".SH OPTIONS\n");
    put_globals(out);
    put_exit_status(out);
    static const char *const files[][2] = {
        {"registry/environments.v1.yml", "environments, their stores, promotion order, policy"},
        {"registry/migrations.v1.json", "ids, types, owners and status of the migrations"},
        {"migrations/postgis/ID/", "a migration: migration.yml, forward.sql, rollback.sql, "
                                   "notes.md, and the evidence of its run"},
        {"migrations/postgis/repeatable/NAME.sql",
         "a definition that is made again whenever its text changes"},
        {"tests/seeds/, tests/workload.yml", "what `kfmig test` loads, and runs beside migrations"},
        {"state/",
         "the cache and the embedded server; receipts that are still owed to a ledger; reports "
         "of preflight and postflight, in logs/; backups, in backups/"},
    };
    buf_puts(out, ".SH FILES\n");
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        buf_puts(out, ".TP\n.I ");
        puts_text(out, files[i][0]);
        buf_putc(out, '\n');
        puts_text(out, files[i][1]);
        buf_putc(out, '\n');
    }
    buf_puts(out, ".SH ENVIRONMENT\n.TP\n.B DATABASE_URL\n"
                  "The connection string of a project without registry/environments.v1.yml; else "
                  "the variables that its dsn_ref name.\n"
                  ".TP\n.B NO_COLOR\nIf set and not empty, nothing is printed in colour.\n");
}

static void put_command(struct buf *out, const struct command *c)
{
    buf_printf(out, ".SH SYNOPSIS\n.B kfmig %s\n", c->name);
    if (c->synopsis[0] != '\0') {
        puts_text(out, c->synopsis);
        buf_putc(out, '\n');
    }
    buf_puts(out, "[\\fIoptions\\fR]\n.SH DESCRIPTION\n");
    for (const char *p = c->description; *p != '\0';) {
        size_t n = help_paragraph(p);
        buf_puts(out, p == c->description ? "" : ".PP\n");
        put_text(out, p, n);
        buf_putc(out, '\n');
        p += n + strspn(p + n, "\n");
    }
    buf_puts(out, ".SH OPTIONS\n");
    for (size_t i = 0; c->options != NULL && c->options[i] != NULL; i++) {
        put_option(out, help_option(c->options[i]));
    }
    put_globals(out);
    for (const struct example *x = c->examples; x != NULL && x->line != NULL; x++) {
        buf_puts(out, x == c->examples ? ".SH EXAMPLES\n" : "");
        buf_puts(out, ".TP\n.B ");
        puts_text(out, x->line);
        buf_putc(out, '\n');
        puts_text(out, x->text);
        buf_putc(out, '\n');
    }
    buf_puts(out, ".SH SEE ALSO\n.BR kfmig (1)\n");
}

void help_man(struct buf *out, const struct command *const *commands)
{
    put_head(out, NULL);
    put_overview(out, commands);
}

void help_man_command(struct buf *out, const struct command *c)
{
    put_head(out, c);
    put_command(out, c);
}
