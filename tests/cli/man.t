# The manual pages in docs/man are what the program prints.

$ "$KFMIG_SRC/src/tool/man.sh" "$KFMIG" "$PWD/man" && diff -r man "$KFMIG_SRC/docs/man" && ls man | wc -l
diff -r man/kfmig-why.1 /tmp/core/docs/man/kfmig-why.1
12c12
< TARGET is [ENV/]ID[@STAGE], ID a migration's or a projection's; a part of it that fits only one is enough. Without a stage it is `apply`, or `receipt` if only the export of the evidence is owed; `publish` of a projection. A migration that runs inside generations leads to its projection. dataset:DATASET/ID[@catalog] is a version's catalog, dataset:DATASET/ID@artifacts its files, all of which are read.
---
> TARGET is [ENV/]ID[@STAGE], ID a migration's or a projection's; a part of it that fits only one is enough. Without a stage it is `apply`, or `receipt` if only the export of the evidence is owed; `publish` of a projection. A migration that runs inside generations leads to its projection.
[1]
