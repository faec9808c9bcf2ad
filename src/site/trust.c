/* Is it the ledger that was seen before? What the cache, the sink and its own first entry tell. */
#include <stdlib.h>
#include <string.h>

#include "evidence/receipts.h"
#include "evidence/sink.h"
#include "site/exported.h"
#include "site/site.h"

/* "uuid size time": beside the checkpoint, which a cache of 0.1.0 has alone. */
static const char *remembered_at(const struct site *s, const struct checkpoint *of)
{
    struct bytes seen;
    const char *prefix = arena_printf(s->a, "%s %lld ", of->instance, (long long)of->sequence);
    size_t n = strlen(prefix);
    if (!cache_get(s->cache, "checkpoint_at", bytes_str(s->env->name), s->a, &seen) ||
        seen.n <= n || memcmp(seen.p, prefix, n) != 0) {
        return "";
    }
    return arena_strndup(s->a, seen.p + n, seen.n - n);
}

/* What the last run saw of this environment: "uuid size root". */
bool site_remembered(const struct site *s, struct checkpoint *out, const char **at)
{
    struct bytes seen;
    *out = (struct checkpoint){.sequence = 0};
    if (!cache_get(s->cache, "checkpoint", bytes_str(s->env->name), s->a, &seen)) {
        return false;
    }
    char *rest = arena_strndup(s->a, seen.p, seen.n);
    const char *uuid = strsep(&rest, " ");
    const char *number = strsep(&rest, " ");
    if (number == NULL || rest == NULL || strlen(uuid) >= sizeof out->instance ||
        digest_parse(rest, &out->root) != 0) {
        return false;
    }
    memcpy(out->instance, uuid, strlen(uuid) + 1);
    out->sequence = strtoll(number, NULL, 10);
    if (at != NULL) {
        *at = remembered_at(s, out);
    }
    return true;
}

int site_cited(const struct site *s, bool *is_recovery, struct checkpoint *out, struct err *e)
{
    struct bytes body = {NULL, 0};
    struct doc *receipt = NULL;
    const struct entry *first = s->entries.n > 0 ? &s->entries.v[0] : NULL;
    *is_recovery = false;
    *out = (struct checkpoint){.sequence = 0};
    if (first == NULL) {
        return 0;
    }
    struct ledger_source ledger = ledger_source_of(s->pg);
    if (receipts_body(&ledger, s->a, first->sequence, first->run_id, &first->receipt, &body, e) !=
            0 ||
        receipts_parse(s->a, body, first->sequence, &receipt, e) != 0) {
        return -1;
    }
    *is_recovery = checkpoint_of(receipt, out);
    return 0;
}

/* Another ledger is right if it was begun in place of the one that the last run saw, and cites all that was
 * seen of it. */
static int check_other(const struct site *s, const struct checkpoint *seen, struct err *e)
{
    bool is_recovery = false;
    struct checkpoint cited = {.sequence = 0};
    if (s->id.has_ledger && site_cited(s, &is_recovery, &cited, e) != 0) {
        return -1;
    }
    if (is_recovery && strcmp(cited.instance, seen->instance) == 0) {
        if (cited.sequence > seen->sequence ||
            (cited.sequence == seen->sequence &&
             (digest_is_zero(&cited.root) || digest_eq(&cited.root, &seen->root)))) {
            return 0;
        }
        err_set(e, ERR_PREFLIGHT,
                "the ledger of \"%s\" takes the place of one that it knew up to entry %lld; the "
                "last run here saw entry %lld of it%s",
                s->env->name, (long long)cited.sequence, (long long)seen->sequence,
                cited.sequence == seen->sequence ? ", with another root" : "");
        return err_hint(e, "something that was done there was not known to whoever recovered it: "
                           "compare, then delete state/kfmig.db");
    }
    if (!s->id.has_ledger && !s->env->is_protected) {
        tell_warning(&s->ear,
                     "%s: the database has no ledger; the last run here saw ledger %s, entry %lld: "
                     "it was made anew, and this is first contact again",
                     s->env->name, seen->instance, (long long)seen->sequence);
        return 0;
    }
    err_set(e, ERR_PREFLIGHT, "environment \"%s\" carries %s than the last run saw", s->env->name,
            s->id.has_ledger ? "another ledger" : "no ledger, less");
    if (!s->id.has_ledger) {
        return err_hint(e,
                        "if the database was lost, `kfmig rebuild %s --all --new-database` makes "
                        "it again and cites the lost ledger",
                        s->env->name);
    }
    return err_hint(e, "if the database was replaced on purpose, delete state/kfmig.db and "
                       "look at the plan first");
}

