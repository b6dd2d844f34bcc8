#!/usr/bin/env python3
"""The runner itself: it must see each failure that a program can have. Speaks TAP."""
import importlib.machinery
import importlib.util
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
loader = importlib.machinery.SourceFileLoader("runner", os.path.join(HERE, "test"))
sys.dont_write_bytecode = True
runner = importlib.util.module_from_spec(importlib.util.spec_from_loader("runner", loader))
loader.exec_module(runner)

NESTED = """TAP version 13
# Subtest: group
    # Subtest: inner
    ok 1 - inner
    not ok 2 - broken
    1..2
not ok 1 - group
# Subtest: alone
ok 2 - alone
ok 3 - left out # SKIP no network
1..3
"""
HOOK = """    ok 1 - inner
    1..1
not ok 1 - group whose end failed
"""

# name, shell command, speaks TAP, limit in seconds, expected (passed, failed, skipped)
PROGRAMS = [
    ("all good", "echo ok 1 - a; echo ok 2 - b", True, 20, (2, 0, 0)),
    ("one case fails", "echo ok 1 - a; echo not ok 2 - b; exit 1", True, 20, (1, 1, 0)),
    ("a case fails but the status is 0", "echo not ok 1 - b", True, 20, (0, 1, 0)),
    ("a crash after good cases", "echo ok 1 - a; kill -SEGV $$", True, 20, (1, 1, 0)),
    ("no case at all", "true", True, 20, (0, 1, 0)),
    ("a hanging program and its child", "echo ok 1 - a; sleep 60 & wait", True, 1, (1, 1, 0)),
    ("a program without TAP", "echo ok 1 - a", False, 20, (1, 0, 0)),
    ("a failing program without TAP", "exit 3", False, 20, (0, 1, 0)),
    ("words that look like results", "echo ok then; echo okay 5; echo ok 1 - a", True, 20, (1, 0, 0)),
]


def counts(result):
    return tuple(len(part) for part in result)


def main():
    checks = [
        ("nested results count once", counts(runner.cases_of_tap(NESTED)) == (2, 1, 1)),
        ("a failing hook counts", counts(runner.cases_of_tap(HOOK)) == (1, 1, 0)),
    ]
    with tempfile.TemporaryDirectory() as folder:
        runner.LOGS = folder
        for name, command, tap, limit, expected in PROGRAMS:
            run = runner.Run(name, ["sh", "-c", command], {}, folder, limit, tap)
            result = runner.execute(run)
            found = (len(result.passed), len(result.failed), len(result.skipped))
            checks.append((f"{name}: {found}", found == expected))
    print(f"1..{len(checks)}")
    for number, (name, good) in enumerate(checks, 1):
        print(f"{'ok' if good else 'not ok'} {number} - {name}")
    return 0 if all(good for _, good in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
