/* The moment of publication: old snapshots gone, all relations locked, one short transaction. */
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "run/projection_parts.h"
#include "run/queries.h"
#include "run/record.h"

enum { PATIENT_AFTER = 20, PATIENCE_MS = 500 };

static bool is_interrupted(const struct making *m, struct err *e)
{
    if (ear_stops(m->r->ear) == ERR_NONE) {
        return false;
    }
    err_set(e, ERR_INTERRUPTED, "interrupted while waiting to publish %s", m->p->name);
    return true;
}

static void tell_waiting(const struct making *m, const char *whom)
{
    const char *text = arena_printf(m->r->a, "waiting to publish: %s", whom);
    tell(m->r->ear, &(struct tell){.kind = TELL_WAITING, .target = m->p->name, .what = text});
}

static int give_up(const struct making *m, const char *whom, struct err *e)
{
    err_set(e, ERR_PREFLIGHT, "%s is ready, but not published: %s would see an empty or mixed one",
            m->p->name, whom);
    return err_hint(e, "end that, then run the same command again: it only publishes");
}

/* A reader whose snapshot is older than the load would find the new tables empty. */
static int wait_for_snapshots(struct making *m, int64_t deadline, struct err *e)
{
    for (;;) {
        struct old_snapshots old = {0};
        if (m->horizon != NULL &&
            generation_old_snapshots(making_session(m), m->r->a, m->horizon, &old, e) != 0) {
            return -1;
        }
        if (old.n == 0) {
            return 0;
        }
        if (clock_ms() >= deadline) {
            return give_up(m, old.who[0], e);
        }
        tell_waiting(m, old.who[0]);
        if (is_interrupted(m, e)) {
            return -1;
        }
        clock_sleep_ms(100);
    }
}

static int64_t jitter(int64_t most)
{
    uint32_t dice;
    random_bytes(&dice, sizeof dice);
    return 1 + (int64_t)(dice % (uint32_t)most);
}

/* The relation as everybody else knows it: in this transaction its schema has its kept name already. */
static const char *known_name(const struct making *m, const char *held_by, const char *kept)
{
    const char *at = strstr(held_by, kept);
    return at == NULL ? held_by
                      : arena_printf(m->r->a, "%.*s%s%s", (int)(at - held_by), held_by,
                                     m->p->schema, at + strlen(kept));
}

/* The last thing before COMMIT: whoever used the old generation in a transaction that goes on would
 * see both. A queued request would block readers, so the first attempts do not wait at all. kept:
 * what the old one is called now. */
static int lock_all(struct making *m, const char *kept, int64_t deadline, struct err *e)
{
    for (int attempt = 0;; attempt++) {
        const char *held_by = "";
        int rc = generation_lock(making_session(m), m->r->a, m->p->schema, kept,
                                 attempt < PATIENT_AFTER ? 0 : PATIENCE_MS, &held_by, e);
        if (rc <= 0) {
            return rc;
        }
        held_by = known_name(m, held_by, kept);
        if (clock_ms() >= deadline) {
            return give_up(m, held_by, e);
        }
        tell_waiting(m, held_by);
        if (is_interrupted(m, e)) {
            return -1;
        }
        clock_sleep_ms(jitter(attempt < PATIENT_AFTER ? 20 : 200));
    }
}

static bool is_ours(const struct making *m, const char *object)
{
    struct object o;
    return object_parse(m->r->a, object, &o) == 0 &&
           (strcmp(o.schema, m->p->schema) == 0 ||
            (o.kind == OBJ_SCHEMA && strcmp(o.name, m->p->schema) == 0));
}

struct digest structure_of(const struct making *m)
{
    struct digester *d = digester_open("kfmig.structure.v1");
    for (size_t i = 0; i < m->expected.n; i++) {
        const struct catalog_object *o = m->expected.v[i];
        if (is_ours(m, o->text)) {
            digester_field(d, "object", bytes_str(o->text));
            digester_field(d, "fingerprint", bytes_of((const char *)o->fingerprint.b, 32));
        }
    }
    return digester_close(d);
}

/* The projection's objects in the ledger's sum against those that the rehearsal found; both sorted by object.
 */
void publish_changes(struct making *m)
{
    struct observation *seen = &m->o->seen;
    const struct catalog *now = &m->expected;
    size_t i = 0;
    size_t k = 0;
    struct object_rows sum;
    baseline_rows(m->r->sum, m->r->a, &sum);
    *seen = (struct observation){0};
    seen->changes = ARENA_ARRAY(m->r->a, struct change, sum.n + now->n + 1);
    while (i < sum.n || k < now->n) {
        int order = i >= sum.n ? 1 : k >= now->n ? -1 : strcmp(sum.v[i].object, now->v[k]->text);
        const char *text = order <= 0 ? sum.v[i].object : now->v[k]->text;
        bool differs = order != 0 || !digest_eq(&sum.v[i].fingerprint, &now->v[k]->fingerprint);
        if (differs && is_ours(m, text)) {
            struct catalog_object *before =
                order <= 0 ? table_gets(&m->r->base->by_text, text) : NULL;
            if (order <= 0 && before == NULL) {
                before = ARENA_NEW(m->r->a, struct catalog_object);
                before->text = text;
                (void)!object_parse(m->r->a, text, &before->object);
                before->fingerprint = sum.v[i].fingerprint;
            }
            seen->changes[seen->n_changes++] =
                (struct change){before, order >= 0 ? now->v[k] : NULL};
        }
        i += order <= 0;
        k += order >= 0;
    }
}

