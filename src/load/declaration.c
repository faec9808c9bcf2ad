/* Checks of one migration.yml beyond its schema, and the way from a typed document to plain data. */
#include "load/declaration.h"

#include <string.h>

#include "base/clock.h"
#include "doc/canon.h"
#include "doc/yaml.h"
#include "load/checker.h"
#include "model/object.h"
#include "model/scope.h"

enum { LONGEST_MS = 24 * 60 * 60 * 1000 };

static void add_fault(struct err_list *faults, const struct doc *at, const char *hint,
                      const char *msg)
{
    doc_fault(faults, at, hint, "%s", msg);
}

const struct doc *declaration_key(const struct doc *map, const char *key)
{
    for (size_t i = 0; i < doc_len(map) && map->type == DOC_MAP; i++) {
        if (strcmp(map->key[i]->text.p, key) == 0) {
            return map->key[i];
        }
    }
    return NULL;
}

struct names declaration_names(struct arena *a, const struct doc *list)
{
    size_t n = doc_len(list);
    struct names out = {.v = ARENA_ARRAY(a, const char *, n + 1), .n = n, .cap = n};
    for (size_t i = 0; i < n; i++) {
        out.v[i] = list->item[i]->text.p;
    }
    return out;
}

static struct artifacts artifacts_of(struct arena *a, const struct doc *list)
{
    size_t n = doc_len(list);
    struct artifacts out = {.v = ARENA_ARRAY(a, struct artifact, n + 1), .n = n, .cap = n};
    for (size_t i = 0; i < n; i++) {
        out.v[i].path = list->item[i]->text.p;
    }
    return out;
}

/* --- durations ---------------------------------------------------------------------------------- */

static int64_t timeout_of(const struct doc *timeouts, const char *key, int64_t otherwise,
                          struct err_list *faults)
{
    const struct doc *d = doc_get(timeouts, key);
    if (d == NULL) {
        return otherwise;
    }
    int64_t ms = d->type == DOC_INT ? 0 : clock_span_ms(d->text.p);
    if (ms > LONGEST_MS) {
        add_fault(faults, d, "write 24h or less", "a timeout may have 24 hours at most");
    }
    return ms;
}

/* --- scope -------------------------------------------------------------------------------------- */

/* The known kind that is most like the one written, or NULL. */
static const char *nearest_kind(struct bytes kind)
{
    const char *best = NULL;
    for (int k = 0; k < OBJ_COUNT; k++) {
        const char *text = object_kind_text((enum object_kind)k);
        if (object_kind_global((enum object_kind)k) && k != OBJ_UNKNOWN &&
            text_is_near(kind, bytes_str(text)) &&
            (best == NULL ||
             text_distance(kind, bytes_str(text)) < text_distance(kind, bytes_str(best)))) {
            best = text;
        }
    }
    return best;
}

static void check_globals(struct arena *a, const struct doc *list, struct err_list *faults)
{
    for (size_t i = 0; i < doc_len(list); i++) {
        const struct doc *d = list->item[i];
        size_t n = strcspn(d->text.p, ":");
        const char *text = arena_strndup(a, d->text.p, n);
        enum object_kind kind = OBJ_UNKNOWN;
        bool is_known = object_kind_parse(text, &kind) == 0;
        if (is_known && object_kind_global(kind) && kind != OBJ_UNKNOWN) {
            continue;
        }
        const char *best = nearest_kind(bytes_of(text, n));
        const char *hint =
            is_known && kind != OBJ_UNKNOWN
                ? "objects in schemas are allowed by allowed_schemas, allowed_tables and "
                  "allowed_extensions"
            : best != NULL ? arena_printf(a, "did you mean \"%s\"?", best)
                           : "known kinds: role, database, publication, event_trigger, cast, "
                             "default_privileges, large_object, setting, program, server_file, ...";
        add_fault(faults, d, hint,
                  arena_printf(a,
                               "\"scope.allowed_global[%zu]\": \"%s\" is no kind of object "
                               "outside schemas",
                               i, text));
    }
}

