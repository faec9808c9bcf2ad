/* layer: flow scripted */
/* Backups on a whole server, by programs that stand in for pg_dump and pg_restore: when one is
 * made, what may go wrong with it, what is left of it, and what the ledger says. */
#include "flow/backup.h"
#include "model/operations.h"
#include "scripted_verbs.h"

#include <dirent.h>

static struct run_of t;
static struct cluster empty, built;
static struct operations operations;
static struct converge_options options;
static struct backup_wish wish;
static char folder[PATH_MAX];
static bool stops; /* somebody says so, behind the plan */

/* --- programs */

static void program(const char *name, const char *body)
{
    char all[1024];
    (void)snprintf(all, sizeof all, "#!/bin/sh\n%s\n", body);
    project_put(name, all);
    if (fchmodat(project_fd, name, 0755, 0) != 0) {
        abort();
    }
}

#define VERSION(n) "[ \"$1\" = --version ] && echo 'pg_dump (PostgreSQL) " n "' && exit 0\n"
#define WRITES                                                                                     \
    "for a; do case $a in --file=*) d=${a#--file=};; esac; done; mkdir $d && echo t >$d/toc.dat "  \
    "&& echo rows >$d/1.dat\n"
#define LISTS                                                                                      \
    "for a; do case $a in --file=/dev/null) ;; --file=*) printf '1; 2 COMMENT - EXTENSION x\\n2; " \
    "TABLE t\\n' >${a#--file=};; esac; done\n"

static void programs(const char *dump, const char *restore)
{
    program("bin/pg_dump", dump);
    program("bin/pg_restore", restore);
}

/* --- what is so beforehand */

static void third(void)
{
    verbs_migration("M-3", "app", "INSERT INTO app.t VALUES (3);\n");
    programs(VERSION("15.1") WRITES, LISTS);
}

static void dump_fails(void)
{
    third();
    programs(VERSION("15.1") WRITES "exit 3", LISTS);
}

static void dump_is_killed(void)
{
    third();
    programs(VERSION("15.1") "kill -9 $$", LISTS);
}

static void dump_writes_nothing(void)
{
    third();
    programs(VERSION("15.1") "exit 0", LISTS);
}

static void list_fails(void)
{
    third();
    programs(VERSION("15.1") WRITES, "exit 1");
}

static void restore_fails(void)
{
    third();
    programs(VERSION("15.1") WRITES, "case \"$*\" in *--dbname*) exit 1;; esac\n" LISTS);
}

static void no_list(void)
{
    third();
    programs(VERSION("15.1") WRITES, "exit 0");
}

static void list_is_a_link(void)
{
    third();
    programs(VERSION("15.1") WRITES,
             "for a; do case $a in --file=/dev/null) ;; --file=*) ln -s /nowhere ${a#--file=};; "
             "esac; done");
}

/* pg_restore is there for the backup itself. */
static void restore_goes(void)
{
    third();
    programs(VERSION("15.1") WRITES, "rm $0\n" LISTS);
}

static void restore_goes_later(void)
{
    third();
    programs(VERSION("15.1") WRITES,
             LISTS "for a; do case $a in --file=/dev/null) ;; --file=*) rm $0;; esac; done");
}

static void dump_is_old(void)
{
    third();
    programs(VERSION("9.6"), LISTS);
}

static void dump_is_new(void)
{
    third();
    programs(VERSION("18.0") WRITES, LISTS);
}

static void no_dump(void)
{
    third();
    (void)unlinkat(project_fd, "bin/pg_dump", 0);
}

static void dump_is_unreadable(void)
{
    third();
    programs(VERSION("15.1") WRITES "rm $d/1.dat; ln -s toc.dat $d/1.dat", LISTS);
}

static void folder_is_a_file(void)
{
    third();
    project_put("state/backups", "x");
}

static void log_is_a_link(void)
{
    third();
    (void)setenv("KFMIG_NOW", "1798156800", 1);
    (void)mkdirat(project_fd, "state", 0700);
    (void)mkdirat(project_fd, "state/backups", 0700);
    (void)symlinkat("/nowhere", project_fd, "state/backups/dev-20261225T000000000000Z.log");
}

