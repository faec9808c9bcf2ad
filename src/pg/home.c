/* Where an embedded server lives: its folders, whom they belong to, and the locks in them. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "pg/server.h"

enum { ELSEWHERE_HEX = 16, SOCKET_HEX = 8, FILE_LIMIT = 64 * 1024 };

static const char elsewhere[] = "/var/lib/kfmig";

bool server_file(struct arena *a, const char *folder, const char *name, struct bytes *out)
{
    int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    bool there = fd >= 0 && file_read(a, fd, name, FILE_LIMIT, out, NULL, NULL) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return there;
}

static void digest_hex(const char *text, size_t n_digits, char *out)
{
    char full[DIGEST_TEXT];
    struct digest d = digest_of(bytes_str(text));
    (void)digest_text(&d, full);
    memcpy(out, full + strlen("sha256:"), n_digits);
    out[n_digits] = '\0';
}

static void set_root(struct home *h, const char *root)
{
    (void)snprintf(h->root, sizeof h->root, "%s", root);
    (void)snprintf(h->data, sizeof h->data, "%.*s/data", PATH_MAX, root);
}

/* The path depends on DIR alone: what the file says is only believed if it says just that, because DIR may
 * belong to somebody whom root should not follow elsewhere. */
static void elsewhere_root(const struct home *h, char out[static SERVER_PATH])
{
    char hex[ELSEWHERE_HEX + 1];
    digest_hex(h->dir, ELSEWHERE_HEX, hex);
    (void)snprintf(out, SERVER_PATH, "%s/%s", elsewhere, hex);
}

static bool is_elsewhere(const struct home *h)
{
    char want[SERVER_PATH];
    struct arena a = {0};
    struct bytes text = {0};
    elsewhere_root(h, want);
    bool yes = server_file(&a, h->dir, "location", &text) && text.n == strlen(want) + 1 &&
               memcmp(text.p, want, text.n - 1) == 0;
    arena_release(&a);
    return yes;
}

static void set_socket_dir(struct home *h)
{
    char hex[SOCKET_HEX + 1];
    digest_hex(h->dir, SOCKET_HEX, hex);
    (void)snprintf(h->socket_dir, sizeof h->socket_dir, "/tmp/kfmig-%lu-%s",
                   (unsigned long)h->user.uid, hex);
}

int home_find(struct home *h, const char *dir, struct err *e)
{
    struct stat st;
    *h = (struct home){0};
    if (dir[0] != '/' || strlen(dir) >= sizeof h->dir) {
        return err_set(
            e, ERR_CONFIG,
            "the embedded server's folder must be an absolute path of less than %d bytes",
            PATH_MAX);
    }
    memcpy(h->dir, dir, strlen(dir) + 1);
    set_root(h, dir);
    if (is_elsewhere(h)) {
        char root[SERVER_PATH];
        elsewhere_root(h, root);
        set_root(h, root);
    }
    h->user.uid = lstat(h->data, &st) == 0 ? st.st_uid : geteuid();
    h->drop = h->user.uid != geteuid();
    set_socket_dir(h);
    return 0;
}

static int fill_user(struct child_user *u, const struct passwd *pw)
{
    int n = CHILD_GROUPS_MAX;
    u->uid = pw->pw_uid;
    u->gid = pw->pw_gid;
    (void)snprintf(u->name, sizeof u->name, "%s", pw->pw_name);
    if (getgrouplist(pw->pw_name, pw->pw_gid, u->groups, &n) < 0) {
        u->groups[0] = pw->pw_gid;
        n = 1;
    }
    u->n_groups = n;
    return 0;
}

/* The server refuses to run as root. A cluster that exists goes on as its owner. */
static int choose_user(struct home *h, struct err *e)
{
    struct stat st;
    const struct passwd *pw = NULL;
    bool exists = lstat(h->data, &st) == 0;
    if (geteuid() != 0) {
        if (exists && st.st_uid != geteuid()) {
            (void)err_set(e, ERR_PREFLIGHT,
                          "the embedded database in \"%s\" belongs to another user", h->dir);
            return err_hint(e, "run kfmig as that user, or remove the folder to start anew");
        }
        h->user.uid = geteuid();
        return 0;
    }
    if (exists && st.st_uid != 0) {
        pw = getpwuid(st.st_uid);
    } else {
        pw = getpwnam("postgres");
        pw = pw != NULL && pw->pw_uid != 0 ? pw : getpwnam("nobody");
    }
    if (pw == NULL || pw->pw_uid == 0) {
        (void)err_set(e, ERR_PREFLIGHT,
                      "PostgreSQL does not run as root, and there is no user to run it as");
        return err_hint(e, "make a user \"postgres\", or run kfmig as an ordinary user");
    }
    h->drop = true;
    return fill_user(&h->user, pw);
}

