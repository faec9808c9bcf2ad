/* CODEOWNERS: who owns which files, as the host of the repository reads it: .github/CODEOWNERS, CODEOWNERS,
 * docs/CODEOWNERS or .gitlab/CODEOWNERS, the first that is there
 * (docs.github.com, "About code owners"). Of the rules that fit a path the last one counts.
 * Owns: what a rule fits, and when two names of an owner are one. */
#ifndef KFMIG_LOAD_OWNERS_H
#define KFMIG_LOAD_OWNERS_H

#include "load/load.h"

/* A line "PATTERN OWNER...". */
struct owner_rule {
    const char *pattern;
    struct names owners;
    int line;
};
/* path: of the file; NULL: there is none, or it has sections of GitLab, which are not understood: then
 * nothing is said about anybody. */
struct owners {
    const char *path;
    struct owner_rule *v;
    size_t n, cap;
};
/* In a. What is wrong with the file is added to faults. */
void owners_load(struct arena *a, int dirfd, struct owners *out, struct err_list *faults);
/* The rule that counts for a file; NULL: none, or it names nobody. */
const struct owner_rule *owners_of(const struct owners *l, const char *path);
/* The same owners, in whatever order? "@org/team" and "team" are one. */
bool owners_same(const struct owner_rule *r, const struct doc *list);
/* As the registry has them: "@org/team" is "team"; in a. */
struct names owners_names(struct arena *a, const struct owner_rule *r);

#endif
