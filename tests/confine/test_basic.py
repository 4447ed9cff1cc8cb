"""The mental model: replace `python` by `pyconfine`."""

import os
import signal
import time

from confine.support import Case, Result
from harness.lab import finish


class ExitStatus(Case):
    def test_own_statuses_pass_unchanged(self):
        for status in (0, 1, 2, 42, 77, 123, 124, 125, 126, 127, 128, 130, 137, 254, 255):
            with self.subTest(status=status):
                self.assertEqual(self.code("raise SystemExit(%d)" % status).status, status)

    def test_exception_is_status_1_with_its_traceback(self):
        result = self.code("def work():\n    raise ValueError('no good')\nwork()\n")
        self.assertEqual(result.status, 1, result)
        self.assertIn("ValueError: no good", result.err)
        self.assertIn("in work", result.err)

    def test_death_by_signal_is_128_plus_its_number(self):
        for number in (signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM, signal.SIGABRT, signal.SIGUSR1):
            with self.subTest(number=number):
                result = self.code("import os, signal, time\nos.kill(os.getpid(), %d)\ntime.sleep(5)\n" % number)
                self.assertEqual(result.status, 128 + number, result)

    def test_script_ended_by_sigint_makes_pyconfine_die_of_it(self):
        result = self.code("import os, signal\nsignal.signal(signal.SIGINT, signal.SIG_DFL)\nos.kill(os.getpid(), signal.SIGINT)\n")
        self.assertEqual(result.status, -signal.SIGINT, result)

    def test_timeout_is_124(self):
        start = time.monotonic()
        result = self.code("import time\ntime.sleep(30)\n", changes={"limits": {"timeout": "500ms", "grace": "300ms"}})
        self.assertEqual(result.status, 124, result)
        self.assertLess(time.monotonic() - start, 5)

    def test_timeout_flag(self):
        self.assertEqual(self.code("import time\ntime.sleep(30)\n", flags=["--timeout", "500ms"]).status, 124)

    def test_grace_lets_the_script_end_by_itself(self):
        code = """import signal, sys, time
def end(*_):
    print("cleaned up", flush=True)
    sys.exit(3)
signal.signal(signal.SIGTERM, end)
time.sleep(30)
"""
        result = self.code(code, changes={"limits": {"timeout": "700ms", "grace": "5s"}})
        self.assertEqual((result.status, result.out), (124, b"cleaned up\n"), result)


