/* The inside of the embedded server; for src/pg only.
 * Owns: where its files are and whom they belong to, the postmaster's life, locks among kfmig processes. */
#ifndef KFMIG_PG_SERVER_H
#define KFMIG_PG_SERVER_H

#include <limits.h>

#include "base/tree.h"
#include "pg/child.h"
#include "pg/embedded.h"
#include "pg/find.h"

enum {
    SERVER_READY_MS = 30000, /* from start to the first session */
    SERVER_STOP_MS = 30000,  /* from a fast shutdown's request to the end */
    SERVER_LOCK_MS = 120000, /* another kfmig may be making the cluster */
    SERVER_POLL_MS = 20,
    SERVER_PATH = PATH_MAX + 64,
    SOCKET_DIR = 64,
    SERVER_ENV_MAX = 8,
};

#define SERVER_PORT "5432"
#define SERVER_ADMIN "kfmig_admin"
#define SERVER_OWNER "kfmig"

/* Where one embedded server lives. root is dir, or a folder beneath /var/lib/kfmig that DIR/location names.
 * user is whom the server runs as; drop says that this is not who we are. */
struct home {
    char dir[PATH_MAX];
    char root[SERVER_PATH];
    char data[SERVER_PATH];
    char socket_dir[SOCKET_DIR];
    struct child_user user;
    bool drop;
};

/* Fill *h from what is on disk; changes nothing. Returns 0, or -1 with ERR_CONFIG (dir is not absolute,
 * too long). */
int home_find(struct home *h, const char *dir, struct err *e) MUST_CHECK;
/* Make DIR; decide whom the server runs as and where its data goes, if that is not yet decided. The caller
 * holds start.lock. Returns 0, or -1 with ERR_PREFLIGHT. */
int home_settle(struct home *h, struct err *e) MUST_CHECK;
/* Make the private socket folder, or check that it is ours. Returns 0, or -1 with ERR_PREFLIGHT. */
int home_socket_dir(const struct home *h, struct err *e) MUST_CHECK;
/* Read folder/name, a small file, into a. False if it is not there or cannot be read. */
bool server_file(struct arena *a, const char *folder, const char *name, struct bytes *out);

enum server_state { SERVER_GONE, SERVER_STARTING, SERVER_READY, SERVER_STOPPING };
struct postmaster {
    pid_t pid;
    enum server_state state;
    char socket_dir[SERVER_PATH];
};
/* What postmaster.pid says, checked against the process itself. */
struct postmaster server_look(const struct home *h);
/* Make the cluster if there is none, under a temporary name until it is complete. *major is its version. */
int server_create(const struct home *h, bool throwaway, struct programs *p,
                  struct err *e) MUST_CHECK;
int server_start(const struct home *h, const struct programs *p, bool throwaway, pid_t *pid,
                 struct err *e) MUST_CHECK;
/* End it: fast shutdown, then immediate shutdown when that takes too long. Returns 0 (gone), 1 (was not
 * running), -1. */
int server_stop(const struct home *h, struct err *e) MUST_CHECK;
/* Wait until the server, process pid, takes sessions; *out is one as the administrator in database
 * "postgres". Returns 0, 1 with an error when the process ended, or -1 when it took too long. */
int server_wait_ready(const struct home *h, pid_t pid, struct pg **out, struct err *e) MUST_CHECK;
/* Fill env, ended by NULL, with what a server program gets; text keeps the strings. */
void server_env(const char *env[static SERVER_ENV_MAX], struct buf *text);
/* Open DIR/log to append, emptied first. Returns a descriptor or -1. */
int server_log(const struct home *h, struct err *e) MUST_CHECK;
/* Line n (from 0) of text, copied to out without its end and trailing blanks. */
const char *text_line(struct bytes text, int n, char *out, size_t size);
/* A connection string for user and database through the private socket. */
void server_conninfo(const struct home *h, const char *user, const char *dbname,
                     struct secret *out);

/* Create what o declares and is missing. admin: a session as the administrator in database "postgres". */
int server_provision(const struct home *h, struct pg *admin, const struct embedded_options *o,
                     struct err *e) MUST_CHECK;

/* The declared extensions, in one database. */
int server_extensions(const struct home *h, const char *dbname, const struct embedded_options *o,
                      struct err *e) MUST_CHECK;
/* CREATE DATABASE name, with the ordinary owner, unless there is one. */
int server_database(struct pg *admin, const char *name, struct err *e) MUST_CHECK;

/* The list of what was provisioned, bound to the cluster by its system identifier. */
bool stamp_covers(const struct home *h, const struct embedded_options *o);
int stamp_write(const struct home *h, const struct embedded_options *o, struct err *e) MUST_CHECK;

/* Lock DIR/name. how: LOCK_SH or LOCK_EX. wait_ms 0: try once. Returns a descriptor; -1 with errno,
 * EWOULDBLOCK when another process kept it for all that time. Closing the descriptor gives the lock back. */
int lock_take(const struct home *h, const char *name, int how, int64_t wait_ms);
/* As lock_take(), but the file must be there: the watcher makes none in a folder that is being removed. */
int lock_take_old(const struct home *h, const char *name, int how, int64_t wait_ms);

/* Start a watcher unless one is there. */
int watcher_ensure(const struct home *h, const struct embedded_options *o,
                   struct err *e) MUST_CHECK;

#endif
