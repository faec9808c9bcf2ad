# kfmig check: everything wrong with a project, in one run, each with its place and what to do.

$ kfmig init >init.out && printf 'CREATE SCHEMA a;\nCREATE TABLE a.t (id int);\n' >a.sql && kfmig new --from=a.sql make a >/dev/null
$ cd migrations/postgis/PG-MIG-2026-03-02-01 && kfmig check
1 migration checked: no faults
$ kfmig check --json
{"faults":[],"findings":[],"fixed":false,"migrations":1,"warnings":[]}

# A finding: what the script would do is not what the declaration allows.
$ printf 'CREATE TABLE b.t (id int);\nGRANT SELECT ON b.t TO PUBLIC;\n' >>forward.sql && kfmig check
migrations/postgis/PG-MIG-2026-03-02-01/forward.sql:3:14: finding: touches something outside its declared scope: create of table b.t: not in scope.allowed_tables
  hint: correct the script, or widen scope in migration.yml
migrations/postgis/PG-MIG-2026-03-02-01/forward.sql:4:17: finding: touches something outside its declared scope: alter of table b.t: not in scope.allowed_tables
  hint: correct the script, or widen scope in migration.yml
migrations/postgis/PG-MIG-2026-03-02-01/migration.yml: finding: exceeds a declared limit: limits.max_table_count_touched is 1, the scripts need at least 2
  hint: correct the script, or raise the limit in migration.yml
3 findings
migrations/postgis/PG-MIG-2026-03-02-01/forward.sql:4:1: warning: grant-to-public: everyone gets it
  hint: GRANT to a role
1 warning
[1]
$ kfmig check --json
{"faults":[],"findings":[{"code":"preflight","column":14,"hint":"correct the script, or widen scope in migration.yml","line":3,"message":"touches something outside its declared scope: create of table b.t: not in scope.allowed_tables","path":"migrations/postgis/PG-MIG-2026-03-02-01/forward.sql","rule":"scope","severity":"error","subject":"PG-MIG-2026-03-02-01"},{"code":"preflight","column":17,"hint":"correct the script, or widen scope in migration.yml","line":4,"message":"touches something outside its declared scope: alter of table b.t: not in scope.allowed_tables","path":"migrations/postgis/PG-MIG-2026-03-02-01/forward.sql","rule":"scope","severity":"error","subject":"PG-MIG-2026-03-02-01"},{"code":"preflight","column":null,"hint":"correct the script, or raise the limit in migration.yml","line":null,"message":"exceeds a declared limit: limits.max_table_count_touched is 1, the scripts need at least 2","path":"migrations/postgis/PG-MIG-2026-03-02-01/migration.yml","rule":"limit","severity":"error","subject":"PG-MIG-2026-03-02-01"}],"fixed":false,"migrations":1,"warnings":[{"code":"config","column":1,"hint":"GRANT to a role","line":4,"message":"grant-to-public: everyone gets it","path":"migrations/postgis/PG-MIG-2026-03-02-01/forward.sql","rule":"grant-to-public","severity":"warning","subject":"PG-MIG-2026-03-02-01"}]}
[1]

# Faults of all files come together; the status is that of the faults.
$ rm rollback.sql && printf 'default_environment: prod\n' >>../../../registry/environments.v1.yml && kfmig check
migrations/postgis/PG-MIG-2026-03-02-01/migration.yml:30:7: error: there is no file "rollback.sql" in the bundle
  hint: add the file, or correct its name
registry/environments.v1.yml:8:1: error: duplicate key "default_environment": it stands in line 7 and again in line 8
  hint: keep one of the two
2 faults
migrations/postgis/PG-MIG-2026-03-02-01/forward.sql:3:14: finding: touches something outside its declared scope: create of table b.t: not in scope.allowed_tables
  hint: correct the script, or widen scope in migration.yml
migrations/postgis/PG-MIG-2026-03-02-01/forward.sql:4:17: finding: touches something outside its declared scope: alter of table b.t: not in scope.allowed_tables
  hint: correct the script, or widen scope in migration.yml
