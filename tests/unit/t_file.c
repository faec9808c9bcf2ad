/* layer: base */
#include "tap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/file_open.h"

static char root_path[] = "/tmp/kfmig-t-file-XXXXXX";
static int root;

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

static void put(const char *path, const char *text)
{
    int fd = openat(root, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
        abort();
    }
    (void)close(fd);
}

static void make_socket(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    (void)snprintf(name.sun_path, sizeof name.sun_path, "%s/socket", root_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(fd, (struct sockaddr *)&name, sizeof name) != 0) {
        abort();
    }
    (void)close(fd);
}

static void set_up(void)
{
    if (mkdtemp(root_path) == NULL) {
        abort();
    }
    root = open(root_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = mkdirat(root, "d", 0755) | mkdirat(root, "d/e", 0755) |
             symlinkat("plain", root, "link") | symlinkat("d", root, "dirlink") |
             symlinkat("nowhere", root, "dangling") | symlinkat("/etc", root, "out") |
             mkfifoat(root, "fifo", 0600);
    if (root < 0 || rc != 0) {
        abort();
    }
    put("plain", "hello");
    put("empty", "");
    put("d/e/deep", "deep");
    make_socket();
}

struct open_row {
    const char *path;
    int rc;
    enum err_code code;
    const char *part; /* of the message */
};

static const struct open_row open_rows[] = {
    {"plain", 0, ERR_NONE, ""},
    {"empty", 0, ERR_NONE, ""},
    {"d/e/deep", 0, ERR_NONE, ""},
    {"d//e/./deep", 0, ERR_NONE, ""},
    {"absent", 1, ERR_NONE, ""},
    {"absent/x", 1, ERR_NONE, ""},
    {"plain/x", 1, ERR_NONE, ""},
    {"d", -1, ERR_CONFIG, "\"d\" is a directory, not a regular file"},
    {"fifo", -1, ERR_CONFIG, "\"fifo\" is a FIFO, not a regular file"},
    {"socket", -1, ERR_CONFIG, "\"socket\" is a socket"},
    {"link", -1, ERR_CONFIG, "\"link\" is a symlink"},
    {"dangling", -1, ERR_CONFIG, "\"dangling\" is a symlink"},
    {"dirlink/e/deep", -1, ERR_CONFIG, "\"dirlink/e/deep\" is a symlink, or leads through one"},
    {"out/passwd", -1, ERR_CONFIG, "\"out/passwd\" is a symlink"},
    {"../x", -1, ERR_CONFIG, "\"../x\" has \"..\" in it"},
    {"d/../plain", -1, ERR_CONFIG, "has \"..\" in it"},
    {"d/..", -1, ERR_CONFIG, "has \"..\" in it"},
    {"d/e/..x", 1, ERR_NONE, ""},
    {"/etc/passwd", -1, ERR_CONFIG, "\"/etc/passwd\" is an absolute path"},
    {"", -1, ERR_CONFIG, "a file path is empty"},
};
enum { N_OPEN = sizeof open_rows / sizeof open_rows[0] };

static bool opens_as(const struct open_row *r)
{
    struct arena a = {0};
    struct err e = {0};
    struct bytes b = {0};
    int rc = file_read(&a, root, r->path, 100, &b, NULL, &e);
    bool good = rc == r->rc && e.code == r->code && strstr(e.msg, r->part) != NULL;
    if (!good) {
        printf("# %s: %d %s\n", r->path, rc, e.msg);
    }
    arena_release(&a);
    return good;
}

/* The same without openat2(2): a filter answers as an old kernel would. */
static int count_bad_stepwise(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof code / sizeof code[0], .filter = code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        return 100;
    }
    errno = 0;
    if (syscall(SYS_openat2, root, "plain", NULL, 0) != -1 || errno != ENOSYS) {
        return 101;
    }
    int bad = 0;
    for (size_t i = 0; i < N_OPEN; i++) {
        bad += !opens_as(&open_rows[i]);
    }
    return bad;
}

