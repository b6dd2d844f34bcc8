#!/usr/bin/env python3
"""Breaks a copy of the program in one way after the other and expects the simulation to find out.

usage: tests/sim/broken.py [--check] [--seeds FROM..TO] [--jobs N] [NAME...]

Each tests/sim/broken/*.patch says in its first line what it breaks. The copy is built once and then
again with each patch; seeds are lived through until one fails. Speaks TAP: a patch that no longer
applies, no longer compiles, or that nothing notices, is a failed case. --check only looks whether
all of them apply.
"""
import argparse
import concurrent.futures
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def left_out(folder, names):
    builds = [name for name in names if folder == ROOT and re.fullmatch(r"build(-\w+)?", name)]
    return builds + [name for name in names if name in (".git", "node_modules")]


def patches(names):
    found = sorted(glob.glob(os.path.join(HERE, "broken", "*.patch")))
    return [path for path in found if not names or name_of(path) in names]


def name_of(path):
    return os.path.basename(path)[: -len(".patch")]


def git_apply(folder, path, *options):
    """Applies exactly or not at all; returns what is wrong."""
    # Outside of any repository: a copy below one would be looked at as part of it.
    env = {**os.environ, "GIT_CEILING_DIRECTORIES": os.path.dirname(folder)}
    run = subprocess.run(["git", "apply", *options, path], cwd=folder, env=env, check=False,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return run.stdout.strip() or "git apply failed" if run.returncode != 0 else ""


def compile_copy(build):
    run = subprocess.run(["ninja", "-C", build, "tests/sim/sim"], check=False, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return run.stdout[-2000:] if run.returncode != 0 else ""


def make_copy(folder):
    copy, build = os.path.join(folder, "copy"), os.path.join(folder, "build")
    shutil.copytree(ROOT, copy, ignore=left_out, symlinks=True)
    # What is broken may leave something unused; that is no reason not to compile.
    subprocess.run(["meson", "setup", build, copy, "-Dbuildtype=release", "-Dwerror=false", "-Dtests=enabled",
                    "-Dweb=disabled"], check=True, stdout=subprocess.DEVNULL)
    wrong = compile_copy(build)
    if wrong:
        sys.exit(f"broken: the copy does not compile as it is:\n{wrong}")
    return copy, build


def build_broken(copy, build, path, program):
    """Leaves the broken program at `program`; returns what is wrong."""
    wrong = git_apply(copy, path)
    if wrong:
        return f"the patch no longer applies: {wrong}"
    wrong = compile_copy(build)
    if not wrong:
        shutil.copy(os.path.join(build, "tests/sim/sim"), program)
    undone = git_apply(copy, path, "-R")
    return wrong or undone


def live(program, seeds):
    """(whether it was noticed, by what)"""
    run = subprocess.run([program, "--seeds", seeds, "--expect-failure"], check=False, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    finding = re.search(r"^FAILED (seed .*)$", run.stdout, re.MULTILINE)
    if run.returncode == 0 and finding:
        return True, finding[1]
    return False, f"nothing noticed it within the seeds {seeds}"


def say(number, name, good, text):
    print(f"{'ok' if good else 'not ok'} {number} - {name}", flush=True)
    print(f"# {text}", flush=True)
    return good


def parse_options():
    parser = argparse.ArgumentParser(description="Expect the simulation to notice broken programs.")
    parser.add_argument("--check", action="store_true", help="only look whether the patches apply")
    parser.add_argument("--seeds", default="1..100", metavar="FROM..TO")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N")
    parser.add_argument("names", nargs="*", metavar="NAME")
    return parser.parse_args()


def main():
    options = parse_options()
    paths = patches(options.names)
    print(f"1..{len(paths)}", flush=True)
    if options.check:
        results = [(name_of(path), git_apply(ROOT, path, "--check")) for path in paths]
        good = [say(i, name, not wrong, wrong or "applies") for i, (name, wrong) in enumerate(results, 1)]
        return 0 if good and all(good) else 1
    good = []
    with tempfile.TemporaryDirectory(prefix="nudge-broken-") as folder:
        copy, build = make_copy(folder)
        with concurrent.futures.ThreadPoolExecutor(max_workers=options.jobs) as pool:
            lives = []
            for path in paths:
                program = os.path.join(folder, name_of(path))
                wrong = build_broken(copy, build, path, program)
                lives.append((name_of(path), wrong, None if wrong else pool.submit(live, program, options.seeds)))
            for number, (name, wrong, future) in enumerate(lives, 1):
                noticed, text = (False, wrong) if wrong else future.result()
                good.append(say(number, name, noticed, text.replace("\n", "\n# ")))
    return 0 if good and all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
