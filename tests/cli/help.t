# Help and the version, from the tables of commands and options.

$ kfmig --version | sed 's/PostgreSQL [0-9]*/PostgreSQL N/'
kfmig 0.1.0, which reads SQL as PostgreSQL N does
$ kfmig help
kfmig: make for migrations

usage: kfmig COMMAND [ENV] [TARGET...] [options]

  build        Converge an environment: plan, then run what is stale.
  plan         Show what build would do, and why.
  why          Explain the state of a target, down to the root cause.
  status       Show every target, its state and its last receipt.
  promote      Show what an environment lacks of those it requires.
  graph        Show what depends on what.
  diff         Show what differs from the ledger, or between environments.
  check        Find all faults of the project, without a database.
  lint         Find what is dangerous about migrations, without a database.
  init         Make a project.
  new          Make a migration.
  scope        Write a migration's scope and limits anew.
  rename       Give a migration another id.
  reset        Make the database of an unprotected environment anew, and build
               it.
  approve      Sign a migration's bundle, a projection's generation or a plan.
  rollback     Take migrations back, and prove that everything is as it was
               before.
  adopt        Accept a database as it stands as the starting point, with a
               receipt.
  env          Environments; the embedded server; a psql session in one.
  receipt      List, show, verify and export the receipts of a ledger.
  dataset      List, show and verify dataset versions and their catalogs.
  rebuild      Make projections again from catalogs and artifacts alone.
  switch       List the generations of a projection, or publish a kept one.
  gc           Drop generations of projections that nothing needs.
  test         Prove migrations on throwaway databases: up, down and up again.
  preflight    Look whether an environment may be changed now.
  postflight   Look whether all is well after an environment was changed.
  backup       Back up an environment, or try whether a backup can be restored.
  resolve      Settle by hand what no machine can know, with a receipt.
  wait         Wait until the server of an environment answers.
  dump         Print the definitions of what stands in an environment, for
               comparing.
  deployed     Record that an application's deployment is out, with a receipt.
  migrate-safe The script interface of the migration safety runbook, on
               DATABASE_URL.
  help         Explain a command, or a file that people write.

A TARGET is ENV/ID@STAGE; a part of it that fits only one is enough.
`kfmig help COMMAND` explains a command.

options for every command:
  -C, --project=DIR        work on the project in DIR instead of the current
                           directory
      --json               print JSON; the same as --format=json
      --format=FORMAT      print text, json, markdown (plan), dot (graph),
                           junit (test, lint), sarif or github (lint)
  -q, --quiet              print no progress
  -v, --verbose            print more
      --show-server-text   on a terminal, show server messages that may quote
                           row data
      --no-color           print no colour; the same as NO_COLOR=1
  -h, --help               print help
      --version            print the version

exit status:
  0          done
  1          preflight failed or blocked; also: stale plan digest, not
             promoted, wrong database, unreachable, lint findings of check
  2          a migration failed and was rolled back
  3          postflight or validation failed
  4          a rollback failed
  5          configuration or usage error; also faults found by check
  6          outcome in doubt
  7          lock held by another run
  8          integrity: ledger, receipt or key altered
  9          a secret or restricted value was about to be written
  10         differences found (--exit-code)
  70         internal error
  130, 143   interrupted, terminated
$ kfmig --help | cmp - <(kfmig help)
$ kfmig help build
usage: kfmig build [ENV] [TARGET...] [options]

Makes the plan, takes the environment's lock, makes the plan again under it and
applies each migration that is not applied yet in one guarded transaction:
statements, then everything the transaction did is observed and compared with
scope, limits, protected domains and invariants; only then COMMIT. Whatever
fails rolls back and leaves a failed receipt. Evidence is exported where the
environment wants it.

With a blocked target nothing runs unless -k is given. A protected environment
shows the plan and asks on a terminal; elsewhere it needs --apply. With nothing
to do nothing is written, but for receipts that the sink lacks.

