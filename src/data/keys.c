/* Member names of open objects. */
#include "data/keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

enum { FIRST_CAP = 256, WORD_BITS = 64 };

/* Multiplicative hashing with a random odd factor is universal (Dietzfelbinger et al., 1997): whatever the
 * names are, two of them meet with a probability of at most 2 / cap_many. */
static uint32_t *bucket(const struct keys *k, uint64_t key)
{
    return &k->head[key * k->factor >> (WORD_BITS - __builtin_ctzll(k->cap_many))];
}

static void chain(struct keys *k, size_t i)
{
    uint32_t *head = bucket(k, k->many[i].key);
    k->many[i].before = *head;
    *head = (uint32_t)i + 1;
}

static void push_many(struct keys *k, uint64_t key)
{
    if (k->n_many == k->cap_many) {
        if (k->factor == 0) {
            random_bytes(&k->factor, sizeof k->factor);
            k->factor |= 1;
        }
        k->cap_many = k->cap_many == 0 ? FIRST_CAP : 2 * k->cap_many;
        k->many = mem_realloc(k->many, k->cap_many * sizeof *k->many);
        free(k->head);
        k->head = mem_alloc(k->cap_many * sizeof *k->head);
        memset(k->head, 0, k->cap_many * sizeof *k->head);
        for (size_t i = 0; i < k->n_many; i++) {
            chain(k, i);
        }
    }
    k->many[k->n_many].key = key;
    chain(k, k->n_many++);
}

static void push(struct keys *k, uint64_t key)
{
    if (k->n == k->cap) {
        k->cap = k->cap == 0 ? FIRST_CAP : 2 * k->cap;
        k->key = mem_realloc(k->key, k->cap * sizeof *k->key);
        k->full = KEYS_FEW;
    }
    k->key[k->n++] = key;
}

/* Later ones come first in a chain: those of outer objects lie behind what is looked at. */
static bool is_among_many(struct keys *k, size_t first, uint64_t key)
{
    for (uint32_t i = *bucket(k, key); i > first; i = k->many[i - 1].before) {
        k->n_probes++;
        if (k->many[i - 1].key == key) {
            return true;
        }
    }
    return false;
}

static bool is_among_few(const struct keys *k, size_t from, uint64_t key)
{
    for (size_t i = from; i < k->n; i++) {
        if (k->key[i] == key) {
            return true;
        }
    }
    return false;
}

bool keys_add_slowly(struct keys *k, size_t from, uint64_t key)
{
    size_t n = k->n - from;
    bool is_there =
        n > KEYS_FEW ? is_among_many(k, k->n_many - n, key) : is_among_few(k, from, key);
    if (is_there) {
        return false;
    }
    for (size_t i = from; n == KEYS_FEW && i < k->n; i++) {
        push_many(k, k->key[i]);
    }
    if (n >= KEYS_FEW) {
        push_many(k, key);
    }
    push(k, key);
    return true;
}

void keys_leave_many(struct keys *k, size_t n)
{
    for (; n > 0; n--) {
        const struct key_of_many *last = &k->many[--k->n_many];
        *bucket(k, last->key) = last->before;
    }
}

void keys_release(struct keys *k)
{
    free(k->key);
    free(k->many);
    free(k->head);
    *k = (struct keys){0};
}
