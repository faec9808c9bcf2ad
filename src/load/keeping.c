/* What a project says of itself, and its files do not bear out. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "doc/json.h"
#include "load/bundles.h"
#include "load/checker.h"
#include "load/environments.h"
#include "load/registry.h"
#include "load/text.h"

struct kept {
    const struct project *p;
    struct arena *a;
    const struct bundle *b;
    enum env_kind kind; /* wanted of the environment that ran it */
    bool is_sure;       /* what does not say its kind is of none */
};

/* Of an environment that is declared no more nothing is known: its receipt counts, where nobody wants to be
 * sure. */
static bool is_of_kind(const struct kept *k, const struct doc *receipt)
{
    const char *said = doc_str(doc_get(receipt, "target"), "kind", NULL);
    const struct env *env = load_env(k->p, doc_str(receipt, "environment", ""));
    const char *kind = said != NULL ? said : env != NULL ? env_kind_text(env->kind) : NULL;
    return kind == NULL ? !k->is_sure : strcmp(kind, env_kind_text(k->kind)) == 0;
}

/* A pointer says nothing of it: what is pointed to is what was applied. */
static bool is_of_success(const struct doc *receipt)
{
    return strcmp(doc_str(receipt, "result", "success"), "success") == 0 &&
           strcmp(doc_str(receipt, "run_kind", ""), "db_rollback") != 0;
}

/* Is receipts/NAME of that schema, and of a success of this migration in an environment of that kind? */
static bool holds(const struct kept *k, const char *name, const char *schema)
{
    struct err_list faults = {0};
    struct err e = {0};
    struct text_file file;
    struct doc *d = NULL;
    const char *path = arena_printf(k->a, "%s/receipts/%s", k->b->dir, name);
    if (text_read(k->a, k->p->dirfd, path, LIMIT_JSON, NULL, &file, &faults) == 0) {
        d = json_read(k->a, file.bytes, path, &e);
    }
    bool is_good = d != NULL && schema_check(k->a, checker_schema(schema), d, &faults) == 0 &&
                   strcmp(doc_str(d, "migration_id", ""), k->b->id) == 0 && is_of_success(d) &&
                   is_of_kind(k, d);
    err_list_release(&faults);
    return is_good;
}

static bool is_kept(const struct kept *k)
{
    bool found = holds(k, "run_receipt.json", "run_receipt.v1") ||
                 holds(k, "receipt_ref.json", "receipt_ref.v1");
    for (size_t i = 0; i < k->p->n_env && !found; i++) {
        const struct env *env = &k->p->env[i];
        found = env->kind == k->kind &&
                holds(k, arena_printf(k->a, "%s/run_receipt.json", env->name), "run_receipt.v1");
    }
    return found;
}

bool load_executed_in(const char *status, enum env_kind *kind)
{
    static const char mark[] = "executed_";
    for (int i = ENV_DEV; status != NULL && i <= ENV_PROD; i++) {
        if (strncmp(status, mark, sizeof mark - 1) == 0 &&
            strcmp(status + sizeof mark - 1, env_kind_text((enum env_kind)i)) == 0) {
            *kind = (enum env_kind)i;
            return true;
        }
    }
    return false;
}

bool load_executed_furthest(const struct project *p, const struct bundle *b, enum env_kind *kind)
{
    struct arena a = {0};
    bool found = false;
    const char *path = arena_printf(&a, "%s/receipts", b->dir);
    if (faccessat(p->dirfd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
        for (int i = ENV_PROD; i >= ENV_DEV && !found; i--) {
            const struct kept k = {p, &a, b, (enum env_kind)i, true};
            found = is_kept(&k);
            *kind = (enum env_kind)i;
        }
    }
    arena_release(&a);
    return found;
}

void load_executed_check(const struct project *p, struct err_list *missing)
{
    for (size_t i = 0; i < p->n_bundle; i++) {
        struct arena a = {0};
        struct kept k = {.p = p, .a = &a, .b = &p->bundle[i]};
        if (load_executed_in(k.b->status, &k.kind) && !is_kept(&k)) {
            err_list_addf(
                missing, ERR_PREFLIGHT, REGISTRY_PATH, 0, 0,
                "`kfmig receipt export` writes it from the ledger; `evidence: pointer` of "
                "the environment does so with every build",
                "\"%s\" is %s, but its receipts/ has neither that run's receipt nor a "
                "pointer to it",
                k.b->id, k.b->status);
        }
        arena_release(&a);
    }
}

void load_lacks_check(struct project *p)
{
    load_checks(p, CHECK_OPEN);
    for (size_t i = 0; i < p->n_bundle; i++) {
        const struct bundle *b = &p->bundle[i];
        for (int l = 0; l < LACK_COUNT; l++) {
            if ((b->lacks & 1U << l) != 0) {
                struct place at;
                bundles_place(p, b, lack_key((enum lack)l), NULL, &at);
                err_list_addf(&p->warnings, ERR_CONFIG, at.path, at.line, at.col,
                              lack_hint((enum lack)l), "%s; protected environments refuse that",
                              lack_text((enum lack)l));
            }
        }
    }
}
