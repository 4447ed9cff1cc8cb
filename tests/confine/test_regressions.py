"""What once was wrong. Each test has the name of its fault."""

import os
import subprocess
import time

from confine.support import Case

PYTHON = "/usr/bin/python3"


class Plan(Case):
    def test_absolute_script_with_the_root_directory_as_cwd(self):
        """PID 1 inside cleared the words of its command line that the plan still pointed to."""
        path = self.script("import os, sys\nprint(os.getcwd(), sys.argv)\n", "home/absolute/main.py")
        self.succeeds(self.bare([path, "a"], cwd="/"), "/ ['%s', 'a']\n" % path)

    def test_file_granted_below_a_cwd_that_is_not(self):
        self.script("print(open('data.txt').read())\n", "home/below/other/r.py")
        self.file("home/below/data.txt", "data")
        self.file("home/below/hidden.txt", "hidden")
        folder = self.folder("home/below")
        self.succeeds(self.bare(["--read", "data.txt", "other/r.py"], cwd=folder), "data\n")
        self.script("print(open('hidden.txt').read())\n", "home/below/other/h.py")
        result = self.bare(["--read", "data.txt", "other/h.py"], cwd=folder)
        self.assertEqual((result.status, result.out), (1, b""), result)

    def test_environment_in_the_scripts_directory(self):
        folder = self.folder("home/inside")
        subprocess.run([PYTHON, "-m", "venv", "--without-pip", folder + "/venv"], check=True, **self.lab.identity())
        path = self.script("import sys\nprint(sys.prefix)\n", "home/inside/main.py")
        self.succeeds(self.bare(["--python", "venv:" + folder + "/venv", path]), folder + "/venv\n")

    def test_shell_as_interpreter(self):
        result = self.bare(["--python", "/bin/sh", self.script("print(1)\n", "home/inside/shell.py")])
        self.refused(result, 126, "/bin/sh")


    def test_signal_while_the_interpreter_is_asked(self):
        """Where its answer is not yet in the cache. It was taken for a fault of the interpreter."""
        path = self.script("import time\ntime.sleep(10)\n", "home/asked/main.py")
        for number, delay in enumerate((0.002, 0.005, 0.01, 0.02, 0.04)):
            cache = self.folder("home/asked/cache-%d" % number, 0o700)
            process = self.start([path], env={"XDG_CACHE_HOME": cache})
            time.sleep(delay)
            process.terminate()
            _, err = process.communicate(timeout=10)
            self.assertIn(process.returncode, (143, -15), (delay, err))


class Broker(Case):
    KILL = {"on_denial": "kill", "limits": {"processes": "20"}}
    CLONE = "import ctypes\nctypes.CDLL(None).syscall(56 if __import__('os').uname().machine == 'x86_64' else 220, 0x10000011, 0, 0, 0, 0)\n"

    def test_new_namespaces_as_uid_0_with_on_denial_kill(self):
        """The listener that counts forks let clone go on, whatever its flags."""
        if "notify=0" in self.lab.mode["assume"]:
            self.skipTest("on_denial: kill needs user notification")
        self.assertEqual(self.code(self.CLONE, changes=self.KILL).status, 123)
        if os.getuid() == 0 and "root" in self.lab.mode["name"]:
            assume = ",".join(word for word in (self.lab.mode["assume"], "set-user=0") if word)
            path, profile = self.script(self.CLONE, "home/clone/main.py"), self.lab.profile(self.KILL)
            result = self.bare(["--profile", profile, "--assume", assume, path])
            self.assertEqual(result.status, 123, result)

    def test_trace_with_on_denial_kill(self):
        """What is forbidden and what is watched came the same way, and went on."""
        result = self.code("pass\n", changes=self.KILL, flags=["--trace"])
        self.refused(result, 125)

    def test_modes_of_others_in_a_trace(self):
        """The supervisor carried chmod out, with its own rights, where the kernel would have refused it."""
        self.need_root()
        if "namespaces=0" not in self.lab.mode["assume"]:
            self.skipTest("what is root's is shown as the script's own there, and it may")
        path = self.file("more/of-root", "", 0o600)
        os.chmod(os.path.dirname(path), 0o777)
        self.code("import os\nos.chmod(%r, 0o666)\n" % path, flags=["--trace", "--write", os.path.dirname(path)])
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)


class RootsFiles(Case):
    READ_WRITE = """import sys
with open(sys.argv[2] + "/result", "w") as out:
    out.write(open(sys.argv[1]).read().upper())
"""

    def test_root_reads_its_private_file_and_writes_to_its_private_directory(self):
        self.need_root()
        source, target = self.file("more/private-in.txt", "mine", 0o600), self.folder("more/private-out", 0o700)
        path = self.script(self.READ_WRITE, "home/private/main.py")
        result = self.bare(["--read", source, "--write", target, path, source, target])
        if "namespaces" not in self.layers():
            self.refused(result, 125, "may not")
            self.assertEqual(os.listdir(target), [])
            return
        self.succeeds(result, "")
        with open(target + "/result") as file:
            self.assertEqual(file.read(), "MINE")
        status = os.stat(target + "/result")
        self.assertEqual((status.st_uid, status.st_gid), (0, 0))


class Limits(Case):
    def test_memory_of_a_growing_list(self):
        path = self.script("kept = []\nwhile True:\n    kept.append('x' * 100000 + str(len(kept)))\n", "home/limits/list.py")
        result = self.bare(["--memory", "256M", path], seconds=25)
        self.assertEqual((result.status, result.out), (137, b""), result)
        self.assertRegex(result.err, r"(?m)^pyconfine: stopped: memory limit 256M reached .*\[limits\.memory\]$")

    def test_cpu_time_of_a_busy_loop(self):
        path = self.script("while True:\n    pass\n", "home/limits/busy.py")
        result = self.bare(["--cpu-time", "1s", path], seconds=15)
        self.assertEqual((result.status, result.out), (152, b""), result)


class FirstProcess(Case):
    CODE = """for name in ("cmdline", "environ"):
    try:
        print(name, open("/proc/1/" + name, "rb").read().strip(b"\\0"))
    except OSError as error:
        print(name, type(error).__name__)
"""

    def test_command_line_and_environment_of_pid_1(self):
        """It is a copy of pyconfine, whose command line and environment are the caller's: they are overwritten with zeros."""
        lines = self.succeeds(self.code(self.CODE)).out.decode().splitlines()
        if "namespaces" in self.layers():
            self.assertEqual(lines[0], "cmdline b''")
        else:
            self.assertEqual(lines[0], "cmdline PermissionError")
        self.assertEqual(lines[1], "environ PermissionError")