/* Reading the entries has hashed them to id.root: only an earlier root takes hashing them again. */
static struct digest root_at(const struct site *s, int64_t sequence)
{
    struct merkle m = {0};
    if (sequence == s->id.size) {
        return s->id.root;
    }
    for (int64_t i = 0; i < sequence; i++) {
        merkle_add(&m, &s->entries.v[i].leaf);
    }
    return merkle_root(&m);
}

/* The cache is a hint, but a ledger that went back or forked since is worth stopping for. */
static int check_checkpoint(const struct site *s, const struct checkpoint *seen, struct err *e)
{
    if (!s->id.has_ledger || strcmp(seen->instance, s->id.uuid) != 0) {
        return check_other(s, seen, e);
    }
    if (s->id.size < seen->sequence) {
        err_set(e, ERR_INTEGRITY, "the ledger of \"%s\" has %lld entries, the last run saw %lld",
                s->env->name, (long long)s->id.size, (long long)seen->sequence);
        return err_hint(
            e,
            "was the database restored from a backup? delete state/kfmig.db to accept it as it is");
    }
    struct digest then = root_at(s, seen->sequence);
    if (!digest_eq(&then, &seen->root)) {
        err_set(e, ERR_INTEGRITY,
                "the ledger of \"%s\" is not a continuation of the one that the last run saw",
                s->env->name);
        return err_hint(
            e, "history was rewritten; compare exported receipts with `kfmig receipt verify %s`",
            s->env->name);
    }
    return 0;
}

/* Nothing was written since. */
static bool is_as_seen(const struct site *s, const struct checkpoint *seen)
{
    return s->id.has_ledger && strcmp(seen->instance, s->id.uuid) == 0 &&
           seen->sequence == s->id.size && digest_eq(&seen->root, &s->id.root);
}

int site_await(const struct site *s, struct err *e)
{
    struct checkpoint seen;
    if (!s->id.has_ledger || s->id.lsn[0] == '\0' || s->o.dbname != NULL) {
        return 0;
    }
    bool was_seen = site_remembered(s, &seen, NULL) && is_as_seen(s, &seen);
    return was_seen ? 0 : ledger_await_flush(s->pg, s->id.lsn, &s->ear, e);
}

/* "uuid oid system": a restored copy, a server that was made of a base backup, keep the first alone. */
static const char *place_text(const struct site *s)
{
    return arena_printf(s->a, "%s %lld %s", s->id.uuid, (long long)s->id.database_oid,
                        s->id.system_id);
}

static bool place_known(const struct site *s, struct bytes *seen)
{
    return s->id.has_ledger && s->id.database_oid > 0 && s->o.dbname == NULL &&
           cache_get(s->cache, "place", bytes_str(s->env->name), s->a, seen);
}

const char *site_moved(const struct site *s)
{
    struct bytes seen;
    if (!place_known(s, &seen)) {
        return NULL;
    }
    char *rest = arena_strndup(s->a, seen.p, seen.n);
    const char *uuid = strsep(&rest, " ");
    const char *oid = strsep(&rest, " ");
    const char *system = rest != NULL ? rest : "";
    bool same_system =
        system[0] == '\0' || s->id.system_id[0] == '\0' || strcmp(system, s->id.system_id) == 0;
    if (oid == NULL || strcmp(uuid, s->id.uuid) != 0 ||
        (same_system && strtoll(oid, NULL, 10) == s->id.database_oid)) {
        return NULL;
    }
    return same_system ? arena_printf(s->a, "database oid %s of the same server (here: %lld)", oid,
                                      (long long)s->id.database_oid)
                       : arena_printf(s->a, "the server with system identifier %s (here: %s)",
                                      system, s->id.system_id);
}