migrations/postgis/PG-MIG-2026-03-02-01/migration.yml: finding: exceeds a declared limit: limits.max_table_count_touched is 1, the scripts need at least 2
  hint: correct the script, or raise the limit in migration.yml
3 findings
migrations/postgis/PG-MIG-2026-03-02-01/forward.sql:4:1: warning: grant-to-public: everyone gets it
  hint: GRANT to a role
migrations/postgis/PG-MIG-2026-03-02-01/migration.yml: warning: it is of class unknown, and no plan, ADR or issue stands behind it; protected environments refuse that
  hint: name it: approvals.reference in migration.yml, ticket in a flat file
migrations/postgis/PG-MIG-2026-03-02-01/migration.yml: warning: it is of class unknown, and its notes do not say how long it takes
  hint: write "## Runtime" into its notes: how long, and measured where
3 warnings
[5]
$ echo 'color: red' >>migration.yml && kfmig check --json
{"faults":[{"code":"config","column":7,"hint":"add the file, or correct its name","line":30,"message":"there is no file \"rollback.sql\" in the bundle","path":"migrations/postgis/PG-MIG-2026-03-02-01/migration.yml","rule":"declaration","severity":"error","subject":"PG-MIG-2026-03-02-01"},{"code":"config","column":1,"hint":"known keys: \"migration_id\", \"type\", \"intent\", \"owner\", \"ticket\", \"risk\", \"class\", \"rollout\", \"depends_on\", \"scope\", \"limits\", \"requires_rollback\", \"rebuilds\", \"variables\", \"rebuild\", \"idempotent\", \"requires_deploy\", \"timeouts\", \"lock_retries\", \"approvals\", \"runner\", \"backfill\", \"artifacts\"","line":31,"message":"unknown key \"color\" in the migration declaration","path":"migrations/postgis/PG-MIG-2026-03-02-01/migration.yml","rule":"declaration","severity":"error","subject":"PG-MIG-2026-03-02-01"},{"code":"config","column":1,"hint":"keep one of the two","line":8,"message":"duplicate key \"default_environment\": it stands in line 7 and again in line 8","path":"registry/environments.v1.yml","rule":"environments","severity":"error","subject":null}],"findings":[],"fixed":false,"migrations":1,"warnings":[]}
[5]

