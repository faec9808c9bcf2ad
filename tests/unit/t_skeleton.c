/* layer: flow */
/* What `kfmig init` makes, keeps and says, and which id `kfmig new` gives: behind what the folder
 * and git know. */
#include "base/arena.h"
#include "flow/skeleton.h"
#include "project.h"
#include "tap.h"

#define TODAY "PG-MIG-2026-03-02-"
#define FOLDER "migrations/postgis"

/* --- a project */

static void nothing_there(void)
{
}

static void twice(void)
{
    struct buf out = {0};
    struct err e = {0};
    (void)!skeleton_make(project_fd, false, LAYOUT_COUNT, &out, &e);
    buf_release(&out);
}

static void other_attributes(void)
{
    project_put(".gitattributes", "*.sql text\n");
}

static void same_attributes(void)
{
    project_put(".gitattributes", "# ours\n/migrations/** -text\n");
}

static void attributes_are_a_folder(void)
{
    project_put(".gitattributes/file", "");
}

static void registry_is_a_file(void)
{
    project_put("registry", "");
}

static void registry_leads_nowhere(void)
{
    if (symlinkat("nowhere", project_fd, "registry") != 0) {
        abort();
    }
}

static void migrations_are_a_file(void)
{
    project_put("registry/migrations.v1.json", "{}");
    project_put("migrations", "");
}

static void state_is_a_file(void)
{
    project_put("state", "");
}

static const struct {
    const char *name;
    void (*before)(void);
    bool embedded;
    int rc;
    const char *out, *msg;   /* msg: part of the error's */
    const char *file, *text; /* text: part of what it holds afterwards */
} makes[] = {
    {"nothing is there", nothing_there, false, 0,
     "made registry/environments.v1.yml\nmade registry/migrations.v1.json\nmade " FOLDER
     "/\nmade .gitattributes\nmade state/.gitignore\n",
     "", "registry/environments.v1.yml", "dsn_ref: DATABASE_URL\n"},
    {"a server of its own", nothing_there, true, 0,
     "made registry/environments.v1.yml\nmade registry/migrations.v1.json\nmade " FOLDER
     "/\nmade .gitattributes\nmade state/.gitignore\n",
     "", "registry/environments.v1.yml", "server: embedded\n"},
    {"everything is there", twice, true, 0,
     "kept registry/environments.v1.yml\nkept registry/migrations.v1.json\nkept " FOLDER
     "/\nkept .gitattributes\nkept state/.gitignore\n",
     "", "registry/environments.v1.yml", "dsn_ref: DATABASE_URL\n"},
    {"other attributes of git", other_attributes, false, 0,
     "made registry/environments.v1.yml\nmade registry/migrations.v1.json\nmade " FOLDER
     "/\nkept .gitattributes\n  add to it, so that git leaves line ends alone: /migrations/** "
     "-text\nmade state/.gitignore\n",
     "", ".gitattributes", "*.sql text\n"},
    {"attributes of git that will do", same_attributes, false, 0,
     "made registry/environments.v1.yml\nmade registry/migrations.v1.json\nmade " FOLDER
     "/\nkept .gitattributes\nmade state/.gitignore\n",
     "", ".gitattributes", "# ours\n"},
    {"attributes of git that are a folder", attributes_are_a_folder, false, -1,
     "made registry/environments.v1.yml\nmade registry/migrations.v1.json\nmade " FOLDER "/\n",
     ".gitattributes", "registry/migrations.v1.json", "\"version\": 1"},
    {"registry is a file", registry_is_a_file, false, -1, "", "registry", NULL, NULL},
    {"registry leads nowhere", registry_leads_nowhere, false, -1, "", "registry", NULL, NULL},
    {"migrations are a file", migrations_are_a_file, false, -1,
     "made registry/environments.v1.yml\nkept registry/migrations.v1.json\n", "migrations",
     "registry/migrations.v1.json", "{}"},
    {"state is a file", state_is_a_file, false, -1,
     "made registry/environments.v1.yml\nmade registry/migrations.v1.json\nmade " FOLDER
     "/\nmade .gitattributes\n",
     "state", ".gitattributes", "/migrations/** -text\n"},
};
enum { N_MAKES = sizeof makes / sizeof *makes };

static bool holds(const char *path, const char *part)
{
    struct arena a = {0};
    struct bytes text;
    struct err e = {0};
    bool good = file_read(&a, project_fd, path, 1 << 20, &text, NULL, &e) == 0 &&
                strstr(text.p, part) != NULL;
    arena_release(&a);
    return good;
}

