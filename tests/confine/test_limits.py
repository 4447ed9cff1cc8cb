"""Every limit, reached in several ways: the tree ends, the status and the message say why, and what stays below it works."""

import os
import socket
import subprocess
import time

from confine.support import Case, Result
from harness.lab import finish
from scenarios.terminal import Terminal


class LimitCase(Case):
    def reaches(self, result, status, text, key):
        self.assertEqual(result.status, status, result)
        said = result.err[result.err.rfind("pyconfine: stopped"):]
        self.assertRegex(said, r"\Apyconfine: stopped: %s.*\[limits\.%s\]\n\Z" % (text, key), result)


class Messages(LimitCase):
    def test_timeout(self):
        result = self.code("import time\ntime.sleep(30)\n", flags=["--timeout", "400ms"])
        self.reaches(result, 124, "timeout 400ms reached", "timeout")

    def test_processor_time_of_one_process(self):
        result = self.code("while True:\n    pass\n", flags=["--cpu-time", "1s"])
        self.reaches(result, 152, "cpu_time limit 1s reached", "cpu_time")

    def test_processor_time_of_several_processes_together(self):
        code = "import os\nfor _ in range(3):\n    if os.fork() == 0:\n        break\nwhile True:\n    pass\n"
        result = self.code(code, flags=["--cpu-time", "1s"])
        self.reaches(result, 152, r"cpu_time limit 1s reached \(peak 1(s|\d\d\dms), whole process tree\)", "cpu_time")

    def test_a_signal_of_its_own_is_no_limit(self):
        result = self.code("import os, signal\nos.kill(os.getpid(), signal.SIGXCPU)\n", flags=["--cpu-time", "5s"])
        self.assertEqual((result.status, self.of_the_script(result)), (152, ""), result)

    def test_file_size(self):
        code = "import signal\nsignal.signal(signal.SIGXFSZ, signal.%s)\nopen(%r, 'wb').write(b'x' * 2000000)\n"
        path = self.world.path("write/large-")
        result = self.code(code % ("SIG_DFL", path), flags=["--file-size", "1M"])
        self.assertEqual(result.status, 153, result)
        self.assertIn("pyconfine: likely: file_size limit 1M reached   [limits.file_size]\n", result.err)
        self.assertEqual(os.stat(path).st_size, 1 << 20)
        result = self.code(code % ("SIG_IGN", path + "2"), flags=["--file-size", "1M"])
        self.assertIn("OSError: [Errno 27] File too large", result.err)


