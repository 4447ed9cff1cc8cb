"""Secrets: they arrive exactly, and nowhere else. VALUE is what must not be found."""

import json
import os
import re
import subprocess
import sys
import time

from confine.support import Case

VALUE, TOKEN = "s3cr3t-" + os.urandom(8).hex(), "t0ken-" + os.urandom(8).hex()
BYTES = VALUE.encode() + b"\0\xff behind a NUL\n"

SHOW = """import json, os, stat, sys
directory = os.environ["CREDENTIALS_DIRECTORY"]
found = {}
for name in sorted(os.listdir(directory)):
    path = os.path.join(directory, name)
    status = os.stat(path)
    found[name] = [open(path, "rb").read().hex(), oct(status.st_mode), status.st_uid == os.getuid()]
json.dump(found, sys.stdout)
"""


class Secrets(Case):
    def key(self, name="more/keys/key", content=BYTES, mode=0o600):
        self.folder(os.path.dirname(name), 0o755)
        return self.file(name, content, mode)

    def shown(self, result):
        self.succeeds(result)
        return json.loads(result.out)

    def nothing_leaks(self, result):
        for text in (result.out, result.err.encode()):
            self.assertNotIn(VALUE.encode(), text)


class Delivery(Secrets):
    def test_file(self):
        """Every byte, 0400, the script's own; nothing else lies there."""
        result = self.code(SHOW, changes={"secrets": {"db": {"from": "file:" + self.key()}}})
        self.assertEqual(self.shown(result), {"db": [BYTES.hex(), "0o100400", True]})

    def test_file_from_a_variable(self):
        result = self.code(SHOW, flags=["--secret", "db=env:DB_PW"], env={"DB_PW": VALUE})
        self.assertEqual(self.shown(result), {"db": [VALUE.encode().hex(), "0o100400", True]})

    def test_several_and_the_largest(self):
        large = os.urandom(65536)
        result = self.code(SHOW, flags=["--secret", "a=file:" + self.key(), "--secret",
                                        "b=file:" + self.key("more/keys/large", large), "--secret", "c=env:C"], env={"C": "c"})
        self.assertEqual({name: found[0] for name, found in self.shown(result).items()},
                         {"a": BYTES.hex(), "b": large.hex(), "c": b"c".hex()})

    def test_variable(self):
        """Line breaks at the end belong to the file."""
        path = self.key("more/keys/line", VALUE + "\n\n")
        result = self.code("import os\nprint([v for v in os.environ.items() if %r in v[1] or 'SECRET' in v[0] or 'CRED' in v[0]])\n"
                           % VALUE, changes={"secrets": {"db": {"from": "file:" + path, "as": "env:PGPASSWORD"}}, "env": {"allow": []}})
        self.succeeds(result, "[('PGPASSWORD', %r)]\n" % VALUE)

    def test_variable_by_flag_beats_that_of_the_caller(self):
        result = self.code("import os\nprint(os.environ['PGPASSWORD'])\n", changes={"env": {"allow": ["*"]}},
                           flags=["--secret", "db=env:DB_PW,as=env:PGPASSWORD"], env={"DB_PW": VALUE, "PGPASSWORD": "another"})
        self.succeeds(result, VALUE + "\n")

    def test_under_its_own_name(self):
        result = self.code("import os\nprint(os.environ['DB_PW'])\n", flags=["--secret", "db=env:DB_PW,as=env:DB_PW"],
                           env={"DB_PW": VALUE})
        self.succeeds(result, VALUE + "\n")

    def test_in_the_place_of_one_of_ours(self):
        result = self.code("print([v for v in open('/proc/self/environ', 'rb').read().split(b'\\0') if v.startswith(b'HOME=')])\n",
                           flags=["--secret", "db=env:DB_PW,as=env:HOME"], env={"DB_PW": VALUE})
        self.succeeds(result, "[b'HOME=%s']\n" % VALUE)

    def test_descriptor(self):
        reader, writer = os.pipe()
        os.write(writer, BYTES)
        os.close(writer)
        result = self.code(SHOW, flags=["--secret", "db=fd:%d" % reader], pass_fds=[reader])
        os.close(reader)
        self.assertEqual(self.shown(result)["db"][0], BYTES.hex())

    def test_standard_input(self):
        result = self.code(SHOW, flags=["--secret", "db=fd:0"], stdin=BYTES)
        self.assertEqual(self.shown(result)["db"][0], BYTES.hex())

    def test_credential(self):
        """What tells us where they lie never tells the script."""
        path = self.key("more/credentials/db")
        result = self.code(SHOW, changes={"secrets": {"db": {"from": "credential:db"}}, "env": {"allow": ["*"]}},
                           env={"CREDENTIALS_DIRECTORY": os.path.dirname(path)})
        self.assertEqual(self.shown(result)["db"][0], BYTES.hex())

    def test_path_relative_to_the_profile(self):
        self.key("home/relative/keys/db")
        profile = self.file("home/relative/p.yaml", json.dumps({
            "version": 1, "python": {"interpreter": "/usr/bin/python3"}, "require": self.lab.mode["require"],
            "secrets": {"db": {"from": "file:keys/db"}}}))
        result = self.bare(["-p", profile, self.script(SHOW, "home/relative/main.py")], cwd="/")
        self.assertEqual(self.shown(result)["db"][0], BYTES.hex())

    def test_children_read_it(self):
        path = self.script("""import multiprocessing, os, subprocess, sys
read = "import os; print(open(os.environ['CREDENTIALS_DIRECTORY'] + '/db').read(), flush=True)"
subprocess.run([sys.executable, "-c", read], check=True)
if os.fork() == 0:
    exec(read)
    os._exit(0)
os.wait()
""")
        result = self.run_([path], flags=["--secret", "db=env:DB_PW"], env={"DB_PW": VALUE})
        self.succeeds(result, (VALUE + "\n") * 2)

    def test_not_writable(self):
        if "namespaces" not in self.layers() and "other-user" in self.layers() and not os.listdir("/dev/shm"):
            self.skipTest("the script shares /dev/shm here, and may replace what belongs to it: its own copy")
        result = self.code("""import os
directory = os.environ["CREDENTIALS_DIRECTORY"]
path = directory + "/db"
for name, what in {"open": lambda: open(path, "r+"), "truncate": lambda: os.truncate(path, 0),
                   "unlink": lambda: os.unlink(path), "rename": lambda: os.rename(path, path + "2"),
                   "create": lambda: open(directory + "/new", "w"), "link": lambda: os.link(path, directory + "/hard"),
                   "remove": lambda: os.rename(directory, directory + "2")}.items():
    try:
        what()
        print(name)
    except OSError:
        pass
""", flags=["--secret", "db=env:DB_PW"], env={"DB_PW": VALUE})
        self.succeeds(result, "")

    def test_nothing_is_left(self):
        self.succeeds(self.code("pass", flags=["--secret", "db=env:DB_PW"], env={"DB_PW": VALUE}), "")
        self.assertEqual(self.places(), [])

    def test_nothing_is_left_when_pyconfine_is_killed(self):
        process = self.start([self.script("import time\nprint('up', flush=True)\ntime.sleep(30)\n")],
                             flags=["--secret", "db=env:DB_PW"], env={"DB_PW": VALUE})
        self.assertEqual(process.stdout.readline(), b"up\n")
        if "namespaces" not in self.layers():
            self.assertEqual(len(self.places()), 1)
        process.kill()
        process.communicate()
        deadline = time.monotonic() + 5
        while self.places() and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertEqual(self.places(), [])

    def places(self):
        """Directories of this mode's caller; others' runs may have theirs."""
        found = []
        for place in ("/dev/shm", "/run", "/run/user/%d" % self.world.uid):
            for name in os.listdir(place) if os.path.isdir(place) else ():
                path = os.path.join(place, name)
                if name.startswith("pyconfine-secrets-") and self.holds(path):
                    found.append(path)
        return found

    @staticmethod
    def holds(path):
        try:
            return any(VALUE.encode() in open(os.path.join(path, name), "rb").read() for name in os.listdir(path))
        except OSError:
            return False


