/* The table of options, and the command line read by it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command/command.h"

enum { LOCK_WAIT_MS = 600 * 1000 };

#define FIELD(name) offsetof(struct request, name)

const struct option options[] = {
    {"project", 'C', OPTION_TEXT, "DIR",
     "work on the project in DIR instead of the current directory", FIELD(project)},
    {"json", 0, OPTION_FORMAT, NULL, "print JSON; the same as --format=json", FIELD(format)},
    {"format", 0, OPTION_FORMAT, "FORMAT",
     "print text, json, markdown (plan), dot (graph), junit (test, lint), sarif or github (lint)",
     FIELD(format)},
    {"quiet", 'q', OPTION_FLAG, NULL, "print no progress", FIELD(quiet)},
    {"verbose", 'v', OPTION_FLAG, NULL, "print more", FIELD(verbose)},
    {"show-server-text", 0, OPTION_FLAG, NULL,
     "on a terminal, show server messages that may quote row data", FIELD(show_server_text)},
    {"no-color", 0, OPTION_FLAG, NULL, "print no colour; the same as NO_COLOR=1", FIELD(no_color)},
    {"help", 'h', OPTION_FLAG, NULL, "print help", FIELD(help)},
    {"version", 0, OPTION_FLAG, NULL, "print the version", FIELD(version)},
    {"dry-run", 'n', OPTION_FLAG, NULL, "show the plan and run nothing", FIELD(dry_run)},
    {"apply", 0, OPTION_FLAG, NULL,
     "run in a protected environment without asking; migrate-safe: run what is pending",
     FIELD(apply)},
    {"plan", 0, OPTION_TEXT, "DIGEST", "run exactly the plan with this digest, or nothing",
     FIELD(plan_digest)},
    {"key", 0, OPTION_TEXT, "FILE",
     "the SSH key to sign with: private, or the .pub file of one that an agent or a token holds "
     "(default: KFMIG_KEY)",
     FIELD(key)},
    {"expires", 0, OPTION_TEXT, "TIME",
     "how long the approval counts: 14d (default: as long as what it is over)", FIELD(expires)},
    {"waive", 0, OPTION_TEXT, "WHAT,...",
     "what it lets through besides: limits, protected (of a migration), force, skip-backup (of a "
     "plan)",
     FIELD(waive)},
    {"steps", 0, OPTION_NUMBER, "N",
     "run at most N migrations; 0: run nothing; rollback: the last N (1)", FIELD(steps)},
    {"keep-going", 'k', OPTION_FLAG, NULL, "after a failure go on with what does not depend on it",
     FIELD(keep_going)},
    {"intent", 0, OPTION_TEXT, "TEXT", "what the run is for, for its receipts", FIELD(said.intent)},
    {"pr", 0, OPTION_TEXT, "TEXT", "the pull request that it belongs to", FIELD(said.pr)},
    {"links", 0, OPTION_TEXT, "LINKS", "where more is said: \"NAME=URL NAME=URL\"",
     FIELD(said.links)},
    {"notes", 0, OPTION_TEXT, "TEXT", "what else the receipts shall say", FIELD(said.notes)},
    {"lock-wait", 0, OPTION_DURATION, "TIME",
     "wait this long for another run to end (default 10m), and for what others have locked and is "
     "to "
     "be read (30s)",
     FIELD(lock_wait_ms)},
    {"progress", 0, OPTION_PROGRESS, "FORMAT",
     "tell what happens on stderr as text, or json: one object a line", FIELD(progress_json)},
    {"upgrade", 0, OPTION_FLAG, NULL,
     "take only what another major version of the server reads differently", FIELD(upgrade)},
    {"exit-code", 0, OPTION_FLAG, NULL, "exit with 10 if something would run or differs",
     FIELD(exit_code)},
    {"fix", 0, OPTION_FLAG, NULL,
     "correct registry/migrations.v1.json and the meta/ of flat folders; lint: the files",
     FIELD(fix)},
    {"embedded", 0, OPTION_FLAG, NULL, "declare the embedded server instead of DATABASE_URL",
     FIELD(embedded)},
    {"layout", 0, OPTION_TEXT, "NAME",
     "how migrations are kept: bundle, timestamped, versioned, numbered, paired", FIELD(layout)},
    {"data", 0, OPTION_TEXT, "TABLE,...", "keep the rows of these tables of a pg_dump",
     FIELD(data)},
    {"migration", 0, OPTION_TEXT, "ID",
     "take this migration for applied if it is what stands there", FIELD(migration)},
    {"new", 0, OPTION_FLAG, NULL, "make a migration that does what differs", FIELD(new_bundle)},
    {"observed", 0, OPTION_FLAG, NULL, "take what the last run was seen to do", FIELD(observed)},
    {"from", 0, OPTION_TEXT, "FILE", "take the SQL from FILE and its scope from the SQL",
     FIELD(from)},
    {"to", 0, OPTION_TEXT, "DIR|ID",
     "write below DIR instead of into the bundles; rollback: what was applied after ID", FIELD(to)},
    {"exact", 0, OPTION_FLAG, NULL,
     "another order of columns or of an enum's values is not as before", FIELD(exact)},
    {"with-dependants", 0, OPTION_FLAG, NULL, "and first what depends on it",
     FIELD(with_dependants)},
    {"canonical", 0, OPTION_FLAG, NULL, "the bytes that were hashed, and nothing else",
     FIELD(canonical)},
    {"shape", 0, OPTION_TEXT, "SHAPE", "receipts as others read them: prov, runbook or ci",
     FIELD(shape)},
    {"offline", 0, OPTION_FLAG, NULL,
     "look at the files of the receipt sink alone, and ask no database", FIELD(offline)},
    {"dataset-version", 0, OPTION_TEXT, "ID", "the dataset version whose projections are meant",
     FIELD(dataset_version)},
    {"projection", 0, OPTION_TEXT, "NAME", "only this projection", FIELD(projection)},
    {"all", 0, OPTION_FLAG, NULL, "all of them", FIELD(all)},
    {"given-up", 0, OPTION_CHOICE, "NAME",
     "drop projections that are no longer declared, or only this one, with their schemas",
     FIELD(given_up)},
    {"write", 0, OPTION_FLAG, NULL, "write the files into the bundle", FIELD(write)},
    {"yes", 0, OPTION_FLAG, NULL, "do it without asking", FIELD(yes)},
    {"verify", 0, OPTION_FLAG, NULL, "compare the content, too", FIELD(verify)},
    {"new-database", 0, OPTION_FLAG, NULL,
     "make a lost database again, in one that is missing or empty", FIELD(new_database)},
    {"drill", 0, OPTION_FLAG, NULL, "do so in a throwaway database, and compare with the live one",
     FIELD(drill)},
    {"template", 0, OPTION_TEXT, "DATABASE",
     "create the database from this one, not from template1", FIELD(template_db)},
    {"server", 0, OPTION_TEXT, "REF",
     "make throwaway databases on the server that this variable or file leads to", FIELD(server)},
    {"time-limit", 0, OPTION_DURATION, "TIME", "how long a migration may take (default 30s)",
     FIELD(time_limit_ms)},
    {"jobs", 'j', OPTION_NUMBER, "N",
     "how many sessions fill and prove a projection at once (default: one per processor, at most "
     "8; one for artifacts under 8 MiB); test: how many databases are worked on (at most 4)",
     FIELD(jobs)},
    {"expect", 0, OPTION_TEXT, "ID", "the migration that is to be the last one applied",
     FIELD(expect)},
    {"confirm", 0, OPTION_TEXT, "ITEM,...",
     "record that these items of the checklist are confirmed, for the present plan",
     FIELD(confirm)},
    {"prune", 0, OPTION_FLAG, NULL, "drop what definitions made whose files are gone",
     FIELD(prune)},
    {"skip-backup", 0, OPTION_FLAG, NULL, "make no backup first; receipts name it",
     FIELD(skip_backup)},
    {"force", 0, OPTION_FLAG, NULL,
     "let windows, freezes and the checklist through; receipts name them", FIELD(force)},
    {"preflight", 0, OPTION_FLAG, NULL, "look whether the database may be changed now",
     FIELD(preflight)},
    {"postflight", 0, OPTION_FLAG, NULL, "look whether all is well after it was changed",
     FIELD(postflight)},
    {"rollback", 0, OPTION_FLAG, NULL, "take the last migration back, or the last --steps=N",
     FIELD(rollback)},
    {"as", 0, OPTION_TEXT, "applied|absent",
     "what came of it: it counts as done, or did not happen", FIELD(as)},
    {"check", 0, OPTION_TEXT, "FILE", "compare with this dump, and exit with 10 if it differs",
     FIELD(check)},
    {"timeout", 0, OPTION_DURATION, "TIME", "give up after this long (default 1m)",
     FIELD(timeout_ms)},
    {"changed-since", 0, OPTION_TEXT, "REF", "only what changed since that commit of git",
     FIELD(changed_since)},
    {"write-baseline", 0, OPTION_FLAG, NULL,
     "keep what is found in registry/lint.v1.json, and tell it no more", FIELD(write_baseline)},
    {"server-version", 0, OPTION_NUMBER, "N", "only what concerns that major version of PostgreSQL",
     FIELD(server_version)},
    {"strict", 0, OPTION_FLAG, NULL, "exit with 1 for warnings, too", FIELD(strict)},
    {"rules", 0, OPTION_FLAG, NULL, "list the rules", FIELD(rules)},
    {"explain", 0, OPTION_TEXT, "RULE", "what a rule is about, with examples", FIELD(explain)},
    {"man", 0, OPTION_FLAG, NULL, "print the source of a manual page", FIELD(man)},
    {NULL, 0, OPTION_FLAG, NULL, NULL, 0},
};
const size_t n_global_options = 9;

/* Where there is nothing to do these make no difference. A new option makes one until it stands here. */
static const char *const idle_options[] = {
    "project",    "quiet",  "verbose",   "show-server-text", "no-color", "apply",
    "keep-going", "intent", "lock-wait", "progress",         "links",    "notes",
    "pr",         "jobs",   NULL};