class Memory(LimitCase):
    def grows(self, code, limit="100M", changes=None):
        result = self.code("import os, sys, time\n%s\ntime.sleep(2)\nprint('taken')\n" % code, changes=changes,
                           flags=["--memory", limit])
        self.assertEqual(result.out, b"", result)
        self.reaches(result, 137, r"memory limit %s reached \(peak \d+M, whole process tree\)" % limit, "memory")

    def test_of_a_list(self):
        self.grows("kept = []\nfor n in range(3000):\n    kept.append(b'x' * 100000 + bytes(n))")

    def test_of_a_private_mapping(self):
        self.grows("import mmap\nm = mmap.mmap(-1, 300 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)\n"
                   "for at in range(0, len(m), 4096):\n    m[at] = 1")

    def test_of_a_shared_mapping(self):
        self.grows("import mmap\nm = mmap.mmap(-1, 300 << 20)\nfor at in range(0, len(m), 4096):\n    m[at] = 1")

    def test_of_page_tables(self):
        """A page of a file here and there: none of it is the script's own, but for the table that each needs."""
        self.grows("""
import ctypes, sys
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
file = open(sys.executable, 'rb')
for number in range(50000):
    at = 0x100000000000 + (number << 21)
    if libc.mmap(at, 4096, 1, 0x12, file.fileno(), 0) == at:
        ctypes.string_at(at, 1)
time.sleep(5)""")

    def test_of_many_small_processes(self):
        self.grows("for _ in range(12):\n    if os.fork() == 0:\n        kept = b'x' * (15 << 20)\n        time.sleep(15)\n"
                   "        os._exit(0)\ntime.sleep(10)")

    def test_of_files_in_shared_memory(self):
        self.need("namespaces")
        for where in ("/dev/shm", "/tmp"):
            with self.subTest(where=where):
                self.grows("f = open('%s/f', 'wb', buffering=0)\nfor _ in range(200):\n    f.write(b'x' * (1 << 20))" % where,
                           changes={"files": {"tmp": "400M"}})

    def test_of_files_that_have_no_name_any_more(self):
        self.need("namespaces")
        self.grows("import tempfile\nf = tempfile.TemporaryFile(buffering=0)\nfor _ in range(200):\n    f.write(b'x' * (1 << 20))",
                   changes={"files": {"tmp": "400M"}})

    def test_of_arrays(self):
        try:
            import numpy  # noqa: F401
        except ImportError:
            self.skipTest("needs numpy")
        self.succeeds(self.code("import numpy\nprint(int(numpy.ones(1 << 20).sum()))\n", flags=["--memory", "100M"]), "1048576\n")
        self.grows("import numpy\nkept = [numpy.ones(1 << 20) for _ in range(40)]")

    def test_memory_that_nobody_maps_is_refused_or_counted(self):
        code = "import os\ntry:\n    f = os.memfd_create('m')\n    print('made')\nexcept OSError as error:\n    print(error.errno)\n"
        self.assertIn(self.code(code, flags=["--memory", "100M"]).out, (b"made\n", b"38\n"))

    def test_shared_pages_count_once(self):
        """Eight processes show 60 MiB each, which are the same 60 MiB."""
        code = """import os, time
kept = b'x' * (60 << 20)
pids = []
for _ in range(8):
    pid = os.fork()
    if pid == 0:
        time.sleep(0.5)
        os._exit(0)
    pids.append(pid)
print(*(os.waitpid(pid, 0)[1] for pid in pids))
"""
        self.succeeds(self.code(code, flags=["--memory", "200M"]), "0 0 0 0 0 0 0 0\n")

    def test_a_mapped_file_of_shared_memory_counts_once(self):
        self.need("namespaces")
        code = """import mmap, time
f = open('/dev/shm/f', 'w+b')
f.truncate(60 << 20)
m = mmap.mmap(f.fileno(), 60 << 20)
for at in range(0, len(m), 4096):
    m[at] = 1
time.sleep(0.3)
print('fits')
"""
        self.succeeds(self.code(code, flags=["--memory", "100M"]), "fits\n")


