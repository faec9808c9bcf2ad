/* What to do next, per reason: the last line of every block of why. */
#include "report/advice.h"

#include <string.h>

#include "report/words.h"

void advice_command(struct buf *out, const struct plan *p, const char *verb, const char *id)
{
    buf_printf(out, "`kfmig %s ", verb);
    words_safe(out, p->env->name);
    if (id != NULL) {
        buf_putc(out, ' ');
        words_safe(out, id);
    }
    buf_putc(out, '`');
}

/* --- what holds for migrations and projections alike -------------------------------------------------- */

/* r->now: the tag. */
static void about_deploy(struct buf *out, const struct plan *p, const struct reason *r)
{
    buf_puts(out, "once it is deployed, `kfmig deployed ");
    words_safe(out, p->env->name);
    buf_putc(out, ' ');
    words_safe(out, r->now);
    buf_puts(out, "` records it");
}

static void about_approval(struct buf *out, const struct plan *p, const struct reason *r)
{
    (void)r;
    buf_puts(out, "whoever has the role signs with ");
    advice_command(out, p, "approve", "TARGET");
    buf_puts(out,
             " and commits what it writes (docs/approvals.md); where the repository host's review "
             "is enough, declare `approval: review` for ");
    words_safe(out, p->env->name);
    buf_puts(out, " in registry/environments.v1.yml");
}

static void about_store(struct buf *out, const struct plan *p, const struct reason *r)
{
    (void)r;
    buf_puts(out, "nothing to do; declare the store for ");
    words_safe(out, p->env->name);
    buf_puts(out, " in registry/environments.v1.yml to build it there");
}

static void about_drift(struct buf *out, const struct plan *p, const struct reason *r)
{
    (void)r;
    advice_command(out, p, "diff", NULL);
    buf_puts(
        out,
        " says what was changed outside kfmig: undo it, accept the database as it stands with ");
    advice_command(out, p, "adopt", NULL);
    buf_puts(out,
             ", or, where the migration is what was done, take it for applied with --migration=ID");
}

static void about_cause(struct buf *out, const struct plan *p, const struct reason *r)
{
    (void)p;
    buf_puts(out, "see ");
    words_safe(out, r->cause);
}

static void about_adoption(struct buf *out, const struct plan *p, const struct reason *r)
{
    (void)r;
    advice_command(out, p, "adopt", NULL);
    buf_puts(out, " records them as the starting point");
}

/* The cause names a store. */
static void about_unreachable(struct buf *out, const struct plan *p, const struct reason *r)
{
    const char *ledger = arena_printf(p->a, "store %s of", store_text(store_of_ledger()));
    bool is_ledger = strncmp(r->cause, ledger, strlen(ledger)) == 0;
    buf_puts(out, is_ledger ? "start the server or correct its dsn_ref, then ask again"
                            : "make the store answer, or correct where it is in "
                              "registry/environments.v1.yml, then ask again");
}

static void about_other(struct buf *out, const struct plan *p, const struct reason *r)
{
    (void)r;
    buf_puts(out,
             "correct where the store is in registry/environments.v1.yml, or accept this one as "
             "it stands with ");
    advice_command(out, p, "adopt", NULL);
}

static void put_resolve(struct buf *out, const struct plan *p)
{
    buf_puts(out, "`kfmig resolve ");
    words_safe(out, p->env->name);
    buf_puts(out, " TARGET`");
}

static void about_doubt(struct buf *out, const struct plan *p, const struct reason *r)
{
    (void)r;
    buf_puts(out, "find out who changed it, put back what stood there before or what the step "
                  "makes, and ask again; or ");
    put_resolve(out, p);
    buf_puts(out, " shows what was seen and records what came of it");
}

static void about_otherwise(struct buf *out, const struct plan *p, const struct reason *r)
{
    buf_puts(out, "put back the scripts that it was begun with and build it; `kfmig receipt show ");
    words_safe(out, p->env->name);
    buf_printf(out, " %s` names what was begun; or, where nothing of it stands any more, ",
               r->cause + strcspn(r->cause, "0123456789"));
    put_resolve(out, p);
    buf_puts(out, " --as=absent");
}

