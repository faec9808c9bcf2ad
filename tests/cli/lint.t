# kfmig lint: what is dangerous about migrations, each with its line and what to write instead.

$ kfmig init >init.out && printf 'CREATE INDEX orders_at ON shop.orders (created_at);\n' >a.sql && kfmig new --from=a.sql make a >/dev/null
$ kfmig lint
migrations/postgis/PG-MIG-2026-03-02-01/forward.sql:1:1: warning: index-blocks-writes: writes to shop.orders wait until the index is built
    1 | CREATE INDEX orders_at ON shop.orders (created_at);
      | ^~~~~~
      instead: CREATE INDEX CONCURRENTLY, outside of BEGIN ... COMMIT
1 file, 1 statement: 0 errors, 1 warning, 0 notes
$ kfmig lint --strict
migrations/postgis/PG-MIG-2026-03-02-01/forward.sql:1:1: warning: index-blocks-writes: writes to shop.orders wait until the index is built
    1 | CREATE INDEX orders_at ON shop.orders (created_at);
      | ^~~~~~
      instead: CREATE INDEX CONCURRENTLY, outside of BEGIN ... COMMIT
1 file, 1 statement: 0 errors, 1 warning, 0 notes
[1]

# What an earlier migration of the same plan makes nobody uses yet.
$ printf 'CREATE SCHEMA shop;\nCREATE TABLE shop.kinds (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, j json);\n' >b.sql && kfmig new --from=b.sql make b >/dev/null
$ printf 'CREATE INDEX kinds_j ON shop.kinds ((j::text));\nDROP VIEW shop.old;\n' >c.sql && kfmig new --from=c.sql make c >/dev/null
kfmig: warning: the rollback: 1 statement must be undone by hand, look for BY HAND
$ kfmig lint
migrations/postgis/PG-MIG-2026-03-02-01/forward.sql:1:1: warning: index-blocks-writes: writes to shop.orders wait until the index is built
    1 | CREATE INDEX orders_at ON shop.orders (created_at);
      | ^~~~~~
      instead: CREATE INDEX CONCURRENTLY, outside of BEGIN ... COMMIT
migrations/postgis/PG-MIG-2026-03-02-02/forward.sql:2:29: warning: int-key-runs-out: shop.kinds.id counts in 32 bits or fewer
    2 | CREATE TABLE shop.kinds (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, j json);
      |                             ^~~
      instead: bigint
migrations/postgis/PG-MIG-2026-03-02-02/forward.sql:2:77: warning: json-column: column j of shop.kinds is json
    2 | CREATE TABLE shop.kinds (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, j json);
      |                                                                             ^~~~
      instead: jsonb
migrations/postgis/PG-MIG-2026-03-02-03/forward.sql:1:1: warning: class-undeclared: nothing declares class C, and it drops what is there
    1 | CREATE INDEX kinds_j ON shop.kinds ((j::text));
      | ^~~~~~
      instead: class: C in migration.yml, -- Risk: high in a flat file
3 files, 5 statements: 0 errors, 4 warnings, 1 note (-v shows all)
$ kfmig lint 02 -v
migrations/postgis/PG-MIG-2026-03-02-02/forward.sql:2:29: warning: int-key-runs-out: shop.kinds.id counts in 32 bits or fewer
    2 | CREATE TABLE shop.kinds (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, j json);
      |                             ^~~
      instead: bigint
migrations/postgis/PG-MIG-2026-03-02-02/forward.sql:2:77: warning: json-column: column j of shop.kinds is json
    2 | CREATE TABLE shop.kinds (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, j json);
      |                                                                             ^~~~
      instead: jsonb