class Streams(Case):
    def test_nothing_of_ours_is_printed_on_success(self):
        self.succeeds(self.code("print('hello')"), "hello\n")

    def test_stdout_and_stderr_stay_apart(self):
        result = self.code("import sys\nprint('out')\nprint('err', file=sys.stderr)\n")
        self.assertEqual((result.status, result.out, self.of_the_script(result)), (0, b"out\n", "err\n"))

    def test_stdin_is_the_scripts(self):
        data = bytes(range(256)) * 1000
        result = self.code("import sys\nsys.stdout.buffer.write(sys.stdin.buffer.read()[::-1])\n", stdin=data)
        self.assertEqual(result.out, data[::-1])

    def test_large_output_is_complete(self):
        result = self.code("import sys\nsys.stdout.write('x' * 5_000_000)\n")
        self.assertEqual((result.status, len(result.out)), (0, 5_000_000))

    def test_closed_stdout_is_a_broken_pipe_for_the_script(self):
        process = self.start([self.script("import time\ntime.sleep(0.3)\nprint('x' * 100000, flush=True)\n")])
        process.stdout.close()
        err = process.stderr.read().decode()
        self.assertEqual(process.wait(10), 1, err)
        self.assertIn("BrokenPipeError", err)

    def test_closed_standard_descriptors_are_no_trap(self):
        path = self.script("open(%r, 'w').write('ran')\n" % self.world.path("write/closed-stdio"))
        command = self.lab.command([path])
        process = self.lab.start(["/bin/sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *command])
        self.assertEqual(process.wait(15), 0)
        with open(self.world.path("write/closed-stdio")) as file:
            self.assertEqual(file.read(), "ran")


class Forms(Case):
    def test_script_knows_its_name_and_arguments(self):
        path = self.script("import sys\nprint(sys.argv[0])\nprint(__file__)\nprint(sys.argv[1:])\n")
        self.succeeds(self.run_([path, "-x", "--read", "/etc", "--", "a b"]),
                      "%s\n%s\n['-x', '--read', '/etc', '--', 'a b']\n" % (path, path))

    def test_arguments_arrive_byte_for_byte(self):
        odd = [b"", b"new\nline", b"tab\there", b"\xff\xfe\x80", b"-", b"--", b"'\"$HOME`", "\u00e9\u4e2d".encode()]
        path = self.script("import os, sys\nsys.stdout.buffer.write(b'\\0'.join(os.fsencode(a) for a in sys.argv[1:]))\n")
        self.succeeds(self.run_([path, *odd]), b"\0".join(odd))

    def test_relative_script(self):
        path = self.script("print(__file__)")
        name = os.path.basename(path)
        self.succeeds(self.run_([name], cwd=self.world.path("project")))

    def test_command(self):
        self.succeeds(self.run_(["-c", "import sys; print(sys.argv)", "a", "-b"]), "['-c', 'a', '-b']\n")

    def test_module(self):
        self.file("project/some_module.py", "import sys\nprint(__name__, sys.argv[1:])\n")
        self.succeeds(self.run_(["-m", "some_module", "a", "-b"], cwd=self.world.path("project")), "__main__ ['a', '-b']\n")

    def test_standard_module(self):
        self.succeeds(self.run_(["-m", "json.tool"], stdin=b'{"a": 1}'), '{\n    "a": 1\n}\n')

    def test_standard_input(self):
        self.succeeds(self.run_(["-", "a"], stdin=b"import sys\nprint(sys.argv)\n"), "['-', 'a']\n")

    def test_double_dash_before_the_script(self):
        self.succeeds(self.run_(["--", self.script("import sys\nprint(sys.argv[1:])"), "x"]), "['x']\n")

    def test_sibling_import(self):
        self.file("project/sibling.py", "NAME = 'sibling'\n")
        self.file("project/package/__init__.py", "from . import part\n")
        self.file("project/package/part.py", "NAME = 'part'\n")
        self.succeeds(self.code("import sibling, package\nprint(sibling.NAME, package.part.NAME)\n"), "sibling part\n")

    def test_script_through_a_symbolic_link_imports_beside_the_target(self):
        self.file("project/beside.py", "NAME = 'beside'\n")
        path = self.script("import beside\nprint(beside.NAME)\n")
        link = self.world.path("project/link-to-script.py")
        os.symlink(path, link)
        self.succeeds(self.run_([link]), "beside\n")

    def test_shebang(self):
        profile = self.lab.profile()
        assume = " --assume=%s" % self.lab.mode["assume"] if self.lab.mode["assume"] else ""
        path = self.file("project/with-shebang", "#!/usr/bin/env -S %s%s --profile=%s\nimport sys\nprint(sys.argv[1:])\n"
                         % (self.lab.pyconfine, assume, profile), 0o755)
        self.succeeds(Result(*finish(self.lab.start([path, "a", "--b"]))), "['a', '--b']\n")

    def test_shebang_without_env(self):
        if self.lab.mode["assume"]:
            self.skipTest("the kernel passes one argument only, and this mode needs another")
        path = self.file("project/with-plain-shebang", "#!%s --profile=%s\nprint('plain')\n"
                         % (self.lab.pyconfine, self.lab.profile()), 0o755)
        self.succeeds(Result(*finish(self.lab.start([path]))), "plain\n")

    def test_working_directory(self):
        result = self.run_(["-c", "import os; print(os.getcwd())"], cwd=self.world.path("read"))
        self.succeeds(result, self.world.path("read") + "\n")

    def test_working_directory_flag(self):
        result = self.run_(["-c", "import os; print(os.getcwd())"], flags=["--cwd", self.world.path("read")])
        self.succeeds(result, self.world.path("read") + "\n")


class Privileges(Case):
    def status(self):
        result = self.succeeds(self.code("print(open('/proc/self/status').read())"))
        return dict(line.split(":\t", 1) for line in result.out.decode().splitlines() if ":\t" in line)

    def test_no_capability_in_any_set(self):
        status = self.status()
        for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            self.assertEqual(int(status[name], 16), 0, name)
        if self.world.uid == 0 or "namespaces" in self.layers():
            self.assertEqual(int(status["CapBnd"], 16), 0)

    def test_no_new_privileges_and_filter(self):
        status = self.status()
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))

    def test_never_root(self):
        result = self.succeeds(self.code("import os\nprint(*os.getresuid(), *os.getresgid(), *os.getgroups())\n"))
        self.assertNotIn("0", result.out.decode().split())

    def test_umask_is_not_open(self):
        result = self.succeeds(self.code("import os\nprint(oct(os.umask(0)))\n"))
        self.assertEqual(int(result.out, 8) & 0o022, 0o022)

    def test_only_standard_descriptors(self):
        code = "import os\nfor fd in range(3, 64):\n    try:\n        os.fstat(fd)\n        print(fd)\n    except OSError:\n        pass\n"
        handle = os.open("/", os.O_RDONLY)
        try:
            self.succeeds(self.run_([self.script(code)], pass_fds=[handle]), "")
        finally:
            os.close(handle)

    def test_signal_state_is_clean(self):
        status = self.status()
        self.assertEqual(int(status["SigBlk"], 16), 0)

    def test_ids_inside_are_the_callers(self):
        if self.world.uid == 0:
            self.skipTest("root becomes nobody")
        self.succeeds(self.code("import os\nprint(os.getuid(), os.getgid())"), "%d %d\n" % (self.world.uid, self.world.gid))


