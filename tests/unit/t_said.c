/* layer: flow */
/* What is said of a run: options, variables of kfmig's own, what CI systems set, which of them counts, and what is refused before
 * anything is written. */
#include "tap.h"

#include <stdlib.h>

#include "flow/said.h"

#define GITHUB                                                                                     \
    "GITHUB_ACTIONS=true GITHUB_SERVER_URL=https://git.example GITHUB_REPOSITORY=kfm/data "        \
    "GITHUB_RUN_ID=345 GITHUB_WORKFLOW=Deploy~prod GITHUB_EVENT_NAME=workflow_dispatch "           \
    "GITHUB_ACTOR=ada GITHUB_REF=refs/heads/main"
#define GITHUB_LINKS "run=https://git.example/kfm/data/actions/runs/345"
#define GITLAB                                                                                     \
    "GITLAB_CI=true CI_JOB_URL=https://lab.example/j/1 CI_PIPELINE_URL=https://lab.example/p/2 "   \
    "CI_PIPELINE_SOURCE=push GITLAB_USER_LOGIN=bob CI_PIPELINE_NAME=Nightly"
#define GITLAB_MR                                                                                  \
    GITLAB " CI_MERGE_REQUEST_IID=7 CI_MERGE_REQUEST_TITLE=Counties "                              \
           "CI_MERGE_REQUEST_PROJECT_URL=https://lab.example/kfm"
#define GITLAB_LINKS "pipeline=https://lab.example/p/2"
#define TOKEN "ghp_0a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R"

/* A tilde in a variable's value stands for a blank. wanted: "intent|pr|notes|links", or the refusal. */
struct saying {
    const char *name;
    struct said given;
    const char *set, *wanted;
    enum err_code code;
};

static char long_pr[SAID_PR_MAX + 2], long_intent[SAID_INTENT_MAX + 2],
    long_notes[SAID_NOTES_MAX + 2], most_pr[SAID_PR_MAX + 1], long_url[2100], long_var[1100];