1 file, 2 statements: 0 errors, 2 warnings, 0 notes
$ kfmig lint --json 03
{"errors":0,"files":1,"findings":[{"column":1,"instead":"class: C in migration.yml, -- Risk: high in a flat file","line":1,"mark":"sha256:e5cba316e60a2dfd5656eb25f61ad55b2cdfd01d05e23ec1eef8255998c5c9fb","message":"nothing declares class C, and it drops what is there","path":"migrations/postgis/PG-MIG-2026-03-02-03/forward.sql","rule":"class-undeclared","severity":"warning","subject":null,"waived_by":null},{"column":1,"instead":"first a release that no longer uses it","line":2,"mark":"sha256:816faa70d0cfb0106c9aab0110ee7ec069c006c7028f421c059ffc37bbc0601a","message":"shop.old is dropped","path":"migrations/postgis/PG-MIG-2026-03-02-03/forward.sql","rule":"drop-object","severity":"note","subject":"shop.old","waived_by":null}],"fixed":0,"notes":1,"statements":2,"waived":0,"warnings":1}
$ kfmig lint --format=github 03
::warning file=migrations/postgis/PG-MIG-2026-03-02-03/forward.sql,line=1,col=1,title=class-undeclared::nothing declares class C, and it drops what is there. Instead: class: C in migration.yml, -- Risk: high in a flat file
::notice file=migrations/postgis/PG-MIG-2026-03-02-03/forward.sql,line=2,col=1,title=drop-object::shop.old is dropped. Instead: first a release that no longer uses it
$ kfmig lint --format=junit 03
<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
<testsuite name="kfmig lint" tests="2" failures="1" errors="0" skipped="1">
  <testcase classname="migrations/postgis/PG-MIG-2026-03-02-03/forward.sql" name="class-undeclared 1:1"><failure message="nothing declares class C, and it drops what is there"/></testcase>
  <testcase classname="migrations/postgis/PG-MIG-2026-03-02-03/forward.sql" name="drop-object 2:1"><skipped message="shop.old is dropped"/></testcase>
</testsuite>
</testsuites>
$ kfmig lint --format=sarif 03 | jq -c '.version, (.runs[0].tool.driver.rules[] | [.id, .defaultConfiguration.level]), (.runs[0].results[] | [.ruleIndex, .level, .locations[0].physicalLocation.region.startLine, .partialFingerprints])'
"2.1.0"
["class-undeclared","warning"]
["drop-object","warning"]
[0,"warning",1,{"kfmig/v1":"sha256:e5cba316e60a2dfd5656eb25f61ad55b2cdfd01d05e23ec1eef8255998c5c9fb"}]
[1,"note",2,{"kfmig/v1":"sha256:816faa70d0cfb0106c9aab0110ee7ec069c006c7028f421c059ffc37bbc0601a"}]

# A comment lets it through, and says why; a rule that does not exist lets nothing through.
$ printf -- '-- kfmig:allow drop-object nobody reads it since 2.4\nDROP VIEW shop.old;\n' >migrations/postgis/PG-MIG-2026-03-02-03/forward.sql
$ kfmig lint --format=sarif 03 | jq -c '.runs[0].results[].suppressions'
null
[{"justification":"nobody reads it since 2.4","kind":"inSource"}]
$ kfmig lint 03 -v
migrations/postgis/PG-MIG-2026-03-02-03/forward.sql:1:1: warning: class-undeclared: nothing declares class C, and it drops what is there
    1 | -- kfmig:allow drop-object nobody reads it since 2.4
      | ^~
      instead: class: C in migration.yml, -- Risk: high in a flat file
migrations/postgis/PG-MIG-2026-03-02-03/forward.sql:2:1: note: drop-object: shop.old is dropped
    2 | DROP VIEW shop.old;
      | ^~~~
      let through: nobody reads it since 2.4
1 file, 1 statement: 0 errors, 1 warning, 0 notes, 1 let through
$ printf -- '-- kfmig:allow drop-view it is old\n-- kfmig:allow drop-object\nDROP VIEW shop.old;\n' >migrations/postgis/PG-MIG-2026-03-02-03/forward.sql
$ kfmig lint 03
migrations/postgis/PG-MIG-2026-03-02-03/forward.sql:1:1: warning: class-undeclared: nothing declares class C, and it drops what is there
    1 | -- kfmig:allow drop-view it is old
      | ^~
      instead: class: C in migration.yml, -- Risk: high in a flat file
migrations/postgis/PG-MIG-2026-03-02-03/forward.sql:1:1: warning: allow-unknown-rule: drop-view is no rule
    1 | -- kfmig:allow drop-view it is old
      | ^~
      instead: `kfmig lint --rules` lists them
migrations/postgis/PG-MIG-2026-03-02-03/forward.sql:2:1: error: allow-without-reason: drop-object is let through without a reason
    2 | -- kfmig:allow drop-object
      | ^~
      instead: -- kfmig:allow RULE the reason
1 file, 1 statement: 1 error, 2 warnings, 1 note (-v shows all)
[1]

# Changes that are local to the text.
$ kfmig lint --fix
migrations/postgis/PG-MIG-2026-03-02-02/forward.sql:2:29: warning: int-key-runs-out: shop.kinds.id counts in 32 bits or fewer
    2 | CREATE TABLE shop.kinds (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, j json);
      |                             ^~~
      instead: bigint
