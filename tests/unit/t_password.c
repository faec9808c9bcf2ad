/* layer: site */
/* run: needs=postgres */
/* What stays of a password in this process's memory once its session has ended: no connection string that kfmig
 * held, and no more than libpq leaves. The password is random and held under a mask; every writable mapping (heap,
 * stacks, freed memory) is searched for its last bytes, which a freed block keeps.
 * libpq 15.18 gives back unwiped: the copy in which conninfo_parse() and conninfo_uri_parse() divide a connection
 * string, one for each connection; and what SCRAM's saslprep made of the password. */
#include <fcntl.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pg_server.h"
#include "project.h"
#include "site/site.h"
#include "tap.h"

enum { LENGTH = 32, TAIL = 12, CHUNK = 65536, DSN = 512 };

static struct secret where;
static unsigned char masked[LENGTH], mask[LENGTH];
static char dsn[DSN];
static unsigned char chunk[CHUNK + TAIL];

static void make_password(void)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEF";
    unsigned char random[LENGTH];
    (void)!getrandom(random, sizeof random, 0);
    (void)!getrandom(mask, sizeof mask, 0);
    for (int i = 0; i < LENGTH; i++) {
        masked[i] = (unsigned char)letters[random[i] % 32] ^ mask[i];
    }
    explicit_bzero(random, sizeof random);
}

/* head, the password, tail. */
static void fill(const char *head, const char *tail, bool is_wrong)
{
    size_t n = (size_t)snprintf(dsn, sizeof dsn, "%s", head);
    for (int i = 0; i < LENGTH; i++) {
        dsn[n++] = (char)(masked[i] ^ mask[i]);
    }
    (void)snprintf(dsn + n, sizeof dsn - n, "%s%s", is_wrong ? "x" : "", tail);
}

static bool is_there(const unsigned char *p)
{
    for (int i = 0; i < TAIL; i++) {
        if (p[i] != (masked[LENGTH - TAIL + i] ^ mask[LENGTH - TAIL + i])) {
            return false;
        }
    }
    return true;
}

static void show(const char *mapping, uintptr_t at, const unsigned char *p,
                 const unsigned char *from)
{
    char text[160];
    int n = 0;
    for (const unsigned char *q = p - 48 < from ? from : p - 48; q < p + 40; q++) {
        bool is_secret = q >= p - (LENGTH - TAIL) && q < p + TAIL;
        text[n++] = is_secret ? '*' : *q >= 32 && *q < 127 ? (char)*q : '.';
    }
    printf("# %lx %.*s %.*s\n", (unsigned long)at, (int)strcspn(mapping, "\n"), mapping, n, text);
}

/* Is what is found at that address preceded by "="? */
static bool is_whole(int mem, uintptr_t at)
{
    char before = '\0';
    return pread(mem, &before, 1, (off_t)(at - (LENGTH - TAIL) - 1)) == 1 && before == '=';
}

/* n: everywhere; n_whole: as part of a connection string, which is how kfmig holds one. */
struct found {
    int n, n_whole;
};

static void scan_mapping(int mem, const char *line, struct found *out)
{
    char *end = NULL;
    uintptr_t from = strtoul(line, &end, 16);
    uintptr_t to = *end == '-' ? strtoul(end + 1, NULL, 16) : from;
    if (strstr(line, " rw") == NULL) {
        return;
    }
    for (uintptr_t at = from; at < to; at += CHUNK) {
        ssize_t got = pread(mem, chunk, sizeof chunk, (off_t)at);
        for (ssize_t i = 0; i + TAIL <= got && i < CHUNK; i++) {
            uintptr_t here = at + (uintptr_t)i;
            bool is_mine = here >= (uintptr_t)chunk && here < (uintptr_t)chunk + sizeof chunk;
            if (!is_mine && here < to && is_there(&chunk[i])) {
                show(line, here, &chunk[i], chunk);
                out->n++;
                out->n_whole += is_whole(mem, here) ? 1 : 0;
            }
        }
        explicit_bzero(chunk, sizeof chunk);
    }
}

