/* Flat migrations as declarations. */
#include "load/flat.h"

#include <string.h>

#include "doc/yaml.h"
#include "load/checker.h"
#include "load/text.h"
#include "model/variables.h"
#include "script/draft.h"
#include "script/fill.h"
#include "script/language.h"

/* --- the document ------------------------------------------------------------------------------------ */

struct flat_work {
    struct arena *a;
    const struct flat *f;
    struct doc *d;
    struct err_list *faults;
};

static void fault(const struct flat_work *w, const struct doc *at, const char *hint,
                  const char *msg)
{
    err_list_addf(w->faults, ERR_CONFIG, w->f->path, at != NULL ? at->line : 1,
                  at != NULL ? at->col : 1, hint, "%s", msg);
}

/* d, and what is in it, stands where the file begins: nobody wrote it. */
static struct doc *placed(const struct flat_work *w, struct doc *d)
{
    d->path = w->f->path;
    d->line = d->col = 1;
    for (size_t i = 0; i < d->n; i++) {
        (void)placed(w, d->item[i]);
    }
    return d;
}

static struct doc *put(const struct flat_work *w, struct doc *map, const char *key, struct doc *v)
{
    struct doc *d = doc_put(w->a, map, key, v);
    for (size_t i = 0; i < map->n; i++) {
        if (map->item[i] == d) {
            map->key[i]->path = d->path != NULL ? d->path : w->f->path;
            map->key[i]->line = d->line > 0 ? d->line : 1;
            map->key[i]->col = d->col > 0 ? d->col : 1;
        }
    }
    return d;
}

static struct doc *put_made(const struct flat_work *w, struct doc *map, const char *key,
                            struct doc *v)
{
    return put(w, map, key, placed(w, v));
}

/* The header's word, else that of defaults.yml. */
static struct doc *said(const struct flat_work *w, const char *key)
{
    struct doc *d = doc_get(w->f->header, key);
    return d != NULL ? d : doc_get(w->f->defaults, key);
}

static bool put_said(const struct flat_work *w, const char *key)
{
    struct doc *d = said(w, key);
    if (d != NULL) {
        (void)put(w, w->d, key, d);
    }
    return d != NULL;
}

static void put_identity(const struct flat_work *w)
{
    const struct flat *f = w->f;
    struct doc *id = doc_get(f->header, "id");
    if (id != NULL && strcmp(id->text.p, f->id) != 0) {
        fault(w, id, "rename the file, or correct its header",
              arena_printf(w->a, "the header says \"%s\", but the file is called %s", id->text.p,
                           f->name));
    }
    struct doc *own = doc_text(w->a, f->id);
    (void)placed(w, own);
    if (id != NULL) {
        own->line = id->line;
        own->col = id->col;
    }
    (void)put(w, w->d, "migration_id", own);
    (void)put_made(w, w->d, "type", doc_text(w->a, f->type));
}

/* "027_add_widgets_table" -> "add widgets table"; all of the name of a definition, which has no number. */
static const char *words_of(struct arena *a, const struct flat *f)
{
    struct layout_name name;
    const char *slug = f->id;
    if (f->layout != LAYOUT_REPEATABLE &&
        (layout_name_parse(a, arena_printf(a, "%s.sql", f->id), &name) ||
         layout_name_parse(a, arena_printf(a, "%s.up.sql", f->id), &name))) {
        slug = name.slug;
    }
    char *words = arena_strdup(a, slug);
    for (char *p = words; *p != '\0'; p++) {
        *p = *p == '_' || *p == '-' ? ' ' : *p;
    }
    return words;
}

/* Who owns it must review it, unless others are named. */
static struct doc *approvals_of(const struct flat_work *w)
{
    struct doc *d = doc_new(w->a, DOC_MAP);
    struct doc *owner = said(w, "owner");
    struct doc *ticket = said(w, "ticket");
    struct doc *list = doc_put(w->a, d, "required_reviewers", doc_new(w->a, DOC_LIST));
    (void)doc_push(w->a, list, doc_text(w->a, owner != NULL ? owner->text.p : "TBD"));
    if (ticket != NULL && strcmp(ticket->text.p, "TBD") != 0) {
        (void)doc_put(w->a, d, "reference", doc_text(w->a, ticket->text.p));
    }
    return d;
}

