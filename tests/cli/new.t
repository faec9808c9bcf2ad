# kfmig new: a bundle, empty or from SQL, with scope and limits as tight as the SQL allows.

$ mkdir project && cd project && kfmig init >../init.out && kfmig new add a column to parcels
made migrations/postgis/PG-MIG-2026-03-02-01: migration.yml forward.sql rollback.sql notes.md
next: write forward.sql and rollback.sql, `kfmig check`, `kfmig plan`, `kfmig build`
$ find migrations -type f | sort
migrations/postgis/PG-MIG-2026-03-02-01/forward.sql
migrations/postgis/PG-MIG-2026-03-02-01/migration.yml
migrations/postgis/PG-MIG-2026-03-02-01/notes.md
migrations/postgis/PG-MIG-2026-03-02-01/rollback.sql
$ cat migrations/postgis/PG-MIG-2026-03-02-01/migration.yml
migration_id: PG-MIG-2026-03-02-01
type: postgis
intent: "add a column to parcels"

scope:
  allowed_schemas:
    - public

limits: {}
  # max_table_count_touched: `kfmig scope PG-MIG-2026-03-02-01` reads it off the files
  # max_index_count_delta: `kfmig scope PG-MIG-2026-03-02-01` reads it off the files
  # max_row_backfill: `kfmig scope PG-MIG-2026-03-02-01` reads it off the files

requires_rollback: true

approvals:
  required_reviewers:
    - TBD
  change_class: schema-only

runner:
  tool: native

artifacts:
  forward:
    - forward.sql
  rollback:
    - rollback.sql
$ cat migrations/postgis/PG-MIG-2026-03-02-01/forward.sql migrations/postgis/PG-MIG-2026-03-02-01/notes.md
-- add a column to parcels
\# add a column to parcels

Why now:

Risk, and what to watch:

