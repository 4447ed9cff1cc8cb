"""outputs: what a script leaves is checked when it is gone, and moved all together, or not at all."""

import json
import os
import signal
import stat
import subprocess
import time

import jsonschema

from confine.support import Case, Result
from harness.lab import finish

BEGIN = """import os, sys
out = os.environ["PYCONFINE_OUTPUTS"]
def put(name, content=b"text\\n"):
    with open(os.path.join(out, name), "wb") as file:
        file.write(content)
def attempt(call, *arguments):
    try:
        call(*arguments)
    except OSError as error:
        print(call.__name__, error.strerror)
    else:
        print(call.__name__, "done")
"""
PNG = b"\x89PNG\r\n\x1a\n"


class Outputs(Case):
    def setUp(self):
        self.lab.count += 1
        self.target = self.folder("results-%d" % self.lab.count)

    def changes(self, **outputs):
        return {"outputs": {"path": self.target, **outputs}}

    def leave(self, code, changes=None, **options):
        return self.code(BEGIN + code, changes=changes or self.changes(), **options)

    def there(self):
        return sorted(os.listdir(self.target))

    def moved(self, result, *names):
        self.assertEqual(result.status, 0, result)
        self.assertEqual(self.of_the_script(result), "", result)
        self.assertEqual(self.there(), sorted(names), result)

    def nothing_moved(self, result, *lines, status=123):
        """These lines of ours, and the one that says so."""
        self.assertEqual(result.status, status, result)
        closing = "pyconfine: nothing was moved to %s: all files are accepted, or none   [outputs]" % self.target
        said = [line for line in self.of_the_script(result).splitlines() if line.startswith("pyconfine: ")]
        self.assertEqual(said, ["pyconfine: refused output: " + line for line in lines] + [closing], result)
        self.assertEqual(self.there(), [], result)


class Moving(Outputs):
    def test_files_arrive_as_the_callers_own(self):
        result = self.leave("put('a.png', %r)\nput('B_2.txt', b'x' * 200000)\nos.chmod(os.path.join(out, 'a.png'), 0o400)\n" % PNG)
        self.moved(result, "a.png", "B_2.txt")
        with open(self.target + "/a.png", "rb") as file:
            self.assertEqual(file.read(), PNG)
        for name in self.there():
            facts = os.stat(os.path.join(self.target, name))
            self.assertEqual((facts.st_uid, stat.S_IMODE(facts.st_mode), facts.st_nlink), (self.world.uid, 0o644, 1))
        self.assertEqual(os.stat(self.target + "/B_2.txt").st_size, 200000)

    def test_nothing_left_is_a_success(self):
        self.moved(self.leave("pass\n"))

    def test_as_names_the_directory(self):
        result = self.leave("print(out)\nopen('/work/out/a', 'w').close()\n", self.changes(**{"as": "/work/out"}))
        if "namespaces" not in self.layers():
            self.refused(result, 125, "outputs: `as` needs a view, and namespaces are not to be had here", "[cannot-keep]",
                         "$PYCONFINE_OUTPUTS")
            return
        self.assertEqual(result.out, b"/work/out\n", result)
        self.moved(result, "a")

    def test_the_variable_is_ours(self):
        changes = {**self.changes(), "env": {"set": {"PYCONFINE_OUTPUTS": self.world.path("write")}}}
        result = self.leave("put('a')\nprint(out == %r)\n" % self.world.path("write"), changes)
        self.assertEqual(result.out, b"False\n", result)
        self.moved(result, "a")

    def test_the_target_itself_is_neither_seen_nor_written(self):
        self.file(os.path.relpath(self.target, self.world.base) + "/old", "old")
        result = self.leave("attempt(os.listdir, %r)\nattempt(open, %r, 'w')\n" % (self.target, self.target + "/new"))
        self.assertEqual(result.status, 0, result)
        self.assertNotIn(b"done", result.out, result)
        self.assertEqual(self.there(), ["old"])

    def test_directory_is_gone_afterwards(self):
        result = self.leave("put('a')\nprint(out)\n")
        self.assertFalse(os.path.exists(result.out.decode().strip()), result)

    def test_files_can_be_moved_there_from_tmp(self):
        result = self.leave("import shutil, tempfile\nwith tempfile.TemporaryDirectory() as d:\n"
                            "    open(d + '/a', 'w').write('x')\n    shutil.move(d + '/a', out)\nos.rename(out + '/a', out + '/b')\n")
        self.moved(result, "b")

    def test_more_files_than_a_process_usually_has_open(self):
        result = self.leave("for n in range(1100): put('f%d' % n, b'')\n", self.changes(files=1100))
        self.assertEqual(result.status, 0, result)
        self.assertEqual(len(self.there()), 1100)