/* Each place is printed. */
static struct found scan(void)
{
    char line[512];
    struct found out = {0, 0};
    int mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    FILE *maps = fopen("/proc/self/maps", "re");
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
        scan_mapping(mem, line, &out);
    }
    (void)fclose(maps);
    (void)close(mem);
    return out;
}

/* --- the server: a role per way of asking for a password */

static char dir[32], place[256];
static struct embedded *embedded;

static bool set_rules(const char *path)
{
    static const char rules[] = "local all u_scram scram-sha-256\nlocal all u_md5 md5\n"
                                "local all u_plain password\nlocal all all trust\n";
    int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    bool good = fd >= 0 && write(fd, rules, sizeof rules - 1) == (ssize_t)sizeof rules - 1;
    (void)close(fd);
    return good;
}

static void make_roles(void)
{
    static const char *const ways[][2] = {
        {"u_scram", "scram-sha-256"}, {"u_md5", "md5"}, {"u_plain", "scram-sha-256"}};
    struct secret admin = {0};
    char head[160];
    struct err e;
    (void)snprintf(dsn, sizeof dsn, "%s user=kfmig_admin dbname=postgres", place);
    secret_set(&admin, dsn);
    struct pg *s = server_connect(&admin, &e);
    for (int i = 0; i < 3 && s != NULL; i++) {
        (void)snprintf(head, sizeof head, "SET password_encryption = '%s'", ways[i][1]);
        int rc = server_run(&e, s, head);
        (void)snprintf(head, sizeof head, "CREATE ROLE %s LOGIN PASSWORD '", ways[i][0]);
        fill(head, "'", false);
        if (rc != 0 || server_run(&e, s, dsn) != 0) {
            _exit(1);
        }
    }
    _exit(s == NULL ? 1 : 0);
}

static bool in_child(void (*act)(void))
{
    int status = 1;
    (void)fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        act();
        _exit(1);
    }
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool begin(void)
{
    static const struct pg_sql asks = {"t_hba", "SHOW hba_file"};
    struct embedded_options o = {.dir = dir, .throwaway = true, .self = "/proc/self/exe"};
    struct err e = {0};
    struct secret admin = {0};
    char path[256];
    embedded = server_begin(dir, &where);
    if (embedded == NULL) {
        return false;
    }
    (void)snprintf(place, sizeof place, "%.*s",
                   (int)(strstr(where.opaque, " user=") - where.opaque), where.opaque);
    (void)snprintf(dsn, sizeof dsn, "%s user=kfmig_admin dbname=postgres", place);
    secret_set(&admin, dsn);
    struct pg *s = server_connect(&admin, &e);
    const char *found = s == NULL ? NULL : server_ask(&e, s, &asks, NULL);
    (void)snprintf(path, sizeof path, "%s", found == NULL ? "" : found);
    pg_close(s);
    secret_wipe(&admin);
    embedded_close(embedded);
    secret_wipe(&where);
    return embedded_stop(dir, &e) == 0 && set_rules(path) &&
           embedded_open(&embedded, &o, &where, NULL, &e) == 0 && in_child(make_roles);
}

/* --- sessions */

struct session {
    const char *name, *role;
    bool is_wrong, is_url, is_file;
    int n_times;
};
static const struct session sessions[] = {
    {"SCRAM", "u_scram", false, false, false, 1},
    {"SCRAM, in a URL", "u_scram", false, true, false, 1},
    {"SCRAM, a wrong password", "u_scram", true, false, false, 1},
    {"SCRAM, connected again and again", "u_scram", false, false, false, 5},
    {"SCRAM, from a file of the project", "u_scram", false, false, true, 1},
    {"MD5", "u_md5", false, false, false, 1},
    {"MD5, in a URL", "u_md5", false, true, false, 1},
    {"MD5, a wrong password", "u_md5", true, false, false, 1},
    {"MD5, connected again and again", "u_md5", false, false, false, 5},
    {"MD5, from a file of the project", "u_md5", false, true, true, 1},
    {"in clear", "u_plain", false, false, false, 1},
};
enum { N = sizeof sessions / sizeof *sessions };
static const struct session *session;
static bool is_kept; /* to find what is kept shows that something can be found */

