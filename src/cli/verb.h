/* What the verbs that write share: asking a person, and how they end.
 * Owns: the exit status. "In doubt", and whatever else is worse than being stopped, wins over the signal. */
#ifndef KFMIG_CLI_VERB_H
#define KFMIG_CLI_VERB_H

#include <stdio.h>

#include "cli/invocation.h"
#include "flow/writing.h"
#include "model/undo.h"

/* What the command line says about any writing: --apply, --lock-wait. */
struct writing_order verb_order(const struct request *req);

/* A protected environment wants a yes from a person where --apply did not say it: the environment's name on a
 * terminal. question is printed before "Type the environment's name to go on: ". *is_confirmed: go on; also
 * where nobody has to be asked. -1 with ERR_PREFLIGHT: somebody was asked and did not confirm; done:
 * "run". */
int verb_confirm(const struct invocation *s, const char *question, const char *done,
                 bool *is_confirmed, struct err *e) MUST_CHECK;
/* The same of any environment, unless *is_confirmed says yes already. */
int verb_ask(const struct invocation *s, const char *question, const char *done, bool *is_confirmed,
             struct err *e) MUST_CHECK;

/* For tests too. What happened: rc and e as the verb's body ended. Prints the error, or with --json the
 * result (with a member error where there is one). Returns the exit status. r may be one that was never
 * begun. */
int verb_end(struct invocation *s, const struct request *req, int rc, struct result *r,
             const struct err *e);

/* What one verb does: s is zeroed and closed by who calls, *r is what came of it. -1: e. */
typedef int verb_fn(struct invocation *s, const struct request *req, struct result *r,
                    struct err *e);
/* All of such a verb, signals caught: its body, verb_end(), the end of s. Returns the exit status. */
int verb_run(const struct request *req, verb_fn *body);

/* A line on stderr, as progress. */
#define verb_note(s, ...) tell_note(&(s)->progress.ear, __VA_ARGS__)
/* The result of a verb that has one of its own, to stdout: d with --json, else text, which is released. d
 * NULL where it is not asked for. -1 with ERR_PREFLIGHT: stdout does not take it. */
int verb_print(const struct request *req, struct buf *text, const struct doc *d,
               struct err *e) MUST_CHECK;
/* The plan of s, or what is to be taken back, to stdout or stderr; as JSON with --json (what is taken back on
 * stdout only). */
void verb_plan(struct invocation *s, FILE *stream);
void verb_undo(const struct invocation *s, const struct undo_list *u, FILE *stream);
/* That line at the end of a build, as report_result() has it. */
void verb_result(struct invocation *s, const struct result *r, bool was_run);

#endif
