"""--report: what is written, when, and where it may not be. Each report is held against the published schema by a validator
that is not ours."""

import json
import os
import signal
import socket
import subprocess

import jsonschema

from confine.support import Case, Result
from harness.lab import finish

TIME = "/usr/bin/time"


class Reports(Case):
    count = 0

    def setUp(self):
        Reports.count += 1
        self.place = self.folder("home/reports-%d" % Reports.count)
        self.path = self.place + "/report.json"

    def schema(self):
        if not hasattr(Reports, "known"):
            result = self.command(["schema", "report"])
            self.assertEqual((result.status, result.err), (0, ""), result)
            Reports.known = json.loads(result.out)
            jsonschema.Draft202012Validator.check_schema(Reports.known)
        return Reports.known

    def valid(self, text):
        report = json.loads(text)
        jsonschema.validate(report, self.schema(), cls=jsonschema.Draft202012Validator)
        self.assertEqual(report["v"], 1)
        self.assertRegex(report["session"], "^[0-9a-f]{16}$")
        return report

    def read(self, outcome, path=None):
        """The one file that is left in the directory, valid, and with this outcome."""
        self.assertEqual(os.listdir(self.place), [os.path.basename(path or self.path)])
        with open(path or self.path, "rb") as file:
            report = self.valid(file.read())
        self.assertEqual(report["outcome"], outcome, report)
        return report

    def reported(self, code, outcome, status=None, flags=(), **options):
        result = self.code(code, flags=["--report", self.path, *flags], **options)
        report = self.read(outcome)
        if status is not None:
            self.assertEqual((result.status, report["exit_code"]), (status, status), result)
        return report

    def not_there(self, result, *texts):
        self.refused(result, 125, "[report-refused]", *texts)


