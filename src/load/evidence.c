/* What stands in receipts/ of a bundle, compared with the files beside it. */
#include "load/evidence.h"

#include <string.h>

#include "doc/json.h"
#include "load/checker.h"
#include "load/declaration.h"
#include "load/text.h"
#include "model/finding.h"
#include "model/object_set.h"

static const char mend[] = "`kfmig receipt export` writes it again from the ledger";

struct evidence_work {
    struct arena *a;
    int dirfd;
    struct bundle *b;
    struct used *used;
    struct err_list *warnings;
};

/* Paths in used begin with the bundle's folder and not with "migrations/TYPE/". */
static void add_used(const struct evidence_work *w, const char *path, const struct stamp *stamp)
{
    used_add(w->used, path + strlen(w->b->folder) + 1, stamp);
}

static void warn(const struct evidence_work *w, const struct err_list *found)
{
    struct err e = found->v[0];
    e.rule = check_rule(CHECK_EVIDENCE);
    e.hint[0] = '\0';
    (void)err_hint(&e, "%s", mend);
    err_list_add(w->warnings, &e);
}

/* A bundle that was renamed has the receipt that its old name got. */
static bool is_of_content(const struct doc *receipt, const struct digest *checksum)
{
    struct digest d;
    return digest_parse(doc_str(doc_get(receipt, "claim"), "checksum", ""), &d) == 0 &&
           digest_eq(&d, checksum);
}

/* The receipt as a document; NULL if there is none, or a malformed one. */
static struct doc *read_receipt(const struct evidence_work *w, struct text_file *file)
{
    struct err_list found = {0};
    struct err e = {0};
    const char *path = arena_printf(w->a, "%s/receipts/run_receipt.json", w->b->dir);
    int rc = text_read(w->a, w->dirfd, path, LIMIT_JSON, NULL, file, &found);
    struct doc *d = NULL;
    add_used(w, path, &file->stamp);
    w->used->is_uncertain = w->used->is_uncertain || rc < 0;
    if (rc == 0 && found.n == 0) {
        d = json_read(w->a, file->bytes, path, &e);
        if (d == NULL) {
            err_list_add(&found, &e);
        } else if (schema_check(w->a, checker_schema("run_receipt.v1"), d, &found) == 0 &&
                   strcmp(doc_str(d, "migration_id", ""), w->b->id) != 0 &&
                   !is_of_content(d, &w->b->checksum)) {
            err_list_addf(&found, ERR_CONFIG, path, 1, 1, NULL,
                          "the receipt is about another migration");
        }
    }
    if (found.n > 0) {
        warn(w, &found);
        d = NULL;
    }
    err_list_release(&found);
    return d;
}

/* What was found of the files that a receipt names. all: none is missing so far; intact: nor altered. */
struct outputs_found {
    struct digester *h;
    bool all, intact;
};

/* The file named uri, below the bundle's folder. 0, or no file could be read. */
static int read_file(const struct evidence_work *w, const char *uri, struct outputs_found *o,
                     struct bytes *out)
{
    struct text_file file = {0};
    struct digest found = {{0}};
    struct err e = {0};
    int rc = -1;
    if (declaration_name_fault(uri) == NULL) {
        const char *path = arena_printf(w->a, "%s/%s", w->b->dir, uri);
        rc = file_read(w->a, w->dirfd, path, LIMIT_JSON, &file.bytes, &file.stamp, &e);
        found = rc == 0 ? digest_of(file.bytes) : found;
        add_used(w, path, &file.stamp);
    }
    w->used->is_uncertain = w->used->is_uncertain || rc < 0;
    o->all = o->all && rc == 0;
    o->intact = o->intact && rc == 0;
    digester_field(o->h, uri, bytes_of((const char *)found.b, sizeof found.b));
    *out = file.bytes;
    return rc;
}

static void read_output(const struct evidence_work *w, const struct doc *output,
                        struct outputs_found *o, bool has_list)
{
    const char *uri = doc_str(output, "uri", "");
    struct bytes text;
    struct bytes lines;
    struct digest named;
    struct err e = {0};
    if (read_file(w, uri, o, &text) != 0) {
        return;
    }
    struct digest found = digest_of(text);
    o->intact = o->intact && digest_parse(doc_str(output, "digest", ""), &named) == 0 &&
                digest_eq(&named, &found);
    if (has_list && o->intact && read_file(w, object_list_path(w->a, uri), o, &lines) == 0) {
        o->intact = object_list_check(text, lines, &e) == 0;
    }
}

static void read_outputs(const struct evidence_work *w, const struct doc *receipt,
                         const struct text_file *file)
{
    const struct doc *outputs = doc_find(receipt, "claim.outputs");
    struct outputs_found o = {digester_open("kfmig.evidence.v1"), true, true};
    struct digest d = digest_of(file->bytes);
    digester_field(o.h, "receipts/run_receipt.json", bytes_of((const char *)d.b, sizeof d.b));
    for (size_t i = 0; i < doc_len(outputs); i++) {
        const char *uri = doc_str(outputs->item[i], "uri", "");
        read_output(w, outputs->item[i], &o, object_list_wanted(receipt, uri));
    }
    struct digest files = digester_close(o.h);
    w->b->evidence_intact = o.intact;
    w->b->evidence_files = o.all ? files : (struct digest){{0}};
}

void evidence_read(struct arena *a, int dirfd, struct bundle *b, struct used *used,
                   struct err_list *warnings)
{
    struct evidence_work w = {a, dirfd, b, used, warnings};
    struct text_file file;
    struct stamp folder;
    const char *path = arena_printf(a, "%s/receipts", b->dir);
    if (used_look(dirfd, path, &folder) == 0 && folder.ino == 0) {
        if (b->file != NULL) {
            add_used(&w, path, &folder);
        }
        return; /* its coming changes the stamp of a bundle's folder */
    }
    const struct doc *receipt = read_receipt(&w, &file);
    if (receipt == NULL || strcmp(doc_str(receipt, "result", ""), "success") != 0) {
        return;
    }
    const char *checksum = doc_str(doc_get(receipt, "claim"), "checksum", "");
    if (digest_parse(checksum, &b->evidence_checksum) == 0) {
        b->has_evidence = true;
        read_outputs(&w, receipt, &file);
    }
}