class Sources(Secrets):
    def no(self, source, *texts, name="db", **options):
        result = self.code("print('ran')\n", flags=["--secret", "%s=%s" % (name, source)], **options)
        self.refused(result, 125, "[secret]", *texts)
        self.nothing_leaks(result)

    def test_missing(self):
        self.no("env:NOT_SET", "secrets.db: the variable NOT_SET is not set")
        self.no("file:" + self.world.path("more/nowhere"), "secrets.db: ", "more/nowhere: No such file or directory")
        self.no("fd:77", "secrets.db: descriptor 77 is not open")
        self.no("credential:db", "CREDENTIALS_DIRECTORY is not set")

    def test_missing_names_the_line(self):
        result = self.code("print(1)\n", changes={"secrets": {"db": {"from": "env:NOT_SET"}}})
        self.refused(result, 125, "[secret]")
        self.assertRegex(result.err, r"profile-\d+\.yaml:\d+:\d+: secrets\.db: the variable NOT_SET is not set")

    def test_empty(self):
        self.no("env:EMPTY", "secrets.db: env:EMPTY is empty", env={"EMPTY": ""})
        self.no("file:" + self.key("more/keys/empty", ""), "is empty")

    def test_too_large(self):
        self.no("file:" + self.key("more/keys/too-large", b"x" * 65537), "more than 64 KiB")
        self.no("env:LARGE", "more than 64 KiB", env={"LARGE": "x" * 65537})

    def test_open_to_others(self):
        for mode, whom in ((0o644, "anybody"), (0o640, "its group"), (0o602, "anybody"), (0o620, "its group")):
            with self.subTest(mode=oct(mode)):
                path = self.key("more/keys/open", BYTES, mode)
                self.no("file:" + path, "%s is open to %s (mode %04o)" % (path, whom, mode), "Type: chmod 600 " + path)

    def test_directory_open_to_others(self):
        path = self.key("more/open-keys/db")
        self.folder("more/open-keys", 0o777)
        self.no("file:" + path, "may be written by anybody", "chmod go-w")
        self.folder("more/open-keys", 0o1777)
        self.succeeds(self.code("pass", flags=["--secret", "db=file:" + path]))

    def test_link(self):
        link = self.world.path("more/keys/link")
        self.key()
        if not os.path.islink(link):
            os.symlink("key", link)
        if os.getuid() == 0:
            os.lchown(link, self.world.uid, self.world.gid)
        result = self.code(SHOW, flags=["--secret", "db=file:" + link])
        self.assertEqual(self.shown(result)["db"][0], BYTES.hex())

    def test_somebody_elses(self):
        if os.getuid() != 0:
            self.skipTest("needs a caller who is root")
        path, link = self.key("more/keys/foreign"), self.world.path("more/keys/foreign-link")
        os.chown(path, 12345, 12345)
        self.no("file:" + path, "" if self.world.uid else "belongs to user 12345")
        if not os.path.islink(link):
            os.symlink("key", link)
        os.lchown(link, 12345, 12345)
        self.key()
        self.no("file:" + link, "belongs to user 12345, who chooses where it leads")
        os.remove(link)
        path = self.key("more/foreign/db")
        os.chown(os.path.dirname(path), 12345, 12345)
        self.no("file:" + path, "belongs to user 12345, who could put another file there")

    def test_roots_by_group(self):
        if os.getuid() != 0 or self.world.uid == 0:
            self.skipTest("needs root, and a caller who is not")
        path = self.key("more/keys/by-group", BYTES, 0o640)
        os.chown(path, 0, self.world.gid)
        self.assertEqual(self.shown(self.code(SHOW, flags=["--secret", "db=file:" + path]))["db"][0], BYTES.hex())
        os.chmod(path, 0o660)
        self.no("file:" + path, "is open to its group")

    def test_no_regular_file(self):
        path = self.world.path("more/keys/fifo")
        self.key()
        if not os.path.exists(path):
            os.mkfifo(path, 0o600)
        self.no("file:" + path, "is no regular file", seconds=5)
        self.no("file:" + os.path.dirname(path), "is no regular file")

    def test_nul_in_a_variable(self):
        self.no("file:" + self.key() + ",as=env:A", "holds a NUL byte", "as: file")

    def test_two_for_one_variable(self):
        result = self.code("print(1)\n", changes={"env": {"set": {"A": "1"}}}, env={"B": VALUE},
                           flags=["--secret", "a=env:B,as=env:A"])
        self.refused(result, 125, "the variable A is set by env.set, too")

    def test_what_is_typed_instead_of_a_source_is_not_shown(self):
        for typed in (VALUE, "db=" + VALUE, "db=file", "db=fd:1"):
            result = self.code("print(1)\n", flags=["--secret", typed])
            self.refused(result, 125, "--secret")
            self.nothing_leaks(result)

    def test_in_the_place_of_the_machines_own(self):
        self.need("namespaces")
        if not os.path.isdir("/run"):
            self.skipTest("there is no /run")
        result = self.code("print(1)\n", flags=["--secret", "db=env:DB_PW", "--read", "/run"], env={"DB_PW": VALUE})
        self.refused(result, 125, "/run/secrets/db cannot be made where the profile shows the machine's /run")

    def test_locked(self):
        profile = self.file("home/locked-secret.yaml", json.dumps({"version": 1, "locked": "true"}))
        result = self.bare(["-p", profile, "--secret", "db=env:DB_PW", self.script("print(1)\n")], env={"DB_PW": VALUE})
        self.refused(result, 125, "locked")

    def test_no_memory_to_be_had(self):
        """Without mounts and without a tmpfs it is refused, and never written to a disk."""
        if "namespaces" in self.layers():
            self.skipTest("in a view the file system is ours")
        if os.getuid() != 0 or self.world.uid != 0:
            self.skipTest("needs a caller who is root")
        place = self.folder("more/no-memory", 0o777)
        command = self.lab.command([self.script("print('ran')\n")], flags=["--secret", "db=env:DB_PW"])
        cover = 'for d in /run /dev/shm; do mount --bind "$0" $d; done; exec "$@"'
        done = subprocess.run(["unshare", "-m", "sh", "-c", cover, place, *command], env={**self.world.environment(), "DB_PW": VALUE}, capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (125, b""), done.stderr)
        self.assertIn(b"needs a writable tmpfs", done.stderr)
        self.assertIn(b"as: env:NAME", done.stderr)
        self.assertEqual([name for name in os.listdir(place) if name.startswith("pyconfine")], [])


