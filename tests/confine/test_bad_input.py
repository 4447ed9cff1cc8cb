"""Bad input of every kind: one clear error, the right status, nothing on stdout, nothing left behind (the job checks that)."""

import json
import os

from confine.support import Case

VALID = {"version": 1}


class CommandLine(Case):
    def script_path(self):
        return self.script("print('ran')", "home/bad/main.py")

    def refuses(self, arguments, status, *texts, **options):
        result = self.refused(self.bare(arguments, **options), status, *texts)
        for line in result.err.splitlines():
            self.assertTrue(line.startswith("pyconfine: "), result)
        return result

    def test_no_script(self):
        self.refuses([], 125, "usage", "SCRIPT")

    def test_unknown_flag(self):
        self.refuses(["--raed", "/etc", self.script_path()], 125, "--raed", "--read")

    def test_flag_without_value(self):
        self.refuses(["--read"], 125, "--read")

    def test_command_without_code(self):
        self.refuses(["-c"], 125, "-c")

    def test_module_without_name(self):
        self.refuses(["-m"], 125, "-m")

    def test_bad_units(self):
        for flags, text in ((["--timeout", "30"], "30"), (["--memory", "512"], "512M"), (["--memory", "512MB"], "512M"),
                            (["--memory", "512m"], "512M"), (["--timeout", "-1s"], "-1s"), (["--timeout", ""], "timeout"),
                            (["--memory", "99999999999999999999G"], "99999999999999999999G")):
            with self.subTest(flags=flags):
                self.refuses([*flags, self.script_path()], 125, text)

    def test_assume_raises_or_is_unknown(self):
        for spec, text in (("landlock=99", "landlock"), ("nonsense=0", "nonsense"), ("landlock", "landlock"), ("landlock=x", "landlock")):
            with self.subTest(spec=spec):
                self.refuses(["--assume", spec, self.script_path()], 125, text)

    def test_missing_script(self):
        self.refuses([self.world.path("home/nowhere.py")], 127, "nowhere.py")

    def test_missing_script_in_missing_directory(self):
        self.refuses([self.world.path("home/no/such/nowhere.py")], 127, "nowhere.py")

    def test_script_name_too_long(self):
        self.assertIn(self.bare(["x" * 5000 + ".py"]).status, (125, 127))

    def test_script_that_is_a_directory(self):
        self.refuses([self.folder("home/bad/directory.py")], 127, "directory")

    def test_script_that_is_a_fifo(self):
        """As with python, it waits for a writer; but pyconfine's own limits hold meanwhile."""
        path = self.world.path("home/fifo.py")
        os.mkfifo(path)
        os.chmod(path, 0o666)
        self.assertIn(self.bare(["--timeout", "500ms", path], seconds=8).status, (124, 125, 126, 127))

    def test_unreadable_script(self):
        if self.world.uid == 0:
            self.skipTest("root reads everything")
        path = self.script("print('ran')", "home/bad/unreadable.py")
        os.chmod(path, 0)
        self.refuses([path], 127, "unreadable.py")

    def test_loop_of_links(self):
        for ours, other in (("a", "b"), ("b", "a")):
            os.symlink(self.world.path("home/loop-" + other), self.world.path("home/loop-" + ours))
        self.refuses([self.world.path("home/loop-a")], 127, "loop-a")
        self.refuses(["--read", self.world.path("home/loop-a"), self.script_path()], 125, "loop-a")

    def test_dangling_link(self):
        os.symlink(self.world.path("home/gone"), self.world.path("home/dangling.py"))
        self.refuses([self.world.path("home/dangling.py")], 127, "dangling.py")

    def test_interpreter_that_is_not_there(self):
        self.refuses(["--python", self.world.path("home/no-python"), self.script_path()], 127, "no-python")

    def test_interpreter_that_is_no_program(self):
        path = self.file("home/not-python", "this is text\n", 0o755)
        self.refuses(["--python", path, self.script_path()], 126, "not-python")

    def test_interpreter_that_may_not_be_executed(self):
        path = self.file("home/not-executable", "#!/bin/sh\n", 0o644)
        self.refuses(["--python", path, self.script_path()], 126, "not-executable")

    def test_interpreter_that_is_another_program(self):
        self.assertIn(self.bare(["--python", "/bin/true", self.script_path()]).status, (125, 126))

    def test_interpreter_that_is_a_directory(self):
        self.assertIn(self.bare(["--python", "/usr", self.script_path()]).status, (126, 127))

    def test_interpreter_that_hangs(self):
        path = self.file("home/hangs", "#!/bin/sh\nsleep 60\n", 0o755)
        self.assertIn(self.bare(["--python", path, self.script_path()], seconds=25).status, (125, 126))

    def test_venv_without_an_interpreter(self):
        self.assertIn(self.bare(["--python", "venv:" + self.folder("home/empty-venv"), self.script_path()]).status, (126, 127))

    def test_grant_of_a_non_utf8_name_works_or_is_one_error(self):
        path = os.fsencode(self.world.path("home")) + b"/\xff\xfe"
        with open(path, "w") as file:
            file.write("x")
        os.chmod(path, 0o644)
        result = self.bare(["--read", path, self.script_path()])
        self.assertTrue((result.status, result.out) == (0, b"ran\n") or (result.status == 125 and "\\x" in result.err), result)

    def test_control_characters_are_escaped(self):
        result = self.refuses(["home/\x1b[31m\x07evil\n.py"], 127)
        self.assertNotIn("\x07", result.err)
        self.assertEqual(len([line for line in result.err.splitlines() if "evil" in line]), 1, result)

    def test_grants_that_cannot_be(self):
        for flags in (["--read", ""], ["--read", "relative/nowhere"], ["--read", "a\nb"], ["--exec", "no-such-program"],
                      ["--env", "=x"], ["--env", ""], ["--cwd", self.world.path("home/nowhere")]):
            with self.subTest(flags=flags):
                self.assertIn(self.bare([*flags, self.script_path()]).status, (125, 127))

    def test_dangerous_environment_variables_are_not_passed_silently(self):
        result = self.bare(["--env", "LD_PRELOAD=/tmp/x.so", self.script_path()])
        self.assertTrue(result.status == 125 or "LD_PRELOAD" in result.err, result)


