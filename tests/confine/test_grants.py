"""Grants by profile and by flag: what is granted works, its neighbour does not."""

import json
import os

from confine.support import Case

READ = "import sys\nfor path in sys.argv[1:]:\n    try:\n        print(open(path).read().strip())\n    except OSError as e:\n        print(type(e).__name__)\n"
HIDDEN = ("FileNotFoundError", "PermissionError")


class Files(Case):
    def lines(self, result):
        self.assertEqual(result.status, 0, result)
        return result.out.decode().splitlines()

    def test_read_flag(self):
        granted = self.file("more/granted.txt", "granted")
        other = self.file("more/other.txt", "other")
        lines = self.lines(self.code(READ, granted, other, flags=["--read", granted]))
        self.assertEqual(lines[0], "granted")
        self.assertIn(lines[1], HIDDEN)

    def test_read_directory_with_odd_names(self):
        folder = self.folder("more/odd d\u00efr '\"")
        path = self.file("more/odd d\u00efr '\"/file", "odd")
        self.assertEqual(self.lines(self.code(READ, path, flags=["--read", folder])), ["odd"])

    def test_write_flag(self):
        folder = self.folder("more/out", 0o777)
        result = self.code("import sys\nopen(sys.argv[1], 'w').write('written')\n", folder + "/result", flags=["--write", folder])
        self.succeeds(result, "")
        with open(folder + "/result") as file:
            self.assertEqual(file.read(), "written")

    def test_written_files_belong_to_the_caller(self):
        if self.world.uid == 0:
            self.skipTest("root becomes nobody")
        folder = self.folder("more/owned", 0o755)
        self.succeeds(self.code("import sys\nopen(sys.argv[1], 'w').close()\n", folder + "/result", flags=["--write", folder]))
        self.assertEqual(os.stat(folder + "/result").st_uid, self.world.uid)

    def test_write_single_file(self):
        path = self.file("more/single.txt", "old", 0o666)
        self.succeeds(self.code("import sys\nopen(sys.argv[1], 'w').write('new')\n", path, flags=["--write", path]))
        with open(path) as file:
            self.assertEqual(file.read(), "new")

    def test_deny_beats_read(self):
        folder = self.folder("more/mixed")
        shown, hidden = self.file("more/mixed/shown", "shown"), self.file("more/mixed/private/hidden", "hidden")
        result = self.code(READ, shown, hidden, changes={
            "files": {"read": [self.world.path("project"), folder], "deny": [os.path.dirname(hidden)]}})
        if result.status == 125 and "namespaces" not in self.layers():  # Landlock takes nothing away from a granted directory
            self.refused(result, 125, "cannot be denied here", "[cannot-keep]")
            return
        lines = self.lines(result)
        self.assertEqual(lines[0], "shown")
        self.assertIn(lines[1], HIDDEN)

    def test_deny_of_a_missing_path_is_fine(self):
        self.succeeds(self.code("print(1)", changes={"files": {"deny": [self.world.path("nowhere")]}}), "1\n")

    def test_optional_missing_path_is_fine(self):
        self.succeeds(self.code("print(1)", changes={
            "files": {"read": [self.world.path("project"), {"path": self.world.path("nowhere"), "optional": "true"}]}}), "1\n")

    def test_missing_path_is_refused(self):
        self.refused(self.code("print(1)", flags=["--read", self.world.path("nowhere")]), 125, "nowhere")

    def test_other_name_inside(self):
        self.need("namespaces")
        path = self.file("more/input.csv", "csv")
        lines = self.lines(self.code(READ, "/data/input.csv", changes={
            "files": {"read": [self.world.path("project"), {"path": path, "as": "/data/input.csv"}]}}))
        self.assertEqual(lines, ["csv"])

    def test_root_owned_private_input_stays_readable_for_root(self):
        self.need_root()
        path = self.file("more/private.txt", "private", 0o600)
        result = self.code(READ, path, flags=["--read", path])
        if "namespaces" in self.layers():
            self.assertEqual(self.lines(result), ["private"])
        else:
            self.refused(result, 125, "may not read", path)

    def test_symbolic_link_as_grant(self):
        path = self.file("more/target.txt", "target")
        link = self.world.path("more/link.txt")
        if not os.path.islink(link):
            os.symlink(path, link)
        self.assertEqual(self.lines(self.code(READ, link, flags=["--read", link])), ["target"])

    def test_script_directory_is_shown_by_default(self):
        path = self.script(READ, "home/app2/main.py")
        data = self.file("home/app2/data.txt", "data")
        result = self.bare([path, data])
        self.assertEqual(result.out, b"data\n", result)

    def test_only_the_script_where_its_directory_is_everybodys(self):
        self.folder("everybody", 0o777)
        data = self.file("everybody/data.txt", "data")
        result = self.bare([self.script(READ, "everybody/main.py"), data])
        self.assertIn(result.out.decode().strip(), HIDDEN, result)


