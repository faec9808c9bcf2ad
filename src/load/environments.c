/* Checks of environments.v1.yml beyond its schema, and the way from a typed document to plain data. */
#include "load/environments.h"

#include <stdlib.h>
#include <string.h>

#include "doc/yaml.h"
#include "load/approvals.h"
#include "load/checker.h"
#include "load/declaration.h"
#include "load/load.h"
#include "load/operations.h"
#include "model/leak.h"
#include "model/operations.h"
#include "model/variables.h"

struct environments_work {
    struct arena *a;
    struct environments *out;
    struct err_list *faults;
    const struct doc *envs; /* the map "environments" */
};

static struct env *env_named(const struct environments *l, const char *name)
{
    for (size_t i = 0; i < l->n; i++) {
        if (strcmp(l->env[i].name, name) == 0) {
            return &l->env[i];
        }
    }
    return NULL;
}

/* "did you mean ...?", or the names there are. */
static const char *names_hint(const struct environments_work *w, struct bytes name)
{
    struct buf all = {0};
    struct bytes best = {0};
    for (size_t i = 0; i < w->out->n; i++) {
        struct bytes one = bytes_str(w->out->env[i].name);
        buf_printf(&all, "%s\"%s\"", i > 0 ? ", " : "declared: ", one.p);
        if (text_is_near(name, one) &&
            (best.p == NULL || text_distance(name, one) < text_distance(name, best))) {
            best = one;
        }
    }
    const char *hint = best.p != NULL ? arena_printf(w->a, "did you mean \"%s\"?", best.p)
                                      : arena_strdup(w->a, buf_str(&all));
    buf_release(&all);
    return hint;
}

/* --- one environment ---------------------------------------------------------------------------- */

static int word_index(const char *word, const char *const *words, int otherwise)
{
    for (int i = 0; word != NULL && words[i] != NULL; i++) {
        if (strcmp(words[i], word) == 0) {
            return i;
        }
    }
    return otherwise;
}

/* --- where its stores are ------------------------------------------------------------------------- */

/* Letters, digits and '_' name a variable; a path has a '/' and nothing of what a URL or a connection
 * string has. */
static bool is_reference(const char *text)
{
    size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    bool is_variable = text[n] == '\0' && n > 0 && (text[0] < '0' || text[0] > '9');
    return is_variable || (strchr(text, '/') != NULL && strpbrk(text, " :@=?&") == NULL);
}

/* Which of the row's keys it is, or STORE_KEYS. */
static int key_index(const struct store_row *row, const char *key)
{
    int i = 0;
    while (i < STORE_KEYS && (row->keys[i] == NULL || strcmp(row->keys[i], key) != 0)) {
        i++;
    }
    return i;
}

static const char *keys_hint(const struct environments_work *w, const struct store_row *row)
{
    const char *text = "";
    for (int i = 0; i < STORE_KEYS && row->keys[i] != NULL; i++) {
        text = arena_printf(w->a, "%s%s%s: %s", text, i > 0 ? ", " : "", row->keys[i],
                            store_key_is_reference(row->keys[i]) ? "NAME_OF_A_VARIABLE" : "FOLDER");
    }
    return arena_printf(w->a, "write {%s}", text);
}

static void read_value(const struct environments_work *w, const struct doc *place, size_t at,
                       enum store_kind k, struct env *env)
{
    const struct store_row *row = store_row(k);
    const struct doc *key = place->key[at];
    const struct doc *value = place->item[at];
    int i = key_index(row, key->text.p);
    bool is_reference_key = store_key_is_reference(key->text.p);
    const char *why = is_reference_key ? NULL : declaration_name_fault(value->text.p);
    if (i == STORE_KEYS) {
        doc_fault(w->faults, key, keys_hint(w, row),
                  "environment \"%s\": the place of a %s store has no \"%s\"", env->name, row->name,
                  key->text.p);
    } else if (is_reference_key && !is_reference(value->text.p)) {
        doc_fault(w->faults, value,
                  "name an environment variable, or a file by a path with a '/' in it; never write "
                  "the value itself",
                  "environment \"%s\": \"%s\" of its %s store is no reference", env->name,
                  key->text.p, row->name);
    } else if (why != NULL) {
        doc_fault(w->faults, value, "name a folder of the project: state/things",
                  "environment \"%s\": \"%s\" of its %s store %s", env->name, key->text.p,
                  row->name, why);
    } else {
        env->place[k][i] = value->text.p;
    }
}