/* One pass over argv. */
struct parser {
    const struct command *const *commands;
    int argc;
    char **argv;
    int at;
    struct request *out;
    struct err *e;
};

static void *field_of(struct request *r, const struct option *o)
{
    return (char *)r + o->offset;
}

static bool takes(const struct command *c, const struct option *o)
{
    if ((size_t)(o - options) < n_global_options) {
        return true;
    }
    for (size_t i = 0; c != NULL && c->options != NULL && c->options[i] != NULL; i++) {
        if (strcmp(c->options[i], o->name) == 0) {
            return true;
        }
    }
    return false;
}

static bool asks_more(const struct option *o)
{
    for (size_t i = 0; idle_options[i] != NULL; i++) {
        if (strcmp(idle_options[i], o->name) == 0) {
            return false;
        }
    }
    return true;
}

static int hint_help(struct err *e, const struct command *c)
{
    return c != NULL ? err_hint(e, "`kfmig help %s` lists its options", c->name)
                     : err_hint(e, "`kfmig help` lists all commands");
}

static int unknown_option(struct parser *p, const char *name, size_t n)
{
    const char *near = NULL;
    size_t best = SIZE_MAX;
    for (const struct option *o = options; o->name != NULL; o++) {
        size_t d = text_distance(bytes_of(name, n), bytes_str(o->name));
        if (takes(p->out->command, o) && d < best &&
            text_is_near(bytes_of(name, n), bytes_str(o->name))) {
            best = d;
            near = o->name;
        }
    }
    err_set(p->e, ERR_CONFIG, "unknown option \"--%.*s\"", (int)n, name);
    return near != NULL ? err_hint(p->e, "did you mean --%s?", near)
                        : hint_help(p->e, p->out->command);
}