static const struct saying sayings[] = {
    {"nothing", {0}, "", "|||", ERR_NONE},
    {"options", {"why", "12", "t=https://x/1", "n"}, "", "why|12|n|t=https://x/1", ERR_NONE},
    {"own variables",
     {0},
     "KFMIG_INTENT=why KFMIG_PR=12 KFMIG_NOTES=n KFMIG_LINKS=t=http://x/1",
     "why|12|n|t=http://x/1",
     ERR_NONE},
    {"an option before its variable",
     {"a", "1", NULL, "b"},
     "KFMIG_INTENT=x KFMIG_PR=2 KFMIG_NOTES=y",
     "a|1|b|",
     ERR_NONE},
    {"empty variables are none",
     {0},
     "KFMIG_INTENT= KFMIG_PR= KFMIG_NOTES= KFMIG_LINKS=",
     "|||",
     ERR_NONE},
    {"an empty variable leaves it to CI",
     {0},
     GITHUB " KFMIG_INTENT=",
     "Deploy prod||workflow_dispatch by ada|" GITHUB_LINKS,
     ERR_NONE},
    {"GitHub, a branch",
     {0},
     GITHUB,
     "Deploy prod||workflow_dispatch by ada|" GITHUB_LINKS,
     ERR_NONE},
    {"GitHub, a pull request",
     {0},
     GITHUB " GITHUB_REF=refs/pull/12/merge",
     "Deploy prod|12|workflow_dispatch by "
     "ada|pr=https://git.example/kfm/data/pull/12 " GITHUB_LINKS,
     ERR_NONE},
    {"GitHub, a branch that is called like one",
     {0},
     GITHUB " GITHUB_REF=refs/pull/x/merge",
     "Deploy prod||workflow_dispatch by ada|" GITHUB_LINKS,
     ERR_NONE},
    {"GitHub, run again by another",
     {0},
     GITHUB " GITHUB_TRIGGERING_ACTOR=eve",
     "Deploy prod||workflow_dispatch by eve|" GITHUB_LINKS,
     ERR_NONE},
    {"GitHub and options",
     {"why", "99", "run=https://x/1 t=https://x/2", "n"},
     GITHUB,
     "why|99|n|run=https://x/1 t=https://x/2",
     ERR_NONE},
    {"GitHub's variables without GitHub", {0}, GITHUB " GITHUB_ACTIONS=false", "|||", ERR_NONE},
    {"GitLab, a branch",
     {0},
     GITLAB,
     "Nightly||push by bob|" GITLAB_LINKS " run=https://lab.example/j/1",
     ERR_NONE},
    {"GitLab, a merge request",
     {0},
     GITLAB_MR,
     "Counties|7|push by bob|" GITLAB_LINKS
     " pr=https://lab.example/kfm/-/merge_requests/7 run=https://lab.example/j/1",
     ERR_NONE},
    {"GitLab's variables without GitLab", {0}, GITLAB_MR " GITLAB_CI=1", "|||", ERR_NONE},
    {"GitLab and a variable of ours",
     {0},
     GITLAB " KFMIG_PR=5 KFMIG_LINKS=run=https://x/1",
     "Nightly|5|push by bob|" GITLAB_LINKS " run=https://x/1",
     ERR_NONE},
    {"links of both",
     {.links = "b=https://x/b"},
     "KFMIG_LINKS=a=https://x/a~b=https://y/b",
     "|||a=https://x/a b=https://x/b",
     ERR_NONE},
    {"blanks around links",
     {.links = "  a=https://x/=1   b=https://x/2 "},
     "",
     "|||a=https://x/=1 b=https://x/2",
     ERR_NONE},
    {"text that is not ASCII", {"Größe €", NULL, NULL, NULL}, "", "Größe €|||", ERR_NONE},
    {"as long as may be", {.pr = most_pr}, "", NULL, ERR_NONE},
    {"a pull request that is too long",
     {.pr = long_pr},
     "",
     "--pr has 257 bytes, more than 256",
     ERR_CONFIG},
    {"an intent that is too long",
     {.intent = long_intent},
     "",
     "--intent has 1025 bytes, more than 1024",
     ERR_CONFIG},
    {"notes that are too long",
     {.notes = long_notes},
     "",
     "--notes has 4097 bytes, more than 4096",
     ERR_CONFIG},
    {"a link that is too long",
     {.links = long_url},
     "",
     "--links has 2096 bytes, more than 2048",
     ERR_CONFIG},
    {"a variable that is too long",
     {0},
     long_var,
     "KFMIG_INTENT has 1080 bytes, more than 1024",
     ERR_CONFIG},
    {"a line feed", {.notes = "a\nb"}, "", "--notes: control character at byte 2", ERR_CONFIG},
    {"a tab", {.intent = "\ta"}, "", "--intent: control character at byte 1", ERR_CONFIG},
    {"an escape sequence", {.intent = "a\033[31m"}, "", "--intent: ", ERR_CONFIG},
    {"DEL", {.pr = "a\x7f"}, "", "--pr: control character at byte 2", ERR_CONFIG},
    {"a C1 control", {.pr = "a\xc2\x9b"}, "", "--pr: control character at byte 2", ERR_CONFIG},
    {"a bidirectional control", {.pr = "a\xe2\x80\xae"}, "", "--pr: ", ERR_CONFIG},
    {"no UTF-8", {.intent = "a\xff"}, "", "--intent: ", ERR_CONFIG},
    {"a control in a variable of ours", {0}, "KFMIG_PR=a\x07", "KFMIG_PR: ", ERR_CONFIG},
    {"a control in CI's", {0}, GITHUB " GITHUB_WORKFLOW=a\x1b", "GITHUB_WORKFLOW: ", ERR_CONFIG},
    {"a link without a name",
     {.links = "https://x/1"},
     "",
     "--links: link 1 is no NAME=URL",
     ERR_CONFIG},
    {"a link that is no URL",
     {.links = "a=https://x/1 b=x"},
     "",
     "--links: link 2 is no NAME=URL",
     ERR_CONFIG},
    {"a link that is a script",
     {.links = "a=javascript:f()"},
     "",
     "--links: link 1 is no NAME=URL",
     ERR_CONFIG},
    {"a link twice",
     {.links = "a=https://x/1 a=https://x/2"},
     "",
     "--links has two links \"a\"",
     ERR_CONFIG},
    {"an upper-case name",
     {0},
     "KFMIG_LINKS=A=https://x/1",
     "KFMIG_LINKS: link 1 is no NAME=URL",
     ERR_CONFIG},
    {"links that are too many",
     {.links = "a=http://x b=http://x c=http://x d=http://x e=http://x f=http://x g=http://x "
               "h=http://x i=http://x j=http://x k=http://x l=http://x m=http://x n=http://x "
               "o=http://x p=http://x q=http://x"},
     "",
     "more than 16 links",
     ERR_CONFIG},
    {"a token in the intent",
     {.intent = "with " TOKEN},
     "",
     "--intent holds a GitHub token (rule github-token): nothing is written",
     ERR_LEAK},
    {"a token in the notes", {.notes = TOKEN}, "", "--notes holds a GitHub token", ERR_LEAK},
    {"a token as pull request", {.pr = TOKEN}, "", "--pr holds a GitHub token", ERR_LEAK},
    {"a token in a link",
     {.links = "a=https://x/?t=" TOKEN},
     "",
     "--links holds a GitHub token",
     ERR_LEAK},
    {"a password in a link",
     {.links = "a=https://u:hunter2@x/"},
     "",
     "--links holds a URL with a password",
     ERR_LEAK},
    {"a connection string",
     {.notes = "see postgresql://u@h/db"},
     "",
     "--notes holds a connection string",
     ERR_LEAK},
    {"a token in a variable of ours", {0}, "KFMIG_NOTES=" TOKEN, "KFMIG_NOTES holds", ERR_LEAK},
    {"a token in CI's", {0}, GITLAB " CI_PIPELINE_NAME=" TOKEN, "CI_PIPELINE_NAME holds", ERR_LEAK},
    {"a password in CI's link",
     {0},
     GITLAB " CI_JOB_URL=https://u:hunter2@x/",
     "CI_JOB_URL holds a URL with a password",
     ERR_LEAK},
    {"a token in what is not used",
     {"why", NULL, NULL, NULL},
     "KFMIG_INTENT=" TOKEN,
     "why|||",
     ERR_NONE},
    {"a token as who runs it", {0}, "KFMIG_ACTOR=" TOKEN, "KFMIG_ACTOR holds", ERR_LEAK},
    {"a control in who runs it", {0}, "KFMIG_ACTOR=a\x1b[1m", "KFMIG_ACTOR: ", ERR_CONFIG},
};
enum { N = sizeof sayings / sizeof *sayings };