static void read_scope(struct arena *a, const struct doc *d, struct scope *s,
                       struct err_list *faults)
{
    s->has_schemas = doc_get(d, "allowed_schemas") != NULL;
    s->has_tables = doc_get(d, "allowed_tables") != NULL;
    s->allowed_schemas = declaration_names(a, doc_get(d, "allowed_schemas"));
    s->allowed_tables = declaration_names(a, doc_get(d, "allowed_tables"));
    scope_sort(a, s);
    s->forbidden_schemas = declaration_names(a, doc_get(d, "forbidden_schemas"));
    s->forbidden_tables = declaration_names(a, doc_get(d, "forbidden_tables"));
    s->references = declaration_names(a, doc_get(d, "references"));
    s->allowed_extensions = declaration_names(a, doc_get(d, "allowed_extensions"));
    s->allowed_global = declaration_names(a, doc_get(d, "allowed_global"));
    check_globals(a, doc_get(d, "allowed_global"), faults);
}

/* --- artifacts ---------------------------------------------------------------------------------- */

const char *declaration_name_fault(const char *name)
{
    if (name[0] == '/') {
        return "is an absolute path";
    }
    for (const char *part = name;;) {
        size_t n = strcspn(part, "/");
        if (n == 2 && strncmp(part, "..", 2) == 0) {
            return "has \"..\" in it";
        }
        if (n == 0 || (n == 1 && *part == '.')) {
            return "has an empty part, or \".\", in it";
        }
        if (part[n] == '\0') {
            break;
        }
        part += n + 1;
    }
    for (const char *p = name; *p != '\0'; p++) {
        if (*p < 0x20 || *p > 0x7E || *p == '\\') {
            return "has a character that is not plain ASCII, or a backslash, in it";
        }
    }
    return NULL;
}

/* What scripts of a type end in; NULL: anything. */
static const char *ending_for(const char *type)
{
    const struct store_row *row = store_row(store_parse(type));
    return row != NULL ? row->ending : NULL;
}

/* Is there such a store, and does it take migrations? */
static bool takes_migrations(enum store_kind k)
{
    return k != STORE_COUNT && !store_row(k)->is_derived;
}

const char *declaration_types(struct arena *a)
{
    const char *text = store_text((enum store_kind)0);
    for (int k = 1; k < STORE_COUNT; k++) {
        if (takes_migrations((enum store_kind)k)) {
            text = arena_printf(a, "%s%s%s", text, k + 1 < STORE_COUNT ? ", " : " or ",
                                store_text((enum store_kind)k));
        }
    }
    return text;
}

/* The schema knows no names of stores. */
static void check_type(struct arena *a, const struct doc *d, struct err_list *faults)
{
    const struct doc *type = doc_get(d, "type");
    if (!takes_migrations(store_parse(type->text.p))) {
        add_fault(faults, type, arena_printf(a, "write %s", declaration_types(a)),
                  arena_printf(a, "\"type\": there is no store \"%s\"", type->text.p));
    }
}

static bool ends_in(const char *name, const char *ending)
{
    size_t n = strlen(name);
    size_t n_ending = strlen(ending);
    return n > n_ending && strcmp(name + n - n_ending, ending) == 0;
}

static void check_name(struct arena *a, const struct doc *d, const char *ending,
                       struct err_list *faults)
{
    const char *name = d->text.p;
    const char *fault = declaration_name_fault(name);
    if (fault != NULL) {
        add_fault(faults, d,
                  "name a file of the bundle by its path from the bundle's folder: "
                  "forward.sql",
                  arena_printf(a, "the file name \"%s\" %s", name, fault));
    } else if (ending != NULL && !ends_in(name, ending)) {
        add_fault(faults, d, "rename the file, or correct \"type\"",
                  arena_printf(a, "the file name \"%s\" does not end in %s", name, ending));
    }
}

/* Do programs make the migrations of that store, declared under runner? */
static bool is_of_programs(const char *type)
{
    return store_can(store_parse(type), STORE_RUNS_PROGRAMS);
}

/* What a program is given may be called anything, but as what its declaration becomes. */
static void check_given(struct arena *a, const struct doc *d, const char *ending,
                        struct err_list *faults)
{
    check_name(a, d, NULL, faults);
    if (ending != NULL && ends_in(d->text.p, ending)) {
        add_fault(faults, d, "rename the file",
                  arena_printf(a, "the file name \"%s\" ends in %s, as what runner says does",
                               d->text.p, ending));
    }
}

