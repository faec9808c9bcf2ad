#!/bin/sh
# Do the attestations beside a ledger's receipts hold? From files alone, without kfmig: jq, openssl, sha256sum, base64 and POSIX tools.
# docs/attestations.md says what is checked, and why. What it finds stands on stdout, a line each; the last line counts.
#   verify-attestations.sh KEYS FOLDER...   KEYS: registry/keys.v1.json; FOLDER: SINK/ENV/INSTANCE
# verify.sh --attestations KEYS FOLDER... is the same.
# Exit status: 0 all is as it should be, 8 something is not, 5 usage, or a list of keys that is none.
set -u
export LC_ALL=C
found=0

die()
{
    status=$1
    shift
    echo "verify-attestations.sh: $*" >&2
    exit "$status"
}

finding() # FILE WORDS...
{
    found=$((found + 1))
    file=$1
    shift
    echo "attestation: $file $*"
}

# --- bytes: hexadecimal in variables ---

hex_of() # BASE64; strictly: written again it is the same text
{
    hex=$(printf '%s' "$1" | base64 -d 2>/dev/null | od -An -v -tx1 | tr -d ' \n')
    binary "$hex" >"$tmp/again"
    [ "$(base64 <"$tmp/again" | tr -d '\n')" = "$1" ]
}

