/* Receipts that were exported to the project. */
#include "site/exported.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doc/json.h"

enum { RECEIPT_MAX = 64 * 1024 * 1024, UUID_SIZE = 36 };

bool site_is_instance(const char *text)
{
    return strlen(text) == UUID_SIZE && strspn(text, "0123456789abcdef-") == UUID_SIZE;
}

/* "kfmig:ledger:INSTANCE:SEQUENCE" */
static bool read_pointer(const struct doc *d, struct exported *out)
{
    static const char scheme[] = "kfmig:ledger:";
    const char *uri = doc_str(d, "uri", "");
    *out = (struct exported){.at = ""};
    if (strncmp(uri, scheme, sizeof scheme - 1) != 0) {
        return false;
    }
    uri += sizeof scheme - 1;
    if (strlen(uri) < UUID_SIZE + 2 || uri[UUID_SIZE] != ':') {
        return false;
    }
    memcpy(out->point.instance, uri, UUID_SIZE);
    out->point.sequence = strtoll(uri + UUID_SIZE + 1, NULL, 10);
    return site_is_instance(out->point.instance) &&
           digest_parse(doc_str(d, "sha256", ""), &out->point.receipt) == 0;
}

bool site_read_receipt(const struct doc *d, struct bytes text, struct exported *out)
{
    const struct doc *ledger = doc_get(d, "ledger");
    const char *instance = doc_str(ledger, "instance", "");
    *out = (struct exported){.at = ""};
    if (!site_is_instance(instance)) {
        return false;
    }
    memcpy(out->point.instance, instance, UUID_SIZE + 1);
    out->point.sequence = doc_num(ledger, "sequence", 0);
    out->point.receipt = digest_of(text);
    out->at = doc_str(d, "finished_at", "");
    if (digest_parse(doc_str(ledger, "previous", ""), &out->point.previous) != 0) {
        out->point.previous = (struct digest){{0}};
    }
    return true;
}

/* a: of this file; *out lives in the site's arena. */
static bool read_export(const struct site *s, struct arena *a, const char *path,
                        struct exported *out)
{
    struct bytes text;
    struct err e = {0};
    if (file_read(a, s->project->dirfd, path, RECEIPT_MAX, &text, NULL, &e) != 0) {
        return false;
    }
    const struct doc *d = json_read(a, text, path, &e);
    if (d == NULL) {
        tell_warning(&s->ear, "%s is no receipt: left aside", path);
    }
    if (d == NULL || strcmp(doc_str(d, "environment", ""), s->env->name) != 0) {
        return false;
    }
    bool is_read =
        doc_get(d, "ledger") != NULL ? site_read_receipt(d, text, out) : read_pointer(d, out);
    out->path = arena_strdup(s->a, path);
    out->at = arena_strdup(s->a, out->at);
    return is_read && out->point.sequence > 0;
}

void site_exports(const struct site *s, const struct bundle *b, exported_fn *each, void *ctx)
{
    struct arena a = {0};
    const char *folder = arena_printf(&a, "%s/receipts", b->dir);
    const char *paths[] = {
        arena_printf(&a, "%s/run_receipt.json", folder),
        arena_printf(&a, "%s/%s/run_receipt.json", folder, s->env->name),
        arena_printf(&a, "%s/receipt_ref.json", folder),
    };
    bool is_there = faccessat(s->project->dirfd, folder, F_OK, 0) == 0;
    for (size_t i = 0; is_there && i < sizeof paths / sizeof paths[0]; i++) {
        struct exported x;
        if (read_export(s, &a, paths[i], &x)) {
            each(ctx, &x);
        }
    }
    arena_release(&a);
}