static void check_artifacts(struct arena *a, const struct doc *artifacts, const char *type,
                            bool is_program, struct err_list *faults)
{
    static const char *const lists[] = {"forward", "rollback", "invariants"};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        const struct doc *list = doc_get(artifacts, lists[i]);
        for (size_t k = 0; k < doc_len(list); k++) {
            if (is_of_programs(type)) {
                check_given(a, list->item[k], ending_for(type), faults);
            } else {
                check_name(a, list->item[k], is_program && i == 0 ? NULL : ending_for(type),
                           faults);
            }
        }
    }
    const struct doc *notes = doc_get(artifacts, "notes");
    if (notes != NULL) {
        check_name(a, notes, NULL, faults);
    }
}

/* --- the whole ---------------------------------------------------------------------------------- */

static void check_rollback(const struct doc *d, const struct decl *decl, struct err_list *faults)
{
    const struct doc *key = declaration_key(d, "requires_rollback");
    if (decl->requires_rollback && decl->probe != NULL && decl->undo_command == NULL) {
        add_fault(faults, key,
                  "name the program that undoes it under runner.rollback; or set it to false and "
                  "say why in notes.md and under approvals.reference",
                  "\"requires_rollback\" is true, but runner.rollback names no program");
    } else if (decl->requires_rollback && decl->probe == NULL && decl->rollback.n == 0) {
        add_fault(
            faults, key,
            "list the files that undo it under artifacts.rollback; or set it to false and say "
            "why in notes.md and under approvals.reference",
            "\"requires_rollback\" is true, but artifacts.rollback names no file");
    }
    if (!decl->requires_rollback && decl->approval_reference[0] == '\0') {
        add_fault(faults, key, "name the issue, ADR or decision record that approved it",
                  "\"requires_rollback\" is false, but approvals.reference is missing");
    }
}

static void check_depends(struct arena *a, const struct doc *list, const char *id,
                          struct err_list *faults)
{
    for (size_t i = 0; i < doc_len(list); i++) {
        if (strcmp(list->item[i]->text.p, id) == 0) {
            add_fault(faults, list->item[i], "remove it from depends_on",
                      arena_printf(a, "\"%s\" depends on itself", id));
        }
    }
}

static int64_t limit_of(const struct doc *d, const char *key)
{
    return doc_num(doc_get(d, "limits"), key, -1);
}

static void check_forward(const struct doc *d, struct err_list *faults)
{
    const struct doc *artifacts = doc_get(d, "artifacts");
    if (doc_get(artifacts, "forward") == NULL && doc_get(d, "backfill") == NULL &&
        doc_find(d, "runner.apply") == NULL) {
        add_fault(faults, artifacts,
                  "the files of the bundle, at least {forward: [forward.sql]}; only a backfill "
                  "needs none",
                  "missing key \"forward\" in \"artifacts\"");
    }
}

/* "TBD": somebody meant to say it. */
static bool is_unsaid(const struct doc *d, const char *key)
{
    return strcmp(doc_str(d, key, ""), "TBD") == 0;
}

static void read_governance(struct arena *a, const struct doc *d, struct decl *out)
{
    const struct doc *approvals = doc_get(d, "approvals");
    out->reviewers = declaration_names(a, doc_get(approvals, "required_reviewers"));
    out->change_class = doc_str(approvals, "change_class", "");
    out->approval_reference = doc_str(approvals, "reference", "");
    out->wants_window = strcmp(doc_str(d, "rollout", "safe"), "safe") != 0;
    out->lacks |= is_unsaid(d, "owner") ? 1U << LACK_OWNER : 0;
    out->lacks |= is_unsaid(d, "ticket") ? 1U << LACK_TICKET : 0;
}

/* --- a program ---------------------------------------------------------------------------------- */

