/* Entries, from outcome to ledger. */
#include "run/record.h"

#include "model/leak.h"
#include "run/commit.h"
#include "run/owed.h"
#include "run/projection_drop.h"
#include "run/queries.h"

static void blob_add(struct blob *v, size_t *n, const struct digest *digest, struct bytes bytes)
{
    if (bytes.p != NULL && !digest_is_zero(digest)) {
        v[(*n)++] = (struct blob){*digest, bytes};
    }
}

static void blobs_add_files(struct blob *v, size_t *n, const struct artifacts *files)
{
    for (size_t i = 0; i < files->n; i++) {
        blob_add(v, n, &files->v[i].digest, files->v[i].bytes);
    }
}

/* What was signed, the signatures, and whose keys these were then: whoever audits needs no other file. */
static void blobs_add_signed(const struct run *r, struct blob *v, size_t *n,
                             const struct approval_verdict *signed_for)
{
    for (size_t i = 0; i < signed_for->n; i++) {
        const struct approval *x = signed_for->v[i];
        blob_add(v, n, &x->statement_digest, x->statement);
        blob_add(v, n, &x->signature_digest, x->signature);
    }
    if (signed_for->n > 0) {
        const struct approvals *all = r->world->approvals;
        blob_add(v, n, &all->signers_digest, all->signers);
    }
}

struct blob *record_blobs(struct run *r, const struct receipt_input *in, size_t *n)
{
    *n = 0;
    const struct approval_verdict signed_for = account_signed(r->a, r, in);
    size_t most = 5 + 2 * signed_for.n;
    const struct decl *d = in->bundle != NULL ? in->bundle->decl : NULL;
    if (d != NULL) {
        most += 1 + d->forward.n + d->rollback.n + d->invariants.n;
    }
    struct blob *v = ARENA_ARRAY(r->a, struct blob, most);
    if (d != NULL) {
        blob_add(v, n, &d->file.digest, d->file.bytes);
        blobs_add_files(v, n, &d->forward);
        blobs_add_files(v, n, &d->rollback);
        blobs_add_files(v, n, &d->invariants);
    }
    blobs_add_signed(r, v, n, &signed_for);
    const struct evidence_set *ev = in->evidence;
    blob_add(v, n, &ev->diff.digest, ev->diff.bytes);
    blob_add(v, n, &ev->touched.digest, ev->touched.bytes);
    blob_add(v, n, &ev->invariants.digest, ev->invariants.bytes);
    return v;
}

static void entry_fill(const struct run *r, const struct receipt_input *in, enum entry_kind kind,
                       struct entry *en)
{
    *en = (struct entry){
        .sequence = r->merkle->size + 1,
        .kind = kind,
        .subject = in->bundle != NULL  ? in->bundle->id
                   : in->store != NULL ? in->store
                                       : "database",
        .result = result_text(in->outcome->result),
        .run_id = in->outcome->run_id,
        .finished_at = in->finished_at,
        .environment = r->env->name,
        .instance = r->id->uuid,
        .previous = merkle_root(r->merkle),
        .pre = in->evidence->pre,
        .post = in->evidence->post,
        .diff = in->evidence->diff.digest,
        .invariants = in->evidence->invariants.digest,
        .checksum = in->identity,
    };
    if (in->renaming != NULL) {
        en->subject = rename_subject(r->a, in->renaming->old, in->renaming->id);
        en->checksum = in->renaming->checksum;
    }
    if (in->confirmation != NULL) {
        en->subject = in->confirmation->item;
        en->checksum = in->confirmation->plan;
    }
    if (in->deployed != NULL) {
        en->subject = in->deployed;
        en->checksum = digest_of(bytes_str(in->deployed));
    }
    if (in->backup != NULL) {
        en->subject = in->backup->subject;
        en->checksum = in->backup->digest;
    }
    if (in->dropping != NULL) {
        en->subject = drop_subject(r->a, in->bundle->id, &in->dropping->migrations);
    }
    if (in->bundle != NULL) {
        en->checksum = in->bundle->checksum;
        en->bundle_digest = in->bundle->bundle_digest;
    }
}

/* The last look at what is in the database already: what a migration leaves there its gate has judged. */
static int check_secrets(const struct object_row *objects, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        const struct object_row *o = &objects[i];
        const struct leak *found = leak_in(LEAK_NAME, o->object);
        found = found != NULL ? found : leak_in(LEAK_NAME, o->definition);
        if (found != NULL) {
            (void)err_set(e, ERR_LEAK,
                          "the name or definition of an object in the database holds %s (rule %s): "
                          "nothing is written",
                          found->what, found->rule);
            return err_hint(e, "rename the object; if the secret was ever shared, change it");
        }
    }
    return 0;
}

/* The last look at what was made of all that, as it would be written: whatever it came from. */
static int check_record(struct arena *a, const char *what, struct bytes text, struct err *e)
{
    const struct leak *found =
        text.n > 0 ? leak_in(LEAK_RECORD, arena_strndup(a, text.p, text.n)) : NULL;
    if (found == NULL) {
        return 0;
    }
    (void)err_set(e, ERR_LEAK, "the %s would hold %s (rule %s): nothing is written", what,
                  found->what, found->rule);
    return err_hint(e, "it comes from a name, a definition or what is said of the run: intent, "
                       "notes, links, reasons in comments");
}

