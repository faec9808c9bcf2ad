/* Fault points: what tests make fail, and how. Nothing of it is left in an ordinary build. */
#include "base/fault.h"

#include "base/err.h"

#ifdef KFMIG_FAULTS

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
#define FAULT_POINT(name, text) text,
#include "base/fault.def"
#undef FAULT_POINT
};

enum mode { MODE_NONE, MODE_KILL, MODE_STOP, MODE_ERROR };

struct order {
    enum mode mode;
    enum fault point;
    unsigned long passage;
};

const char *fault_name(unsigned i)
{
    return i < FAULT_COUNT ? names[i] : NULL;
}

static enum fault point_named(const char *s, size_t n)
{
    for (unsigned i = 0; i < FAULT_COUNT; i++) {
        if (strlen(names[i]) == n && strncmp(names[i], s, n) == 0) {
            return (enum fault)i;
        }
    }
    BUG("KFMIG_FAULT names no fault point");
}

static enum mode mode_named(const char *s, size_t n)
{
    static const char *const modes[] = {
        [MODE_KILL] = "kill", [MODE_STOP] = "stop", [MODE_ERROR] = "error"};
    for (unsigned i = MODE_KILL; i <= MODE_ERROR; i++) {
        if (strlen(modes[i]) == n && strncmp(modes[i], s, n) == 0) {
            return (enum mode)i;
        }
    }
    BUG("KFMIG_FAULT has no mode kill, stop or error");
}

/* A test that asks for something impossible must not pass in silence: a malformed order is a bug of
 * the test. */
static struct order read_order(const char *text)
{
    size_t n = strcspn(text, ":");
    if (text[n] == '\0') {
        BUG("KFMIG_FAULT is not name:mode[:n]");
    }
    struct order o = {.point = point_named(text, n), .passage = 1};
    const char *mode = text + n + 1;
    n = strcspn(mode, ":");
    o.mode = mode_named(mode, n);
    if (mode[n] == ':') {
        char *end = NULL;
        o.passage = strtoul(mode + n + 1, &end, 10);
        if (o.passage == 0 || *end != '\0') {
            BUG("KFMIG_FAULT counts no passages");
        }
    }
    return o;
}

bool fault_hit(enum fault point)
{
    static bool is_read;
    static struct order order;
    static unsigned long passed;
    if (!is_read) {
        const char *text = getenv("KFMIG_FAULT");
        is_read = true;
        if (text != NULL && text[0] != '\0') {
            order = read_order(text);
        }
    }
    if (order.mode == MODE_NONE || order.point != point || ++passed != order.passage) {
        return false;
    }
    if (order.mode == MODE_ERROR) {
        return true;
    }
    (void)raise(order.mode == MODE_KILL ? SIGKILL : SIGSTOP);
    return false;
}

#endif
