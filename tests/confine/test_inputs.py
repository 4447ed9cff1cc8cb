"""`inputs`: what is taken reaches the script as it was given; what is not ends with 125 before the script starts."""

import os
import subprocess

from confine.support import Case

ECHO = "import sys\nprint(sys.argv[1:])\n"
STDIN = "import sys\nprint(repr(sys.stdin.buffer.read()))\n"
TRY = """
import os, sys
def attempt(what, action):
    try:
        action()
    except OSError as error:
        print("refused:", what)
    else:
        print("ALLOWED:", what)
print(len(os.read(0, 100000000)) > 1000)
attempt("write", lambda: os.write(0, b"x"))
attempt("truncate", lambda: os.ftruncate(0, 0))
try:
    os.fchmod(0, 0o755)
except OSError:
    pass
attempt("execute", lambda: os.execve(0, ["true"], {}))
"""


class Arguments(Case):
    def given(self, rules, *arguments, **more):
        return self.code(ECHO, *arguments, changes={"inputs": rules, **more})

    def test_what_fits_is_passed_on(self):
        rules = {"args": [{"name": "size", "type": "int", "max": 9}, {"name": "rest", "pattern": "[a-z ]+", "repeat": True}],
                 "options": ["-v", {"name": "--mode", "enum": ["fast", "slow"]}]}
        self.succeeds(self.given(rules, "3", "a b", "-v", "c", "--mode", "fast"), "['3', 'a b', '-v', 'c', '--mode', 'fast']\n")
        self.succeeds(self.given(rules, "--mode=slow", "-3", "x"), "['--mode=slow', '-3', 'x']\n")

    def test_what_does_not_fit_is_refused(self):
        rules = {"args": [{"name": "size", "type": "int", "max": 9}, {"name": "rest", "pattern": "[a-z]+", "optional": True}],
                 "options": ["-v", {"name": "--mode", "pattern": "[a-z-]+"}]}
        for arguments, message in (
                ([], "argument 1 (size) is missing"),
                (["10"], 'argument 1 (size): "10" is more than 9'),
                (["1", "A"], 'argument 2 (rest): "A" does not fit the pattern'),
                (["1", "a\x1b[31m"], r'argument 2 (rest): "a\x1b[31m" holds a control character'),
                (["1", b"\xff"], r'argument 2 (rest): "\xff" holds a control character, or is not UTF-8'),
                (["1", "a", "b"], '"b" is one argument too many'),
                (["1", "--"], '"--" is no option that is taken'),
                (["1", "-rf"], '"-rf" is no option that is taken'),
                (["1", "-v", "-v"], '"-v" is given twice'),
                (["1", "-v=1"], '"-v" takes no value'),
                (["1", "--mode"], '"--mode" lacks its value'),
                (["1", "--mode", "-v"], 'option --mode: "-v" begins with "-"')):
            self.refused(self.given(rules, *arguments), 125, message, "[bad-input]")
        self.refused(self.given({"args": []}, "x"), 125, "one argument too many", "No arguments are taken.")
        self.succeeds(self.given({"args": []}), "[]\n")

    def test_a_grant_by_way_of_a_link(self):
        """What the script may name is known by where the link leads; no other grant lies above it."""
        real, link = self.folder("elsewhere/real"), self.world.path("elsewhere/link")
        self.file("elsewhere/real/ok", "a")
        os.symlink("real", link)
        os.symlink("/etc/passwd", real + "/evil")
        rules = {"args": [{"name": "file", "type": "path", "beneath": link}]}
        files = {"files": {"read": [link]}}
        self.succeeds(self.given(rules, link + "/ok", **files), "%r\n" % [link + "/ok"])
        self.refused(self.given(rules, link + "/evil", **files), 125, "a link that leads elsewhere")

    def test_paths_stay_beneath(self):
        work = self.folder("jobs/work")
        inner, outer = self.file("jobs/work/a.png", "a"), self.file("jobs/outer.png", "b")
        for name, target in (("in.png", "a.png"), ("out.png", "../outer.png"), ("far.png", "/etc/passwd"), ("d.png", "..")):
            os.symlink(target, os.path.join(work, name))
        os.mkfifo(os.path.join(work, "fifo.png"))
        rules = {"args": [{"name": "file", "type": "path", "beneath": work, "suffixes": [".png"]}]}
        files = {"files": {"read": [os.path.dirname(work)]}}
        for good in (inner, work + "/in.png", work + "//./a.png", work + "/not-there-yet.png"):
            self.succeeds(self.given(rules, good, **files), "%r\n" % [good])
        for bad, message in (
                (outer, "does not lie there"), (work + "/../outer.png", 'holds ".."'), (work + "/out.png", "a link that leads elsewhere"),
                (work + "/far.png", "a link that leads elsewhere"), (work + "/d.png/outer.png", "a link that leads elsewhere"),
                (work + "/fifo.png", "neither a file nor a directory"), ("a.exe", "does not end as it must"),
                (work, "does not end as it must"), (work + "x/a.png", "does not lie there")):
            self.refused(self.given(rules, bad, **files), 125, message, "[bad-input]")

    def test_variables(self):
        rules = {"env": {"allow": ["APP_*"]}, "inputs": {"env": {
            "APP_MODE": {"enum": ["fast", "slow"]}, "APP_TOKEN": {"max_length": 4, "optional": True}}}}
        code = "import os\nprint(os.environ['APP_MODE'])\n"
        self.succeeds(self.code(code, changes=rules, env={"APP_MODE": "fast"}), "fast\n")
        self.refused(self.code(code, changes=rules, env={"APP_MODE": "quick"}), 125, 'variable APP_MODE: "quick" is none of')
        self.refused(self.code(code, changes=rules), 125, "variable APP_MODE is not set")
        secret = self.code(code, changes=rules, env={"APP_MODE": "fast", "APP_TOKEN": "hunter2"})
        self.refused(secret, 125, "variable APP_TOKEN: the value is longer")
        self.assertNotIn("hunter2", secret.err)


