/* layer: site */
/* Applied and not here, renamed, copied, alike, line ends: what the plan and its reading make of them. */
#include "model/key.h"
#include "plan_cases.h"
#include "site/absent.h"

static void done(struct stage_set *t, const char *id, const char *content)
{
    struct fact f = {.sequence = ++t->past.position,
                     .subject = id,
                     .is_migration = true,
                     .result = "success",
                     .run_id = "run",
                     .finished_at = "then",
                     .checksum = digest_from(content)};
    past_add(t->a, &t->past, &f);
}

static void absent(struct stage_set *t, const char *id, const char *content)
{
    struct bundle *b = add(t, id, "");
    done(t, id, content);
    b->checksum = digest_from(content);
    b->is_absent = true;
    b->dir = b->folder = "";
}

static void on_absent(struct stage_set *t)
{
    absent(t, "gone", "gone");
}
static void on_protected(struct stage_set *t)
{
    t->env.is_protected = true;
    absent(t, "gone", "gone");
}
static void on_renamed(struct stage_set *t)
{
    absent(t, "gone", "a");
}
static void on_two_gone(struct stage_set *t)
{
    absent(t, "gone", "a");
    absent(t, "lost", "a");
}
static void on_copy(struct stage_set *t)
{
    add(t, "first", "")->checksum = digest_from("a");
    done(t, "first", "a");
}
static void on_collision(struct stage_set *t)
{
    add(t, "first", "");
    done(t, "first", "a");
}
static void on_published(struct stage_set *t)
{
    happened(t, "wells", "success", "a"); /* a projection's digest is no content of a migration */
}
static void on_alike(struct stage_set *t)
{
    absent(t, "gone", "gone");
    t->b[0].resembles = "gone";
    t->b[0].likeness = 60;
}
static void on_same_files(struct stage_set *t)
{
    on_alike(t);
    t->b[0].likeness = 100;
}
static void on_moved_since(struct stage_set *t)
{
    done(t, "gone", "gone");
    t->b[0].resembles = "gone";
    t->b[0].likeness = 100;
    past_rename(t->a, &t->past, "gone", "elsewhere");
}

static const struct {
    const char *name;
    void (*arrange)(struct stage_set *t);
    enum reason_code reason, named; /* of a; where it is named */
    const char *detail;
} cases[] = {
    {"nothing of it is applied", NULL, REASON_NEVER_BUILT, REASON_NEVER_BUILT, ""},
    {"another is gone", on_absent, REASON_NEVER_BUILT, REASON_NEVER_BUILT, ""},
    {"its content is applied as one that is gone", on_renamed, REASON_RENAMED, REASON_RENAMED,
     "same content as gone, applied at then by run run: renamed?"},
    {"as one of two that are gone", on_two_gone, REASON_RENAMED, REASON_RENAMED,
     "same content as gone or lost, applied at then by run run: renamed?"},
    {"as one that is here", on_copy, REASON_APPLIED_TWIN, REASON_NEVER_BUILT,
     "same content as first, applied at then by run run"},
    {"as one that is here with another content", on_collision, REASON_RENAMED, REASON_RENAMED,
     "same content as first, applied at then by run run: renamed?"},
    {"as a projection", on_published, REASON_NEVER_BUILT, REASON_NEVER_BUILT, ""},
    {"it is much like one that is gone", on_alike, REASON_RESEMBLES, REASON_NEVER_BUILT,
     "60 % of its lines are those of gone, applied at then by run run: renamed and edited?"},
    {"it has the forward files of one that is gone", on_same_files, REASON_RENAMED, REASON_RENAMED,
     "same forward files as gone, applied at then by run run: renamed?"},
    {"that one has another name now", on_moved_since, REASON_NEVER_BUILT, REASON_NEVER_BUILT, ""},
};
enum { N_CASES = sizeof cases / sizeof *cases };

