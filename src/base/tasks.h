/* Pieces of work that take turns: while one waits for a descriptor, the others go on. One thread, one at a
 * time: nothing needs to be protected but what one of them uses across a wait. An arena that they share may
 * not be set back to a mark from before a wait: what others took from it since would be lost.
 * Owns: their stacks, and the one poll() for all that they wait for. */
#ifndef KFMIG_BASE_TASKS_H
#define KFMIG_BASE_TASKS_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

enum { TASKS_MOST = 16 };

/* Run work(ctx, i) for each i below n (at most TASKS_MOST), all at once: from the beginning in order of i,
 * and from each wait on as what it waits for comes. Returns when all have returned. Not from within one. */
void tasks_run(size_t n, void (*work)(void *ctx, size_t i), void *ctx);

/* poll() of one descriptor, for at most ms, never without end; fd NULL: of none, the time passes. Within work
 * the others run meanwhile, with ms 0, too; outside of it this is poll(). */
int tasks_poll(struct pollfd *fd, int ms);

/* May only one of them go on from here? The others wait in tasks_enter() until it has left. */
struct tasks_gate {
    int is_taken;
};
void tasks_enter(struct tasks_gate *g);
void tasks_leave(struct tasks_gate *g);

#endif