void site_settle(const struct site *s, bool is_first)
{
    struct bytes seen;
    bool known = place_known(s, &seen) && seen.n > strlen(s->id.uuid) &&
                 memcmp(seen.p, s->id.uuid, strlen(s->id.uuid)) == 0;
    const char *now = place_text(s);
    if (s->id.has_ledger && s->id.database_oid > 0 && s->o.dbname == NULL &&
        !(known && (is_first || bytes_eq(seen, bytes_str(now))))) {
        cache_put(s->cache, "place", bytes_str(s->env->name), bytes_str(now));
    }
}

static void tell_moved(const struct site *s)
{
    const char *from = site_moved(s);
    if (from != NULL) {
        tell_warning(&s->ear,
                     "%s: the last run here found this ledger in %s: a copy or a move; if the "
                     "other one still lives, two databases have one ledger, and only one of them "
                     "may be built",
                     s->env->name, from);
    }
}

void site_remember(const struct site *s)
{
    char text[DIGEST_TEXT];
    struct bytes old;
    if (!s->id.has_ledger) {
        return;
    }
    site_settle(s, true);
    char *now = arena_printf(s->a, "%s %lld %s", s->id.uuid, (long long)s->id.size,
                             digest_text(&s->id.root, text));
    struct bytes name = bytes_str(s->env->name);
    if (!cache_get(s->cache, "checkpoint", name, s->a, &old) || !bytes_eq(old, bytes_str(now))) {
        const char *at = s->entries.n > 0 ? s->entries.v[s->entries.n - 1].finished_at : "";
        cache_put(s->cache, "checkpoint", name, bytes_str(now));
        cache_put(
            s->cache, "checkpoint_at", name,
            bytes_str(arena_printf(s->a, "%s %lld %s", s->id.uuid, (long long)s->id.size, at)));
    }
}

/* Where another run goes on meanwhile, what remembers a ledger may be newer than our look at it: what
 * speaks against it counts only if it does so as the ledger is now. NULL: it is as we saw it, or it cannot be
 * asked. */
static const struct site *as_now(const struct site *s)
{
    struct err ignored = {0};
    struct site *now = ARENA_NEW(s->a, struct site);
    *now = *s;
    if (s->pg == NULL || site_refresh(now, &ignored) != 0 ||
        (now->id.has_ledger == s->id.has_ledger && now->id.size == s->id.size)) {
        return NULL;
    }
    return site_await(now, &ignored) == 0 ? now : NULL;
}

/* What exports tell of the site's ledger. newest: of what the ledger has no entry of; forked: the first one
 * whose entry is another; sequence 0: there is none. */
struct holding {
    const struct site *s;
    bool is_known;
    struct exported newest, forked;
};

/* A receipt says the root before its entry, a pointer what the receipt is. */
static bool is_of_entry(const struct entry *en, const struct checkpoint *point)
{
    return digest_is_zero(&point->previous) ? digest_eq(&point->receipt, &en->receipt)
                                            : digest_eq(&point->previous, &en->previous);
}

static void hold_export(void *ctx, const struct exported *x)
{
    struct holding *h = ctx;
    int64_t n = x->point.sequence;
    if (strcmp(x->point.instance, h->s->id.uuid) != 0) {
        return;
    }
    h->is_known = true;
    if (n > h->s->id.size) {
        h->newest = n > h->newest.point.sequence ? *x : h->newest;
    } else if (h->forked.point.sequence == 0 && !is_of_entry(&h->s->entries.v[n - 1], &x->point)) {
        h->forked = *x;
    }
}

static bool is_applied(const struct site *s, const struct bundle *b)
{
    const struct history *h = past_get(&s->past, b->id);
    return h != NULL && h->applied != NULL;
}