options:
  -n, --dry-run            show the plan and run nothing
      --steps=N            run at most N migrations; 0: run nothing; rollback:
                           the last N (1)
      --plan=DIGEST        run exactly the plan with this digest, or nothing
      --apply              run in a protected environment without asking;
                           migrate-safe: run what is pending
  -k, --keep-going         after a failure go on with what does not depend on
                           it
      --prune              drop what definitions made whose files are gone
      --skip-backup        make no backup first; receipts name it
      --force              let windows, freezes and the checklist through;
                           receipts name them
      --key=FILE           the SSH key to sign with: private, or the .pub file
                           of one that an agent or a token holds (default:
                           KFMIG_KEY)
      --intent=TEXT        what the run is for, for its receipts
      --pr=TEXT            the pull request that it belongs to
      --links=LINKS        where more is said: "NAME=URL NAME=URL"
      --notes=TEXT         what else the receipts shall say
  -j, --jobs=N             how many sessions fill and prove a projection at
                           once (default: one per processor, at most 8; one for
                           artifacts under 8 MiB); test: how many databases are
                           worked on (at most 4)
      --lock-wait=TIME     wait this long for another run to end (default 10m),
                           and for what others have locked and is to be read
                           (30s)
      --progress=FORMAT    tell what happens on stderr as text, or json: one
                           object a line

options for every command:
  -C, --project=DIR        work on the project in DIR instead of the current
                           directory
      --json               print JSON; the same as --format=json
      --format=FORMAT      print text, json, markdown (plan), dot (graph),
                           junit (test, lint), sarif or github (lint)
  -q, --quiet              print no progress
  -v, --verbose            print more
      --show-server-text   on a terminal, show server messages that may quote
                           row data
      --no-color           print no colour; the same as NO_COLOR=1
  -h, --help               print help
      --version            print the version

examples:
  kfmig build dev
      apply what is not applied yet
  kfmig build dev PG-MIG-2026-02-28-01
      only this migration and what it needs
  kfmig build prod --apply --plan=sha256:...
      run exactly the plan that was reviewed
$ kfmig build --help | cmp - <(kfmig help build)
$ kfmig plan -h | head -3
usage: kfmig plan [ENV] [TARGET...] [options]

Shows which migrations build would apply, which evidence it would export, and
$ for c in build plan why status graph check init new adopt env receipt help; do kfmig help $c >/dev/null || echo $c; done
$ kfmig help receipt
usage: kfmig receipt list|show|verify|export|text|key [ENV] [ID] [options]

Every run that touched or tried to touch a database left a receipt in its
ledger.

list prints one line per ledger entry. show prints receipts as JSON, checked
against the digest in the ledger; the beginning of a run id is enough; with
--canonical the bytes that were hashed, for sha256sum, with --shape as others
read them: prov (W3C PROV-O as JSON-LD), runbook and ci (docs/receipts.md).

verify recomputes the digest of every receipt and of every text and baseline
that receipts name, checksums, bundle digests and generation digests from what
receipts say that they are made of, the tree over all entries and the root
before each, compares columns with texts and definitions with fingerprints,
looks for guards that are missing and triggers that are not kfmig's, and
compares exported files with their receipts, and documents with their schemas.
It prints one line per finding and exits with 8 if there is any; a ledger that
is shorter than it was, or forked, is one. docs/verify.sh does the same without
kfmig; docs/audit.md says how each digest is made. Where the environment
declares attestations it looks at what is signed in the receipt sink, too; with
--offline at nothing else, and asks no database (docs/attestations.md).

export writes baselines, diffs and receipts of what is applied into the
bundles, or below DIR with --to. The bytes are those that were hashed:
sha256sum of a file gives the digest in the receipt. With --shape each receipt
stands beside it in that shape, too.

text prints the files of a migration that is applied, as the ledger has them;
with --write it puts them into the bundle, which it makes where it is gone.
Notes are not in the ledger.

key prints the row of registry/keys.v1.json for the key that runs of ENV are
signed with.

options:
      --to=DIR|ID          write below DIR instead of into the bundles;
                           rollback: what was applied after ID
      --write              write the files into the bundle
      --canonical          the bytes that were hashed, and nothing else
      --shape=SHAPE        receipts as others read them: prov, runbook or ci
      --offline            look at the files of the receipt sink alone, and ask
                           no database

options for every command:
  -C, --project=DIR        work on the project in DIR instead of the current
                           directory
      --json               print JSON; the same as --format=json
      --format=FORMAT      print text, json, markdown (plan), dot (graph),
                           junit (test, lint), sarif or github (lint)
  -q, --quiet              print no progress
  -v, --verbose            print more
      --show-server-text   on a terminal, show server messages that may quote
                           row data
      --no-color           print no colour; the same as NO_COLOR=1
  -h, --help               print help
      --version            print the version