# A registry that does not fit is a warning, and mended on demand.
$ cd ../../.. && rm -r migrations/postgis/* && kfmig init >/dev/null && sed -i '$d' registry/environments.v1.yml && kfmig new again >/dev/null
$ echo '{"version": 1, "migrations": [{"id": "GONE", "type": "postgis", "owners": [], "status": "draft"}]}' >registry/migrations.v1.json && kfmig check
migrations/postgis/PG-MIG-2026-03-02-01/migration.yml:1:1: warning: "PG-MIG-2026-03-02-01" is not in registry/migrations.v1.json
  hint: `kfmig check --fix` adds it
registry/migrations.v1.json:1:38: warning: "GONE" is registered, but no bundle has this id
  hint: restore its folder, or correct the id
2 warnings
1 migration checked: no faults
$ kfmig check --fix
registry/migrations.v1.json:1:38: warning: "GONE" is registered, but no bundle has this id
  hint: restore its folder, or correct the id
1 warning
registry/migrations.v1.json was corrected
1 migration checked: no faults
$ cat registry/migrations.v1.json
{
  "migrations": [
    {
      "id": "GONE",
      "owners": [],
      "status": "draft",
      "type": "postgis"
    },
    {
      "id": "PG-MIG-2026-03-02-01",
      "owners": [
        "TBD"
      ],
      "status": "draft",
      "type": "postgis"
    }
  ],
  "version": 1
}
$ kfmig check
registry/migrations.v1.json:4:13: warning: "GONE" is registered, but no bundle has this id
  hint: restore its folder, or correct the id
1 warning
1 migration checked: no faults

# Usage.
$ kfmig check everything
kfmig: `kfmig check` takes no arguments: it checks the whole project
[5]
$ kfmig check --format=markdown
kfmig: `kfmig check` cannot print this format
  hint: `kfmig help check` lists its options
[5]

# A fault in the declaration hides none in the files that it names; projections are checked as well.
$ echo 'color: red' >>migrations/postgis/PG-MIG-2026-03-02-01/migration.yml && rm migrations/postgis/PG-MIG-2026-03-02-01/rollback.sql && kfmig check 2>&1 | grep -c error:
2
$ mkdir -p registry/projections && printf 'projection: other\nstore: postgis\nschema: kfmig\nsources:\n  - {dataset: d, version: latest, asset: a, into: t, columns: {c: $nothing}}\n' >registry/projections/p.yml && kfmig check 2>&1 | grep 'projections.*error:'
registry/projections/p.yml:1:13: error: the projection is "other", but its file is named "p.yml"
registry/projections/p.yml:3:9: error: schema "kfmig" cannot belong to a projection: other things stand there
registry/projections/p.yml:5:27: error: version "latest" names no version: what it means changes
registry/projections/p.yml:5:67: error: "$nothing" is no variable

# What the grammar does not know is a fault, unless the file says that a newer server does.
$ mkdir ../grammar && cd ../grammar && kfmig init >init.txt && printf 'CREATE TABLE land.a (id int);\nREPACK land.a;\n' >f.sql && printf 'CREATE TABLE land.a (id int);\n' >g.sql
$ kfmig new --from=g.sql >new.txt && cp f.sql migrations/postgis/PG-MIG-2026-03-02-01/forward.sql && kfmig check
migrations/postgis/PG-MIG-2026-03-02-01/forward.sql:2:1: error: a syntax error in the statement of line 2
  hint: correct it; if it is right and only a newer server knows it, say so with a line "-- kfmig:allow-unparsed"
1 fault
migrations/postgis/PG-MIG-2026-03-02-01/forward.sql:1:1: warning: class-undeclared: nothing declares class C, and it holds what the grammar does not know
  hint: class: C in migration.yml, -- Risk: high in a flat file
migrations/postgis/PG-MIG-2026-03-02-01/migration.yml: warning: it is of class unknown, and no plan, ADR or issue stands behind it; protected environments refuse that
  hint: name it: approvals.reference in migration.yml, ticket in a flat file
migrations/postgis/PG-MIG-2026-03-02-01/migration.yml: warning: it is of class unknown, and its notes do not say how long it takes
  hint: write "## Runtime" into its notes: how long, and measured where
3 warnings
[5]
$ printf -- '-- kfmig:allow-unparsed\n' >>migrations/postgis/PG-MIG-2026-03-02-01/forward.sql && kfmig check
migrations/postgis/PG-MIG-2026-03-02-01/forward.sql:1:1: warning: class-undeclared: nothing declares class C, and it holds what the grammar does not know
  hint: class: C in migration.yml, -- Risk: high in a flat file
migrations/postgis/PG-MIG-2026-03-02-01/migration.yml: warning: it is of class unknown, and no plan, ADR or issue stands behind it; protected environments refuse that
  hint: name it: approvals.reference in migration.yml, ticket in a flat file
migrations/postgis/PG-MIG-2026-03-02-01/migration.yml: warning: it is of class unknown, and its notes do not say how long it takes
  hint: write "## Runtime" into its notes: how long, and measured where
3 warnings
1 migration checked: no faults
$ printf -- '-- BY HAND: finish it\n' >>migrations/postgis/PG-MIG-2026-03-02-01/rollback.sql && kfmig check
migrations/postgis/PG-MIG-2026-03-02-01/rollback.sql:3:1: error: a part of the rollback is still to be written by hand
  hint: write what undoes it and remove the line, or set requires_rollback: false
1 fault
migrations/postgis/PG-MIG-2026-03-02-01/forward.sql:1:1: warning: class-undeclared: nothing declares class C, and it holds what the grammar does not know
  hint: class: C in migration.yml, -- Risk: high in a flat file
migrations/postgis/PG-MIG-2026-03-02-01/migration.yml: warning: it is of class unknown, and no plan, ADR or issue stands behind it; protected environments refuse that
  hint: name it: approvals.reference in migration.yml, ticket in a flat file
migrations/postgis/PG-MIG-2026-03-02-01/migration.yml: warning: it is of class unknown, and its notes do not say how long it takes
  hint: write "## Runtime" into its notes: how long, and measured where
3 warnings
[5]
$ printf -- '-- nothing\n' >migrations/postgis/PG-MIG-2026-03-02-01/rollback.sql && kfmig check
migrations/postgis/PG-MIG-2026-03-02-01/rollback.sql:1:1: error: it holds no statement, and the forward files have something to undo
  hint: write what undoes the forward files, or set requires_rollback: false
1 fault
migrations/postgis/PG-MIG-2026-03-02-01/forward.sql:1:1: warning: class-undeclared: nothing declares class C, and it holds what the grammar does not know
  hint: class: C in migration.yml, -- Risk: high in a flat file
migrations/postgis/PG-MIG-2026-03-02-01/migration.yml: warning: it is of class unknown, and no plan, ADR or issue stands behind it; protected environments refuse that
  hint: name it: approvals.reference in migration.yml, ticket in a flat file
migrations/postgis/PG-MIG-2026-03-02-01/migration.yml: warning: it is of class unknown, and its notes do not say how long it takes
  hint: write "## Runtime" into its notes: how long, and measured where
3 warnings
[5]

# Executed means that there is a receipt: a warning, and a finding where CI is true. Protected environments that want signatures are told.
$ mkdir ../executed && cd ../executed && kfmig init >init.txt && kfmig new --from=../grammar/g.sql >new.txt && kfmig check --fix >fix.txt
$ sed -i 's/"draft"/"executed_dev"/' registry/migrations.v1.json && kfmig check
registry/migrations.v1.json: warning: "PG-MIG-2026-03-02-01" is executed_dev, but its receipts/ has neither that run's receipt nor a pointer to it
  hint: `kfmig receipt export` writes it from the ledger; `evidence: pointer` of the environment does so with every build
1 warning
1 migration checked: no faults
$ CI=true kfmig check
registry/migrations.v1.json: finding: "PG-MIG-2026-03-02-01" is executed_dev, but its receipts/ has neither that run's receipt nor a pointer to it
  hint: `kfmig receipt export` writes it from the ledger; `evidence: pointer` of the environment does so with every build
1 finding
[1]
$ printf '  prod: {protected: true, stores: {postgis: {dsn_ref: KFM_PROD_DSN}}}\n  stage: {kind: stage, stores: {postgis: {dsn_ref: KFM_STAGE_DSN}}}\n' | sed -i '/^default/{
> r /dev/stdin
> N
> }' registry/environments.v1.yml && sed -i '/^default/d' registry/environments.v1.yml && kfmig check
registry/environments.v1.yml:7:3: warning: environment "prod" wants signatures, and registry/allowed_signers is not there: every migration is blocked there
  hint: write registry/allowed_signers and an empty registry/revoked_signers (docs/approvals.md); or, where the repository host's review is enough, approval: review
registry/migrations.v1.json: warning: "PG-MIG-2026-03-02-01" is executed_dev, but its receipts/ has neither that run's receipt nor a pointer to it
  hint: `kfmig receipt export` writes it from the ledger; `evidence: pointer` of the environment does so with every build
2 warnings
1 migration checked: no faults
$ kfmig env list
dev          dev               approval none       evidence none     DATABASE_URL (not set)
prod         prod  protected   approval signature  evidence pointer  KFM_PROD_DSN (not set)
stage        stage             approval none       evidence none     KFM_STAGE_DSN (not set)
$ kfmig env list --json
{"environments":[{"approval":"none","connection":"DATABASE_URL (not set)","evidence":"none","kind":"dev","name":"dev","protected":false},{"approval":"signature","connection":"KFM_PROD_DSN (not set)","evidence":"pointer","kind":"prod","name":"prod","protected":true},{"approval":"none","connection":"KFM_STAGE_DSN (not set)","evidence":"none","kind":"stage","name":"stage","protected":false}]}

# Data is no migration: more than 1,000 rows or 1 MiB in a file wants a reason.
$ mkdir -p ../data && cd ../data && kfmig init >/dev/null && kfmig new seed >/dev/null && cd migrations/postgis/* && printf 'DROP TABLE t;\n' >rollback.sql
$ rows() { echo 'CREATE TABLE t (id int, v text);'; echo 'COPY t FROM stdin;'; seq $1 | sed 's/$/\tx/'; echo '\.'; echo "INSERT INTO t VALUES (0, 'y');"; }
$ rows 999 >forward.sql && kfmig -C ../../.. check
1 migration checked: no faults
$ rows 1000 >forward.sql && kfmig -C ../../.. check
migrations/postgis/PG-MIG-2026-03-02-01/forward.sql:1004:1: error: the file holds 1001 rows of data, 5 KiB: more than 1,000 rows or 1 MiB
  hint: make the rows a dataset that a projection loads; where they have to stand here, say why in a line "-- kfmig:allow-data REASON"
1 fault
[5]
$ (echo '-- kfmig:allow-data'; rows 1000) >forward.sql && kfmig -C ../../.. check
migrations/postgis/PG-MIG-2026-03-02-01/forward.sql:1005:1: error: the file holds 1001 rows of data, 5 KiB: more than 1,000 rows or 1 MiB
  hint: make the rows a dataset that a projection loads; where they have to stand here, say why in a line "-- kfmig:allow-data REASON"
1 fault
[5]
$ (echo '-- kfmig:allow-data the codes of ISO 3166 do not change'; rows 1000) >forward.sql && kfmig -C ../../.. check
1 migration checked: no faults
$ (echo 'CREATE TABLE t (v text);'; echo "INSERT INTO t VALUES ('$(head -c 1048576 /dev/zero | tr '\0' x)');") >forward.sql && kfmig -C ../../.. check
migrations/postgis/PG-MIG-2026-03-02-01/forward.sql:2:1: error: the file holds 1 row of data, 1024 KiB: more than 1,000 rows or 1 MiB
  hint: make the rows a dataset that a projection loads; where they have to stand here, say why in a line "-- kfmig:allow-data REASON"
1 fault
[5]

# A flat migration is its own declaration.
$ mkdir ../../../flat && cd ../../../flat && kfmig init --layout=paired >init.out && mkdir -p migrations/db && printf -- '-- [KFM_MIGRATION]\n-- scope: {allowed_schemas: [a]}\n-- limits: {max_table_count_touched: 0}\n-- [/KFM_MIGRATION]\nCREATE TABLE b.t (id int);\n' >migrations/db/001_a.up.sql && printf -- '-- BY HAND: all of it\nSELECT 1;\n' >migrations/db/001_a.down.sql && kfmig check
migrations/db/001_a.down.sql:1:1: error: a part of the rollback is still to be written by hand
  hint: write what undoes it and remove the line, or remove the file and say `rollback: none` and notes in the header
1 fault
migrations/db/001_a.up.sql: finding: exceeds a declared limit: limits.max_table_count_touched is 0, the scripts need at least 1
  hint: correct the script, or raise the limit in its header
migrations/db/001_a.up.sql:5:14: finding: touches something outside its declared scope: create of table b.t: not in scope.allowed_schemas
  hint: correct the script, or widen scope in its header
2 findings
migrations/db/001_a.up.sql:1:1: warning: "001_a" is not in registry/migrations.v1.json
  hint: `kfmig check --fix` adds it
1 warning
[5]
$ : >migrations/db/001_a.down.sql && kfmig check
migrations/db/001_a.down.sql:1:1: error: it holds no statement, and the forward files have something to undo
  hint: write what undoes the forward files, or remove the file and say `rollback: none` and notes in the header
1 fault
migrations/db/001_a.up.sql: finding: exceeds a declared limit: limits.max_table_count_touched is 0, the scripts need at least 1
  hint: correct the script, or raise the limit in its header
migrations/db/001_a.up.sql:5:14: finding: touches something outside its declared scope: create of table b.t: not in scope.allowed_schemas
  hint: correct the script, or widen scope in its header
2 findings
migrations/db/001_a.up.sql:1:1: warning: "001_a" is not in registry/migrations.v1.json
  hint: `kfmig check --fix` adds it
1 warning
[5]