static void older_ones(void)
{
    third();
    project_put("state/backups/dev-20200101T000000000000Z/backup.json", "{}");
    project_put("state/backups/dev-20200102T000000000000Z/backup.json", "{}");
    project_put("state/backups/dev-20200103T000000000000Z/data/toc.dat", "");
    project_put("state/backups/dev-20200104T000000000000Z.log", "");
    project_put("state/backups/dev-x-20200101T000000000000Z/backup.json", "{}");
    project_put("state/backups/dev-20200101T00000000000xZ/backup.json", "{}");
    project_put("state/backups/dev-2020/backup.json", "{}");
    project_put("state/backups/dev-20200101T000000000000Zz/backup.json", "{}");
    project_put("state/backups/other", "{}");
}

static void command(void)
{
    third();
    program("snap.sh", "exit 0");
}

static void command_fails(void)
{
    third();
    program("snap.sh", "exit 4");
}

static void command_sleeps(void)
{
    third();
    program("snap.sh", "sleep 60");
}

/* What writes a script of rows: of so many bytes, with so many of pg_dump's last words. */
#define SCRIPT(body) "for a; do case $a in --file=*) f=${a#--file=};; esac; done; " body " >$f\n"
#define LAST "echo '-- PostgreSQL database dump complete'"

static void rows(void)
{
    third();
    programs(VERSION("15.1") SCRIPT("(seq 100000; " LAST "; seq 9) | gzip"), LISTS);
}

static void rows_end_early(void)
{
    third();
    programs(VERSION("15.1") SCRIPT("(" LAST "; seq 100000) | gzip"), LISTS);
}

static void rows_are_cut(void)
{
    third();
    programs(VERSION("15.1") SCRIPT("(seq 100000; " LAST ") | gzip | head -c 5000"), LISTS);
}

static void rows_are_none(void)
{
    third();
    programs(VERSION("15.1") "exit 0", LISTS);
}

static void rows_fail(void)
{
    third();
    programs(VERSION("15.1") SCRIPT(LAST) "exit 3", LISTS);
}

static void rows_after_a_kill(void)
{
    rows();
    project_put("backups/migrations/backup-20200101T000000000000Z.sql.gz.part", "x");
    project_put("backups/migrations/backup-20200101T000000000000Z.sql.gz", "x");
    project_put("backups/migrations/other.part", "x");
}

static void rows_have_no_folder(void)
{
    rows();
    project_put("backups", "x");
}

static void nothing(void)
{
    programs(VERSION("15.1") WRITES, LISTS);
}

static void newer_chain(void)
{
    verbs_chain(true);
    nothing();
}

/* --- what is declared, and meant */

static void dumps(void)
{
    operations.backup.is_wanted = true;
}

static void keeps_two(void)
{
    dumps();
    operations.backup.keep = 2;
}

static void commands(void)
{
    dumps();
    operations.backup.command = "snap.sh";
    operations.backup.max_age_ms = INT64_C(86400000);
}

static void young(void)
{
    commands();
    kept_add(&t.cluster.base[0].keeper.is, ENTRY_BACKUP, "database", NULL);
    (void)setenv("KFMIG_NOW", "1767323104", 1);
}

static void old(void)
{
    young();
    (void)setenv("KFMIG_NOW", "1767523104", 1);
}

static void stop(void)
{
    commands();
    stops = true;
}

static void skips(void)
{
    dumps();
    options.skips_backup = true;
}

static void forces(void)
{
    static struct freeze winter[] = {{20000101, 20991231, "UTC", "", "2000-01-01 to 2099-12-31"}};
    operations.freezes = winter;
    operations.n_freezes = 1;
    options.forces = true;
}

static void forces_and_dumps(void)
{
    dumps();
    forces();
}

static void of_plan(void)
{
    dumps();
    wish.plan_only = true;
}

static void tries(void)
{
    dumps();
    wish.drills = true;
}

/* Somebody makes a schema in the throwaway database. */
static void tries_beside(void)
{
    tries();
    t.cluster.by_hand = "aaa";
    t.cluster.by_hand_at = 2;
}

static void without_ledger(void)
{
    dumps();
    cluster_copy(&t.cluster, &empty);
}

/* --- the verbs */

static int builds_so(struct run_of *v)
{
    options.order = order_confirmed;
    return plan_first(v) != 0 || converge_blocked(&v->s, &options, &v->r, &v->e) != 0
               ? -1
               : converge(&v->s, &options, &v->r, &v->e);
}

