/* What a ledger entry is: one table, entry_kind.def, which says of each kind what follows from it. Pure. */
#ifndef KFMIG_MODEL_ENTRY_KIND_H
#define KFMIG_MODEL_ENTRY_KIND_H

#include <stdbool.h>

#include "base/bytes.h"

enum entry_fact { FACT_NONE, FACT_MADE, FACT_UNDONE, FACT_RENAMED, FACT_DROPPED };
enum entry_objects { OBJECTS_NONE, OBJECTS_FOUND, OBJECTS_WRITTEN };

enum entry_kind {
#define ENTRY(name, word, fact, objects, known) ENTRY_##name,
#include "model/entry_kind.def"
#undef ENTRY
    ENTRY_KINDS
};

/* "apply", as in the ledger. */
const char *entry_kind_text(enum entry_kind k);
/* The kind that a word of a ledger stands for, if the present format has it; else ENTRY_KINDS. */
enum entry_kind entry_kind_read(struct bytes word);
/* What a success says about the subject. */
enum entry_fact entry_kind_fact(enum entry_kind k);
/* What it says about the sum of objects. */
enum entry_objects entry_kind_objects(enum entry_kind k);

#endif
