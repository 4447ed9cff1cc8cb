"""As a container's first process, under the defaults that runc gets from Docker and Kubernetes, and as a service is started."""

import json
import os
import signal
import subprocess
import time

from confine.support import Case, Result
from harness.lab import finish

PYTHON = "/usr/bin/python3"
TELL = "import os, signal\nprint('up', os.getcwd())\n"
# What a service manager, nohup, or a careless parent leaves behind; then the command.
START = """
import os, resource, signal, sys
what, command, environment = sys.argv[1].split(","), sys.argv[2:], dict(os.environ)
if "session" in what:
    if os.fork():
        os._exit(os.waitstatus_to_exitcode(os.wait()[1]))
    os.setsid()
if "ignored" in what:
    for number in (signal.SIGHUP, signal.SIGPIPE, signal.SIGCHLD, signal.SIGINT, signal.SIGTSTP):
        signal.signal(number, signal.SIG_IGN)
if "blocked" in what:
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
if "limits" in what:
    resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))
    resource.setrlimit(resource.RLIMIT_STACK, (1 << 20, 1 << 20))
    os.nice(5)
if "empty" in what:
    environment = {}
if "gone" in what:
    os.mkdir("gone")
    os.chdir("gone")
    os.rmdir("../gone")
if "closed" in what:
    os.closerange(0, 3)
os.execve(command[0], command, environment)
"""


class Service(Case):
    def started(self, what, command):
        process = self.lab.start([PYTHON, "-c", START, what, *command], cwd=self.folder("service", 0o777))
        return Result(*finish(process, 25))

    def test_whatever_was_inherited(self):
        script = self.script(TELL)
        for what in ("ignored", "session,ignored,blocked,limits,empty"):
            result = self.started(what, self.lab.command([script], None, "builtin:offline", ["--timeout", "20s"]))
            self.assertEqual(result.status, 0, (what, result))
            self.assertRegex(result.out, b"^up /", (what, result))

    def test_closed_descriptors(self):
        out = self.folder("service/out", 0o777)
        script = self.script("import sys\nopen(sys.argv[1], 'w').write('up')\n")
        result = self.started("closed", self.lab.command([script, out + "/result"], None, "builtin:offline", ["--write", out]))
        self.assertEqual((result.status, result.out, result.err), (0, b"", ""))
        with open(out + "/result") as file:
            self.assertEqual(file.read(), "up")

    def test_a_directory_that_is_gone_is_said(self):
        result = self.started("gone", self.lab.command([self.script(TELL)], None, "builtin:offline", []))
        self.refused(result, 125, "the current directory is gone", "cd /")


class Proc(Case):
    """Rootless containers let nobody mount a fresh /proc, since parts of theirs are masked; some have none."""

    def masked(self, how, *arguments):
        self.need_root()
        if "namespaces" not in self.layers():
            self.skipTest("nothing is mounted there anyway")
        cache = self.folder("no-cache", 0o777)
        script = "%s && exec setpriv --reuid 64999 --regid 64999 --clear-groups env XDG_CACHE_HOME=%s %s --python %s \"$@\"" % (
            how, cache, self.lab.pyconfine, PYTHON)
        process = self.lab.start(["unshare", "--mount", "sh", "-c", script, "sh", *arguments], cwd="/")
        return Result(*finish(process, 25))

    def test_none_can_be_mounted(self):
        result = self.masked("mount -t tmpfs -o ro none /proc/fs", "-c", "import ctypes, ssl\nprint('up')")
        self.assertEqual((result.status, result.out), (0, b"up\n"), result)

    def test_none_is_there(self):
        self.refused(self.masked("while umount -l /proc 2>/dev/null; do :; done; true", "-c", "print(1)"), 125, "/proc is not mounted", "mount -t proc")