class Output(LimitCase):
    FLOOD = "import sys\nwhile True:\n    sys.%s.write('x' * 10000)\n"
    BY_INPUT = """
import errno, os
def attempt(function, *arguments):
    try:
        print(function(*arguments), flush=True)
    except OSError as error:
        print(errno.errorcode[error.errno], flush=True)
attempt(os.write, 0, b"past the limit")
attempt(os.open, "/proc/self/fd/0", os.O_WRONLY)
attempt(os.open, "/dev/tty", os.O_WRONLY)
print(os.isatty(0), os.read(0, 4), flush=True)
"""

    def test_not_by_way_of_the_input(self):
        terminal = Terminal(self.lab, self.BY_INPUT, {"limits": {"output": "1K"}})
        self.addCleanup(terminal.close, self.lab)
        os.write(terminal.master, b"abc\n")
        seen = terminal.output(b"True b'abc")
        self.assertNotIn(b"past", seen)
        self.assertRegex(seen.replace(b"\r", b""), rb"EBADF\n(EACCES|ENOENT|ENXIO)\n(EACCES|ENOENT|ENXIO)\nTrue")

    def test_not_by_way_of_a_socket(self):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            process = self.start([self.script("print(1)")], flags=["--output", "1K"], stdin=theirs, stdout=theirs)
            _, err = process.communicate(timeout=20)
            self.assertEqual(process.returncode, 125, err)
            self.assertIn(b"limits.output: standard input leads where the output goes", err)

    def test_not_a_byte_more(self):
        for stream in ("stdout", "stderr"):
            with self.subTest(stream=stream):
                result = self.code(self.FLOOD % stream, flags=["--output", "300K"])
                self.reaches(result, 137, r"output limit 300K reached \(stdout and stderr, whole process tree\)", "output")
                self.assertEqual(len(result.out) + result.err.count("x" * 100) * 100, 300 << 10)

    def test_both_streams_and_all_processes_together(self):
        code = "import os, sys\nos.fork()\nwhile True:\n    os.write(1, b'x' * 5000)\n    os.write(2, b'y' * 5000)\n"
        result = self.code(code, flags=["--output", "300K"])
        self.reaches(result, 137, "output limit 300K reached .*", "output")
        self.assertEqual(result.out.count(b"x") + result.err.partition("pyconfine: stopped")[0].count("y")
                         - sum(line.count("y") for line in result.err.splitlines() if line.startswith("pyconfine: warning")),
                         300 << 10)

    def test_exactly_the_limit_is_fine(self):
        self.succeeds(self.code("import os\nos.write(1, b'x' * 1000)\nos.write(1, b'y' * 24)\n", flags=["--output", "1K"]),
                      "x" * 1000 + "y" * 24)

    def test_more_than_the_limit_in_the_last_moment(self):
        result = self.code("import os\nos.write(1, b'x' * 1025)\n", flags=["--output", "1K"])
        self.reaches(result, 137, "output limit 1K reached .*", "output")
        self.assertEqual(result.out, b"x" * 1024)

    def test_streams_stay_apart_or_in_order(self):
        code = "import os\nfor n in range(50):\n    os.write(1, b'o%d\\n' % n)\n    os.write(2, b'e%d\\n' % n)\n"
        result = self.code(code, flags=["--output", "1M"])
        self.assertEqual(result.out.decode(), "".join("o%d\n" % n for n in range(50)))
        self.assertEqual(self.of_the_script(result), "".join("e%d\n" % n for n in range(50)))
        result = self.code(code, flags=["--output", "1M"], stderr=subprocess.STDOUT)
        self.assertTrue(result.out.decode().endswith("".join("o%d\ne%d\n" % (n, n) for n in range(50))), result)

    def test_a_file_gets_all_of_it(self):
        path = self.file("write/out", "before\n")
        with open(path, "ab") as out:
            result = self.code("print('x' * 500000)", flags=["--output", "1M"], stdout=out)
        self.assertEqual(result.status, 0, result)
        with open(path) as out:
            self.assertEqual(out.read(), "before\n" + "x" * 500000 + "\n")

    def test_a_slow_reader_gets_all_of_it(self):
        process = self.start([self.script("import os\nfor _ in range(40):\n    os.write(1, b'x' * 10000)\n")], flags=["--output", "1M"])
        time.sleep(0.4)
        got = process.stdout.read()
        self.assertEqual((process.wait(10), len(got)), (0, 400000))
        process.stderr.close()

    def test_a_reader_that_is_gone_is_a_broken_pipe(self):
        process = self.start([self.script("import time\nfor _ in range(100):\n    print('x' * 100000, flush=True)\n    time.sleep(0.02)\n")],
                             flags=["--output", "100M"])
        process.stdout.close()
        err = process.stderr.read().decode()
        self.assertEqual(process.wait(10), 1, err)
        self.assertIn("BrokenPipeError", err)

    def test_a_reader_that_sleeps_does_not_hold_up_a_timeout(self):
        process = self.start([self.script(self.FLOOD % "stdout")], flags=["--output", "1G", "--timeout", "500ms"],
                             changes={"limits": {"grace": "300ms"}})
        self.assertEqual(process.wait(8), 124)
        process.stdout.close()
        process.stderr.close()

    def test_a_reader_that_sleeps_does_not_hold_up_a_signal(self):
        process = self.start([self.script("import os\nos.write(1, b'x' * 70000)\n")], flags=["--output", "1G"])
        self.assertRaises(subprocess.TimeoutExpired, process.wait, 0.5)
        process.terminate()
        self.assertIn(process.wait(5), (-15, 0))
        process.stdout.close()
        process.stderr.close()

    def test_a_process_that_stays_does_not_hold_it_up(self):
        code = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(30)\nprint('end')\n"
        start = time.monotonic()
        self.succeeds(self.code(code, flags=["--output", "1M"]), "end\n")
        self.assertLess(time.monotonic() - start, 8)

    def test_output_can_be_opened_again(self):
        self.succeeds(self.code("open('/dev/stdout', 'w').write('again\\n')", flags=["--output", "1M"]), "again\n")

    def test_without_the_limit_the_files_are_the_callers(self):
        path = self.file("write/same", "")
        with open(path, "wb") as out:
            self.code("import os\nprint(os.fstat(1).st_ino)\n", stdout=out)
        with open(path) as out:
            self.assertEqual(out.read(), "%d\n" % os.stat(path).st_ino)