class Directory(Outputs):
    """What the script can do with its directory while it runs."""

    def test_it_is_of_bounded_size(self):
        self.need("namespaces")
        result = self.leave("attempt(put, 'a', b'x' * 300000)\nos.unlink(out + '/a')\n", self.changes(size="100K", files=2))
        self.assertEqual(result.out, b"put No space left on device\n", result)
        self.moved(result)

    def test_it_holds_a_bounded_number_of_names(self):
        self.need("namespaces")
        code = "n = 0\ntry:\n    while n < 100000:\n        put('f%d' % n, b'')\n        n += 1\nexcept OSError: print(n)\n"
        result = self.leave(code, self.changes(files=2))
        self.assertLess(int(result.out), 40, result)
        self.assertIn("there are more files than are accepted   [outputs.files]", result.err)
        self.assertEqual(self.there(), [])

    def test_nothing_is_executed_from_it(self):
        result = self.leave("import shutil, subprocess\nshutil.copy(%r, out + '/program')\nos.chmod(out + '/program', 0o755)\n"
                            "attempt(subprocess.run, [out + '/program'])\nos.unlink(out + '/program')\n"
                            % self.world.path("project/hello"))
        self.assertEqual(result.out, b"run Permission denied\n", result)

    def test_nothing_but_files_is_made_in_it(self):
        self.need("landlock1")
        result = self.leave("import socket\nattempt(os.mkdir, out + '/d')\nattempt(os.mkfifo, out + '/p')\n"
                            "attempt(os.symlink, '/etc/passwd', out + '/l')\n"
                            "attempt(os.mknod, out + '/n', 0o20666, 0x103)\nput('f')\n")
        self.assertEqual(result.out.replace(b"Operation not permitted", b"Permission denied"),
                         b"".join(b"%s Permission denied\n" % name for name in (b"mkdir", b"mkfifo", b"symlink", b"mknod")), result)
        self.moved(result, "f")

    def test_it_is_memory(self):
        self.need("namespaces")
        changes = {**self.changes(size="300M"), "limits": {"memory": "100M"}}
        result = self.leave("import time\nblock = bytes(1 << 20)\nwith open(out + '/a', 'wb') as file:\n"
                            "    for _ in range(200): file.write(block)\ntime.sleep(5)\n", changes)
        self.assertEqual(result.status, 137, result)
        self.assertIn("memory limit 100M reached", result.err)
        self.assertEqual(self.there(), [])

    def test_it_has_mount_options_of_its_own(self):
        self.need("namespaces")
        result = self.leave("print(*[l.split()[5] for l in open('/proc/self/mountinfo') if l.split()[4] == out])\n")
        self.assertEqual(set(result.out.decode().strip().split(",")) & {"rw", "nosuid", "nodev", "noexec"},
                         {"rw", "nosuid", "nodev", "noexec"}, result)


