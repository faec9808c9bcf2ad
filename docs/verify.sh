#!/bin/sh
# Is everything that a ledger of kfmig says consistent? Without kfmig: psql, jq, sha256sum, base64, ssh-keygen and POSIX tools. docs/audit.md says what
# is checked, and why. What it finds stands on stdout, a line each; the last line counts.
#   verify.sh --export CONNINFO DIR   reads the ledger into files (psql; the role needs SELECT on schema kfmig), then checks them
#   verify.sh DIR [PROJECT]           checks the files alone; with PROJECT also what is exported in its migrations/
# --rows, first, with --export: also reads every row of the live generations, and holds them to what their receipts say of each source.
# --sink SINK, first: also the receipts of this ledger in the sink. --evidence bundle, folder or pointer, as registry/environments.v1.yml
# says of the environment: also that what is applied has its receipt, or pointer, in PROJECT.
# --attestations KEYS SINK/ENV/INSTANCE: what is signed of the receipts there, by verify-attestations.sh beside this script, from files alone.
# Exit status: 0 all is as it should be, 8 something is not, 5 usage, 1 the database or a file cannot be read.
set -u
export LC_ALL=C
found=0

die()
{
    status=$1
    shift
    echo "verify.sh: $*" >&2
    exit "$status"
}

finding() # RULE WORDS...
{
    found=$((found + 1))
    rule=$1
    shift
    echo "$rule: $*"
}

# --- the ledger into files: a line per row, bytes as hexadecimal or base64, so that a line is a line ---

query() # FILE SQL; for psql
{
    printf "\\\\o '%s'\n%s;\n" "$(printf '%s' "$dir/$1" | sed "s/'/''/g")" "$2"
}

queries()
{
    echo "SET search_path = pg_catalog; BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
    query instance "SELECT uuid, environment, format FROM kfmig.instance"
    query head "SELECT size, encode(root, 'hex'), (SELECT string_agg(encode(f, 'hex'), ' ' ORDER BY n) FROM unnest(frontier) WITH ORDINALITY AS u (f, n)) FROM kfmig.head"
    query entries "SELECT text FROM kfmig.entry ORDER BY seq"
    query columns "SELECT seq, subject, kind, result, run_id, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM kfmig.entry ORDER BY seq"
    query receipts "SELECT seq, run_id, encode(digest, 'hex'), body FROM kfmig.receipt ORDER BY seq"
    query blobs "SELECT encode(digest, 'hex'), translate(encode(bytes, 'base64'), E'\\n', '') FROM kfmig.blob ORDER BY digest"
    query objects "SELECT seq, translate(encode(textsend(object), 'base64'), E'\\n', ''), coalesce(encode(fingerprint, 'hex'), '-'), translate(encode(textsend(definition), 'base64'), E'\\n', '') FROM kfmig.object ORDER BY object, seq"
    query triggers "SELECT c.relname, t.tgname, t.tgenabled, t.tgtype, t.tgqual IS NULL, p.pronamespace = 'kfmig'::regnamespace AND p.proname = 'refuse', regexp_replace(p.prosrc, '\\s+', ' ', 'g') FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid WHERE c.relnamespace = 'kfmig'::regnamespace AND NOT t.tgisinternal ORDER BY 1, 2"
    query made "SELECT relname FROM pg_class WHERE relnamespace = 'kfmig'::regnamespace AND relname = 'batch'"
    query rules "SELECT c.relname, w.rulename FROM pg_rewrite w JOIN pg_class c ON c.oid = w.ev_class WHERE c.relnamespace = 'kfmig'::regnamespace AND NOT (c.relname = 'schema_migrations' AND c.relkind = 'v' AND w.rulename = '_RETURN') ORDER BY 1, 2"
}

# What the batches of each backfill come to: INTENT TAB HOW MANY TAB ROWS TAB DIGEST. The server computes the digests, so that keys stay there.
query_batches()
{
    printf "\\o '%s'\n" "$(printf '%s' "$dir/batches" | sed "s/'/''/g")"
    cat <<'END'
SELECT to_regclass('kfmig.batch') IS NOT NULL AS has_batches \gset
\if :has_batches
WITH RECURSIVE chain AS (
    SELECT i.intent, 0::int8 AS at, 0::numeric AS n_rows, decode(repeat('00', 32), 'hex') AS digest FROM (SELECT DISTINCT b.intent FROM kfmig.batch AS b) AS i
    UNION ALL
    SELECT c.intent, b.at, c.n_rows + b.n_rows,
           sha256(int8send(14) || 'kfmig.batch.v1'::bytea || int8send(6) || 'before'::bytea || int8send(32) || c.digest || b.said)
    FROM chain AS c
    CROSS JOIN LATERAL ( -- one row by its key: joined, all batches would be read for each
        SELECT b.at, b.n_rows,
               (SELECT string_agg(int8send(4) || 'last'::bytea || int8send(octet_length(textsend(k.key))) || textsend(k.key), ''::bytea ORDER BY k.n)
                FROM unnest(b.last) WITH ORDINALITY AS k (key, n))
               || int8send(4) || 'rows'::bytea || int8send(octet_length(b.n_rows::text)) || textsend(b.n_rows::text) AS said
        FROM kfmig.batch AS b
        WHERE b.intent = c.intent AND b.at = c.at + 1
        LIMIT 1) AS b
)
SELECT DISTINCT ON (c.intent) c.intent, c.at, c.n_rows, encode(c.digest, 'hex') FROM chain AS c ORDER BY c.intent, c.at DESC;
\endif
END
}

