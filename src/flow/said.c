/* Options, variables, what CI systems set: one table, one check. */
#include "flow/said.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/leak.h"

enum {
    LINK_NAME_MAX = 40,
    LINK_MAX = 2048,
    LINKS_MAX = SAID_LINKS_MAX * LINK_MAX,
    ACTOR_MAX = 256
};

/* One text and where it came from: "--pr", "KFMIG_PR", "CI_JOB_URL". text NULL: nobody said any. */
struct text_from {
    const char *text, *from;
};

struct said_reading {
    struct arena *a;
    struct err *e;
};

/* --- where texts come from -------------------------------------------------------------------------- */

/* An empty variable is not there. */
static const char *variable(const char *name)
{
    const char *text = getenv(name);
    return text != NULL && text[0] != '\0' ? text : NULL;
}

static bool is_true(const char *name)
{
    const char *text = getenv(name);
    return text != NULL && strcmp(text, "true") == 0;
}

static struct text_from first_of(const char *given, const char *option, const char *own)
{
    const char *text = given != NULL ? given : variable(own);
    return (struct text_from){text, given != NULL ? option : own};
}

/* "refs/pull/12/merge" is pull request 12. */
static const char *github_pr(struct arena *a)
{
    static const char start[] = "refs/pull/";
    const char *ref = variable("GITHUB_REF");
    if (ref == NULL || strncmp(ref, start, sizeof start - 1) != 0) {
        return NULL;
    }
    const char *number = ref + sizeof start - 1;
    size_t n = strspn(number, "0123456789");
    return n > 0 && number[n] == '/' ? arena_strndup(a, number, n) : NULL;
}

static struct text_from ci_intent(void)
{
    if (is_true("GITHUB_ACTIONS")) {
        return (struct text_from){variable("GITHUB_WORKFLOW"), "GITHUB_WORKFLOW"};
    }
    const char *from =
        variable("CI_MERGE_REQUEST_TITLE") != NULL ? "CI_MERGE_REQUEST_TITLE" : "CI_PIPELINE_NAME";
    return (struct text_from){is_true("GITLAB_CI") ? variable(from) : NULL, from};
}

static struct text_from ci_pr(struct arena *a)
{
    if (is_true("GITHUB_ACTIONS")) {
        return (struct text_from){github_pr(a), "GITHUB_REF"};
    }
    const char *text = is_true("GITLAB_CI") ? variable("CI_MERGE_REQUEST_IID") : NULL;
    return (struct text_from){text, "CI_MERGE_REQUEST_IID"};
}

/* What began it, and who: "workflow_dispatch by ada". */
static struct text_from ci_notes(struct arena *a)
{
    bool github = is_true("GITHUB_ACTIONS");
    const char *from = github ? "GITHUB_EVENT_NAME" : "CI_PIPELINE_SOURCE";
    const char *event = github || is_true("GITLAB_CI") ? variable(from) : NULL;
    const char *who = variable(github ? "GITHUB_TRIGGERING_ACTOR" : "GITLAB_USER_LOGIN");
    who = who == NULL && github ? variable("GITHUB_ACTOR") : who;
    if (event != NULL && who != NULL) {
        event = arena_printf(a, "%s by %s", event, who);
    }
    return (struct text_from){event, from};
}

/* --- what may stand in them ------------------------------------------------------------------------- */

static bool is_control(const unsigned char *p)
{
    return *p < 0x20 || *p == 0x7f || (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0);
}

