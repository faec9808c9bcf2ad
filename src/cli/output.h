/* Where words go: the result to stdout, progress and errors to stderr.
 * Owns: writing both, and when colour and JSON are used. Not what is said. */
#ifndef KFMIG_CLI_OUTPUT_H
#define KFMIG_CLI_OUTPUT_H

#include <stdio.h>

#include "command/command.h"
#include "report/report.h"

/* How to print to stdout or stderr: colour where req wants it and stream is a terminal. */
struct style output_style(const struct request *req, FILE *stream);

/* Which of the server's words may be shown: more than the safe ones where errors go to a terminal as text and
 * env is not protected, all of them where --show-server-text was given. */
enum server_words output_words(const struct request *req, const struct env *env);

/* Columns of the terminal that stream is, now; 0: it is none, or does not say. Text goes there folded to
 * that. */
size_t output_columns(FILE *stream);

/* Text to stderr. Here, and in all that goes there, lines that hold a secret are left out, and it is said. */
void output_text(const struct buf *text);
/* Lines for programs: as they are, however narrow the terminal, and not into the log. */
void output_lines(FILE *stream, const struct buf *text);

/* One line of progress to stderr; nothing with --quiet. Control characters are escaped. */
void output_note(const struct request *req, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The same, but also with --quiet: what an operator must not miss. "kfmig: warning: ...". */
void output_warning(const struct request *req, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* All of a list to stderr: as text, or one {"error":...} a line with --json. */
void output_faults(const struct request *req, const struct err_list *l);

/* An error to stderr, as text or JSON, and the exit status that goes with it. The line of a SQL
 * file that it names is shown with a caret; the file is read beneath dirfd (-1: none is shown). */
int output_fault(const struct request *req, int dirfd, const struct err *e);
/* The same for the one that ended the command: with --json it is the result, on stdout, too. */
int output_error(const struct request *req, int dirfd, const struct err *e);

/* What failed, all of it, after output_error() of the first; nothing with --json, where the receipt
 * has it. */
void output_findings(const struct request *req, const struct findings *l);

/* The result to stdout, all at once. Returns 0, or, after saying why, the exit status where stdout
 * does not take it, or where it holds a secret: then it is put aside and not shown (flow/kept_back.h). */
int output_result(const struct request *req, const struct buf *text);
/* The same of what kfmig says of itself, whose examples look like secrets: help, rules. */
int output_manual(const struct request *req, const struct buf *text);
/* A JSON document to stdout: canonical, with a newline. */
int output_json(const struct request *req, const struct doc *d);

#endif