class Container(Case):
    def setUp(self):
        self.need_root()
        if self.lab.mode["name"] != "root-namespaces":
            self.skipTest("a container is a machine of its own: one mode is enough")
        self.lab.count += 1
        self.name = "pyconfine-service-%d-%d" % (os.getpid(), self.lab.count)
        self.state, self.bundle = self.folder("runc-state"), self.world.path("bundle-%d" % self.lab.count)

    def tearDown(self):
        if hasattr(self, "name"):
            self.runc("delete", "--force", self.name)

    def runc(self, *arguments):
        return subprocess.run(["runc", "--root", self.state, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, check=False, timeout=25)

    def write(self, *command, uid=None, without=(), env=None, restricted=True):
        subprocess.run([PYTHON, os.path.join(self.world.stage, "examples/container/bundle"), *["--restricted"] * restricted,
                        self.bundle, self.lab.pyconfine, *command], check=True)
        path = os.path.join(self.bundle, "config.json")
        with open(path) as file:
            config = json.load(file)
        if uid is not None:
            config["process"]["user"].update(uid=uid, gid=uid)
        if env is not None:
            config["process"]["env"] = env
        config["mounts"] = [mount for mount in config["mounts"] if mount["destination"] not in without]
        for place in without:
            if os.path.isdir(self.bundle + "/rootfs" + place):
                os.rmdir(self.bundle + "/rootfs" + place)
        with open(path, "w") as file:
            json.dump(config, file)

    def begin(self):
        return subprocess.Popen(["runc", "--root", self.state, "run", "--bundle", self.bundle, self.name],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run_container(self, *command, **options):
        self.write(*command, **options)
        process = self.begin()
        out, err = process.communicate(timeout=25)
        return Result(process.returncode, out, err)

    def worker(self, code, *flags):
        return ["/pyconfine", "-p", "worker", *flags, "-c", code]

    def test_read_only_root_nobody_no_tmp_no_environment(self):
        for options in ({"restricted": False}, {"uid": 65534, "without": ["/tmp", "/dev/shm"], "env": []}):
            result = self.run_container(*self.worker("import os\nprint('up', os.getuid())\nos._exit(7)"), **options)
            self.assertEqual(result.status, 7, (options, result))
            self.assertRegex(result.out, b"^up %d" % options["uid"] if "uid" in options else b"^up ", result)
            subprocess.run(["rm", "-rf", self.bundle], check=True)

    def test_closed_descriptors(self):
        result = self.run_container("/bin/sh", "-c", "exec /pyconfine -p worker --write /data -c "
                                    "'open(\"/data/out/up\", \"w\").close()' <&- >&- 2>&-")
        self.assertEqual((result.status, os.listdir(self.bundle + "/data/out")), (0, ["up"]), result)

    def test_orphans_are_reaped(self):
        code = ("import os\nfor _ in range(60):\n    if os.fork() == 0:\n        if os.fork() == 0:\n            os._exit(0)\n"
                "        os._exit(0)\n    os.wait()\nprint('all')\n")
        result = self.run_container(*self.worker(code, "--processes", "20"))
        self.assertEqual((result.status, result.out), (0, b"all\n"), result)

    def test_every_signal_is_passed_on(self):
        numbers = [number for number in range(1, 65) if number not in (9, 17, 19, 20, 21, 22, 23, 32, 33)]
        # not 23, SIGURG: runc passes on those that Go's runtime sends to itself
        code = ("import signal, sys, time\nseen = []\ndef note(number, _):\n    print(number, flush=True)\n"
                "for number in %r:\n    signal.signal(number, note)\nprint('ready', flush=True)\n"
                "while True:\n    signal.pause()\n" % numbers)
        self.write(*self.worker(code, "--grace", "20s"))
        process = self.begin()
        self.assertEqual(process.stdout.readline(), b"ready\n")
        with open(os.path.join(self.state, self.name, "state.json")) as file:
            first = json.load(file)["init_process_pid"]
        for number in numbers:
            os.kill(first, number)
            self.assertEqual(process.stdout.readline(), b"%d\n" % number)
        self.runc("kill", self.name, "KILL")
        process.communicate(timeout=20)

    def test_term_then_kill_then_start_again(self):
        code = "import signal, time\nsignal.signal(15, signal.SIG_IGN)\nprint('ready', flush=True)\ntime.sleep(60)\n"
        self.write(*self.worker(code, "--grace", "300ms"))
        for number, least in ((signal.SIGTERM, 0.3), (signal.SIGKILL, 0)):
            process, start = self.begin(), time.monotonic()
            self.assertEqual(process.stdout.readline(), b"ready\n")
            start = time.monotonic()
            self.runc("kill", self.name, str(int(number)))
            process.communicate(timeout=20)
            self.assertEqual(process.returncode, 137)
            self.assertGreaterEqual(time.monotonic() - start, least)
            self.runc("delete", "--force", self.name)

    def test_connections_by_rule(self):
        """With neither a network namespace nor a capability, as root and as nobody."""
        code = """
import errno, multiprocessing, socket
def attempt(place):
    try:
        socket.create_connection(place, 5)
    except OSError as error:
        return "gaierror" if isinstance(error, socket.gaierror) else errno.errorcode[error.errno]
server = socket.create_server(("", 8080))
print(attempt(("127.0.0.1", 8080)), attempt(("127.0.0.1", 8081)), attempt(("127.0.0.1", 8082)), attempt(("192.0.2.1", 80)), attempt(("example.org", 80)))
with multiprocessing.Manager() as manager:
    print(manager.list([1]))
"""
        for options in ({"restricted": False}, {}):
            self.write("/pyconfine", "-p", "/rules.yaml", "-c", code, **options)
            with open(self.bundle + "/rootfs/rules.yaml", "w") as file:
                file.write("version: 1\nextends: worker\nnetwork: {allow: [\"127.0.0.1:8081\"], listen: [8080]}\n")
            process = self.begin()
            result = Result(None, *process.communicate(timeout=25))
            self.assertEqual((process.returncode, result.out), (0, b"None ECONNREFUSED ECONNREFUSED EACCES gaierror\n[1]\n"), (options, result))
            subprocess.run(["rm", "-rf", self.bundle], check=True)
