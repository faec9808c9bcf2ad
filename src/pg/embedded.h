/* The embedded server: a private PostgreSQL under state/embedded/.
 * Owns: finding the server's programs, initdb, start, readiness, the watcher that ends the server when nobody
 * needs it, provisioning by the bootstrap superuser. Must not know kfmig's tables.
 *
 * Layout beneath DIR (state/embedded): data/ (PGDATA), lease (every process that uses the server holds a
 * shared flock on it; death releases it), start.lock (one starter at a time), log. The Unix socket lives in a
 * short private directory (mode 0700) because a socket path has at most 107 bytes. No TCP. As root the server
 * runs as an unprivileged user who can reach its files; if none can reach DIR (a root-only home above it),
 * the data directory is made beneath /var/lib/kfmig and DIR/location names it. wal_level minimal,
 * max_wal_senders 0, fsync on unless throwaway.
 *
 * The watcher is a process of its own (this program again, its own session, no terminal, no inherited
 * descriptors): it tries the lease exclusively every second; when it has been free for the idle time it stops
 * the server (fast shutdown) while holding it, so that a starter waits instead of connecting to a dying
 * server. It ends when the server is gone. */
#ifndef KFMIG_PG_EMBEDDED_H
#define KFMIG_PG_EMBEDDED_H

#include "base/tell.h"
#include "pg/pg.h"

struct embedded_options {
    const char *dir;               /* absolute path of state/embedded */
    const char *const *extensions; /* to provide, in order; created by the bootstrap superuser */
    size_t n_extensions;
    const char *const *roles; /* to provide: NOLOGIN roles */
    size_t n_roles;
    bool throwaway;   /* fsync off: for databases that may be lost */
    int64_t idle_ms;  /* the server ends this long after the last user left; default 600,000 */
    const char *self; /* the kfmig program; the watcher is: self --embedded-watch DIR IDLE_MS */
};

struct embedded; /* a lease: the server stays up while it is open */

/* Start the server if it is not running, provision what is declared (idempotent, skipped with no write when a
 * stamp file in DIR says the same list was provisioned), take the lease. *conninfo receives a keyword string
 * for the ordinary owner role "kfmig" and database "kfmig". ear (may be NULL) hears what is going on as notes
 * ("starting the embedded server"). Returns 0, or -1 with ERR_PREFLIGHT: no server programs (hint: what to
 * install), no rights, initdb failed, an extension is not installed (hint: the Debian package), not ready
 * in time. */
int embedded_open(struct embedded **out, const struct embedded_options *o, struct secret *conninfo,
                  const struct ear *ear, struct err *e) MUST_CHECK;
void embedded_close(struct embedded *m); /* drops the lease; the server goes on until it is idle */

/* In the running server: make a database that belongs to the ordinary owner and has what o declares
 * (extensions), with this comment (NULL: none). The owner may drop it. name NULL: the one that
 * embedded_open() provides, where somebody dropped it. The caller has a lease. -1 with ERR_PREFLIGHT. */
int embedded_database(const struct embedded_options *o, const char *name, const char *comment,
                      struct err *e) MUST_CHECK;

/* Stop it now. Returns 0 (stopped), 1 (was not running), -1. */
int embedded_stop(const char *dir, struct err *e) MUST_CHECK;
/* For tests. Stop it and delete everything of it, DIR included. Returns 0 or -1. */
int embedded_remove(const char *dir, struct err *e) MUST_CHECK;
/* Is it running, and as which postmaster process? */
bool embedded_running(const char *dir, int *pid);
/* Body of the watcher process; returns its exit status. */
int embedded_watch(const char *dir, int64_t idle_ms);

#endif