binary() # HEX
{
    rest=$1
    octal=
    while [ -n "$rest" ]; do
        byte=$((0x${rest%"${rest#??}"}))
        octal=$octal\\$((byte / 64))$((byte / 8 % 8))$((byte % 8))
        rest=${rest#??}
    done
    # shellcheck disable=SC2059 # it is the format
    printf "$octal"
}

sha() # of stdin
{
    sum=$(sha256sum)
    printf '%s' "${sum%% *}"
}

# RFC 6962: SHA-256 of 0x01 and both nodes beneath. Into $node.
node_of() # LEFT RIGHT
{
    node=$(binary "01$1$2" | sha)
}

# --- keys ---

# "KEY TAB PUBLIC TAB ENVIRONMENT TAB INSTANCE TAB FROM TAB LAST", LAST: the last entry that it signs.
read_keys() # KEYS
{
    ! grep -qE '": *-?0[0-9]' "$1" || die 5 "$1: a number that is none"
    jq -r '
        def position: type == "number" and floor == . and . >= 1 and . <= 2147483647;
        def known(names): (keys - names) == [];
        def has_all(names): (names - keys) == [];
        def said: type == "string" and length >= 1 and length <= 200 and (test("[\u0000-\u001f\ufffd]") == false);
        def row: type == "object" and known(["environment", "from", "instance", "key", "public_key", "revoked", "to"])
            and has_all(["environment", "from", "key", "public_key"])
            and (.key | type == "string" and test("^sha256:[0-9a-f]{64}$"))
            and (.public_key | type == "string" and test("^MCowBQYDK2VwAyEA[A-Za-z0-9+/]{43}=$"))
            and (.environment | type == "string" and test("^[a-z][a-z0-9_-]{0,39}$"))
            and (.instance == null or (.instance | type == "string" and test("^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")))
            and (has("instance") == false or .instance != null) and (.from | position) and (has("to") == false or (.to | position)) and (.to // .from) >= .from
            and (has("revoked") == false or (.revoked | type == "object" and keys == ["from", "reason"] and (.from | position) and (.reason | said)));
        if type == "object" and keys == ["format", "keys"] and .format == "kfmig.keys.v1" and (.keys | type == "array" and length <= 1000 and all(.[]; row))
        then .keys[] | [.key, .public_key, .environment, .instance // "-", .from, ([.to // 2147483647, (.revoked.from // 2147483648) - 1] | min)] | @tsv
        else error("no list of keys") end' "$1" >"$tmp/keys" 2>/dev/null || die 5 "$1 is no list of keys"
    while IFS="$tab" read -r key public rest; do
        if ! hex_of "$public" || [ "sha256:$(binary "$hex" | sha)" != "$key" ]; then
            die 5 "$1: \"key\" is not the SHA-256 of \"public_key\": $key"
        fi
    done <"$tmp/keys"
}

# Public keys that sign that entry of this ledger, "KEY TAB PUBLIC".
keys_for() # SEQUENCE
{
    awk -F "$tab" -v OFS="$tab" -v env="$environment" -v instance="$instance" -v n="$1" \
        '$3 == env && ($4 == "-" || $4 == instance) && $5 + 0 <= n + 0 && n + 0 <= $6 + 0 { print $1, $2 }' "$tmp/keys"
}

signed_by() # PUBLIC TEXT SIGNATURE; files
{
    printf -- '-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n' "$1" >"$tmp/public.pem"
    openssl pkeyutl -verify -pubin -inkey "$tmp/public.pem" -rawin -in "$2" -sigfile "$3" >/dev/null 2>&1
}

# --- checkpoints and proofs ---

# Into number, path (hexadecimal, a blank between), origin, size, root, signature; the body that is signed into a file.
read_proof() # FILE HEAD
{
    number=
    path=
    origin=
    size=
    root=
    signature=
    {
        IFS= read -r line && number=${line#"$2"}
        while IFS= read -r line && [ -n "$line" ]; do
            hex_of "$line" && [ ${#hex} -eq 64 ] || return 1
            path="$path $hex"
            printf '%s\n' "$line"
        done >"$tmp/path"
        IFS= read -r origin && IFS= read -r size && IFS= read -r root64 && IFS= read -r line && [ -z "$line" ] && IFS= read -r line || return 1
    } <"$tmp/proof"
    signature64=${line##* }
    case $number$size in *[!0-9]* | '') return 1 ;; esac
    [ "${#number}" -le 10 ] && [ "${#size}" -le 10 ] || return 1
    number=$(printf '%s' "$number" | sed 's/^0*\(.\)/\1/')
    size=$(printf '%s' "$size" | sed 's/^0*\(.\)/\1/')
    printf '%s\n%s\n%s\n' "$origin" "$size" "$root64" >"$tmp/body"
    {
        [ "$2" = "old " ] || echo 'c2sp.org/tlog-proof@v1'
        printf '%s%s\n' "$2" "$number"
        cat "$tmp/path"
        echo
        cat "$tmp/body"
        printf '\n\342\200\224 %s %s\n' "$origin" "$signature64"
    } >"$tmp/written"
    cmp -s "$tmp/written" "$1" || return 1
    hex_of "$signature64" && [ ${#hex} -eq 136 ] || return 1
    signature=$hex
    hex_of "$root64" && [ ${#hex} -eq 64 ] || return 1
    root=$hex
}

# Of a checkpoint, or with the first line of a proof taken off.
read_file() # FILE KIND
{
    case $2 in
    checkpoint) cp "$1" "$tmp/proof" && read_proof "$1" 'old ' ;;
    proof) sed 1d "$1" >"$tmp/proof" && read_proof "$1" 'index ' ;;
    esac
}

# Signed by a key that counts for its newest entry.
check_note() # FILE
{
    if [ "$origin" != "kfmig.ledger/$environment/$instance" ]; then
        finding "$1" "is about another ledger: $origin"
        return 1
    fi
    binary "${signature#????????}" >"$tmp/signature"
    keys_for "$size" >"$tmp/signers"
    while IFS="$tab" read -r key public; do
        hex_of "$public"
        name=$({ printf '%s\n\001' "$origin" && binary "${hex#????????????????????????}"; } | sha)
        if [ "${name%"${name#????????}"}" = "${signature%"${signature#????????}"}" ] && signed_by "$public" "$tmp/body" "$tmp/signature"; then
            return 0
        fi
    done <"$tmp/signers"
    finding "$1" "no key that counts there signed its checkpoint"
    return 1
}

# RFC 9162, 2.1.3.2 and 2.1.4.2: one level up from at, in a level whose last node is last; is_right: the other stands to the left.
climb()
{
    is_right=
    if [ $((at % 2)) -eq 1 ] || [ "$at" -eq "$last" ]; then
        is_right=yes
        while [ $((at % 2)) -eq 0 ] && [ "$at" -ne 0 ]; do
            at=$((at / 2))
            last=$((last / 2))
        done
    fi
    at=$((at / 2))
    last=$((last / 2))
}

includes() # LEAF INDEX SIZE ROOT PATH...
{
    [ "$2" -lt "$3" ] || return 1
    node=$1
    at=$2
    last=$(($3 - 1))
    wanted=$4
    shift 4
    for other; do
        [ "$last" -gt 0 ] || return 1
        climb
        if [ "$is_right" ]; then node_of "$other" "$node"; else node_of "$node" "$other"; fi
    done
    [ "$last" -eq 0 ] && [ "$node" = "$wanted" ]
}

grew() # OLD OLD-ROOT SIZE ROOT PATH...
{
    old=$1
    old_root=$2
    wanted=$4
    at=$((old - 1))
    last=$(($3 - 1))
    [ "$old" -lt "$3" ] || return 1
    shift 4
    [ "$old" -ne 0 ] || { [ $# -eq 0 ] && return 0 || return 1; }
    while [ $((at % 2)) -eq 1 ]; do
        at=$((at / 2))
        last=$((last / 2))
    done
    if [ $((old & (old - 1))) -eq 0 ]; then
        set -- "$old_root" "$@"
    fi
    [ $# -gt 0 ] || return 1
    then=$1
    now=$1
    shift
    for other; do
        [ "$last" -gt 0 ] || return 1
        climb
        if [ "$is_right" ]; then
            node_of "$other" "$then"
            then=$node
            node_of "$other" "$now"
        else
            node_of "$now" "$other"
        fi
        now=$node
    done
    [ "$last" -eq 0 ] && [ "$then" = "$old_root" ] && [ "$now" = "$wanted" ]
}

# "SIZE ROOT" of those that hold into roots.
check_checkpoints()
{
    before=0
    before_root=$(printf '' | sha)
    : >"$tmp/roots"
    list checkpoints .checkpoint >"$tmp/sizes"
    while read -r n; do
        file=$folder/checkpoints/$(printf '%08d' "$n").checkpoint
        if ! read_file "$file" checkpoint; then
            finding "$file" "is no checkpoint as kfmig writes one"
        elif ! check_note "$file"; then
            :
        elif [ "$size" != "$n" ]; then
            finding "$file" "is the checkpoint of $size entries"
        elif [ "$number" != "$before" ]; then
            finding "$file" "follows a checkpoint of $number entries, the one before it has $before"
        elif [ "$before_root" ] && ! grew "$number" "$before_root" "$size" "$root" $path; then
            finding "$file" "did not grow out of the checkpoint before it"
        else
            echo "$size $root" >>"$tmp/roots"
            before=$n
            before_root=$root
            checkpoints=$((checkpoints + 1))
            continue
        fi
        before=$n
        before_root=
    done <"$tmp/sizes"
}

# --- entries ---

list() # FOLDER ENDING; the numbers of the files there
{
    find "$folder/$1" -type f -name "[0-9]*$2" 2>/dev/null | sed "s,.*/,,; s,\\$2\$,," | grep -x '[0-9]\{8,\}' | sed 's/^0*//' | grep . | sort -n
}

bundle_type='application/vnd.dev.sigstore.bundle.v0.3+json'
payload_type='application/vnd.in-toto+json'

# The payload, its signature and the key's name; written again it is the same bundle.
read_envelope() # FILE
{
    jq -cSj --arg bundle "$bundle_type" --arg type "$payload_type" '(.dsseEnvelope.signatures[0].keyid | strings) as $key |
        {dsseEnvelope: {payload: (.dsseEnvelope.payload | strings), payloadType: $type, signatures: [{keyid: $key, sig: (.dsseEnvelope.signatures[0].sig | strings)}]},
         mediaType: $bundle, verificationMaterial: {publicKey: {hint: $key}}}' "$1" >"$tmp/written" 2>/dev/null || return 1
    echo >>"$tmp/written"
    cmp -s "$tmp/written" "$1" || return 1
    key=$(jq -r '.dsseEnvelope.signatures[0].keyid' "$1")
    sig=$(jq -r '.dsseEnvelope.signatures[0].sig' "$1")
    payload=$(jq -r '.dsseEnvelope.payload' "$1")
    hex_of "$sig" && [ ${#hex} -eq 128 ] || return 1
    binary "$hex" >"$tmp/signature"
    printf '%s' "$payload" | base64 -d >"$tmp/payload" 2>/dev/null && [ "$(base64 <"$tmp/payload" | tr -d '\n')" = "$payload" ]
}

# What was signed is a statement over a ledger entry, whose text is the predicate; the entry's leaf into $leaf.
read_statement()
{
    jq -cSj '.predicate | objects' "$tmp/payload" >"$tmp/entry" 2>/dev/null || return 1
    leaf=$({ printf '\000' && cat "$tmp/entry"; } | sha)
    jq -cSj --arg leaf "$leaf" '
        def subject(name; digest): if digest == null then empty else {digest: {sha256: (digest | ltrimstr("sha256:"))}, name: name} end;
        {_type: "https://in-toto.io/Statement/v1", predicate: .predicate, predicateType: "urn:kfmig:schema:entry.v1",
         subject: (.predicate | [subject("ledger/\(.sequence).leaf"; $leaf), subject("receipts/run_receipt.json"; .receipt), subject("checksum"; .checksum),
            subject("bundle"; .bundle_digest), subject("baselines/pre.json"; .outputs.pre), subject("baselines/post.json"; .outputs.post),
            subject("diffs/summary.json"; .outputs.diff), subject("invariants"; .outputs.invariants)])}' "$tmp/payload" >"$tmp/written" 2>/dev/null || return 1
    cmp -s "$tmp/written" "$tmp/payload"
}

check_receipt() # FILE SEQUENCE
{
    receipt=$(find "$folder" -type f -name "$(printf '%08d' "$2")-*" | sed 1q)
    if [ -z "$receipt" ]; then
        finding "$folder" "lacks the receipt of ledger entry $2"
    elif [ "sha256:$(sha <"$receipt")" != "$(jq -r .receipt "$tmp/entry")" ]; then
        finding "$1" "${receipt##*/} is not the receipt that was signed"
    fi
}

check_attestation() # FILE SEQUENCE
{
    if ! read_envelope "$1"; then
        finding "$1" "is no attestation as kfmig writes one"
        return 1
    fi
    public=$(keys_for "$2" | awk -F "$tab" -v key="$key" '$1 == key { print $2; exit }')
    if [ -z "$public" ]; then
        finding "$1" "its key $key does not count for that entry"
        return 1
    fi
    { printf 'DSSEv1 %d %s %d ' ${#payload_type} "$payload_type" "$(wc -c <"$tmp/payload")" && cat "$tmp/payload"; } >"$tmp/signed"
    if ! signed_by "$public" "$tmp/signed" "$tmp/signature"; then
        finding "$1" "its signature does not hold"
        return 1
    fi
    if ! read_statement || [ "$(jq -r '"\(.sequence) \(.instance) \(.environment)"' "$tmp/entry")" != "$2 $instance $environment" ]; then
        finding "$1" "is no statement about that entry of this ledger"
        return 1
    fi
    check_receipt "$1" "$2"
}

check_inclusion() # FILE SEQUENCE
{
    if ! read_file "$1" proof; then
        finding "$1" "is no proof as kfmig writes one"
    elif ! check_note "$1"; then
        :
    elif ! grep -qx "$size $root" "$tmp/roots"; then
        finding "$1" "names a checkpoint of $size entries, which is not there"
    elif [ "$number" -ne $(($2 - 1)) ] || ! includes "$leaf" "$number" "$size" "$root" $path; then
        finding "$1" "does not prove that the ledger has the entry that was signed"
    fi
}

check_entries()
{
    {
        find "$folder" -type f -name '[0-9]*-*' | sed 's,.*/,,; s/-.*//; s/^0*//' | grep -x '[0-9]*'
        list attestations .sigstore.json
        list proofs .tlog-proof
        list checkpoints .checkpoint
    } | sort -n | sed -n '$p' >"$tmp/last"
    end=$(cat "$tmp/last")
    n=0
    while [ "$n" -lt "${end:-0}" ]; do
        n=$((n + 1))
        name=$(printf '%08d' "$n")
        attestation=$folder/attestations/$name.sigstore.json
        proof=$folder/proofs/$name.tlog-proof
        [ -e "$attestation" ] || [ -e "$proof" ] || [ -n "$(keys_for "$n")" ] || continue
        before=$found
        if check_attestation "$attestation" "$n"; then check_inclusion "$proof" "$n"; fi
        [ "$before" -ne "$found" ] || attested=$((attested + 1))
    done
}

tab=$(printf '\t')
[ $# -ge 2 ] || die 5 "usage: verify-attestations.sh KEYS SINK/ENV/INSTANCE..."
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
read_keys "$1"
shift
attested=0
checkpoints=0
for folder; do
    folder=${folder%/}
    instance=${folder##*/}
    environment=${folder%/*}
    environment=${environment##*/}
    check_checkpoints
    check_entries
done
[ $((checkpoints + found)) -gt 0 ] || finding "$*" "holds no checkpoint: nothing is attested"
echo "$attested attested, $checkpoints checkpoints, $found findings"
[ "$found" -eq 0 ] || exit 8
