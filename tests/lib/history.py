"""A history of migrations as projects grow them: made from a seed, each valid behind the ones before it, on PostgreSQL of a given major.

    for number, sql in enumerate(History(seed=1, major=18).migrations(2000)): ...

What stands is remembered (tables with columns, what hangs on each), so that later migrations alter, rename, move and drop what earlier ones
made. Every kind of object that an ordinary role can make; rows whose values depend on nothing but the statements. PREPARE, run once by a
superuser, gives what such a role cannot make.
"""

import random

PREPARE = """CREATE FOREIGN DATA WRAPPER history_wrapper; GRANT USAGE ON FOREIGN DATA WRAPPER history_wrapper TO {owner};"""
ROLES = ("history_reader", "history_writer")

NOUNS = ("account address alert asset audit badge batch booking branch campaign cart category channel city claim client comment contact contract country coupon course "
         "currency customer delivery device discount document driver employee event expense feature feed file fleet folder image invoice item job journal label lead lesson "
         "letter license location lot machine market media meeting member message meter model note offer owner page parcel partner payment permit person photo plan plant "
         "point policy post price product profile project purchase quote rate rating reading receipt record refund region report request reservation review role room route rule "
         "sale sample schedule score season segment sensor session shift shipment shop site slot source station stock store subscription supplier survey tag task tax team ticket "
         "tour trade transfer trip unit vehicle vendor visit voucher warehouse wallet zone").split()
WORDS = "active amount area balance body code color count cost currency depth due email flag grade height hint kind label level link mark name notes owner phone rank ratio reason score size slug sort source start state status sum title total unit url value weight width".split()
TYPES = {"integer": "0", "bigint": "0", "numeric(12,2)": "0", "text": "''", "varchar(40)": "'-'", "boolean": "false", "date": "'2026-01-01'", "timestamptz": "'2026-01-01 00:00Z'",
         "jsonb": "'{}'", "uuid": "'00000000-0000-0000-0000-000000000000'", "text[]": "'{}'", "double precision": "0", "interval": "'0'", "bytea": "''", "int4range": "'empty'"}
WIDER = {"integer": "bigint", "varchar(40)": "text", "numeric(12,2)": "numeric(18,4)", "date": "timestamp", "double precision": "numeric"}


class Table:
    """A table that stands: its columns by name, and what hangs on it."""

    def __init__(self, schema, name):
        self.schema, self.name = schema, name
        self.columns = {"id": "bigint"}
        self.pinned = {"id"}  # columns that something needs
        self.checks, self.indexes, self.triggers, self.policies, self.stats = [], [], [], [], []
        self.held = 0  # views, keys and the like that need it
        self.parted = None  # how many partitions
        self.rows = 0
        self.identity = self.deferred = False

    @property
    def full(self):
        return f"{self.schema}.{self.name}"

    def free(self):
        return [c for c in self.columns if c not in self.pinned]


