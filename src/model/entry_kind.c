/* Kinds of ledger entries. */
#include "model/entry_kind.h"

#include <string.h>

static const struct {
    const char *word;
    size_t n;
    enum entry_fact fact;
    enum entry_objects objects;
    bool known;
} kinds[ENTRY_KINDS] = {
#define ENTRY(name, word, fact, objects, known) {word, sizeof(word) - 1, fact, objects, known},
#include "model/entry_kind.def"
#undef ENTRY
};

const char *entry_kind_text(enum entry_kind k)
{
    return kinds[k].word;
}

enum entry_kind entry_kind_read(struct bytes word)
{
    int k = 0;
    while (k < ENTRY_KINDS && !(kinds[k].known && kinds[k].n == word.n &&
                                memcmp(kinds[k].word, word.p, word.n) == 0)) {
        k++;
    }
    return (enum entry_kind)k;
}

enum entry_fact entry_kind_fact(enum entry_kind k)
{
    return kinds[k].fact;
}

enum entry_objects entry_kind_objects(enum entry_kind k)
{
    return kinds[k].objects;
}