class Processors(LimitCase):
    CODE = """import os
allowed = os.sched_getaffinity(0)
try:
    os.sched_setaffinity(0, range(os.cpu_count()))
    print('widened')
except OSError as error:
    print(len(allowed), error.errno, os.environ.get('OMP_NUM_THREADS'), os.environ.get('PYTHON_CPU_COUNT'))
"""

    def setUp(self):
        if len(os.sched_getaffinity(0)) < 2:
            self.skipTest("needs two processors")

    def test_one_of_several(self):
        self.succeeds(self.code(self.CODE, flags=["--cpus", "1"]), "1 1 1 1\n")

    def test_threads_and_children_keep_to_it(self):
        code = """import os, threading
kept = []
threading.Thread(target=lambda: kept.append(len(os.sched_getaffinity(0)))).start()
if os.fork() == 0:
    os._exit(len(os.sched_getaffinity(0)))
print(*kept, os.waitstatus_to_exitcode(os.wait()[1]))
"""
        self.succeeds(self.code(code, flags=["--cpus", "1"]), "1 1\n")

    def test_profile_knows_better_how_many_threads(self):
        result = self.code(self.CODE, changes={"env": {"set": {"OMP_NUM_THREADS": "3"}}, "limits": {"cpus": "1"}})
        self.succeeds(result, "1 1 3 1\n")

    def test_as_many_as_there_are_changes_nothing_for_libraries(self):
        count = len(os.sched_getaffinity(0))
        self.succeeds(self.code(self.CODE, flags=["--cpus", str(count)]), "%d 1 None None\n" % count)

    def test_a_part_of_one_is_refused_or_relaxed(self):
        if "cgroup cpu.max" in self.command(["explain", "--cpus", "0.5", "-c", "pass"]).out.decode():
            self.skipTest("a cgroup shares it out")
        flags = ["--cpus", "0.5"]
        self.refused(self.code(self.CODE, flags=flags), 125, "cpus cannot be kept here", "whole processors", "cpus: best-effort")
        result = self.code(self.CODE, flags=flags, changes={"require": {"cpus": "best-effort"}})
        self.assertEqual((result.status, result.out), (0, b"1 1 1 1\n"), result)
        self.assertIn("pyconfine: warning: cpus is not kept here: without a cgroup only whole processors", result.err)

    def test_without_the_limit_affinity_is_its_own(self):
        self.succeeds(self.code("import os\nos.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\nprint('set')\n"), "set\n")


