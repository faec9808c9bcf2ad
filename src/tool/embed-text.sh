#!/bin/sh
# embed-text.sh FILE.schema.json...: prints the C source of the table declared in src/load/schemas.h.
set -eu
export LC_ALL=C

echo '#include "load/schemas.h"'
n=0
for file; do
    # Numbers and no string literal: ISO C promises only 4,095 characters for one.
    printf '\nstatic const unsigned char text_%d[] = {\n' "$n"
    od -An -v -tu1 "$file" | sed 's/  *\([0-9][0-9]*\)/\1,/g'
    echo '0};'
    n=$((n + 1))
done
printf '\nconst struct schema_text schema_texts[] = {\n'
n=0
for file; do
    printf '    {"%s", (const char *)text_%d, sizeof text_%d - 1},\n' "$(basename "$file" .schema.json)" "$n" "$n"
    n=$((n + 1))
done
printf '    {NULL, NULL, 0},\n};\nconst size_t n_schema_texts = %d;\n' "$n"
