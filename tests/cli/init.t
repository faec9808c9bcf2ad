# kfmig init: a project from nothing, and around what is there.

$ mkdir empty && cd empty && kfmig init
made registry/environments.v1.yml
made registry/migrations.v1.json
made migrations/postgis/
made .gitattributes
made state/.gitignore
set DATABASE_URL to the database of dev: postgresql://USER@HOST/DATABASE
next: `kfmig new --from=FILE.sql`, then `kfmig build dev`
$ find . -type f | sort
./.gitattributes
./registry/environments.v1.yml
./registry/migrations.v1.json
./state/.gitignore
$ cat registry/environments.v1.yml registry/migrations.v1.json state/.gitignore
\# Environments of this project. A dsn_ref names a variable or a file, never the connection string itself.
environments:
  dev:
    stores:
      postgis:
        dsn_ref: DATABASE_URL
default_environment: dev
{
  "version": 1,
  "migrations": []
}
*
!.gitignore

# Again: nothing is overwritten.
$ echo '# mine' >>registry/environments.v1.yml && kfmig init
kept registry/environments.v1.yml
kept registry/migrations.v1.json
kept migrations/postgis/
kept .gitattributes
kept state/.gitignore
set DATABASE_URL to the database of dev: postgresql://USER@HOST/DATABASE
next: `kfmig new --from=FILE.sql`, then `kfmig build dev`
$ tail -1 registry/environments.v1.yml
\# mine

# What it made is a valid project.
$ kfmig check
0 migrations checked: no faults
$ kfmig env list
dev          dev               approval none       evidence none     DATABASE_URL (not set)  (default)
$ kfmig status
kfmig: registry/environments.v1.yml:3:3: environment "dev" takes its connection from DATABASE_URL, which is not set
  hint: set it to a connection string, e.g. export DATABASE_URL=postgresql://USER@HOST/DATABASE
[5]
$ DATABASE_URL= kfmig build
kfmig: registry/environments.v1.yml:3:3: environment "dev" takes its connection from DATABASE_URL, which is not set
  hint: set it to a connection string, e.g. export DATABASE_URL=postgresql://USER@HOST/DATABASE
[5]

# With an embedded server, somewhere else.
$ mkdir ../other && kfmig init --embedded -C ../other && cat ../other/registry/environments.v1.yml
made registry/environments.v1.yml
made registry/migrations.v1.json
made migrations/postgis/
made .gitattributes
made state/.gitignore
next: `kfmig new --from=FILE.sql`, then `kfmig build dev`
\# Environments of this project. The server of dev is kfmig's own; it starts when it is needed.
environments:
  dev:
    stores:
      postgis:
        server: embedded
        # provision: {extensions: [postgis], roles: [app_reader]}
default_environment: dev
$ kfmig -C ../other check
0 migrations checked: no faults

# Refused.
$ kfmig init here
kfmig: `kfmig init` takes no arguments
  hint: `kfmig -C here init` makes a project there
[5]
$ kfmig init -C /nonexistent
kfmig: cannot open the directory "/nonexistent": No such file or directory
[5]
$ mkdir ../taken && mkdir -p ../taken/registry/environments.v1.yml && kfmig init -C ../taken
kfmig: "registry/environments.v1.yml" is a directory, not a regular file
  hint: put a regular file there
[5]
$ cd .. && mkdir none && kfmig plan -C none
kfmig: no project here: neither "none" nor a folder above it has registry/environments.v1.yml or migrations/
  hint: change to the project's directory, or make one with `kfmig init`
[5]
