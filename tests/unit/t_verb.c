/* layer: cli */
#include <signal.h>

#include "cli/signals.h"
#include "cli/verb.h"
#include "tap.h"

/* What a verb came to, and its exit status: undisturbed, and after a signal. "In doubt" and worse win over
 * having been stopped. */
static const struct {
    enum err_code worst;
    int status, after_signal;
} cases[] = {
    {ERR_NONE, 0, 143},          {ERR_CONFIG, 5, 143},   {ERR_LOCKED, 7, 143},
    {ERR_PREFLIGHT, 1, 143},     {ERR_VALIDATE, 3, 143}, {ERR_APPLY, 2, 143},
    {ERR_INTERRUPTED, 130, 143}, {ERR_DOUBT, 6, 6},      {ERR_LEAK, 9, 9},
    {ERR_INTEGRITY, 8, 8},       {ERR_INTERNAL, 70, 70},
};

static void test_status(struct invocation *s, bool is_stopped)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct result r = {.worst = cases[i].worst};
        const struct err none = {.code = ERR_NONE};
        is_int(verb_end(s, s->req, 0, &r, &none),
               is_stopped ? cases[i].after_signal : cases[i].status, err_name(cases[i].worst));
    }
}

int main(void)
{
    struct arena a = {0};
    const struct request req = {.quiet = true};
    struct invocation s = {.req = &req, .a = &a};
    tap_plan(2 * (int)(sizeof cases / sizeof cases[0]) + 1);
    progress_init(&s.progress, &req);
    signals_catch();
    test_status(&s, false);
    (void)raise(SIGTERM);
    is_int(ear_stops(&s.progress.ear), ERR_TERMINATED, "the ear says how the end was asked for");
    test_status(&s, true);
    arena_release(&a);
    return tap_done();
}