# The rows of live generations: PROJECTION TAB SOURCE TAB ROWS TAB the sums of each byte of the rows' digests, a line per source. One query makes
# one for each source, which psql runs: a row's digest is SHA-256 over the shape of its table and its values, as docs/audit.md says.
query_rows()
{
    printf "\\o '%s'\n" "$(printf '%s' "$dir/rows" | sed "s/'/''/g")"
    cat <<'END'
SET DateStyle = 'ISO, YMD'; SET IntervalStyle = iso_8601; SET xmlbinary = base64; SET extra_float_digits = 1; SET bytea_output = hex; SET TimeZone = UTC; SET xmloption = content; SET lc_monetary = 'C'; SET row_security = off;
SELECT to_regclass('kfmig.generation') IS NOT NULL AS has_generations \gset
\if :has_generations
WITH RECURSIVE source AS (
    SELECT g.projection, s.key AS source, g.facts::jsonb ->> 'schema' AS schema, s.value ->> 'into' AS name, s.value ->> 'by' AS by,
           s.value ->> 'version' AS version, ARRAY(SELECT jsonb_array_elements_text(s.value -> 'filled')) AS filled
    FROM kfmig.generation AS g
    CROSS JOIN LATERAL jsonb_each(g.facts::jsonb -> 'loads') AS s
    WHERE g.state = 'live'
), base AS ( -- columns, and what domains are made of
    SELECT s.*, a.attnum, a.attname, a.attrelid, a.attgenerated, a.attidentity, a.atttypid AS type, a.atttypid AS declared
    FROM source AS s
    JOIN pg_namespace AS n ON n.nspname = s.schema
    JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = s.name
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT b.projection, b.source, b.schema, b.name, b.by, b.version, b.filled, b.attnum, b.attname, b.attrelid, b.attgenerated, b.attidentity, t.typbasetype, b.declared
    FROM base AS b
    JOIN pg_type AS t ON t.oid = b.type AND t.typtype = 'd'
), filled_anew AS ( -- identity, and defaults that are volatile, of columns that the source does not fill
    SELECT DISTINCT b.projection, b.source, b.attrelid, b.attname, b.attnum
    FROM base AS b
    JOIN pg_type AS t ON t.oid = b.declared
    LEFT JOIN pg_attrdef AS d ON d.adrelid = b.attrelid AND d.adnum = b.attnum
    CROSS JOIN LATERAL (SELECT coalesce(d.adbin::text, t.typdefaultbin::text, '') AS tree) AS e
    WHERE b.attname <> ALL (b.filled) AND b.attgenerated = ''
      AND (b.attidentity <> '' OR e.tree ~ '\{(SQLVALUEFUNCTION|NEXTVALUEEXPR) ' OR EXISTS (
          SELECT FROM regexp_matches(e.tree, ':(?:funcid|opfuncid) ([0-9]+)', 'g') AS m (id)
          JOIN pg_proc AS p ON p.oid = m.id[1]::oid WHERE p.provolatile <> 'i'))
), bytes AS (
    SELECT b.*, t.typname,
           CASE WHEN f.oid IS NULL OR f.proname ~ '^(array|record|range|multirange)_send$|^reg.*send$|vectorsend$' THEN format('textsend(t.%I::text)', b.attname)
                ELSE format('%I.%I(t.%I)', fn.nspname, f.proname, b.attname) END AS value
    FROM base AS b
    JOIN pg_type AS t ON t.oid = b.type AND t.typtype <> 'd'
    LEFT JOIN pg_proc AS f ON f.oid = t.typsend
    LEFT JOIN pg_namespace AS fn ON fn.oid = f.pronamespace
    WHERE NOT EXISTS (SELECT FROM filled_anew AS v WHERE (v.projection, v.source, v.attname) = (b.projection, b.source, b.attname))
      AND NOT EXISTS ( -- generated from one that is left out
          SELECT FROM pg_attrdef AS d
          CROSS JOIN LATERAL regexp_matches(d.adbin::text, ':varattno ([0-9]+)', 'g') AS m (id)
          JOIN filled_anew AS v ON (v.projection, v.source, v.attrelid, v.attnum) = (b.projection, b.source, d.adrelid, m.id[1]::int2)
          WHERE d.adrelid = b.attrelid AND d.adnum = b.attnum AND b.attgenerated <> '')
)
SELECT format('SELECT %L, %L, count(*), concat_ws('' '', %s) FROM (SELECT sha256(%L::bytea || %s) AS h FROM %I.%I AS t%s) AS r',
              b.projection, b.source, (SELECT string_agg(format('coalesce(sum(get_byte(h, %s)), 0)', i), ', ' ORDER BY i) FROM generate_series(0, 31) AS i),
              sha256(int8send(13) || 'kfmig.rows.v1'::bytea || string_agg(int8send(octet_length(textsend(b.attname))) || textsend(b.attname)
                  || int8send(octet_length(textsend(b.typname))) || textsend(b.typname), ''::bytea ORDER BY b.attname COLLATE "C")),
              string_agg(format('coalesce(''\x01''::bytea || int4send(length(%s)) || %1$s, ''\x00''::bytea)', b.value), ' || ' ORDER BY b.attname COLLATE "C"),
              b.schema, b.name, CASE WHEN b.by IS NOT NULL THEN format(' WHERE t.%I = %L', b.by, b.version) ELSE '' END)
FROM bytes AS b
GROUP BY b.projection, b.source, b.schema, b.name, b.by, b.version
ORDER BY b.projection, b.source \gexec
\endif
END
}

export_ledger()
{
    encoding=$(psql -XqAt -d "$conninfo" -c "SHOW server_encoding") || die 1 "cannot connect to the database"
    [ "$encoding" = SQL_ASCII ] || encoding=UTF8
    rm -f "$dir/rows"
    { queries; query_batches; [ -z "$rows" ] || query_rows; } | PGCLIENTENCODING=$encoding psql -XqAt -F "$tab" -v ON_ERROR_STOP=1 -d "$conninfo" -f - || die 1 "cannot read the ledger"
}

# --- digests ---

sha() # of stdin, hexadecimal
{
    sha256sum | cut -c1-64
}

binary() # hexadecimal digits on stdin as bytes, by way of base64: three digits are two of its letters
{
    awk 'function letters(h,  v) {
        if (!(h in of)) {
            v = (index(H, substr(h, 1, 1)) * 16 + index(H, substr(h, 2, 1))) * 16 + index(H, substr(h, 3, 1)) - 273
            of[h] = substr(B, int(v / 64) + 1, 1) substr(B, v % 64 + 1, 1)
        }
        return of[h]
    }
    BEGIN { H = "0123456789abcdef"; B = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" }
    {
        all = rest $0
        n = length(all) - length(all) % 6
        for (i = 1; i <= n; i += 3) printf "%s", letters(substr(all, i, 3))
        rest = substr(all, n + 1)
    }
    END {
        if (length(rest) == 2) printf "%s==", letters(rest "0")
        if (length(rest) == 4) printf "%s%s=", letters(substr(rest, 1, 3)), substr(letters(substr(rest, 4) "00"), 1, 1)
        print ""
    }' | base64 -d
}

# The digest of framed fields, a line each: NAME TAB VALUE. The name is base64; the value is made of pieces with blanks between them, which
# are base64, or hexadecimal digits behind an "x".
digest_of_fields() # DOMAIN
{
    {
        printf '%s' "$1" | base64
        cat
    } | awk -F "$tab" 'function hex(t,  i, out, h) {
        if (substr(t, 1, 1) == "x") return substr(t, 2)
        for (i = 1; i < length(t); i += 2) {
            h = substr(t, i, 2)
            if (!(h in of)) of[h] = sprintf("%03x", at[substr(h, 1, 1)] * 64 + at[substr(h, 2, 1)])
            out = out of[h]
        }
        return substr(out, 1, length(out) - 2 * gsub("=", "", t))
    }
    function frame(h) { return sprintf("%016x%s", length(h) / 2, h) }
    BEGIN {
        B = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        for (i = 1; i <= 64; i++) at[substr(B, i, 1)] = i - 1
    }
    {
        value = ""
        n = split($2, piece, " ")
        for (i = 1; i <= n; i++) value = value hex(piece[i])
        print frame(hex($1)) (NR > 1 ? frame(value) : "")
    }' | binary | sha
}

# What the jq programs below have in common: canonical JSON, and the lines of digest_of_fields.
jq_words='def canon: if type == "object" then "{" + ([keys[] as $k | ($k | tojson) + ":" + (.[$k] | canon)] | join(",")) + "}"
    elif type == "array" then "[" + (map(canon) | join(",")) + "]" else tojson end;
  def hex: "x" + ltrimstr("sha256:");
  def field(name; value): "\(name | @base64)\t\(value)";'

# RFC 6962: the hash of a leaf is SHA-256 of 0x00 and the text, that of a node of 0x01 and both of those beneath it. Into $hash.
leaf_of() # TEXT
{
    hash=$({ printf '\000'; printf '%s' "$1"; } | sha256sum)
    hash=${hash%% *}
}