/* What its lint would say of it there is not what is asked: it is protected behind the plan. */
static int builds_protected(struct run_of *v)
{
    options.order = order_confirmed;
    int rc = plan_first(v);
    v->l.p.env[0].is_protected = true;
    return rc != 0 || converge_blocked(&v->s, &options, &v->r, &v->e) != 0
               ? -1
               : converge(&v->s, &options, &v->r, &v->e);
}

/* With the rows of one schema, as migrate-safe has it. */
static int builds_rows(struct run_of *v)
{
    static const struct backup_rule rule = {.is_wanted = true, .rows_of = "public"};
    options.order = order_confirmed;
    int rc = plan_first(v);
    v->s.o.backup = &rule;
    return rc != 0 || converge_blocked(&v->s, &options, &v->r, &v->e) != 0
               ? -1
               : converge(&v->s, &options, &v->r, &v->e);
}

static int backs_up(struct run_of *v)
{
    int rc = plan_first(v);
    v->cluster.is_stopped = stops;
    return rc != 0 ? -1 : backup(&v->s, &wish, &order_confirmed, &v->r, &v->e);
}

/* What state/backups holds: "+" a whole one, "-" one without backup.json, "l" what a program said;
 * others by name. What backups/migrations holds: "z" a script, "t" what tells the latest. */
static const char *named(struct arena *a, const char *name)
{
    struct stamp stamp;
    size_t k = strlen(name);
    const char *about = arena_printf(a, "state/backups/%s/backup.json", name);
    if (k > 4 && strcmp(name + k - 4, ".log") == 0) {
        return "l";
    }
    if (strncmp(name, "backup-", 7) == 0 && strcmp(name + k - 7, ".sql.gz") == 0) {
        return "z";
    }
    if (strcmp(name, "latest-backup.txt") == 0) {
        return "t";
    }
    if (strncmp(name, "dev-", 4) != 0 || k != 4 + 22) {
        return name;
    }
    return file_stamp(project_fd, about, &stamp, &(struct err){0}) == 0 ? "+" : "-";
}

static const char *left(void)
{
    static char text[1024];
    static const char *const folders[] = {"state/backups", "backups/migrations"};
    struct arena a = {0};
    size_t n = 0;
    text[0] = '\0';
    for (size_t f = 0; f < 2; f++) {
        struct file_names names;
        if (file_list(&a, project_fd, folders[f], &names, &(struct err){0}) != 0) {
            continue;
        }
        for (size_t i = 0; i < names.n; i++) {
            if (names.v[i].name[0] != '.') {
                n += (size_t)snprintf(text + n, sizeof text - n, "%s ", named(&a, names.v[i].name));
            }
        }
    }
    arena_release(&a);
    return text;
}

#define PUBLIC "@site_backup_about(*) -> rows public\n"
#define ABOUT "@site_backup_about(*) -> rows app\n"
#define ABOUT_TWO "@site_backup_about(*) -> rows app ; far\n"
#define SNAPSHOT "@site_backup_snapshot -> rows 00-1 | 0\n"
/* Two tables, in whatever database; one that is asked for the schema and the role. */
#define TABLES                                                                                     \
    "~ @postgis_catalog_relations -> rows " RELATION_ROW(                                          \
        "20000", "app", "t", "kfmig") " ; " RELATION_ROW("20001", "app", "u", "kfmig") "\n"
#define SAME_SCHEMAS                                                                               \
    "~ @postgis_catalog_schemas -> rows 2615 | 9001 | schema |  | app | owner | kfmig\n"
#define SWEPT "a drill that all came back of"
#define ROWS_OF(table, n) "SELECT count(*) FROM \"app\".\"" table "\" -> " n "\n"