class Environment(Case):
    def test_only_what_is_allowed_arrives(self):
        result = self.succeeds(self.code("import os\nprint(*sorted(os.environ))", env={"LC_TIME": "C", "TZ": "UTC", "FOO": "1"}))
        names = set(result.out.decode().split())
        self.assertLessEqual({"LANG", "LC_TIME", "TZ", "HOME", "PATH"}, names)
        self.assertFalse(names & {"FOO", "SERVICE_PASSWORD", "LD_PRELOAD", "PYTHONPATH"}, names)

    def test_flag_passes_a_variable(self):
        result = self.code("import os\nprint(os.environ['FOO'], os.environ['BAR'])", env={"FOO": "1"},
                           flags=["--env", "FOO", "--env", "BAR=a=b"])
        self.succeeds(result, "1 a=b\n")

    def test_profile_sets_and_allows(self):
        result = self.code("import os\nprint(os.environ['APP_A'], os.environ['B'])", env={"APP_A": "1"},
                           changes={"env": {"allow": ["APP_*"], "set": {"B": "2"}}})
        self.succeeds(result, "1 2\n")

    def test_home_and_temporary_directory_are_private_and_writable(self):
        code = """import os, pathlib, tempfile
home = pathlib.Path.home()
(home / "note").write_text("x")
with tempfile.NamedTemporaryFile() as file:
    file.write(b"x")
print(sorted(os.listdir(home)))
"""
        result = self.succeeds(self.code(code))
        self.assertNotIn(".ssh", result.out.decode())
        again = self.succeeds(self.code("import os, pathlib\nprint('note' in os.listdir(pathlib.Path.home()))"))
        self.assertEqual(again.out, b"False\n")


class Signals(Case):
    CODE = """import os, signal, sys, time
def note(number, frame):
    os.write(1, b"got %d\\n" % number)
    if number == signal.SIGTERM:
        sys.exit(5)
for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGWINCH):
    signal.signal(number, note)
print("ready", flush=True)
while True:
    time.sleep(0.05)
"""

    def test_forwarded(self):
        process = self.start([self.script(self.CODE)])
        self.assertEqual(process.stdout.readline(), b"ready\n")
        for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
            process.send_signal(number)
            self.assertEqual(process.stdout.readline(), b"got %d\n" % number)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.stdout.readline(), b"got 15\n")
        self.assertEqual(process.wait(5), 5)

    def test_default_action_of_sigterm(self):
        process = self.start([self.script("import time\nprint('ready', flush=True)\ntime.sleep(30)\n")])
        process.stdout.readline()
        process.terminate()
        self.assertEqual(process.wait(5), 128 + 15)

    def test_sigkill_ends_everything(self):
        process = self.start([self.script("import time\nprint('ready', flush=True)\ntime.sleep(30)\n")])
        process.stdout.readline()
        process.kill()
        process.wait()
        self.assertEqual(self.lab.survivors(1.5), {})

    def test_signal_while_starting(self):
        path = self.script("import time\ntime.sleep(10)\n")
        for delay in (0.0, 0.001, 0.003, 0.006, 0.01, 0.02):
            with self.subTest(delay=delay):
                process = self.start([path])
                time.sleep(delay)
                process.terminate()
                _, err = process.communicate(timeout=7)
                self.assertIn(process.returncode, (143, -15), err)
                self.assertEqual(self.lab.survivors(1.5), {})