static void about_environment(struct buf *out, const struct plan *p, const struct reason *r)
{
    buf_puts(out, "nothing to do; to build it here too, add ");
    words_safe(out, p->env->name);
    buf_puts(out, " to environments in ");
    words_safe(out, r->cause);
}

static void about_rename(struct buf *out, const struct plan *p, const struct reason *r)
{
    bool is_protected = p->env->is_protected;
    buf_puts(out, is_protected ? "give the bundle its old name back: " : "");
    buf_puts(out, "`kfmig rename ");
    words_safe(out, is_protected ? r->now : r->was);
    buf_putc(out, ' ');
    words_safe(out, is_protected ? r->was : r->now);
    if (!is_protected) {
        buf_putc(out, ' ');
        words_safe(out, p->env->name);
    }
    buf_putc(out, '`');
}

static void restore_command(struct buf *out, const struct plan *p, const char *id)
{
    buf_puts(out, "`kfmig receipt text ");
    words_safe(out, p->env->name);
    buf_putc(out, ' ');
    words_safe(out, id);
    buf_puts(out, " --write`");
}

/* r->was: its id; r->now: what it may be called now. */
static void about_absent(struct buf *out, const struct plan *p, const struct reason *r)
{
    if (r->now[0] != '\0') {
        about_rename(out, p, r);
        return;
    }
    const struct history *h = past_get(p->past, r->was);
    buf_puts(out, "put its folder back from version control (`git log --all -- '*/");
    words_safe(out, r->was);
    if (h == NULL || h->applied == NULL) {
        buf_puts(out, "'` finds it)");
        return;
    }
    buf_puts(out, "'` finds it), or as it was applied with ");
    restore_command(out, p, r->was);
}

/* r->was: its id. */
static void about_definition(struct buf *out, const struct plan *p, const struct reason *r)
{
    buf_puts(out, "put its file back (");
    restore_command(out, p, r->was);
    buf_puts(out, "), or drop what it made: ");
    advice_command(out, p, "build", r->was);
    buf_puts(out, " --prune");
}

static void about_declaration(struct buf *out, const struct plan *p, const struct reason *r)
{
    (void)p;
    buf_puts(out, "put ");
    words_safe(out, r->cause);
    buf_puts(out, " back: it runs inside a generation, or not at all");
}

static void about_renamed(struct buf *out, const struct plan *p, const struct reason *r)
{
    about_rename(out, p, r);
    buf_puts(out, "; if it is to run once more, say so in its text: a comment in a forward file");
}

static void about_twin(struct buf *out, const struct plan *p, const struct reason *r)
{
    buf_puts(out, "if it is to run once more, ");
    advice_command(out, p, "build", r->now);
}

static void about_resembling(struct buf *out, const struct plan *p, const struct reason *r)
{
    about_rename(out, p, r);
    buf_puts(out, " if it is that one; if it is another, ");
    advice_command(out, p, "build", r->now);
}