examples:
  kfmig receipt list prod
      every entry of the ledger of prod, oldest first
  kfmig receipt show prod PG-MIG-2026-02-28-01
      the last receipt of that migration
  kfmig receipt verify prod
      recompute every digest and the tree over them
  kfmig receipt verify prod --offline
      the same of the signed receipts in the sink, without a database
  kfmig receipt text dev PG-MIG-2026-02-28-01 --write
      its files as they were when it was applied
  kfmig receipt export prod --to=evidence
      receipts, baselines and diffs as files
  kfmig receipt show prod PG-MIG-2026-02-28-01 --shape=prov
      where it came from, for readers of W3C PROV
$ kfmig help nothing
kfmig: no command "nothing"
  hint: `kfmig help` lists all commands; migration.yml, environments, projection and secrets are explained, too
[5]
$ kfmig help biuld
kfmig: no command "biuld"
  hint: `kfmig help` lists all commands; migration.yml, environments, projection and secrets are explained, too
[5]
$ kfmig help --man build | head -5
.\" Made by `kfmig help --man`; do not edit.
.TH KFMIG\-BUILD 1 "" "kfmig 0.1.0" "kfmig manual"
.SH NAME
kfmig\-build \- converge an environment: plan, then run what is stale
.SH SYNOPSIS