static int keep_live(struct making *m, const char *live_acl, struct err *e)
{
    const struct generation *live = m->job->step->live;
    struct generation old = live != NULL ? *live
                                         : (struct generation){.projection = m->p->name,
                                                               .schema = m->p->schema,
                                                               .number = m->live_number};
    struct doc *facts = doc_new(m->r->a, DOC_MAP);
    for (size_t i = 0; old.facts != NULL && i < old.facts->n; i++) {
        doc_put(m->r->a, facts, old.facts->key[i]->text.p, old.facts->item[i]);
    }
    if (live_acl != NULL) {
        doc_put(m->r->a, facts, "acl", doc_text(m->r->a, live_acl));
    }
    old.state = GENERATION_KEPT;
    old.is_chosen = false;
    old.facts = facts;
    return ledger_generation_put(making_session(m), &old, e);
}

static int put_live(struct making *m, bool by_hand, struct err *e)
{
    char wanted[DIGEST_TEXT];
    m->g.state = GENERATION_LIVE;
    m->structure = structure_of(m);
    m->g.is_chosen = by_hand;
    m->horizon = NULL; /* who was older was waited for, and nobody gets older */
    m->chosen_against =
        by_hand ? arena_strdup(m->r->a, digest_text(&m->job->step->in->digest, wanted)) : NULL;
    return facts_put(m, e);
}

static int record(struct making *m, const struct object_row *rows, struct err *e)
{
    struct receipt_input in = {.kind = "projection_publish",
                               .bundle = &m->chain,
                               .outcome = m->o,
                               .evidence = &m->evidence,
                               .started_at = m->started_at,
                               .finished_at = m->o->seen.server_time,
                               .making = m,
                               .notes = ""};
    return record_entry(m->r, &in, ENTRY_PUBLISH, rows, m->o->seen.n_changes, &m->guard, m->o, e);
}

int making_stamp(struct making *m, struct err *e)
{
    struct pg_rows *now = NULL;
    if (pg_query(making_session(m), &run_clock, NULL, 0, &now, e) != 0) {
        return -1;
    }
    m->o->seen.server_time = arena_strdup(m->r->a, pg_text(now, 0, 0));
    pg_rows_free(now);
    m->o->result = RUN_SUCCESS;
    return 0;
}

int publish_entry(struct making *m, bool by_hand, struct err *e)
{
    if (put_live(m, by_hand, e) != 0 || making_stamp(m, e) != 0) {
        return -1;
    }
    m->evidence.pre = baseline_digest(m->r->sum);
    const struct object_row *rows = record_objects(m->r, &m->o->seen);
    baseline_lay(m->r->sum, rows, m->o->seen.n_changes);
    m->evidence.post = baseline_digest(m->r->sum);
    return record(m, rows, e);
}

int publish_commit(struct making *m, const struct merkle *before, struct err *e)
{
    if (making_publish(m, before, e) != 0) {
        m->o->sequence = 0;
        baseline_undo(m->r->sum);
        return -1;
    }
    *m->r->base = m->expected;
    baseline_keep(m->r->sum);
    return 0;
}

/* Everything that takes time comes before the locks. */
static int publish(struct making *m, bool by_hand, int64_t deadline, struct err *e)
{
    const char *live_acl = NULL;
    const char *kept = NULL;
    if (making_begin(m, e) != 0) {
        return -1;
    }
    if (generation_swap(making_session(m), m->r->a, m->p->schema, m->live_number, m->hidden, m->acl,
                        &live_acl, e) != 0 ||
        (m->live_number > 0 && keep_live(m, live_acl, e) != 0) ||
        publish_entry(m, by_hand, e) != 0) {
        return -1;
    }
    if (m->live_number == 0) {
        return 0;
    }
    return generation_schema(m->r->a, m->p->schema, m->live_number, &kept, e) != 0
               ? -1
               : lock_all(m, kept, deadline, e);
}

int make_public(struct making *m, bool by_hand, struct err *e)
{
    int64_t deadline = clock_ms() + m->p->snapshot_wait_ms;
    struct merkle before = *m->r->merkle;
    making_phase(m, "publish");
    publish_changes(m);
    if (wait_for_snapshots(m, deadline, e) != 0) {
        return -1;
    }
    if (publish(m, by_hand, deadline, e) != 0 || FAULT(GENERATION_SWAPPED)) {
        making_roll_back(m);
        *m->r->merkle = before;
        m->o->sequence = 0;
        baseline_undo(m->r->sum);
        return e->code != ERR_NONE ? -1 : execution_injected(e);
    }
    return publish_commit(m, &before, e);
}