class Refusing(Outputs):
    def test_one_refused_file_keeps_all_back(self):
        self.nothing_moved(self.leave("put('good.txt')\nput('.hidden')\nput('-rf')\nput('a b')\n"),
                           "-rf: the name begins with a dash   [outputs]",
                           ".hidden: the name begins with a dot   [outputs]",
                           "a b: the name holds more than letters, digits, '.', '_' and '-'   [outputs]")

    def test_names_are_escaped(self):
        result = self.leave("put('\\x1b]0;owned\\x07')\nput('e\\u202egnp.exe')\nput(b'\\xff'.decode('utf-8', 'surrogateescape'))\n")
        self.nothing_moved(result,
                           "\\x1b]0;owned\\x07: the name holds more than letters, digits, '.', '_' and '-'   [outputs]",
                           "e\\xe2\\x80\\xaegnp.exe: the name holds more than letters, digits, '.', '_' and '-'   [outputs]",
                           "\\xff: the name holds more than letters, digits, '.', '_' and '-'   [outputs]")

    def test_a_profile_is_no_output(self):
        self.nothing_moved(self.leave("put('next.pyconfine.yaml')\n"), "next.pyconfine.yaml: the name is that of a profile   [outputs]")

    def test_suffixes(self):
        changes = self.changes(suffixes=[".png", ".tar.gz"])
        self.nothing_moved(self.leave("put('a.png')\nput('b.png.exe')\nput('c.gz')\nput('d.PNG')\n", changes),
                           *["%s: its suffix is not among those that are accepted   [outputs.suffixes]" % name
                             for name in ("b.png.exe", "c.gz", "d.PNG")])
        self.moved(self.leave("put('a.png')\nput('b.tar.gz')\n", changes), "a.png", "b.tar.gz")

    def test_content(self):
        changes = self.changes(suffixes=[".png", ".csv"], check="content")
        code = "put('a.png', %r)\nput('b.csv', 'a,\u00fc\\n'.encode())\n" % PNG
        self.nothing_moved(self.leave(code + "put('c.png', b'#!/bin/sh')\nput('d.csv', b'a\\0')\n", changes),
                           "c.png: its content is not what its suffix says   [outputs.check]",
                           "d.csv: its content is not what its suffix says   [outputs.check]")
        self.moved(self.leave(code, changes), "a.png", "b.csv")

    def test_number_and_size(self):
        changes = self.changes(files=2, size="8K")
        self.nothing_moved(self.leave("put('a')\nput('b')\nput('c')\n", changes),
                           "c: there are more files than are accepted   [outputs.files]")
        self.nothing_moved(self.leave("put('a', b'x' * 8000)\nput('b', b'x' * 193)\n", changes),
                           "b: there are more bytes than are accepted   [outputs.size]")
        self.moved(self.leave("put('a', b'x' * 8000)\nput('b', b'x' * 192)\n", changes), "a", "b")

    def test_holes_count(self):
        self.nothing_moved(self.leave("put('a')\nos.truncate(out + '/a', 1 << 40)\n"),
                           "a: there are more bytes than are accepted   [outputs.size]")

    def test_hard_links(self):
        self.nothing_moved(self.leave("put('a')\nos.link(out + '/a', out + '/b')\n"),
                           *["%s: it has more than one name (hard links)   [outputs]" % name for name in "ab"])

    def test_hard_links_to_other_places(self):
        code = "for source in (%r, '/etc/passwd', sys.argv[0]):\n    attempt(os.link, source, out + '/b')\n" % self.world.path("read/data.txt")
        result = self.leave(code)
        self.assertNotIn(b"done", result.out, result)
        self.moved(result)

    def test_bits_and_attributes(self):
        """Where the sandbox lets them be set at all."""
        result = self.leave("put('a')\nattempt(os.chmod, out + '/a', 0o4755)\n")
        if b"chmod done" in result.out:
            self.nothing_moved(result, "a: it has a set-user-ID or set-group-ID bit   [outputs]")
        else:
            self.moved(result, "a")
            self.assertEqual(stat.S_IMODE(os.stat(self.target + "/a").st_mode), 0o644)
            os.unlink(self.target + "/a")
        result = self.leave("put('a')\nattempt(os.setxattr, out + '/a', 'user.x', b'1')\n")
        if b"setxattr done" in result.out:
            self.nothing_moved(result, "a: it has extended attributes   [outputs]")
        else:
            self.moved(result, "a")

    def test_what_landlock_would_have_stopped(self):
        """The second lock, on its own."""
        self.need("namespaces")
        flags = ["--assume", "landlock=0"]
        changes = {**self.changes(), "require": {"exec": "best-effort"}}
        result = self.leave("import socket\nput('a')\nos.mkdir(out + '/d')\nos.mkdir(out + '/d/e')\nos.mkfifo(out + '/p')\n"
                            "os.symlink('/etc/passwd', out + '/l')\nsocket.socket(socket.AF_UNIX).bind(out + '/s')\n",
                            changes, flags=flags)
        self.assertEqual(result.status, 123, result)
        for line in ("d: it is a directory", "l: it is a symbolic link", "p: it is a pipe", "s: it is a socket"):
            self.assertIn("pyconfine: refused output: %s   [outputs]\n" % line, result.err)
        self.assertEqual(self.there(), [])

    def test_names_that_differ_in_case_only(self):
        self.nothing_moved(self.leave("put('a.txt')\nput('A.txt')\n"),
                           *["%s: another one has the same name but for upper and lower case   [outputs]" % name
                             for name in ("A.txt", "a.txt")])

    def test_nothing_is_replaced(self):
        self.file(os.path.relpath(self.target, self.world.base) + "/b", "older")
        result = self.leave("put('a')\nput('b')\n")
        self.assertEqual(result.status, 123, result)
        self.assertIn("pyconfine: refused output: b: a file of that name is there already, and is not replaced   [outputs]\n", result.err)
        self.assertEqual(self.there(), ["b"])
        with open(self.target + "/b") as file:
            self.assertEqual(file.read(), "older")

    def test_at_most_five_lines(self):
        result = self.leave("for n in range(12): put('.%02d' % n)\n")
        self.assertEqual(result.err.count("refused output"), 5, result)
        self.assertIn("pyconfine: ... and 7 more\n", result.err)

    def test_the_report_lists_them(self):
        for code, status, outcome, expected in (
                ("put('a')\n", 0, "exited", [["a", 5, True, None]]),
                ("put('.a')\nput('b')\n", 123, "denied", [[".a", None, False, "the name begins with a dot"],
                                                         ["b", 5, False, "another one was refused"]]),
                ("put('b')\nsys.exit(3)\n", 3, "exited", [["b", None, False, "the script did not end with status 0"]])):
            with self.subTest(code=code):
                path = self.folder(os.path.relpath(self.target, self.world.base) + "-reports") + "/%s.json" % status
                result = self.leave(code, flags=["--report", path])
                with open(path, "rb") as file:
                    report = json.load(file)
                jsonschema.validate(report, json.loads(self.command(["schema", "report"]).out))
                self.assertEqual((result.status, report["exit_code"], report["outcome"]), (status, status, outcome), result)
                self.assertEqual([[one[key] for key in ("name", "size", "accepted", "reason")] for one in report["outputs"]], expected)

    def test_quiet(self):
        result = self.leave("put('.a')\n", flags=["-q"])
        self.assertEqual((result.status, result.err), (123, ""), result)