/* Receipts that somebody exported and committed are remembered by all who have the repository. */
static int hold_exports_to(const struct site *s, bool pending_only, bool *is_known, struct err *e)
{
    struct holding h = {.s = s};
    for (size_t i = 0; i < s->project->n_bundle; i++) {
        const struct bundle *b = &s->project->bundle[i];
        if (!pending_only || !is_applied(s, b)) {
            site_exports(s, b, hold_export, &h);
        }
    }
    *is_known = h.is_known;
    if (h.newest.point.sequence > 0) {
        err_set(e, ERR_INTEGRITY,
                "the ledger of \"%s\" has %lld entries, an exported receipt is of entry %lld: %s",
                s->env->name, (long long)s->id.size, (long long)h.newest.point.sequence,
                h.newest.path);
        return err_hint(e, "was the database restored from a backup? what happened since stands in "
                           "exported receipts; remove these to accept it as it is");
    }
    if (h.forked.point.sequence > 0) {
        err_set(e, ERR_INTEGRITY,
                "the ledger of \"%s\" is not the one that the receipt of entry %lld was exported "
                "from: %s",
                s->env->name, (long long)h.forked.point.sequence, h.forked.path);
        return err_hint(e,
                        "history was rewritten, or the file was; compare with `kfmig receipt "
                        "verify %s`",
                        s->env->name);
    }
    return 0;
}

static int hold_sink_to(const struct site *s, bool pending_only, bool *is_known, struct err *e)
{
    (void)pending_only; /* the sink is of no bundle */
    struct archive r = site_archive(s);
    return sink_check(&r, is_known, e);
}

/* What remembers the ledger of s says nothing against it; is_known: it remembers it. */
typedef int judge(const struct site *s, bool pending_only, bool *is_known, struct err *e);

static int hold(judge *to, const struct site *s, bool pending_only, bool *is_known, struct err *e)
{
    int rc = to(s, pending_only, is_known, e);
    const struct site *now = rc != 0 && e->code == ERR_INTEGRITY ? as_now(s) : NULL;
    if (now != NULL) {
        *e = (struct err){0};
        rc = to(now, pending_only, is_known, e);
    }
    return rc;
}

static int hold_checkpoint(const struct site *s, const struct checkpoint *seen, struct err *e)
{
    bool is_ahead = !s->id.has_ledger ||
                    (strcmp(seen->instance, s->id.uuid) == 0 && s->id.size < seen->sequence);
    const struct site *now = is_ahead ? as_now(s) : NULL;
    return check_checkpoint(now != NULL ? now : s, seen, e);
}

/* Exports are read where the ledger is another than the last run saw. */
int site_trust(struct site *s, struct err *e)
{
    struct checkpoint seen;
    bool is_sunk = false;
    bool is_exported = false;
    struct err why = {0};
    bool is_seen = site_remembered(s, &seen, NULL);
    if (is_seen && hold_checkpoint(s, &seen, &why) != 0) {
        if (!s->o.audits || why.code != ERR_INTEGRITY) {
            *e = why;
            return -1;
        }
        s->doubt = arena_strdup(s->a, why.msg);
    }
    tell_moved(s);
    if (s->o.audits) {
        return 0;
    }
    if (hold(hold_sink_to, s, false, &is_sunk, e) != 0) {
        return -1;
    }
    s->is_as_seen = is_seen && is_as_seen(s, &seen);
    if (s->id.has_ledger && !s->is_as_seen &&
        hold(hold_exports_to, s, false, &is_exported, e) != 0) {
        return -1;
    }
    s->trusts_first = s->id.has_ledger && !is_seen && !is_sunk && !is_exported;
    return 0;
}

int site_trust_planned(const struct site *s, struct err *e)
{
    char root[DIGEST_TEXT];
    bool ignored;
    if (s->is_as_seen && s->plan.n_state[STATE_CURRENT] < s->plan.n_steps) {
        return hold(hold_exports_to, s, true, &ignored, e);
    }
    if (s->trusts_first && s->cache != NULL) {
        tell_note(&s->ear,
                  "%s: ledger %s is trusted on first use: nothing here remembers it; it has %lld "
                  "entries, root %s",
                  s->env->name, s->id.uuid, (long long)s->id.size, digest_text(&s->id.root, root));
    }
    return 0;
}