static const struct {
    enum reason_code code;
    void (*put)(struct buf *out, const struct plan *p, const struct reason *r);
    const char *text; /* where put is NULL */
} shared[] = {
    {REASON_CURRENT, NULL, "nothing to do"},
    {REASON_AWAITS_DEPLOY, about_deploy, NULL},
    {REASON_UPSTREAM_PENDING, about_cause, NULL},
    {REASON_UPSTREAM_BLOCKED, about_cause, NULL},
    {REASON_IN_GENERATION, about_cause, NULL},
    {REASON_DRIFT, about_drift, NULL},
    {REASON_ABSENT, about_absent, NULL},
    {REASON_ABSENT_NOTE, about_absent, NULL},
    {REASON_DEFINITION_GONE, about_definition, NULL},
    {REASON_PRUNED, NULL, "put its file back, if it is not to be dropped"},
    {REASON_NOT_DECLARED, about_declaration, NULL},
    {REASON_RENAMED, about_renamed, NULL},
    {REASON_APPLIED_TWIN, about_twin, NULL},
    {REASON_RESEMBLES, about_resembling, NULL},
    {REASON_APPROVAL_MISSING, about_approval, NULL},
    {REASON_PROTECTED_DOMAIN, NULL,
     "leave the protected object as it is, which policy.protected in registry/environments.v1.yml "
     "lists; or have it signed for: `kfmig approve ID --waive=protected`"},
    {REASON_ROLE_MISSING, NULL,
     "make the role there, or whoever runs kfmig a member of it (GRANT role TO ...), or take "
     "the statement out: a pg_dump made with --no-owner --no-privileges has none"},
    {REASON_SCRIPT_FAULT, NULL, "correct the file; `kfmig check` finds all such faults"},
    {REASON_UNREGISTERED, NULL, "`kfmig check --fix` adds it; commit registry/migrations.v1.json"},
    {REASON_LEFT_OPEN, NULL,
     "say it in its header, or for all of its folder in defaults.yml, and have that reviewed; "
     "`kfmig check` lists what is left open"},
    {REASON_POLICY, NULL,
     "do without it, or give it what is required; policy in registry/environments.v1.yml has the "
     "rule"},
    {REASON_POLICY_NOTE, NULL,
     "nothing is in its way; policy in registry/environments.v1.yml has the rule"},
    {REASON_LINT, NULL,
     "`kfmig lint --explain=RULE` says why and what to write; where it is right as it stands, say "
     "so with a "
     "comment `-- kfmig:allow RULE REASON` before the statement"},
    {REASON_NOT_ADOPTED, about_adoption, NULL},
    {REASON_UNREACHABLE, about_unreachable, NULL},
    {REASON_OTHER_STORE, about_other, NULL},
    {REASON_IN_DOUBT, about_doubt, NULL},
    {REASON_BEGUN_OTHERWISE, about_otherwise, NULL},
    {REASON_UNSUPPORTED, NULL,
     "use a kfmig that knows this store, or take the store out of the environment in "
     "registry/environments.v1.yml"},
    {REASON_NO_STORE, about_store, NULL},
    {REASON_NOT_IN_ENVIRONMENT, about_environment, NULL},
};

bool advice_put_shared(struct buf *out, const struct plan *p, const struct reason *r)
{
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) {
        if (shared[i].code == r->code && shared[i].put != NULL) {
            shared[i].put(out, p, r);
            return true;
        }
        if (shared[i].code == r->code) {
            buf_puts(out, shared[i].text);
            return true;
        }
    }
    return false;
}

/* --- migrations ------------------------------------------------------------------------------------- */

static void about_checksum(struct buf *out, const struct plan *p, const struct step *s,
                           const struct file_change *changes, size_t n)
{
    if (s->moved != NULL) {
        const struct reason r = {.was = s->bundle->id, .now = s->moved};
        about_rename(out, p, &r);
        return;
    }
    if (s->bundle->only_line_ends) {
        buf_puts(out, "keep git from converting line ends (a line `/migrations/** -text` in "
                      ".gitattributes), then put the files back with ");
        restore_command(out, p, s->bundle->id);
        return;
    }
    buf_puts(out, "restore what was applied with `git checkout -- ");
    for (size_t i = 0; i < n; i++) {
        words_safe(out, changes[i].path);
        buf_puts(out, i + 1 < n ? " " : "");
    }
    if (n == 0) {
        words_safe(out, s->bundle->file != NULL ? s->bundle->file : s->bundle->dir);
    }
    buf_puts(
        out,
        "`, or from the commit that had it; put the change into a new migration (`kfmig new`)");
    if (!p->env->is_protected) {
        buf_printf(out,
                   "; where only its words are others, `kfmig adopt %s --migration=%s` takes them",
                   p->env->name, s->bundle->id);
    }
}

void advice_unasked(struct buf *out, const char *env)
{
    buf_puts(out, "make ");
    words_safe(out, env);
    buf_puts(out, " reachable from here, as its ledger is asked live; or bring its signed receipts "
                  "into the receipt sink (docs/attestations.md)");
}