class Ends(Outputs):
    """Only a clean end counts, and only what is there when everybody is gone."""

    def left(self, result, status):
        self.assertEqual(result.status, status, result)
        self.assertIn("pyconfine: nothing was moved to %s: the script did not end with status 0   [outputs]\n" % self.target, result.err)
        self.assertEqual(self.there(), [])

    def test_a_failed_script(self):
        self.left(self.leave("put('a')\nsys.exit(3)\n"), 3)

    def test_a_killed_script(self):
        self.left(self.leave("put('a')\nos.kill(os.getpid(), 9)\n"), 137)

    def test_a_timeout(self):
        self.left(self.leave("import signal, time\nsignal.signal(15, lambda *_: sys.exit(0))\nput('a')\ntime.sleep(20)\n",
                             {**self.changes(), "limits": {"timeout": "3s"}}), 124)

    def test_a_failed_script_that_left_nothing_says_nothing_of_it(self):
        result = self.leave("sys.exit(3)\n")
        self.assertEqual((result.status, self.of_the_script(result)), (3, ""), result)

    def test_processes_that_go_on_writing_are_gone_first(self):
        code = """import time
def child():
    os.setsid()
    if os.fork():
        os._exit(0)
    os.close(1), os.close(2)
    fd, n = os.open(out + "/a", os.O_RDWR | os.O_CREAT), 0
    while True:
        n += 1
        os.pwrite(fd, b"%d" % (n % 10) * 5000, 0)
        try:
            os.rename(out + "/a", out + "/.a")
            os.rename(out + "/.a", out + "/a")
        except OSError:
            pass
put("a", b"0" * 5000)
for _ in range(4):
    if os.fork() == 0:
        child()
time.sleep(0.3)
"""
        result = self.leave(code)
        self.assertEqual(self.lab.survivors(0), {}, result)
        if result.status == 123:  # they ended between the two names
            self.nothing_moved(result, ".a: the name begins with a dot   [outputs]")
            return
        self.moved(result, "a")
        self.assertEqual(os.stat(self.target + "/a").st_size, 5000)

    def test_a_target_that_is_exchanged_meanwhile_gets_nothing(self):
        code = BEGIN + "put('a')\nprint('ready', flush=True)\nsys.stdin.readline()\n"
        process = self.start([self.script(code)], self.changes(), stdin=subprocess.PIPE)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        os.rename(self.target, self.target + "-moved")
        elsewhere = self.folder("results-%d-elsewhere" % self.lab.count)
        os.symlink(elsewhere, self.target)
        out, err = process.communicate(b"go\n", timeout=20)
        result = Result(process.returncode, out, err)
        self.assertEqual(result.status, 0, result)
        self.assertEqual(os.listdir(elsewhere), [])
        self.assertEqual(os.listdir(self.target + "-moved"), ["a"])

    def test_a_killed_supervisor_leaves_nothing(self):
        code = BEGIN + "import time\nput('a')\nprint(out, flush=True)\ntime.sleep(20)\n"
        process = self.start([self.script(code)], self.changes())
        inside = process.stdout.readline().decode().strip()
        process.send_signal(signal.SIGKILL)
        process.communicate()
        self.assertEqual(self.lab.survivors(2), {})
        deadline = time.monotonic() + 2
        while os.path.exists(inside) and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertFalse(os.path.exists(inside), inside)
        self.assertEqual(self.there(), [])

    def test_a_full_target_gets_nothing(self):
        self.need_root()
        path, profile = self.script(BEGIN + "for name in 'abcd': put(name, b'x' * 30000)\n"), self.lab.profile(self.changes())
        assume = ["--assume", self.lab.mode["assume"]] if self.lab.mode["assume"] else []
        code = 'mount -t tmpfs -o size=64k,mode=0755 none "$1"; d=$1; shift; "$@"; s=$?; ls -A "$d" >&2; exit $s'
        process = self.lab.start(["unshare", "-m", "sh", "-c", code, "sh", self.target, self.lab.pyconfine, *assume,
                                  "--profile", profile, path])
        result = Result(*finish(process, 20))
        self.assertEqual(result.status, 123, result)
        self.assertRegex(self.of_the_script(result),
                         r"\Apyconfine: refused output: c: No space left on device   \[outputs\]\npyconfine: nothing was moved .*\n\Z")


