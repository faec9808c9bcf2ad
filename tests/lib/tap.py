"""Tests in Python that speak the Test Anything Protocol.

    from tap import main, test, equal

    @test
    def sums_add_up():
        equal(1 + 1, 2)

    @test
    def a_file_is_written(tmp):          # a parameter named tmp gets a fresh, empty folder (pathlib.Path)
        ...

    main()

Tests run in the order in which they stand; the plan is printed first; the function's name (or its docstring's first line)
names the test; an exception is a failure and is shown whole. skip() and missing() end a test without a verdict: missing() is
for a server or program that is not there, and counts as a failure under CI=true. A file may state how it is to be run in a
comment among its first ten lines, see tests/run: `# run: serial limit=600 needs=postgres,pgbouncer`.
"""

import inspect
import os
import pathlib
import shutil
import sys
import tempfile
import traceback

import servers

_tests = []
_cleanups = []
_checks = []


class Skip(Exception):
    """The test cannot be tried here."""


def test(function):
    """Decorator: collects a test."""
    _tests.append(function)
    return function


def on_majors(function):
    """Decorator in front of @test: it holds on every major of PostgreSQL, and CI shows it on those of servers.tried().

    The file says so too: `# run: majors`. Without PostGIS, which other majors than this machine's have not."""
    function.on_majors = True
    return function


def spread_over_majors(function):
    """Decorator in front of @test: as on_majors, but on one of those majors each, in turn: for long tables of variants."""
    function.spread = True
    return function


def cases(**named):
    """Decorator: one test per case; the function's first parameter is the case.

    @cases(empty="", one="a")
    def is_read(text): ...          # tests "is_read: empty" and "is_read: one"
    """

    def collect(function):
        for name, value in named.items():
            def one(tmp=None, function=function, value=value):
                return function(value, tmp) if _wants_tmp(function) else function(value)
            one.__name__ = f"{function.__name__}: {name}"
            one.wants_tmp = _wants_tmp(function)
            one.on_majors, one.spread = getattr(function, "on_majors", False), getattr(function, "spread", False)
            _tests.append(one)
        return function

    return collect


def at_exit(function, *args):
    """Call function(*args) when the file's tests are over, in reverse order, whatever happened."""
    _cleanups.append((function, args))


def after_test(function, *args):
    """Call function(*args) when the current test's own words have passed: a failure of it is the test's."""
    _checks.append((function, args))


def skip(reason):
    """End this test without a verdict."""
    raise Skip(reason)


def missing(what):
    """End this test because a server or program is not there: a failure under CI=true."""
    raise Skip(f"missing: {what}")


def note(text):
    """Print a remark; tests/run shows it with -v, and for a failed test."""
    for line in str(text).splitlines():
        print(f"# {line}", flush=True)


def equal(got, want, what=""):
    """Fail unless got == want, showing both."""
    if got != want:
        raise AssertionError(f"{what}\n  got: {got!r}\n want: {want!r}".lstrip("\n"))


def contains(text, part, what=""):
    """Fail unless part is in text (a string, list or dictionary)."""
    if part not in text:
        raise AssertionError(f"{what}\n no {part!r} in:\n{text}".lstrip("\n"))


def lacks(text, part, what=""):
    """Fail if part is in text."""
    if part in text:
        raise AssertionError(f"{what}\n there is {part!r} in:\n{text}".lstrip("\n"))


def fails(ran, status, *words):
    """Fail unless a run of the program ended with status, not 0, and said each of words: a failure is not tested by its status alone."""
    equal(ran.status, status, repr(ran))
    for word in words:
        contains(ran.err + ran.out, word)


def raises(kind, function, *args):
    """Fail unless function(*args) raises kind; returns the exception."""
    try:
        function(*args)
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__} from {function.__name__}{args!r}")


def fresh_folder():
    """A new, empty folder that other users may enter (a server run by root takes another user); the caller removes it."""
    folder = tempfile.mkdtemp(prefix="t")
    os.chmod(folder, 0o755)
    return pathlib.Path(folder)


def _wants_tmp(function):
    return getattr(function, "wants_tmp", False) or "tmp" in inspect.signature(function).parameters


def _name(function):
    return (function.__doc__ or function.__name__).strip().splitlines()[0].replace("#", "no.")


def _run(function):
    """Returns what follows "ok N - NAME" ("" or a skip), or raises."""
    folder = fresh_folder() if _wants_tmp(function) else None
    try:
        if folder:
            function(tmp=folder)
        else:
            function()
        for check, args in _checks:
            check(*args)
        return ""
    except Skip as reason:
        return f" # SKIP {reason}"
    finally:
        _checks.clear()
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


def _marked():
    """The tests to run on KFMIG_TEST_MAJOR beside this machine's own."""
    majors = [str(m) for m in servers.tried()]
    turn = majors.index(os.environ["KFMIG_TEST_MAJOR"])
    spread = [f for f in _tests if getattr(f, "spread", False)][turn::len(majors)]
    return [f for f in _tests if getattr(f, "on_majors", False) or f in spread]


def main():
    """Run the tests collected so far (with KFMIG_TEST_ONLY: those whose name contains it; with KFMIG_TEST_MARKED: those of every major) and exit."""
    tests = _marked() if os.environ.get("KFMIG_TEST_MARKED") else _tests
    chosen = [f for f in tests if os.environ.get("KFMIG_TEST_ONLY", "") in _name(f)]
    print(f"1..{len(chosen)}", flush=True)
    failed = 0
    try:
        for number, function in enumerate(chosen, 1):
            try:
                print(f"ok {number} - {_name(function)}{_run(function)}", flush=True)
            except Exception:  # pylint: disable=broad-except
                failed += 1
                print(f"not ok {number} - {_name(function)}", flush=True)
                note(traceback.format_exc())
    finally:
        for function, args in reversed(_cleanups):
            function(*args)
    sys.exit(1 if failed else 0)