/* clang-format off */
static const struct {
    const char *name;
    void (*before)(void);
    void (*then)(void);
    act *does;
    const char *lines;
    int rc;
    enum err_code code;
    const char *words;  /* a part of what was said and done */
    const char *folder; /* left() */
} cases[] = {
    {"none is declared, none is made", third, NULL, builds_so, "", 0, ERR_NONE, ", apply M-3", ""},
    {"what the plan may touch, before it", third, dumps, builds_so, ABOUT, 0, ERR_NONE, "backup of 1 schema in state/backups/dev-", "+ "},
    {"it comes before what is applied", third, dumps, builds_so, ABOUT, 0, ERR_NONE, ", backup dev, apply M-3", "+ "},
    {"a newer pg_dump will do", dump_is_new, dumps, builds_so, ABOUT_TWO, 0, ERR_NONE, "backup of 2 schemas in ", "+ "},
    {"nothing of it stands there", third, dumps, builds_so, "@site_backup_about(*) -> rows\n", 0, ERR_NONE, ", apply M-3", ""},
    {"nobody says what of it stands there", third, dumps, builds_so, "@site_backup_about(*) -> error 42501\n", -1, ERR_PREFLIGHT, "no backup of dev: the server refused kfmig's query \"site_backup_about\": insufficient_privilege", ""},
    {"a projection comes from artifacts", newer_chain, dumps, builds_so, "", 0, ERR_NONE, ", publish wells", ""},
    {"nothing is to be done", nothing, dumps, builds_so, "", 0, ERR_NONE, "; \n", ""},
    {"pg_dump fails", dump_fails, dumps, builds_so, ABOUT, -1, ERR_PREFLIGHT, "no backup of dev: pg_dump ended with status 3; what it said stands in state/backups/dev-", "l "},
    {"pg_dump is killed", dump_is_killed, dumps, builds_so, ABOUT, -1, ERR_PREFLIGHT, "pg_dump was ended by signal 9", "l "},
    {"pg_dump makes nothing", dump_writes_nothing, dumps, builds_so, ABOUT, -1, ERR_PREFLIGHT, "no backup of dev: pg_dump left no \"state/backups/dev-", "l "},
    {"pg_restore cannot read it", list_fails, dumps, builds_so, ABOUT, -1, ERR_PREFLIGHT, "pg_restore --list ended with status 1", "l "},
    {"one of its files cannot be read", dump_is_unreadable, dumps, builds_so, ABOUT, -1, ERR_PREFLIGHT, "cannot read \"state/backups/dev-", "l "},
    {"pg_dump is older than the server", dump_is_old, dumps, builds_so, ABOUT, -1, ERR_PREFLIGHT, "no backup of dev: pg_dump is of version 9, older than the server's 15", ""},
    {"there is no pg_dump", no_dump, dumps, builds_so, ABOUT, -1, ERR_PREFLIGHT, "there is no pg_dump, or no pg_restore beside it", ""},
    {"its folder cannot be made", folder_is_a_file, dumps, builds_so, ABOUT, -1, ERR_PREFLIGHT, "no backup of dev: ", ""},
    {"what it says would go elsewhere", log_is_a_link, dumps, builds_so, ABOUT, -1, ERR_PREFLIGHT, "cannot write \"state/backups/dev-", "l "},
    {"the last two are kept, what killed runs left is not, nor is another's touched", older_ones, keeps_two, builds_so, ABOUT, 0, ERR_NONE, ", apply M-3",
     "dev-2020 dev-20200101T000000000000Zz + + + dev-x-20200101T000000000000Z other "},

    {"a command", command, commands, builds_so, "", 0, ERR_NONE, "snap.sh made a backup", ""},
    {"a command whose last backup is young", command, young, builds_so, "", 0, ERR_NONE, "; \nbegin: M-3", ""},
    {"a command whose last backup is old", command, old, builds_so, "", 0, ERR_NONE, ", backup dev, apply M-3", ""},
    {"a command that fails", command_fails, commands, builds_so, "", -1, ERR_PREFLIGHT, "no backup of dev: snap.sh: it ended with status 4", ""},
    {"a command, and somebody says stop", command_sleeps, stop, backs_up, "", -1, ERR_INTERRUPTED, "interrupted", ""},

    {"skipped", third, skips, builds_so, "", 0, ERR_NONE, "warning: dev: no backup is made (--skip-backup)", ""},
    {"not skipped where it is protected", third, skips, builds_protected, "", -1, ERR_PREFLIGHT, "environment \"dev\" wants signatures over the plan that name --skip-backup: 0 of 1 signature; nothing was run; `kfmig approve dev --plan=sha256:", ""},
    {"what holds back is let through", third, forces, builds_so, "", 0, ERR_NONE, ", apply M-3", ""},
    {"and is backed up", third, forces_and_dumps, builds_so, ABOUT, 0, ERR_NONE, ", backup dev, apply M-3", "+ "},
    {"nor forced where it is protected", third, forces, builds_protected, "", -1, ERR_PREFLIGHT, "environment \"dev\" wants signatures over the plan that name --force: 0 of 1 signature; nothing was run", ""},

    {"rows alone", rows, NULL, builds_rows, PUBLIC, 0, ERR_NONE, "backup of 1 schema in backups/migrations/backup-", "z t "},
    {"rows alone, and what else is touched", rows, NULL, builds_rows, PUBLIC, 0, ERR_NONE, "the backup holds schema public; what is run may touch app, too", "z t "},
    {"rows alone, of no schema", rows, NULL, builds_rows, "@site_backup_about(*) -> rows\n", 0, ERR_NONE, ", apply M-3", ""},
    {"rows alone, and nobody says what is there", rows, NULL, builds_rows, "@site_backup_about(*) -> error 42501\n", -1, ERR_PREFLIGHT, "no backup of dev: ", ""},
    {"rows that end early", rows_end_early, NULL, builds_rows, PUBLIC, -1, ERR_PREFLIGHT, "no backup of dev: what pg_dump wrote is not whole", "l "},
    {"rows that are cut", rows_are_cut, NULL, builds_rows, PUBLIC, -1, ERR_PREFLIGHT, "no backup of dev: what pg_dump wrote cannot be read: ", "l "},
    {"no rows at all", rows_are_none, NULL, builds_rows, PUBLIC, -1, ERR_PREFLIGHT, "no backup of dev: what pg_dump wrote cannot be read: ", "l "},
    {"pg_dump of rows fails", rows_fail, NULL, builds_rows, PUBLIC, -1, ERR_PREFLIGHT, "pg_dump ended with status 3; what it said stands in backups/migrations/backup-", "l "},
    {"what a killed run left goes, and nothing else", rows_after_a_kill, NULL, builds_rows, PUBLIC, 0, ERR_NONE, "backup of 1 schema in ", "z z t other.part "},
    {"the folder of rows cannot be made", rows_have_no_folder, NULL, builds_rows, PUBLIC, -1, ERR_PREFLIGHT, "no backup of dev: ", ""},
    {"by hand, all of it", third, dumps, backs_up, "", 0, ERR_NONE, "backup of the database in ", "+ "},
    {"by hand, where none is declared", third, NULL, backs_up, "", 0, ERR_NONE, ", backup dev", "+ "},
    {"by hand, what the plan may touch", third, of_plan, backs_up, ABOUT, 0, ERR_NONE, "backup of 1 schema in ", "+ "},
    {"by hand, of a plan that touches nothing", nothing, of_plan, backs_up, "", 0, ERR_NONE, "note: dev: nothing stands there that the plan may touch", ""},
    {"by hand, of a plan whose schema is not there", third, of_plan, backs_up, "@site_backup_about(*) -> rows\n", 0, ERR_NONE, "nothing stands there that the plan may touch", ""},
    {"by hand, and nobody says what is there", third, of_plan, backs_up, "@site_backup_about(*) -> cut\n", -1, ERR_PREFLIGHT, "was lost", ""},
    {"by hand, by the command", command, commands, backs_up, "", 0, ERR_NONE, ", backup dev", ""},
    {"by hand, and it fails", dump_fails, dumps, backs_up, "", -1, ERR_PREFLIGHT, "no backup of dev: pg_dump ended with status 3", "l "},
    {"by hand, without a ledger", third, without_ledger, backs_up, "", -1, ERR_PREFLIGHT, "environment \"dev\" has no ledger yet: no backup was made; `kfmig build dev` makes it; `kfmig adopt dev`, too, and runs nothing", ""},

    {"a drill whose database stays empty", third, tries, backs_up, SNAPSHOT, -1, ERR_VALIDATE, "dev: what was restored is not what was backed up: ", "+ "},
    {SWEPT, third, tries, backs_up, SNAPSHOT ROWS_OF("t", "rows 5") ROWS_OF("u", "rows 0") ROWS_OF("t", "rows 5") ROWS_OF("u", "rows 0") SAME_SCHEMAS TABLES, 0, ERR_NONE, ", backup dev", "+ "},
    {"a drill, and rows are missing", third, tries, backs_up, SNAPSHOT ROWS_OF("t", "rows 5") ROWS_OF("u", "rows 0") ROWS_OF("t", "rows 4") ROWS_OF("u", "rows 0") SAME_SCHEMAS TABLES, -1, ERR_VALIDATE, "what was restored is not what was backed up: the rows of table app.t; its receipt", "+ "},
    {"a drill, and nobody can count", third, tries, backs_up, SNAPSHOT ROWS_OF("t", "rows 5") ROWS_OF("u", "error 42501") ROWS_OF("t", "rows 5") ROWS_OF("u", "error 42501") SAME_SCHEMAS TABLES, -1, ERR_VALIDATE, "what was restored is not what was backed up: the rows of table app.u; its receipt", "+ "},
    {"a drill, and pg_restore tells of errors", restore_fails, tries, backs_up, SNAPSHOT, -1, ERR_VALIDATE, "warning: dev: pg_restore told of errors; what it said stands in state/backups/dev-", "+ l "},
    {"a drill, and pg_restore lists nothing", no_list, tries, backs_up, SNAPSHOT, -1, ERR_PREFLIGHT, "no backup of dev: pg_restore made no list", "+ l "},
    {"a drill, and what pg_restore lists is a link", list_is_a_link, tries, backs_up, SNAPSHOT, -1, ERR_PREFLIGHT, "restore.list", "+ l "},
    {"a drill, and pg_restore is gone", restore_goes, tries, backs_up, SNAPSHOT, -1, ERR_PREFLIGHT, "pg_restore", "+ l "},
    {"a drill, and pg_restore is gone behind its list", restore_goes_later, tries, backs_up, SNAPSHOT, -1, ERR_PREFLIGHT, "pg_restore", "+ l "},
    {"a drill, and something else stands there", third, tries_beside, backs_up, SNAPSHOT, -1, ERR_VALIDATE, "what was restored is not what was backed up: schema aaa, and more", "+ "},
    {"a drill, and a table came back to another owner", third, tries, backs_up, SNAPSHOT "3: ~ @postgis_catalog_relations -> rows " RELATION_ROW("20000", "app", "t", "ada") " ; " RELATION_ROW("20001", "app", "u", "kfmig") "\n" SAME_SCHEMAS TABLES, -1, ERR_VALIDATE, "what was restored is not what was backed up: table app.t; its receipt", "+ "},
    {"a drill, and a killed one left its database", third, tries, backs_up, "@site_drill_leftovers -> rows kfmig_drill_00000000\n" SNAPSHOT SAME_SCHEMAS TABLES, 0, ERR_NONE, ", backup dev", "+ "},
    {"a drill, and pg_dump fails", dump_fails, tries, backs_up, SNAPSHOT, -1, ERR_PREFLIGHT, "pg_dump ended with status 3", "l "},
    {"a drill, and there is no snapshot", third, tries, backs_up, "@site_backup_snapshot -> error 25001\n", -1, ERR_PREFLIGHT, "no backup of dev: ", ""},
    {"a drill, and the role may not make a database", third, tries, backs_up, SNAPSHOT "CREATE DATABASE* -> error 42501\n", -1, ERR_PREFLIGHT, "may not create the database", "+ "},
};
/* clang-format on */
enum { N = sizeof cases / sizeof *cases };