/* The cause of not_promoted is the other environment's target: "staging/X@receipt". */
static void about_promotion(struct buf *out, const struct plan *p, const struct step *s,
                            const struct reason *r)
{
    for (size_t i = 0; i < p->world->n_upstream; i++) {
        const struct upstream *u = &p->world->upstream[i];
        size_t n = strlen(u->env);
        if (strncmp(r->cause, u->env, n) != 0 || r->cause[n] != '/') {
            continue;
        }
        if (!u->reachable) {
            advice_unasked(out, u->env);
            return;
        }
        if (r->was[0] != '\0') {
            buf_puts(out, "take the content that ");
            words_safe(out, u->env);
            buf_puts(out, " has (`git checkout`), or put the change into a new migration and build "
                          "that there first");
            return;
        }
        buf_puts(out, "`kfmig build ");
        words_safe(out, u->env);
        buf_putc(out, ' ');
        words_safe(out, s->bundle->id);
        buf_puts(out, "` first");
        return;
    }
    buf_puts(out, "build it in the required environment first");
}

static bool about_file(struct buf *out, const struct plan *p, const struct step *s,
                       enum reason_code code)
{
    static const struct {
        enum reason_code code;
        const char *before, *after;
    } rows[] = {
        {REASON_OUT_OF_ORDER_NOTE,
         "build runs it now, after what is applied; if it belongs elsewhere, say so with "
         "depends_on in ",
         ""},
        {REASON_SCOPE_EXCEEDED, "correct the script, or widen scope in ",
         " and have that reviewed"},
        {REASON_LIMIT_EXCEEDED, "correct the script, or raise the limit in ",
         " and have that reviewed"},
        {REASON_OUT_OF_ORDER, "say in ",
         " where it belongs (`depends_on: [ID]`, or `depends_on: []`), or give it an id that sorts "
         "last"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].code == code) {
            buf_puts(out, rows[i].before);
            words_safe(out, bundle_file(p->a, s->bundle));
            buf_puts(out, rows[i].after);
            return true;
        }
    }
    return false;
}

/* After a failed run its receipt comes first. */
static void about_pending(struct buf *out, const struct plan *p, const struct step *s)
{
    const struct fact *last = s->history != NULL ? s->history->last : NULL;
    if (last != NULL && last != s->history->undone) {
        buf_puts(out, "`kfmig receipt show ");
        words_safe(out, p->env->name);
        buf_printf(out, " %lld` says what failed; mend it, then ", (long long)last->sequence);
    }
    advice_command(out, p, "build", s->bundle->id);
}

static void about_build(struct buf *out, const struct plan *p, const struct step *s,
                        const char *after)
{
    advice_command(out, p, "build", s->bundle->id);
    buf_puts(out, after);
}

void advice_put(struct buf *out, const struct plan *p, const struct step *s, const struct reason *r,
                const struct file_change *changes, size_t n_changes)
{
    if (s->kind == STEP_PROJECTION) {
        advice_put_projection(out, p, s, r);
    } else if (advice_put_shared(out, p, r) || about_file(out, p, s, r->code)) {
        return;
    } else if (r->code == REASON_NEVER_BUILT) {
        about_pending(out, p, s);
    } else if (r->code == REASON_BACK_BEGUN) {
        advice_command(out, p, "rollback", s->bundle->id);
        buf_puts(out, " goes on with it");
    } else if (r->code == REASON_ROLLED_BACK) {
        about_build(out, p, s,
                    " applies it again; a build without its name does once it is edited");
    } else if (r->code == REASON_CHECKSUM_MISMATCH) {
        about_checksum(out, p, s, changes, n_changes);
    } else if (r->code == REASON_NOT_PROMOTED) {
        about_promotion(out, p, s, r);
    } else {
        about_build(out, p, s,
                    r->code == REASON_INTERRUPTED
                        ? " runs it again; the database kept nothing of the interrupted run"
                    : r->code == REASON_OUTPUT_MISSING || r->code == REASON_OUTPUT_ALTERED
                        ? " exports it again from the ledger; no migration runs for that"
                        : "");
    }
}