static void put_words(const struct flat_work *w)
{
    static const char *const keys[] = {"owner",      "ticket",          "risk",         "class",
                                       "rollout",    "timeouts",        "lock_retries", "rebuild",
                                       "idempotent", "requires_deploy", "depends_on",   "rebuilds",
                                       "variables",  "runner"};
    struct doc *intent = doc_get(w->f->header, "intent");
    (void)put(w, w->d, "intent",
              intent != NULL ? intent : placed(w, doc_text(w->a, words_of(w->a, w->f))));
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        (void)put_said(w, keys[i]);
    }
    if (!put_said(w, "scope")) {
        (void)put_made(w, w->d, "scope", doc_new(w->a, DOC_MAP));
    }
    if (!put_said(w, "limits")) {
        (void)put_made(w, w->d, "limits", doc_new(w->a, DOC_MAP));
    }
    if (!put_said(w, "approvals")) {
        (void)put_made(w, w->d, "approvals", approvals_of(w));
    }
}

/* What undoes it, or why nothing does. */
static void put_rollback(const struct flat_work *w)
{
    const struct flat *f = w->f;
    struct doc *rollback = doc_get(f->header, "rollback");
    const char *word = rollback != NULL ? rollback->text.p : f->has_down ? "down" : "none";
    if (f->layout == LAYOUT_REPEATABLE && rollback != NULL) {
        fault(w, rollback, "leave it out: what was wrong with it is mended in its text",
              "nothing takes a repeatable definition back");
        rollback = NULL;
        word = "none";
    }
    bool requires = strcmp(word, "manual") != 0 && strcmp(word, "none") != 0;
    if (requires && !f->has_down) {
        fault(w, rollback, "write the file; or say `rollback: manual`, and under notes what to do",
              arena_printf(w->a, "\"rollback\" is \"%s\", but there is no %s", word, f->down));
    }
    if (!requires && f->has_down) {
        fault(w, rollback, "say `rollback: down`, or remove the file",
              arena_printf(w->a, "\"rollback\" is \"%s\", but there is %s", word, f->down));
    }
    if (rollback != NULL && !requires && doc_get(f->header, "notes") == NULL) {
        fault(w, rollback,
              "say under notes how it is undone by hand, or what keeps it safe instead",
              arena_printf(w->a, "\"rollback\" is \"%s\", but notes are missing", word));
    }
    struct doc *flag = placed(w, doc_bool(w->a, requires));
    if (rollback != NULL) {
        flag->line = rollback->line;
        flag->col = rollback->col;
    }
    (void)put(w, w->d, "requires_rollback", flag);
}

/* A definition is made again itself. */
static void check_rebuilds(const struct flat_work *w)
{
    const struct doc *d = doc_get(w->f->header, "rebuilds");
    if (d != NULL && w->f->layout == LAYOUT_REPEATABLE) {
        fault(w, d, "leave it out: what stands upon a definition is made again with it",
              "only a migration rebuilds definitions");
    }
}

static void put_files(const struct flat_work *w)
{
    struct doc *d = doc_new(w->a, DOC_MAP);
    struct doc *list = doc_put(w->a, d, "forward", doc_new(w->a, DOC_LIST));
    (void)doc_push(w->a, list, doc_text(w->a, w->f->name));
    if (w->f->has_down) {
        list = doc_put(w->a, d, "rollback", doc_new(w->a, DOC_LIST));
        (void)doc_push(w->a, list, doc_text(w->a, w->f->down));
    }
    if (doc_get(w->d, "runner") == NULL) {
        struct doc *runner = doc_new(w->a, DOC_MAP);
        (void)doc_put(w->a, runner, "tool", doc_text(w->a, "native"));
        (void)put_made(w, w->d, "runner", runner);
    }
    (void)put_made(w, w->d, "artifacts", d);
}

struct doc *flat_document(struct arena *a, const struct flat *f, struct err_list *faults)
{
    struct flat_work w = {a, f, doc_new(a, DOC_MAP), faults};
    (void)placed(&w, w.d);
    put_identity(&w);
    put_words(&w);
    put_rollback(&w);
    check_rebuilds(&w);
    put_files(&w);
    return w.d;
}

/* --- what nothing declares --------------------------------------------------------------------------- */

static bool is_empty(const struct doc *d, const char *key)
{
    return doc_len(doc_get(d, key)) == 0;
}

static void complete_scope(struct decl *d, const struct draft *read)
{
    static const enum draft_part parts[] = {DRAFT_TABLES, DRAFT_HIDDEN, DRAFT_UNSEEN, DRAFT_REACH};
    d->scope = read->decl.scope;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        d->scope.is_open = d->scope.is_open || read->open[parts[i]].path != NULL;
    }
    d->lacks |= d->scope.is_open ? 1U << LACK_SCOPE : 0;
}

