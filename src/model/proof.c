/* Proofs of migrations, as data. */
#include "model/proof.h"

const char *proof_part_text(enum proof_part p)
{
    static const char *const texts[] = {
#define PROOF(NAME, text) text,
#include "model/proof.def"
#undef PROOF
    };
    return texts[p];
}

const char *proof_end_text(enum proof_end e)
{
    static const char *const texts[] = {"not tried", "passed", "failed", "skipped"};
    return texts[e];
}

const char *down_class_text(enum down_class d)
{
    static const char *const texts[] = {"not tried",  "none",    "empty", "exact",
                                        "order only", "differs", "fails"};
    return texts[d];
}

enum proof_part proof_decisive(const struct proof *p)
{
    for (int i = 0; i < PROOF_PARTS; i++) {
        if (p->found->part[i].end == PROOF_BAD || p->found->part[i].end == PROOF_SKIPPED) {
            return (enum proof_part)i;
        }
    }
    return PROOF_PARTS;
}

bool proof_holds(const struct proof *p)
{
    return (p->is_wanted || p->is_cached) && proof_decisive(p) == PROOF_PARTS &&
           p->found->part[PROOF_FRESH].end == PROOF_GOOD &&
           p->found->part[PROOF_UP].end == PROOF_GOOD;
}

static const struct err *fault_at(const struct proof *p, enum proof_part at)
{
    return &p->found->fault[at != PROOF_FRESH];
}

const struct err *proof_fault(const struct proof *p)
{
    enum proof_part at = proof_decisive(p);
    return at == PROOF_PARTS ? NULL : fault_at(p, at);
}

int64_t proof_ms(const struct proof *p)
{
    int64_t ms = 0;
    for (int i = 0; i < PROOF_PARTS; i++) {
        ms += p->found->part[i].ms;
    }
    return ms;
}

void proofs_count(struct proofs *o)
{
    o->n_proven = o->n_cached = o->n_failed = o->n_skipped = o->n_left = 0;
    for (size_t i = 0; i < o->n; i++) {
        const struct proof *p = &o->v[i];
        enum proof_part at = proof_decisive(p);
        if (at != PROOF_PARTS) {
            bool is_bad = p->found->part[at].end == PROOF_BAD;
            o->n_failed += is_bad;
            o->n_skipped += !is_bad;
            o->worst = is_bad ? err_worse(o->worst, fault_at(p, at)->code) : o->worst;
        } else if (p->is_cached) {
            o->n_cached++;
        } else if (proof_holds(p)) {
            o->n_proven++;
        } else {
            o->n_left++;
        }
    }
}