static int check_records(struct arena *a, const struct recording *x, const struct evidence_set *ev,
                         struct err *e)
{
    return check_record(a, "receipt", x->receipt, e) != 0 ||
                   check_record(a, "diff", ev->diff.bytes, e) != 0 ||
                   check_record(a, "list of what was touched", ev->touched.bytes, e) != 0 ||
                   check_record(a, "list of invariants", ev->invariants.bytes, e) != 0
               ? -1
               : 0;
}

int record_make(struct run *r, const struct receipt_input *in, enum entry_kind kind,
                const struct object_row *objects, size_t n_objects, struct recording *out,
                struct err *e)
{
    if (check_secrets(objects, n_objects, e) != 0) {
        return -1;
    }
    struct entry *en = ARENA_NEW(r->a, struct entry);
    entry_fill(r, in, kind, en);
    struct account account;
    account_of(r->a, r, in, &account);
    struct bytes sealed = receipt_seal(r->a, receipt_write(r->a, &account), en->instance,
                                       en->sequence, &en->previous);
    en->receipt = digest_of(sealed);
    *out = (struct recording){.entry = en,
                              .receipt = sealed,
                              .objects = objects,
                              .n_objects = n_objects,
                              .epoch = r->epoch,
                              .format = in->format};
    out->blobs = record_blobs(r, in, &out->n_blobs);
    return check_records(r->a, out, in->evidence, e);
}

int record_entry(struct run *r, const struct receipt_input *in, enum entry_kind kind,
                 const struct object_row *objects, size_t n_objects, struct guard *guard,
                 struct outcome *o, struct err *e)
{
    struct recording record;
    struct guard unguarded = {.xid = NULL};
    if (record_make(r, in, kind, objects, n_objects, &record, e) != 0 ||
        ledger_record(*r->pg, &record, guard != NULL ? guard : &unguarded, r->merkle, e) != 0) {
        return -1;
    }
    o->sequence = record.entry->sequence;
    return 0;
}

int record_begin(struct run *r, int64_t lock_ms, int64_t statement_ms, int64_t idle_ms,
                 const char **started, struct err *e)
{
    const struct deadlines d = {lock_ms, statement_ms, idle_ms};
    struct pg_rows *now = NULL;
    postgis_deadlines_add(*r->pg, r->a, &d);
    pg_batch_add(*r->pg, &run_clock, NULL, 0, &now);
    if (pg_batch_run(*r->pg, NULL, e) != 0) {
        return -1;
    }
    if (started != NULL) {
        *started = arena_strdup(r->a, pg_text(now, 0, 0));
    }
    pg_rows_free(now);
    return 0;
}

static int begin_alone(struct run *r, const char **now, struct err *e)
{
    return postgis_begin_alone(*r->pg, e) != 0 ? -1 : record_begin(r, 5000, 60000, 60000, now, e);
}

int record_alone(struct run *r, const struct receipt_input *in, enum entry_kind kind,
                 const struct object_row *objects, size_t n_objects, struct outcome *o,
                 struct err *e)
{
    struct receipt_input timed = *in;
    struct merkle before = *r->merkle;
    const char *now = NULL;
    const struct commit c = {.subject = in->bundle != NULL ? in->bundle->id : entry_kind_text(kind),
                             .run_id = o->run_id,
                             .done = "recorded",
                             .before = &before};
    int rc = begin_alone(r, &now, e);
    if (timed.finished_at == NULL) {
        timed.finished_at = now;
    }
    if (rc == 0) {
        rc = record_entry(r, &timed, kind, objects, n_objects, NULL, o, e);
    }
    if (rc != 0) {
        *r->merkle = before;
        tx_roll_back(*r->pg);
    } else if (run_commit(r, &c, e) != TX_ENDED) {
        rc = -1;
    }
    o->sequence = rc == 0 ? o->sequence : 0;
    return rc;
}

/* A migration can lose the connection, and it can let go of the run's lock. */
static bool session_is_ours(struct run *r)
{
    struct err ignored = {0};
    bool held = false;
    return pg_is_alive(*r->pg) && ledger_lock_check(*r->pg, r->epoch, &held, &ignored) == 0 && held;
}

void record_failed(struct run *r, const struct receipt_input *in, enum entry_kind kind,
                   struct outcome *o)
{
    struct err ignored = {0};
    if ((!session_is_ours(r) && r->reconnect(r->reconnect_ctx, &ignored) != 0) ||
        record_alone(r, in, kind, NULL, 0, o, &ignored) != 0) {
        o->owed = owed_write(r, in);
    }
}

struct object_row *record_objects(struct run *r, const struct observation *seen)
{
    struct object_row *rows = ARENA_ARRAY(r->a, struct object_row, seen->n_changes + 1);
    for (size_t i = 0; i < seen->n_changes; i++) {
        const struct change *c = &seen->changes[i];
        if (c->after != NULL) {
            rows[i] = (struct object_row){.object = c->after->text,
                                          .fingerprint = c->after->fingerprint,
                                          .definition = catalog_definition(r->a, c->after)};
        } else {
            rows[i] = (struct object_row){.object = c->before->text};
        }
    }
    return rows;
}
