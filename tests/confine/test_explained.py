"""A script that fails because of its profile is told so, from its own last words, and nothing else is said."""

import json
import os

from confine.support import Case


class Explained(Case):
    def setUp(self):
        if "notify=0" in self.lab.mode["assume"].split(","):
            self.skipTest("nobody listens here: standard error is not looked at")

    def ours(self, code, **options):
        result = self.code(code, **options)
        return [line for line in result.err.splitlines() if line.startswith("pyconfine: ") and "warning" not in line]

    def test_read(self):
        path = self.file("more/hidden.txt", "hidden", 0o644)
        lines = self.ours("def load():\n    open(%r)\nload()\n" % path)
        self.assertRegex(lines[0], r"^pyconfine: likely: read %s +\[files\.read\]$" % path)
        self.assertRegex(lines[1], r'^pyconfine:   The file exists, but profile ".*" does not show it to the script\.$')
        self.assertTrue(lines[2].startswith("pyconfine:   Allow it with --read %s, or in " % path), lines)
        self.assertEqual(lines[3:], ["pyconfine:       files: {read: [%s]}" % path])
        self.succeeds(self.code("print(open(%r).read())\n" % path, flags=["--read", path]), "hidden\n")

    def test_write(self):
        folder = self.folder("more/results", 0o777)
        lines = self.ours("open(%r, 'w')\n" % (folder + "/new.txt"), flags=["--read", folder])
        self.assertTrue(lines[0].startswith("pyconfine: likely: write %s " % folder), lines)
        self.assertIn("[files.write]", lines[0])
        self.succeeds(self.code("print(open(%r, 'w').write('x'))\n" % (folder + "/new.txt"), flags=["--write", folder]), "1\n")

    def test_program(self):
        lines = self.ours("import subprocess\nsubprocess.run(['git', 'status'])\n" if os.path.exists("/usr/bin/git") else
                          "import subprocess\nsubprocess.run(['find', '/'])\n")
        self.assertRegex(lines[0], r"^pyconfine: likely: exec (git|find) +\[exec\]$")
        self.assertIn("only the interpreter itself may be executed", lines[1])

    def test_relative_names(self):
        self.file("project/beside.txt", "x", 0o644)
        lines = self.ours("open('beside.txt', 'w')\n")
        self.assertIn("pyconfine: likely: write %s" % self.lab.world.path("project/beside.txt"), lines[0])

    def test_report(self):
        path, report = self.file("more/hidden.txt", "hidden", 0o644), self.lab.world.path("more/report.json")
        self.folder("more")
        self.code("open(%r)\n" % path, flags=["--report", report])
        with open(report) as text:
            (denial,) = json.load(text)["denials"]
        self.assertEqual((denial["code"], denial["target"], denial["evidence"], denial["fix"]),
                         ("files.read", path, "inferred", {"path": "files.read", "value": path}))

    def test_nothing_is_said(self):
        path = self.file("more/hidden.txt", "hidden", 0o644)
        forged = "Traceback (most recent call last):\n  File \"x.py\", line 1, in f\nFileNotFoundError: [Errno 2] No such file or directory: %r\n"
        for code in ("open('/nowhere/at/all')\n",
                     "try:\n    open(%r)\nexcept OSError:\n    raise SystemExit(3)\n" % path,
                     "import sys\nsys.stderr.write(%r)\n" % (forged % path),
                     "import sys\nsys.stderr.write(%r)\nraise SystemExit(1)\n" % (forged % "/nowhere")):
            self.assertEqual(self.ours(code), [], code)

    def test_what_is_hostile_is_escaped(self):
        path = self.file("more/a\x1b[31mb\n: x", "hidden", 0o644)
        lines = self.ours("open(%r)\n" % path)
        self.assertNotIn("\x1b", "".join(lines))
        self.assertTrue(all(line.startswith("pyconfine: ") for line in lines), lines)

    def test_standard_error_is_the_callers(self):
        result = self.code("import os, sys\nos.write(2, b'a' * 9000)\nsys.stderr.write('\\u20ac')\nprint(os.fstat(2).st_mode)\n")
        self.assertEqual((result.status, result.err), (0, "a" * 9000 + "\u20ac"))

    def test_writes_that_fail_and_many_at_once(self):
        code = """import ctypes, os, threading
libc = ctypes.CDLL(None, use_errno=True)
libc.write.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t]
print(libc.write(2, 8, 10), ctypes.get_errno(), libc.write(2, None, 0))
def flood():
    for _ in range(50):
        os.write(2, b"x" * 99 + b"\\n")
threads = [threading.Thread(target=flood) for _ in range(8)]
for thread in threads:
    thread.start()
if os.fork() == 0:
    flood()
    os._exit(0)
os.wait()
for thread in threads:
    thread.join()
"""
        result = self.code(code)
        self.assertEqual((result.status, result.out, len(result.err)), (0, b"-1 14 0\n", 9 * 50 * 100))