class Planning(Outputs):
    def test_refused_before_the_start(self):
        rows = ((self.changes(path=self.target + "/none"), "outputs.path: %s/none: No such file or directory" % self.target),
                (self.changes(path=self.world.path("write")), "outputs.path: the script may write to %s by itself, past every check"
                 % self.world.path("write")),
                (self.changes(check="content"), "outputs.check: content: without outputs.suffixes every content is right"),
                (self.changes(check="content", suffixes=[".exe"]), "outputs.check: content: what a .exe file begins with is not known"))
        for changes, text in rows:
            with self.subTest(text=text):
                self.refused(self.leave("put('a')\n", changes), 125, text)

    def test_explain_and_why(self):
        profile = self.lab.profile(self.changes(suffixes=[".png"], check="content", files=3))
        script = self.script("pass\n")
        assume = ["--assume", self.lab.mode["assume"]] if self.lab.mode["assume"] else []
        result = self.command(["explain", *assume, "-p", profile, script])
        self.assertRegex(result.out.decode(), r"note: after a clean exit at most 3 files and 50M in all, of \.png by name and by content, "
                                              r"go from /\S+ to %s\n" % self.target)
        self.assertIn("checked outputs", result.out.decode())
        result = self.command(["why", "write", self.target + "/x", "-p", profile, script])
        self.assertEqual(result.status, 1, result)
        self.assertIn("is moved there after a clean exit", result.out.decode())
        self.assertNotIn("--write", result.out.decode())