static void try_cases(void)
{
    static const char *const a_only[] = {"a"};
    for (size_t i = 0; i < N_CASES; i++) {
        struct arena a = {0};
        struct stage_set t;
        struct plan p;
        struct err e = {0};
        set_up(&t, &a);
        add(&t, "a", "");
        if (cases[i].arrange != NULL) {
            cases[i].arrange(&t);
        }
        bool made = ok(make(&t, &p, &e) == 0, cases[i].name);
        const struct reason *r = made ? &p.v[plan_find(&p, "a")].reasons[0] : NULL;
        is_str(made ? reason_text(r->code) : "", reason_text(cases[i].reason), "its reason");
        is_str(made ? r->detail : "", cases[i].detail, "in words");
        made = made && plan_restrict(&p, a_only, 1, &e) == 0;
        r = made ? &p.v[plan_find(&p, "a")].reasons[0] : NULL;
        is_str(made ? reason_text(r->code) : "", reason_text(cases[i].named), "where it is named");
        arena_release(&a);
    }
}

static void try_gone(void)
{
    static const struct {
        const char *name;
        void (*arrange)(struct stage_set *t);
        const char *code, *state, *detail, *now;
    } gone[] = {
        {"unprotected", on_absent, "applied_not_here", "not-applicable",
         "applied at then by run run, no bundle here", ""},
        {"protected", on_protected, "bundle_missing", "blocked",
         "applied at then by run run, no bundle here", ""},
        {"renamed", on_renamed, "applied_not_here", "not-applicable",
         "applied at then by run run, no bundle here; same content as a: renamed?", "a"},
        {"alike", on_alike, "applied_not_here", "not-applicable",
         "applied at then by run run, no bundle here; much the same as a: renamed?", "a"},
    };
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++) {
        static const char *const a_only[] = {"a"};
        struct arena a = {0};
        struct stage_set t;
        struct plan p;
        struct err e = {0};
        set_up(&t, &a);
        add(&t, "a", "");
        gone[i].arrange(&t);
        bool made = ok(make(&t, &p, &e) == 0, gone[i].name);
        const struct step *s = made ? &p.v[plan_find(&p, "gone")] : NULL;
        is_str(made ? reason_text(s->reasons[0].code) : "", gone[i].code, "its reason");
        is_str(made ? plan_state_text(s->state) : "", gone[i].state, "its state");
        is_str(made ? s->reasons[0].detail : "", gone[i].detail, "in words");
        is_str(made ? s->reasons[0].now : "", gone[i].now, "what it may be called now");
        made = made && plan_restrict(&p, a_only, 1, &e) == 0;
        is_int(made && p.v[plan_find(&p, "gone")].selected, t.env.is_protected,
               "what blocks the environment is always selected");
        arena_release(&a);
    }
}

static void try_renaming(void)
{
    struct arena a = {0};
    struct stage_set t;
    const char *old = NULL;
    const char *id = NULL;
    set_up(&t, &a);
    done(&t, "one", "x");
    is_int((long long)t.past.n_applied, 1, "one is applied");
    past_rename(&a, &t.past, "one", "two");
    past_rename(&a, &t.past, "two", "three");
    past_rename(&a, &t.past, "nobody", "four");
    const struct history *h = past_get(&t.past, "three");
    ok(h != NULL && h->applied != NULL && h->applied->sequence == 1, "renamed twice");
    is_str(h != NULL && h->applied != NULL ? h->applied->recorded_as : "", "one",
           "its entry calls it by the first name");
    ok(past_get(&t.past, "one")->applied == NULL && past_get(&t.past, "two")->last == NULL &&
           past_get(&t.past, "four") == NULL,
       "nothing is known by the others");
    done(&t, "one", "y");
    is_int((long long)t.past.n_applied, 2, "the first name can be another's");
    is_int(rename_read(&a, rename_subject(&a, "x", "y"), &old, &id), 0, "a subject reads back");
    ok(strcmp(old, "x") == 0 && strcmp(id, "y") == 0, "as what it was made of");
    static const char *const none[] = {"", "x", " x", "x ", "x y z", " "};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        is_int(rename_read(&a, none[i], &old, &id), -1, "no subject of a rename");
    }
    arena_release(&a);
}