static void read_runner(struct arena *a, const struct doc *d, struct decl *out,
                        struct err_list *faults)
{
    enum { PROGRAM_MS = 600000 };
    const struct doc *runner = doc_get(d, "runner");
    out->runner = doc_str(runner, "tool", "native");
    if (strcmp(out->runner, "command") != 0) {
        return;
    }
    bool applies = is_of_programs(out->type);
    out->command = doc_str(runner, applies ? "apply" : "command", "");
    out->undo_command = applies ? doc_str(runner, "rollback", NULL) : NULL;
    out->probe = applies ? doc_str(runner, "probe", "") : NULL;
    out->expect = applies ? doc_str(runner, "expect", NULL) : NULL;
    out->wants = declaration_names(a, doc_get(runner, "environment"));
    out->command_limit_ms = timeout_of(runner, "time_limit", PROGRAM_MS, faults);
    out->lacks |= 1U << LACK_UNOBSERVED;
}

/* Members that only a store of programs knows, and one that it does not. */
static void check_errand_keys(struct arena *a, const struct doc *runner, bool applies,
                              struct err_list *faults)
{
    static const char *const own[] = {"probe", "apply", "rollback", "expect"};
    for (size_t i = 0; !applies && i < sizeof own / sizeof *own; i++) {
        const struct doc *key = declaration_key(runner, own[i]);
        if (key != NULL) {
            add_fault(faults, key, "runner: {tool: command, command: ...} runs a program here",
                      arena_printf(a,
                                   "\"runner.%s\" is of stores whose migrations are programs, "
                                   "and of no other",
                                   own[i]));
        }
    }
    const struct doc *command = declaration_key(runner, "command");
    if (applies && command != NULL) {
        add_fault(faults, command, "write apply: in place of command:",
                  "\"runner.command\" is of databases; here \"runner.apply\" names the program");
    }
}

/* A migration of a store of programs: what brings its state about, and what says that it did. */
static void check_errand(const struct doc *d, const struct decl *out, struct err_list *faults)
{
    static const char hint[] =
        "runner: {tool: command, probe: site, apply: ./publish.sh, rollback: ./withdraw.sh}";
    const struct doc *runner = declaration_key(d, "runner");
    const struct doc *invariants = doc_find(d, "artifacts.invariants");
    if (out->command == NULL) {
        add_fault(faults, runner, hint,
                  "programs make the migrations of its store: \"runner.tool\" has to be command");
    } else if (out->command[strspn(out->command, " \t")] == '\0') {
        add_fault(faults, runner, hint, "\"runner.apply\" names no program");
    } else if (out->probe[0] == '\0') {
        add_fault(faults, runner, hint, "\"runner.probe\" names no probe of what it changes");
    }
    if (doc_len(invariants) > 0) {
        add_fault(faults, invariants, "say what is to stand behind it: runner: {expect: ...}",
                  "a store of programs has no invariants: its probe says what stands there");
    }
}

/* What nobody can hold it to it does not declare. */
static void check_program(const struct doc *d, const struct decl *out, struct err_list *faults)
{
    const struct doc *rows = doc_get(doc_get(d, "limits"), "max_row_backfill");
    if (is_of_programs(out->type)) {
        check_errand(d, out, faults);
    }
    if (out->command == NULL) {
        return;
    }
    if (!is_of_programs(out->type) && out->command[strspn(out->command, " ")] == '\0') {
        add_fault(faults, declaration_key(d, "runner"),
                  "runner: {tool: command, command: psql -X -f forward.sql}",
                  "\"runner.tool\" is command, but \"runner.command\" names no program");
    }
    if (rows != NULL) {
        add_fault(faults, rows, "leave it out, or write the migration as SQL",
                  "\"max_row_backfill\" cannot be held: nobody sees which rows a program writes");
    }
    if (doc_get(d, "backfill") != NULL) {
        add_fault(faults, declaration_key(d, "backfill"), "make it a migration of its own",
                  "a program runs this migration, and no backfill");
    }
}