static void begin(void)
{
    verbs_project();
    if (fchdir(project_fd) != 0 || getcwd(folder, sizeof folder) == NULL) {
        abort();
    }
    size_t n = strlen(folder);
    (void)snprintf(folder + n, sizeof folder - n, "/bin");
    (void)setenv("KFMIG_PG_BINDIR", folder, 1);
}

static int refused; /* the question that the server refuses; 0: none */

static void prepare(size_t i)
{
    begin();
    cluster_copy(&t.cluster, &built);
    cases[i].before();
    project_load(&t.l, false);
    operations = *operations_of(&(struct env){.name = "dev"});
    operations.threshold[THRESHOLD_COMMAND_TIME] = operations.threshold[THRESHOLD_BACKUP_TIME] =
        INT64_C(999999999999); /* the clock is scripted */
    options = (struct converge_options){.most = 0};
    wish = (struct backup_wish){.drills = false};
    stops = false;
    t.l.p.env[0].operations = &operations;
    t.l.p.root = ".";
    t.cluster.by_hand_at = 0;
    if (cases[i].then != NULL) {
        cases[i].then();
    }
    run_of_play(&t, cases[i].does, cases[i].lines, refused, "error 42501", 0, NULL);
    (void)unsetenv("KFMIG_NOW");
    t.cluster.is_stopped = false;
}

