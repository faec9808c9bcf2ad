/* layer: cli */
#include <stdlib.h>

#include "cli/commands.h"
#include "command/help.h"
#include "tap.h"

/* Split a line at blanks into argv. */
static int split(char *line, char **argv, int max)
{
    int n = 0;
    for (char *word = strtok(line, " "); word != NULL && n < max; word = strtok(NULL, " ")) {
        argv[n++] = word;
    }
    argv[n] = NULL;
    return n;
}

static int parse(struct arena *a, const char *line, struct request *r, struct err *e)
{
    char *argv[16];
    int argc = split(arena_strdup(a, line), argv, 15);
    *e = (struct err){0};
    return command_parse(a, commands, argc, argv, r, e);
}

/* Lines that are refused: what is said, and the hint. */
static const struct {
    const char *line, *msg, *hint;
} refused[] = {
    {"kfmig", "no command given", "`kfmig help` lists all commands"},
    {"kfmig --json", "no command given", "`kfmig help` lists all commands"},
    {"kfmig biuld dev", "unknown command \"biuld\"", "did you mean `kfmig build`?"},
    {"kfmig xyzzy", "unknown command \"xyzzy\"", "`kfmig help` lists all commands"},
    {"kfmig plan --exitcode", "unknown option \"--exitcode\"", "did you mean --exit-code?"},
    {"kfmig plan --nonsense", "unknown option \"--nonsense\"",
     "`kfmig help plan` lists its options"},
    {"kfmig plan --fix", "`kfmig plan` does not take --fix", "`kfmig help plan` lists its options"},
    {"kfmig --fix check", "--fix stands before the command", "write it after the command"},
    {"kfmig build -x", "unknown option \"-x\"", "`kfmig help build` lists its options"},
    {"kfmig build --steps", "--steps needs N", "`kfmig help build` lists its options"},
    {"kfmig build --steps=", "--steps wants a whole number, not \"\"",
     "`kfmig help build` lists its options"},
    {"kfmig build --steps=-1", "--steps wants a whole number, not \"-1\"",
     "`kfmig help build` lists its options"},
    {"kfmig build --steps=+1", "--steps wants a whole number, not \"+1\"",
     "`kfmig help build` lists its options"},
    {"kfmig build --steps=1x", "--steps wants a whole number, not \"1x\"",
     "`kfmig help build` lists its options"},
    {"kfmig build --steps=99999999999999999999",
     "--steps wants a whole number, not \"99999999999999999999\"",
     "`kfmig help build` lists its options"},
    {"kfmig build --lock-wait=5d", "--lock-wait wants a time: 30s, 10m, 1h, 0, not \"5d\"",
     "`kfmig help build` lists its options"},
    {"kfmig build --lock-wait=9223372036854775807h",
     "--lock-wait wants a time: 30s, 10m, 1h, 0, not \"9223372036854775807h\"",
     "`kfmig help build` lists its options"},
    {"kfmig build --plan=", "--plan wants text that is not empty, not \"\"",
     "`kfmig help build` lists its options"},
    {"kfmig build --dry-run=yes", "--dry-run takes no value",
     "`kfmig help build` lists its options"},
    {"kfmig plan --format=xml",
     "--format wants text, json, markdown, dot, junit, sarif or github, not \"xml\"",
     "`kfmig help plan` lists its options"},
    {"kfmig plan --format=dot", "`kfmig plan` cannot print this format",
     "`kfmig help plan` lists its options"},
    {"kfmig graph --format=markdown", "`kfmig graph` cannot print this format",
     "`kfmig help graph` lists its options"},
    {"kfmig -C", "--project needs DIR", "`kfmig help` lists all commands"},
};

static void test_refused(void)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct arena a = {0};
        struct request r;
        struct err e;
        int rc = parse(&a, refused[i].line, &r, &e);
        ok(rc == -1 && err_status(e.code) == 5, refused[i].line);
        is_str(e.msg, refused[i].msg, "it says what");
        is_str(e.hint, refused[i].hint, "and what to do");
        arena_release(&a);
    }
}

