/* Events as values. */
#include "base/tell.h"

#include <stdio.h>

const char *tell_name(enum tell_kind kind)
{
    static const char *const names[TELL_KINDS] = {
        [TELL_NOTE] = "note",      [TELL_BLOCKED] = "blocked", [TELL_WARNING] = "warning",
        [TELL_FAULT] = "fault",    [TELL_FAULTS] = "faults",   [TELL_BEGIN] = "begin",
        [TELL_DONE] = "done",      [TELL_FAILED] = "failed",   [TELL_STATEMENT] = "statement",
        [TELL_PHASE] = "phase",    [TELL_LOADING] = "loading", [TELL_WAITING] = "waiting",
        [TELL_RETRY] = "retry",    [TELL_SAID] = "said",       [TELL_RESOLVING] = "resolving",
        [TELL_TICK] = "heartbeat", [TELL_BATCH] = "batch"};
    return names[kind];
}

void tell(const struct ear *ear, const struct tell *t)
{
    if (ear != NULL && ear->hear != NULL) {
        ear->hear(ear->ctx, t);
    }
}

static void PRINTF_LIKE(3, 0)
    say(const struct ear *ear, enum tell_kind kind, const char *fmt, va_list ap)
{
    char text[1024];
    (void)vsnprintf(text, sizeof text, fmt, ap);
    tell(ear, &(struct tell){.kind = kind, .what = text});
}

void tell_note(const struct ear *ear, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(ear, TELL_NOTE, fmt, ap);
    va_end(ap);
}

void tell_warning(const struct ear *ear, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(ear, TELL_WARNING, fmt, ap);
    va_end(ap);
}

void tell_fault(const struct ear *ear, const struct err *fault)
{
    tell(ear, &(struct tell){.kind = TELL_FAULT, .fault = fault});
}

void tell_faults(const struct ear *ear, const struct err_list *faults)
{
    if (faults->n > 0) {
        tell(ear, &(struct tell){.kind = TELL_FAULTS, .faults = faults});
    }
}

enum err_code ear_stops(const struct ear *ear)
{
    return ear != NULL && ear->stops != NULL ? ear->stops(ear->ctx) : ERR_NONE;
}

const char *ear_stop_text(const struct ear *ear)
{
    enum err_code stop = ear_stops(ear);
    return stop == ERR_INTERRUPTED  ? "interrupted (Ctrl-C)"
           : stop == ERR_TERMINATED ? "told to end (SIGTERM)"
                                    : "interrupted";
}