static int make_folder(const char *path, struct err *e)
{
    if (file_mkdirs(AT_FDCWD, path, 0755, e) != 0) {
        return err_hint(e, "check the rights of the folders above it");
    }
    return 0;
}

/* A root-only folder above DIR keeps the server's user out: then the data goes where it can. */
static int settle_elsewhere(struct home *h, struct err *e)
{
    char root[SERVER_PATH];
    char path[SERVER_PATH];
    char line[SERVER_PATH + 1];
    elsewhere_root(h, root);
    if (make_folder(root, e) != 0) {
        return -1;
    }
    if (!child_can_reach(&h->user, root)) {
        (void)err_set(e, ERR_PREFLIGHT, "the user \"%s\" can reach neither \"%s\" nor \"%s\"",
                      h->user.name, h->dir, root);
        return err_hint(
            e, "let that user enter one of them (chmod o+x), or run kfmig as an ordinary user");
    }
    int n = snprintf(line, sizeof line, "%s\n", root);
    (void)snprintf(path, sizeof path, "%s/location", h->dir);
    if (file_write(AT_FDCWD, path, bytes_of(line, (size_t)n), 0644, e) != 0) {
        return -1;
    }
    set_root(h, root);
    return 0;
}

int home_settle(struct home *h, struct err *e)
{
    struct stat st;
    if (choose_user(h, e) != 0) {
        return -1;
    }
    bool exists = lstat(h->data, &st) == 0;
    if (!exists && strcmp(h->root, h->dir) != 0 && make_folder(h->root, e) != 0) {
        return -1;
    }
    if (!exists && h->drop && !child_can_reach(&h->user, h->root) && settle_elsewhere(h, e) != 0) {
        return -1;
    }
    set_socket_dir(h);
    return 0;
}

/* Looked at through a descriptor, so that nobody can swap the folder between the look and the change. */
static int own_socket_dir(const struct home *h, int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return -1;
    }
    if (h->drop && st.st_uid == geteuid() && fchown(fd, h->user.uid, h->user.gid) == 0) {
        st.st_uid = h->user.uid;
    }
    return st.st_uid == h->user.uid && (st.st_mode & 07777) == 0700 ? 0 : -1;
}

int home_socket_dir(const struct home *h, struct err *e)
{
    if (mkdir(h->socket_dir, 0700) != 0 && errno != EEXIST) {
        return err_errno(e, ERR_PREFLIGHT, "cannot make \"%s\"", h->socket_dir);
    }
    int fd = open(h->socket_dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int rc = fd < 0 ? -1 : own_socket_dir(h, fd);
    if (fd >= 0) {
        (void)close(fd);
    }
    if (rc != 0) {
        (void)err_set(e, ERR_PREFLIGHT, "\"%s\" is not a private folder of the embedded server",
                      h->socket_dir);
        return err_hint(e, "remove it if nobody needs it");
    }
    return 0;
}

static int lock_open(const struct home *h, const char *name, int flags)
{
    char path[SERVER_PATH];
    (void)snprintf(path, sizeof path, "%s/%s", h->dir, name);
    return open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | flags, 0600);
}

/* Polled rather than waited for in flock(): a process that is stopped must not stop this one for ever. */
static int lock_wait(int fd, int how, int64_t wait_ms)
{
    int64_t deadline = clock_ms() + wait_ms;
    while (flock(fd, how | LOCK_NB) != 0) {
        int number = errno;
        if ((number != EWOULDBLOCK && number != EINTR) || clock_ms() >= deadline) {
            (void)close(fd);
            errno = number;
            return -1;
        }
        clock_sleep_ms(SERVER_POLL_MS);
    }
    return fd;
}

int lock_take(const struct home *h, const char *name, int how, int64_t wait_ms)
{
    int fd = lock_open(h, name, O_CREAT);
    return fd < 0 ? -1 : lock_wait(fd, how, wait_ms);
}

int lock_take_old(const struct home *h, const char *name, int how, int64_t wait_ms)
{
    int fd = lock_open(h, name, 0);
    return fd < 0 ? -1 : lock_wait(fd, how, wait_ms);
}