migrations/postgis/PG-MIG-2026-03-02-03/forward.sql:1:1: warning: class-undeclared: nothing declares class C, and it drops what is there
    1 | -- kfmig:allow drop-view it is old
      | ^~
      instead: class: C in migration.yml, -- Risk: high in a flat file
migrations/postgis/PG-MIG-2026-03-02-03/forward.sql:1:1: warning: allow-unknown-rule: drop-view is no rule
    1 | -- kfmig:allow drop-view it is old
      | ^~
      instead: `kfmig lint --rules` lists them
migrations/postgis/PG-MIG-2026-03-02-03/forward.sql:2:1: error: allow-without-reason: drop-object is let through without a reason
    2 | -- kfmig:allow drop-object
      | ^~
      instead: -- kfmig:allow RULE the reason
2 changes made in files
3 files, 4 statements: 1 error, 3 warnings, 1 note (-v shows all)
[1]
$ cat migrations/postgis/PG-MIG-2026-03-02-0[12]/forward.sql
CREATE INDEX CONCURRENTLY orders_at ON shop.orders (created_at);
CREATE SCHEMA shop;
CREATE TABLE shop.kinds (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, j jsonb);

# A project that lives with what there is: only what is new is told.
$ kfmig lint --write-baseline
migrations/postgis/PG-MIG-2026-03-02-02/forward.sql:2:29: warning: int-key-runs-out: shop.kinds.id counts in 32 bits or fewer
    2 | CREATE TABLE shop.kinds (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, j jsonb);
      |                             ^~~
      instead: bigint
migrations/postgis/PG-MIG-2026-03-02-03/forward.sql:1:1: warning: class-undeclared: nothing declares class C, and it drops what is there
    1 | -- kfmig:allow drop-view it is old
      | ^~
      instead: class: C in migration.yml, -- Risk: high in a flat file
migrations/postgis/PG-MIG-2026-03-02-03/forward.sql:1:1: warning: allow-unknown-rule: drop-view is no rule
    1 | -- kfmig:allow drop-view it is old
      | ^~
      instead: `kfmig lint --rules` lists them
migrations/postgis/PG-MIG-2026-03-02-03/forward.sql:2:1: error: allow-without-reason: drop-object is let through without a reason
    2 | -- kfmig:allow drop-object
      | ^~
      instead: -- kfmig:allow RULE the reason
5 findings kept in the baseline
3 files, 4 statements: 1 error, 3 warnings, 1 note (-v shows all)
$ kfmig lint
3 files, 4 statements: 0 errors, 0 warnings, 0 notes, 5 let through (-v shows all)
$ cat registry/lint.v1.json
{
  "findings": [
    {
      "mark": "sha256:dfe41c49494837f9aa5e1f90ae10116c9b7663165961637f7e83da15f7762945",
      "path": "migrations/postgis/PG-MIG-2026-03-02-02/forward.sql",
      "rule": "int-key-runs-out"
    },
    {
      "mark": "sha256:e5cba316e60a2dfd5656eb25f61ad55b2cdfd01d05e23ec1eef8255998c5c9fb",
      "path": "migrations/postgis/PG-MIG-2026-03-02-03/forward.sql",
      "rule": "class-undeclared"
    },
    {
      "mark": "sha256:f50d4f60542e5a5ee09d69882a8934672c297e52ee0facf8d0f7a0432dd0acba",
      "path": "migrations/postgis/PG-MIG-2026-03-02-03/forward.sql",
      "rule": "allow-unknown-rule"
    },
    {
      "mark": "sha256:e61ff34d960c33fbd283fefa2c83bf338eecb21cb6affdc9e2b75d8304e85480",
      "path": "migrations/postgis/PG-MIG-2026-03-02-03/forward.sql",
      "rule": "allow-without-reason"
    },
    {
      "mark": "sha256:816faa70d0cfb0106c9aab0110ee7ec069c006c7028f421c059ffc37bbc0601a",
      "path": "migrations/postgis/PG-MIG-2026-03-02-03/forward.sql",
      "rule": "drop-object"
    }
  ],
  "format": "lint_baseline.v1"
}
$ echo 'DROP TABLE shop.kinds2;' >>migrations/postgis/PG-MIG-2026-03-02-03/forward.sql
$ kfmig lint
migrations/postgis/PG-MIG-2026-03-02-03/forward.sql:4:1: warning: drop-table: shop.kinds2 is dropped
    4 | DROP TABLE shop.kinds2;
      | ^~~~
      instead: first a release that no longer reads it, then a migration that declares class: C or risk: high
