#!/usr/bin/env python3
"""Breaks each rule of tools/tidy once in a folder of its own and expects exactly that finding.

Speaks TAP. A rule without a line here is a rule nobody has seen working.
"""
import importlib.machinery
import importlib.util
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
loader = importlib.machinery.SourceFileLoader("tidy", os.path.join(HERE, "tidy"))
sys.dont_write_bytecode = True
tidy = importlib.util.module_from_spec(importlib.util.spec_from_loader("tidy", loader))
loader.exec_module(tidy)

HEAD = "/* What it is for. */\n"


def body(lines):
    return HEAD + "static int f(void)\n{\n" + "    g();\n" * (lines - 1) + "    return 0;\n}\n"


# name, path, content, what the one finding must contain ("" = no finding)
CASES = [
    ("clean code passes", "src/core/a.c", HEAD + '#include "base/str.h"\n#include <yaml.h>\n', ""),
    ("a folder includes upwards only", "src/core/a.c", HEAD + '#include "store/store.h"\n',
     "a.c:2: src/core may not include store/store.h"),
    ("engine does not know bi", "src/engine/a.c", HEAD + '#include "bi/metrics.h"\n', "may not include bi/metrics.h"),
    ("engine does not know net", "src/engine/a.c", HEAD + '#include "net/net.h"\n', "may not include net/net.h"),
    ("cli may include all", "src/cli/a.c", HEAD + '#include "sim/sim.h"\n#include "bi/bi.h"\n', ""),
    ("no include by a way around", "src/core/a.c", HEAD + '#include "../store/store.h"\n', 'without ".."'),
    ("the auditor does not know the core", "tests/sim/auditor_x.c", HEAD + '#include "core/run.h"\n',
     "may not include core/run.h"),
    ("the auditor does not know the engine", "tests/sim/auditor.c", HEAD + '#include "engine/engine.h"\n',
     "may not include engine/engine.h"),
    ("the auditor knows base", "tests/sim/auditor.c", HEAD + '#include "base/calendar.h"\n', ""),
    ("the world knows all", "tests/sim/world.c", HEAD + '#include "engine/engine.h"\n', ""),
    ("sqlite is store's", "src/http/a.c", HEAD + "#include <sqlite3.h>\n", "<sqlite3.h> is included by src/store/"),
    ("sqlite in store passes", "src/store/a.c", HEAD + "#include <sqlite3.h>\n", ""),
    ("jansson is base/json's", "src/base/str.c", HEAD + "#include <jansson.h>\n", "src/base/json* only"),
    ("icu is base/text's", "src/core/a.c", HEAD + "#include <unicode/ubrk.h>\n", "src/base/text* only"),
    ("core does not log", "src/core/a.c", HEAD + '#include "base/log.h"\n', "does not log"),
    ("a banned call", "src/core/a.c", HEAD + "int x = atoi(text);\n", "atoi() is not used here"),
    ("a banned name in a comment passes", "src/core/a.c", HEAD + "/* atoi(x) */\n", ""),
    ("a banned name in a text passes", "src/core/a.c", HEAD + 'const char *t = "atoi(x)";\n', ""),
    ("a member of a banned name passes", "src/core/a.c", HEAD + "int x = clock->time(clock);\n", ""),
    ("the time is passed in", "src/engine/a.c", HEAD + "time_t now = time(NULL);\n", "clock that is passed in"),
    ("the clock reads the time", "src/base/clock.c", HEAD + "time_t now = time(NULL);\n", ""),
    ("stdout is cli's", "src/bi/a.c", HEAD + 'int n = printf("x");\n', "only src/cli writes to stdout"),
    ("stdout by its name", "src/bi/a.c", HEAD + 'int n = fprintf(stdout, "x");\n', "only src/cli writes to stdout"),
    ("printf in cli passes", "src/cli/a.c", HEAD + 'int n = printf("x");\n', ""),
    ("tests do not sleep", "tests/unit/test_a.c", HEAD + "int x = usleep(5);\n", "does not sleep"),
    ("70 lines pass", "src/core/a.c", body(70), ""),
    ("71 lines fail", "src/core/a.c", body(71), "a.c:3: f has 71 lines"),
    ("braces always", "src/core/a.c", HEAD + "void f(void)\n{\n    if (a(b))\n        g();\n}\n", "a.c:4: braces after if"),
    ("braces after else", "src/core/a.c",
     HEAD + "void f(void)\n{\n    if (a) {\n        g();\n    } else\n        h();\n}\n", "braces after else"),
    ("braces that are there pass", "src/core/a.c",
     HEAD + "void f(void)\n{\n    do {\n        if (a &&\n            b) {\n        } else if (c) {\n        } else {\n"
     + "        }\n    } while (d);\n}\n", ""),
    ("800 lines pass", "src/core/a.c", HEAD + "int x;\n" * 799, ""),
    ("801 lines fail", "src/core/a.c", HEAD + "int x;\n" * 800, "801 lines"),
    ("100 columns pass", "src/core/a.c", "/*" + "x" * 96 + "*/\n", ""),
    ("101 columns fail", "src/core/a.c", "/*" + "x" * 97 + "*/\n", "101 columns"),
    ("a file says what it is for", "src/core/a.c", "int x;\n", "start the file with a comment"),
    ("a header is included once", "src/core/a.h", HEAD + "int x;\n", "#pragma once"),
    ("dead code", "src/core/a.c", HEAD + "#if 0\nint x;\n#endif\n", "dead code"),
    ("later is never", "guide/a.md", "# A\n\nTO" + "DO: write\n", "do it now"),
    ("machine paths", "guide/a.md", "# A\n\nlook in /ho" + "me/jane/x\n", "belongs to one machine"),
    ("two titles", "guide/a.md", "# A\n\n# B\n", "a.md:3: 2 titles"),
    ("no title", "guide/a.md", "A\n", "0 titles"),
    ("a hash inside a fence is no title", "guide/a.md", "# A\n\n```\n# B\n```\n", ""),
    ("a dead link", "guide/a.md", "# A\n\n[b](b.md)\n", "b.md leads nowhere"),
    ("a live link", "guide/a.md", "# A\n\n[a](a.md#x) [w](https://example.org)\n", ""),
    ("a page that the index does not name", "docs/operate/a.md", "# A\n", "docs/README.md has no link"),
    ("the index itself passes", "docs/README.md", "# A\n", ""),
    ("blanks at the end", "src/core/a.c", HEAD + "int x; \n", "blanks at the end"),
    ("tabs", "src/core/a.c", HEAD + "int\tx;\n", "a tab"),
    ("no newline at the end", "src/core/a.c", HEAD + "int x;", "no newline"),
    ("exact npm versions pass", "web/package.json", '{"dependencies": {"a": "1.2.3"}}\n', ""),
    ("npm ranges fail", "web/package.json", '{"dependencies": {"a": "^1.2.3"}}\n', "exact version"),
    ("a lock names no host", "web/package-lock.json",
     '{"packages": {"node_modules/a": {"resolved": "https://example.org/a"}}}', "names a registry host"),
    ("Node 18 is enough", "web/package-lock.json",
     '{"packages": {"a": {"engines": {"node": "^16.4 || >=18.12 <23"}}}}', ""),
    ("Node 18 is too old", "web/package-lock.json",
     '{"packages": {"a": {"engines": {"node": "^20.9.0 || >=22"}}}}', "pin an older version"),
]


def run(path, content):
    with tempfile.TemporaryDirectory() as root:
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full))
        with open(full, "w", encoding="utf-8") as handle:
            handle.write(content)
        return tidy.tidy(root)


def main():
    print(f"1..{len(CASES)}")
    failures = 0
    for number, (name, path, content, expected) in enumerate(CASES, 1):
        findings = run(path, content)
        good = not findings if not expected else len(findings) == 1 and expected in findings[0]
        failures += not good
        print(f"{'ok' if good else 'not ok'} {number} - {name}")
        if not good:
            print(f"# expected {expected or 'no finding'!r}, found {findings}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
