/* What saves a look. */
#include "site/witness.h"

#include <stdlib.h>
#include <string.h>

int witness_ask(const struct site *s, struct catalog_witness *out, struct err *e)
{
    return catalog_witness(s->pg, ledger_objects_witness, s->a, out, e);
}

void witness_begin(struct site *s)
{
    s->since = (struct since){.next_id = 0};
    if (s->id.is_quiet) {
        s->since = (struct since){s->id.next_id, s->id.ids_ours};
    }
}

bool witness_alone(const struct site *s)
{
    return s->since.next_id > 0 &&
           s->id.next_id - s->since.next_id == s->id.ids_ours - s->since.ids_ours;
}

bool witness_same(const struct site *s)
{
    struct err ignored = {0};
    struct catalog_witness now;
    return s->catalogs.sums != NULL && witness_ask(s, &now, &ignored) == 0 &&
           strcmp(now.sums, s->catalogs.sums) == 0;
}

/* --- in the cache ------------------------------------------------------------------------------------ */

/* Before what is told, all that it depends on: who looks at which database, the ledger, and the program that
 * compares. Behind it, in kept rows, comes a position in the log. */
static const char *bound(const struct site *s, const char *what)
{
    char root[DIGEST_TEXT];
    return arena_printf(s->a, "%s\n%s %lld %d %s %lld\n%s %s\n%s ", KFMIG_VERSION,
                        digest_text(&s->id.root, root), (long long)s->id.format, s->id.version,
                        s->id.system_id, (long long)s->id.timeline, s->id.role, s->id.database,
                        what);
}

/* "16/B374D848" as a number. */
static uint64_t position(const char *lsn)
{
    char *slash = NULL;
    uint64_t high = strtoull(lsn, &slash, 16);
    return *slash == '/' ? high << 32 | strtoull(slash + 1, NULL, 16) : 0;
}

/* The same, at a position that the server has passed. */
static bool is_kept(const struct site *s, const char *kind, const char *what)
{
    struct bytes seen;
    struct bytes text = bytes_str(bound(s, what));
    return cache_get(s->cache, kind, bytes_str(s->id.uuid), s->a, &seen) && seen.n > text.n &&
           memcmp(seen.p, text.p, text.n) == 0 &&
           position(arena_strndup(s->a, seen.p + text.n, seen.n - text.n)) <= position(s->id.lsn);
}

static void keep(const struct site *s, const char *kind, const char *what, const char *lsn)
{
    const char *text = arena_printf(s->a, "%s%s", bound(s, what), lsn);
    cache_put(s->cache, kind, bytes_str(s->id.uuid), bytes_str(text));
}

static bool has_position(const struct site *s)
{
    return s->id.has_ledger && s->id.lsn[0] != '\0' && s->id.next_id > 0;
}

static const char *ids_text(const struct site *s)
{
    return arena_printf(s->a, "%lld", (long long)s->id.next_id);
}

bool site_unmoved(const struct site *s)
{
    return has_position(s) && is_kept(s, "witness", ids_text(s));
}

/* All that was summed up is on disk: nothing had ended but what is, or the log has been written since. */
static bool is_durable(const struct site *s)
{
    return (s->id.is_flushed && s->id.is_quiet && s->catalogs.next_id == s->id.next_id) ||
           ledger_flushed_soon(s->pg, s->catalogs.lsn);
}

void site_witness(const struct site *s)
{
    if (!has_position(s)) {
        return;
    }
    if (s->id.is_quiet && s->id.is_flushed && !is_kept(s, "witness", ids_text(s))) {
        keep(s, "witness", ids_text(s), s->id.lsn);
    }
    if (s->catalogs.sums != NULL && digest_eq(&s->root, &s->id.root) &&
        !is_kept(s, "catalogs", s->catalogs.sums) && is_durable(s)) {
        keep(s, "catalogs", s->catalogs.sums, s->catalogs.lsn);
    }
}

bool site_catalogs_unmoved(struct site *s)
{
    struct err ignored = {0};
    struct bytes any;
    s->has_catalog = false; /* what it says is as of another time */
    if (!has_position(s) || !cache_get(s->cache, "catalogs", bytes_str(s->id.uuid), s->a, &any) ||
        witness_ask(s, &s->catalogs, &ignored) != 0) {
        return false;
    }
    s->root = s->id.root;
    return is_kept(s, "catalogs", s->catalogs.sums);
}
