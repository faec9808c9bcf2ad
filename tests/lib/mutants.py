"""Single changes to a C source, all of them compiled into one object and switched by a number.

Where each change were a file of its own, each would be compiled and linked: 2 s and more for each of thousands. Here a source is rewritten once:
`a < b` becomes `({ __auto_type l_ = +(a); __auto_type r_ = +(b); kf_mut(7) ? l_ <= r_ : kf_mut(8) ? !(l_ < r_) : l_ < r_; })`, and a program that is linked with
the rewritten object is the original unless KFMIG_TEST_MUTANT=7 is set. With KFMIG_TEST_MUTANT_TRACE=FILE it notes which changes it came by.
What to change is read from clang's syntax tree (`-ast-dump=json`), so that types are known and nothing within macros, constants and tables is touched.

Kinds of changes:
  edge      the other edge of a comparison: < and <=, > and >=
  not       a condition or a yes-or-no result turned round
  one-way   == taken for <= or >=, != taken for < or >: one direction of a comparison is lost
  last      a loop leaves its last element out
  operand   an operand of && or || taken for granted
  left-out  a statement is not executed (but for what only releases memory or descriptors)
  return    another result: 0 for a failure, a failure for 0, NULL
  number    a constant is one more; true for false
  sign      + for -, and - for +
  word      another text: "" for a literal, "?" for ""
"""

import dataclasses
import json
import re
import subprocess

HEADER = """extern int kf_mutant_number;
extern unsigned char *kf_mutant_reached;
static inline int kf_mut(int number)
{
    if (kf_mutant_reached) {
        kf_mutant_reached[number] = 1;
    }
    return number == kf_mutant_number;
}
"""

RUNTIME = """#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
int kf_mutant_number;
unsigned char *kf_mutant_reached;
__attribute__((constructor)) static void start(void)
{
    const char *number = getenv("KFMIG_TEST_MUTANT");
    const char *trace = getenv("KFMIG_TEST_MUTANT_TRACE");
    kf_mutant_number = number ? atoi(number) : 0;
    int fd = trace ? open(trace, O_RDWR) : -1;
    if (fd >= 0) {
        void *seen = mmap(0, (size_t)lseek(fd, 0, SEEK_END), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        kf_mutant_reached = seen == MAP_FAILED ? 0 : seen;
        close(fd);
    }
}
"""

RELEASES = re.compile(r"(^|_)(free|close|release|clear|wipe|finish|unlink|BUG)$")
EDGE = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
COMPARES = set(EDGE) | {"==", "!="}
CONSTANT = {"ConstantExpr", "UnaryExprOrTypeTraitExpr", "OffsetOfExpr", "CaseStmt", "StaticAssertDecl", "EnumDecl", "RecordDecl"}


@dataclasses.dataclass
class Mutant:
    """One change. key names it whatever line it stands on: file, function, text and what it became."""

    path: str
    line: int
    key: str
    kind: str
    text: str
    became: str
    number: int = 0


class Places:
    """clang leaves out of a place the file where it is that of the place before; this puts it back, and resolves macros."""

    def __init__(self, path, text):
        self.path, self.text, self.file = path, text, None

    def settle(self, value):
        if isinstance(value, list):
            for one in value:
                self.settle(one)
        elif isinstance(value, dict):
            if "offset" in value:
                self.file = value.get("file", self.file)
                value["file"] = self.file
            for key, one in value.items():
                if key != "includedFrom" and isinstance(one, (dict, list)):
                    self.settle(one)

    def begin(self, place):
        place = place.get("expansionLoc", place)
        return place["offset"] if place.get("file") == self.path else None

    def end(self, place):
        in_macro = "expansionLoc" in place
        place = place.get("expansionLoc", place)
        if place.get("file") != self.path:
            return None
        end = place["offset"] + place["tokLen"]
        return None if in_macro and self.text[end:].lstrip().startswith("(") else end

    def span(self, node):
        given = node.get("range", {})
        if "begin" not in given or not given["begin"] or not given.get("end"):
            return None
        begin, end = self.begin(given["begin"]), self.end(given["end"])
        return (begin, end) if begin is not None and end is not None and begin < end else None


