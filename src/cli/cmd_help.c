/* kfmig help */
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "doc/json.h"
#include "load/schemas.h"
#include "model/leak.h"

static const struct command *find(const char *name)
{
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (strcmp(commands[i]->name, name) == 0) {
            return commands[i];
        }
    }
    return NULL;
}

/* What people write by hand, and the schemas that it is checked by. */
static const struct {
    const char *name, *schema;
} topics[] = {{"migration.yml", "migration_declaration.v1"},
              {"environments", "environments.v1"},
              {"projection", "projection.v1"}};

/* False: there is no such topic. */
static bool put_topic(struct buf *out, const char *name)
{
    struct arena a = {0};
    struct err e = {0};
    bool found = false;
    for (size_t i = 0; i < sizeof topics / sizeof topics[0] && !found; i++) {
        found = strcmp(topics[i].name, name) == 0;
        for (size_t k = 0; found && k < n_schema_texts; k++) {
            if (strcmp(schema_texts[k].name, topics[i].schema) == 0) {
                report_schema(out, json_read(&a, bytes_of(schema_texts[k].text, schema_texts[k].n),
                                             schema_texts[k].name, &e));
            }
        }
    }
    arena_release(&a);
    return found;
}

/* Has none of the rows before it the same rule? */
static bool is_first_of_rule(size_t i)
{
    size_t k = 0;
    while (strcmp(leak_rule(k)->rule, leak_rule(i)->rule) != 0) {
        k++;
    }
    return k == i;
}

/* Each rule once, as a line of docs/secrets.md. */
static void put_secrets(struct buf *out)
{
    static const struct {
        enum leak_where where;
        const char *name;
    } wheres[] = {
        {LEAK_FILE, "files"}, {LEAK_NAME, "names"}, {LEAK_SAID, "words"}, {LEAK_RECORD, "records"}};
    buf_puts(out, "| rule | what | where it may not stand |\n|---|---|---|\n");
    for (size_t i = 0; leak_rule(i) != NULL; i++) {
        const struct leak *l = leak_rule(i);
        if (!is_first_of_rule(i)) {
            continue;
        }
        buf_printf(out, "| `%s` | %s | ", l->rule, l->what);
        const char *before = "";
        for (size_t k = 0; k < sizeof wheres / sizeof wheres[0]; k++) {
            if ((l->where & (unsigned)wheres[k].where) != 0) {
                buf_printf(out, "%s%s", before, wheres[k].name);
                before = ", ";
            }
        }
        buf_puts(out, " |\n");
    }
}

static int print(struct buf *out, const struct request *req)
{
    int status = output_manual(req, out);
    buf_release(out);
    return status;
}

static int run(const struct request *req)
{
    struct buf out = {0};
    if (req->n_args == 1 && !req->man && strcmp(req->args[0], "secrets") == 0) {
        put_secrets(&out);
        return print(&out, req);
    }
    if (req->n_args == 1 && !req->man && put_topic(&out, req->args[0])) {
        return print(&out, req);
    }
    const struct command *c = req->n_args > 0 ? find(req->args[0]) : NULL;
    if (req->n_args > 1 || (req->n_args == 1 && c == NULL)) {
        struct err e;
        err_set(&e, ERR_CONFIG, "no command \"%s\"", req->args[req->n_args - 1]);
        err_hint(&e, "`kfmig help` lists all commands; migration.yml, environments, projection and "
                     "secrets are explained, too");
        return output_error(req, -1, &e);
    }
    if (c != NULL) {
        (req->man ? help_man_command : help_command)(&out, c);
    } else {
        (req->man ? help_man : help_overview)(&out, commands);
    }
    return print(&out, req);
}

static const char *const takes[] = {"man", NULL};
static const struct example examples[] = {
    {"kfmig help build", "what build does, and its options"},
    {"kfmig help --man build | man -l -", "the same as a manual page"},
    {"kfmig help migration.yml", "what stands in a declaration, key by key"},
    {"kfmig help secrets", "what may stand in no file and no record, rule by rule"},
    {NULL, NULL},
};

const struct command command_help = {
    .name = "help",
    .synopsis = "[COMMAND|FILE]",
    .summary = "Explain a command, or a file that people write.",
    .description =
        "Explains COMMAND, or lists all commands. The manual pages are made from the same text.\n\n"
        "FILE is migration.yml, environments (registry/environments.v1.yml) or projection "
        "(registry/projections/NAME.yml): every key, as the schemas say that these files are "
        "checked by; or secrets: the rules by which secrets, exact places and persons are found.",
    .options = takes,
    .examples = examples,
    .run = run,
};