static int read_number(const char *text, int64_t *out)
{
    char *end = NULL;
    errno = 0;
    long long v = strtoll(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || errno != 0 || *end != '\0') {
        return -1;
    }
    *out = v;
    return 0;
}

static int read_duration(const char *text, int64_t *out)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
    char *end = NULL;
    errno = 0;
    long long v = strtoll(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || errno != 0) {
        return -1;
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(end, units[i].unit) == 0 && v <= INT64_MAX / units[i].ms) {
            *out = v * units[i].ms;
            return 0;
        }
    }
    return -1;
}

static int read_format(const char *text, enum format *out)
{
    static const char *const names[] = {
        [FORMAT_TEXT] = "text",    [FORMAT_JSON] = "json",   [FORMAT_MARKDOWN] = "markdown",
        [FORMAT_DOT] = "dot",      [FORMAT_JUNIT] = "junit", [FORMAT_SARIF] = "sarif",
        [FORMAT_GITHUB] = "github"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], text) == 0) {
            *out = (enum format)i;
            return 0;
        }
    }
    return -1;
}

static int read_progress(const char *text, bool *is_json)
{
    *is_json = strcmp(text, "json") == 0;
    return *is_json || strcmp(text, "text") == 0 ? 0 : -1;
}

static const char *expected(enum option_kind k)
{
    static const char *const words[] = {[OPTION_FLAG] = "nothing",
                                        [OPTION_TEXT] = "text that is not empty",
                                        [OPTION_NUMBER] = "a whole number",
                                        [OPTION_DURATION] = "a time: 30s, 10m, 1h, 0",
                                        [OPTION_FORMAT] =
                                            "text, json, markdown, dot, junit, sarif or github",
                                        [OPTION_PROGRESS] = "text or json",
                                        [OPTION_CHOICE] = "a name, or no \"=\""};
    return words[k];
}