class Processes(LimitCase):
    BOMB = """import os, time
print('start', flush=True)
end, made = time.monotonic() + 2, 0
while time.monotonic() < end:
    try:
        if os.fork() == 0:
            os.setsid()
            made = 0
        made += 1
    except OSError:
        made = 9
    if made > 8:
        time.sleep(3)
        os._exit(0)
"""

    def test_forks_beyond_it_are_refused(self):
        code = """import os, time
made = 0
try:
    for made in range(40):
        if os.fork() == 0:
            time.sleep(1)
            os._exit(0)
except BlockingIOError:
    print(made < 20)
"""
        self.succeeds(self.code(code, flags=["--processes", "20"]), "True\n")

    def test_threads_count(self):
        code = """import threading, time
made = 0
try:
    for made in range(40):
        threading.Thread(target=time.sleep, args=(0.3,)).start()
except RuntimeError:
    print(made < 20)
"""
        self.succeeds(self.code(code, flags=["--processes", "20"]), "True\n")

    def test_a_bomb_in_sessions_of_its_own_is_gone_afterwards(self):
        start = time.monotonic()
        result = self.code(self.BOMB, flags=["--processes", "20", "--timeout", "1s"], changes={"limits": {"grace": "100ms"}})
        self.assertEqual((result.status, result.out), (124, b"start\n"), result)
        self.assertLess(time.monotonic() - start, 10)
        self.assertEqual(self.lab.survivors(2), {})

    def as_user_0(self, code, *flags, without=()):
        """As in a container that does not let the user be changed: the kernel does not count."""
        self.need_root()
        assume = ",".join(word for word in (self.lab.mode["assume"], "set-user=0", *without) if word)
        return Result(*finish(self.lab.start([self.lab.pyconfine, "--profile", self.lab.profile(), "--assume", assume, *flags,
                                              self.script(code)])))

    def test_user_0_has_no_more_either(self):
        code = """import os, threading, time
children, threads = 0, 0
try:
    for children in range(40):
        if os.fork() == 0:
            time.sleep(1)
            os._exit(0)
except BlockingIOError:
    print("children", children)
try:
    threading.Thread(target=print).start()
except RuntimeError:
    print("no thread")
for _ in range(children):
    os.wait()
threading.Thread(target=print, args=("a thread",)).start()
"""
        result = self.as_user_0(code, "--processes", "20")
        self.assertEqual((result.status, result.out), (0, b"children 19\nno thread\na thread\n"), result)

    def test_a_bomb_of_user_0_is_gone_afterwards(self):
        result = self.as_user_0(self.BOMB, "--processes", "20", "--timeout", "1s")
        self.assertEqual((result.status, result.out), (124, b"start\n"), result)
        self.assertEqual(self.lab.survivors(2), {})

    def test_user_0_where_nobody_can_be_asked(self):
        result = self.as_user_0(self.BOMB.replace("made > 8", "made > 2"), "--processes", "20", without=["notify=0"])
        self.assertEqual((result.status, result.out), (137, b"start\n"), result)
        self.assertRegex(result.err, r"pyconfine: stopped: processes limit 20 reached \(peak \d+, whole process tree\)")
        self.assertEqual(self.lab.survivors(2), {})


class Scratch(LimitCase):
    CODE = """import os
made, written = 0, 0
try:
    for made in range(3000):
        open('/tmp/%d' % made, 'w').close()
except OSError as error:
    print(error.errno, made < 400)
for name in os.listdir('/tmp'):
    os.unlink('/tmp/' + name)
with open('/tmp/sparse', 'wb', buffering=0) as file:
    file.truncate(1 << 40)
    try:
        while True:
            written += file.write(b'x' * 65536)
    except OSError as error:
        print(error.errno, written <= 1 << 20)
"""

    def test_bytes_and_files(self):
        result = self.code(self.CODE, changes={"files": {"tmp": "1M"}})
        if "namespaces" in self.layers():
            self.succeeds(result, "28 True\n28 True\n")
        else:
            self.refused(result, 125, "tmp cannot be kept here: without mounts the private directory has no size")

    def test_pipes_are_bounded_by_the_kernel(self):
        """What nobody counts: the manual says how much it can be."""
        code = """import fcntl, os
total, kept = 0, []
for _ in range(120):
    read, write = os.pipe()
    kept.append((read, write))
    os.set_blocking(write, False)
    try:
        fcntl.fcntl(write, 1031, 1 << 20)
    except PermissionError:
        pass
    try:
        while True:
            total += os.write(write, b'x' * 65536)
    except BlockingIOError:
        pass
print(total <= 70 << 20)
"""
        self.succeeds(self.code(code), "True\n")


