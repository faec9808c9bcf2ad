# src/tool/layers.sh, the build step that keeps the folders of src/ apart.

$ mkdir -p src/tool src/base src/plan src/pg src/new && cp "$KFMIG_SRC"/src/tool/layers.* src/tool/
$ cat >src/plan/good.c <<END
> #include "plan/plan.h"
>
> #include "model/scope.h"
> #include <string.h>
> END
$ printf '#include <libpq-fe.h>\n#include "base/err.h"\n' >src/pg/good.h
$ printf '#include "plan/plan.h"\n#include "run/run.h"\n' >src/main.c
$ src/tool/layers.sh

# Each of these is a violation.
$ printf '#include "pg/pg.h"\n# include <sqlite3.h>\n' >src/plan/reaches.c
$ printf '\n#include "err.h"\n#include <openssl/evp.h>\n' >src/base/bare.c
$ printf '#include <yaml.h>\n' >src/new/any.h
$ src/tool/layers.sh
src/base/bare.c:2: "err.h" does not begin with a folder of src/tool/layers.txt
src/new/any.h:1: folder new is not in src/tool/layers.txt
src/new/any.h:1: only doc/yaml.c may include <yaml.h...>: see src/tool/layers.txt
src/plan/reaches.c:1: plan/ may not include pg/ ("pg/pg.h"): see src/tool/layers.txt
src/plan/reaches.c:2: only cache may include <sqlite3.h...>: see src/tool/layers.txt
[1]

# A subfolder with a row of its own is no part of what may include its folder.
$ rm src/plan/reaches.c src/base/bare.c src/new/any.h && mkdir -p src/store/postgis src/run src/ledger
$ printf '#include "store/store.h"\n#include "pg/pg.h"\n' >src/store/postgis/look.c
$ printf '#include "store/postgis/look.h"\n' >src/ledger/asks.c
$ printf '#include "pg/pg.h"\n#include "store/postgis/look.h"\n' >src/store/store.c
$ src/tool/layers.sh
src/ledger/asks.c:1: ledger/ may not include store/postgis/ ("store/postgis/look.h"): see src/tool/layers.txt
src/store/store.c:1: store/ may not include pg/ ("pg/pg.h"): see src/tool/layers.txt
src/store/store.c:2: store/ may not include store/postgis/ ("store/postgis/look.h"): see src/tool/layers.txt
[1]
