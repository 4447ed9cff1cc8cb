"""--trace: what files and programs were refused, in the words of `why`."""

import json
import re

from confine.support import Case

PRELUDE = """import os, subprocess, sys, threading
def attempt(function, *arguments):
    try:
        function(*arguments)
    except OSError:
        pass
"""


class Trace(Case):

    def denials(self, code, flags=(), status=0, **options):
        path = self.folder("home/trace") + "/report.json"
        result = self.code(PRELUDE + code, flags=["--trace", "--report", path, *flags], **options)
        if result.status == 125 and "--trace needs " in result.err:
            self.skipTest("needs user notification, and CAP_SYS_PTRACE for another user")
        self.assertEqual(result.status, status, result)
        with open(path) as report:
            denials = json.load(report)["denials"]
        self.assertEqual(len(re.findall("^pyconfine: denied: ", result.err, re.M)), min(len(denials), 5), result)
        return result, [(denial["code"], denial["target"], denial["errno"]) for denial in denials]

    def test_swallowed_refusals_are_named(self):
        secret = self.file("outside/secret.txt", "s")
        kept = self.file("project/kept.txt", "k")
        hidden = "ENOENT" if "namespaces" in self.layers() else "EACCES"
        fixed = "EROFS" if "namespaces" in self.layers() else "EACCES"
        result, found = self.denials(
            "attempt(open, %r)\nattempt(open, %r, 'w')\nattempt(os.mkdir, %r)\nattempt(os.listdir, %r)\nopen(%r).read()\n"
            % (secret, kept, self.world.path("project/new"), self.world.path("outside"), kept))
        self.assertEqual(found, [("files.read", secret, hidden), ("files.write", kept, fixed),
                                 ("files.write", self.world.path("project/new"), fixed),
                                 ("files.read", self.world.path("outside"), hidden)], result)
        self.assertIn("pyconfine:   Allow it with --read %s, or in " % secret, result.err)

    def test_threads_children_and_relative_paths(self):
        secret = self.file("outside/secret.txt", "s")
        _, found = self.denials(
            "os.chdir('/usr/lib')\nname = os.path.relpath(%r)\n"
            "thread = threading.Thread(target=attempt, args=(open, name)); thread.start(); thread.join()\n"
            "child = os.fork()\nif not child:\n    attempt(open, name); os._exit(0)\nos.waitpid(child, 0)\n" % secret)
        self.assertEqual({(code, target) for code, target, _ in found}, {("files.read", secret)})

    def test_programs_are_named_once(self):
        self.file("outside/tool", "#!/bin/sh\n", 0o755)
        tool = self.world.path("outside/tool")
        result, found = self.denials("attempt(subprocess.run, [%r])\nattempt(subprocess.run, ['no-such-program'])\n" % tool)
        self.assertEqual([(code, target) for code, target, _ in found], [("exec", tool)], result)

    def test_nothing_is_said_of_what_works(self):
        result, found = self.denials(
            "import json, ctypes.util, locale, tempfile, sqlite3, ssl\nlocale.setlocale(locale.LC_ALL, '')\n"
            "with tempfile.TemporaryFile() as file:\n    file.write(b'x')\nopen('/no/such/file', 'x') if 0 else None\n"
            "attempt(open, '/no/such/file')\nos.path.exists('/root/x')\n")
        self.assertEqual(found, [], result)

    def test_set_id_files_stay_refused(self):
        """Observed, the call goes through another copy of the filter, with the same rules."""
        result, _ = self.denials("import tempfile\nplace = tempfile.mkdtemp()\ntry:\n"
                                 "    os.open(place + '/x', os.O_CREAT | os.O_WRONLY, 0o4755)\n    print('made')\n"
                                 "except PermissionError:\n    print('refused')\n")
        self.assertEqual(result.out, b"refused\n")

    def test_floods_and_strange_names(self):
        """Bounded, nobody hangs, and what a script chose is escaped."""
        result, found = self.denials(
            "import tempfile\nplace = tempfile.mkdtemp()\nos.mkfifo(place + '/fifo')\n"
            "attempt(os.open, place + '/fifo', os.O_WRONLY | os.O_NONBLOCK)\n"
            "attempt(open, '/etc/\\x1b[31m\\n')\nattempt(open, '/' + 'x' * 5000)\nattempt(open, '/..' * 1000 + '/etc/\\x07')\n"
            "def many():\n    for i in range(500):\n        attempt(open, '/x%d' % i)\n        attempt(os.mkdir, '/usr/x%d' % i)\n"
            "threads = [threading.Thread(target=many) for _ in range(4)]\n"
            "[thread.start() for thread in threads]\n[thread.join() for thread in threads]\n")
        self.assertNotIn("\x1b", result.err)
        self.assertLessEqual(len(found), 16)
        self.assertRegex(result.err, r"pyconfine: \.\.\. and \d+ more\n\Z")