class Hidden(Secrets):
    """Neither our own output nor another process shows it."""

    def test_source_variable_is_gone(self):
        for allow in (["*"], ["DB_PW"], ["DB_*"]):
            with self.subTest(allow=allow):
                result = self.code("import os\nprint('DB_PW' in os.environ, %r in str(os.environ))\n" % VALUE,
                                   changes={"env": {"allow": allow}}, flags=["--secret", "db=env:DB_PW"], env={"DB_PW": VALUE})
                self.succeeds(result, "False False\n")

    def test_source_variable_stands_in_no_other_value(self):
        result = self.code("print(1)\n", changes={"env": {"set": {"URL": "pg://me:${env:DB_PW}@host"}}},
                           flags=["--secret", "db=env:DB_PW"], env={"DB_PW": VALUE})
        self.refused(result, 125, "${env:DB_PW} is a secret")
        self.nothing_leaks(result)

    def test_explain_does_not_read_it(self):
        profile = self.lab.profile({"secrets": {"db": {"from": "env:DB_PW"},
                                                "key": {"from": "file:/nowhere/key", "as": "env:KEY"}}})
        path = self.script("print(1)\n")
        for command in (["explain"], ["explain", "-v"], ["explain", "--json"], ["--dry-run"], ["--dry-run", "--json"]):
            with self.subTest(command=command):
                result = self.command([*command, "--profile", profile, path], env={**self.world.environment(), "DB_PW": VALUE})
                self.assertEqual(result.status, 0, result)
                self.nothing_leaks(result)
                self.assertIn(b"env:DB_PW", result.out)
                self.assertIn(b"/nowhere/key", result.out)

    def test_why(self):
        self.need("namespaces")
        profile = self.lab.profile({"secrets": {"db": {"from": "env:DB_PW"}}})
        env = {**self.world.environment(), "DB_PW": VALUE}
        result = self.command(["why", "--profile", profile, "read", "/run/secrets/db"], env=env)
        self.assertIn(b"yes", result.out, result)
        self.assertIn(b"no:", self.command(["why", "--profile", profile, "write", "/run/secrets/db"], env=env).out)

    def test_messages_are_redacted(self):
        result = self.code("print(1)\n", flags=["-v", "--secret", "db=env:DB_PW", "--read", "/nowhere/" + VALUE],
                           env={"DB_PW": VALUE})
        self.refused(result, 125, "/nowhere/***")
        self.nothing_leaks(result)

    def test_report(self):
        folder = self.folder("more/reports", 0o755)
        env, flags = {"DB_PW": VALUE}, ["--report", folder + "/r.json", "--secret", "db=env:DB_PW"]
        self.succeeds(self.code("pass", flags=flags, env=env), "")
        self.refused(self.code("pass", flags=[*flags, "--read", "/nowhere/" + VALUE], env=env), 125, "/nowhere/***")
        with open(folder + "/r.json") as file:
            self.assertNotIn(VALUE, file.read())

    def test_verbose_run(self):
        result = self.code("print(1)\n", flags=["-v", "--secret", "db=env:DB_PW", "--secret", "b=env:DB_PW,as=env:B"],
                           env={"DB_PW": VALUE})
        self.assertEqual((result.status, result.out), (0, b"1\n"), result)
        self.nothing_leaks(result)

    def test_no_core_dumps(self):
        """1, since a crash handler behind a pipe is started at 0."""
        result = self.code("import resource\nprint(resource.getrlimit(resource.RLIMIT_CORE))\n")
        self.assertIn(result.out, (b"(1, 1)\n", b"(0, 0)\n"), result)

    ATTACK = """import ctypes, os, sys
value, supervisor = sys.argv[1][::-1].encode(), int(sys.stdin.readline())
libc = ctypes.CDLL(None, use_errno=True)
own = open(os.environ["CREDENTIALS_DIRECTORY"] + "/db", "rb").read()
assert own == value
found = []

def look(what, read):
    try:
        data = read()
    except OSError:
        return
    if value in data:
        found.append(what)

def memory(pid):
    data = b""
    with open("/proc/%d/maps" % pid) as maps, open("/proc/%d/mem" % pid, "rb", 0) as mem:
        for line in maps:
            start, end = (int(n, 16) for n in line.split()[0].split("-"))
            try:
                mem.seek(start)
                data += mem.read(min(end - start, 1 << 22))
            except (OSError, ValueError, OverflowError):
                pass
    return data

def vm_read(pid):
    class Part(ctypes.Structure):
        _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
    buffer = ctypes.create_string_buffer(4096)
    for address in (0x400000, 0x7f0000000000):
        local, remote = Part(ctypes.addressof(buffer), 4096), Part(address, 4096)
        if libc.process_vm_readv(pid, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0) >= 0 or ctypes.get_errno() == 14:
            print("process_vm_readv may look into", pid)
    return buffer.raw

pids = {1, os.getppid(), supervisor}
try:
    pids |= {int(n) for n in os.listdir("/proc") if n.isdigit()}
except OSError:
    pass
for pid in sorted(pids - {os.getpid()}):
    for name in ("environ", "cmdline", "stack", "syscall", "auxv"):
        look("%s of %d" % (name, pid), lambda: open("/proc/%d/%s" % (pid, name), "rb").read())
    look("memory of %d" % pid, lambda: memory(pid))
    look("process_vm_readv of %d" % pid, lambda: vm_read(pid))
    for request in (16, 0x4206):
        if libc.ptrace(request, pid, None, None) == 0:
            found.append("ptrace %d" % pid)
    try:
        for fd in os.listdir("/proc/%d/fd" % pid):
            look("fd of %d" % pid, lambda: open("/proc/%d/fd/%s" % (pid, fd), "rb").read(65536))
    except OSError:
        pass
look("own environment", lambda: open("/proc/self/environ", "rb").read())
look("own command line", lambda: open("/proc/self/cmdline", "rb").read())
print("found", found, flush=True)
sys.stdin.readline()
"""

    def attack(self):
        process = self.start([self.script(self.ATTACK), VALUE[::-1]], env={"DB_PW": VALUE, "TOKEN": TOKEN},
                             flags=["--secret", "db=env:DB_PW", "--secret", "token=env:TOKEN,as=env:T"], stdin=subprocess.PIPE)
        process.stdin.write(b"%d\n" % process.pid)
        process.stdin.flush()
        return process

    def finish(self, process):
        out, err = process.communicate(b"\n", timeout=20)
        return process.returncode, out, err

    def test_no_other_process_shows_it_to_the_script(self):
        process = self.attack()
        line = process.stdout.readline()
        status, out, err = self.finish(process)
        self.assertEqual((status, line, out), (0, b"found []\n", b""), err)

    OUTSIDE = """import sys
for name in ("environ", "mem", "maps"):
    try:
        open("/proc/%s/%s" % (sys.argv[1], name), "rb").close()
        print(name)
    except PermissionError:
        pass
"""

    def test_supervisor_is_closed_to_its_own_user(self):
        if self.world.uid == 0:
            self.skipTest("root may")
        process = self.attack()
        process.stdout.readline()
        seen = subprocess.run([sys.executable, "-I", "-c", self.OUTSIDE, str(process.pid)], capture_output=True, check=True,
                              **self.lab.identity())
        self.finish(process)
        self.assertEqual(seen.stdout, b"")

    @staticmethod
    def where(pid, value):
        """The mappings of a process that hold it: [(flags, is it the stack)]; only root may look."""
        found = []
        with open("/proc/%d/smaps" % pid) as maps, open("/proc/%d/mem" % pid, "rb", 0) as memory:
            start = end = None
            for line in maps:
                head = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+\s*(.*)", line)
                if head:
                    start, end, rights, name = int(head[1], 16), int(head[2], 16), head[3], head[4]
                elif line.startswith("VmFlags:") and rights.startswith("r"):
                    try:
                        memory.seek(start)
                        data = memory.read(end - start)
                    except (OSError, ValueError, OverflowError):
                        continue
                    if value in data:
                        found.append((line.split()[1:], name))
        return found

    def test_where_it_is_in_memory(self):
        """Never in init's; in the supervisor's in one place, which is not dumped. Its environment has been overwritten."""
        if os.getuid() != 0:
            self.skipTest("only root may look")
        process = self.attack()
        process.stdout.readline()
        try:
            with open("/proc/%d/environ" % process.pid, "rb") as environ:
                environment = environ.read()
            self.assertIn(b"DB_PW=\0", environment)
            self.assertNotIn(VALUE.encode(), environment)
            self.assertNotIn(TOKEN.encode(), environment)
            with open("/proc/%d/task/%d/children" % (process.pid, process.pid)) as children:
                init = int(children.read().split()[0])
            self.assertEqual(self.where(init, VALUE.encode()), [])
            self.assertEqual(self.where(init, TOKEN.encode()), [])
            places = self.where(process.pid, VALUE.encode())
            self.assertEqual([name for _, name in places], [""], places)
            self.assertIn("dd", places[0][0])
        finally:
            self.finish(process)
