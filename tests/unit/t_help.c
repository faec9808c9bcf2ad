/* layer: cli */
#include "cli/commands.h"
#include "command/help.h"
#include "tap.h"

static size_t n_commands(void)
{
    size_t n = 0;
    while (commands[n] != NULL) {
        n++;
    }
    return n;
}

static bool fits(const char *text)
{
    for (const char *p = text; *p != '\0';) {
        size_t n = strcspn(p, "\n");
        if (n > 100) {
            printf("# too long: %.*s\n", (int)n, p);
            return false;
        }
        p += n + (p[n] == '\n');
    }
    return true;
}

static bool options_exist(const struct command *c)
{
    for (size_t i = 0; c->options != NULL && c->options[i] != NULL; i++) {
        if (help_option(c->options[i]) == NULL) {
            printf("# no option %s\n", c->options[i]);
            return false;
        }
    }
    return true;
}

/* An example must be a line that the parser takes. */
static bool examples_parse(const struct command *c)
{
    for (const struct example *x = c->examples; x != NULL && x->line != NULL; x++) {
        struct arena a = {0};
        struct request r;
        struct err e = {0};
        char *argv[32];
        int argc = 0;
        char *line = arena_strndup(&a, x->line, strcspn(x->line, "|>"));
        for (char *word = strtok(line, " "); word != NULL && argc < 31; word = strtok(NULL, " ")) {
            argv[argc++] = word;
        }
        bool good = command_parse(&a, commands, argc, argv, &r, &e) == 0 && r.command == c;
        if (!good) {
            printf("# %s: %s\n", x->line, e.msg);
        }
        arena_release(&a);
        if (!good) {
            return false;
        }
    }
    return c->examples != NULL;
}

static void test_tables(void)
{
    for (size_t i = 0; commands[i] != NULL; i++) {
        const struct command *c = commands[i];
        struct buf out = {0};
        help_command(&out, c);
        ok(fits(buf_str(&out)), c->name);
        ok(options_exist(c), "its options exist");
        ok(examples_parse(c), "its examples are lines that it takes");
        size_t n = strlen(c->summary);
        ok(n > 0 && c->summary[n - 1] == '.' && n < 72, "its summary is one short sentence");
        buf_release(&out);
    }
}

static void test_overview(void)
{
    struct buf out = {0};
    help_overview(&out, commands);
    bool all = true;
    for (size_t i = 0; commands[i] != NULL; i++) {
        struct buf line = {0};
        buf_printf(&line, "\n  %-12s %.40s", commands[i]->name, commands[i]->summary);
        all = all && strstr(buf_str(&out), buf_str(&line)) != NULL;
        buf_release(&line);
    }
    ok(all, "the overview has a line for every command");
    ok(fits(buf_str(&out)), "and no long line");
    ok(strstr(buf_str(&out), "\n  -C, --project=DIR        work on the project in DIR instead of "
                             "the current\n                           directory\n") != NULL,
       "an option, its text broken and indented");
    ok(strstr(buf_str(&out), "\n  130, 143   interrupted, terminated\n") != NULL,
       "the exit statuses");
    buf_release(&out);
}

static const struct example sample_examples[] = {{"kfmig sample -n", "does it"}, {NULL, NULL}};
static const char *const sample_options[] = {"dry-run", NULL};
static const struct command sample = {
    .name = "sample",
    .synopsis = "[ENV]",
    .summary = "Do it.",
    .description = "First\nparagraph.\n\n.Second 'one' with a \\ and a-b.",
    .options = sample_options,
    .examples = sample_examples,
};

static void test_command(void)
{
    struct buf out = {0};
    help_command(&out, &sample);
    ok(strncmp(buf_str(&out),
               "usage: kfmig sample [ENV] [options]\n\nFirst paragraph.\n\n.Second 'one' with a \\ "
               "and a-b.\n\noptions:\n  -n, --dry-run            show the plan and run "
               "nothing\n\noptions for every command:\n",
               205 - 26) == 0,
       "help for a command begins with its usage");
    ok(strstr(buf_str(&out), "\nexamples:\n  kfmig sample -n\n      does it\n") != NULL,
       "and ends with its examples");
    buf_release(&out);
}

static void test_man(void)
{
    struct buf out = {0};
    help_man_command(&out, &sample);
    ok(strstr(buf_str(&out), ".TH KFMIG\\-SAMPLE 1 \"\" \"kfmig " KFMIG_VERSION
                             "\" \"kfmig manual\"\n.SH NAME\nkfmig\\-sample \\- do it\n") != NULL,
       "the head of a manual page");
    ok(strstr(buf_str(&out), "\n.PP\n\\&.Second 'one' with a \\e and a\\-b.\n") != NULL,
       "what is special to man(7) is escaped");
    ok(strstr(buf_str(&out), ".TP\n.B \\-n, \\-\\-dry\\-run\nshow the plan and run nothing\n") !=
           NULL,
       "an option");
    ok(strstr(buf_str(&out), ".SH EXAMPLES\n.TP\n.B kfmig sample \\-n\ndoes it\n") != NULL,
       "an example");
    buf_clear(&out);
    help_man(&out, commands);
    ok(strstr(buf_str(&out), ".TH KFMIG 1 ") != NULL &&
           strstr(buf_str(&out), ".BR kfmig\\-build (1)\n") != NULL &&
           strstr(buf_str(&out), ".SH EXIT STATUS\n") != NULL,
       "kfmig(1) lists commands and exit statuses");
    buf_release(&out);
}

int main(void)
{
    tap_plan(4 * (int)n_commands() + 4 + 2 + 5);
    test_tables();
    test_overview();
    test_command();
    test_man();
    return tap_done();
}