static void test_opening(void)
{
    for (size_t i = 0; i < N_OPEN; i++) {
        ok(opens_as(&open_rows[i]), open_rows[i].path);
    }
    pid_t pid = fork();
    if (pid == 0) {
        _exit(count_bad_stepwise());
    }
    int status = 0;
    (void)waitpid(pid, &status, 0);
    is_int(WIFEXITED(status) ? WEXITSTATUS(status) : 200, 0,
           "all the same on a kernel without openat2");
}

static void test_reading(void)
{
    struct arena a = {0};
    struct err e = {0};
    struct bytes b = {0};
    struct stamp read;
    struct stamp seen;
    is_int(file_read(&a, root, "plain", 5, &b, &read, &e), 0,
           "a file as large as the limit is read");
    ok(b.n == 5 && strcmp(b.p, "hello") == 0, "all of it, and a NUL after it");
    is_int(file_stamp(root, "plain", &seen, &e), 0, "a file has a stamp");
    ok(stamp_eq(&read, &seen) && seen.size == 5, "the same that reading gives");
    is_int(file_read(&a, root, "plain", 4, &b, NULL, &e), -1, "a file above the limit is refused");
    is_str(e.msg, "\"plain\" is too large: the limit is 4 bytes", "with the limit in the message");
    is_int(file_read(&a, root, "empty", 0, &b, NULL, &e), 0, "an empty file is read");
    ok(b.n == 0 && b.p[0] == '\0', "as nothing");
    struct err untouched = {0};
    int absent = file_read(&a, root, "absent", 5, &b, NULL, &untouched);
    ok(absent == 1 && untouched.code == ERR_NONE, "an absent file leaves the error alone");
    int proc = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    is_int(file_read(&a, proc, "status", 100000, &b, NULL, &e), -1,
           "a file whose size is not what is read");
    is_str(e.msg, "\"status\" keeps changing while it is read", "counts as changing");
    (void)close(proc);
    arena_release(&a);
}