/* The connection string, in dsn. */
static void write_dsn(void)
{
    char head[400];
    const char *folder = place + strlen("host=");
    if (session->is_url) {
        (void)snprintf(head, sizeof head,
                       "postgresql:///postgres?user=%s&host=%.*s&port=5432&password=",
                       session->role, (int)strcspn(folder, " "), folder);
    } else {
        (void)snprintf(head, sizeof head, "%s dbname=postgres user=%s password=", place,
                       session->role);
    }
    fill(head, "", session->is_wrong);
}

static int by_secret(struct err *e)
{
    struct secret given = {0};
    int rc = 0;
    secret_set(&given, dsn);
    explicit_bzero(dsn, sizeof dsn);
    for (int i = 0; i < session->n_times; i++) {
        struct pg *s = NULL;
        rc = pg_open(&s, &given, &(struct pg_options){.application_name = "kfmig"}, e);
        pg_close(s);
    }
    if (!is_kept) {
        secret_wipe(&given);
    }
    return rc;
}

/* As an environment whose connection string stands in a file beside the project's. */
static int by_file(struct err *e)
{
    struct loaded l;
    struct site s;
    project_start();
    project_put("registry/environments.v1.yml",
                "environments:\n  dev: {stores: {postgis: {dsn_ref: state/dsn}}}\n"
                "default_environment: dev\n");
    project_put("state/dsn", dsn);
    explicit_bzero(dsn, sizeof dsn);
    project_load(&l, true);
    site_init(&s, &l.a, &l.p, l.cache, &(struct ear){0}, load_env(&l.p, "dev"),
              &(struct site_options){.verb = "build", .self = "/bin/false"});
    int rc = site_connect(&s, e);
    site_close(&s);
    project_unload(&l);
    project_remove();
    return rc;
}

/* The child's part. */
static void play(int fd)
{
    struct err e = {0};
    write_dsn();
    int rc = session->is_file ? by_file(&e) : by_secret(&e);
    struct found out = scan();
    if ((rc == 0) == session->is_wrong) {
        printf("# %s\n", e.msg);
        out.n = out.n_whole = 99;
    }
    (void)fflush(stdout);
    _exit(write(fd, &out, sizeof out) == (ssize_t)sizeof out ? 0 : 1);
}

/* In a process of its own. */
static struct found find(void)
{
    struct found out = {99, 99};
    int fds[2];
    int status = 0;
    (void)fflush(stdout);
    if (pipe2(fds, O_CLOEXEC) != 0) {
        return out;
    }
    pid_t child = fork();
    if (child == 0) {
        play(fds[1]);
    }
    (void)close(fds[1]);
    if (read(fds[0], &out, sizeof out) != (ssize_t)sizeof out) {
        out = (struct found){99, 99};
    }
    (void)close(fds[0]);
    (void)waitpid(child, &status, 0);
    return out;
}

int main(int argc, char **argv)
{
    int status = 0;
    if (server_watch(argc, argv, &status)) {
        return status;
    }
    tap_plan(3 + 2 * N);
    make_password();
    ok(begin(), "a server that asks for passwords");
    session = &sessions[0];
    is_kept = true;
    struct found kept = find();
    is_kept = false;
    ok(kept.n > 0 && kept.n < 99, "what is kept is found");
    is_int(kept.n_whole, 1, "... as part of its connection string");
    for (int i = 0; i < N; i++) {
        session = &sessions[i];
        struct found left = find();
        is_int(left.n_whole, 0, session->name);
        ok(left.n <= session->n_times + 1, "... and libpq leaves no more than it did");
    }
    (void)server_end(dir, embedded, &where);
    return tap_done();
}