class Outcomes(Reports):
    def test_own_status(self):
        path = self.script("raise SystemExit(3)\n")
        result = self.run_([path], flags=["--report", self.path])
        report = self.read("exited")
        self.assertEqual((result.status, report["exit_code"], report["signal"], report["limit"], report["error"]),
                         (3, 3, None, None, None))
        self.assertEqual((report["script"], report["interpreter"]), (path, "/usr/bin/python3"))
        self.assertEqual(os.path.dirname(report["profile"]["path"]), self.world.base)
        self.assertEqual(len(report["profile"]["sha256"]), 64)
        kept = {layer["promise"]: layer["enforced"] for layer in report["layers"]}
        self.assertLessEqual({"files", "network", "exec", "privileges", "processes", "memory"}, set(kept))
        self.assertEqual([name for name, kept in kept.items() if not kept and name not in ("tmp", *self.lab.mode["require"])], [])
        self.assertEqual(os.stat(self.path).st_mode & 0o7777, 0o600)

    def test_success_prints_nothing(self):
        self.succeeds(self.code("print('hello')\n", flags=["--report", self.path]), "hello\n")
        self.read("exited")

    def test_signals(self):
        for number in (signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM):
            report = self.reported("import os\nos.kill(os.getpid(), %d)\n" % number, "signaled", 128 + number)
            self.assertEqual(report["signal"], number)

    def test_sigint(self):
        code = "import os, signal\nsignal.signal(signal.SIGINT, signal.SIG_DFL)\nos.kill(os.getpid(), signal.SIGINT)\n"
        result = self.code(code, flags=["--report", self.path])
        self.assertEqual(result.status, -signal.SIGINT, result)
        self.assertEqual(self.read("signaled")["exit_code"], 130)

    def test_timeout(self):
        report = self.reported("import time\ntime.sleep(30)\n", "timeout", 124, flags=["--timeout", "400ms"])
        self.assertEqual(report["limit"], {"key": "limits.timeout", "value": 0.4, "peak": None})
        self.assertGreaterEqual(report["usage"]["wall_s"], 0.35)

    def test_memory(self):
        code = "import time\nparts = []\nwhile True:\n    parts.append(bytearray(4 << 20))\n    time.sleep(0.02)\n"
        report = self.reported(code, "memory", 137, flags=["--memory", "64M"])
        self.assertEqual((report["limit"]["key"], report["limit"]["value"]), ("limits.memory", 64 << 20))
        self.assertGreaterEqual(report["limit"]["peak"], 64 << 20)

    def test_cpu_time(self):
        report = self.reported("while True:\n    pass\n", "limit", flags=["--cpu-time", "300ms"])
        self.assertEqual((report["limit"]["key"], report["limit"]["value"]), ("limits.cpu_time", 0.3))

    def test_output(self):
        report = self.reported("while True:\n    print('x' * 1000)\n", "limit", 137, flags=["--output", "8K"])
        self.assertEqual((report["limit"]["key"], report["limit"]["value"]), ("limits.output", 8192))

    def test_denied(self):
        code = "import ctypes\nctypes.CDLL(None).unshare(0x10000000)\nprint('lives')\n"
        result = self.code(code, flags=["--report", self.path], changes={"on_denial": "kill"})
        if result.status == 125:
            self.skipTest("needs user notification")
        report = self.read("denied")
        self.assertEqual((result.status, report["exit_code"]), (123, 123), result)
        self.assertEqual(report["denials"], [{
            "code": "system.syscalls", "target": "unshare", "errno": "EPERM", "count": 1, "at": None,
            "evidence": "observed", "fix": {"path": "system.syscalls.allow", "value": "unshare"}}])

    def test_pyconfine_is_asked_to_end(self):
        for code in ("import time\nprint('ready', flush=True)\ntime.sleep(30)\n",
                     "import signal, time\nsignal.signal(signal.SIGTERM, lambda *_: None)\nprint('ready', flush=True)\ntime.sleep(1)\n"):
            process = self.start([self.script(code)], flags=["--report", self.path])
            process.stdout.readline()
            process.send_signal(signal.SIGTERM)
            status = finish(process, 10)[0]
            report = self.read("signaled" if status else "exited")
            self.assertEqual((report["exit_code"], status), (status, 128 + signal.SIGTERM if status else 0))

    def test_pyconfine_is_killed(self):
        """Then there is none, and nothing else is left either."""
        process = self.start([self.script("import time\nprint('ready', flush=True)\ntime.sleep(30)\n")],
                             flags=["--report", self.path])
        process.stdout.readline()
        process.kill()
        finish(process, 10)
        self.assertEqual(os.listdir(self.place), [])


class NothingStarted(Reports):
    def setup_failed(self, result, status, code):
        self.assertEqual(result.status, status, result)
        report = self.read("setup-failed")
        self.assertEqual((report["exit_code"], report["error"]["code"], report["usage"]), (status, code, None))
        self.assertIn(report["error"]["message"], result.err)
        return report

    def test_script_is_missing(self):
        report = self.setup_failed(self.bare(["--report", self.path, self.place + "/nowhere.py"]), 127, "script-not-found")
        self.assertEqual(report["script"], self.place + "/nowhere.py")

    def test_profile_is_wrong(self):
        profile = self.file("home/wrong.yaml", "version: 1\nfiels: {}\n")
        report = self.setup_failed(self.bare(["--report", self.path, "--profile", profile, "-c", "0"]), 125, "unknown-key")
        self.assertEqual((report["profile"], report["layers"]), (None, []))

    def test_grant_is_missing(self):
        result = self.bare(["--report", self.path, "--read", self.place + "/nothing", "-c", "0"])
        self.assertEqual(self.setup_failed(result, 125, "missing-path")["profile"]["name"], "offline")

    def test_stage_fails(self):
        """There are descriptors for the plan and for the report, but not for the sandbox."""
        self.code("0")  # or the interpreter would have to be asked for its files
        command = self.lab.command([self.script("0")], flags=["--report", self.path])
        codes = set()
        for most in (6, 7, 8):
            result = Result(*finish(self.lab.start(["/bin/sh", "-c", 'ulimit -n %d && exec "$@"' % most, "sh", *command])))
            if result.status:
                self.assertEqual(result.status, 125, result)
                codes.add(self.read("setup-failed")["error"]["code"])
        self.assertTrue(codes)
        if "namespaces" in self.layers():
            self.assertIn("setup-failed", codes)

    def test_dry_run(self):
        self.refused(self.bare(["--dry-run", "--report", self.path, "-c", "0"]), 125, "--dry-run runs nothing", "[usage]")
        self.assertEqual(os.listdir(self.place), [])


