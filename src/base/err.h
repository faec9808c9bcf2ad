/* Errors as values.
 * Owns: struct err, the list of error codes and their exit statuses (err.def).
 * Must not know: who prints an error. An error is filled once, by whoever detects it, and printed
 * once, at the top. */
#ifndef KFMIG_BASE_ERR_H
#define KFMIG_BASE_ERR_H

#include <stdarg.h>
#include <stddef.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

enum err_code {
    ERR_NONE = 0,
#define ERR(name, text, status, rank) ERR_##name,
#include "base/err.def"
#undef ERR
};

/* A place in a file. path "" means: no place known; line and col count from 1, 0 means unknown.
 * col counts bytes. */
struct place {
    char path[256];
    int line;
    int col;
};

/* One failure. All text is plain UTF-8 without a trailing stop; msg and hint may be truncated,
 * never overrun.
 * code       what kind of failure, decides the exit status.
 * where      the file position the user should look at.
 * msg        what happened, one line, lower case start, names in quotes.
 * hint       what to do about it, or "".
 * sqlstate   five characters, or "" where no server was involved.
 * condition  the name of the SQLSTATE ("unique_violation"), or "".
 * object     the database object the server named, or "" (names only, never values).
 * detail     server words fit for this terminal only; never goes into receipts, logs or JSON.
 * rule       which of many checks found it, static text; NULL: it is no check's. */
struct err {
    enum err_code code;
    struct place where;
    char msg[512];
    char hint[512];
    char sqlstate[6];
    char condition[64];
    char object[256];
    char constraint[64]; /* that the server names; empty: none */
    char detail[512];
    const char *rule;
};

/* Which of the server's words detail may hold beside those that name nothing but SQL text and objects: more
 * than the safe ones are for a terminal only. RAISED: notices, and what the author of a function or a DO
 * wrote; ALL: whatever it says, row values too. */
enum server_words { SERVER_WORDS_SAFE, SERVER_WORDS_RAISED, SERVER_WORDS_ALL };

/* Fill *e and return -1, so that a detector can write: return err_set(e, ERR_CONFIG, "...", ...).
 * Everything but code and msg is cleared. e may be NULL (then only -1 is returned). */
int err_set(struct err *e, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* As err_set(), with a place. path is copied. */
int err_at(struct err *e, enum err_code code, const char *path, int line, int col, const char *fmt,
           ...) PRINTF_LIKE(6, 7);

/* Add what to do; returns -1. Keeps an earlier hint if there is one. */
int err_hint(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* As err_set(), of a failure that *e tells already: code and msg are new, and everything else of it
 * stays: the place, the hint, what the server said. The arguments may be members of *e: err_wrap(e,
 * ERR_APPLY, "%s failed: %s", id, e->msg). */
int err_wrap(struct err *e, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Say where, and nothing else; returns -1. path is copied. */
int err_place(struct err *e, const char *path, int line, int col);

/* As err_set(ERR_x, "%s: <strerror(errno)>"); errno is read first. Returns -1. */
int err_errno(struct err *e, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);

const char *err_name(enum err_code code);                  /* "config"; "none" for ERR_NONE */
int err_status(enum err_code code);                        /* exit status; 0 for ERR_NONE */
enum err_code err_worse(enum err_code a, enum err_code b); /* the one with the higher rank */

/* Faults collected in one pass, in the order found. Zero-initialise; err_list_release() frees. rule: of what
 * is added without one. */
struct err_list {
    struct err *v;
    size_t n;
    size_t cap;
    const char *rule;
};

/* Append a copy of *e. Past 1,000 faults only the count in n_dropped would help nobody: the list
 * just stops growing. */
void err_list_add(struct err_list *l, const struct err *e);
void err_list_addf(struct err_list *l, enum err_code code, const char *path, int line, int col,
                   const char *hint, const char *fmt, ...) PRINTF_LIKE(7, 8);
void err_list_vaddf(struct err_list *l, enum err_code code, const char *path, int line, int col,
                    const char *hint, const char *fmt, va_list ap) PRINTF_LIKE(7, 0);
void err_list_sort(struct err_list *l); /* by path, line, col, then order of arrival */
void err_list_release(struct err_list *l);

/* A broken promise inside kfmig: says where on stderr and aborts; with a reporter, which is given
 * ERR_INTERNAL once and ends the process, it only calls that. */
void err_on_bug(void (*report)(const struct err *e));
_Noreturn void err_bug(const char *file, int line, const char *what);
#define BUG(what) err_bug(__FILE__, __LINE__, what)

#endif
