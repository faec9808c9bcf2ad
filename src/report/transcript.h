/* What a run says, kept in files: lines of text as on the terminal, and events as JSON. For migrate-safe,
 * whose log files reference 004 names.
 * Owns: both files while they are open, and that no secret gets into them. One transcript at most is open. */
#ifndef KFMIG_REPORT_TRANSCRIPT_H
#define KFMIG_REPORT_TRANSCRIPT_H

#include "base/bytes.h"
#include "base/tell.h"

/* Beneath dirfd; both are appended to, their folders made, mode 0600. From then on the server's words are
 * shown as receipts may have them. -1 with ERR_PREFLIGHT: one of them cannot be written. */
int transcript_open(int dirfd, const char *text, const char *events, struct err *e) MUST_CHECK;
bool transcript_is_open(void);
/* What goes to stdout or stderr: each line behind the time, without colours. Nothing where none is open. */
void transcript_text(struct bytes text);
/* An event, unless it only says that work goes on. */
void transcript_tell(const struct tell *t);
/* A line of its own among the events: {"event":"end","time":...,"mode":...,"status":...}. */
void transcript_end(const char *mode, int status);
/* -1: something could not be written on the way: what is missing there, nobody else says. */
int transcript_close(void);

#endif