/* What triggers and cascades do is counted too, and is not in the text. */
static void complete_limits(struct decl *d, const struct draft *read)
{
    bool is_sure = read->open[DRAFT_HIDDEN].path == NULL && read->open[DRAFT_REACH].path == NULL &&
                   read->open[DRAFT_UNSEEN].path == NULL;
    d->limits = is_sure ? read->decl.limits : limits_none;
    for (int i = 0; limit_key(i) != NULL; i++) {
        d->lacks |= limit_value(&d->limits, i) < 0 ? 1U << LACK_LIMITS : 0;
    }
}

void flat_complete(struct arena *a, const struct flat *f, struct bytes forward,
                   const struct variables *values, struct decl *d)
{
    struct script script;
    struct draft read;
    struct err ignored = {0};
    bool no_scope = is_empty(d->document, "scope");
    bool no_limits = is_empty(d->document, "limits");
    bool wants_header = f->layout == LAYOUT_TIMESTAMPED;
    bool may_lack_rollback = f->layout != LAYOUT_REPEATABLE;
    d->lacks |= wants_header && doc_get(d->document, "owner") == NULL ? 1U << LACK_OWNER : 0;
    d->lacks |= wants_header && doc_get(d->document, "ticket") == NULL ? 1U << LACK_TICKET : 0;
    d->lacks |= may_lack_rollback && !f->has_down && doc_get(f->header, "rollback") == NULL
                    ? 1U << LACK_ROLLBACK
                    : 0;
    if (!no_scope && !no_limits) {
        return;
    }
    struct bytes text;
    struct err_list unfilled = {0};
    const struct filling x = {&d->variables, values, d->runner};
    script_fill(a, &x, f->path, forward, &text, &unfilled);
    err_list_release(&unfilled);
    if (language_parse(a, f->path, text, &script, &ignored) != 0) {
        draft_make(a, NULL, 0, &read);
        read.open[DRAFT_HIDDEN] = (struct draft_open){f->name, "", 1};
    } else {
        draft_make(a, &script, 1, &read);
    }
    if (no_scope) {
        complete_scope(d, &read);
    }
    if (no_limits) {
        complete_limits(d, &read);
    }
}

/* --- defaults.yml ------------------------------------------------------------------------------------ */

static void check_keys(const struct doc *d, struct err_list *faults)
{
    static const char *const own[] = {"id",      "intent",   "rollback",  "notes", "depends_on",
                                      "rebuild", "rebuilds", "variables", "runner"};
    for (size_t i = 0; i < d->n; i++) {
        for (size_t k = 0; k < sizeof own / sizeof own[0]; k++) {
            if (strcmp(d->key[i]->text.p, own[k]) == 0) {
                doc_fault(faults, d->key[i], "say it in the header of each migration",
                          "\"%s\" is no default: each migration has its own", own[k]);
            }
        }
    }
}

/* What a declaration made of nothing else would be faulted for, in the file itself. */
static void check_members(struct arena *a, const char *path, const struct doc *d,
                          struct err_list *faults)
{
    struct err_list found = {0};
    const struct flat f = {.path = path,
                           .name = "0_x.up.sql",
                           .down = "0_x.down.sql",
                           .id = "0_x",
                           .type = store_text(store_of_ledger()),
                           .layout = LAYOUT_PAIRED,
                           .has_down = true,
                           .header = doc_new(a, DOC_MAP),
                           .defaults = d};
    (void)schema_check(a, checker_schema("migration_declaration.v1"), flat_document(a, &f, &found),
                       &found);
    for (size_t i = 0; i < found.n; i++) {
        err_list_add(faults, &found.v[i]);
    }
    err_list_release(&found);
}

struct doc *flat_defaults(struct arena *a, int dirfd, const char *folder, struct stamp *used,
                          struct err_list *faults)
{
    struct text_file file;
    struct err e = {0};
    size_t n = faults->n;
    const char *path = arena_printf(a, "%s/" DEFAULTS_NAME, folder);
    int rc = text_read(a, dirfd, path, LIMIT_YAML, NULL, &file, faults);
    *used = file.stamp;
    if (rc != 0 || !file.is_text) {
        return NULL;
    }
    struct doc *d = yaml_read(a, file.bytes, path, &e);
    if (d == NULL) {
        err_list_add(faults, &e);
        return NULL;
    }
    if (schema_check(a, checker_schema("migration_header.v1"), d, faults) == 0) {
        check_keys(d, faults);
        check_members(a, path, d, faults);
    }
    text_drop_echoes(&file, faults, n);
    return faults->n > n ? NULL : d;
}
