#!/bin/sh
# Is everything that a ledger of kfmig says consistent? Without kfmig: psql, jq, sha256sum, base64 and POSIX tools. docs/audit.md says what
# is checked, and why. What it finds stands on stdout, a line each; the last line counts.
#   verify.sh --export CONNINFO DIR   reads the ledger into files (psql; the role needs SELECT on schema kfmig), then checks them
#   verify.sh DIR [PROJECT]           checks the files alone; with PROJECT also what is exported in its migrations/
# --sink SINK, before all others: also the receipts of this ledger in the sink.
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
    query triggers "SELECT c.relname, t.tgname, t.tgenabled FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = 'kfmig'::regnamespace AND NOT t.tgisinternal ORDER BY 1, 2"
}

export_ledger()
{
    encoding=$(psql -XqAt -d "$conninfo" -c "SHOW server_encoding") || die 1 "cannot connect to the database"
    [ "$encoding" = SQL_ASCII ] || encoding=UTF8
    queries | PGCLIENTENCODING=$encoding psql -XqAt -F "$tab" -v ON_ERROR_STOP=1 -d "$conninfo" -f - || die 1 "cannot read the ledger"
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

leaf_of() # TEXT; RFC 6962: SHA-256 of 0x00 and the text
{
    { printf '\000'; printf '%s' "$1"; } | sha
}

node_of() # LEFT RIGHT; SHA-256 of 0x01 and both
{
    { printf '\001'; printf '%s%s\n' "$1" "$2" | binary; } | sha
}

# The tree: frontier holds the roots of complete subtrees, the last and smallest first here.
add_leaf() # HASH; into frontier, of n leaves so far
{
    hash=$1
    carry=$n
    while [ $((carry % 2)) -eq 1 ]; do
        hash=$(node_of "${frontier%% *}" "$hash")
        frontier=${frontier#* }
        carry=$((carry / 2))
    done
    frontier="$hash $frontier"
    n=$((n + 1))
}

root_of_frontier()
{
    [ "$n" -gt 0 ] || { printf '' | sha; return; }
    hash=
    for part in $frontier; do
        if [ -z "$hash" ]; then hash=$part; else hash=$(node_of "$part" "$hash"); fi
    done
    echo "$hash"
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

# --- what is checked ---

member() # JSON PATH; the text, or "" where it is null or not there
{
    printf '%s' "$1" | jq -r "$2 // \"\"" 2>/dev/null
}

check_canonical() # RULE NAME TEXT
{
    made=$(printf '%s' "$3" | jq -cSj . 2>/dev/null; echo .)
    [ "$made" = "$3." ] || finding "$1" "$2 is not canonical JSON"
}

check_entry() # TEXT; the entry at position n + 1
{
    at=$((n + 1))
    check_canonical tree "entry $at" "$1"
    said=$(printf '%s' "$1" | jq -r '[.sequence, .previous, .instance, .environment, .subject, .kind, .result, .run_id, .finished_at] | map(tostring) | join("\t")' 2>/dev/null)
    [ "$(printf '%s' "$said" | cut -f1)" = "$at" ] || finding tree "entry $at calls itself $(printf '%s' "$said" | cut -f1)"
    [ "$(printf '%s' "$said" | cut -f2)" = "sha256:$(root_of_frontier)" ] || finding tree "entry $at does not follow the entries before it"
    [ "$(printf '%s' "$said" | cut -f3-4)" = "$uuid$tab$environment" ] || finding tree "entry $at belongs to another ledger"
    [ "$(printf '%s' "$said" | cut -f5-9)" = "$(sed -n "${at}p" "$dir/columns" | cut -f2-6)" ] || finding columns "the columns of entry $at are not what its text says"
}

check_tree()
{
    IFS=$tab read -r uuid environment format <"$dir/instance" || die 1 "no instance"
    IFS=$tab read -r size root kept <"$dir/head" || die 1 "no head"
    [ "$format" -ge 1 ] || die 1 "a ledger of format $format"
    n=0
    frontier=
    while IFS= read -r text; do
        check_entry "$text"
        add_leaf "$(leaf_of "$text")"
    done <"$dir/entries"
    [ "$size" = "$n" ] || finding tree "the head counts $size entries, there are $n"
    [ "$root" = "$(root_of_frontier)" ] || finding tree "the entries do not hash to the root of the head"
    want=
    for part in $frontier; do want="$part${want:+ }$want"; done
    [ "$kept" = "$want" ] || finding tree "the frontier of the head is not that of the entries"
}

has_blob() # HEX
{
    grep -q "^$1$tab" "$dir/blobs"
}

# A claim's digest against what it is made of.
check_made() # SEQUENCE WHAT SAID HEX FROM
{
    [ "$3" = "sha256:$4" ] || finding claim "entry $1: $2 is not that of $5"
}

# Digests that stand in the entry and in its receipt.
check_same() # ENTRY SEQUENCE BODY
{
    printf '%s\n%s\n' "$1" "$3" | jq -sr '.[0] as $e | .[1].claim as $c | $e.outputs as $o |
        def output(uri): $c.outputs[]? | select(.uri == uri) | .digest;
        def member(at; name): at | select(type == "object" and has(name)) | .[name];
        def row(what; said; want; from): said | select(. != want) | "\(what) is not that of \(from)";
        row("checksum"; member($c; "checksum"); $e.checksum; "its receipt"),
        row("bundle digest"; member($c; "bundle_digest"); $e.bundle_digest; "its receipt"),
        row("baseline before"; member($c.baselines; "pre"); $o.pre; "its receipt"),
        row("baseline after"; member($c.baselines; "post"); $o.post; "its receipt"),
        row("diff"; member($c; "diff"); $o.diff; "its receipt"),
        row("baselines/pre.json"; output("baselines/pre.json"); $o.pre; "its receipt"),
        row("baselines/post.json"; output("baselines/post.json"); $o.post; "its receipt"),
        row("diffs/summary.json"; output("diffs/summary.json"); $o.diff; "its receipt"),
        row("checksum"; member($c.rename; "checksum"); $e.checksum; "its receipt"),
        row("key"; member($c.journal; "key"); $e.checksum; "its receipt"),
        row("payload"; $c.journal | values | $c.inputs[0].digest; $e.bundle_digest; "its receipt"),
        row("digest before"; member($c.journal; "before"); $o.pre; "its receipt"),
        row("proof"; member($c.journal; "proof"); $o.post; "its receipt"),
        row("checksum"; member($c.projection; "digest"); $e.checksum; "its generation"),
        row("bundle digest"; $c.projection | values | $c.inputs[0].digest // empty; $e.bundle_digest; "its declaration")' >"$dir/.claims"
    while IFS= read -r words; do
        finding claim "entry $2: $words"
    done <"$dir/.claims"
    results=$(member "$1" .outputs.invariants)
    [ -z "$results" ] || check_made "$2" "results of invariants" "$results" \
        "$(printf '%s' "$3" | jq -cSj '.claim.validation.invariants' | sha)" "its receipt"
}

check_declaration() # SEQUENCE BODY
{
    printf '%s' "$2" | jq -r "$jq_words"'.claim | .declaration as $d | ($d.artifacts.forward | length) as $f | ($d.artifacts.rollback | length) as $r |
        (.inputs[0].uri | rtrimstr("migration.yml")) as $dir |
        def files(name): .[] | field(name; (.uri | ltrimstr($dir) | @base64) + " x00 " + (.digest | hex));
        (.inputs[1:1 + $f] | files("forward")), (.inputs[1 + $f:1 + $f + $r] | files("rollback")),
        (.inputs[1 + $f + $r:] | sort_by(.uri) | files("invariant")),
        field("scope"; $d.scope | with_entries(select(.value != [] or .key == "allowed_schemas" or .key == "allowed_tables") | .value |= sort) | canon | @base64),
        field("limits"; $d.limits | canon | @base64),
        field("runner.tool"; $d.runner.tool | @base64),
        field("requires_rollback"; $d.requires_rollback | tostring | @base64),
        ($d.rebuild | select(. == "after-load") | field("rebuild"; @base64))' >"$dir/.fields"
    checksum=$(digest_of_fields kfmig.checksum.v1 <"$dir/.fields")
    check_made "$1" checksum "$(member "$2" .claim.checksum)" "$checksum" "its declaration and inputs"
    printf '%s' "$2" | jq -r --arg checksum "$checksum" "$jq_words"'.claim | field("checksum"; $checksum | hex), field("declaration"; .declaration | canon | @base64),
        field("notes"; .notes_digest // "" | if . == "" then "" else hex end)' >"$dir/.fields"
    check_made "$1" "bundle digest" "$(member "$2" .claim.bundle_digest)" "$(digest_of_fields kfmig.bundle.v1 <"$dir/.fields")" "its declaration and inputs"
}

check_parts() # SEQUENCE BODY
{
    printf '%s' "$2" | jq -r "$jq_words"'.claim.projection.parts[] | field("part"; .part | @base64),
        (.id | values | field("id"; @base64)),
        (select(.dataset) | field("dataset"; .dataset | @base64), field("version"; .version | @base64), field("asset"; .asset | @base64),
            field("table"; .table // "" | @base64)),
        field("digest"; .digest | hex)' >"$dir/.fields"
    check_made "$1" "digest of its generation" "$(member "$2" .claim.projection.digest)" "$(digest_of_fields kfmig.generation.v2 <"$dir/.fields")" "its parts"
}

check_content() # SEQUENCE BODY
{
    printf '%s' "$2" | jq -r "$jq_words"'[.claim.projection.sources[] | .key = "\(.dataset)/\(.dataset_version_id)#\(.asset)>\(.into)"] | sort_by(.key)[] |
        field("source"; .key | @base64), field("rows"; .rows | tostring | @base64), field("sum"; .fingerprint | hex)' >"$dir/.fields"
    check_made "$1" "content of its generation" "$(member "$2" .claim.projection.content)" "$(digest_of_fields kfmig.content.v1 <"$dir/.fields")" "its sources"
}

# Policy as the receipt has it, with %XX.
policy_of() # BODY
{
    printf '%s' "$1" | jq -r '.claim.policy.protected // {} | to_entries[] | .key as $k | .value[] | "\($k)\t\(. | @uri)"' | awk -F "$tab" -v OFS="$tab" '
        BEGIN { for (i = 32; i < 127; i++) if (i != 37) of[sprintf("%%%02X", i)] = sprintf("%c", i) }
        { out = ""; while (match($2, /%[0-9A-F][0-9A-F]/)) { h = substr($2, RSTART, 3); out = out substr($2, 1, RSTART - 1) (h in of ? of[h] : h); $2 = substr($2, RSTART + 3) } print $1, out $2 }'
}

# Baselines are the sum of the objects up to an entry: the digests of their documents.
check_baselines() # SEQUENCE BODY
{
    format=$(member "$2" .claim.baselines.format)
    major=$(printf '%s' "$2" | jq -r '(.target.server_version // 0) / 10000 | floor')
    policy=$(policy_of "$2")
    printf '%s' "$2" | jq -r '.claim.outputs[]? | select(.uri == "baselines/pre.json" or .uri == "baselines/post.json") | "\(.digest) \(.uri)"' >"$dir/.outputs"
    while read -r digest uri; do
        upto=$1
        [ "$uri" = baselines/post.json ] || upto=$(($1 - 1))
        key=$(printf '%s %s %s %s' "$upto" "$format" "$major" "$policy" | sha)
        have=$(grep "^$key " "$dir/.baselines" | cut -d' ' -f2)
        if [ -z "$have" ]; then
            sum_of_objects "$upto" "$policy"
            case $format in
            '') have=$(baseline_1 "$major" >"$dir/.document" && sha <"$dir/.document") || have=unproven ;;
            kfmig.baseline.v2) have=$(baseline_2 "$major" | sha) ;;
            *) have=unknown ;;
            esac
            echo "$key $have" >>"$dir/.baselines"
        fi
        if [ "$have" = unproven ]; then
            unproven=$((unproven + 1))
        else
            [ "$digest" = "sha256:$have" ] || finding output "entry $1: $uri is not what its receipt names"
        fi
    done <"$dir/.outputs"
}

# What a receipt claims, computed anew from what it says that it is made of. Older versions do not say all of it.
check_claims() # ENTRY SEQUENCE BODY
{
    check_same "$1" "$2" "$3"
    printf '%s' "$3" | jq -r '.claim | .projection as $p |
        if $p then
            ($p.digest | values | if $p.parts then "parts" else "unproven" end),
            ($p.content | values | if ($p.sources | length) > 0 and ($p.sources | all(.rows != null)) then "content" else "unproven" end)
        elif has("checksum") then
            (.inputs[0].uri // "" | rtrimstr("migration.yml")) as $dir |
            if .declaration and ($dir | endswith("/")) and (.inputs | all(.uri | startswith($dir))) then "declaration" else "unproven" end
        else empty end' >"$dir/.claims"
    while read -r claim; do
        if [ "$claim" = unproven ]; then unproven=$((unproven + 1)); else "check_$claim" "$2" "$3"; fi
    done <"$dir/.claims"
}

check_names() # ENTRY SEQUENCE BODY; texts that entry and receipt name stand in the ledger
{
    printf '%s\n%s\n' "$1" "$3" | jq -sr '(.[0].outputs.invariants | values | "input \(.) results of invariants"), (.[1].claim | (.inputs[]? | select(.kept != false) | "input \(.digest) \(.uri)"), (.outputs[]? | select(.uri | startswith("diffs/")) | "output \(.digest) \(.uri)"))' 2>/dev/null |
        while read -r rule digest uri; do
            has_blob "${digest#sha256:}" || echo "$rule: entry $2: the ledger lacks the text of $rule $uri"
        done >"$dir/.lacking"
    cat "$dir/.lacking"
    found=$((found + $(wc -l <"$dir/.lacking")))
}

check_receipt() # ENTRY SEQUENCE RUN_ID DIGEST BODY
{
    hash=$(printf '%s' "$5" | sha)
    if [ "sha256:$hash" != "$(member "$1" .receipt)" ] || [ "$hash" != "$4" ]; then
        finding receipt "entry $2: its receipt was altered"
        return
    fi
    check_canonical receipt "the receipt of entry $2" "$5"
    said=$(printf '%s' "$5" | jq -c '[.run_id, .result, .ledger.sequence, .ledger.instance, .ledger.previous, .environment, .finished_at]')
    want=$(printf '%s' "$1" | jq -c '[.run_id, .result, .sequence, .instance, .previous, .environment, .finished_at]')
    [ "$said" = "$want" ] && [ "$3" = "$(member "$1" .run_id)" ] || finding receipt "entry $2: its receipt is that of another run"
    check_names "$1" "$2" "$5"
    check_claims "$1" "$2" "$5"
    check_baselines "$2" "$5"
}

check_receipts()
{
    n=0
    while IFS= read -r text; do
        n=$((n + 1))
        row=$(grep "^$n$tab" "$dir/receipts")
        if [ -z "$row" ]; then
            finding receipt "entry $n has no receipt"
        else
            check_receipt "$text" "$n" "$(printf '%s' "$row" | cut -f2)" "$(printf '%s' "$row" | cut -f3)" "$(printf '%s' "$row" | cut -f4-)"
        fi
    done <"$dir/entries"
    cut -f1 "$dir/receipts" | while read -r seq; do
        [ "$seq" -ge 1 ] && [ "$seq" -le "$n" ] || echo "receipt: receipt $seq belongs to no entry"
    done >"$dir/.lacking"
    cat "$dir/.lacking"
    found=$((found + $(wc -l <"$dir/.lacking")))
}

check_blobs()
{
    sed 's/^.*"claim"//' "$dir/receipts" | grep -o 'sha256:[0-9a-f]*' | sort -u >"$dir/.named"
    grep -o 'sha256:[0-9a-f]*' "$dir/entries" | sort -u >>"$dir/.named"
    while IFS=$tab read -r digest text; do
        [ "$(printf '%s' "$text" | base64 -d 2>/dev/null | sha)" = "$digest" ] || finding text "the text $digest was altered"
        grep -q "sha256:$digest" "$dir/.named" || finding text "no receipt names the text $digest"
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
    for table in blob entry object receipt; do
        grep -q "^$table${tab}append_only${tab}A" "$dir/triggers" || finding guard "kfmig.$table is not append-only"
    done
    grep -v "${tab}append_only$tab" "$dir/triggers" | cut -f1,2 >"$dir/.lacking"
    while IFS=$tab read -r table trigger; do
        finding guard "kfmig.$table has a trigger that is not kfmig's: $trigger"
    done <"$dir/.lacking"
}

check_export() # PATH of a run_receipt.json
{
    body=$(cat "$1")
    seq=$(member "$body" .ledger.sequence)
    if [ "$(member "$body" .ledger.instance)" != "$uuid" ]; then
        others=$((others + 1))
    else
        exported=$((exported + 1))
        [ "$(sha <"$1")" = "$(grep "^$seq$tab" "$dir/receipts" | cut -f3)" ] || finding export "$1 is not the receipt of entry $seq"
    fi
    home=${1%/receipts/*}
    sub=${1#"$home"/receipts/}
    sub=${sub%run_receipt.json}
    printf '%s' "$body" | jq -r '.claim.outputs[]? | "\(.digest) \(.uri)"' | while read -r digest uri; do
        path=$home/${uri%%/*}/$sub${uri#*/}
        if [ ! -e "$path" ]; then
            echo "export: $path is missing, though its receipt names it"
        elif [ "sha256:$(sha <"$path")" != "$digest" ]; then
            echo "export: $path is not as its receipt says"
        fi
    done >"$dir/.lacking"
    cat "$dir/.lacking"
    found=$((found + $(wc -l <"$dir/.lacking")))
}

check_exports() # PROJECT
{
    find "$1/migrations" -name run_receipt.json 2>/dev/null | sort >"$dir/.exports"
    while IFS= read -r path; do
        check_export "$path"
    done <"$dir/.exports"
}

check_sink() # SINK; this ledger's folder in it
{
    folder=$1/$environment/$uuid
    find "$folder" -type f -name '[0-9]*-*' 2>/dev/null | sed 's,.*/,,' | sort >"$dir/.sunk"
    while read -r name; do
        seq=$(printf '%s' "${name%%-*}" | sed 's/^0*//')
        if [ "$seq" -gt "$size" ]; then
            finding sink "$folder has a receipt of entry $seq, the ledger has $size entries"
        elif [ "sha256:$(sha <"$folder/$name")" != "$(sed -n "${seq}p" "$dir/entries" | jq -r .receipt 2>/dev/null)" ]; then
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
sink=
if [ "${1:-}" = --sink ]; then
    [ $# -gt 2 ] || die 5 "usage: verify.sh --sink SINK DIR"
    sink=$2
    shift 2
fi
case ${1:-} in
--export)
    [ $# -eq 3 ] || die 5 "usage: verify.sh --export CONNINFO DIR"
    conninfo=$2
    dir=$3
    mkdir -p "$dir" || exit 1
    export_ledger
    ;;
'' | -*) die 5 "usage: verify.sh [--export CONNINFO] DIR, or verify.sh DIR PROJECT" ;;
*) dir=$1 ;;
esac
exported=0
others=0
unproven=0
sunk=0
rm -rf "$dir/.names" "$dir/.buckets"
true 2>/dev/null >"$dir/.baselines" || : # list_things says that the folder is not there
list_things
check_tree
check_receipts
check_blobs
check_objects
check_guards
[ -z "$sink" ] || check_sink "$sink"
[ $# -ne 2 ] || check_exports "$2"
for name in lacking named exports claims fields things policy members counts sets outputs document baselines sunk; do
    rm -f "$dir/.$name"
done
echo "$environment: $size entries, $(wc -l <"$dir/receipts") receipts, $(wc -l <"$dir/blobs") texts, $(wc -l <"$dir/objects") rows of objects, $unproven claims not computed, $sunk in the sink, $exported exported receipts verified," \
    "$others of another ledger, $found findings"
[ "$found" -eq 0 ] || exit 8
