/* The command line: commands and options as tables. Parsing, help, man pages and the manual all come
 * from them. Owns: struct command, struct option, struct request. One file per verb
 * (cli/cmd_<verb>.c) defines its `const struct command`; cli/commands.c lists them. */
#ifndef KFMIG_COMMAND_COMMAND_H
#define KFMIG_COMMAND_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "model/account.h"

enum format {
    FORMAT_TEXT,
    FORMAT_JSON,
    FORMAT_MARKDOWN,
    FORMAT_DOT,
    FORMAT_JUNIT,
    FORMAT_SARIF,
    FORMAT_GITHUB
};

/* What the command line said. args: positional arguments after the verb, borrowed from argv. asks_more: it
 * has an option that makes a difference even where there is nothing to do. */
struct request {
    const struct command *command;
    const char **args;
    size_t n_args;
    bool asks_more;
    const char *project; /* -C DIR; default "." */
    enum format format;  /* --json, --format= */
    bool quiet, verbose, color;
    bool progress_json; /* --progress=json */
    bool dry_run, apply, keep_going, exit_code, fix, show_server_text, observed, upgrade;
    int64_t steps; /* --steps=N; -1: all */
    int64_t
        lock_wait_ms; /* --lock-wait=DURATION; default 10 minutes on a terminal and elsewhere alike */
    int64_t look_wait_ms;              /* the same, as struct site_options has it; 0: not given */
    const char *dataset_version;       /* rebuild --dataset-version=ID */
    const char *projection;            /* rebuild --projection=NAME */
    bool all;                          /* --all */
    const char *given_up;              /* gc --given-up[=NAME]; "": all of them */
    bool yes;                          /* reset --yes */
    bool write;                        /* receipt text --write */
    bool verify;                       /* --verify */
    bool new_bundle;                   /* diff --new */
    bool canonical;                    /* receipt show --canonical */
    const char *shape;                 /* receipt show, export --shape */
    bool offline;                      /* receipt verify --offline */
    bool new_database, drill;          /* rebuild --new-database, --drill */
    const char *template_db;           /* rebuild --template=DATABASE */
    const char *plan_digest;           /* --plan=sha256:... */
    const char *from;                  /* new --from=FILE.sql */
    const char *migration;             /* adopt --migration=ID */
    const char *data;                  /* new --data=TABLE,... */
    const char *to;                    /* receipt export --to=DIR, rollback --to=ID */
    bool exact, with_dependants;       /* rollback */
    const char *server;                /* test --server=REF */
    int64_t time_limit_ms;             /* test --time-limit=TIME; 0: not given */
    int64_t jobs;                      /* test --jobs=N; -1: not given */
    const char *expect, *confirm;      /* preflight --expect=ID, --confirm=ITEM,... */
    const char *key, *expires, *waive; /* approve; --key: of build and rollback, too */
    bool skip_backup, force;           /* build, rollback: waivers */
    bool prune; /* plan, build: definitions whose files are gone are dropped */
    bool preflight, postflight, rollback; /* modes of migrate-safe, besides --apply and --dry-run */
    const char *as;                       /* resolve --as=applied|absent */
    const char *check;                    /* dump --check=FILE */
    int64_t timeout_ms;                   /* wait --timeout=TIME; -1: not given */
    const char *changed_since, *explain;  /* lint */
    bool write_baseline, strict, rules;
    int64_t server_version;       /* lint; 0: not given */
    struct said said;             /* --intent=, --pr=, --links=, --notes= */
    const char *self;             /* absolute path of this program */
    bool embedded;                /* init --embedded */
    const char *layout;           /* init --layout=NAME */
    bool man;                     /* help --man */
    bool help, version, no_color; /* settled by command_parse(): help becomes the command help */
};

enum option_kind {
    OPTION_FLAG,
    OPTION_TEXT,
    OPTION_NUMBER,
    OPTION_DURATION,
    OPTION_FORMAT,
    OPTION_PROGRESS,
    OPTION_CHOICE, /* may stand without a value, which is then "" */
};
struct option {
    const char *name; /* "plan" for --plan */
    char letter;      /* 'k' for -k, or 0 */
    enum option_kind kind;
    const char *argument; /* "DIGEST", NULL for flags */
    const char *summary;  /* one line */
    size_t offset;        /* of the field in struct request */
};

struct example {
    const char *line; /* "kfmig why prod/PG-MIG-2026-02-28-01@apply" */
    const char *text;
};

struct command {
    const char *name;
    const char *synopsis;    /* "[ENV] [TARGET...]" */
    const char *summary;     /* one line for the list */
    const char *description; /* paragraphs, separated by an empty line */
    const char *const
        *options; /* names of the options that it takes besides the global ones; NULL-terminated */
    const struct example *examples; /* ended by .line == NULL */
    int (*run)(const struct request
                   *req); /* returns the exit status; prints its own result and its errors */
    unsigned formats;     /* 1U << FORMAT_x for what it prints besides text and JSON */
    bool makes_no_state;  /* without a folder state/ nothing is remembered there */
};

extern const struct option
    options[]; /* all options, ended by .name == NULL; the global ones first */
extern const size_t n_global_options;

/* Parse argv into *out; commands: all that there are, NULL-terminated. Returns -1 on a mistake (exit 5):
 * unknown verb or option with near misses, missing or malformed argument, an option the verb does not
 * take. */
int command_parse(struct arena *a, const struct command *const *commands, int argc, char **argv,
                  struct request *out, struct err *e) MUST_CHECK;
/* What `kfmig help` prints of all commands, and of one. */
void help_overview(struct buf *out, const struct command *const *commands);
void help_command(struct buf *out, const struct command *c);
/* man(7) source of kfmig(1), and of kfmig-VERB(1). */
void help_man(struct buf *out, const struct command *const *commands);
void help_man_command(struct buf *out, const struct command *c);

#endif
