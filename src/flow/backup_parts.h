/* The inside of a backup; for src/flow/backup*.c only. */
#ifndef KFMIG_FLOW_BACKUP_PARTS_H
#define KFMIG_FLOW_BACKUP_PARTS_H

#include "flow/backup.h"
#include "pg/clients.h"

enum { BACKUP_GRACE_MS = 5000 };

/* One backup by pg_dump. schemas: none: the whole database. snapshot: of whose transaction it is
 * made; NULL: its own. path: its folder, beneath the project's; digest: of the list of its files. */
struct backup_made {
    struct clients clients;
    struct names schemas;
    const char *snapshot;
    const char *path;
    const char *started_at;
    int64_t size, ms;
    struct digest digest;
    struct doc *files;
};
/* Make it: pg_dump, what pg_restore lists of it, digests, backup.json; then older ones are removed,
 * and what killed runs left. m->clients, schemas and snapshot are filled. On -1 nothing is left but
 * what pg_dump said, in state/backups/NAME.log. */
int backup_dump(struct site *s, struct backup_made *m, struct err *e) MUST_CHECK;
/* The same for one script, compressed, of the rows of m->schemas: backups/migrations/backup-TIME.sql.gz, read
 * to its end, and its path in latest-backup.txt beside it. Of older ones none is removed, but for what killed
 * runs left. */
int backup_rows(struct site *s, struct backup_made *m, struct err *e) MUST_CHECK;
/* pg_dump with args[0..n), which have room for m->schemas and three more. What it says goes to log. */
int backup_run_dump(struct site *s, const struct backup_made *m, const char **args, size_t n,
                    const char *log, struct err *e) MUST_CHECK;
/* Run a program of m's with the environment's connection, to dbname (NULL: its own database), in
 * the project's folder. What it says goes to the file log. args: behind its name, ended by NULL.
 * *status: its exit status. -1: it could not be run, or was stopped. */
int backup_client(struct site *s, const struct backup_made *m, const char *program,
                  const char *const *args, const char *dbname, const char *log, int *status,
                  struct err *e) MUST_CHECK;

/* What came of restoring it. differs: names of what does, as many as are listed. */
struct backup_drill {
    size_t n_objects, n_tables, n_different;
    int64_t n_rows;
    struct names differs;
};
/* Make a backup of the whole database in a snapshot of s, restore it in a throwaway database,
 * compare, drop it. 0: it was compared. */
int backup_try(struct site *s, struct backup_made *m, struct backup_drill *out,
               struct err *e) MUST_CHECK;

#endif
