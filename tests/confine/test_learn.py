"""learn: what is written holds, is no more than was needed, and the run leaves nothing behind."""

import os
import re
import shutil

from confine.learn_corpus import CORPUS, HEAD
from confine.support import Case, Result
from harness.lab import finish

INPUT = {"in.csv": "a,b\n1,2\n3,4\n", "in.json": "{}", "in.ini": "[a]\nb = c\n", "in.xml": "<root/>", "state": "1",
         **{"many/%d.txt" % n: "x" for n in range(12)}}


class Learn(Case):
    def setUp(self):
        self.lab.count += 1
        self.number = self.lab.count
        for name in ("", "/data", "/data/many", "/scripts", "/cwd"):
            self.folder("learn-%d%s" % (self.number, name))
        self.out = self.folder("learn-%d/out" % self.number)
        for name, text in INPUT.items():
            self.file("learn-%d/data/%s" % (self.number, name), text)
        self.data = self.world.path("learn-%d/data" % self.number)

    def path(self, name):
        return self.world.path("learn-%d/%s" % (self.number, name))

    def pyconfine(self, *arguments):
        process = self.lab.start([self.lab.pyconfine, *arguments], env=self.world.environment(), cwd=self.folder(
            "learn-%d/cwd" % self.number))
        return Result(*finish(process, 60))

    def assume(self):
        return ["--assume", self.lab.mode["assume"]] if self.lab.mode["assume"] else []

    def learn(self, code, *flags, name="job.py"):
        self.script_path = self.file("learn-%d/scripts/%s" % (self.number, name), HEAD + code + "\n")
        self.profile = re.sub(r"(\.py)?$", ".pyconfine.yaml", self.script_path, count=1)
        return self.pyconfine("learn", "--python", "/usr/bin/python3", *self.assume(), *flags, self.script_path, self.data, self.out)

    def text(self):
        with open(self.profile, encoding="utf-8") as file:
            return file.read()

    def run_learned(self):
        return self.pyconfine(*self.assume(), self.script_path, self.data, self.out)

    def clear(self):
        shutil.rmtree(self.out)
        self.folder("learn-%d/out" % self.number)


class Corpus(Learn):
    def holds(self, part):
        """Every fourth of them: a test has half a minute."""
        self.need("namespaces")
        for name in (sorted(CORPUS) if self.world.uid else ("csv", "shutil", "subprocess"))[part::4]:
            with self.subTest(name):
                result = self.learn(CORPUS[name], name="case-%s.py" % name)
                self.assertEqual(result.status, 0, result)
                self.assertIn("tried out: under that profile it ended with status 0, too", result.err)
                self.assertEqual(os.listdir(self.out), [], "the run was to leave nothing")
                again = self.run_learned()
                self.assertEqual((again.status, again.err), (0, ""), (self.text(), again))
                self.clear()

    def test_what_was_learned_holds_1(self):
        self.holds(0)

    def test_what_was_learned_holds_2(self):
        self.holds(1)

    def test_what_was_learned_holds_3(self):
        self.holds(2)

    def test_what_was_learned_holds_4(self):
        self.holds(3)

    def test_no_grant_is_one_too_many(self):
        self.need("namespaces")
        for name in ("csv", "json", "shutil", "subprocess", "in_place"):
            result = self.learn(CORPUS[name], name="least-%s.py" % name)
            self.assertEqual(result.status, 0, result)
            lines = self.text().splitlines(keepends=True)
            grants = [n for n, line in enumerate(lines) if re.match(r" +- ", line)]
            self.assertTrue(grants, lines)
            for grant in grants:
                kept = lines[:grant] + lines[grant + 1:]
                # a key without any item is none
                text = re.sub(r"(?m)^ *(read|write|exec|presets):\n(?! +-)", "", "".join(kept))
                text = re.sub(r"(?m)^files:\n(?! )", "", text)
                with open(self.profile, "w", encoding="utf-8") as file:
                    file.write(text)
                with self.subTest(name, without=lines[grant]):
                    self.assertNotEqual(self.run_learned().status, 0, text)
                self.clear()