static int set_value(struct parser *p, const struct option *o, const char *value)
{
    void *field = field_of(p->out, o);
    int rc = 0;
    switch (o->kind) {
    case OPTION_FLAG:
        *(bool *)field = true;
        break;
    case OPTION_CHOICE:
    case OPTION_TEXT:
        *(const char **)field = value;
        rc = value[0] == '\0' ? -1 : 0;
        break;
    case OPTION_NUMBER:
        rc = read_number(value, field);
        break;
    case OPTION_DURATION:
        rc = read_duration(value, field);
        break;
    case OPTION_FORMAT:
        rc = read_format(value, field);
        break;
    case OPTION_PROGRESS:
        rc = read_progress(value, field);
        break;
    }
    if (rc != 0) {
        err_set(p->e, ERR_CONFIG, "--%s wants %s, not \"%s\"", o->name, expected(o->kind), value);
        return hint_help(p->e, p->out->command);
    }
    return 0;
}

/* value: what follows "=" or the letter; NULL: look at the next argument if one is needed. */
static int use_option(struct parser *p, const struct option *o, const char *value)
{
    const struct command *c = p->out->command;
    if (!takes(c, o)) {
        if (c == NULL) {
            err_set(p->e, ERR_CONFIG, "--%s stands before the command", o->name);
            return err_hint(p->e, "write it after the command");
        }
        err_set(p->e, ERR_CONFIG, "`kfmig %s` does not take --%s", c->name, o->name);
        return hint_help(p->e, c);
    }
    p->out->asks_more = p->out->asks_more || asks_more(o);
    if (o->argument == NULL) {
        if (value != NULL) {
            err_set(p->e, ERR_CONFIG, "--%s takes no value", o->name);
            return hint_help(p->e, p->out->command);
        }
        return set_value(p, o, o->kind == OPTION_FORMAT ? "json" : "");
    }
    if (value == NULL && o->kind == OPTION_CHOICE) {
        *(const char **)field_of(p->out, o) = "";
        return 0;
    }
    if (value == NULL) {
        if (p->at + 1 >= p->argc) {
            err_set(p->e, ERR_CONFIG, "--%s needs %s", o->name, o->argument);
            return hint_help(p->e, p->out->command);
        }
        value = p->argv[++p->at];
    }
    return set_value(p, o, value);
}