class Uploads(Case):
    """What the directory of uploads, or the name of one, can make of a grant."""

    def setUp(self):
        self.lab.count += 1
        self.uploads = self.folder("uploads-%d" % self.lab.count)
        self.good = self.file("uploads-%d/picture" % self.lab.count, "picture")
        self.other = self.file("private-%d" % self.lab.count, "private")

    def given(self, upload, beneath=True, path="${env:UPLOAD}"):
        grant = {"path": path, "as": "/work/input"}
        if beneath:
            grant["beneath"] = self.uploads
        place = "/work/input"
        if "namespaces" not in self.layers():  # no renaming there: the checks are the same
            del grant["as"]
            place = upload
        return self.code("import sys\nprint(open(sys.argv[1]).read())\n", place, env={"UPLOAD": upload},
                         changes={"files": {"read": [grant]}})

    def test_an_upload_is_shown(self):
        self.succeeds(self.given(self.good), "picture\n")
        self.succeeds(self.given(self.good, beneath=False), "picture\n")

    def test_names_that_lead_elsewhere(self):
        for name in ("/../" + os.path.basename(self.other), "/a/../../" + os.path.basename(self.other)):
            for beneath in (True, False):
                self.refused(self.given(self.uploads + name, beneath), 125, 'holds ".."')
        self.refused(self.given("", beneath=False), 125, "${env:UPLOAD} is empty")
        self.refused(self.given("", path=self.uploads + "/${env:UPLOAD}", beneath=False), 125, "${env:UPLOAD} is empty")
        for name in ("/", "", "/."):
            self.refused(self.given(self.uploads + name), 125, "does not lie beneath its directory")
        self.refused(self.given(self.other), 125, "does not lie beneath its directory")

    def test_links_and_other_things_in_the_place_of_an_upload(self):
        for name, target in (("file", self.other), ("folder", os.path.dirname(self.other)), ("near", self.good)):
            os.symlink(target, os.path.join(self.uploads, name))
        for name in ("file", "near", "folder/" + os.path.basename(self.other)):
            self.refused(self.given(os.path.join(self.uploads, name)), 125, "is reached by a link")
        os.mkfifo(os.path.join(self.uploads, "fifo"))
        self.refused(self.given(os.path.join(self.uploads, "fifo")), 125, "is neither a file nor a directory")
        self.refused(self.given(os.path.join(self.uploads, "none")), 125, "No such file")

    def test_links_of_strangers_are_not_followed(self):
        self.need_root()
        for name, target in (("link", self.other), ("folder", os.path.dirname(self.other))):
            os.symlink(target, os.path.join(self.uploads, name))
            os.lchown(os.path.join(self.uploads, name), 4242, 4242)
        for name in ("link", "folder/" + os.path.basename(self.other)):
            self.refused(self.given(os.path.join(self.uploads, name), beneath=False), 125, "is a link that belongs to uid 4242")
        os.lchown(os.path.join(self.uploads, "link"), 0, 0)
        self.succeeds(self.given(os.path.join(self.uploads, "link"), beneath=False), "private\n")