node_of() # LEFT RIGHT
{
    rest=$1$2
    octal='\001'
    while [ -n "$rest" ]; do
        byte=$((0x${rest%"${rest#??}"}))
        octal=$octal\\$((byte / 64))$((byte / 8 % 8))$((byte % 8))
        rest=${rest#??}
    done
    hash=$(printf "$octal" | sha256sum)
    hash=${hash%% *}
}

# The tree: frontier holds the roots of complete subtrees, the last and smallest first here.
add_leaf() # TEXT; into frontier, of n leaves so far
{
    leaf_of "$1"
    carry=$n
    while [ $((carry % 2)) -eq 1 ]; do
        node_of "${frontier%% *}" "$hash"
        frontier=${frontier#* }
        carry=$((carry / 2))
    done
    frontier="$hash $frontier"
    n=$((n + 1))
}

empty_root=$(printf '' | sha)

root_of_frontier() # into $hash
{
    hash=
    for part in $frontier; do
        if [ -z "$hash" ]; then hash=$part; else node_of "$part" "$hash"; fi
    done
    hash=${hash:-$empty_root}
}

# --- baselines ---

# All objects, a line each: their text in base64 and with %XX, kind, schema that they count to, schema and name for protected domains.
list_things()
{
    cut -f2 "$dir/objects" | uniq | awk -v OFS="$tab" 'function decode(t,  i, v, out) {
        for (i = 1; i <= length(t); i += 4) {
            v = ((at[substr(t, i, 1)] * 64 + at[substr(t, i + 1, 1)]) * 64 + at[substr(t, i + 2, 1)]) * 64 + at[substr(t, i + 3, 1)]
            out = out byte[int(v / 65536)] (substr(t, i + 2, 1) == "=" ? "" : byte[int(v / 256) % 256]) (substr(t, i + 3, 1) == "=" ? "" : byte[v % 256])
        }
        return out
    }
    function encode(s,  i, c, out) {
        for (i = 1; i <= length(s); i++) {
            c = substr(s, i, 1)
            out = out (c < " " || c > "~" || c == "%" ? sprintf("%%%02X", number[c]) : c)
        }
        return out
    }
    function name(s,  i, out) { # the first one in s; rest: what is behind it
        if (substr(s, 1, 1) != "\"") {
            i = match(s, /[.(]/)
            rest = i ? substr(s, i) : ""
            return i ? substr(s, 1, i - 1) : s
        }
        for (i = 2; i <= length(s) && (substr(s, i, 1) != "\"" || substr(s, i + 1, 1) == "\""); i++) {
            out = out substr(s, i, 1)
            if (substr(s, i, 1) == "\"") i++
        }
        rest = substr(s, i + 1)
        return out
    }
    BEGIN {
        B = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        for (i = 1; i <= 64; i++) at[substr(B, i, 1)] = i - 1
        for (i = 1; i < 256; i++) { byte[i] = sprintf("%c", i); number[byte[i]] = i }
        n = split("role database tablespace publication subscription replication_slot event_trigger cast transform language access_method " \
            "foreign_data_wrapper foreign_server user_mapping default_privileges large_object setting program server_file remote unknown", word, " ")
        for (i = 1; i <= n; i++) global[word[i]] = 1
    }
    {
        text = whole = decode($1)
        if (match(text, /^[^: ]*:/)) text = substr(text, RLENGTH + 1)
        kind = text
        sub(/ .*/, "", kind)
        text = substr(text, length(kind) + 2)
        schema = ""
        if (kind == "cast" || kind == "transform" || kind == "large_object") {
            first = text
        } else {
            first = name(text)
            if (substr(rest, 1, 1) == ".") { schema = first; text = substr(rest, 2); first = name(text) }
            first = kind == "operator" ? text : first rest
        }
        if (kind == "schema") schema = first
        print $1, encode(whole), kind, (kind in global ? "" : encode(schema)), encode(schema), encode(first)
    }' | sort -t "$tab" -k2,2 >"$dir/.things"
    mkdir "$dir/.names" || die 1 "cannot write below $dir"
    awk -F "$tab" -v to="$dir/.names" '{ f = sprintf("%s/%07d", to, NR); printf "%s", $2 >f; close(f) }' "$dir/.things"
    (cd "$dir/.names" && find . -type f | sort | xargs sha256sum) | cut -c1-2 | paste "$dir/.things" - >"$dir/.named"
    mv "$dir/.named" "$dir/.things"
    rm -r "$dir/.names"
}

# Into .members: SET TAB BUCKET TAB NAME TAB FINGERPRINT TAB BASE64, of the objects that stand there after an entry; SET: "a" of all, "p" of what is
# protected, "s" and a schema. Into .counts: how many of each kind.
sum_of_objects() # UPTO POLICY; POLICY: lines KIND TAB NAME
{
    printf '%s\n' "$2" >"$dir/.policy"
    awk -F "$tab" -v OFS="$tab" -v upto="$1" -v counts="$dir/.counts" '
    FILENAME ~ /\.policy$/ { policy[$1, $2] = 1; next }
    FILENAME ~ /\.things$/ { things[++n] = $1; text[$1] = $2; kind[$1] = $3; schema[$1] = $4; of[$1] = $5; name[$1] = $6; bucket[$1] = $7; next }
    $1 <= upto { print_of[$2] = $3 }
    END {
        for (i = 1; i <= n; i++) {
            o = things[i]
            if (!(o in print_of) || print_of[o] == "-") continue
            count[kind[o]]++
            member = bucket[o] OFS text[o] OFS print_of[o] OFS o
            print "a", member
            if (schema[o] != "") print "s" schema[o], member
            if (kind[o] == "role" ? ("roles", name[o]) in policy : ("schemas", of[o]) in policy ||
                (kind[o] == "table" && (("tables", name[o]) in policy || ("tables", of[o] "." name[o]) in policy))) print "p", member
        }
        printf "" >counts
        for (k in count) print "\"" k "\":" count[k] >counts
    }' "$dir/.policy" "$dir/.things" "$dir/objects" >"$dir/.members"
}

# The digests of the sets in .members, a line each: SET TAB DIGEST; buckets are SHA-256 over their lines, and a set's digest is over its 256 buckets.
digests_of_sets()
{
    [ -s "$dir/.members" ] || return
    mkdir "$dir/.buckets" || die 1 "cannot write below $dir"
    sort -t "$tab" -k1,1 -k2,2 -k3 "$dir/.members" | awk -F "$tab" -v to="$dir/.buckets" '
        $1 != set { set = $1; n++; print set >(to "/sets") }
        { f = sprintf("%s/%05d.%s", to, n, $2) }
        f != old { if (old) close(old); old = f }
        { print $3 "\tsha256:" $4 >f }'
    (cd "$dir/.buckets" && find . -name '*.*[0-9a-f]' -type f | sort | xargs sha256sum) | awk -v zero="$(printf '%064d' 0)" '
        function flush(  i, k) { if (set) { for (i = 0; i < 256; i++) { k = sprintf("%02x", i); printf "%s", (k in at ? at[k] : zero) } print ""; split("", at) } }
        { file = substr($2, 3) }
        substr(file, 1, 5) != set { flush(); set = substr(file, 1, 5) }
        { at[substr(file, 7)] = $1 }
        END { flush() }' | while read -r buckets; do
        echo "$buckets" | binary | sha
    done | paste "$dir/.buckets/sets" -
    rm -r "$dir/.buckets"
}

# The baseline of a set of objects that nobody is in: 256 empty buckets.
empty_set()
{
    printf '%016384d\n' 0 | binary | sha
}

baseline_2() # MAJOR; of .members and .counts, the document
{
    digests_of_sets >"$dir/.sets"
    protected=$(grep "^p$tab" "$dir/.sets" | cut -f2)
    all=$(grep "^a$tab" "$dir/.sets" | cut -f2)
    printf '{"counts":{%s},"format":"kfmig.baseline.v2","names":"%%XX","objects":"sha256:%s","protected":"sha256:%s","schemas":[%s],"server_major":%s}' \
        "$(sort "$dir/.counts" | paste -s -d , -)" "${all:-$(empty_set)}" "${protected:-$(empty_set)}" \
        "$(sed -n "s/^s//p" "$dir/.sets" | sort | sed 's/[\\"]/\\&/g' | awk -F "$tab" '{ printf "%s{\"objects\":\"sha256:%s\",\"schema\":\"%s\"}", (NR > 1 ? "," : ""), $2, $1 }')" "$1"
}

# Members of one set in .members as framed fields, in the order of their texts, which the objects have.
digest_of_members() # DOMAIN SET
{
    awk -F "$tab" -v OFS="$tab" -v set="$2" '$1 == set { print "b2JqZWN0", $5; print "ZmluZ2VycHJpbnQ=", "x" $4 }' "$dir/.members" | digest_of_fields "$1"
}

baseline_1() # MAJOR; schemas go by their names with %XX here: "unproven" where these say less than the names themselves
{
    if awk -F "$tab" '$1 == "a" { print $3 }' "$dir/.members" | grep -q '%[^2]\|%2[^5]'; then return 1; fi
    grep -v '^"database":' "$dir/.counts" | sort >"$dir/.sets"
    printf '{"counts":{%s},"format":"kfmig.baseline.v1","objects":{%s},"protected":"sha256:%s","schemas":{%s},"server_major":%s}' \
        "$(paste -s -d , - <"$dir/.sets")" \
        "$(awk -F "$tab" '$1 == "a" { gsub(/%25/, "%", $3); gsub(/[\\"]/, "\\\\&", $3); printf "%s\"%s\":\"sha256:%s\"", (n++ ? "," : ""), $3, $4 }' "$dir/.members")" \
        "$(digest_of_members kfmig.protected.v1 p)" \
        "$(sed -n "s/^s\([^$tab]*\)$tab.*/\1/p" "$dir/.members" | sort -u | while IFS= read -r schema; do
            printf ',"%s":"sha256:%s"' "$(printf '%s' "$schema" | sed 's/%25/%/g; s/[\\"]/\\&/g')" "$(digest_of_members kfmig.schema.v1 "s$schema")"
        done | cut -c2-)" "$1"
}