static void play(size_t i)
{
    prepare(i);
    const char *text = run_of_text(&t, "");
    bool good = t.rc == cases[i].rc && t.e.code == cases[i].code &&
                strstr(text, cases[i].words) != NULL && strcmp(left(), cases[i].folder) == 0 &&
                t.n_holders == 0;
    if (!good) {
        printf("# rc %d, code %d, left \"%s\", %d hold: %s\n", t.rc, (int)t.e.code, left(),
               t.n_holders, text);
    }
    project_unload(&t.l);
    ok(good, cases[i].name);
}

/* A drill of which each question is refused once: it is said, or what was drilled came back; the lock and
 * the throwaway database go, but where it is its drop that is refused. */
static void sweep_drill(void)
{
    static const char last_count[] = "SELECT count(*) FROM \"app\".\"u\"";
    size_t i = 0;
    int n_lies = 0;
    int n_failed = 0;
    while (strcmp(cases[i].name, SWEPT) != 0) {
        i++;
    }
    prepare(i);
    int asked = pq_asked();
    project_unload(&t.l);
    for (int n = 1; n <= asked; n++) {
        refused = n;
        prepare(i);
        const char *live = strstr(pq_log(), last_count);
        bool is_compared = live != NULL && strstr(live + 1, last_count) != NULL;
        bool is_good = t.rc == 0 ? strcmp(left(), "+ ") == 0 && cluster_drills(&t.cluster) == 0
                                 : t.e.code != ERR_NONE && t.e.msg[0] != '\0';
        n_failed += t.rc != 0;
        if (!is_good || t.n_holders != 0 || (cluster_drills(&t.cluster) > 0 && !is_compared)) {
            n_lies++;
            printf("# question %d: rc %d, left \"%s\", %d hold, %d drills: %s\n", n, t.rc, left(),
                   t.n_holders, cluster_drills(&t.cluster), run_of_text(&t, ""));
        }
        project_unload(&t.l);
    }
    refused = 0;
    ok(n_lies == 0 && asked > 60 && n_failed > 30, "a drill, and each question is refused once");
    printf("# %d questions, %d failed\n", asked, n_failed);
}