class Profiles(Case):
    def profile(self, name, profile, mode=0o644):
        return self.file(name, json.dumps(profile), mode)

    def test_beside_the_script(self):
        path = self.script("import os\nprint(os.environ['FROM'])", "home/beside/report.py")
        self.profile("home/beside/report.pyconfine.yaml", {"version": 1, "env": {"set": {"FROM": "beside"}}})
        self.succeeds(self.bare([path]), "beside\n")

    def test_by_environment(self):
        path = self.script("import os\nprint(os.environ['FROM'])", "home/byenv/report.py")
        profile = self.profile("home/byenv.yaml", {"version": 1, "env": {"set": {"FROM": "variable"}}})
        self.succeeds(self.bare([path], env={"PYCONFINE_PROFILE": profile}), "variable\n")

    def test_by_name_from_the_users_directory(self):
        self.profile("home/config/pyconfine/profiles/mine.yaml", {"version": 1, "env": {"set": {"FROM": "name"}}})
        for folder in ("home/config", "home/config/pyconfine", "home/config/pyconfine/profiles"):
            self.folder(folder)
        path = self.script("import os\nprint(os.environ['FROM'])", "home/byname/report.py")
        self.succeeds(self.bare(["-p", "mine", path], env={"XDG_CONFIG_HOME": self.world.path("home/config")}), "name\n")

    def test_extends_adds_lists_and_replaces_scalars(self):
        self.profile("home/chain/base.yaml", {"version": 1, "env": {"set": {"A": "1", "B": "1"}, "allow": ["X"]}})
        profile = self.profile("home/chain/top.yaml", {"version": 1, "extends": ["builtin:offline", "./base.yaml"],
                                                       "env": {"set": {"B": "2"}, "allow": ["Y"]}})
        self.folder("home/chain")
        path = self.script("import os\nprint(*[os.environ[n] for n in 'ABXY'])", "home/chain/main.py")
        self.succeeds(self.bare(["-p", profile, path], env={"X": "x", "Y": "y"}), "1 2 x y\n")

    def need_the_machine_as_it_is(self, profile, path):
        """Under a locked profile the caller cannot lower facts either; so only a mode that lowers none goes on."""
        if self.lab.mode["assume"]:
            self.refused(self.bare(["-p", profile, path]), 125, "--assume", "locked")
            self.skipTest("--assume is refused under a locked profile, as it should be")

    def test_locked_refuses_grants(self):
        profile = self.profile("home/locked.yaml", {"version": 1, "locked": "true"})
        path = self.script("print(1)", "home/lockedapp/main.py")
        self.need_the_machine_as_it_is(profile, path)
        self.succeeds(self.bare(["-p", profile, path]), "1\n")
        for flags in (["--read", "/etc"], ["--write", "/etc"], ["--exec", "/bin/sh"], ["--env", "A=1"], ["--net", "a:1"]):
            with self.subTest(flags=flags):
                self.refused(self.bare(["-p", profile, *flags, path]), 125, "locked")

    def test_locked_lets_limits_shrink_only(self):
        profile = self.profile("home/locked2.yaml", {"version": 1, "locked": "true", "limits": {"timeout": "20s"}})
        path = self.script("print(1)", "home/lockedapp/main2.py")
        self.need_the_machine_as_it_is(profile, path)
        self.succeeds(self.bare(["-p", profile, "--timeout", "10s", path]), "1\n")
        self.refused(self.bare(["-p", profile, "--timeout", "30s", path]), 125, "timeout")

    def test_untrusted_works(self):
        path = self.script("import sys, tempfile\nwith tempfile.TemporaryFile() as f:\n    f.write(b'x')\nprint(sys.flags.isolated)",
                           "home/un/main.py")
        result = self.bare(["-p", "untrusted", path])
        self.assertEqual((result.status, result.out), (0, b"1\n"), result)

    def test_dry_run_shows_and_does_not_run(self):
        path = self.script("print('ran')", "home/dry/main.py")
        result = self.bare(["--dry-run", path])
        self.assertEqual(result.status, 0, result)
        self.assertNotIn(b"ran\n", result.out.split(b"files", 1)[-1][-5:], result)
        self.assertIn(b"PROMISE", result.out)

    def test_quiet_and_verbose(self):
        path = self.script("print(1)", "home/qv/main.py")
        quiet, loud = self.bare(["-q", path]), self.bare(["-v", path])
        self.assertEqual((quiet.status, quiet.out), (0, b"1\n"), quiet)
        self.assertEqual((loud.status, loud.out), (0, b"1\n"), loud)
        for line in loud.err.splitlines():
            self.assertTrue(line.startswith("pyconfine: "), loud)


class Relaxing(Case):
    def test_without_landlock_exec_cannot_be_kept(self):
        result = self.command(["--assume", "landlock=0", self.script("print(1)", "home/relax/main.py")], env=self.world.environment())
        self.refused(result, 125, "exec")

    def test_without_landlock_and_namespaces_files_cannot_be_kept(self):
        result = self.command(["--assume", "landlock=0,namespaces=0", self.script("print(1)", "home/relax/main.py")],
                              env=self.world.environment())
        self.refused(result, 125, "files")

    def test_files_can_never_be_relaxed(self):
        profile = self.file("home/relax/none.yaml", json.dumps({"version": 1, "require": {"files": "best-effort"}}))
        result = self.command(["-p", profile, "--assume", "landlock=0,namespaces=0", self.script("print(1)", "home/relax/main.py")],
                              env=self.world.environment())
        self.assertEqual(result.status, 125, result)

    def test_relaxed_promise_warns_once(self):
        self.need("namespaces")
        profile = self.file("home/relax/exec.yaml", json.dumps({"version": 1, "require": {"exec": "best-effort"}}))
        result = self.command(["-p", profile, "--assume", "landlock=0", self.script("print(1)", "home/relax/main.py")],
                              env=self.world.environment())
        self.assertEqual((result.status, result.out), (0, b"1\n"), result)
        self.assertIn("exec", result.err)