/* Nothing of the caller's own environment counts. */
static void set_all(const char *text)
{
    static char copy[2048];
    (void)clearenv();
    (void)snprintf(copy, sizeof copy, "%s", text);
    for (char *p = strtok(copy, " "); p != NULL; p = strtok(NULL, " ")) {
        char *value = strchr(p, '=');
        *value++ = '\0';
        for (char *c = value; *c != '\0'; c++) {
            *c = *c == '~' ? ' ' : *c;
        }
        (void)setenv(p, value, 1);
    }
}

static const char *describe(struct arena *a, const struct run_actor *x)
{
    const char *out = arena_printf(a, "%s|%s|%s|", x->intent, x->pr, x->notes);
    for (size_t i = 0; i < x->links.n; i++) {
        out = arena_printf(a, "%s%s%s=%s", out, i > 0 ? " " : "", x->links.v[i].name,
                           x->links.v[i].url);
    }
    return out;
}

static void play(const struct saying *s)
{
    struct arena a = {0};
    struct err e = {0};
    struct err again = {0};
    struct run_actor got = {0};
    set_all(s->set);
    int rc = said_read(&a, &s->given, &got, &e);
    const char *seen = rc == 0 ? describe(&a, &got) : e.msg;
    bool good = (rc == 0) == (s->code == ERR_NONE) && e.code == s->code &&
                said_check(&s->given, &again) == rc && again.code == s->code;
    good =
        good && (s->wanted == NULL || (rc == 0 ? strcmp(seen, s->wanted) == 0
                                               : strncmp(seen, s->wanted, strlen(s->wanted)) == 0));
    ok(good && strstr(e.msg, TOKEN) == NULL && strstr(e.msg, "hunter2") == NULL, s->name);
    if (!good) {
        printf("# %d: %s\n", rc, seen);
    }
    arena_release(&a);
}

static void who_runs_it(void)
{
    struct arena a = {0};
    struct err e = {0};
    struct run_actor got = {0};
    set_all("KFMIG_ACTOR=ann CI=true");
    ok(said_read(&a, NULL, &got, &e) == 0 && strcmp(got.id, "ann") == 0 &&
           strcmp(got.type, "service") == 0,
       "who runs it, in CI");
    set_all("KFMIG_ACTOR=ann");
    ok(said_read(&a, NULL, &got, &e) == 0 && strcmp(got.type, "human") == 0 && got.links.n == 0,
       "who runs it, by hand");
    arena_release(&a);
}

int main(void)
{
    static const char link[] = "a=https://x/";
    (void)memset(long_pr, 'p', sizeof long_pr - 1);
    (void)memset(most_pr, 'p', sizeof most_pr - 1);
    (void)memset(long_intent, 'i', sizeof long_intent - 1);
    (void)memset(long_notes, 'n', sizeof long_notes - 1);
    (void)memset(long_url, 'u', sizeof long_url - 2);
    (void)memcpy(long_url, link, sizeof link - 1);
    (void)memset(long_var, 'v', sizeof long_var - 7);
    (void)memcpy(long_var, "KFMIG_INTENT=", 13);
    tap_plan(N + 2);
    for (size_t i = 0; i < N; i++) {
        play(&sayings[i]);
    }
    who_runs_it();
    return tap_done();
}