/* A place of any store but the one that holds the ledger. */
static void read_place(const struct environments_work *w, const struct doc *stores, size_t at,
                       enum store_kind k, struct env *env)
{
    const struct doc *place = stores->item[at];
    const struct store_row *row = store_row(k);
    for (size_t i = 0; i < doc_len(place); i++) {
        read_value(w, place, i, k, env);
    }
    if (doc_get(place, row->keys[0]) == NULL) {
        doc_fault(w->faults, stores->key[at], keys_hint(w, row),
                  "environment \"%s\" does not say where its %s store is", env->name, row->name);
    }
}

/* Of the store that holds the ledger. */
static void read_server(const struct environments_work *w, const struct doc *d,
                        const struct doc *key, struct env *env)
{
    const struct doc *dsn = doc_get(d, "dsn_ref");
    const struct doc *provision = doc_get(d, "provision");
    env->embedded = doc_get(d, "server") != NULL;
    env->dsn_ref = dsn == NULL ? NULL : dsn->text.p;
    env->extensions = declaration_names(w->a, doc_get(provision, "extensions"));
    env->roles = declaration_names(w->a, doc_get(provision, "roles"));
    if (env->embedded && dsn != NULL) {
        doc_fault(w->faults, dsn, "keep one of the two",
                  "environment \"%s\" has \"server: embedded\" and "
                  "\"dsn_ref\": its database cannot be both",
                  env->name);
    }
    if (!env->embedded && dsn == NULL) {
        doc_fault(w->faults, key, "write {server: embedded}, or {dsn_ref: NAME_OF_A_VARIABLE}",
                  "environment \"%s\" does not say where its %s store is", env->name, key->text.p);
    }
    if (!env->embedded && provision != NULL) {
        doc_fault(w->faults, declaration_key(d, "provision"),
                  "let that server's administrator make them, and remove the key",
                  "environment \"%s\" has \"provision\", but only the embedded server is "
                  "provisioned by kfmig",
                  env->name);
    }
}

static const char *store_names(struct arena *a)
{
    const char *text = store_text((enum store_kind)0);
    for (int k = 1; k < STORE_COUNT; k++) {
        text = arena_printf(a, "%s%s%s", text, k + 1 < STORE_COUNT ? ", " : " and ",
                            store_text((enum store_kind)k));
    }
    return text;
}

static void read_stores(const struct environments_work *w, const struct doc *stores,
                        struct env *env)
{
    for (size_t i = 0; i < doc_len(stores); i++) {
        enum store_kind k = store_parse(stores->key[i]->text.p);
        if (k == STORE_COUNT) {
            doc_fault(
                w->faults, stores->key[i], arena_printf(w->a, "stores are %s", store_names(w->a)),
                "environment \"%s\": there is no store \"%s\"", env->name, stores->key[i]->text.p);
            continue;
        }
        env->store[k] = true;
        if (store_can(k, STORE_HOLDS_LEDGER)) {
            read_server(w, stores->item[i], stores->key[i], env);
        } else {
            read_place(w, stores, i, k, env);
        }
    }
}

/* --- values --------------------------------------------------------------------------------------- */