/* A list as long as the plan, not as long as all its beginnings. */
static void of_a_long_plan(void)
{
    enum { MIGRATIONS = 14300, ROOM = MIGRATIONS * 64 };
    struct arena a = {0};
    struct bundle b = {.id = "M"};
    struct site s = {.a = &a};
    struct backup_needs all = {.n = 0};
    struct backup_needs two = {.n = 0};
    s.plan.n_migrations = MIGRATIONS;
    s.plan.v = ARENA_ARRAY(&a, struct step, MIGRATIONS);
    for (size_t i = 0; i < MIGRATIONS; i++) {
        s.plan.v[i] = (struct step){.action = ACTION_APPLY, .selected = i != 1, .bundle = &b};
    }
    size_t before = a.used;
    backup_needs_of(&s, 0, &all);
    ok(all.n == MIGRATIONS - 1 && all.v[0] == &b && all.v[all.n - 1] == &b && !all.rebuilds,
       "all that is selected of a long plan");
    ok(a.used - before < ROOM, "in little memory");
    printf("# %zu bytes\n", a.used - before);
    backup_needs_of(&s, 2, &two);
    ok(two.n == 2, "no more than are run");
    arena_release(&a);
}

int main(void)
{
    tap_plan(N + 2 + 3);
    (void)cluster_add(&empty, "kfm");
    (void)cluster_add(&empty, "postgres");
    begin();
    project_load(&t.l, false);
    cluster_copy(&t.cluster, &empty);
    run_of_play(&t, builds, "", 0, NULL, 0, NULL);
    ok(t.rc == 0 && t.r.worst == ERR_NONE && pq_played(), "what the cases begin with");
    run_of_leave(&t, &built);
    project_unload(&t.l);
    for (size_t i = 0; i < N; i++) {
        play(i);
    }
    sweep_drill();
    of_a_long_plan();
    cluster_release(&t.cluster);
    cluster_release(&empty);
    cluster_release(&built);
    arena_release(&t.a);
    project_remove();
    return tap_done();
}
