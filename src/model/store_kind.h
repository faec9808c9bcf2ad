/* The stores by name, and what each can: plain data, for who must not know an engine.
 * Owns: the table of rows (model/stores.def), which store/store.h has the operations to. Pure. */
#ifndef KFMIG_MODEL_STORE_KIND_H
#define KFMIG_MODEL_STORE_KIND_H

#include <stdbool.h>
#include <stddef.h>

/* Capabilities. What each promises is a contract, which tests/contract holds every row to. */
enum store_can {
    STORE_TRANSACTS =
        1, /* a change is atomic: what was run is there after commit(), and gone after abandon() */
    STORE_HOLDS_LEDGER =
        2, /* the ledger stands in it, and is written in the change's own transaction */
    STORE_SWITCHES = 4, /* a generation is published in an instant; needs generations */
    STORE_COPIES_ROWS =
        8, /* rows of an unchanged source go from one generation to the next inside it */
    STORE_ROLLS_BACK_DDL = 16, /* abandon() undoes also what defines objects */
    STORE_RUNS_PROGRAMS =
        32 /* its migrations are programs, which a declaration's runner names: model/errand.h */
};

enum store_kind {
#define STORE(NAME, name, ...) STORE_##NAME,
#define STORE_PLANNED STORE
#define STORE_DERIVED STORE
#include "model/stores.def"
#undef STORE_DERIVED
#undef STORE_PLANNED
#undef STORE
    STORE_COUNT
};

enum { STORE_KEYS = 4 };
/* A row of stores.def; keys: NULL behind the last. */
struct store_row {
    const char *name;
    bool has_engine;
    bool is_derived; /* projections fill it, and nothing else: it needs no engine */
    unsigned can;
    const char *ending;
    const char *keys[STORE_KEYS];
};
/* Static memory; NULL for STORE_COUNT. */
const struct store_row *store_row(enum store_kind k);
const char *store_text(enum store_kind k); /* "postgis"; "" for STORE_COUNT */
/* STORE_COUNT: there is no store of that name. */
enum store_kind store_parse(const char *name);
/* Does the value of such a key name where the place is, and not the place itself? */
bool store_key_is_reference(const char *key);
/* false for STORE_COUNT */
bool store_can(enum store_kind k, enum store_can what);
/* The one that the ledger of an environment stands in. */
enum store_kind store_of_ledger(void);

#endif
