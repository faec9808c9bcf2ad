# The manual pages in docs/man are what the program prints.

$ "$KFMIG_SRC/src/tool/man.sh" "$KFMIG" "$PWD/man" && diff -r man "$KFMIG_SRC/docs/man" && ls man | wc -l
34