class ProfileFiles(Case):
    def script_path(self):
        return self.script("print('ran')", "home/bad/main.py")

    def with_profile(self, text, name="home/profiles/bad.yaml", mode=0o644):
        self.folder("home/profiles")
        path = self.file(name, text if isinstance(text, (str, bytes)) else json.dumps(text), mode)
        return self.bare(["-p", path, self.script_path()])

    def test_faults_name_line_and_column(self):
        for text, *expected in (
                ("version: 1\nfiels: {}\n", ":2:1:", "fiels", "files"),
                ("version: 1\nlimits: {memory: 512}\n", ":2:18:", "512M"),
                ("version: 1\nlimits: {timeout: 512MB}\n", ":2:19:"),
                ("version: 2\n", ":1:10:", "version"),
                ("files: {read: [/etc]}\n", "version"),
                ("version: 1\nversion: 1\n", ":2:1:", "version"),
                ("version: 1\nfiles: &a {}\n", "anchor"),
                ("version: 1\nfiles: *a\n", "alias"),
                ("version: 1\nname: !!python/object x\n", "tag"),
                ("version: 1\nfiles: {<<: {}}\n", "merge"),
                ("version: 1\n---\nversion: 1\n", "document"),
                ("version: 1\nnet: none\n", "network"),
                ("version: 1\nrun: any\n", "exec"),
                ("version: 1\nlimits: {wall_time: 3s}\n", "timeout"),
                ("version: 1\nfiles: [\n", "bad.yaml:"),
                ("- a\n- b\n", "bad.yaml:1:1"),
                ("", "bad.yaml"),
                ("version: 1\nfiles: {read: ['${env:SURELY_UNSET}']}\n", "SURELY_UNSET"),
                ("version: 1\nfiles: {read: ['${NONSENSE}']}\n", "NONSENSE"),
                ("version: 1\nextends: nowhere\n", "nowhere"),
                ("version: 1\nextends: ./bad.yaml\n", "bad.yaml"),
                ("version: 1\nexec: sometimes\n", "sometimes"),
                ("version: 1\nlocked: perhaps\n", "perhaps"),
                ("version: 1\nsystem: {syscalls: {allow: [frobnicate]}}\n", "frobnicate")):
            with self.subTest(text=text):
                self.refused(self.with_profile(text), 125, *expected)

    def test_all_faults_at_once(self):
        result = self.refused(self.with_profile("version: 1\nfiels: {}\nlimits: {memory: 512}\nexce: none\n"), 125)
        for text in (":2:1:", ":3:18:", ":4:1:"):
            self.assertIn(text, result.err)

    def test_depth_size_and_encoding(self):
        for text in ("version: 1\nfiles: " + "[" * 100000, "version: 1\n#" + "x" * (1 << 20), b"version: 1\nname: \xff\xfe\n",
                     b"version: 1\nname: \x00\n", b"\x00\x01\x02", "version: 1\nname: " + "{a: " * 20 + "}" * 20):
            with self.subTest(text=text[:30]):
                self.refused(self.with_profile(text), 125, "bad.yaml")

    def test_untrusted_profile(self):
        for mode in (0o666, 0o664, 0o646):
            with self.subTest(mode=oct(mode)):
                self.refused(self.with_profile(VALID, mode=mode), 125, "bad.yaml")
                os.unlink(self.world.path("home/profiles/bad.yaml"))

    def test_untrusted_directory(self):
        self.folder("home/open-profiles", 0o777)
        path = self.file("home/open-profiles/p.yaml", json.dumps(VALID))
        self.refused(self.bare(["-p", path, self.script_path()]), 125, "open-profiles")

    def test_profile_of_another_user(self):
        if os.getuid() != 0:
            self.skipTest("only root can make one")
        path = self.file("home/foreign.yaml", json.dumps(VALID))
        os.chown(path, 54321, 54321)
        self.refused(self.bare(["-p", path, self.script_path()]), 125, "foreign.yaml")

    def test_profile_that_is_no_file(self):
        os.mkfifo(self.world.path("home/fifo.yaml"))
        os.chmod(self.world.path("home/fifo.yaml"), 0o644)
        for path in (self.folder("home/folder.yaml"), self.world.path("home/fifo.yaml"), self.world.path("home/missing.yaml"), "no-such-name"):
            with self.subTest(path=path):
                self.refused(self.bare(["-p", path, self.script_path()]), 125)

    def test_what_comes_later_is_refused_and_named(self):
        for key, value in (("secrets", {"db": {"from": "env:X"}}), ("audit", {"log": "journal"})):
            with self.subTest(key=key):
                self.refused(self.with_profile({"version": 1, key: value}), 125, key)


class ExactTexts(Case):
    """A handful of messages, word for word. Where one changes, README and docs must change with it."""

    def test_missing_script(self):
        path = self.world.path("home/nowhere.py")
        result = self.bare([path])
        self.assertRegex(result.err, r"\Apyconfine: .*nowhere\.py.*\[script-not-found\]\n")

    def test_unknown_key(self):
        self.folder("home/profiles")
        path = self.file("home/profiles/text.yaml", "version: 1\nfiels: {}\n")
        result = self.bare(["-p", path, self.script("print(1)", "home/bad/main.py")])
        self.assertIn('%s:2:1: error: unknown key "fiels"; did you mean "files"?' % path, result.err)
        self.assertIn("[unknown-key]", result.err)
        self.assertIn("  2 | fiels: {}\n", result.err)

    def test_missing_unit(self):
        self.folder("home/profiles")
        path = self.file("home/profiles/text.yaml", "version: 1\nlimits:\n  memory: \"512\"\n")
        result = self.bare(["-p", path, self.script("print(1)", "home/bad/main.py")])
        self.assertIn('%s:3:11: error: "512" has no unit; did you mean 512M?' % path, result.err)
        self.assertIn("[missing-unit]", result.err)