static void test_stamps(void)
{
    static const struct {
        const char *path, *msg;
        int rc;
    } rows[] = {
        {"d", "\"d\" is a directory, not a regular file", -1},
        {"link", "\"link\" is a symlink, not a regular file", -1},
        {"fifo", "\"fifo\" is a FIFO, not a regular file", -1},
        {"socket", "\"socket\" is a socket, not a regular file", -1},
        {"absent", "", 1},
        {"plain/x", "", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct stamp zero = {0};
        struct stamp s = {0};
        struct err e = {0};
        is_int(file_stamp(root, rows[i].path, &s, &e), rows[i].rc, rows[i].path);
        is_str(e.msg, rows[i].msg, "the message says what it is");
        ok(stamp_eq(&s, &zero), "there is no stamp");
    }
    struct stamp before = {0};
    struct stamp after = {0};
    struct err e = {0};
    int rc = file_stamp(root, "plain", &before, &e);
    put("plain", "hello!");
    rc |= file_stamp(root, "plain", &after, &e);
    ok(rc == 0 && !stamp_eq(&before, &after), "a changed file has another stamp");
    put("plain", "hello");
}

static bool holds(const char *path, const char *text)
{
    struct arena a = {0};
    struct err e = {0};
    struct bytes b = {0};
    bool good =
        file_read(&a, root, path, 1 << 20, &b, NULL, &e) == 0 && bytes_eq(b, bytes_str(text));
    arena_release(&a);
    return good;
}

/* Temporary files of file_write() in a folder. */
static int count_temps(const char *folder)
{
    struct arena a = {0};
    struct err e = {0};
    struct file_names names = {0};
    int n = file_list(&a, root, folder, &names, &e) == 0 ? 0 : -1;
    for (size_t i = 0; i < names.n; i++) {
        n += strncmp(names.v[i].name, ".kfmig-", 7) == 0;
    }
    arena_release(&a);
    return n;
}

static void test_writing(void)
{
    struct err e = {0};
    struct stat st;
    mode_t old = umask(022);
    is_int(file_write(root, "w/x/y.txt", bytes_str("one"), 0666, &e), 0,
           "a file is written, its folders made");
    ok(holds("w/x/y.txt", "one"), "with its content");
    ok(fstatat(root, "w/x/y.txt", &st, 0) == 0 && (st.st_mode & 0777) == 0644,
       "and its mode, less the umask");
    is_int(file_write(root, "w/x/y.txt", bytes_str("two"), 0600, &e), 0, "a file is replaced");
    ok(holds("w/x/y.txt", "two"), "by the new content");
    is_int(count_temps("w/x"), 0, "no temporary file stays");
    is_int(file_write(root, "top", bytes_of("", 0), 0600, &e), 0,
           "an empty file beside the root's others");
    ok(holds("top", ""), "is empty");
    char absolute[200];
    (void)snprintf(absolute, sizeof absolute, "%s/abs/file", root_path);
    is_int(file_write(AT_FDCWD, absolute, bytes_str("abs"), 0600, &e), 0,
           "an absolute path is taken as it is");
    ok(holds("abs/file", "abs"), "and written");
    is_int(file_write(root, "link", bytes_str("new"), 0600, &e), 0,
           "a symlink in the place of a file");
    ok(holds("link", "new") && holds("plain", "hello"), "is replaced, not followed");
    (void)umask(old);
}

static void test_refused_writes(void)
{
    static const struct {
        const char *path, *msg;
        enum err_code code;
    } rows[] = {
        {"dirlink/new", "\"dirlink\" is a symlink, or leads through one", ERR_CONFIG},
        {"dirlink/sub/new", "\"dirlink/sub\" is a symlink, or leads through one", ERR_CONFIG},
        {"../new", "\"../new\" has \"..\" in it", ERR_CONFIG},
        {"", "a file path is empty", ERR_CONFIG},
        {"d/", "\"d/\" names no file", ERR_CONFIG},
        {"d", "cannot write \"d\": Is a directory", ERR_PREFLIGHT},
        {"plain/new", "cannot open \"plain\": Not a directory", ERR_PREFLIGHT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err e = {0};
        is_int(file_write(root, rows[i].path, bytes_str("x"), 0600, &e), -1, rows[i].path);
        is_str(e.msg, rows[i].msg, "the message");
        is_int(e.code, rows[i].code, "the code");
    }
    is_int(count_temps("d"), 0, "no temporary file stays in the folder");
    is_int(count_temps("."), 0, "nor in the root");
}

static void test_full_disk(void)
{
    struct rlimit old;
    struct err e = {0};
    put("kept", "old");
    (void)getrlimit(RLIMIT_FSIZE, &old);
    (void)signal(SIGXFSZ, SIG_IGN);
    struct rlimit small = {.rlim_cur = 2, .rlim_max = old.rlim_max};
    (void)setrlimit(RLIMIT_FSIZE, &small);
    int rc = file_write(root, "kept", bytes_str("new content"), 0600, &e);
    (void)setrlimit(RLIMIT_FSIZE, &old);
    is_int(rc, -1, "a write that finds no room fails");
    is_str(e.msg, "cannot write \"kept\": File too large", "with path and reason");
    is_int(e.code, ERR_PREFLIGHT, "as preflight");
    ok(holds("kept", "old"), "the old file stays");
    is_int(count_temps("."), 0, "no temporary file stays");
}

static void test_advice(void)
{
    static const struct {
        int number;
        const char *msg, *hint; /* of the hint: a part */
    } rows[] = {
        {ENOSPC, "cannot write \"a/b\": No space left on device", "free some space"},
        {EDQUOT, "cannot write \"a/b\": Disk quota exceeded", "quota"},
        {EROFS, "cannot write \"a/b\": Read-only file system", "read-only"},
        {EACCES, "cannot write \"a/b\": Permission denied", "access"},
        {EFBIG, "cannot write \"a/b\": File too large", "ulimit -f"},
        {EMFILE, "cannot write \"a/b\": Too many open files", "ulimit -n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err e = {0};
        errno = rows[i].number;
        (void)file_fail(&e, "write", "a/b");
        is_str(e.msg, rows[i].msg, "a refusal names path and reason");
        ok(strstr(e.hint, rows[i].hint) != NULL, "and what to do");
    }
}

static void test_lists(void)
{
    struct arena a = {0};
    struct err e = {0};
    struct file_names names = {0};
    is_int(file_mkdirs(root, "l/sub", 0755, &e), 0, "folders are made");
    is_int(file_mkdirs(root, "l/sub/", 0755, &e), 0, "making them again is no fault");
    put("l/b", "");
    put("l/B", "");
    put("l/é", "");
    (void)symlinkat("b", root, "l/a");
    is_int(file_list(&a, root, "l", &names, &e), 0, "a folder is listed");
    ok(names.n == 5 && strcmp(names.v[0].name, "B") == 0 && strcmp(names.v[1].name, "a") == 0 &&
           strcmp(names.v[2].name, "b") == 0 && strcmp(names.v[3].name, "sub") == 0 &&
           strcmp(names.v[4].name, "é") == 0,
       "sorted by bytes, without . and ..");
    ok(names.v[0].type == DT_REG && names.v[1].type == DT_LNK && names.v[3].type == DT_DIR,
       "with their types");
    is_int(file_list(&a, root, "absent", &names, &e), 1, "an absent folder is absent");
    is_int(names.n, 0, "and empty");
    is_int(file_list(&a, root, "plain", &names, &e), -1, "a file is no folder");
    is_int(file_list(&a, root, "dirlink", &names, &e), -1, "a symlink to a folder is none either");
    is_int(file_list(&a, root, "", &names, &e), 0, "the empty path is the folder itself");
    ok(names.n > 5, "with all that is in it");
    is_int(file_mkdirs(root, "plain/x", 0755, &e), -1, "no folder is made in a file");
    is_str(e.msg, "cannot open \"plain/x\": Not a directory", "and it is said why");
    is_int(file_mkdirs(root, "dirlink/x", 0755, &e), -1, "nor through a symlink");
    is_int(file_mkdirs(root, "", 0755, &e), -1, "nor without a name");
    arena_release(&a);
}

#ifdef KFMIG_FAULTS
static int write_with(const char *fault)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct err e = {0};
        (void)setenv("KFMIG_FAULT", fault, 1);
        int rc = file_write(root, "f/kept", bytes_str("new"), 0600, &e);
        bool good = rc == -1 && strcmp(e.msg, "cannot write \"f/kept\": Input/output error") == 0 &&
                    e.hint[0] != '\0';
        rc = file_write(root, "f/after", bytes_str("new"), 0600, &e);
        _exit(good && rc == 0 ? 0 : 1);
    }
    int status = 0;
    (void)waitpid(pid, &status, 0);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* Before anything else is written: KFMIG_FAULT is read once in a process. */
static void test_faults(void)
{
    (void)mkdirat(root, "f", 0755);
    put("f/kept", "old");
    is_int(write_with("file.temp:error"), 0, "an I/O error after the temporary file, once");
    is_int(write_with("file.rename:error:1"), 0, "an I/O error before the rename, once");
    is_int(count_temps("f"), 0, "leaves no temporary file");
    is_int(write_with("file.rename:kill"), -SIGKILL, "a kill before the rename");
    ok(holds("f/kept", "old"), "leaves the old file");
    is_int(count_temps("f"), 1, "and one temporary file with the stated name");
}
enum { N_FAULTS = 6 };
#else
static void test_faults(void)
{
}
enum { N_FAULTS = 0 };
#endif

int main(void)
{
    tap_plan(N_OPEN + 1 + 11 + 19 + 12 + 23 + 5 + 12 + 15 + N_FAULTS);
    set_up();
    test_faults();
    test_opening();
    test_reading();
    test_stamps();
    test_writing();
    test_refused_writes();
    test_full_disk();
    test_advice();
    test_lists();
    (void)close(root);
    (void)nftw(root_path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return tap_done();
}