class Private(Learn):
    def test_nothing_reaches_the_machine(self):
        self.need("namespaces")
        state = os.path.join(self.data, "state")
        result = self.learn("open(DATA + '/state', 'w').write('changed')\nopen(OUT + '/x', 'w').write('x')\n"
                            "os.unlink(DATA + '/in.ini')\nos.rename(DATA + '/in.xml', DATA + '/y')\nprint(open(DATA + '/state').read())")
        self.assertEqual(result.status, 0, result)
        self.assertEqual(result.out, b"changed\n", result)
        with open(state, encoding="utf-8") as file:
            self.assertEqual(file.read(), "1")
        self.assertTrue(os.path.exists(self.data + "/in.ini") and os.path.exists(self.data + "/in.xml"))
        self.assertEqual(os.listdir(self.out), [])
        for word in ("changed " + state, "created %s/x" % self.out, "removed %s/in.ini" % self.data):
            self.assertIn(word, result.err)

    def test_kept_are_files_and_no_links(self):
        self.need("namespaces")
        keep = self.path("kept")
        result = self.learn("open(OUT + '/x', 'w').write('x')\nos.symlink('/etc/passwd', OUT + '/link')\nos.mkfifo(OUT + '/fifo')",
                            "--keep", keep)
        self.assertEqual(result.status, 0, result)
        self.assertEqual(os.listdir(keep + self.out), ["x"])
        self.assertEqual(os.stat(keep + self.out + "/x").st_uid, self.world.uid)
        again = self.learn("pass", "--keep", keep, name="other.py")
        self.assertIn("--keep", again.err)
        self.assertNotEqual(again.status, 0)

    def test_keys_are_hidden_and_named(self):
        self.need("namespaces")
        result = self.learn("try:\n    open('/etc/shadow')\n    print('LEAK')\nexcept OSError as e:\n    print('refused')")
        self.assertEqual(result.out, b"refused\n", result)
        self.assertIn("/etc/shadow (hidden from this run): password hashes of every account", self.text())
        self.assertNotIn("- /etc", self.text())

    def test_an_existing_profile_stays(self):
        self.learn("pass")
        before = self.text()
        result = self.learn("open(DATA + '/in.csv')")
        self.assertEqual((result.status, self.text()), (2, before), result)
        self.assertIn("exists already", result.err)

    def test_no_network_unless_asked(self):
        result = self.learn("import socket\ntry: socket.create_connection(('192.0.2.1', 80), 1)\nexcept OSError: pass")
        self.assertNotIn("network:", self.text(), result)

    def test_a_set_id_file_is_refused(self):
        """It was forbidden and observed, came to the supervisor either way, and went on."""
        code = """import errno
try:
    os.close(os.open(os.environ.get("TMPDIR", "/tmp") + "/set-id", os.O_CREAT | os.O_WRONLY, 0o4755))
    print("made")
except OSError as error:
    print(errno.errorcode[error.errno])"""
        result = self.learn(code, "--no-verify")
        self.assertEqual((result.status, result.out), (0, b"EPERM\n"), result)

    def test_refused_calls_are_noted(self):
        self.need("namespaces")
        self.learn("import ctypes\nlibc = ctypes.CDLL(None)\nassert libc.unshare(0x10000000) == -1")
        self.assertIn("system call unshare", self.text())


class Names(Learn):
    """What a script chooses becomes no YAML."""

    def test_hostile_names(self):
        self.need("namespaces")
        names = ["a\nfiles: {write: [/]}", "b: c # d", "'\"", "${HOME}", "- x", "*anchor", "\udcff", "\x1b[2J"]
        self.folder("learn-%d/data/names" % self.number)
        for name in names:
            self.file("learn-%d/data/names/%s" % (self.number, name), "")
        result = self.learn("for n in %r: open(DATA + '/names/' + n)" % names)
        self.assertEqual(result.status, 1, result)  # it does not hold: some names cannot be written
        check = self.pyconfine("check", self.profile)
        self.assertEqual(check.status, 0, check)
        text = self.text()
        for line in text.splitlines():
            self.assertTrue(line.isprintable(), line)
        self.assertNotIn("\nfiles: {write", text)
        self.assertEqual(text.count("its name cannot be written into a profile"), 4, text)
        for name in ("b: c # d", "- x", "*anchor"):
            self.assertIn('names/%s"' % name, text)

    def test_never_a_whole(self):
        self.need("namespaces")
        self.learn("for d in ('/', '/etc', '/usr', '/var', '/home', '/tmp'):\n    os.listdir(d)\n"
                   "for d in ('/etc', '/'):\n    try: open(d + '/new-by-learn', 'w')\n    except OSError: pass")
        grants = re.findall(r"(?m)^ +- (\S+)", self.text())
        self.assertFalse(set(grants) & {"/", "/etc", "/usr", "/var", "/home", "/tmp", '"${HOME}"'}, self.text())
        self.assertFalse(os.path.exists("/etc/new-by-learn"))


class WithoutLayers(Learn):
    def test_writes_are_refused_and_noted(self):
        if "namespaces" in self.layers():
            self.lab.mode = {**self.lab.mode, "assume": "overlay=0"}
        result = self.learn("try:\n    open(OUT + '/x', 'w')\n    print('LEAK')\nexcept OSError as e:\n    print('refused')\n"
                            "open(DATA + '/in.csv').read()")
        self.assertEqual(result.out, b"refused\n", result)
        self.assertEqual(os.listdir(self.out), [])
        self.assertIn("no copy-on-write layers here", result.err)
        self.assertIn("in.csv", self.text())
        self.assertIn(os.path.basename(self.out), self.text())