# --- what entries and receipts say: jq takes long to start, so each of these passes is over all of them ---

# A line per entry: is it canonical JSON; its members.
list_said()
{
    jq -Rr "$jq_words"'. as $text | (fromjson? // null) as $e | ($e | if type == "object" then . else {} end) |
        ["\($e | canon)" == $text, .sequence, .previous, .instance, .environment, .subject, .kind, .result, .run_id, .finished_at, .checksum, .receipt] | map(tostring) | join("\u001f")' \
        "$dir/entries" >"$dir/.said"
}

# Of each receipt that belongs to an entry, a file .facts/SEQUENCE of lines TYPE SEPARATOR VALUES:
#   F RULE WORDS          it is not as it should be        M FORMAT MAJOR        of its baselines
#   I DIGEST JSON         results of invariants            Y KIND NAME           what is protected
#   C CLAIM DIGEST        what it claims to be made of     O DIGEST URI          a baseline
#   D CLAIM NAME VALUE    the fields of it                 N RULE DIGEST URI     a text that must be there
#   U                     one that cannot be computed      L WHAT VALUES         what it says of other entries
#   E                     that was all: jq came to the end
list_facts()
{
    rm -rf "$dir/.facts"
    mkdir "$dir/.facts" || die 1 "cannot write below $dir"
    awk -F "$tab" -v receipts="$dir/receipts" '
        FILENAME == receipts { run[$1] = $2; body[$1] = $0; sub(/^[^\t]*\t[^\t]*\t[^\t]*\t/, "", body[$1]); next }
        FNR in body { print FNR; print $0; print run[FNR]; print body[FNR] }' "$dir/receipts" "$dir/entries" | jq -Rr --arg gone "sha256:$(printf gone | sha)" "$jq_words"'
    def line: join("\u001f");
    def object: if type == "object" then . else {} end;
    def found(rule; words): ["F", rule, words] | line;
    def output(uri): .outputs[]? | select(.uri == uri) | .digest;
    def member(at; name): at | select(type == "object" and has(name)) | .[name];
    def row(n; what; said; want; from): said | select(. != want) | found("claim"; "entry \(n): \(what) is not that of \(from)");
    def d(claim): ["D", claim, .] | line;
    def claims(claim; said): ["C", claim, said] | line;

    def same(n; $e): . as $c | $e.outputs as $o |
        row(n; "checksum"; member($c; "checksum"); $e.checksum; "its receipt"),
        row(n; "bundle digest"; member($c; "bundle_digest"); $e.bundle_digest; "its receipt"),
        row(n; "baseline before"; member($c.baselines; "pre"); $o.pre; "its receipt"),
        row(n; "baseline after"; member($c.baselines; "post"); $o.post; "its receipt"),
        row(n; "diff"; member($c; "diff"); $o.diff; "its receipt"),
        row(n; "baselines/pre.json"; $c | output("baselines/pre.json"); $o.pre; "its receipt"),
        row(n; "baselines/post.json"; $c | output("baselines/post.json"); $o.post; "its receipt"),
        row(n; "diffs/summary.json"; $c | output("diffs/summary.json"); $o.diff; "its receipt"),
        row(n; "checksum"; member($c.rename; "checksum"); $e.checksum; "its receipt"),
        row(n; "checksum"; member($c.confirm; "plan"); $e.checksum; "its receipt"),
        row(n; "checksum"; member($c.deploy; "digest"); $e.checksum; "its receipt"),
        row(n; "checksum"; member($c.backup; "digest"); $e.checksum; "its receipt"),
        row(n; "checksum"; member($c.dropped; "digest"); $e.checksum; "its receipt"),
        row(n; "key"; member($c.journal; "key"); $e.checksum; "its receipt"),
        row(n; "payload"; $c.journal | values | $c.inputs[0].digest; $e.bundle_digest; "its receipt"),
        row(n; "digest before"; member($c.journal; "before"); $o.pre; "its receipt"),
        row(n; "proof"; member($c.journal; "proof"); $o.post; "its receipt"),
        ($c.journal | values | select(.proof and .batches.count > 0 and .batches.digest != .proof) |
            found("claim"; "entry \(n): digest of batches is not that of its proof")),
        row(n; "checksum"; member($c.projection; "digest"); $e.checksum; "its generation"),
        row(n; "bundle digest"; $c.projection | values | $c.inputs[0].digest // empty; $e.bundle_digest; "its declaration"),
        ($o.invariants | values | ["I", ., ($c.validation.invariants | canon)] | line);

    # What it says of a projection that was dropped, of a step that a person settled, of the backup before it, of a text that is replaced, and of batches.
    def linked(n; $e): . as $c |
        ($c.dropped | objects | . as $d |
            (select(([.projection // "", (.migrations | arrays | .[] | if type == "string" then . else "" end)] | join(" ")) != $e.subject) |
                found("claim"; "entry \(n): subject is not that of its receipt")),
            (.generations | arrays | .[] | objects | select(.state == "live" and .digest != $d.digest) |
                found("claim"; "entry \(n): digest of its live generation is not that of what was dropped"))),
        (select($e.kind == "resolve") | ($c.resolve | object) as $said |
            (select(($said.as // "") != ($c.journal | object | .how // "")) | found("claim"; "entry \(n): how it was settled is not that of what was said")),
            (select($e.outputs.post != (if $said.as == "applied" then $said.stands // $gone else null end)) |
                found("claim"; "entry \(n): proof is not that of what was seen")),
            (["L", "step", $e.checksum, $e.subject] | map(tostring) | line)),
        ($c.precaution | objects | select(.entry != null) | ["L", "backup", .entry, .digest] | map(tostring) | line),
        ($c.replaces | objects | ["L", "text", .sequence, .checksum] | map(tostring) | line),
        ($c.journal | objects | .batches | objects | ["L", "batches", $e.checksum, $e.subject, "\(.count // 0) \(.rows // 0) \(.digest)"] | map(tostring) | line);

    def folder: (.inputs[0].uri // "" | sub("[^/]*$"; "")) as $dir | select(.inputs | all(.uri | startswith($dir))) | $dir;
    def is_bundle: .inputs[0].uri | endswith("/migration.yml");

    # A flat migration, or a definition, has no migration.yml: its names are in no checksum, nor what its header says.
    def declaration: .declaration as $d | folder as $dir | is_bundle as $whole | (if $whole then 1 else 0 end) as $from |
        ($from + ($d.artifacts.forward | length) + (if $d.backfill then 1 else 0 end) + (if $d.runner.apply then 1 else 0 end)) as $f |
        ($f + ($d.artifacts.rollback | length) + (if $d.runner.rollback then 1 else 0 end)) as $r |
        def files(name): .[] | field(name; (if $whole then .uri | ltrimstr($dir) else name end | @base64) + " x00 " + (.digest | hex));
        claims("checksum"; .checksum), claims("bundle"; .bundle_digest),
        (((.inputs[$from:$f] | files("forward")), (.inputs[$f:$r] | files("rollback")),
          (.inputs[$r:] | sort_by(.uri) | files("invariant")),
          field("scope"; if $whole then $d.scope else {} end |
              with_entries(select(.value != [] or .key == "allowed_schemas" or .key == "allowed_tables") | .value |= sort) | canon | @base64),
          field("limits"; if $whole then $d.limits else {} end | canon | @base64),
          field("runner.tool"; $d.runner.tool | @base64),
          ($d.runner | select(.tool == "command") | (.command // .apply) | field("runner.command"; @base64)),
          field("requires_rollback"; $d.requires_rollback | tostring | @base64),
          ($d.rebuild | select(. == "after-load") | field("rebuild"; @base64)),
          ($d.rebuilds | select(. != null and . != []) | field("rebuilds"; sort | canon | @base64))) | d("checksum")),
        ((field("declaration"; $d | canon | @base64), field("notes"; .notes_digest // "" | if . == "" then "" else hex end)) | d("bundle"));

    def parts: claims("parts"; .projection.digest), (.projection.parts[] | (field("part"; .part | @base64),
        (.id | values | field("id"; @base64)),
        (select(.dataset) | field("dataset"; .dataset | @base64), field("version"; .version | @base64), field("asset"; .asset | @base64),
            field("table"; .table // "" | @base64)),
        field("digest"; .digest | hex)) | d("parts"));

    def content: claims("content"; .projection.content),
        ([.projection.sources[] | .key = "\(.dataset)/\(.dataset_version_id)#\(.asset)>\(.into)"] | sort_by(.key)[] |
        (field("source"; .key | @base64), field("rows"; .rows | tostring | @base64), field("sum"; .fingerprint | hex)) | d("content"));

    def made: .projection as $p |
        if $p then
            ($p.digest | values | if $p.parts then "parts" else "unproven" end),
            ($p.content | values | if ($p.sources | length) > 0 and ($p.sources | all(.rows != null)) then "content" else "unproven" end)
        elif has("checksum") then
            if .declaration and ([folder] | length > 0) and ([is_bundle, ((.inputs[0].uri | split("/")[-1]) == .declaration.artifacts.forward[0])] | any)
            then "declaration" else "unproven" end
        else empty end;

    # Seconds since 1970; null: it is none.
    def moment: if type == "string" and test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{6}Z$")
        then (sub("\\.[0-9]*Z$"; "Z") | fromdateiso8601? // null) else null end;
    # Members that are there are of the types that the schema says; what is read of them, too.
    def is_list: type == "array" and all(type == "object" and (.uri | type == "string" and (explode | all(. > 31))) and (.digest | type) == "string");
    def has_form: type == "object" and
        ([("baselines", "policy", "declaration", "projection", "journal", "rename", "replaces", "confirm", "backup", "validation", "dropped", "resolve", "precaution", "approvals") as $k | select(has($k)) | .[$k] | type == "object"] | all) and
        ([("inputs", "outputs") as $k | select(has($k)) | .[$k] | is_list] | all) and ((has("gates") | not) or (.gates | type == "array")) and
        ((.baselines // {} | .format // "" | type) == "string") and
        ([(.policy // {} | .protected // {} | if type == "object" then .[] else 0 end) | if type == "array" then all(type == "string") else false end] | all);

    . as $n | (input | fromjson? // null | object) as $e | input as $run | input as $text | ($text | fromjson? // null) as $b | ($b | object) as $r |
    ($r.claim | object) as $c |
    ((if "\($b | canon)" == $text then empty else found("receipt"; "the receipt of entry \($n) is not canonical JSON") end),
     (if [$r.run_id, $r.result, $r.ledger.sequence, $r.ledger.instance, $r.ledger.previous, $r.environment, $r.finished_at]
          == [$e.run_id, $e.result, $e.sequence, $e.instance, $e.previous, $e.environment, $e.finished_at] and $run == $e.run_id
      then empty else found("receipt"; "entry \($n): its receipt is that of another run") end),
     (if ($r.claim | has_form) then empty else found("receipt"; "entry \($n): its receipt is not of the form of a receipt") end),
     ($e.outputs.invariants | values | ["N", "input", ., "results of invariants"] | line),
     ($c | (.inputs[]? | select(.kept != false) | ["N", "input", .digest, .uri] | line),
           (.outputs[]? | select(.uri | startswith("diffs/")) | ["N", "output", .digest, .uri] | line)),
     ($c.approvals | values | (.judged_at // $e.finished_at) as $at |
        (if has("judged_at") and (.judged_at | moment) == null
         then found("approval"; "entry \($n): its receipt does not say when those who signed were judged")
         elif $e.result == "success" and ($at | moment) > ($e.finished_at | moment) + 300
         then found("approval"; "entry \($n): who signed was judged at \($at), after it had ended") else empty end),
        (["N", "input", .signers, "list of signers"] | line), (.signers as $by | .signed[]? |
        (["N", "input", .statement, "signed statement"] | line), (["N", "input", .signature, "signature"] | line),
        (if .kind == "bundle" then $c.bundle_digest elif .kind == "projection" then $c.projection.digest else .digest end) as $over |
        ["S", .person, .key, ([$over, .digest, .kind, .signed_at, .statement, .signature, $by, ($at | gsub("[-T:]|\\.[0-9]*"; "")), $at, $e.environment] | join(" "))] | line)),
     ($c | same($n; $e)),
     ($c | linked($n; $e)),
     ($c | made as $made | if $made == "declaration" then declaration elif $made == "parts" then parts elif $made == "content" then content else "U" end),
     (["M", $c.baselines.format // "", (($r.target.server_version // 0) / 10000 | floor | tostring)] | line),
     ($c.policy.protected // {} | to_entries[] | .key as $k | .value[] | ["Y", $k, @uri] | line),
     ($c | .outputs[]? | select(.uri == "baselines/pre.json" or .uri == "baselines/post.json") | ["O", .digest, .uri] | line),
     (["E"] | line)
    ) | "\($n)\t\(.)"' | awk -F "$tab" -v to="$dir/.facts/" '
        $1 != at { if (at) close(to at); at = $1 }
        { print substr($0, length($1) + 2) >(to at) }'
}

# --- what is checked ---

check_entry() # TEXT; the entry at position n + 1, and the line that says of it
{
    at=$((n + 1))
    IFS=$us read -r canonical sequence previous instance env subject kind result run_id finished_at _ receipt <&4 || canonical=false
    IFS= read -r columns <&5 || columns=
    [ "$canonical" = true ] || finding tree "entry $at is not canonical JSON"
    [ "$sequence" = "$at" ] || finding tree "entry $at calls itself $sequence"
    root_of_frontier
    [ "$previous" = "sha256:$hash" ] || finding tree "entry $at does not follow the entries before it"
    [ "$instance $env" = "$uuid $environment" ] || finding tree "entry $at belongs to another ledger"
    [ "$columns" = "$at$tab$subject$tab$kind$tab$result$tab$run_id$tab$finished_at" ] || finding columns "the columns of entry $at are not what its text says"
    echo "$receipt" >>"$dir/.want"
}

check_tree()
{
    IFS=$tab read -r uuid environment format <"$dir/instance" || die 1 "no instance"
    IFS=$tab read -r size root kept <"$dir/head" || die 1 "no head"
    [ "$format" -ge 1 ] || die 1 "a ledger of format $format"
    list_said
    : >"$dir/.want"
    n=0
    frontier=
    while IFS= read -r text; do
        check_entry "$text"
        add_leaf "$text"
    done <"$dir/entries" 4<"$dir/.said" 5<"$dir/columns"
    [ "$size" = "$n" ] || finding tree "the head counts $size entries, there are $n"
    root_of_frontier
    [ "$root" = "$hash" ] || finding tree "the entries do not hash to the root of the head"
    want=
    for part in $frontier; do want="$part${want:+ }$want"; done
    [ "$kept" = "$want" ] || finding tree "the frontier of the head is not that of the entries"
}

check_made() # SEQUENCE WHAT SAID HEX FROM
{
    [ "$3" = "sha256:$4" ] || finding claim "entry $1: $2 is not that of $5"
}

# Policy as the receipt has it, with %XX.
policy_of() # lines KIND TAB NAME
{
    awk -F "$tab" -v OFS="$tab" '
        BEGIN { for (i = 32; i < 127; i++) if (i != 37) of[sprintf("%%%02X", i)] = sprintf("%c", i) }
        { out = ""; while (match($2, /%[0-9A-F][0-9A-F]/)) { h = substr($2, RSTART, 3); out = out substr($2, 1, RSTART - 1) (h in of ? of[h] : h); $2 = substr($2, RSTART + 3) } print $1, out $2 }'
}

# Baselines are the sum of the objects up to an entry: the digest of the document, "unproven" or "unknown", into $have.
make_baseline() # UPTO FORMAT MAJOR POLICY
{
    key=$(printf '%s %s %s %s' "$1" "$2" "$3" "$4" | sha)
    have=$(sed -n "s/^$key //p" "$dir/.baselines")
    [ -z "$have" ] || return 0
    sum_of_objects "$1" "$4"
    case $2 in
    '') have=$(baseline_1 "$3" >"$dir/.document" && sha <"$dir/.document") || have=unproven ;;
    kfmig.baseline.v2) have=$(baseline_2 "$3" | sha) ;;
    *) have=unknown ;;
    esac
    echo "$key $have" >>"$dir/.baselines"
}

check_baseline() # SEQUENCE DIGEST URI; of the format, major and policy that were read
{
    upto=$1
    [ "$3" = baselines/post.json ] || upto=$(($1 - 1))
    if [ "$policy" != "$policy_raw" ]; then
        policy_raw=$policy
        policy_text=$(printf '%s' "$policy" | policy_of)
    fi
    make_baseline "$upto" "$baseline_format" "$major" "$policy_text"
    if [ "$have" = unproven ]; then
        unproven=$((unproven + 1))
    else
        [ "$2" = "sha256:$have" ] || finding output "entry $1: $3 is not what its receipt names"
    fi
}

# What a receipt claims, computed anew from what it says that it is made of: fields stand in .fields.CLAIM.
check_claim() # SEQUENCE CLAIM SAID
{
    fields=$dir/.fields.$2
    [ -e "$fields" ] || : >"$fields"
    case $2 in
    checksum)
        checksum=$(digest_of_fields kfmig.checksum.v1 <"$fields")
        check_made "$1" checksum "$3" "$checksum" "its declaration and inputs"
        ;;
    bundle)
        check_made "$1" "bundle digest" "$3" \
            "$({ printf 'Y2hlY2tzdW0=\tx%s\n' "$checksum"; cat "$fields"; } | digest_of_fields kfmig.bundle.v1)" "its declaration and inputs"
        ;;
    parts) check_made "$1" "digest of its generation" "$3" "$(digest_of_fields kfmig.generation.v2 <"$fields")" "its parts" ;;
    content) check_made "$1" "content of its generation" "$3" "$(digest_of_fields kfmig.content.v1 <"$fields")" "its sources" ;;
    esac
    : >"$fields"
}

text_of() # DIGEST; of the ledger
{
    awk -F "$tab" -v want="${1#sha256:}" '$1 == want { print $2; exit }' "$dir/blobs" | base64 -d 2>/dev/null
}

# A signature is over the statement that the ledger kept, by a key that stands in the list of signers that it kept, behind that person; statement and
# key counted at the moment of consent. A plan's stands in the receipt of each of its migrations: what was found good is asked once.
check_signed() # SEQUENCE PERSON KEY "OVER DIGEST KIND SIGNED_AT STATEMENT SIGNATURE SIGNERS TIME MOMENT ENVIRONMENT"
{
    entry=$1
    person=$2
    key=$3
    all="$person $key $4"
    # shellcheck disable=SC2086 # words without blanks
    set -- $4
    grep -qxF -- "$all" "$dir/.signed" 2>/dev/null && return
    if ! command -v ssh-keygen >/dev/null; then
        unproven=$((unproven + 1))
        return
    fi
    text_of "$5" >"$dir/.statement"
    text_of "$6" >"$dir/.signature"
    text_of "$7" | awk -v person="$person" 'index($0, person " ") == 1 || index($0, person ",") == 1' >"$dir/.signers"
    said=$(jq -r '[.digest, .digest, .kind, .signed_at] | join(" ")' "$dir/.statement" 2>/dev/null)
    void=$(jq -r --arg at "$9" --arg env "${10}" 'def s: sub("\\.[0-9]*Z$"; "Z") | fromdateiso8601;
        if .expires_at != null and $at >= .expires_at then "does not count: it expired at \(.expires_at)"
        elif (.signed_at | s) > ($at | s) + 300 then "does not count: it says that it was signed at \(.signed_at), which is yet to come"
        elif (.environments | length) > 0 and (.environments | index([$env]) == null) then "is not for environment \"\($env)\"" else "" end' "$dir/.statement" 2>/dev/null) ||
        void="is not what its receipt says of it"
    if [ "$said" != "$1 $2 $3 $4" ]; then
        finding approval "entry $entry: the signature of $person is not what its receipt says of it"
    elif [ -n "$void" ]; then
        finding approval "entry $entry: the signature of $person $void"
    elif ! ssh-keygen -Y verify -f "$dir/.signers" -I "$person" -n kfmig -s "$dir/.signature" -O "verify-time=$8" <"$dir/.statement" 2>/dev/null |
        grep -qF " key $key"; then
        finding approval "entry $entry: the signature of $person is none, or is not by the key $key"
    else
        printf '%s\n' "$all" >>"$dir/.signed"
    fi
}

# Older versions do not say all of it.
check_facts() # SEQUENCE
{
    made=
    policy=
    ended=
    [ -e "$dir/.facts/$1" ] || : >"$dir/.facts/$1"
    while IFS=$us read -r type a b c; do
        case $type in
        F) finding "$a" "$b" ;;
        N) printf '%s\t%s\t%s\t%s\n' "$1" "$a" "${b#sha256:}" "$c" >>"$dir/.names" ;;
        I) check_made "$1" "results of invariants" "$a" "$(printf '%s' "$b" | sha)" "its receipt" ;;
        C) made="$made $a=$b" ;;
        D) printf '%s\n' "$b" >>"$dir/.fields.$a" ;;
        U) unproven=$((unproven + 1)) ;;
        M)
            baseline_format=$a
            major=$b
            ;;
        Y) policy=$policy${policy:+$newline}$a$tab$b ;;
        O) check_baseline "$1" "$a" "$b" ;;
        L) printf '%s\n' "$1$us$a$us$b$us$c" >>"$dir/.links" ;;
        S) check_signed "$1" "$a" "$b" "$c" ;;
        E) ended=yes ;;
        esac
    done <"$dir/.facts/$1"
    [ "$ended" ] || grep -qx "F${us}receipt${us}entry $1: its receipt is not of the form of a receipt" "$dir/.facts/$1" || finding receipt "entry $1: its receipt is not of the form of a receipt"
    for claim in $made; do
        check_claim "$1" "${claim%%=*}" "${claim#*=}"
    done
}

# Bodies as they were hashed, into .bodies/SEQUENCE, and "SEQUENCE HASH" of each into .hashes.
hash_receipts()
{
    rm -rf "$dir/.bodies"
    mkdir "$dir/.bodies" || die 1 "cannot write below $dir"
    awk -F "$tab" -v to="$dir/.bodies/" '{ f = to $1; sub(/^[^\t]*\t[^\t]*\t[^\t]*\t/, ""); printf "%s", $0 >f; close(f) }' "$dir/receipts"
    (cd "$dir/.bodies" && find . -type f | sed 's,^\./,,' | xargs sha256sum) 2>/dev/null | awk '{ print $2, $1 }' >"$dir/.hashes"
    # SEQUENCE, what its entry and the receipt's own column say, what it hashes to; "-": there is no receipt
    awk -F "$tab" 'FILENAME ~ /\.hashes$/ { split($0, h, " "); hash[h[1]] = h[2]; next }
        FILENAME ~ /\/receipts$/ { column[$1] = $3; next }
        { print FNR, $0, (FNR in column ? column[FNR] : "-"), (FNR in hash ? hash[FNR] : "-") }' "$dir/.hashes" "$dir/receipts" "$dir/.want" >"$dir/.pairs"
    rm -r "$dir/.bodies"
}

check_receipts()
{
    : >"$dir/.names"
    : >"$dir/.signed"
    : >"$dir/.links"
    list_facts
    hash_receipts
    while read -r seq said column hash; do
        if [ "$column" = - ]; then
            finding receipt "entry $seq has no receipt"
        elif [ "$said" != "sha256:$hash" ] || [ "$column" != "$hash" ]; then
            finding receipt "entry $seq: its receipt was altered"
        else
            check_facts "$seq"
        fi
    done <"$dir/.pairs"
    awk -F "$tab" -v n="$n" '$1 < 1 || $1 > n { print "receipt: receipt " $1 " belongs to no entry" }' "$dir/receipts" >"$dir/.lacking"
    awk -F "$tab" 'FILENAME ~ /\/blobs$/ { there[$1] = 1; next }
        !($3 in there) { print $2 ": entry " $1 ": the ledger lacks the text of " $2 " " $4 }' "$dir/blobs" "$dir/.names" >>"$dir/.lacking"
    cat "$dir/.lacking"
    found=$((found + $(wc -l <"$dir/.lacking")))
}

# What receipts say of other entries, and of batches, which are not looked at where they were not exported.
check_links()
{
    batches=$dir/batches
    [ -e "$batches" ] || batches=/dev/null
    awk -F "$us" -v without="$([ "$batches" != /dev/null ] || echo yes)" '
    function step(n, sum, of, with_done) { # the newest entry before n that is about that step
        while (--n > 0 && !(checksum[n] == sum && subject[n] == of && (kind[n] == "intent" || (with_done && kind[n] == "done")))) continue
        return n
    }
    function differs(what, from) { print "claim: entry " $1 ": " what " is not that of " from }
    FILENAME ~ /\.said$/ { subject[FNR] = $6; kind[FNR] = $7; result[FNR] = $8; checksum[FNR] = $11; next }
    FILENAME ~ /\/batches$/ {
        split($0, b, "\t")
        come_to[b[1]] = b[2] " " b[3] " sha256:" b[4]
        if (kind[b[1]] != "intent") print "claim: entry " b[1] ", which has batches, began none"
        next
    }
    $2 == "step" && !step($1, $3, $4, 1) { differs("step", "an entry before it") }
    $2 == "backup" && !($3 + 0 < $1 + 0 && kind[$3] == "backup" && result[$3] == "success" && checksum[$3] == $4) { differs("the backup before it", "its entry") }
    $2 == "text" && !($3 + 0 < $1 + 0 && kind[$3] == "apply" && result[$3] == "success" && checksum[$3] == $4) { differs("the text that it replaces", "its entry") }
    $2 == "batches" && !without {
        begun = step($1, $3, $4, 0)
        if (begun in come_to ? come_to[begun] != $5 : $5 !~ /^0 /) differs("what it says of its batches", "kfmig.batch")
    }' "$dir/.said" "$batches" "$dir/.links" >"$dir/.lacking"
    cat "$dir/.lacking"
    found=$((found + $(wc -l <"$dir/.lacking")))
}

check_blobs()
{
    sed 's/^.*"claim"//' "$dir/receipts" | grep -o 'sha256:[0-9a-f]*' | sort -u >"$dir/.named"
    grep -o 'sha256:[0-9a-f]*' "$dir/entries" | sort -u >>"$dir/.named"
    awk -F "$tab" 'FILENAME ~ /\.named$/ { named[$0] = 1; next } !("sha256:" $1 in named) { print "text: no receipt names the text " $1 }' "$dir/.named" "$dir/blobs" >"$dir/.lacking"
    cat "$dir/.lacking"
    found=$((found + $(wc -l <"$dir/.lacking")))
    while IFS=$tab read -r digest text; do
        hash=$(printf '%s' "$text" | base64 -d 2>/dev/null | sha256sum)
        [ "${hash%% *}" = "$digest" ] || finding text "the text $digest was altered"
    done <"$dir/blobs"
}

check_objects()
{
    while IFS=$tab read -r seq object fingerprint definition; do
        [ "$seq" -le "$size" ] || finding object "entry $seq, which wrote $(printf '%s' "$object" | base64 -d), is not there"
        [ "$fingerprint" = - ] || [ "$(printf '%s' "$definition" | base64 -d | sed '/^~/d' | sha)" = "$fingerprint" ] ||
            finding object "entry $seq: the definition of $(printf '%s' "$object" | base64 -d) is not what its fingerprint was made of"
    done <"$dir/objects"
}

check_guards()
{
    refuses=" BEGIN RAISE EXCEPTION 'kfmig.% is append-only', TG_TABLE_NAME USING ERRCODE = 'object_not_in_prerequisite_state'; END "
    for table in batch blob entry object receipt; do
        [ "$table" != batch ] || [ -s "$dir/made" ] || continue # with the first backfill
        grep -Fqx "$table${tab}append_only${tab}A${tab}58${tab}t${tab}t$tab$refuses" "$dir/triggers" ||
            finding guard "kfmig.$table is not append-only: trigger append_only is missing, off or another"
    done
    awk -F "$tab" -v OFS="$tab" '!($2 == "append_only" && $1 ~ /^(batch|blob|entry|object|receipt)$/) { print $1, "trigger that is not kfmig'"'"'s: " $2 }' "$dir/triggers" >"$dir/.lacking"
    [ ! -e "$dir/rules" ] || sed "s/$tab/${tab}rule: /" "$dir/rules" >>"$dir/.lacking"
    while IFS=$tab read -r table words; do
        finding guard "kfmig.$table has a $words"
    done <"$dir/.lacking"
}

# Exported receipts: PATH, HASH, what it says of its ledger, and each output.
list_exports() # PROJECT
{
    find "$1/migrations" \( -name run_receipt.json -o -name receipt_ref.json \) 2>/dev/null | sort >"$dir/.exports"
    while IFS= read -r path; do
        printf '%s\n%s\n' "$path" "$(sha <"$path")"
        tr '\n' ' ' <"$path"
        echo
    done <"$dir/.exports" | jq -Rr '. as $path | input as $hash | (input | fromjson? // null | if type == "object" then . else {} end) as $d |
        (if $d.ledger then [$d.ledger.instance, $d.ledger.sequence, $hash]
         else ($d.uri // "" | tostring | split(":")) as $u | [$u[2], $u[3], ($d.sha256 // "" | ltrimstr("sha256:"))] end) as $of |
        ([$path, "receipt"] + $of, ($d.claim.outputs[]? | [$path, "output", .digest, .uri, ""])) | map(tostring) | join("\u001f")' >"$dir/.exported"
}

check_output() # PATH of the receipt, DIGEST URI
{
    home=${1%/receipts/*}
    sub=${1#"$home"/receipts/}
    path=$home/${3%%/*}/${sub%run_receipt.json}${3#*/}
    if [ ! -e "$path" ]; then
        finding export "$path is missing, though its receipt names it"
    elif [ "sha256:$(sha <"$path")" != "$2" ]; then
        finding export "$path is not as its receipt says"
    fi
}

check_exports() # PROJECT
{
    list_exports "$1"
    while IFS=$us read -r path type a b c; do
        if [ "$type" = output ]; then
            check_output "$path" "$a" "$b"
        elif [ "$a" != "$uuid" ]; then
            others=$((others + 1))
        else
            exported=$((exported + 1))
            grep -q "^$b sha256:$c " "$dir/.pairs" || finding export "$path is not the receipt of entry $b"
        fi
    done <"$dir/.exported"
}

# Where an environment wants evidence in the project, each migration that stands there and is applied has it.
check_wanted() # PROJECT bundle|folder|pointer
{
    case $2 in
    bundle) file=receipts/run_receipt.json ;;
    folder) file=receipts/$environment/run_receipt.json ;;
    pointer) file=receipts/receipt_ref.json ;;
    *) die 5 "--evidence is bundle, folder or pointer" ;;
    esac
    awk -F "$us" '$8 != "success" { next }
        $7 == "apply" || $7 == "import" { at[$6] = 1 }
        $7 == "rollback" { delete at[$6] }
        $7 == "drop" { n = split($6, gone, " "); for (i = 2; i <= n; i++) delete at[gone[i]] }
        $7 == "rename" { split($6, pair, " "); if (pair[1] in at) at[pair[2]] = 1; delete at[pair[1]] }
        END { for (id in at) print id }' "$dir/.said" | sort >"$dir/.wanted"
    while IFS= read -r id; do
        for home in "$1"/migrations/*/"$id"; do
            [ ! -d "$home" ] || [ -e "$home/$file" ] || finding export "$home/$file is missing"
        done
    done <"$dir/.wanted"
}

check_sink() # SINK; this ledger's folder in it
{
    folder=$1/$environment/$uuid
    find "$folder" -type f -name '[0-9]*-*' 2>/dev/null | sed 's,.*/,,' | sort >"$dir/.sunk"
    while read -r name; do
        seq=$(printf '%s' "${name%%-*}" | sed 's/^0*//')
        if [ "$seq" -gt "$size" ]; then
            finding sink "$folder has a receipt of entry $seq, the ledger has $size entries"
        elif [ "sha256:$(sha <"$folder/$name")" != "$(sed -n "${seq}p" "$dir/.want")" ]; then
            finding sink "$folder/$name is not the receipt of ledger entry $seq"
        else
            sunk=$((sunk + 1))
        fi
    done <"$dir/.sunk"
    n=0
    while [ "$n" -lt "$size" ]; do
        n=$((n + 1))
        grep -q "^0*$n-" "$dir/.sunk" || finding sink "$folder lacks the receipt of ledger entry $n"
    done
}

tab=$(printf '\t')
us=$(printf '\037')
newline='
'
# What the newest publication of each projection says of its sources, against the rows that were read.
check_rows()
{
    awk -F "$tab" '$3 == "publish" && $4 == "success" { last[$2] = $1 } END { for (s in last) print last[s] }' "$dir/columns" >"$dir/.want"
    awk -F "$tab" 'FILENAME ~ /\.want$/ { want[$1] = 1; next } $1 in want { print $4 }' "$dir/.want" "$dir/receipts" |
        jq -r '.claim.projection | .name as $name | .sources[]? | select(.fingerprint != null) |
            "\($name)\t\(.dataset)/\(.dataset_version_id)#\(.asset)>\(.into)\t\(.rows)\t\(.fingerprint | ltrimstr("sha256:"))"' >"$dir/.said"
    awk -F "$tab" 'function hex(list,  b, i, carry, out) {
        split(list, b, " ")
        for (i = 32; i >= 1; i--) { carry += b[i]; out = sprintf("%02x", carry % 256) out; carry = int(carry / 256) }
        return out
    }
    FILENAME ~ /\.said$/ { rows[$1, $2] = $3; sum[$1, $2] = $4; where[$1, $2] = $1 ": " $2; next }
    {
        if (!(($1, $2) in rows)) print $1 ": no receipt names what was loaded from " $2
        else if (rows[$1, $2] != $3 || sum[$1, $2] != hex($4)) print $1 ": the rows of " $2 " are not those of its receipt (" $3 ", it says " rows[$1, $2] ")"
        delete where[$1, $2]
    }
    END { for (k in where) print where[k] " is not in its live generation" }' "$dir/.said" "$dir/rows" | sort >"$dir/.found"
    while IFS= read -r words; do finding rows "$words"; done <"$dir/.found"
    rm -f "$dir/.want" "$dir/.said" "$dir/.found"
}

usage="usage: verify.sh [--sink SINK] [--evidence KIND] DIR [PROJECT], or verify.sh [--rows] --export CONNINFO DIR"
if [ "${1:-}" = --attestations ]; then
    shift
    exec sh "${0%/*}/verify-attestations.sh" "$@"
fi
rows=
[ "${1:-}" != --rows ] || { rows=yes; shift; }
sink=
evidence=
while :; do
    case ${1:-} in
    --sink) sink=${2:-} ;;
    --evidence) evidence=${2:-} ;;
    *) break ;;
    esac
    [ $# -gt 2 ] || die 5 "$usage"
    shift 2
done
case ${1:-} in
--export)
    [ $# -eq 3 ] || die 5 "$usage"
    conninfo=$2
    dir=$3
    mkdir -p "$dir" || exit 1
    export_ledger
    ;;
'' | -*) die 5 "$usage" ;;
*) dir=$1 ;;
esac
[ -z "$rows" ] || [ "$1" = --export ] || die 5 "$usage"
exported=0
others=0
unproven=0
sunk=0
policy_raw=
policy_text=
rm -rf "$dir/.names" "$dir/.buckets" "$dir"/.fields*
true 2>/dev/null >"$dir/.baselines" || : # list_things says that the folder is not there
list_things
check_tree
check_receipts
check_links
check_blobs
check_objects
check_guards
[ ! -e "$dir/rows" ] || check_rows
[ -z "$sink" ] || check_sink "$sink"
[ $# -ne 2 ] || check_exports "$2"
[ $# -ne 2 ] || [ -z "$evidence" ] || check_wanted "$2" "$evidence"
for name in lacking links named names signed signers signature statement exports exported wanted want said pairs hashes things policy members counts sets document baselines sunk; do
    rm -f "$dir/.$name"
done
rm -rf "$dir/.facts" "$dir"/.fields*
echo "$environment: $size entries, $(wc -l <"$dir/receipts") receipts, $(wc -l <"$dir/blobs") texts, $(wc -l <"$dir/objects") rows of objects, $unproven claims not computed, $sunk in the sink, $exported exported receipts verified," \
    "$others of another ledger, $found findings"
[ "$found" -eq 0 ] || exit 8
