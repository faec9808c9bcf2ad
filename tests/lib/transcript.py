"""Runs a transcript, tests/cli/*.t, and speaks TAP: each command is one test.

    # A comment, up to the next command. Blank lines before a comment or a command do not count.
    $ kfmig --version
    kfmig 0.1.0
    $ kfmig check
    kfmig: error: no project here
    [5]
    $ cat >file <<END
    > a line
    > END

`$ ` begins a command, `> ` directly below continues it. What follows is its exact output, stdout and stderr as they come,
then `[N]` if the exit status N is not 0. One bash runs the whole file, so that `cd` and variables last, in a fresh folder that
is also $HOME, and whose path is shown as `$HOME`. A line of output ends with ` (no-eol)` if it lacks its newline; in an
expected line ` (re)` and ` (glob)` at the end say that it is a pattern. A backslash is put before an output line that would be
read as something else: one that begins with `$ `, `# `, `\\`, `[N]`, `> ` as the first, or is blank at the end.

With --update the file is written anew with what was seen, keeping comments, and patterns that still match.
"""

import difflib
import fnmatch
import os
import pathlib
import re
import secrets
import shlex
import subprocess
import sys
import tempfile

import tap

NOW = "1772409600"  # 2026-03-02T00:00:00Z


class Command:
    """A command, the comment lines above it, and what is expected of it."""

    def __init__(self, above, text):
        self.above = above
        self.lines = [text]
        self.expected = []  # escaped lines, as they stand in the file

    def shell(self):
        return "\n".join(self.lines)


def parse(text):
    """Returns (commands, lines after the last command's output)."""
    commands, above, continues = [], [], False
    for line in text.splitlines():
        if line.startswith("$ "):
            if commands:
                _take_trailing_blanks(commands[-1], above)
            commands.append(Command(above, line[2:]))
            above, continues = [], True
        elif continues and line.startswith("> "):
            commands[-1].lines.append(line[2:])
        elif continues and line == ">":
            commands[-1].lines.append("")
        elif not commands or above or line.startswith("# "):
            above.append(line)
            continues = False
        else:
            commands[-1].expected.append(line)
            continues = False
    if commands:
        _take_trailing_blanks(commands[-1], above)
    return commands, above


def _take_trailing_blanks(command, above):
    while command.expected and command.expected[-1] == "":
        command.expected.pop()
        above.insert(0, "")


def escape(lines):
    """Output lines as they are to stand in a transcript."""
    out = []
    for number, line in enumerate(lines):
        special = line.startswith(("$ ", "# ", "\\")) or re.fullmatch(r"\[\d+\]", line)
        first = number == 0 and (line.startswith("> ") or line == ">")
        out.append("\\" + line if special or first else line)
    for number in range(len(out) - 1, -1, -1):
        if out[number] != "":
            break
        out[number] = "\\"
    return out


def matches(expected, got):
    """Does the escaped line got fulfil the expected one?"""
    if expected == got:
        return True
    if expected.endswith(" (re)"):
        return re.fullmatch(expected[:-5], got) is not None
    if expected.endswith(" (glob)"):
        return fnmatch.fnmatchcase(got, expected[:-7].replace("[", "[[]"))
    return False


def observed(output, status):
    """The escaped lines that describe what a command did."""
    lines = output.split("\n")
    if lines[-1] == "":
        lines.pop()
    else:
        lines[-1] += " (no-eol)"
    lines = escape(lines)
    return lines + [f"[{status}]"] if status else lines


def agree(expected, got):
    return len(expected) == len(got) and all(matches(e, g) for e, g in zip(expected, got))


def run(commands, folder):
    """Runs them in one bash; returns a list of (output, status), shorter than commands if the shell ended early."""
    mark = f"@{secrets.token_hex(12)}@"
    script = "".join(f"eval {shlex.quote(c.shell())} </dev/null\nprintf '%s%d\\n' '{mark}' $?\n" for c in commands)
    env = dict(os.environ, HOME=str(folder), KFMIG_NOW=NOW, LC_ALL="C.UTF-8", TZ="UTC", TERM="dumb", COLUMNS="100")
    env["PATH"] = f"{pathlib.Path(env['KFMIG']).parent}:{env['PATH']}"
    with tempfile.TemporaryFile() as output:  # no pipe: a server started by kfmig may outlive the shell
        done = subprocess.run(["bash", "-c", script, "bash"], cwd=folder, env=env, stdin=subprocess.DEVNULL,
                              stdout=output, stderr=subprocess.STDOUT, check=False)
        output.seek(0)
        text = output.read().decode("utf-8", "backslashreplace").replace(str(folder), "$HOME")
    seen, start = [], 0
    for found in re.finditer(re.escape(mark) + r"(\d+)\n", text):
        seen.append((text[start:found.start()], int(found.group(1))))
        start = found.end()
    if len(seen) < len(commands):
        tap.note(f"the shell ended with status {done.returncode} before the end of the transcript; its last words:")
        tap.note(text[start:])
    return seen


def report(path, commands, seen):
    """Prints the TAP lines; returns the number of failures."""
    failed = 0
    for number, command in enumerate(commands, 1):
        got = observed(*seen[number - 1]) if number <= len(seen) else None
        good = got is not None and agree(command.expected, got)
        name = command.lines[0].replace("#", "no.")
        print(f"{'ok' if good else 'not ok'} {number} - $ {name}", flush=True)
        if not good:
            failed += 1
            tap.note("not run" if got is None else "\n".join(
                difflib.unified_diff(command.expected, got, f"{path} expects", "seen", n=99, lineterm="")))
    return failed


def rewritten(commands, tail, seen):
    """The transcript's text with what was seen."""
    out = []
    for number, command in enumerate(commands):
        first, *rest = command.lines
        out += command.above + ["$ " + first] + [f"> {line}" if line else ">" for line in rest]
        got = observed(*seen[number]) if number < len(seen) else command.expected
        if len(got) == len(command.expected):
            got = [e if matches(e, g) else g for e, g in zip(command.expected, got)]
        out += got
    return "\n".join(out + tail) + "\n"


def main(path, update):
    text = pathlib.Path(path).read_text(encoding="utf-8")
    commands, tail = parse(text)
    print(f"1..{len(commands)}", flush=True)
    folder = tap.fresh_folder()
    seen = run(commands, folder)
    if update and len(seen) == len(commands):
        pathlib.Path(path).write_text(rewritten(commands, tail, seen), encoding="utf-8")
        commands, tail = parse(pathlib.Path(path).read_text(encoding="utf-8"))
    return 1 if report(path, commands, seen) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], "--update" in sys.argv[2:]))