class Usage(Reports):
    TREE = """import os
def burn(mib, turns):
    block = bytearray(mib << 20)
    for i in range(0, len(block), 4096):
        block[i] = 1
    for i in range(turns):
        pass
if os.fork() == 0:
    if os.fork() == 0:
        burn(30, 4_000_000)  # its parent is gone
        os.write(1, b"x")
        os._exit(0)
    os._exit(0)
os.wait()
if os.fork() == 0:
    burn(80, 4_000_000)
    os._exit(0)
os.wait()
print("done")
%s"""

    def measured(self, code):
        """(our report, what time(1) says of the same run): both are about all that was waited for."""
        self.code("0")  # or asking the interpreter for its files would be in theirs
        command = self.lab.command([self.script(code)], flags=["--report", self.path])
        out = self.file("home/time-%d" % Reports.count, "", 0o666)
        result = Result(*finish(self.lab.start([TIME, "-v", "-o", out, *command]), 30))
        self.assertEqual(result.status, 0, result)
        with open(out) as file:
            text = file.read()
        named = {name.strip(): value for name, _, value in (line.rpartition(": ") for line in text.splitlines())}
        return self.read("exited")["usage"], named

    def test_agrees_with_time(self):
        usage, named = self.measured(self.TREE % "import time\ntime.sleep(0.8)\n")
        cpu = float(named["User time (seconds)"]) + float(named["System time (seconds)"])
        # theirs has pyconfine's own share, too
        self.assertGreater(usage["cpu_s"], 0.1)
        self.assertAlmostEqual(usage["cpu_s"], cpu, delta=0.1 + cpu * 0.1)
        peak = int(named["Maximum resident set size (kbytes)"]) << 10
        self.assertGreater(usage["max_rss"], 80 << 20)
        self.assertAlmostEqual(usage["max_rss"], peak, delta=1 << 20)
        minutes, _, seconds = named["Elapsed (wall clock) time (h:mm:ss or m:ss)"].rpartition(":")
        wall = int(minutes) * 60 + float(seconds)  # theirs begins with the plan, which takes its time on a busy machine
        self.assertGreaterEqual(usage["wall_s"], 0.8)
        self.assertLessEqual(usage["wall_s"], wall + 0.02)
        self.assertGreater(usage["wall_s"], wall * 0.5 - 0.5)

    def test_orphans_that_are_ended_count(self):
        """The script ends while its orphan still works: ended with it, and counted."""
        usage, _ = self.measured("""import os, time
ours, theirs = os.pipe()
if os.fork() == 0:
    while time.process_time() < 0.4:
        pass
    os.write(theirs, b"x")
    while True:
        pass
os.read(ours, 1)
""")
        self.assertGreaterEqual(usage["cpu_s"], 0.4)

    def test_what_a_limit_ended_counts(self):
        report = self.reported("block = bytearray(100 << 20)\nfor i in range(0, len(block), 4096):\n    block[i] = 1\n"
                               "while True:\n    pass\n", "limit", flags=["--cpu-time", "800ms"])
        self.assertGreaterEqual(report["usage"]["cpu_s"], 0.8)
        self.assertGreaterEqual(report["usage"]["max_rss"], 100 << 20)