static void make(size_t i)
{
    struct buf out = {0};
    struct err e = {0};
    project_start();
    makes[i].before();
    int rc = skeleton_make(project_fd, makes[i].embedded, LAYOUT_COUNT, &out, &e);
    bool good = rc == makes[i].rc && strstr(e.msg, makes[i].msg) != NULL &&
                (rc == 0) == (e.code == ERR_NONE) &&
                (makes[i].file == NULL || holds(makes[i].file, makes[i].text));
    if (!good) {
        printf("# rc %d: %s\n", rc, e.msg);
    }
    ok(good, makes[i].name);
    is_str(buf_str(&out), makes[i].out, makes[i].name);
    buf_release(&out);
}

/* --- an id */

/* there: names in the folder; git: what it prints, NULL: it fails. id NULL: msg. */
static const struct {
    const char *name, *there, *git, *id, *msg;
} ids[] = {
    {"the first of the day", "", "", "01", NULL},
    {"behind what is there", TODAY "01 " TODAY "07 " TODAY "03", "", "08", NULL},
    {"other days do not count", "PG-MIG-2026-03-01-44 PG-MIG-2026-03-12-09 M-1", "", "01", NULL},
    {"what is no number does not count", TODAY "1 " TODAY "x2 " TODAY "3x " TODAY "444 " TODAY, "",
     "01", NULL},
    {"what goes on behind a number does not count",
     TODAY "07-a " TODAY "08-001 " TODAY "99-01 " TODAY "99-01x " TODAY "99_001 " TODAY "99-0001",
     "", "01", NULL},
    {"behind 99", TODAY "99", "", "99-001", NULL},
    {"behind 99-001", TODAY "99 " TODAY "99-001", "", "99-002", NULL},
    {"behind 99-998", TODAY "99-998", "", "99-999", NULL},
    {"behind 99-999", TODAY "99-999", "", NULL,
     TODAY "99-999 is taken: there is no number left for today"},
    {"what a branch has seen", TODAY "02",
     FOLDER "/" TODAY "05/forward.sql\n\n" FOLDER "/" TODAY "04/migration.yml\n", "06", NULL},
    {"a branch that is behind", TODAY "12", FOLDER "/" TODAY "05/forward.sql\n", "13", NULL},
    {"git ends in the middle of a line", "", FOLDER "/" TODAY "21", "22", NULL},
    {"git fails", TODAY "02", NULL, "03", NULL},
};
enum { N_IDS = sizeof ids / sizeof *ids };

/* In place of git, which says what "seen" holds of the repository at its third argument. */
static void put_git(const char *says)
{
    project_put("seen", says != NULL ? says : FOLDER "/" TODAY "77/forward.sql\n");
    project_put("bin/git", says != NULL ? "#!/bin/sh\ncat \"$3/seen\"\n"
                                        : "#!/bin/sh\ncat \"$3/seen\"\nexit 128\n");
    if (fchmodat(project_fd, "bin/git", 0755, 0) != 0) {
        abort();
    }
}

static void id(size_t i)
{
    struct arena a = {0};
    struct err e = {0};
    const char *got = NULL;
    char path[256];
    project_start();
    put_git(ids[i].git);
    for (const char *p = ids[i].there; *p != '\0';) {
        size_t n = strcspn(p, " ");
        (void)snprintf(path, sizeof path, FOLDER "/%.*s/forward.sql", (int)n, p);
        project_put(path, "");
        p += n + (p[n] != '\0');
    }
    int rc = skeleton_id(&a, project_fd, project_path, FOLDER, &got, &e);
    if (ids[i].id != NULL) {
        (void)snprintf(path, sizeof path, TODAY "%s", ids[i].id);
        is_str(rc == 0 ? got : e.msg, path, ids[i].name);
    } else {
        is_str(rc == -1 ? e.msg : got, ids[i].msg, ids[i].name);
    }
    arena_release(&a);
}

static void folder_is_a_file(void)
{
    struct arena a = {0};
    struct err e = {0};
    const char *got = NULL;
    project_start();
    put_git("");
    project_put("migrations", "");
    ok(skeleton_id(&a, project_fd, project_path, FOLDER, &got, &e) == -1 && got == NULL &&
           strstr(e.msg, FOLDER) != NULL,
       "a folder that cannot be listed is an error");
    arena_release(&a);
}

int main(void)
{
    char path[4096];
    tap_plan(2 * N_MAKES + N_IDS + 1);
    project_start();
    (void)snprintf(path, sizeof path, "%s/bin:%s", project_path, getenv("PATH"));
    (void)setenv("PATH", path, 1);
    (void)setenv("KFMIG_NOW", "1772409600", 1);
    for (size_t i = 0; i < N_MAKES; i++) {
        make(i);
    }
    for (size_t i = 0; i < N_IDS; i++) {
        id(i);
    }
    folder_is_a_file();
    project_remove();
    return tap_done();
}