static void test_fields(void)
{
    struct arena a = {0};
    struct request r;
    struct err e;
    ok(parse(&a, "kfmig -C dir -qv build dev X --steps=3 -k --plan sha256:1 --lock-wait=90s -n", &r,
             &e) == 0,
       "a full line");
    is_str(r.command->name, "build", "the command");
    is_str(r.project, "dir", "-C DIR");
    ok(r.quiet && r.verbose && r.keep_going && r.dry_run && !r.apply, "flags, bundled and single");
    is_int(r.steps, 3, "--steps=N");
    is_str(r.plan_digest, "sha256:1", "an option's value may be the next argument");
    is_int(r.lock_wait_ms, 90000, "--lock-wait in milliseconds");
    ok(r.n_args == 2 && strcmp(r.args[0], "dev") == 0 && strcmp(r.args[1], "X") == 0,
       "the arguments");
    ok(parse(&a, "kfmig build", &r, &e) == 0 && r.lock_wait_ms == 600000 &&
           strcmp(r.project, ".") == 0 && r.n_args == 0,
       "the defaults");
    ok(parse(&a, "kfmig build --lock-wait=0", &r, &e) == 0 && r.lock_wait_ms == 0, "no waiting");
    ok(parse(&a, "kfmig build --lock-wait=250ms", &r, &e) == 0 && r.lock_wait_ms == 250,
       "milliseconds");
    ok(parse(&a, "kfmig build --lock-wait=2h", &r, &e) == 0 && r.lock_wait_ms == 7200000, "hours");
    ok(parse(&a, "kfmig build --lock-wait=5", &r, &e) == 0 && r.lock_wait_ms == 5000,
       "a bare number is seconds");
    ok(parse(&a, "kfmig -Cdir status", &r, &e) == 0 && strcmp(r.project, "dir") == 0, "-CDIR");
    ok(parse(&a, "kfmig --project=dir status", &r, &e) == 0 && strcmp(r.project, "dir") == 0,
       "--project=DIR");
    ok(parse(&a, "kfmig status --json", &r, &e) == 0 && r.format == FORMAT_JSON,
       "--json behind the command");
    ok(parse(&a, "kfmig --format=json status", &r, &e) == 0 && r.format == FORMAT_JSON,
       "--format before it");
    ok(parse(&a, "kfmig plan --format markdown", &r, &e) == 0 && r.format == FORMAT_MARKDOWN,
       "a format that plan has");
    ok(parse(&a, "kfmig graph --format=dot", &r, &e) == 0 && r.format == FORMAT_DOT,
       "a format that graph has");
    ok(parse(&a, "kfmig env psql dev -- -c --json", &r, &e) == 0 && r.n_args == 4 &&
           strcmp(r.args[3], "--json") == 0 && r.format == FORMAT_TEXT,
       "-- ends the options");
    ok(parse(&a, "kfmig why -", &r, &e) == 0 && r.n_args == 1, "a lone dash is an argument");
    ok(parse(&a, "kfmig biuld --json", &r, &e) == -1 && r.format == FORMAT_TEXT,
       "reading stops at the first mistake");
    arena_release(&a);
}

/* What is known without a plan is all that these ask for; whatever else there is asks for more. */
static void test_asks_more(void)
{
    static const char idle[] =
        "kfmig build dev -C x -q -v --show-server-text --no-color --apply -k --intent=a --pr=b "
        "--links=c=d --notes=e";
    static const char more[] = "kfmig build dev --lock-wait=1m --progress=json -j 2";
    struct arena a = {0};
    struct request r;
    struct err e;
    ok(parse(&a, idle, &r, &e) == 0 && !r.asks_more, "what is told, and how, asks for no more");
    ok(parse(&a, more, &r, &e) == 0 && !r.asks_more, "nor does how long is waited");
    ok(parse(&a, "kfmig build -kn", &r, &e) == 0 && r.asks_more, "one that does is enough");
    arena_release(&a);
}

/* Each that build takes, but for those: one that is new is among them. */
static void test_others_ask_more(void)
{
    static const char known[] = " apply keep-going intent pr links notes jobs lock-wait progress ";
    struct arena a = {0};
    struct request r;
    struct err e;
    size_t n = 0;
    for (; command_build.options[n] != NULL; n++) {
        const char *name = command_build.options[n];
        const struct option *o = help_option(name);
        const char *value = o->kind == OPTION_NUMBER ? "=1" : o->argument != NULL ? "=x" : "";
        bool is_known = strstr(known, arena_printf(&a, " %s ", name)) != NULL;
        const char *line = arena_printf(&a, "kfmig build --%s%s", name, value);
        if (!is_known && (parse(&a, line, &r, &e) != 0 || !r.asks_more)) {
            break;
        }
    }
    ok(command_build.options[n] == NULL, "every other option of build asks for more");
    ok(parse(&a, "kfmig build --format=text", &r, &e) == 0 && r.asks_more, "and each format");
    arena_release(&a);
}

static void test_help(void)
{
    struct arena a = {0};
    struct request r;
    struct err e;
    ok(parse(&a, "kfmig --help", &r, &e) == 0 && strcmp(r.command->name, "help") == 0 &&
           r.n_args == 0,
       "--help alone");
    ok(parse(&a, "kfmig build dev --help", &r, &e) == 0 && strcmp(r.command->name, "help") == 0 &&
           r.n_args == 1 && strcmp(r.args[0], "build") == 0,
       "--help of a command");
    ok(parse(&a, "kfmig -h plan", &r, &e) == 0 && strcmp(r.args[0], "plan") == 0, "-h before it");
    ok(parse(&a, "kfmig --version", &r, &e) == 0 && r.version, "--version needs no command");
    setenv("NO_COLOR", "", 1);
    ok(parse(&a, "kfmig plan", &r, &e) == 0 && r.color, "an empty NO_COLOR says nothing");
    ok(parse(&a, "kfmig plan --no-color", &r, &e) == 0 && !r.color, "--no-color");
    setenv("NO_COLOR", "1", 1);
    ok(parse(&a, "kfmig plan", &r, &e) == 0 && !r.color, "NO_COLOR");
    unsetenv("NO_COLOR");
    arena_release(&a);
}

int main(void)
{
    tap_plan(3 * (int)(sizeof refused / sizeof refused[0]) + 22 + 7 + 5);
    test_refused();
    test_fields();
    test_asks_more();
    test_others_ask_more();
    test_help();
    return tap_done();
}