class Places(Reports):
    """A report that the script could write proves nothing."""

    def where(self, path, write, *texts):
        grants = [word for grant in write for word in ("--write", grant)]
        result = self.code("print('ran')", flags=["--report", path, *grants])
        if texts:
            self.not_there(result, *texts)
        return result

    def test_in_a_grant(self):
        grant, inside = self.folder(self.place + "/inside", 0o1777), self.folder(self.place + "/inside/deep")
        os.symlink(inside, self.place + "/to-deep")
        os.symlink(grant, self.place + "/to-grant")
        for path in (inside + "/r.json", grant + "/r.json", inside + "/../r.json", self.place + "/to-deep/r.json",
                     self.place + "/to-deep/../r.json", self.place + "/./inside//deep/r.json"):
            for write in (grant, self.place + "/to-grant"):
                with self.subTest(path=path, write=write):
                    self.where(path, [write], "the script may write there, by its grant of " + grant)
        self.assertEqual((os.listdir(grant), os.listdir(inside)), (["deep"], []))

    def test_where_outputs_are_moved_to(self):
        """A file of the script's would lie there as the report, before it or in its place."""
        target = self.folder(self.place + "/results")
        result = self.code("0", flags=["--report", target + "/r.json"], changes={"outputs": {"path": target}})
        self.not_there(result, "the script may write there")

    def test_relative_path(self):
        grant = self.folder(self.place + "/inside", 0o1777)
        result = self.run_(["-c", "0"], flags=["--report", "r.json", "--write", grant], cwd=grant)
        self.not_there(result, "the script may write there")

    def test_beside_a_grant(self):
        grant = self.folder(self.place + "/inside", 0o1777)
        other = self.folder(self.place + "/inside-not")
        self.succeeds(self.where(other + "/r.json", [grant]), "ran\n")
        with open(other + "/r.json") as file:
            self.assertEqual(self.valid(file.read())["outcome"], "exited")

    def test_above_a_grant(self):
        grant = self.folder(self.place + "/inside", 0o1777)
        self.where(self.path, [grant])
        with open(self.path) as file:
            self.valid(file.read())

    def test_file_that_is_granted(self):
        path = self.file(self.path, "", 0o666)
        self.where(path, [path], "the script may write there")

    def mount(self, *arguments):
        if os.getuid() != 0 or not self.job.isolated:
            self.skipTest("needs root in a throw-away machine to mount")
        subprocess.run(["mount", *arguments], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", arguments[-1]], check=True)

    def test_second_name_of_a_grant(self):
        """A bind mount of the granted directory, and one of a directory in it."""
        self.folder(self.place + "/inside", 0o1777)
        inside, alias = self.folder(self.place + "/inside/deep"), self.folder(self.place + "/alias with a blank")
        for source in (os.path.dirname(inside), inside):
            self.mount("--bind", source, alias)
            self.where(alias + "/r.json", [os.path.dirname(inside)], "the script may write there")
            self.doCleanups()

    def test_grant_that_is_the_second_name(self):
        self.folder(self.place + "/inside", 0o1777)
        inside, alias = self.folder(self.place + "/inside/deep"), self.folder(self.place + "/alias")
        self.mount("--bind", os.path.dirname(inside), alias)
        self.where(inside + "/r.json", [alias], "the script may write there")

    def test_mount_below_a_grant(self):
        self.folder(self.place + "/inside", 0o1777)
        inside, alias = self.folder(self.place + "/inside/deep"), self.folder(self.place + "/alias")
        self.mount("-t", "tmpfs", "none", inside)
        os.chmod(inside, 0o755)
        os.chown(inside, self.world.uid, self.world.gid)
        self.mount("--bind", inside, alias)
        for path in (inside, alias):
            self.where(path + "/r.json", [os.path.dirname(inside)], "the script may write there")

    def test_links_and_others_files(self):
        target = self.file(self.place + "/target", "as it was")
        os.symlink(target, self.place + "/link")
        os.symlink(self.place + "/nothing", self.place + "/dangling")
        os.mkfifo(self.place + "/fifo")
        for name, text in (("link", "symbolic link"), ("dangling", "symbolic link"), ("fifo", "not a regular file")):
            with self.subTest(name=name):
                self.where(self.place + "/" + name, [], text)
        with open(target) as file:
            self.assertEqual(file.read(), "as it was")

    def test_unsafe_directories(self):
        self.where(self.folder(self.place + "/open", 0o777) + "/r.json", [], "everybody may exchange")
        path = self.folder(self.place + "/sticky", 0o1777) + "/r.json"
        self.where(path, [])
        with open(path) as file:
            self.valid(file.read())
        if os.getuid() == 0 and self.world.uid:
            os.chown(path, self.world.uid + 1, 0)
            os.chown(os.path.dirname(path), 0, 0)
            self.where(path, [], "belongs to somebody else")

    def test_directory_that_cannot_be_written(self):
        self.where(self.place + "/no/such/r.json", [], "No such file or directory")
        self.where("/proc/r.json", [], "/proc/r.json: ")
        if self.world.uid:
            self.where(self.folder(self.place + "/shut", 0o555) + "/r.json", [], "Permission denied")

    def test_the_scripts_own_output(self):
        with open(self.path, "w") as file:
            if os.getuid() == 0:
                os.chown(self.path, self.world.uid, self.world.gid)
            process = self.start([self.script("print('ran')")], flags=["--report", self.path], stdout=file)
            err = process.communicate()[1].decode()
        self.assertEqual(process.returncode, 125, err)
        self.assertIn("it could write a report itself", err)

    def test_old_file_is_replaced_and_not_written(self):
        old = self.file(self.path, "old report", 0o644)
        os.link(old, self.place + "/kept")
        self.code("0", flags=["--report", self.path])
        with open(self.place + "/kept") as file:
            self.assertEqual(file.read(), "old report")
        os.unlink(self.place + "/kept")
        self.read("exited")
        self.assertEqual(os.stat(self.path).st_mode & 0o7777, 0o600)

    def test_locked_profiles_take_it(self):
        result = self.code("0", flags=["--report", self.path], changes={"locked": True})
        if self.lab.mode["assume"]:  # which a locked profile refuses: reported, too
            self.assertEqual(self.read("setup-failed")["error"]["code"], "locked")
        else:
            self.assertEqual(result.status, 0, result)
            self.read("exited")

    def test_place_that_is_gone_at_the_end(self):
        """The status is the script's all the same, and a line says what is missing."""
        process = self.start([self.script("print('ready', flush=True)\ninput()\nraise SystemExit(5)\n")],
                             flags=["--report", self.path], stdin=subprocess.PIPE)
        process.stdout.readline()
        os.rmdir(self.place)
        _, err = process.communicate(b"\n", timeout=10)
        self.assertEqual(process.returncode, 5)
        self.assertIn("pyconfine: the report %s: No such file or directory" % self.path, err.decode())
        self.assertIn("It was not written.", err.decode())


class Descriptors(Reports):
    def through_pipe(self, code, command=None):
        """Runs with a pipe as the report's descriptor; returns the result and what came through."""
        ours, theirs = os.pipe()
        try:
            process = self.start([self.script(code)], flags=["--report", "fd:%d" % theirs], pass_fds=[theirs])
        finally:
            os.close(theirs)
        result = Result(*finish(process))
        with open(ours, "rb") as file:
            return result, file.read()

    def test_pipe(self):
        result, text = self.through_pipe("raise SystemExit(4)\n")
        self.assertEqual((result.status, self.valid(text)["exit_code"]), (4, 4))

    def test_the_script_does_not_have_it(self):
        code = "import os\nfor fd in range(3, 256):\n    try:\n        os.fstat(fd)\n        print(fd)\n    except OSError:\n        pass\n"
        result, _ = self.through_pipe(code)
        self.succeeds(result, "")

    def test_nobody_reads(self):
        ours, theirs = os.pipe()
        process = self.start([self.script("raise SystemExit(6)\n")], flags=["--report", "fd:%d" % theirs], pass_fds=[theirs])
        os.close(theirs)
        os.close(ours)
        result = Result(*finish(process))
        self.assertEqual(result.status, 6, result)
        self.assertIn("Broken pipe", result.err)

    def test_file_that_the_script_may_write(self):
        grant = self.folder(self.place + "/inside", 0o1777)
        for name, folder, texts in (("in", grant, ("the script may write there",)), ("out", self.place, ())):
            path = self.file("%s/%s" % (folder, name), "")
            with open(path, "w") as file:
                result = self.code("0", flags=["--report", "fd:%d" % file.fileno(), "--write", grant], pass_fds=[file.fileno()])
            if texts:
                self.not_there(result, *texts)
            else:
                with open(path) as file:
                    self.valid(file.read())
                os.link(path, self.place + "/second")
                with open(path, "w") as file:
                    result = self.code("0", flags=["--report", "fd:%d" % file.fileno(), "--write", grant],
                                       pass_fds=[file.fileno()])
                self.not_there(result, "several names")


class Contents(Reports):
    def test_nothing_that_is_secret(self):
        result = self.code("import sys\nsys.exit('shown?')\n", "argument-hunter2", env={"TOKEN": "hunter2"},
                           flags=["--report", self.path, "--env", "TOKEN", "--env", "OTHER=hunter2"])
        self.assertEqual(result.status, 1, result)
        with open(self.path) as file:
            self.assertNotIn("hunter2", file.read())

    def test_names_that_are_no_text(self):
        path = self.world.path("project").encode() + b"/bad-\xff-\x1b[2J-\xc3\xa4.py"
        self.script("0", path.decode("utf-8", "surrogateescape"))
        result = self.run_([path], flags=["--report", self.path])
        self.assertEqual(result.status, 0, result)
        self.assertTrue(self.read("exited")["script"].endswith("/bad-\\xff-\\x1b[2J-\u00e4.py"))

    def test_session_is_the_variables(self):
        report = self.reported("import os, sys\nsys.exit(os.environ['WHO'] + '!')\n", "exited", 1,
                               changes={"env": {"set": {"WHO": "${SESSION}"}}}, extends="builtin:offline")
        result = self.code("import os\nprint(os.environ['WHO'])\n", flags=["-v", "--report", self.path],
                           changes={"env": {"set": {"WHO": "${SESSION}"}}})
        session = self.read("exited")["session"]
        self.assertIn("pyconfine: session %s\n" % session, result.err)
        self.assertNotEqual(session, report["session"])
        if result.out.strip() != b"${SESSION}":
            self.assertEqual(result.out.decode().strip(), session)

    def test_observed_denials(self):
        if "namespaces" in self.layers():
            path = self.world.path("read") + "/report-%d.sock" % Reports.count
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(path)
                listener.listen()
                os.chmod(path, 0o777)
                code = "import socket\nfor i in range(3):\n    try:\n        socket.socket(socket.AF_UNIX).connect(%r)\n    except OSError as e:\n        print(e.errno)\n" % path
                report = self.reported(code, "exited", 0)
            os.unlink(path)
            expected = {"code": "network.allow", "target": "unix:" + path, "count": 3,
                        "fix": {"path": "network.allow", "value": "unix:" + path}}
        else:
            path = self.file("project/mode-%d" % Reports.count, "")
            code = "import os\nfor i in range(3):\n    try:\n        os.chmod(%r, 0o600)\n    except OSError as e:\n        print(e.errno)\n" % path
            report = self.reported(code, "exited", 0)
            expected = {"code": "files.write", "target": path, "count": 3, "fix": {"path": "files.write", "value": path}}
        if self.world.uid == 0 and "namespaces" not in self.layers():
            self.assertEqual(report["denials"], [])  # its user is nobody else's: nothing is handed to the supervisor
            return
        self.assertEqual(len(report["denials"]), 1, report)
        denial = report["denials"][0]
        self.assertEqual({key: denial[key] for key in expected}, expected)
        self.assertEqual((denial["evidence"], denial["at"]), ("observed", None))
        self.assertRegex(denial["errno"], "^E(PERM|ACCES)$")
