/* Signals: one flag. */
#include "cli/signals.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static volatile sig_atomic_t seen;

static void on_signal(int signal_number)
{
    if (seen != 0) {
        _exit(128 + signal_number);
    }
    seen = signal_number;
}

void signals_catch(void)
{
    struct sigaction act = {.sa_handler = on_signal};
    (void)sigemptyset(&act.sa_mask);
    (void)sigaction(SIGINT, &act, NULL);
    (void)sigaction(SIGTERM, &act, NULL);
}

int signals_seen(void)
{
    return seen;
}
