/* Input texts that were written into a scripted ledger, and are read back from it. */
#ifndef KFMIG_TESTS_UNIT_SCRIPTED_TEXTS_H
#define KFMIG_TESTS_UNIT_SCRIPTED_TEXTS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/digest.h"

static struct arena memory; /* of what was kept */
static struct {
    struct bytes hex;
    struct digest digest;
} texts[512]; /* the input texts that were written; of what was rolled back, too */
static int n_texts;

/* {"\\xab...","\\x..."} */
static inline void take_texts(const char *array)
{
    for (const char *p = strstr(array, "\\x"); p != NULL; p = strstr(p, "\\x")) {
        char byte[3] = "";
        struct buf text = {0};
        p += 2;
        size_t n = strspn(p, "0123456789abcdef");
        for (size_t i = 0; i + 1 < n; i += 2) {
            byte[0] = p[i];
            byte[1] = p[i + 1];
            buf_putc(&text, (char)strtol(byte, NULL, 16));
        }
        if (n_texts < (int)(sizeof texts / sizeof *texts)) {
            texts[n_texts].hex = bytes_of(arena_strndup(&memory, p, n), n);
            texts[n_texts++].digest = digest_of(buf_bytes(&text));
        }
        buf_release(&text);
    }
}

static inline const char *find_text(const char *digest)
{
    static char row[65536];
    char text[DIGEST_TEXT];
    (void)snprintf(row, sizeof row, "rows");
    for (int i = 0; i < n_texts; i++) {
        if (strstr(digest, digest_text(&texts[i].digest, text) + strlen("sha256:")) != NULL) {
            (void)snprintf(row, sizeof row, "rows %s", texts[i].hex.p);
        }
    }
    return row;
}

static inline void texts_forget(void)
{
    n_texts = 0;
    arena_release(&memory);
}

#endif