After a rollback, check:
$ cat registry/migrations.v1.json
{
  "migrations": [
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
1 migration checked: no faults

# From a file: scope, limits and rollback come from its statements.
$ cat >parcels.sql <<END
> CREATE SCHEMA land;
> CREATE TABLE land.parcel (id bigint PRIMARY KEY, owner text NOT NULL);
> CREATE INDEX parcel_owner ON land.parcel (owner);
> INSERT INTO land.parcel VALUES (1, 'a'), (2, 'b');
> COMMENT ON TABLE land.parcel IS 'parcels';
> END
$ kfmig new --from=parcels.sql
made migrations/postgis/PG-MIG-2026-03-02-02: migration.yml forward.sql rollback.sql notes.md
next: `kfmig check`, `kfmig plan`, `kfmig build`
$ cat migrations/postgis/PG-MIG-2026-03-02-02/migration.yml
migration_id: PG-MIG-2026-03-02-02
type: postgis
intent: "parcels.sql"

scope:
  allowed_schemas:
    - land
  allowed_tables:
    - land.parcel

limits:
  max_table_count_touched: 1
  max_index_count_delta: 2
  max_row_backfill: 2

requires_rollback: true

approvals:
  required_reviewers:
    - TBD
  change_class: schema-only

runner:
  tool: native

artifacts:
  forward:
    - forward.sql
  rollback:
    - rollback.sql
$ cmp parcels.sql migrations/postgis/PG-MIG-2026-03-02-02/forward.sql
$ cat migrations/postgis/PG-MIG-2026-03-02-02/rollback.sql
-- Undoes the migration, last statement first. Made from its text by `kfmig new`: read it before you rely on it.
DROP TABLE land.parcel;
DROP SCHEMA land;
$ kfmig check
2 migrations checked: no faults

# What cannot be undone mechanically is marked.
$ cat >drop.sql <<END
> DELETE FROM land.parcel WHERE id = 1;
> ALTER TABLE land.parcel DROP COLUMN owner;
> END
$ kfmig new --from=drop.sql remove the owner
kfmig: warning: the rollback: 2 statements must be undone by hand, look for BY HAND
made migrations/postgis/PG-MIG-2026-03-02-03: migration.yml forward.sql rollback.sql notes.md
next: finish rollback.sql, `kfmig check`, `kfmig plan`, `kfmig build`
$ cat migrations/postgis/PG-MIG-2026-03-02-03/rollback.sql
-- Undoes the migration, last statement first. Made from its text by `kfmig new`: read it before you rely on it.
-- BY HAND: forward.sql:2 (ALTER TABLE) has no inverse that can be read off its text; write it here
-- BY HAND: forward.sql:1 (DELETE) has no inverse that can be read off its text; write it here
$ kfmig new --from=drop.sql --json
kfmig: warning: the rollback: 2 statements must be undone by hand, look for BY HAND
{"dir":"migrations/postgis/PG-MIG-2026-03-02-04","migration_id":"PG-MIG-2026-03-02-04"}

# Refused.
$ kfmig new --from=nothing.sql
kfmig: no file "nothing.sql"
[5]
$ printf 'SELECT 1;\nSELECT (' >broken.sql && kfmig new --from=broken.sql
broken.sql:2:9: error: a syntax error in the statement of line 2
  hint: correct it; if it is right and only a newer server knows it, say so with a line "-- kfmig:allow-unparsed"
1 fault
kfmig: broken.sql cannot become a migration as it is
  hint: nothing was made; mend what is named above
[5]
$ printf -- '-- kfmig:allow-unparsed\nREPACK land.parcel;' >newer.sql && kfmig new --from=newer.sql
kfmig: warning: the rollback: 1 statement must be undone by hand, look for BY HAND
kfmig: warning: forward.sql:2: what this does cannot be read off its text; scope and limits may be too tight
made migrations/postgis/PG-MIG-2026-03-02-05: migration.yml forward.sql rollback.sql notes.md
next: finish rollback.sql, `kfmig check`, `kfmig plan`, `kfmig build`
$ grep change_class migrations/postgis/PG-MIG-2026-03-02-05/migration.yml
  change_class: breaking

# What pg_dump writes for psql.
$ printf '\\restrict AbC\nSET statement_timeout = 0;\nCREATE TABLE public.sp (id int);\n\\unrestrict AbC\n' >dump.sql && kfmig new --from=dump.sql
made migrations/postgis/PG-MIG-2026-03-02-06: migration.yml forward.sql rollback.sql notes.md
next: `kfmig check`, `kfmig plan`, `kfmig build`
$ cat migrations/postgis/PG-MIG-2026-03-02-06/rollback.sql
-- Undoes the migration, last statement first. Made from its text by `kfmig new`: read it before you rely on it.
DROP TABLE public.sp;

$ printf "SELECT 'no end" >open.sql && kfmig new --from=open.sql
open.sql:1:8: error: unterminated quoted string
  hint: close it; until then nobody can tell where the statement ends
1 fault
kfmig: open.sql cannot become a migration as it is
  hint: nothing was made; mend what is named above
[5]
$ printf 'CREATE INDEX CONCURRENTLY i ON land.parcel (id);' >concurrently.sql && kfmig new --from=concurrently.sql
made migrations/postgis/PG-MIG-2026-03-02-07: migration.yml forward.sql rollback.sql notes.md
next: `kfmig check`, `kfmig plan`, `kfmig build`
$ cat migrations/postgis/PG-MIG-2026-03-02-07/rollback.sql
-- Undoes the migration, last statement first. Made from its text by `kfmig new`: read it before you rely on it.
DROP INDEX CONCURRENTLY land.i;
$ printf 'CREATE INDEX CONCURRENTLY ON land.parcel (id);' >concurrently.sql && kfmig new --from=concurrently.sql
concurrently.sql:1:1: error: CREATE INDEX: an index without a name could not be told apart after a crash
  hint: give it a name: CREATE INDEX CONCURRENTLY name ON ...
1 fault
kfmig: concurrently.sql cannot become a migration as it is
  hint: nothing was made; mend what is named above
[5]
$ printf 'CREATE DATABASE d;' >alone.sql && kfmig new --from=alone.sql
alone.sql:1:1: error: CREATE DATABASE: PostgreSQL runs it outside of transaction blocks only
  hint: kfmig does not run it: leave it out of the bundle, and run it by hand
1 fault
kfmig: alone.sql cannot become a migration as it is
  hint: nothing was made; mend what is named above
[5]
$ mkdir ../no-project && cd ../no-project && kfmig new
kfmig: no project here: neither "." nor a folder above it has registry/environments.v1.yml or migrations/
  hint: change to the project's directory, or make one with `kfmig init`
[5]

# A flat migration: its file is named, and the line in it.
$ mkdir ../flat && cd ../flat && kfmig init --layout=numbered >init.out && printf 'CREATE SCHEMA a;\nCREATE TABLE a.t (id int);\nDO $$ BEGIN END $$;\nGRANT SELECT ON a.t TO joe;\n' >a.sql && kfmig new --from=a.sql make a
kfmig: warning: migrations/postgis/0000__make_a.sql:8: roles that must be there before: joe; `kfmig plan` looks
kfmig: warning: the rollback: 1 statement must be undone by hand, look for BY HAND
kfmig: warning: migrations/postgis/0000__make_a.sql:7: what this does cannot be read off its text; scope and limits may be too tight
made migrations/postgis/0000__make_a.sql migrations/postgis/down/0000__make_a.down.sql
next: finish what undoes it, `kfmig check`, `kfmig plan`, `kfmig build`
$ sed -n '7p;8p' migrations/postgis/0000__make_a.sql
DO $$ BEGIN END $$;
GRANT SELECT ON a.t TO joe;
$ kfmig new more
made migrations/postgis/0010__more.sql migrations/postgis/down/0010__more.down.sql
next: write them, `kfmig check`, `kfmig plan`, `kfmig build`