/* Whoever runs it may be named by an e-mail address: that is what many roles and users are called. */
static int check_as(const struct said_reading *g, const struct text_from *t, size_t most,
                    enum leak_where where)
{
    size_t at = 0;
    const char *what = NULL;
    struct bytes text = bytes_str(t->text);
    const struct leak *found = leak_in(where, t->text);
    if (found != NULL) {
        (void)err_set(g->e, ERR_LEAK, "%s holds %s (rule %s): nothing is written", t->from,
                      found->what, found->rule);
        return err_hint(g->e, "say it without; if the secret was ever shared, change it");
    }
    if (text.n > most) {
        return err_set(g->e, ERR_CONFIG, "%s has %zu bytes, more than %zu", t->from, text.n, most);
    }
    if (text_check(text, &at, &what) != 0) {
        return err_set(g->e, ERR_CONFIG, "%s: %s at byte %zu", t->from, what, at + 1);
    }
    for (size_t i = 0; i < text.n; i++) {
        if (is_control((const unsigned char *)text.p + i)) {
            return err_set(g->e, ERR_CONFIG, "%s: control character at byte %zu", t->from, i + 1);
        }
    }
    return 0;
}

static int check(const struct said_reading *g, const struct text_from *t, size_t most)
{
    return check_as(g, t, most, LEAK_SAID);
}

/* t, else ci; "" if nobody says any. */
static int take(const struct said_reading *g, struct text_from t, struct text_from ci, size_t most,
                const char **out)
{
    const struct text_from *from = t.text != NULL ? &t : &ci;
    *out = "";
    if (from->text == NULL) {
        return 0;
    }
    *out = from->text;
    return check(g, from, most);
}

/* --- links ------------------------------------------------------------------------------------------ */

static struct link *find_link(const struct links *l, const char *name)
{
    for (size_t i = 0; i < l->n; i++) {
        if (strcmp(l->v[i].name, name) == 0) {
            return &l->v[i];
        }
    }
    return NULL;
}

/* In the order of their names, as receipts have them; what is there already stays. */
static int add_link(const struct said_reading *g, struct links *l, const char *name,
                    const struct text_from *url)
{
    if (url->text == NULL || find_link(l, name) != NULL) {
        return 0;
    }
    if (check(g, url, LINK_MAX) != 0) {
        return -1;
    }
    if (l->n == SAID_LINKS_MAX) {
        return err_set(g->e, ERR_CONFIG, "more than %d links", SAID_LINKS_MAX);
    }
    ARENA_GROW(g->a, l->v, l->n, l->cap);
    size_t i = l->n++;
    for (; i > 0 && strcmp(l->v[i - 1].name, name) > 0; i--) {
        l->v[i] = l->v[i - 1];
    }
    l->v[i] = (struct link){name, url->text};
    return 0;
}

static bool is_url(const char *s)
{
    return strncmp(s, "https://", 8) == 0 || strncmp(s, "http://", 7) == 0;
}