/* A name that says what may stand in no file. */
static bool is_secret_name(const char *name)
{
    static const char *const words[] = {"PASSWORD", "PASSWD", "SECRET", "TOKEN", "CREDENTIAL"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcasestr(name, words[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static bool is_variable_name(const char *name)
{
    size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
    return n > 0 && name[n] == '\0' && n <= 63 && (name[0] < '0' || name[0] > '9');
}

static void check_variable(const struct environments_work *w, const char *env,
                           const struct doc *key, const struct doc *value)
{
    const char *name = key->text.p;
    const char *why = variable_fault(value->text.p);
    const struct leak *leak = leak_in(LEAK_NAME, value->text.p);
    if (!is_variable_name(name)) {
        doc_fault(w->faults, key, "write a name of letters, digits and '_', at most 63: TENANT",
                  "environment \"%s\": \"%s\" is no name of a variable", env, name);
    } else if (is_secret_name(name) || leak != NULL) {
        doc_fault(w->faults, key,
                  "a secret is never put into SQL: receipts and the server's log would have it",
                  "environment \"%s\": variable %s %s", env, name,
                  leak != NULL ? "holds what looks like a secret" : "is called like a secret");
    } else if (why != NULL) {
        doc_fault(w->faults, value,
                  "it is put into SQL as it stands: write letters, digits, blanks and _ . , : / @ "
                  "+ = % -",
                  "environment \"%s\": the value of %s cannot be used: %s", env, name, why);
    }
}

static int by_variable(const void *a, const void *b)
{
    return strcmp(((const struct variable *)a)->name, ((const struct variable *)b)->name);
}

/* Also where there are none: what wants one then is told so. */
static const struct variables *read_variables(const struct environments_work *w, const char *env,
                                              const struct doc *d)
{
    struct variables *out = ARENA_NEW(w->a, struct variables);
    *out = (struct variables){.env = env, .v = ARENA_ARRAY(w->a, struct variable, doc_len(d) + 1)};
    for (size_t i = 0; i < doc_len(d); i++) {
        check_variable(w, env, d->key[i], d->item[i]);
        out->v[out->n++] = (struct variable){.name = d->key[i]->text.p,
                                             .value = d->item[i]->text.p,
                                             .digest = digest_of(d->item[i]->text)};
    }
    qsort(out->v, out->n, sizeof *out->v, by_variable);
    return out;
}

static void read_env(const struct environments_work *w, size_t i, struct env *env)
{
    static const char *const approvals[] = {"none", "review", "signature", NULL};
    static const char *const evidences[] = {"none", "bundle", "folder", "pointer", NULL};
    static const char *const durabilities[] = {"batch", "each", NULL};
    static const char *const kinds[] = {"dev", "stage", "prod", NULL};
    const struct doc *d = w->envs->item[i];
    *env = (struct env){.name = w->envs->key[i]->text.p,
                        .line = w->envs->key[i]->line,
                        .col = w->envs->key[i]->col};
    env->is_protected = doc_yes(d, "protected", false);
    env->requires = declaration_names(w->a, doc_get(d, "requires"));
    env->approval =
        (enum approval_mode)word_index(doc_str(d, "approval", NULL), approvals,
                                       env->is_protected ? APPROVAL_SIGNATURE : APPROVAL_NONE);
    env->evidence = (enum evidence)word_index(doc_str(d, "evidence", NULL), evidences,
                                              env->is_protected ? EVIDENCE_POINTER : EVIDENCE_NONE);
    env->durability =
        (enum durability)word_index(doc_str(d, "durability", NULL), durabilities,
                                    env->is_protected ? DURABILITY_EACH : DURABILITY_BATCH);
    env->kind = (enum env_kind)word_index(doc_str(d, "kind", NULL), kinds,
                                          env->is_protected ? ENV_PROD : ENV_DEV);
    read_stores(w, doc_get(d, "stores"), env);
    env->variables = read_variables(w, env->name, doc_get(d, "variables"));
    env->operations = operations_read(w->a, d, env->name, w->faults);
    env->attest_key = doc_str(doc_get(d, "attestations"), "key_ref", NULL);
    env->approvals = approvals_read(w->a, doc_get(d, "approvals"), env, w->faults);
    if (env->is_protected && env->approval == APPROVAL_NONE) {
        doc_fault(w->faults, doc_get(d, "approval"), "write review or signature",
                  "environment \"%s\" is protected, but its approval is none", env->name);
    }
}

/* --- what they say about each other --------------------------------------------------------------- */

static const struct doc *requires_item(const struct environments_work *w, size_t env,
                                       const char *name)
{
    const struct doc *list = doc_get(w->envs->item[env], "requires");
    for (size_t i = 0; i < doc_len(list); i++) {
        if (strcmp(list->item[i]->text.p, name) == 0) {
            return list->item[i];
        }
    }
    return w->envs->key[env];
}

static void check_known(const struct environments_work *w)
{
    for (size_t i = 0; i < w->out->n; i++) {
        const struct names *l = &w->out->env[i].requires;
        for (size_t k = 0; k < l->n; k++) {
            if (env_named(w->out, l->v[k]) == NULL) {
                doc_fault(w->faults, requires_item(w, i, l->v[k]),
                          names_hint(w, bytes_str(l->v[k])),
                          "environment \"%s\" requires \"%s\", which is not declared",
                          w->out->env[i].name, l->v[k]);
            }
        }
    }
}

struct walk {
    const struct environments_work *w;
    size_t *path; /* environments on the way, by index */
    unsigned char *seen;
    size_t n;
};

static void report_cycle(const struct walk *x, size_t start)
{
    const struct env *env = x->w->out->env;
    struct buf text = {0};
    for (size_t i = start; i < x->n; i++) {
        buf_printf(&text, "%s (line %d) -> ", env[x->path[i]].name, env[x->path[i]].line);
    }
    size_t last = x->path[x->n - 1];
    const char *first = env[x->path[start]].name;
    doc_fault(x->w->faults, requires_item(x->w, last, first), "remove one of these requires",
              "environments require each other: %s%s", buf_str(&text), first);
    buf_release(&text);
}

/* Depth first; an environment met again on the way closes a cycle. */
static void walk(struct walk *x, size_t at)
{
    const struct environments *l = x->w->out;
    x->seen[at] = 1;
    x->path[x->n++] = at;
    for (size_t i = 0; i < l->env[at].requires.n; i++) {
        const struct env *next = env_named(l, l->env[at].requires.v[i]);
        size_t to = next == NULL ? l->n : (size_t)(next - l->env);
        if (to == l->n || x->seen[to] == 2) {
            continue;
        }
        if (x->seen[to] == 0) {
            walk(x, to);
            continue;
        }
        size_t start = 0;
        while (x->path[start] != to) {
            start++;
        }
        report_cycle(x, start);
    }
    x->n--;
    x->seen[at] = 2;
}

static void check_cycles(const struct environments_work *w)
{
    struct walk x = {.w = w};
    x.path = ARENA_ARRAY(w->a, size_t, w->out->n + 1);
    x.seen = arena_alloc(w->a, w->out->n + 1);
    for (size_t i = 0; i < w->out->n; i++) {
        if (x.seen[i] == 0) {
            walk(&x, i);
        }
    }
}

/* They stand beside the receipts. */
static void check_attestations(const struct environments_work *w)
{
    for (size_t i = 0; i < w->out->n; i++) {
        if (w->out->env[i].attest_key != NULL && w->out->sink == NULL) {
            doc_fault(w->faults, doc_get(w->envs->item[i], "attestations"),
                      "write receipts: {sink: FOLDER}, which gets every receipt",
                      "environment \"%s\" wants attestations, and there is no receipt sink for "
                      "them to stand in",
                      w->out->env[i].name);
        }
    }
}

static void set_default(const struct environments_work *w, const struct doc *root)
{
    const struct doc *name = doc_get(root, "default_environment");
    if (name == NULL) {
        return;
    }
    struct env *env = env_named(w->out, name->text.p);
    if (env == NULL) {
        doc_fault(w->faults, name, names_hint(w, name->text),
                  "\"default_environment\" is \"%s\", which is not declared", name->text.p);
        return;
    }
    env->is_default = true;
    w->out->preset = env;
}

/* Data comes from beneath the project, where its digests can be checked by whoever has the project. */
static void read_roots(struct environments_work *w, const struct doc *list)
{
    w->out->roots = declaration_names(w->a, list);
    for (size_t i = 0; i < doc_len(list); i++) {
        const char *why = declaration_name_fault(list->item[i]->text.p);
        if (why != NULL) {
            doc_fault(w->faults, list->item[i], "name a folder of the project: registry/data",
                      "the data root \"%s\" %s", list->item[i]->text.p, why);
        }
    }
}

/* Its program runs code of the project, so that nothing but a declaration makes kfmig run it. */
static void read_alembic(struct environments_work *w, const struct doc *d)
{
    if (d == NULL) {
        return;
    }
    struct alembic *out = ARENA_NEW(w->a, struct alembic);
    const struct doc *config = doc_get(d, "config");
    const char *limit = doc_str(d, "time_limit", "120s");
    const char *why = config != NULL ? declaration_name_fault(config->text.p) : NULL;
    *out = (struct alembic){.config = doc_str(d, "config", "alembic.ini"),
                            .command = doc_str(d, "command", "alembic"),
                            .limit_ms = threshold_read(UNIT_MS, limit)};
    if (why != NULL) {
        doc_fault(w->faults, config, "name a file of the project: alembic.ini",
                  "the config of alembic \"%s\" %s", config->text.p, why);
        return;
    }
    if (out->limit_ms <= 0) {
        doc_fault(w->faults, doc_get(d, "time_limit"), "write a time: 120s",
                  "the time limit of alembic is no time");
        return;
    }
    w->out->alembic = out;
}

enum { ENVIRONMENTS_MAX = 1000 };

/* What one puts into a folder is no other's. */
static void check_folders(const struct environments_work *w)
{
    for (size_t i = 0; i < w->out->n; i++) {
        const char *mine = w->out->env[i].place[STORE_TILES][0];
        for (size_t k = 0; k < i && mine != NULL; k++) {
            const char *other = w->out->env[k].place[STORE_TILES][0];
            if (other != NULL && strcmp(mine, other) == 0) {
                doc_fault(w->faults, w->envs->key[i],
                          "give each a folder of its own: state/tiles/dev",
                          "environments \"%s\" and \"%s\" have their tiles in one folder",
                          w->out->env[k].name, w->out->env[i].name);
            }
        }
    }
}

static void read_all(struct environments_work *w, const struct doc *root)
{
    const struct doc *domains = doc_find(root, "policy.protected");
    w->envs = doc_get(root, "environments");
    w->out->domains = (struct domains){declaration_names(w->a, doc_get(domains, "schemas")),
                                       declaration_names(w->a, doc_get(domains, "tables")),
                                       declaration_names(w->a, doc_get(domains, "roles"))};
    read_roots(w, doc_get(root, "data_roots"));
    w->out->sink = doc_str(doc_get(root, "receipts"), "sink", NULL);
    w->out->layout = layout_parse(doc_str(root, "layout", ""));
    read_alembic(w, doc_get(root, "alembic"));
    if (w->envs->n > ENVIRONMENTS_MAX) {
        doc_fault(w->faults, w->envs, "split the project",
                  "a project may have %d environments at most", ENVIRONMENTS_MAX);
        return;
    }
    w->out->env = ARENA_ARRAY(w->a, struct env, w->envs->n + 1);
    for (size_t i = 0; i < w->envs->n; i++) {
        read_env(w, i, &w->out->env[w->out->n++]);
    }
    check_known(w);
    check_cycles(w);
    check_folders(w);
    check_attestations(w);
    set_default(w, root);
}

void environments_read(struct arena *a, struct bytes text, const char *path,
                       struct environments *out, struct err_list *faults)
{
    struct err e = {0};
    struct environments_work w = {a, out, faults, NULL};
    *out = (struct environments){.layout = LAYOUT_COUNT};
    struct doc *d = yaml_read(a, text, path, &e);
    if (d == NULL) {
        err_list_add(faults, &e);
    } else if (schema_check(a, checker_schema("environments.v1"), d, faults) == 0) {
        read_all(&w, d);
    }
}

void environments_implicit(struct arena *a, struct environments *out)
{
    *out = (struct environments){.n = 1, .layout = LAYOUT_COUNT};
    out->env = ARENA_NEW(a, struct env);
    struct variables *none = ARENA_NEW(a, struct variables);
    none->env = "default";
    *out->env =
        (struct env){.name = none->env, .is_default = true, .implicit = true, .variables = none};
    out->env->store[store_of_ledger()] = true;
    out->preset = out->env;
}
