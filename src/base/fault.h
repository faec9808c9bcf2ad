/* Named places where tests can make kfmig fail (only in builds configured with --faults; nothing in
 * others).
 * KFMIG_FAULT=name:mode[:n] in the environment: at the n-th passage (default 1) of FAULT(name),
 * mode "kill" raises SIGKILL, "stop" raises SIGSTOP, "error" makes FAULT() true, so that the caller
 * fails as if the operation had. */
#ifndef KFMIG_BASE_FAULT_H
#define KFMIG_BASE_FAULT_H

#include <stdbool.h>

#ifdef KFMIG_FAULTS
enum fault {
#define FAULT_POINT(name, text) FAULT_##name,
#include "base/fault.def"
#undef FAULT_POINT
    FAULT_COUNT
};
/* Passes point: kills, stops, or returns true as KFMIG_FAULT orders; use FAULT(). */
bool fault_hit(enum fault point);
#define FAULT(name) fault_hit(FAULT_##name)
/* NULL past the end; `kfmig --fault-points` lists them in such builds. */
const char *fault_name(unsigned i);
#else
#define FAULT(name) false
#endif

#endif
