# The command line: what is refused, and how that is said. No server is needed.

$ kfmig init >init.out && kfmig new one >/dev/null
$ kfmig
kfmig: no command given
  hint: `kfmig help` lists all commands
[5]
$ kfmig biuld
kfmig: unknown command "biuld"
  hint: did you mean `kfmig build`?
[5]
$ kfmig frobnicate
kfmig: unknown command "frobnicate"
  hint: `kfmig help` lists all commands
[5]
$ kfmig build --stpes=1
kfmig: unknown option "--stpes"
  hint: did you mean --steps?
[5]
$ kfmig build --steps
kfmig: --steps needs N
  hint: `kfmig help build` lists its options
[5]
$ kfmig build --steps=one
kfmig: --steps wants a whole number, not "one"
  hint: `kfmig help build` lists its options
[5]
$ kfmig build --steps=-1
kfmig: --steps wants a whole number, not "-1"
  hint: `kfmig help build` lists its options
[5]
$ kfmig build --dry-run=yes
kfmig: --dry-run takes no value
  hint: `kfmig help build` lists its options
[5]
$ kfmig build --lock-wait=soon
kfmig: --lock-wait wants a time: 30s, 10m, 1h, 0, not "soon"
  hint: `kfmig help build` lists its options
[5]
$ kfmig build --plan=
kfmig: --plan wants text that is not empty, not ""
  hint: `kfmig help build` lists its options
[5]
$ kfmig build -Z
kfmig: unknown option "-Z"
  hint: `kfmig help build` lists its options
[5]
$ kfmig plan --format=xml
kfmig: --format wants text, json, markdown, dot, junit, sarif or github, not "xml"
  hint: `kfmig help plan` lists its options
[5]
$ kfmig status --format=dot
kfmig: `kfmig status` cannot print this format
  hint: `kfmig help status` lists its options
[5]
$ kfmig status --steps=1
kfmig: `kfmig status` does not take --steps
  hint: `kfmig help status` lists its options
[5]
$ kfmig --json
{"error":{"code":"config","hint":"`kfmig help` lists all commands","message":"no command given","sqlstate":null,"where":null}}
{"error":{"code":"config","hint":"`kfmig help` lists all commands","message":"no command given","sqlstate":null,"where":null}}
[5]
$ kfmig --steps=1 build
kfmig: --steps stands before the command
  hint: write it after the command
[5]
$ kfmig build nowhere
kfmig: no target "nowhere"
  hint: `kfmig status` lists all targets
[5]
$ kfmig plan dev nothing
kfmig: no target "nothing"
  hint: `kfmig status` lists all targets
[5]
$ kfmig why
kfmig: registry/environments.v1.yml:3:3: environment "dev" takes its connection from DATABASE_URL, which is not set
  hint: set it to a connection string, e.g. export DATABASE_URL=postgresql://USER@HOST/DATABASE
[5]
$ kfmig receipt frame
kfmig: receipt knows no "frame"
  hint: kfmig receipt list, show, verify, export, text or key
[5]
$ kfmig receipt show
kfmig: `kfmig receipt show` needs one run id, ledger sequence or migration
  hint: `kfmig receipt list` shows them
[5]
$ kfmig env frame
kfmig: env knows no "frame"
  hint: kfmig env list, start, stop or psql
[5]
$ kfmig env start
kfmig: environment "dev" is no embedded server
  hint: kfmig starts and stops only its own server
[5]

# Where the connection should come from, and does not.
$ unset DATABASE_URL; kfmig build
kfmig: registry/environments.v1.yml:3:3: environment "dev" takes its connection from DATABASE_URL, which is not set
  hint: set it to a connection string, e.g. export DATABASE_URL=postgresql://USER@HOST/DATABASE
[5]
$ kfmig build --json
{"error":{"code":"config","hint":"set it to a connection string, e.g. export DATABASE_URL=postgresql://USER@HOST/DATABASE","message":"environment \"dev\" takes its connection from DATABASE_URL, which is not set","sqlstate":null,"where":"registry/environments.v1.yml:3:3"}}
{"error":{"code":"config","hint":"set it to a connection string, e.g. export DATABASE_URL=postgresql://USER@HOST/DATABASE","message":"environment \"dev\" takes its connection from DATABASE_URL, which is not set","sqlstate":null,"where":"registry/environments.v1.yml:3:3"}}
[5]
$ kfmig plan
kfmig: registry/environments.v1.yml:3:3: environment "dev" takes its connection from DATABASE_URL, which is not set
  hint: set it to a connection string, e.g. export DATABASE_URL=postgresql://USER@HOST/DATABASE
[5]
$ kfmig status
kfmig: registry/environments.v1.yml:3:3: environment "dev" takes its connection from DATABASE_URL, which is not set
  hint: set it to a connection string, e.g. export DATABASE_URL=postgresql://USER@HOST/DATABASE
[5]
$ DATABASE_URL=nonsense kfmig build
kfmig: the connection string has a word without "="
  hint: write postgresql://USER@HOST:PORT/DATABASE or keyword=value pairs, with '' around a value that holds blanks
[5]
$ DATABASE_URL='host=/nonexistent user=u dbname=d' kfmig build
kfmig: no server at the local socket, port 5432
  hint: start the server, or name its host
[1]
$ DATABASE_URL='host=/nonexistent user=u dbname=d' kfmig plan
dev: 1 blocked
dev could not be asked: no server at the local socket, port 5432
  hint: start the server, or name its host
plan sha256:* (glob)
1 migration blocked; `kfmig why dev/PG-MIG-2026-03-02-01` says what to do
[1]
$ DATABASE_URL='host=/nonexistent user=u dbname=d' kfmig status --json | jq -c '.targets[] | [.target, .state, .reasons[0].code]'
["PG-MIG-2026-03-02-01@declaration","current","current"]
["dev/PG-MIG-2026-03-02-01@pre","blocked","store_unreachable"]
["dev/PG-MIG-2026-03-02-01@apply","blocked","store_unreachable"]
["dev/PG-MIG-2026-03-02-01@post","blocked","store_unreachable"]
["dev/PG-MIG-2026-03-02-01@diff","blocked","store_unreachable"]
["dev/PG-MIG-2026-03-02-01@invariants","blocked","store_unreachable"]
["dev/PG-MIG-2026-03-02-01@receipt","blocked","store_unreachable"]
$ DATABASE_URL='host=/nonexistent user=u dbname=d' kfmig why 02-01
dev/PG-MIG-2026-03-02-01@apply is blocked

dev/PG-MIG-2026-03-02-01@apply <- store postgis of dev
  store_unreachable: the store could not be asked
  detail    no server at the local socket, port 5432
  next: start the server or correct its dsn_ref, then ask again
$ DATABASE_URL='host=/nonexistent user=u dbname=d' kfmig graph --format=dot
digraph kfmig {
  rankdir=LR;
  node [shape=box];
  "dev/PG-MIG-2026-03-02-01@apply" [color=red, tooltip="blocked"];
}

# Options may stand anywhere after the command, letters together, -- ends them.
$ DATABASE_URL='host=/nonexistent user=u dbname=d' kfmig plan -qv dev -- PG-MIG-2026-03-02-01 >/dev/null
[1]
$ kfmig plan -- --json
kfmig: no target "--json"
  hint: `kfmig status` lists all targets
[5]
$ mkdir -p deep/er && cd deep/er && kfmig check -C ../..
1 migration checked: no faults