class StandardInput(Case):
    def given(self, rule, data, code=STDIN, **options):
        return self.code(code, changes={"inputs": {"stdin": rule}}, stdin=data, **options)

    def test_none(self):
        self.succeeds(self.given("none", b"something"), "b''\n")

    def test_what_fits_is_passed_on(self):
        self.succeeds(self.given({"type": "json"}, b'{"a": 1}'), "b'{\"a\": 1}'\n")
        self.succeeds(self.given({"type": "text"}, "\u00e4\n".encode()), "%r\n" % "\u00e4\n".encode())
        self.succeeds(self.given({"max_size": "3K"}, b"\0" * 3072), "%r\n" % (b"\0" * 3072))
        large = b"x" * 3000000
        self.succeeds(self.given({"max_size": "3M"}, large, code="import sys\nprint(len(sys.stdin.buffer.read()))\n"), "3000000\n")

    def test_what_does_not_fit_is_refused(self):
        self.refused(self.given({"type": "json"}, b'{"a": 1'), 125, "stdin, line 1: JSON that does not end", "[bad-input]")
        self.refused(self.given({"type": "text"}, b"a\n\0"), 125, "stdin, line 2: a control character")
        self.refused(self.given({"max_size": "3K"}, b"x" * 3073), 125, "stdin is longer than 3K")

    def test_a_file_is_read_before_it_can_change(self):
        path = self.file("jobs/data.json", "[1]")
        with open(path, "rb") as file:
            process = self.start([self.script(
                "import os, sys, time\nprint('started', flush=True)\ntime.sleep(1)\nprint(sys.stdin.read())\n")],
                {"inputs": {"stdin": {"type": "json"}}}, stdin=file)
        self.assertEqual(process.stdout.readline(), b"started\n")
        self.file("jobs/data.json", "not JSON any more")
        out, _ = process.communicate(timeout=20)
        self.assertEqual(out, b"[1]\n")

    def test_a_stranger_cannot_keep_us_waiting(self):
        read, write = os.pipe()
        try:
            process = self.start([self.script(STDIN)], {"inputs": {"stdin": {"type": "json"}}, "limits": {"timeout": "500ms"}},
                                 stdin=read)
            out, err = process.communicate(timeout=20)
        finally:
            os.close(read)
            os.close(write)
        self.assertEqual((process.returncode, out), (125, b""), err)
        self.assertIn(b"stdin did not end within limits.timeout 500ms", err)

    def test_what_came_in_is_neither_changed_nor_executed(self):
        with open("/usr/bin/true", "rb") as file:
            result = self.given({"max_size": "8M"}, file.read(), code=TRY)
        self.succeeds(result, "True\nrefused: write\nrefused: truncate\nrefused: execute\n")

    def test_a_script_from_stdin_is_not_constrained(self):
        process = self.start(["-"], {"inputs": {"stdin": "none"}}, stdin=subprocess.PIPE)
        out, err = process.communicate(b"print(1)\n", timeout=20)
        self.assertEqual((process.returncode, out), (125, b""))
        self.assertIn(b"the script comes by stdin", err)