static void read_decl(struct arena *a, const struct doc *d, struct decl *out,
                      struct err_list *faults)
{
    const struct doc *artifacts = doc_get(d, "artifacts");
    const struct doc *timeouts = doc_get(d, "timeouts");
    out->id = doc_str(d, "migration_id", "");
    out->type = doc_str(d, "type", "");
    out->intent = doc_str(d, "intent", "");
    read_scope(a, doc_get(d, "scope"), &out->scope, faults);
#define LIMIT(field, key, text) out->limits.field = limit_of(d, key);
    LIMITS(LIMIT)
#undef LIMIT
    out->requires_rollback = doc_yes(d, "requires_rollback", true);
    out->after_load = strcmp(doc_str(d, "rebuild", "chain"), "after-load") == 0;
    out->is_idempotent = doc_yes(d, "idempotent", false);
    out->deploy = doc_str(d, "requires_deploy", "");
    read_governance(a, d, out);
    read_runner(a, d, out, faults);
    out->has_depends = doc_get(d, "depends_on") != NULL;
    out->depends_on = declaration_names(a, doc_get(d, "depends_on"));
    out->rebuilds = declaration_names(a, doc_get(d, "rebuilds"));
    out->variables = declaration_names(a, doc_get(d, "variables"));
    out->lock_timeout_ms = timeout_of(timeouts, "lock", 5000, faults);
    out->statement_timeout_ms = timeout_of(timeouts, "statement", 0, faults);
    out->idle_timeout_ms = timeout_of(timeouts, "idle", 60000, faults);
    out->lock_retries = (int)doc_num(d, "lock_retries", 5);
    out->forward = artifacts_of(a, doc_get(artifacts, "forward"));
    out->rollback = artifacts_of(a, doc_get(artifacts, "rollback"));
    out->invariants = artifacts_of(a, doc_get(artifacts, "invariants"));
    out->notes.path = doc_str(artifacts, "notes", NULL);
    check_type(a, d, faults);
    check_forward(d, faults);
    check_artifacts(a, artifacts, out->type, out->command != NULL, faults);
    check_errand_keys(a, doc_get(d, "runner"), is_of_programs(out->type), faults);
    check_program(d, out, faults);
    check_depends(a, doc_get(d, "depends_on"), out->id, faults);
}

static struct artifacts texts_of(struct arena *a, const struct doc *list)
{
    for (size_t i = 0; list != NULL && list->type == DOC_LIST && i < list->n; i++) {
        if (list->item[i]->type != DOC_TEXT) {
            return (struct artifacts){0};
        }
    }
    return list != NULL && list->type == DOC_LIST ? artifacts_of(a, list) : (struct artifacts){0};
}

void declaration_files(struct arena *a, struct declaration *d)
{
    const struct doc *artifacts = doc_get(d->doc, "artifacts");
    d->decl.forward = texts_of(a, doc_get(artifacts, "forward"));
    d->decl.rollback = texts_of(a, doc_get(artifacts, "rollback"));
}

static void find_id(const struct doc *d, struct declaration *out)
{
    const struct doc *id = doc_get(d, "migration_id");
    const struct doc *depends = declaration_key(d, "depends_on");
    out->id = doc_str(d, "migration_id", "");
    out->id_line = id == NULL ? 1 : id->line;
    out->id_col = id == NULL ? 1 : id->col;
    out->depends_line = depends == NULL ? out->id_line : depends->line;
}

void declaration_take(struct arena *a, struct doc *d, struct declaration *out,
                      struct err_list *faults)
{
    struct err e = {0};
    *out = (struct declaration){.id = "", .doc = d};
    find_id(out->doc, out);
    if (schema_check(a, checker_schema("migration_declaration.v1"), out->doc, faults) > 0) {
        return;
    }
    if (canon_check(out->doc, &e) != 0) { /* receipts hold parts of it */
        (void)err_hint(&e, "write it without that character");
        err_list_add(faults, &e);
        return;
    }
    out->is_sound = true;
    read_decl(a, out->doc, &out->decl, faults);
}

void declaration_read(struct arena *a, struct bytes text, const char *path, struct declaration *out,
                      struct err_list *faults)
{
    struct err e = {0};
    struct doc *d = yaml_read(a, text, path, &e);
    *out = (struct declaration){.id = ""};
    if (d == NULL) {
        err_list_add(faults, &e);
        return;
    }
    declaration_take(a, d, out, faults);
    if (out->is_sound) {
        check_rollback(d, &out->decl, faults);
    }
}