# What people write by hand is explained from the schemas that it is checked by.
$ kfmig help migration.yml
One migration: what it may touch, how much, how it is undone, who reviews it.
    File: migrations/TYPE/ID/migration.yml.

  migration_id (required): the id is the name of the bundle's folder, and is
      never used again: PG-MIG-2026-02-28-01
  type (required): the store that it changes (postgis, search, graph, other,
      ...); also the name of the folder that its bundle stands in
  intent (required): say in one sentence what it changes and why
  owner: who answers for it; TBD is told by `kfmig check` and refused in
      protected environments
  ticket: the issue or decision that asked for it, in quotes where it begins
      with #; TBD as for owner
  risk: low | medium | high: how much can go wrong
  class: A | B | C | D: what kind of change it is: A adds, B writes rows, C
      breaks what is there, D rebuilds
  rollout: safe | requires-maintenance-window: whether it may run at any time,
      or only in a window of its environment
  depends_on: list the ids that must run first; [] for none; leave it out to
      run after the previous id of the same folder
  scope (required): where it may act; what is not allowed is refused before
      COMMIT
    allowed_schemas: list the schemas in which it may create, change and drop
    allowed_tables: list the tables that it may touch: table, or schema.table
    forbidden_schemas: list the schemas that it may not even read
    forbidden_tables: list the tables that it may not even read: table, or
        schema.table
    references: list the tables out of scope that foreign keys may refer to:
        table, or schema.table
    allowed_extensions: list the extensions that it may create, change and drop
    allowed_global: list what it may touch outside schemas: a kind
        (publication), or one of them (role:kfm_reader)
  limits (required): how much it may touch; what is not limited is counted only
    max_table_count_touched: tables created, changed, dropped or written, at
        most
    max_index_count_delta: indexes added and dropped, at most
    max_row_backfill: rows inserted, updated and deleted, at most
  requires_rollback (required): true: rollback files are there; false: notes
      and approvals.reference say why there are none
  rebuilds: list the repeatable definitions upon what it changes: they are
      dropped before it and made again behind it, in the same transaction
  variables: list the environment's variables that its files hold as ${NAME}
  rebuild: chain | after-load: when it runs inside a rebuilt projection: chain,
      on empty tables; or after-load
  idempotent: run over itself it changes nothing: kfmig test tries that;
      default false
  requires_deploy: the deployment that it waits for; `kfmig deployed ENV TAG`
      records one. Letters, digits, '.', '_', '+', '/', ':', '@' and '-', at
      most 100
  timeouts: how long to wait, e.g. {lock: 5s, statement: 10min, idle: 60s}
    lock: how long one statement waits for a lock: 5s (default), 500ms, 1min
    statement: how long one statement may run: 30s, 2h; 0 (default) for as long
        as it takes
    idle: when the server ends a transaction that hears nothing from kfmig: 60s
        (default)
  lock_retries: how often a run that could not get its locks is tried again: 0
      to 100
  approvals (required): who must agree, e.g. {required_reviewers:
      [kfm-platform], change_class: schema-only}
    required_reviewers: list the people or teams who must review it
    change_class: the label by which approvals are routed: schema-only,
        backfill, governance-critical
    reference: where the approval was given: an issue, ADR or decision record
  runner (required): how it is run: {tool: native}
    tool (required): native | psql | command: native: kfmig runs the files
        itself; psql: the same, with psql's :variables and those of its
        commands of which the text says what they do; command: a program,
        unobserved: no gate stands before its COMMIT
    command: of tool command: the program and its arguments, divided by blanks,
        no shell: psql -X -f forward.sql; native and psql ignore it
    probe: of a store whose migrations are programs: the probe that says what
        stands there, a program of the environment's folder of probes: site
    apply: of such a store: the program and its arguments, divided by blanks,
        no shell: ./publish.sh --all
    rollback: of such a store: the program that undoes it; the probe proves it,
        which has to say what it said before
    expect: of such a store: what the probe says once it is applied; a run that
        was killed is then known to be done
    environment: list the names of the environment variables that hold secrets,
        never their values; a command is not run without them
    time_limit: of tool command: how long it may run before it is ended: 10min
        (default)
  backfill: one statement over a table's rows, a range of its key at a time,
      behind the forward files
    table (required): the table whose rows it goes over: schema.name
    key (required): the columns of a unique index of that table, in its order,
        none of them null: [id]
    statement (required): UPDATE, INSERT, DELETE or MERGE with KEY > :from AND
        KEY <= :to in its WHERE
    rows: rows of a batch, at most: 5000 (default)
    pause: how long to wait between two batches: 100ms, 1s; 0 (default) not at
        all
    bound: how far it goes: start, the greatest key that there is when it
        begins (default); end, as long as there are rows; or the values of the
        last key
    verify: one query that has to return no row once all batches are done
    thresholds: what slows it down: {replication_lag: 10s, lock_waits: 0}
      replication_lag: it waits while a replica is farther behind: 10s
          (default)
      lock_waits: batches become smaller where more sessions wait for one: 0
          (default)
  artifacts (required): the files of the bundle, at least {forward:
      [forward.sql]} where there is no backfill
    forward: list the files that make the change, in order: [forward.sql]
    rollback: list the files that undo it, in order: [rollback.sql]
    invariants: list the checks, each of which must return no row; without the
        key they are invariants/*.sql
    notes: the file with risks and review notes; without the key it is notes.md
    baselines: where the state before and after is exported
      pre: baselines/pre.json: kfmig writes it to baselines/pre.json
      post: baselines/post.json: kfmig writes it to baselines/post.json
    diffs: where the observed changes are exported
      summary: diffs/summary.json: kfmig writes it to diffs/summary.json
      touched: diffs/touched.csv: kfmig writes it to diffs/touched.csv
$ kfmig help environments | sed -n 1,12p
Where migrations run, in what order they are promoted, and what nobody may
    touch. File: registry/environments.v1.yml.

  data_roots: list the folders with dataset catalogs, relative to the project:
      [registry/data]
  policy: what holds in all environments: {protected: {schemas: [governance]}}
    protected: the protected domains: schemas, tables, roles
      schemas: list the schemas whose existing objects may not change
      tables: list the tables that may not change: table, or schema.table
      roles: list the roles that may not change
  environments (required): map each environment's name to what it is: {dev:
      {stores: {postgis: {server: embedded}}}}
$ kfmig help projection | head -12
A schema that is rebuilt from pinned dataset versions. File:
    registry/projections/NAME.yml.

  projection (required): the projection's name is the name of its file without
      .yml: lower-case letters, digits and '_', beginning with a letter
  store (required): postgis: the store that it stands in; a projection can be
      built in postgis
  schema (required): name the schema that belongs to the projection with
      everything in it
  environments: list the environments that it is for; leave it out for all
  policy: prefer-rebuild | in-place: what a change of the schema chain does: a
      new generation, or a change in place
$ kfmig help nonsense
kfmig: no command "nonsense"
  hint: `kfmig help` lists all commands; migration.yml, environments, projection and secrets are explained, too
[5]