class History:
    """See the module."""

    def __init__(self, seed, major):
        self.random, self.major = random.Random(seed), major
        self.schemas, self.tables, self.views, self.functions, self.enums, self.domains = [], [], [], [], [], []
        self.sequences, self.servers, self.publications, self.others, self.names = [], [], [], [], set()
        self.number = 0

    def name(self, prefix=""):
        """A name that nobody has, as people write them."""
        while True:
            self.number += 1
            name = prefix + self.random.choice(NOUNS) + self.random.choice(["", "s", "_" + self.random.choice(WORDS), f"_{self.random.choice(NOUNS)}"])
            name = name if name not in self.names else f"{name}_{self.number}"
            if name not in self.names:
                self.names.add(name)
                return name

    def pick(self, things):
        return self.random.choice(things)

    def column_name(self, table):
        name = self.pick(WORDS)
        return name if name not in table.columns else f"{name}_{len(table.columns)}_{self.random.randrange(1000)}"

    def migrations(self, n):
        """n texts of SQL."""
        yield "\n".join(self.schema() for _ in range(3)) + "\nCREATE EXTENSION hstore SCHEMA public;\n"
        for _ in range(n - 1):
            statements = [self.step() for _ in range(self.pick([1, 1, 1, 2, 2, 3, 4]))]
            yield "\n".join(statements) + "\n"

    def step(self):
        """One change, of the kinds that what stands allows."""
        while True:
            weight, make = self.pick(STEPS)
            if self.random.randrange(10) < weight:
                sql = make(self)
                if sql:
                    return sql

    # --- tables ---

    def schema(self):
        name = self.name()
        self.schemas.append(name)
        return f"CREATE SCHEMA {name};"

    def one(self, **wanted):
        """A table of those qualities, or None. parted: True or False."""
        found = [t for t in self.tables if all((bool(getattr(t, key)) if isinstance(value, bool) else getattr(t, key)) == value for key, value in wanted.items())]
        return self.pick(found) if found else None

    def a_type(self):
        if self.enums and self.random.random() < 0.1:
            schema, name, labels = self.pick(self.enums)
            return f"{schema}.{name}", f"'{labels[0]}'"
        if self.domains and self.random.random() < 0.1:
            return ".".join(self.pick(self.domains)), "1"
        kind = self.pick(list(TYPES))
        return kind, TYPES[kind]

    def column(self, table):
        """A column of a new table, or one to add."""
        name = self.column_name(table)
        kind, value = self.a_type()
        table.columns[name] = kind
        if "." in kind:
            table.pinned.add(name)  # its type stays as long as it does
        default = f" DEFAULT {value}" if self.random.random() < 0.5 else ""
        return f"{name} {kind}{default}{' NOT NULL' if default and self.random.random() < 0.6 else ''}"

    def table(self):
        t = Table(self.pick(self.schemas), self.name())
        lines = [self.pick(["id bigint PRIMARY KEY", "id bigserial PRIMARY KEY", "id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"])]
        t.identity = lines[0] != "id bigint PRIMARY KEY"
        lines += [self.column(t) for _ in range(self.random.randrange(2, 8))]
        if self.random.random() < 0.3:
            stored = "" if self.major >= 18 and self.random.random() < 0.5 else " STORED"
            t.columns["twice"] = "generated"
            t.pinned.add("twice")
            lines.append(f"twice bigint GENERATED ALWAYS AS (id * 2){stored}")
        if self.random.random() < 0.3:
            lines.append(f"CONSTRAINT {t.name}_positive CHECK (id > 0)")
            t.checks.append(f"{t.name}_positive")
        other = self.one(parted=False)
        if other and self.random.random() < 0.5:
            t.columns["parent_id"] = "key"
            t.pinned.add("parent_id")
            other.held += 1
            enforced = " NOT ENFORCED" if self.major >= 18 and self.random.random() < 0.2 else ""
            lines.append(f"parent_id bigint REFERENCES {other.full} {self.pick(['', 'ON DELETE CASCADE', 'ON DELETE SET NULL', 'DEFERRABLE INITIALLY DEFERRED'])}{enforced}")
            t.deferred = "DEFERRED" in lines[-1]
        self.tables.append(t)
        return f"CREATE TABLE {t.full} (\n    " + ",\n    ".join(lines) + "\n);"

    def partitioned(self):
        t = Table(self.pick(self.schemas), self.name())
        t.columns["day"] = "date"
        t.pinned.add("day")
        t.parted = 1
        extra = self.column(t)
        self.tables.append(t)
        return (f"CREATE TABLE {t.full} (id bigint NOT NULL, day date NOT NULL, {extra}, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);\n"
                f"CREATE TABLE {t.full}_rest PARTITION OF {t.full} DEFAULT;")

    def partition(self):
        t = self.one(parted=True)
        if t:
            t.parted += 1
            year = 2000 + t.parted
            if self.random.random() < 0.4:
                return (f"CREATE TABLE {t.full}_{year} (LIKE {t.full} INCLUDING DEFAULTS INCLUDING CONSTRAINTS);\n"
                        f"ALTER TABLE {t.full} ATTACH PARTITION {t.full}_{year} FOR VALUES FROM ('{year}-01-01') TO ('{year + 1}-01-01');")
            return f"CREATE TABLE {t.full}_{year} PARTITION OF {t.full} FOR VALUES FROM ('{year}-01-01') TO ('{year + 1}-01-01');"
        return None

    def add_column(self):
        t = self.pick(self.tables) if self.tables else None
        return t and f"ALTER TABLE {t.full} ADD COLUMN {self.column(t)};"

    def of_column(self):
        t = self.pick(self.tables) if self.tables else None
        free = t.free() if t else []
        if not free:
            return None
        c = self.pick(free)
        kind = t.columns[c]
        what = self.pick(["type", "rename", "drop", "default", "no default", "not null", "nullable", "comment", "statistics", "storage"])
        at = f"ALTER TABLE {t.full} "
        if what == "type" and kind in WIDER:
            t.columns[c] = WIDER[kind]
            return f"{at}ALTER COLUMN {c} DROP NOT NULL, ALTER COLUMN {c} DROP DEFAULT, ALTER COLUMN {c} TYPE {WIDER[kind]};"
        if what == "rename":
            new = self.column_name(t)
            t.columns = {new if k == c else k: v for k, v in t.columns.items()}
            return f"{at}RENAME COLUMN {c} TO {new};"
        if what == "drop":
            del t.columns[c]
            return f"{at}DROP COLUMN {c};"
        if what == "default" and kind in TYPES:
            return f"{at}ALTER COLUMN {c} SET DEFAULT {TYPES[kind]};"
        if what == "not null" and kind in TYPES:
            return f"UPDATE {t.full} SET {c} = {TYPES[kind]} WHERE {c} IS NULL;\n{at}ALTER COLUMN {c} SET DEFAULT {TYPES[kind]}, ALTER COLUMN {c} SET NOT NULL;"
        return {"no default": f"{at}ALTER COLUMN {c} DROP DEFAULT, ALTER COLUMN {c} DROP NOT NULL;", "nullable": f"{at}ALTER COLUMN {c} DROP NOT NULL;", "comment": f"COMMENT ON COLUMN {t.full}.{c} IS 'the {c} of a {t.name}';",
                "statistics": f"{at}ALTER COLUMN {c} SET STATISTICS {self.random.randrange(1, 1000)};",
                "storage": f"{at}ALTER COLUMN {c} SET STORAGE EXTERNAL;" if kind in ("text", "bytea", "jsonb") else None}.get(what)

    def constraint(self):
        t = self.pick(self.tables) if self.tables else None
        if not t:
            return None
        at = f"ALTER TABLE {t.full} "
        if t.checks and self.random.random() < 0.4:
            gone = t.checks.pop()
            return f"{at}DROP CONSTRAINT {gone};" if self.random.random() < 0.6 else f"{at}RENAME CONSTRAINT {gone} TO {self.keep(t.checks, self.name(t.name[:20] + '_ck_'))};"
        name = self.keep(t.checks, self.name(t.name[:20] + "_ck_"))
        if self.major >= 18 and self.random.random() < 0.3:
            return f"{at}ADD CONSTRAINT {name} CHECK (id <> {self.random.randrange(-9, 0)}) NOT ENFORCED;"
        later = f"\n{at}VALIDATE CONSTRAINT {name};" if self.random.random() < 0.5 else ""
        return f"{at}ADD CONSTRAINT {name} CHECK (id BETWEEN -9 AND {self.random.randrange(10**6, 10**9)}){' NOT VALID' if not t.parted or self.major >= 14 else ''};{later}"

    @staticmethod
    def keep(things, name):
        things.append(name)
        return name

    def foreign_key(self):
        t, other = self.one(parted=False), self.one(parted=False)
        if t and other and t is not other:
            c = self.column_name(t) + "_id"
            t.columns[c] = "key"
            t.pinned.add(c)
            other.held += 1
            return f"ALTER TABLE {t.full} ADD COLUMN {c} bigint;\nALTER TABLE {t.full} ADD CONSTRAINT {self.name(t.name[:20] + '_fk_')} FOREIGN KEY ({c}) REFERENCES {other.full} (id);"
        return None

    def of_table(self):
        t = self.one(held=0, parted=False)
        if not t:
            return None
        what = self.pick(["rename", "move", "drop", "comment", "options", "rls", "unlogged", "replica", "inherit"])
        at = f"ALTER TABLE {t.full} "
        if what == "rename":
            was, t.name = t.full, self.name()
            return f"ALTER TABLE {was} RENAME TO {t.name};"
        if what == "move":
            was, t.schema = t.full, self.pick(self.schemas)
            return f"ALTER TABLE {was} SET SCHEMA {t.schema};" if was != t.full else None
        if what == "drop" and len(self.tables) > 20:
            self.tables.remove(t)
            return f"DROP TABLE {t.full};"
        return {"comment": f"COMMENT ON TABLE {t.full} IS 'every {t.name}';", "options": f"{at}SET (fillfactor = {self.random.randrange(50, 100)}, autovacuum_enabled = false);",
                "rls": f"{at}ENABLE ROW LEVEL SECURITY;", "replica": f"{at}REPLICA IDENTITY FULL;"}.get(what)

    # --- what hangs on tables ---

    def index(self):
        t = self.pick(self.tables) if self.tables else None
        free = [c for c in t.free() if t.columns[c] in TYPES] if t else []
        if not free:
            return None
        c = self.pick(free)
        kind = t.columns[c]
        name = self.keep(t.indexes, self.name(t.name[:16] + "_ix_"))
        if kind in ("jsonb", "text[]"):
            return f"CREATE INDEX {name} ON {t.full} USING gin ({c});"
        if kind in ("text", "varchar(40)"):
            return self.pick([f"CREATE INDEX {name} ON {t.full} (lower({c}));", f"CREATE INDEX {name} ON {t.full} ({c} text_pattern_ops DESC NULLS LAST);",
                              f"CREATE INDEX {name} ON {t.full} ({c}) WHERE {c} IN ('a', 'b', 'c');", f"CREATE INDEX {name} ON {t.full} USING hash ({c});"])
        more = [f"CREATE INDEX {name} ON {t.full} ({c}) INCLUDE (id);", f"CREATE INDEX {name} ON {t.full} ({c}, id) WITH (fillfactor = 70);", f"CREATE INDEX {name} ON {t.full} ({c}) WHERE {c} IS NOT NULL;"]
        if not t.parted:
            more.append(f"CREATE UNIQUE INDEX {name} ON {t.full} ({c}, id){' NULLS NOT DISTINCT' if self.major >= 15 else ''};")
        return self.pick(more)

    def of_index(self):
        """An index goes with its column: whether it still stands is the server's to say."""
        t = self.pick([t for t in self.tables if t.indexes] or [None])
        if not t:
            return None
        i = t.indexes.pop(self.random.randrange(len(t.indexes)))
        return self.pick([f"DROP INDEX IF EXISTS {t.schema}.{i};", f"ALTER INDEX IF EXISTS {t.schema}.{i} RENAME TO {self.keep(t.indexes, self.name('ix_'))};"])

    def statistics(self):
        t = self.one(parted=False)
        free = [c for c in t.free() if t.columns[c] in ("integer", "bigint", "text", "date", "uuid")] if t else []
        if not free:
            return None
        name = self.keep(t.stats, self.name("st_"))
        return f"CREATE STATISTICS {t.schema}.{name}{self.pick(['', ' (ndistinct)', ' (dependencies, mcv)'])} ON id, {self.pick(free)} FROM {t.full};"

    def trigger(self):
        functions = [f for f in self.functions if f[2] == "trigger"]
        t = self.pick(self.tables) if self.tables else None
        if not t or not functions:
            return None
        if t.triggers and self.random.random() < 0.5:
            g = t.triggers[-1]
            what = self.pick(["drop", "disable", "enable", "rename"])
            if what == "drop":
                return f"DROP TRIGGER {t.triggers.pop()} ON {t.full};"
            if what == "rename":
                t.triggers[-1] = self.name("tg_")
                return f"ALTER TRIGGER {g} ON {t.full} RENAME TO {t.triggers[-1]};"
            return f"ALTER TABLE {t.full} {what.upper()} TRIGGER {g};"
        schema, name, _, hold = self.pick(functions)
        hold.append(t)
        when = self.pick(["BEFORE UPDATE ON {t} FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*)", "AFTER INSERT OR DELETE ON {t} FOR EACH ROW", "AFTER TRUNCATE ON {t} FOR EACH STATEMENT"]).format(t=t.full)
        if "BEFORE" in when and t.parted and self.major < 14:
            when = when.replace("BEFORE", "AFTER")
        if "OLD.*" in when and any(v == "generated" for v in t.columns.values()):
            when = when.split(" WHEN")[0]  # a row's generated columns are not known before it is written
        return f"CREATE TRIGGER {self.keep(t.triggers, self.name('tg_'))} {when} EXECUTE FUNCTION {schema}.{name}();"

    def policy(self):
        t = self.one(parted=False)
        if not t:
            return None
        if t.policies and self.random.random() < 0.4:
            return f"DROP POLICY {t.policies.pop()} ON {t.full};"
        return f"CREATE POLICY {self.keep(t.policies, self.name('po_'))} ON {t.full} FOR {self.pick(['SELECT', 'ALL', 'DELETE'])} TO {self.pick(ROLES)} USING (id > {self.random.randrange(99)});"

    def rule(self):
        t = self.one(parted=False)
        name = t and self.name("ru_")
        return t and f"CREATE RULE {name} AS ON DELETE TO {t.full} WHERE OLD.id < 0 DO INSTEAD NOTHING;"

    def grant(self):
        t = self.pick(self.tables) if self.tables else None
        role = self.pick(ROLES)
        return t and self.pick([f"GRANT SELECT, INSERT ON {t.full} TO {role};", f"REVOKE ALL ON {t.full} FROM {role};", f"GRANT SELECT (id) ON {t.full} TO {role} WITH GRANT OPTION;",
                                f"GRANT USAGE ON SCHEMA {t.schema} TO {role};", f"ALTER DEFAULT PRIVILEGES IN SCHEMA {t.schema} GRANT SELECT ON TABLES TO {role};",
                                f"GRANT SELECT ON ALL TABLES IN SCHEMA {t.schema} TO {role};"])

    def rows(self):
        """Only id is given: what may not be NULL has a default."""
        t = self.one(parted=False)
        if not t:
            return None
        sql = self.rows_of(t, self.pick(["insert", "insert", "insert", "update", "delete", "copy"]))
        return sql + "\nSET CONSTRAINTS ALL IMMEDIATE;" if sql and t.deferred else sql

    def rows_of(self, t, what):
        over = "OVERRIDING SYSTEM VALUE " if t.identity else ""
        if what == "update":
            free = [c for c in t.free() if t.columns[c] in TYPES]
            return free and f"UPDATE {t.full} SET {free[0]} = {TYPES[t.columns[free[0]]]} WHERE id % 2 = 0;" or None
        if what == "delete":
            return f"DELETE FROM {t.full} WHERE id = {t.rows};" if not t.held else None
        first, t.rows = t.rows + 1, t.rows + self.random.randrange(1, 9)
        if any(k not in TYPES and k not in ("key", "generated") for k in t.columns.values()) or what == "copy":
            lines = "".join(f"{i}\n" for i in range(first, t.rows + 1))
            return f"COPY {t.full} (id) FROM stdin;\n{lines}\\.\n"
        return f"INSERT INTO {t.full} (id) {over}SELECT generate_series({first}, {t.rows});"

    # --- other objects ---

    def view(self):
        t = self.pick(self.tables) if self.tables else None
        if not t:
            return None
        t.held += 1
        c = self.pick(list(t.columns))
        t.pinned.add(c)
        kind = self.pick(["VIEW", "VIEW", "MATERIALIZED VIEW"])
        schema, name = self.pick(self.schemas), self.name("v_")
        self.views.append((kind, schema, name, t))
        options = " WITH (security_invoker)" if kind == "VIEW" and self.major >= 15 and self.random.random() < 0.3 else ""
        where = self.pick(["", " WHERE x.id BETWEEN 1 AND 99", f" WHERE x.id IN (SELECT y.id FROM {t.full} y WHERE y.id > 3)", " ORDER BY x.id"])
        also = "" if c == "id" else f", x.{c}"
        return f"CREATE {kind} {schema}.{name}{options} AS SELECT x.id{also}, row_number() OVER (ORDER BY x.id) AS n FROM {t.full} x{where};"

    def of_view(self):
        if not self.views:
            return None
        at = self.random.randrange(len(self.views))
        kind, schema, name, t = self.views[at]
        what = self.pick(["drop", "rename", "refresh", "comment", "owner"])
        if what == "drop":
            del self.views[at]
            t.held -= 1
            return f"DROP {kind} {schema}.{name};"
        if what == "rename":
            self.views[at] = (kind, schema, self.name("v_"), t)
            return f"ALTER {kind} {schema}.{name} RENAME TO {self.views[at][2]};"
        if what == "refresh" and kind != "VIEW":
            return f"REFRESH {kind} {schema}.{name};"
        return f"COMMENT ON {kind} {schema}.{name} IS 'a look';"

    def function(self):
        schema, name = self.pick(self.schemas), self.name("f_")
        what = self.pick(["sql", "plpgsql", "trigger", "trigger", "table", "procedure", "atomic", "aggregate"])
        if what == "atomic" and self.major < 14:
            what = "sql"
        self.functions.append((schema, name, what, []))
        f = f"{schema}.{name}"
        return {
            "sql": f"CREATE FUNCTION {f}(a integer, b integer DEFAULT 1) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT a + b $$;",
            "plpgsql": f"CREATE FUNCTION {f}(VARIADIC a text[]) RETURNS text LANGUAGE plpgsql STABLE AS $$\nBEGIN\n    RETURN array_to_string(a, ';'); -- 'quoted'\nEND\n$$;",
            "trigger": f"CREATE FUNCTION {f}() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$ BEGIN RETURN coalesce(NEW, OLD); END $$;",
            "table": f"CREATE FUNCTION {f}(n integer, OUT x integer, OUT y text) RETURNS SETOF record LANGUAGE sql ROWS 10 AS 'SELECT i, i::text FROM generate_series(1, n) i';",
            "procedure": f"CREATE PROCEDURE {f}(INOUT a integer) LANGUAGE plpgsql AS $$ BEGIN a := a + 1; END $$;",
            "atomic": f"CREATE FUNCTION {f}(a integer) RETURNS integer BEGIN ATOMIC SELECT a * {self.random.randrange(9)}; END;",
            "aggregate": f"CREATE AGGREGATE {f}(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '{self.random.randrange(9)}');",
        }[what]

    def of_function(self):
        free = [f for f in self.functions if not f[3]]
        if not free:
            return None
        found = self.pick(free)
        schema, name, what, _ = found
        word = {"procedure": "PROCEDURE", "aggregate": "AGGREGATE"}.get(what, "FUNCTION")
        args = {"aggregate": "(integer)"}.get(what, "")
        does = self.pick(["drop", "rename", "comment", "grant", "move", "replace"])
        self.functions.remove(found)
        if does == "drop":
            return f"DROP {word} {schema}.{name}{args};"
        if does == "rename":
            self.functions.append((schema, self.name("f_"), what, []))
            return f"ALTER {word} {schema}.{name}{args} RENAME TO {self.functions[-1][1]};"
        if does == "move":
            to = self.pick(self.schemas)
            self.functions.append((to, name, what, []))
            return f"ALTER {word} {schema}.{name}{args} SET SCHEMA {to};" if to != schema else None
        self.functions.append(found)
        if does == "replace" and what == "sql":
            return f"CREATE OR REPLACE FUNCTION {schema}.{name}(a integer, b integer DEFAULT 2) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT a - b $$;"
        if does == "grant" and what not in ("procedure", "aggregate"):
            return self.pick([f"REVOKE ALL ON FUNCTION {schema}.{name} FROM PUBLIC;", f"GRANT EXECUTE ON FUNCTION {schema}.{name} TO {self.pick(ROLES)};"])
        return f"COMMENT ON {word} {schema}.{name}{args} IS '{what}';" if word != "FUNCTION" or self.random.random() < 0.5 else f"ALTER FUNCTION {schema}.{name} COST {self.random.randrange(1, 99)};"

    def a_new_type(self):
        schema = self.pick(self.schemas)
        what = self.pick(["enum", "domain", "composite", "range"])
        if what == "enum":
            name = self.name("e_")
            self.enums.append((schema, name, ["new", "open", "done"]))
            return f"CREATE TYPE {schema}.{name} AS ENUM ('new', 'open', 'done');"
        if what == "domain":
            self.domains.append((schema, self.name("d_")))
            return f"CREATE DOMAIN {schema}.{self.domains[-1][1]} AS integer DEFAULT 1 CHECK (VALUE IN (1, 2, 3) OR VALUE > 9);"
        name = self.name("t_")
        self.others.append(f"DROP TYPE {schema}.{name};")
        return f"CREATE TYPE {schema}.{name} AS (x integer, y text COLLATE \"C\");" if what == "composite" else f"CREATE TYPE {schema}.{name} AS RANGE (SUBTYPE = numeric);"

    def of_type(self):
        if not self.enums:
            return None
        schema, name, labels = self.pick(self.enums)
        if self.random.random() < 0.5:
            labels.append(f"step{len(labels)}")
            return f"ALTER TYPE {schema}.{name} ADD VALUE '{labels[-1]}' AFTER '{labels[1]}';"
        was, labels[2] = labels[2], f"finished{self.number}"
        self.number += 1
        return f"ALTER TYPE {schema}.{name} RENAME VALUE '{was}' TO '{labels[2]}';"

    def sequence(self):
        if self.sequences and self.random.random() < 0.5:
            at = self.random.randrange(len(self.sequences))
            schema, name = self.sequences[at]
            what = self.pick(["ALTER", "next", "drop", "rename"])
            if what == "drop":
                del self.sequences[at]
                return f"DROP SEQUENCE {schema}.{name};"
            if what == "rename":
                self.sequences[at] = (schema, self.name("sq_"))
                return f"ALTER SEQUENCE {schema}.{name} RENAME TO {self.sequences[at][1]};"
            return f"SELECT nextval('{schema}.{name}');" if what == "next" else f"ALTER SEQUENCE {schema}.{name} INCREMENT BY {self.random.randrange(1, 9)} CACHE 4;"
        self.sequences.append((self.pick(self.schemas), self.name("sq_")))
        return f"CREATE SEQUENCE {'.'.join(self.sequences[-1])} AS {self.pick(['smallint', 'integer', 'bigint'])} START {self.random.randrange(1, 99)} CYCLE;"

    def foreign(self):
        if not self.servers or self.random.random() < 0.2:
            self.servers.append(self.name("srv_"))
            return (f"CREATE SERVER {self.servers[-1]} FOREIGN DATA WRAPPER history_wrapper OPTIONS (host 'h', dbname 'd');\n"
                    f"CREATE USER MAPPING FOR CURRENT_USER SERVER {self.servers[-1]} OPTIONS (who 'me');")
        server, schema, name = self.pick(self.servers), self.pick(self.schemas), self.name("ft_")
        if self.random.random() < 0.3:
            self.number += 1
            return f"ALTER SERVER {server} OPTIONS (ADD o{self.number} 'x');"
        self.others.append(f"DROP FOREIGN TABLE {schema}.{name};")
        return f"CREATE FOREIGN TABLE {schema}.{name} (id integer NOT NULL, v text OPTIONS (k 'v')) SERVER {server} OPTIONS (t 'remote');"

    def publication(self):
        t = self.one(parted=False)
        if not t:
            return None
        if self.publications and self.random.random() < 0.6:
            p = self.pick(self.publications)
            if self.random.random() < 0.3:
                self.publications.remove(p)
                return f"DROP PUBLICATION {p};"
            return f"ALTER PUBLICATION {p} SET (publish = '{self.pick(['insert', 'insert, update', 'delete'])}');"
        self.publications.append(self.name("pub_"))
        t.held += 1
        return f"CREATE PUBLICATION {self.publications[-1]} FOR TABLE {t.full}{' (id)' if self.major >= 15 else ''};"

    def rare(self):
        """Kinds of which a project has a few; some go again."""
        schema, name = self.pick(self.schemas), self.name("x_")
        if self.others and self.random.random() < 0.4:
            return self.others.pop(self.random.randrange(len(self.others)))
        what = self.pick(["collation", "dictionary", "configuration", "operator", "cast", "conversion", "family", "comment"])
        f = f"{schema}.{name}"
        drop = {"collation": f"DROP COLLATION {f};", "dictionary": f"DROP TEXT SEARCH DICTIONARY {f};", "configuration": f"DROP TEXT SEARCH CONFIGURATION {f};",
                "conversion": f"DROP CONVERSION {f};", "operator": f"DROP OPERATOR {schema}.%%> (integer, {schema}.{name});"}
        if what in drop:
            self.others.append(drop[what])
        return {
            "collation": f"CREATE COLLATION {f} FROM \"C\";",
            "dictionary": f"CREATE TEXT SEARCH DICTIONARY {f} (TEMPLATE = pg_catalog.simple, STOPWORDS = english);",
            "configuration": f"CREATE TEXT SEARCH CONFIGURATION {f} (COPY = pg_catalog.simple);\nALTER TEXT SEARCH CONFIGURATION {f} ALTER MAPPING FOR asciiword WITH english_stem;",
            "operator": f"CREATE TYPE {f} AS (x integer);\nCREATE FUNCTION {f}_of(integer, {f}) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 > ($2).x';\n"
                        f"CREATE OPERATOR {schema}.%%> (FUNCTION = {f}_of, LEFTARG = integer, RIGHTARG = {f});",
            "cast": f"CREATE TYPE {f} AS (x integer);\nCREATE FUNCTION {f}_to({f}) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT ($1).x';\nCREATE CAST ({f} AS integer) WITH FUNCTION {f}_to({f}) AS ASSIGNMENT;",
            "conversion": f"CREATE CONVERSION {f} FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;",
            "family": f"COMMENT ON SCHEMA {schema} IS 'what is {name}';",
            "comment": f"COMMENT ON SCHEMA {schema} IS NULL;",
        }[what]

    def in_code(self):
        """What people do in DO blocks: changes that no text shows."""
        t = self.one(parted=False)
        if not t:
            return None
        c = self.column_name(t)
        t.columns[c] = "integer"
        return f"DO $$\nBEGIN\n    IF NOT EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = '{t.schema}' AND table_name = '{t.name}' AND column_name = '{c}') THEN\n" \
               f"        ALTER TABLE {t.full} ADD COLUMN {c} integer;\n    END IF;\nEND $$;"


# How often of ten times a kind that was thought of is taken.
STEPS = [(1, History.schema), (10, History.table), (9, History.table), (3, History.partitioned), (5, History.partition), (10, History.add_column), (10, History.of_column), (10, History.of_column), (10, History.of_column),
         (6, History.constraint), (4, History.foreign_key), (8, History.of_table), (10, History.index), (5, History.of_index), (2, History.statistics), (6, History.trigger), (4, History.policy), (1, History.rule),
         (7, History.grant), (10, History.rows), (8, History.rows), (6, History.view), (5, History.of_view), (7, History.function), (6, History.of_function), (4, History.a_new_type), (3, History.of_type),
         (4, History.sequence), (3, History.foreign), (2, History.publication), (3, History.rare), (4, History.in_code)]
