/* The ledger of a scripted server, as entries that are there once they are committed: for tests of what is journaled. "-> ask" answers
 * from it. */
#ifndef KFMIG_TESTS_UNIT_SCRIPTED_ENTRIES_H
#define KFMIG_TESTS_UNIT_SCRIPTED_ENTRIES_H

#include <stdlib.h>

#include "scripted_run.h"

enum { ENTRIES = 64 };

struct ledger_entry {
    char kind[16], result[16];
    char *text;
};
static struct {
    struct ledger_entry v[ENTRIES];
    int n, n_open; /* open: with those of the open transaction */
    bool kept;     /* a COMMIT whose answer is lost took effect */
    char told[65536];
} ledger;

static inline void ledger_end(bool commits)
{
    for (int i = ledger.n; i < ledger.n_open && !commits; i++) {
        free(ledger.v[i].text);
    }
    ledger.n = commits ? ledger.n_open : ledger.n;
    ledger.n_open = ledger.n;
}

static inline const char *ledger_says(void)
{
    (void)snprintf(ledger.told, sizeof ledger.told, "rows");
    for (int i = 0; i < ledger.n; i++) {
        size_t n = strlen(ledger.told);
        (void)snprintf(ledger.told + n, sizeof ledger.told - n, "%s %s", i > 0 ? " ;" : "",
                       ledger.v[i].text);
    }
    return ledger.told;
}

static inline const char *ledger_hears(void *ctx, int session, const char *text, int n,
                                       const char *const *params, const char *answer)
{
    (void)ctx;
    (void)session;
    bool lost = strncmp(answer, "cut", 3) == 0 || strncmp(answer, "fatal", 5) == 0;
    if (strcmp(text, "COMMIT") == 0) {
        ledger_end(strcmp(answer, "COMMIT") == 0 || (lost && ledger.kept));
    } else if (lost || strcmp(text, "ROLLBACK") == 0 || strcmp(text, "close") == 0) {
        ledger_end(false);
    } else if (strcmp(answer, "ask") == 0) {
        return ledger_says();
    } else if (strcmp(text, "@ledger_record_entry") == 0 && n > 5 && answer[0] == 'I') {
        struct ledger_entry *x = &ledger.v[ledger.n_open++];
        (void)snprintf(x->kind, sizeof x->kind, "%s", params[2]);
        (void)snprintf(x->result, sizeof x->result, "%s", params[3]);
        x->text = strdup(params[5]);
    }
    return answer;
}

static inline int ledger_count(const char *kind, const char *result)
{
    int n = 0;
    for (int i = 0; i < ledger.n; i++) {
        n += strcmp(ledger.v[i].kind, kind) == 0 && strcmp(ledger.v[i].result, result) == 0 ? 1 : 0;
    }
    return n;
}

static inline void ledger_forget(void)
{
    ledger_end(false);
    for (int i = 0; i < ledger.n; i++) {
        free(ledger.v[i].text);
    }
    ledger.n = ledger.n_open = 0;
}

/* Is an entry of that run there? As the database answers it. */
static inline const char *ledger_knows(const char *run_id)
{
    for (int i = 0; i < ledger.n; i++) {
        if (strstr(ledger.v[i].text, run_id) != NULL) {
            return "rows t";
        }
    }
    return "rows f";
}

/* The entries as a run finds them that begins now, with the head that they make. */
static inline int ledger_found(struct scene *t, struct entries *past, struct err *e)
{
    struct merkle all = {0};
    for (int i = 0; i < ledger.n; i++) {
        struct digest leaf = merkle_leaf(bytes_str(ledger.v[i].text));
        merkle_add(&all, &leaf);
    }
    t->id.size = ledger.n;
    t->id.root = merkle_root(&all);
    return ledger_entries(t->pg, &t->id, NULL, &t->a, past, &t->merkle, e);
}

/* A journal's questions, each as often as asked. */
#define JOURNALING                                                                                 \
    "~ connect -> ok\n"                                                                            \
    "~ @ledger_journal_begin -> BEGIN\n"                                                           \
    "~ @ledger_journal_clock -> rows 2026-01-02T03:04:05.000006Z\n"                                \
    "~ @ledger_work_begin -> rows t | 700 | u u | n | on\n"                                        \
    "~ @ledger_record_guard -> rows t | t | t | t | t | \n"                                        \
    "~ @ledger_record_head -> UPDATE 1\n"                                                          \
    "~ @ledger_record_* -> INSERT 0 1\n"                                                           \
    "~ @ledger_read_entries -> ask\n"                                                              \
    "~ @ledger_read_blob -> rows 31\n" /* of the cursor "1" */                                     \
    "~ BEGIN -> BEGIN\n"                                                                           \
    "~ COMMIT -> COMMIT\n"                                                                         \
    "~ ROLLBACK -> ROLLBACK\n" ALWAYS

#endif