static int read_long(struct parser *p, const char *text)
{
    size_t n = strcspn(text, "=");
    for (const struct option *o = options; o->name != NULL; o++) {
        if (strlen(o->name) == n && strncmp(o->name, text, n) == 0) {
            return use_option(p, o, text[n] == '=' ? text + n + 1 : NULL);
        }
    }
    return unknown_option(p, text, n);
}

/* "-qv", "-C DIR", "-CDIR". */
static int read_letters(struct parser *p, const char *text)
{
    for (size_t i = 0; text[i] != '\0'; i++) {
        const struct option *o = options;
        while (o->name != NULL && o->letter != text[i]) {
            o++;
        }
        if (o->name == NULL) {
            err_set(p->e, ERR_CONFIG, "unknown option \"-%c\"", text[i]);
            return hint_help(p->e, p->out->command);
        }
        bool rest = o->argument != NULL && text[i + 1] != '\0';
        if (use_option(p, o, rest ? text + i + 1 : NULL) != 0) {
            return -1;
        }
        if (o->argument != NULL) {
            return 0;
        }
    }
    return 0;
}

static int find_verb(struct parser *p, const char *name)
{
    const char *near = NULL;
    size_t best = SIZE_MAX;
    for (const struct command *const *c = p->commands; *c != NULL; c++) {
        if (strcmp((*c)->name, name) == 0) {
            p->out->command = *c;
            return 0;
        }
        size_t d = text_distance(bytes_str(name), bytes_str((*c)->name));
        if (d < best && text_is_near(bytes_str(name), bytes_str((*c)->name))) {
            best = d;
            near = (*c)->name;
        }
    }
    err_set(p->e, ERR_CONFIG, "unknown command \"%s\"", name);
    return near != NULL ? err_hint(p->e, "did you mean `kfmig %s`?", near) : hint_help(p->e, NULL);
}

static int read_one(struct parser *p, bool *only_args)
{
    const char *text = p->argv[p->at];
    if (*only_args || text[0] != '-' || text[1] == '\0') {
        if (p->out->command == NULL) {
            return find_verb(p, text);
        }
        p->out->args[p->out->n_args++] = text;
        return 0;
    }
    if (text[1] != '-') {
        return read_letters(p, text + 1);
    }
    if (text[2] == '\0') {
        *only_args = true;
        return 0;
    }
    return read_long(p, text + 2);
}

/* --help after a verb asks for help about that verb. */
static int settle(struct parser *p)
{
    struct request *r = p->out;
    const struct command *c = r->command;
    if (r->version) {
        return 0;
    }
    if (r->help) {
        r->n_args = 0;
        if (c != NULL) {
            r->args[r->n_args++] = c->name;
        }
        return find_verb(p, "help");
    }
    if (c == NULL) {
        err_set(p->e, ERR_CONFIG, "no command given");
        return hint_help(p->e, NULL);
    }
    if (r->format != FORMAT_TEXT && r->format != FORMAT_JSON &&
        (c->formats & 1U << r->format) == 0) {
        err_set(p->e, ERR_CONFIG, "`kfmig %s` cannot print this format", c->name);
        return hint_help(p->e, c);
    }
    return 0;
}

int command_parse(struct arena *a, const struct command *const *commands, int argc, char **argv,
                  struct request *out, struct err *e)
{
    const char *no_color = getenv("NO_COLOR");
    *out = (struct request){.project = ".", .lock_wait_ms = -1, .steps = -1, .timeout_ms = -1};
    out->args = ARENA_ARRAY(a, const char *, (size_t)argc + 1);
    struct parser p = {
        .commands = commands, .argc = argc, .argv = argv, .at = 1, .out = out, .e = e};
    bool only_args = false;
    int rc = 0;
    for (; rc == 0 && p.at < argc; p.at++) {
        rc = read_one(&p, &only_args);
    }
    out->look_wait_ms = out->lock_wait_ms == 0 ? 1 : out->lock_wait_ms > 0 ? out->lock_wait_ms : 0;
    out->lock_wait_ms = out->lock_wait_ms < 0 ? LOCK_WAIT_MS : out->lock_wait_ms;
    out->color = !out->no_color && (no_color == NULL || no_color[0] == '\0');
    return rc == 0 ? settle(&p) : -1;
}