static void try_forgetting(void)
{
    struct arena a = {0};
    struct stage_set t;
    struct names both = {0};
    struct names read = {0};
    set_up(&t, &a);
    done(&t, "one", "x");
    done(&t, "two", "x");
    past_forget(&t.past, "one");
    past_forget(&t.past, "one");
    past_forget(&t.past, "nobody");
    const struct history *h = past_get(&t.past, "one");
    ok(h != NULL && h->applied == NULL && h->undone == NULL && h->last == NULL, "it is forgotten");
    is_int((long long)t.past.n_applied, 1, "the other one counts");
    done(&t, "one", "x");
    ok(past_get(&t.past, "one")->applied != NULL && !past_get(&t.past, "one")->applied->is_again,
       "and is applied as if for the first time");
    is_str(drop_subject(&a, "wells", &both), "wells", "of a projection alone");
    names_add(&a, &both, "M-1");
    names_add(&a, &both, "M-2");
    const char *subject = drop_subject(&a, "wells", &both);
    is_str(subject, "wells M-1 M-2", "with its migrations");
    drop_read(&a, subject, &read);
    ok(read.n == 3 && strcmp(read.v[0], "wells") == 0 && strcmp(read.v[2], "M-2") == 0,
       "a subject reads back");
    drop_read(&a, "", &read);
    is_int((long long)read.n, 0, "an empty one is of nothing");
    arena_release(&a);
}

static void try_likeness(void)
{
    static const struct {
        const char *x, *y;
        int percent;
        const char *name;
    } rows[] = {
        {"", "", 100, "nothing is nothing"},
        {"CREATE TABLE a ();\n", "CREATE TABLE a ();\n", 100, "the same bytes"},
        {"CREATE TABLE a ();\n", "CREATE TABLE a ();", 99, "the same lines are not the same bytes"},
        {"CREATE TABLE a ();\n", "  CREATE TABLE a ();\r\n\n", 99, "blanks do not count"},
        {"-- one\nCREATE TABLE a ();\n", "-- two\nCREATE TABLE a ();\n", 99, "nor comments"},
        {"CREATE TABLE a ();\n", "CREATE TABLE b ();\n", 0, "another statement"},
        {"BEGIN;\nCREATE TABLE a ();\nCOMMIT;\n", "BEGIN;\nCREATE TABLE b ();\nCOMMIT;\n", 0,
         "short lines say nothing"},
        {"a;\nb;\n", "a;\nc;\n", 50, "unless there are no others"},
        {"line number one;\nline number two;\n",
         "line number one;\nline number two;\nline three;\n", 80, "a line more"},
        {"the same line;\nthe same line;\n", "the same line;\nanother line;\n", 50,
         "a line twice is not once"},
        {"-- nothing\n", "\n", 0, "nothing to compare"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        is_int(absent_likeness(bytes_str(rows[i].x), bytes_str(rows[i].y)), rows[i].percent,
               rows[i].name);
    }
}

static struct decl with_text(struct artifact *f, const char *forward, const char *rollback)
{
    const char *texts[] = {forward, rollback};
    for (int i = 0; i < 2; i++) {
        f[i] = (struct artifact){i == 0 ? "d/f.sql" : "d/r.sql", digest_from(texts[i]),
                                 bytes_str(texts[i])};
    }
    return (struct decl){.forward = {&f[0], 1, 1}, .rollback = {&f[1], 1, 1}, .runner = "native"};
}

static void try_line_ends(void)
{
    static const struct {
        const char *was, *now;
        bool same;
    } rows[] = {
        {"a;\nb;\n", "a;\r\nb;\r\n", true},    {"a;\r\nb;\r\n", "a;\nb;\n", true},
        {"a;\nb;\n", "a;\r\nb;\n", true},      {"a;\nb;\n", "a;\r\nc;\r\n", false},
        {"a;\nb;\n", "a;\rb;\r", false},       {"a;\nb;", "a;\r\nb;", true},
        {"a;\n\nb;\n", "a;\r\nb;\r\n", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct artifact f[2];
        struct decl was = with_text(f, rows[i].was, rows[i].was);
        struct digest then = key_checksum(&was, "d");
        struct decl now = with_text(f, rows[i].now, rows[i].now);
        is_int(key_is_line_ends(&now, "d", &then), rows[i].same,
               rows[i].same ? "only line ends differ" : "more than line ends differs");
    }
}

int main(void)
{
    tap_plan(4 * N_CASES + 6 * 4 + 7 + 6 + 11 + 7 + 7);
    try_cases();
    try_gone();
    try_renaming();
    try_forgetting();
    try_likeness();
    try_line_ends();
    return tap_done();
}