def inner(node):
    return [n for n in node.get("inner", []) if n.get("kind")]


def bare(node):
    """The expression beneath casts and parentheses."""
    while node["kind"] in ("ImplicitCastExpr", "ParenExpr", "CStyleCastExpr", "FullExpr") and inner(node):
        node = inner(node)[-1]
    return node


def type_of(node):
    t = node.get("type", {})
    return t.get("desugaredQualType", t.get("qualType", ""))


def is_pointer(node):
    return "*" in type_of(node) or "[" in type_of(node)


def is_number(node):
    return re.fullmatch(r"(const |volatile )*(_Bool|bool|((un)?signed )?(char|short|int|long|long long)|unsigned|enum \w+|size_t|double|float|u?int\d+_t)", type_of(node)) is not None


def is_literal(node):
    node = bare(node)
    return node["kind"] in ("IntegerLiteral", "CharacterLiteral", "FloatingLiteral", "StringLiteral") or (
        node["kind"] == "UnaryOperator" and node.get("opcode") == "-" and is_literal(inner(node)[0])) or (
        node["kind"] == "DeclRefExpr" and node.get("referencedDecl", {}).get("kind") == "EnumConstantDecl")


class Source:
    """One file: its changes, and its text with all of them."""

    def __init__(self, path, flags, root):
        self.path = path
        self.bytes = (root / path).read_bytes()
        self.text = self.bytes.decode("latin-1")  # clang counts bytes
        self.places = Places(path, self.text)
        self.mutants, self.before, self.after, self.replaced = [], {}, {}, {}
        self.taken = {}
        self.function, self.returns = "", ""
        dumped = subprocess.run(["clang", *flags, "-w", "-fsyntax-only", "-Xclang", "-ast-dump=json", path], cwd=root, capture_output=True, check=True)
        tree = json.loads(dumped.stdout)
        self.places.settle(tree)
        for node in inner(tree):
            if node["kind"] == "FunctionDecl" and any(n["kind"] == "CompoundStmt" for n in inner(node)):
                begin = self.places.begin(node["range"]["begin"])
                if begin is not None:
                    self.function, self.returns = node["name"], node["type"]["qualType"].split("(")[0].strip()
                    self.walk(inner(node)[-1], node)

    # --- what is written

    def new(self, kind, begin, end, became):
        text = re.sub(r"\s+", " ", self.text[begin:end])
        key = f"{self.path.removeprefix('src/')} {self.function}: {text} -> {became}"
        self.taken[key] = self.taken.get(key, 0) + 1
        if self.taken[key] > 1:
            key += f" #{self.taken[key]}"
        self.mutants.append(Mutant(self.path, self.text.count("\n", 0, begin) + 1, key, kind, text, became))
        return f"kf_mut(@{len(self.mutants) - 1}@)"

    def wrap(self, span, before, after):
        self.before.setdefault(span[0], []).append(before)
        self.after.setdefault(span[1], []).insert(0, after)

    def rewritten(self, first):
        """The text with the changes numbered from first on."""
        for i, mutant in enumerate(self.mutants):
            mutant.number = first + i
        out, at = [], 0
        for place in sorted(set(self.before) | set(self.after) | set(self.replaced)):
            if place < at:
                continue
            out.append(self.text[at:place])
            out += self.after.get(place, [])
            out += self.before.get(place, [])
            at = place
            if place in self.replaced:
                end, text = self.replaced[place]
                out.append(text)
                at = end
        out.append(self.text[at:])
        return re.sub(r"@(\d+)@", lambda m: str(first + int(m[1])), "".join(out)).encode("latin-1")

    # --- what is looked for

    def walk(self, node, parent, loop=False):
        kind = node["kind"]
        if kind in CONSTANT:
            for child in inner(node)[1:] if kind == "CaseStmt" else ():
                self.walk(child, node)
            return
        if kind == "VarDecl" and (node.get("storageClass") == "static" or node.get("constexpr")):
            return
        getattr(self, "on_" + kind, self.on_other)(node, parent, loop)

    def children(self, node):
        for child in inner(node):
            self.walk(child, node)

    def on_other(self, node, _parent, _loop):
        if node["kind"] == "CompoundStmt":
            for child in inner(node):
                self.leave_out(child)
        self.children(node)

    def leave_out(self, node):
        span = self.places.span(node)
        called = bare(inner(bare(node))[0]).get("referencedDecl", {}).get("name", "") if node["kind"] == "CallExpr" else ""
        wanted = (node["kind"] in ("CallExpr", "CompoundAssignOperator", "BreakStmt", "ContinueStmt") or
                  (node["kind"] == "BinaryOperator" and node["opcode"] == "=") or
                  (node["kind"] == "UnaryOperator" and node["opcode"] in ("++", "--")) or
                  (node["kind"] == "CStyleCastExpr" and bare(node)["kind"] == "CallExpr"))
        if span is None or not wanted or RELEASES.search(called):
            return
        end = re.compile(r"\s*;").match(self.text, span[1])
        if end is None or self.text[span[0]:span[1]].startswith("va_"):
            return
        self.wrap((span[0], end.end()), f"if (!{self.new('left-out', *span, 'left out')}) {{ ", " }")

    def condition(self, node):
        """A condition as a whole: turned round, where nothing within it is changed anyway."""
        core, span = bare(node), self.places.span(node)
        if span is None or core["kind"] == "IntegerLiteral" or (core["kind"] == "BinaryOperator" and core["opcode"] in COMPARES | {"&&", "||"}):
            return
        self.wrap(span, f"({self.new('not', *span, 'not')} != !!(", "))")

    def on_IfStmt(self, node, _parent, _loop):
        self.condition(inner(node)[0])
        self.children(node)

    on_ConditionalOperator = on_IfStmt

    def on_ForStmt(self, node, _parent, _loop):
        children = node.get("inner", [])
        for i, child in enumerate(children):
            if child.get("kind") and i != 3:
                self.walk(child, node, loop=i == 2)

    def on_BinaryOperator(self, node, parent, loop):
        op = node["opcode"]
        sides = inner(node)
        spans = [self.places.span(side) for side in sides]
        span = self.places.span(node)
        if span is None or None in spans or self.text[spans[0][1]:spans[1][0]].strip() != op:
            self.children(node)
        elif op in ("&&", "||"):
            for side, its in zip(sides, spans):
                if not (side["kind"] == "BinaryOperator" and side["opcode"] == op):
                    sign, word = ("", "true") if op == "&&" else ("!", "false")
                    self.wrap(its, f"({sign}{self.new('operand', *its, word)} {'||' if op == '&&' else '&&'} (", "))")
            self.children(node)
        elif op in COMPARES:
            self.compare(node, op, sides, spans, span, loop)
        elif op in ("+", "-") and all(is_number(side) for side in sides):
            self.two(spans, span, lambda: f"{self.new('sign', *span, '-' if op == '+' else '+')} ? l_ {'-' if op == '+' else '+'} r_ : l_ {op} r_")
            self.children(node)
        else:
            self.children(node)

    def two(self, spans, span, choose):
        """Both operands evaluated once, and what is made of them."""
        chosen = choose()
        self.wrap(span, "({ __auto_type l_ = +(", f"); {chosen}; }})")
        self.replaced[spans[0][1]] = (spans[1][0], "")
        self.after.setdefault(spans[0][1], []).append("); __auto_type r_ = +(")

    def compare(self, node, op, sides, spans, span, loop):
        numbers = all(is_number(side) for side in sides)
        if not numbers:
            self.wrap(span, f"({self.new('not', *span, 'not')} != (", "))")
        elif op in EDGE:
            def choose():
                plain = f"l_ {op} r_"
                if loop and op == "<":
                    return f"{self.new('last', *span, 'without the last')} ? l_ + 1 < r_ : {plain}"
                return f"{self.new('edge', *span, EDGE[op])} ? l_ {EDGE[op]} r_ : {self.new('not', *span, 'not')} ? !({plain}) : {plain}"
            self.two(spans, span, choose)
        else:
            def choose():
                ways = [] if any(is_literal(side) for side in sides) or "enum" in str([side.get("type") for side in map(bare, sides)]) or any(
                    "char" in type_of(bare(side)) or "_Bool" in type_of(bare(side)) for side in sides) else ["<=", ">="] if op == "==" else ["<", ">"]
                plain = f"l_ {op} r_"
                text = "".join(f"{self.new('one-way', *span, way)} ? l_ {way} r_ : " for way in ways)
                return f"{text}{self.new('not', *span, 'not')} ? !({plain}) : {plain}"
            self.two(spans, span, choose)
        for side in sides:
            if not is_literal(side):
                self.walk(side, node)

    def on_ReturnStmt(self, node, _parent, _loop):
        if not inner(node):
            return
        value = inner(node)[0]
        core, span = bare(value), self.places.span(value)
        if span is None or "void" == self.returns:
            self.children(node)
            return
        if self.returns in ("bool", "_Bool"):
            if core["kind"] == "IntegerLiteral":
                self.wrap(span, f"({self.new('return', *span, 'not')} != ", ")")
            else:
                self.condition(value)
                self.children(node)
        elif "*" in self.returns:
            if core["kind"] == "IntegerLiteral":
                return
            if core["kind"] != "StringLiteral":
                self.wrap(span, f"({self.new('return', *span, 'NULL')} ? (void *)0 : (", "))")
            self.children(node)
        elif self.returns in ("int", "size_t", "long long", "unsigned", "uint64_t", "double"):
            is_minus = core["kind"] == "UnaryOperator" and core["opcode"] == "-" and bare(inner(core)[0])["kind"] == "IntegerLiteral"
            if is_minus:
                self.wrap(span, f"({self.new('return', *span, '0')} ? 0 : ", ")")
            elif core["kind"] == "IntegerLiteral":
                other = "-1" if self.returns == "int" and core.get("value") == "0" else "0"
                self.wrap(span, f"({self.new('return', *span, other)} ? {other} : ", ")")
            else:
                if not (core["kind"] == "BinaryOperator" and core["opcode"] in COMPARES | {"&&", "||"}) and is_number(value):
                    self.wrap(span, f"({self.new('return', *span, '0')} ? 0 : (", "))")
                self.children(node)
        else:
            self.children(node)

    def on_IntegerLiteral(self, node, parent, _loop):
        span = self.places.span(node)
        if span is None or parent.get("castKind") == "NullToPointer":
            return
        text = self.text[span[0]:span[1]]
        if text in ("true", "false"):
            self.wrap(span, f"({self.new('number', *span, 'false' if text == 'true' else 'true')} != ", ")")
        elif re.fullmatch(r"\d+[uUlL]*", text):
            self.wrap(span, "(", f" + {self.new('number', *span, str(int(re.sub('[uUlL]', '', text)) + 1))})")

    def on_StringLiteral(self, node, parent, _loop):
        span = self.places.span(node)
        if span is None or parent.get("castKind") != "ArrayToPointerDecay" or re.fullmatch(r'("([^"\\]|\\.)*"\s*)+', self.text[span[0]:span[1]], re.S) is None:
            return
        other = '"?"' if self.text[span[0]:span[1]] == '""' else '""'
        self.wrap(span, f"({self.new('word', *span, other)} ? {other} : ", ")")
