/* What is kept back: a file or a result that would hold what may not leave (model/leak.h, docs/secrets.md).
 * Owns: the judgement on every file that kfmig writes, and the quarantine: a folder of the user's own,
 * outside of every project, for its owner only. */
#ifndef KFMIG_FLOW_KEPT_BACK_H
#define KFMIG_FLOW_KEPT_BACK_H

#include "base/bytes.h"
#include "base/err.h"

/* From now on every file that file_write() is given is judged first. */
void kept_back_begin(void);

/* May data become a file of that path? Records (JSON and CSV, but for those that people write) are held
 * to the rules of records, the rest to those of files. -1: ERR_LEAK, which says the rule, and that the
 * file was put into quarantine: ~/.local/state/kfmig/quarantine, or beneath XDG_STATE_HOME. For tests. */
int kept_back_judge(const char *path, struct bytes data, struct err *e) MUST_CHECK;

/* May text be shown as the result of a command? As above; name is what it is called in quarantine. */
int kept_back_result(const char *name, struct bytes text, struct err *e) MUST_CHECK;

#endif
