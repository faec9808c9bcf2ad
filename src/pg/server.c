/* The embedded server's life: settings, start, readiness, end. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/file.h"
#include "pg/server.h"

enum { IMMEDIATE_MS = 10000 };

static enum server_state state_of(const char *word)
{
    if (strcmp(word, "ready") == 0) {
        return SERVER_READY;
    }
    return strcmp(word, "stopping") == 0 ? SERVER_STOPPING : SERVER_STARTING;
}

/* A postmaster works in its data directory. After a crash its number may belong to anybody. Where /proc does
 * not tell, the number counts. */
static bool works_in(pid_t pid, const char *data)
{
    char path[64];
    struct stat here;
    struct stat there;
    (void)snprintf(path, sizeof path, "/proc/%d/cwd", (int)pid);
    if (stat(path, &there) != 0) {
        return errno == EACCES;
    }
    return stat(data, &here) == 0 && here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

/* postmaster.pid: process id, data directory, start time, port, socket directory, listen address, memory
 * key, state. */
struct postmaster server_look(const struct home *h)
{
    struct postmaster m = {0};
    struct arena a = {0};
    struct bytes text = {0};
    char word[32];
    if (server_file(&a, h->data, "postmaster.pid", &text)) {
        long pid = strtol(text_line(text, 0, word, sizeof word), NULL, 10);
        (void)text_line(text, 4, m.socket_dir, sizeof m.socket_dir);
        if (pid > 1 && pid <= INT_MAX && process_is_alive((pid_t)pid) &&
            works_in((pid_t)pid, h->data)) {
            m.pid = (pid_t)pid;
            m.state = state_of(text_line(text, 7, word, sizeof word));
        }
    }
    arena_release(&a);
    return m;
}

/* Our umask may have hidden the file from the server's user, who owns the folder: what stands there by now
 * need not be what was written. */
static int open_to_server(const char *path, struct err *e)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    bool ours = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
                st.st_nlink == 1;
    int rc = ours && fchmod(fd, 0644) == 0 ? 0 : -1;
    if (fd >= 0) {
        (void)close(fd);
    }
    return rc == 0 ? 0
                   : err_set(e, ERR_PREFLIGHT, "cannot give the server its settings \"%s\"", path);
}

/* Messages of the server hold SQL text and row values; its log takes only what ends a session or the
 * server. */
static int write_settings(const struct home *h, bool throwaway, struct err *e)
{
    char path[SERVER_PATH + 16];
    struct buf b = {0};
    buf_puts(
        &b, "# Written by kfmig before each start; changes are lost.\n"
            "listen_addresses = ''\n"
            "search_path = 'public'\n" /* "$user" would be the ledger's schema: they share a name */
            "port = " SERVER_PORT "\n"
            "unix_socket_permissions = 0700\n"
            "wal_level = minimal\n"
            "max_wal_senders = 0\n"
            "max_connections = 50\n"
            "shared_buffers = 128MB\n"
            "logging_collector = off\n"
            "log_destination = 'stderr'\n"
            "log_min_messages = fatal\n"
            "log_min_error_statement = panic\n"
            "log_statement = none\n"
            "log_min_duration_statement = -1\n"
            "log_parameter_max_length_on_error = 0\n"
            "autovacuum = on\n");
    buf_printf(&b, "unix_socket_directories = '%s'\n", h->socket_dir);
    const char *durable = throwaway ? "off" : "on";
    buf_printf(&b, "fsync = %s\nsynchronous_commit = %s\nfull_page_writes = %s\n", durable, durable,
               durable);
    (void)snprintf(path, sizeof path, "%s/kfmig.conf", h->data);
    int rc = file_write(AT_FDCWD, path, buf_bytes(&b), 0644, e);
    buf_release(&b);
    return rc == 0 ? open_to_server(path, e) : -1;
}

int server_start(const struct home *h, const struct programs *p, bool throwaway, pid_t *pid,
                 struct err *e)
{
    char program[SERVER_PATH];
    const char *env[SERVER_ENV_MAX];
    struct buf env_text = {0};
    const char *argv[] = {program, "-D", h->data, NULL};
    if (FAULT(SERVER_START)) {
        return err_set(e, ERR_PREFLIGHT, "the embedded server could not be started");
    }
    if (home_socket_dir(h, e) != 0 || write_settings(h, throwaway, e) != 0) {
        return -1;
    }
    int log = server_log(h, e);
    if (log < 0) {
        return -1;
    }
    (void)snprintf(program, sizeof program, "%s/postgres", p->dir);
    server_env(env, &env_text);
    struct child c = {.argv = argv, .env = env, .user = h->drop ? &h->user : NULL, .out = log};
    int rc = child_detach(&c, pid, e);
    (void)close(log);
    buf_release(&env_text);
    return rc;
}

void server_conninfo(const struct home *h, const char *user, const char *dbname, struct secret *out)
{
    char text[256];
    (void)snprintf(text, sizeof text, "host=%s port=" SERVER_PORT " user=%s dbname=%s",
                   h->socket_dir, user, dbname);
    secret_set(out, text);
}

int server_wait_ready(const struct home *h, pid_t pid, struct pg **out, struct err *e)
{
    struct secret where = {NULL};
    const struct pg_options o = {.application_name = "kfmig embedded"};
    int64_t deadline = clock_ms() + SERVER_READY_MS;
    int rc = -1;
    server_conninfo(h, SERVER_ADMIN, "postgres", &where);
    while (rc < 0 && clock_ms() < deadline) {
        if (server_look(h).state == SERVER_READY) {
            rc = pg_open(out, &where, &o, NULL);
        } else if (!process_is_alive(pid)) {
            rc = 1;
        }
        if (rc < 0) {
            clock_sleep_ms(SERVER_POLL_MS);
        }
    }
    secret_wipe(&where);
    if (rc != 0) {
        (void)err_set(e, ERR_PREFLIGHT,
                      rc > 0 ? "the embedded server ended instead of getting ready"
                             : "the embedded server did not get ready in time");
        (void)err_hint(e, "see \"%s/log\"", h->dir);
    }
    return rc;
}

static bool wait_gone(pid_t pid, int64_t ms)
{
    int64_t deadline = clock_ms() + ms;
    while (process_is_alive(pid)) {
        if (clock_ms() >= deadline) {
            return false;
        }
        clock_sleep_ms(SERVER_POLL_MS / 2);
    }
    return true;
}

int server_stop(const struct home *h, struct err *e)
{
    struct postmaster m = server_look(h);
    if (m.pid == 0) {
        return 1;
    }
    if (kill(m.pid, SIGINT) != 0 && errno != ESRCH) {
        return err_errno(e, ERR_PREFLIGHT, "cannot stop the embedded server, process %d",
                         (int)m.pid);
    }
    if (wait_gone(m.pid, SERVER_STOP_MS)) {
        return 0;
    }
    (void)kill(m.pid, SIGQUIT);
    if (wait_gone(m.pid, IMMEDIATE_MS)) {
        return 0;
    }
    return err_set(e, ERR_PREFLIGHT, "the embedded server, process %d, does not end", (int)m.pid);
}
