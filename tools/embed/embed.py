#!/usr/bin/env python3
"""Turns the files of one folder into a C file with an array of struct embedded_file.

usage: embed.py GROUP FOLDER SUFFIX[,SUFFIX...] OUTPUT.c DEPFILE [SOURCE_FOLDER COMMAND...]

GROUP names the array (nudge_GROUP). Every file below FOLDER whose name ends in one of the suffixes
is taken ("" takes all), sorted by its relative name; a folder that does not exist, and the FOLDER
"-", give an empty array. With COMMAND, FOLDER is emptied first and filled by running COMMAND in SOURCE_FOLDER, with
FOLDER as one more argument. The depfile names every file and folder that was read (those of
SOURCE_FOLDER but node_modules, if there is one), so a file that is added, changed or removed makes
the build run this again.
"""
import os
import shutil
import subprocess
import sys

BYTES_PER_LINE = 72
SKIPPED_FOLDERS = {"node_modules", "dist"}


def literal(data):
    """The bytes as lines of C string literals. Octal escapes have a fixed width: no ambiguity."""
    plain = {b for b in range(0x20, 0x7F)} - {ord('"'), ord("\\"), ord("?")}
    for start in range(0, len(data), BYTES_PER_LINE):
        piece = data[start : start + BYTES_PER_LINE]
        yield '    "' + "".join(chr(b) if b in plain else f"\\{b:03o}" for b in piece) + '"'
    if not data:
        yield '    ""'


def nearest_existing(folder):
    """The folder, or the closest one above it that exists: its time changes when one is added."""
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    return folder


def collect(folder, suffixes):
    """All matching files as sorted pairs (relative name, path), and every folder looked at."""
    files, folders = [], []
    if folder == "-":
        return files, folders
    if not os.path.isdir(folder):
        return [], [nearest_existing(folder)]
    for path, names, members in os.walk(folder):
        names[:] = sorted(n for n in names if not n.startswith(".") and n not in SKIPPED_FOLDERS)
        folders.append(path)
        for member in members:
            if not member.startswith(".") and any(member.endswith(s) for s in suffixes):
                full = os.path.join(path, member)
                files.append((os.path.relpath(full, folder).replace(os.sep, "/"), full))
    return sorted(files), folders


def write_if_changed(path, text):
    """Keeps the old file, and its time, when nothing changed: nothing is compiled again."""
    try:
        with open(path, encoding="utf-8") as handle:
            if handle.read() == text:
                return
    except FileNotFoundError:
        pass
    with open(path, "w", encoding="utf-8") as handle:
        handle.write(text)


def c_source(group, files):
    lines = [f"/* Written by tools/embed from the files of group {group}. */", '#include "base/embed.h"', ""]
    entries = []
    for index, (name, path) in enumerate(files):
        with open(path, "rb") as handle:
            data = handle.read()
        lines += [f"static const unsigned char file_{index}[] =", *literal(data)]
        lines[-1] += ";"
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        entries.append(f'    {{"{quoted}", file_{index}, {len(data)}u}},')
    lines += ["", f"const struct embedded_file nudge_{group}[] = {{", *entries]
    # The closing entry keeps an empty group valid C; it is not counted.
    lines += ["    {NULL, NULL, 0},", "};", f"const size_t nudge_{group}_count = {len(files)}u;", ""]
    return "\n".join(lines)


def main():
    if len(sys.argv) < 6 or len(sys.argv) == 7:
        sys.exit(__doc__)
    group, folder, suffixes, output, depfile = sys.argv[1:6]
    if len(sys.argv) > 7:
        source_folder, command = sys.argv[6], sys.argv[7:]
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        result = subprocess.run(command + [os.path.abspath(folder)], cwd=source_folder, check=False)
        if result.returncode != 0:
            sys.exit(f"embed: {' '.join(command)} in {source_folder} ended with {result.returncode}")
    files, folders = collect(folder, suffixes.split(","))
    if len(sys.argv) > 7:
        if not files:
            sys.exit(f"embed: {' '.join(command)} in {source_folder} wrote no file to {folder}")
        read_files, folders = collect(source_folder, [""])
    else:
        read_files = files
    write_if_changed(output, c_source(group, files))
    needed = [path for _, path in read_files] + folders
    with open(depfile, "w", encoding="utf-8") as handle:
        handle.write(output + ": " + " ".join(p.replace(" ", "\\ ") for p in needed) + "\n")


if __name__ == "__main__":
    main()