3 files, 5 statements: 0 errors, 1 warning, 1 note, 5 let through (-v shows all)

# A class that says less than what it does.
$ sed -i 's/^intent: .*/&\nclass: A/' migrations/postgis/PG-MIG-2026-03-02-03/migration.yml && kfmig lint 03
migrations/postgis/PG-MIG-2026-03-02-03/forward.sql:1:1: error: class-too-low: class A is declared, and it drops what is there, which is class C
    1 | -- kfmig:allow drop-view it is old
      | ^~
      instead: class: C (risk: high) for what breaks programs, class: B (risk: medium) for what writes rows
migrations/postgis/PG-MIG-2026-03-02-03/forward.sql:4:1: error: drop-table: shop.kinds2 is dropped
    4 | DROP TABLE shop.kinds2;
      | ^~~~
      instead: first a release that no longer reads it, then a migration that declares class: C or risk: high
1 file, 2 statements: 2 errors, 0 warnings, 1 note, 3 let through (-v shows all)
[1]

# What is wrong with the question.
$ kfmig lint 04
kfmig: there is no migration "04"
  hint: `kfmig graph` shows what there is
[5]
$ kfmig lint 03-02
kfmig: there is no migration "03-02"
  hint: `kfmig graph` shows what there is
[5]
$ kfmig lint --explain=drop-tables
kfmig: there is no rule "drop-tables"
  hint: `kfmig lint --rules` lists them
[5]
$ kfmig lint --explain=drop-table
\# drop-table

A table is dropped, and its rows with it. No rollback brings the rows back, and programs that name it fail at once.

**Instead:** first a release that no longer reads it, then a migration that declares class: C or risk: high.

| class | A | B | C | D |
|---|---|---|---|---|
| severity | error | error | warning | warning |

Servers: all that kfmig knows. Elsewhere it is squawk ban-drop-table, pgls banDropTable.

Found in:

```sql
DROP TABLE shop.orders;
```

Not in:

```sql
ALTER TABLE shop.orders ADD COLUMN done boolean;
```

To let it through, before the statement: `-- kfmig:allow drop-table REASON`. The reason stands in the receipt.
$ kfmig lint --format=dot
kfmig: `kfmig lint` cannot print this format
  hint: `kfmig help lint` lists its options
[5]
$ kfmig lint --changed-since=HEAD
kfmig: git does not say what changed since "HEAD"
  hint: name a commit that this clone has, in a project that git keeps: `git diff --merge-base HEAD` says why
[1]
$ echo '{"format": "lint_baseline.v1", "findings": 3}' >registry/lint.v1.json && kfmig lint
kfmig: registry/lint.v1.json:1:44: "findings": expected a list, found the number 3
  hint: write it as a list: [value]
[5]
$ rm registry/lint.v1.json && git init -q . && git -c user.name=a -c user.email=a@b add . && git -c user.name=a -c user.email=a@b commit -qm a && kfmig lint --changed-since=HEAD
0 files, 0 statements: 0 errors, 0 warnings, 0 notes
$ echo 'DROP VIEW shop.v;' >>migrations/postgis/PG-MIG-2026-03-02-01/forward.sql && kfmig lint --changed-since=HEAD
migrations/postgis/PG-MIG-2026-03-02-01/forward.sql:1:1: warning: class-undeclared: nothing declares class C, and it drops what is there
    1 | CREATE INDEX CONCURRENTLY orders_at ON shop.orders (created_at);
      | ^~~~~~
      instead: class: C in migration.yml, -- Risk: high in a flat file
1 file, 2 statements: 0 errors, 1 warning, 1 note (-v shows all)
$ kfmig lint --changed-since=--output=x
kfmig: git does not say what changed since "--output=x"
  hint: name a commit that this clone has, in a project that git keeps: `git diff --merge-base --output=x` says why
[1]
$ echo "SELECT 'x;" >>migrations/postgis/PG-MIG-2026-03-02-01/forward.sql && kfmig lint
kfmig: migrations/postgis/PG-MIG-2026-03-02-01/forward.sql:3:8: unterminated quoted string
3 | SELECT 'x;
  |        ^
  hint: close it; until then nobody can tell where the statement ends
[5]

# The pages of the rules are what the table says.
$ "$KFMIG_SRC/src/tool/lint_pages.sh" "$KFMIG" "$PWD/pages" && diff -r pages "$KFMIG_SRC/docs/lint" && ls pages | wc -l
138