/* "NAME=URL NAME=URL" */
static int add_links(const struct said_reading *g, const struct text_from *t, struct links *l)
{
    static const char name_of[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    struct links own = {0};
    const char *p = t->text != NULL ? t->text : "";
    for (p += strspn(p, " "); *p != '\0'; p += strspn(p, " ")) {
        size_t n = strspn(p, name_of);
        size_t end = strcspn(p, " ");
        const char *name = arena_strndup(g->a, p, n);
        if (n == 0 || n > LINK_NAME_MAX || p[n] != '=' || !is_url(p + n + 1)) {
            (void)err_set(g->e, ERR_CONFIG, "%s: link %zu is no NAME=URL", t->from, own.n + 1);
            return err_hint(g->e, "separate links by blanks: \"ticket=https://... "
                                  "chat=https://...\"");
        }
        if (find_link(&own, name) != NULL) {
            return err_set(g->e, ERR_CONFIG, "%s has two links \"%s\"", t->from, name);
        }
        struct text_from url = {arena_strndup(g->a, p + n + 1, end - n - 1), t->from};
        if (add_link(g, &own, name, &url) != 0 || add_link(g, l, name, &url) != 0) {
            return -1;
        }
        p += end;
    }
    return 0;
}

static int add_github(const struct said_reading *g, struct links *l)
{
    const char *server = variable("GITHUB_SERVER_URL");
    const char *repo = variable("GITHUB_REPOSITORY");
    const char *run = variable("GITHUB_RUN_ID");
    const char *pr = github_pr(g->a);
    if (server == NULL || repo == NULL) {
        return 0;
    }
    const char *base = arena_printf(g->a, "%s/%s", server, repo);
    struct text_from to_run = {
        run != NULL ? arena_printf(g->a, "%s/actions/runs/%s", base, run) : NULL, "GITHUB_RUN_ID"};
    struct text_from to_pr = {pr != NULL ? arena_printf(g->a, "%s/pull/%s", base, pr) : NULL,
                              "GITHUB_REPOSITORY"};
    return add_link(g, l, "run", &to_run) != 0 || add_link(g, l, "pr", &to_pr) != 0 ? -1 : 0;
}

static int add_gitlab(const struct said_reading *g, struct links *l)
{
    const char *project = variable("CI_MERGE_REQUEST_PROJECT_URL");
    const char *pr = variable("CI_MERGE_REQUEST_IID");
    struct text_from to_run = {variable("CI_JOB_URL"), "CI_JOB_URL"};
    struct text_from to_pipeline = {variable("CI_PIPELINE_URL"), "CI_PIPELINE_URL"};
    struct text_from to_pr = {project != NULL && pr != NULL
                                  ? arena_printf(g->a, "%s/-/merge_requests/%s", project, pr)
                                  : NULL,
                              "CI_MERGE_REQUEST_PROJECT_URL"};
    return add_link(g, l, "run", &to_run) != 0 || add_link(g, l, "pipeline", &to_pipeline) != 0 ||
                   add_link(g, l, "pr", &to_pr) != 0
               ? -1
               : 0;
}

/* Each name from the option, then KFMIG_LINKS, then the CI system. */
static int read_links(const struct said_reading *g, const char *given, struct links *out)
{
    struct text_from option = {given, "--links"};
    struct text_from own = {variable("KFMIG_LINKS"), "KFMIG_LINKS"};
    if ((option.text != NULL && check(g, &option, LINKS_MAX) != 0) ||
        add_links(g, &option, out) != 0 || (own.text != NULL && check(g, &own, LINKS_MAX) != 0) ||
        add_links(g, &own, out) != 0) {
        return -1;
    }
    return is_true("GITHUB_ACTIONS") ? add_github(g, out)
           : is_true("GITLAB_CI")    ? add_gitlab(g, out)
                                     : 0;
}

/* --- all of it -------------------------------------------------------------------------------------- */

static int read_actor(const struct said_reading *g, struct run_actor *out)
{
    const char *given = getenv("KFMIG_ACTOR");
    struct passwd *user = getpwuid(geteuid());
    struct text_from t = {given != NULL  ? given
                          : user != NULL ? user->pw_name
                                         : "unknown",
                          given != NULL ? "KFMIG_ACTOR" : "the user's name"};
    out->type = is_true("CI") ? "service" : "human";
    out->id = arena_strdup(g->a, t.text);
    return check_as(g, &t, ACTOR_MAX, LEAK_NAME);
}

int said_read(struct arena *a, const struct said *given, struct run_actor *out, struct err *e)
{
    const struct said none = {0};
    const struct said *s = given != NULL ? given : &none;
    const struct said_reading g = {a, e};
    out->links = (struct links){0};
    if (read_actor(&g, out) != 0 ||
        take(&g, first_of(s->intent, "--intent", "KFMIG_INTENT"), ci_intent(), SAID_INTENT_MAX,
             &out->intent) != 0 ||
        take(&g, first_of(s->pr, "--pr", "KFMIG_PR"), ci_pr(a), SAID_PR_MAX, &out->pr) != 0 ||
        take(&g, first_of(s->notes, "--notes", "KFMIG_NOTES"), ci_notes(a), SAID_NOTES_MAX,
             &out->notes) != 0) {
        return -1;
    }
    return read_links(&g, s->links, &out->links);
}

int said_check(const struct said *given, struct err *e)
{
    struct arena a = {0};
    struct run_actor ignored = {0};
    int rc = said_read(&a, given, &ignored, e);
    arena_release(&a);
    return rc;
}