class Stubborn(LimitCase):
    def test_whoever_ignores_the_first_signal_is_gone_after_grace(self):
        code = """import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
print('start', flush=True)
time.sleep(30)
"""
        start = time.monotonic()
        result = self.code(code, changes={"limits": {"timeout": "600ms", "grace": "200ms"}})
        self.reaches(result, 124, "timeout 600ms reached", "timeout")
        self.assertLess(time.monotonic() - start, 6)
        self.assertEqual(self.lab.survivors(2), {})


class Waiting(LimitCase):
    def test_the_supervisor_does_not_wait_for_a_peer(self):
        """Whoever closes a socket last waits for its data to be taken, as long as SO_LINGER says."""
        self.need("namespaces")
        started = time.monotonic()
        result = self.code("""
import socket, struct, threading, time
server = socket.create_server(("127.0.0.1", 0))
kept, end = [], time.monotonic() + 20
def again(fd):
    while time.monotonic() < end and fd in held:
        try:
            libc.connect(fd, address, 16)
        except OSError:
            pass
import ctypes
libc = ctypes.CDLL(None)
address = struct.pack("=HH4s8x", 2, socket.htons(server.getsockname()[1]), socket.inet_aton("127.0.0.1"))
while time.monotonic() < end:
    try:
        s = socket.create_connection(server.getsockname(), 1)
        kept.append(server.accept()[0])
        s.setblocking(False)
        while True:
            s.send(bytes(1 << 20))
    except BlockingIOError:
        pass
    except OSError:
        continue
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 15))
    held = {s.fileno()}
    threads = [threading.Thread(target=again, args=(s.fileno(),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(0.05)
    fd = s.detach()
    closer = threading.Thread(target=libc.close, args=(fd,), daemon=True)
    closer.start()
    time.sleep(0.05)
    held = set()
""", flags=["--timeout", "3s"])
        self.assertEqual(result.status, 124, result)
        self.assertLess(time.monotonic() - started, 10, result)


class Groups(LimitCase):
    """Where a cgroup v2 subtree is delegated; elsewhere the other rung is all there is."""

    def setUp(self):
        assume = ["--assume", self.lab.mode["assume"]] if self.lab.mode["assume"] else []
        self.plan = self.command(["explain", *assume, "--cpus", "0.5", "-c", "pass"]).out.decode()
        if "cgroup memory.max" not in self.plan or "cgroup pids.max" not in self.plan:
            self.skipTest("needs a delegated cgroup v2 subtree")

    def test_every_limit_is_kept_there(self):
        self.assertIn("cgroup cpu.max", self.plan)

    def test_memory_that_nobody_maps(self):
        code = "import os\nf = os.memfd_create('m', 8)\nfor _ in range(200):\n    os.write(f, b'x' * (1 << 20))\nprint('taken')\n"
        result = self.code(code, flags=["--memory", "100M"])
        self.reaches(result, 137, "memory limit 100M reached .*", "memory")

    def test_processor_time_of_what_nobody_waits_for(self):
        code = """import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
while True:
    if os.fork() == 0:
        end = time.monotonic() + 0.02
        while time.monotonic() < end:
            pass
        os._exit(0)
    time.sleep(0.02)
"""
        self.reaches(self.code(code, flags=["--cpu-time", "1s"]), 152, "cpu_time limit 1s reached .*", "cpu_time")

    def test_nothing_is_left(self):
        self.succeeds(self.code("print('fine')", flags=["--memory", "100M"]), "fine\n")
        left = [name for _, names, _ in os.walk("/sys/fs/cgroup") for name in names if name.startswith("pyconfine-")]
        self.assertEqual(left, [])
