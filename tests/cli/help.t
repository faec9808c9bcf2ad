# Help and the version, from the tables of commands and options.

$ kfmig --version
kfmig 0.1.0
$ kfmig help
kfmig: make for migrations

usage: kfmig COMMAND [ENV] [TARGET...] [options]

  build      Converge an environment: plan, then run what is stale.
  plan       Show what build would do, and why.
  why        Explain the state of a target, down to the root cause.
  status     Show every target, its state and its last receipt.
  graph      Show what depends on what.
  diff       Show what differs between a database and its ledger.
  check      Find all faults of the project, without a database.
  init       Make a project.
  new        Make a migration.
  scope      Write a migration's scope and limits anew.
  rename     Give a migration another id.
  reset      Make the database of an unprotected environment anew, and build
             it.
  adopt      Accept a database as it stands as the starting point, with a
             receipt.
  env        Environments; the embedded server; a psql session in one.
  receipt    List, show, verify and export the receipts of a ledger.
  dataset    List, show and verify dataset versions and their catalogs.
  rebuild    Make projections again from catalogs and artifacts alone.
  switch     List the generations of a projection, or publish a kept one.
  gc         Drop generations of projections that nothing needs.
  help       Explain a command.

A TARGET is ENV/ID@STAGE; a part of it that fits only one is enough.
`kfmig help COMMAND` explains a command.

options for every command:
  -C, --project=DIR        work on the project in DIR instead of the current
                           directory
      --json               print JSON; the same as --format=json
      --format=FORMAT      print text, json, markdown (plan) or dot (graph)
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
      --steps=N            run at most N migrations; 0: run nothing
      --plan=DIGEST        run exactly the plan with this digest, or nothing
      --apply              run in a protected environment without asking
  -k, --keep-going         after a failure go on with what does not depend on
                           it
      --lock-wait=TIME     wait this long for another run to end: 30s, 10m
                           (default), 0
      --progress=FORMAT    tell what happens on stderr as text, or json: one
                           object a line

options for every command:
  -C, --project=DIR        work on the project in DIR instead of the current
                           directory
      --json               print JSON; the same as --format=json
      --format=FORMAT      print text, json, markdown (plan) or dot (graph)
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
usage: kfmig receipt list|show|verify|export|text [ENV] [ID] [options]

Every run that touched or tried to touch a database left a receipt in its
ledger.

list prints one line per ledger entry. show prints receipts as JSON, checked
against the digest in the ledger; the beginning of a run id is enough; with
--canonical the bytes that were hashed, for sha256sum.

verify recomputes the digest of every receipt and of every text and baseline
that receipts name, the tree over all entries and the root before each,
compares columns with texts and definitions with fingerprints, looks for guards
that are missing and triggers that are not kfmig's, and compares exported files
with their receipts. It prints one line per finding and exits with 8 if there
is any. docs/verify.sh does the same without kfmig; docs/audit.md says how each
digest is made.

export writes baselines, diffs and receipts of what is applied into the
bundles, or below DIR with --to. The bytes are those that were hashed:
sha256sum of a file gives the digest in the receipt.

text prints the files of a migration that is applied, as the ledger has them;
with --write it puts them into the bundle, which it makes where it is gone.
Notes are not in the ledger.

options:
      --to=DIR             write below DIR instead of into the bundles
      --write              write the files into the bundle
      --canonical          the bytes that were hashed, and nothing else

options for every command:
  -C, --project=DIR        work on the project in DIR instead of the current
                           directory
      --json               print JSON; the same as --format=json
      --format=FORMAT      print text, json, markdown (plan) or dot (graph)
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
  kfmig receipt text dev PG-MIG-2026-02-28-01 --write
      its files as they were when it was applied
  kfmig receipt export prod --to=evidence
      receipts, baselines and diffs as files
$ kfmig help nothing
kfmig: no command "nothing"
  hint: `kfmig help` lists all commands
[5]
$ kfmig help biuld
kfmig: no command "biuld"
  hint: `kfmig help` lists all commands
[5]
$ kfmig help --man build | head -5
.\" Made by `kfmig help --man`; do not edit.
.TH KFMIG\-BUILD 1 "" "kfmig 0.1.0" "kfmig manual"
.SH NAME
kfmig\-build \- converge an environment: plan, then run what is stale
.SH SYNOPSIS
