"""Nothing is left: whenever the supervisor is killed, and after however many runs.

tests/run --runs N says how many of each (`make leaks`: ten thousand over all modes). Many launches overlap, so that a
leftover is blamed on a batch; the seed that is printed with it makes the same delays again."""

import os
import random
import re
import signal
import time

from confine.support import Case
from harness import leftovers

BATCH = 10
# A file of its own, and a child that leaves session, group and parent: what a launch that was cut off could leave.
SCRIPT = """import os, tempfile, time
kept = tempfile.mkstemp()
print("ready", flush=True)
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
time.sleep(60)
"""


class LeftBehind(Case):
    seconds_per_run = 2  # on a machine that others use, too

    def setUp(self):
        if not self.job.isolated:
            self.skipTest("needs a machine to throw away: namespaces of the test's own")
        self.before = self.holds()

    def cache(self):
        return "/var/cache/pyconfine" if self.world.uid == 0 else self.world.path("cache/pyconfine")

    def forget(self):
        """The interpreter is asked anew."""
        for name in os.listdir(self.cache()) if self.world.uid and os.path.isdir(self.cache()) else []:
            os.unlink(os.path.join(self.cache(), name))

    def holds(self):
        everything = leftovers.files(leftovers.FOLDERS[:2], self.job.private_files)
        return {"file": everything | leftovers.files([*leftovers.FOLDERS[2:], self.cache()], False),
                "mount": leftovers.mounts(), "network namespace": leftovers.network_namespaces()}

    def left(self):
        """A line for each thing that was not there before; what others of this machine make meanwhile goes away."""
        deadline = time.monotonic() + 10
        while True:
            left = ["process " + line for line in self.lab.survivors(5).values()]
            left += ["%s %s" % (kind, name) for kind, names in self.holds().items() for name in names - self.before[kind]]
            if not left or time.monotonic() > deadline:
                return left
            time.sleep(0.05)

    def control_groups_of(self, pids):
        return [path for path in leftovers.control_groups() if any(re.search(r"\b%d\b" % pid, path) for pid in pids)]

    def length_of_a_launch(self, path):
        start = time.monotonic()
        process = self.start([path])
        self.assertEqual(process.stdout.readline(), b"ready\n", process.stderr)
        length = time.monotonic() - start
        process.kill()
        process.communicate()
        return length

    def kill_some(self, path, delays):
        pids = []
        for delay in delays:
            process = self.start([path], stdout=None, stderr=None)
            time.sleep(delay)
            process.kill()
            process.wait()
            pids.append(process.pid)
        left = self.left() + self.control_groups_of(pids)
        self.lab.clean()
        return left

    def test_killed_at_any_moment(self):
        path, seed = self.script(SCRIPT), random.randrange(1 << 32)
        length = max(self.length_of_a_launch(path) for _ in range(3))
        choice, kills = random.Random(seed), self.job.spec["runs"]
        for number in range(0, kills, BATCH):
            # the first part of a launch, where most is made, is the shortest
            delays = [1.2 * length * choice.random() ** 2 for _ in range(min(BATCH, kills - number))]
            if number % (5 * BATCH) == 0:
                self.forget()
            left = self.kill_some(path, delays)
            self.assertEqual(left, [], "seed %d, kills %d to %d after %s s" % (
                seed, number, number + len(delays), " ".join("%.4f" % delay for delay in delays)))
        self.figures = "%d kills within %.3f s, seed %d" % (kills, 1.2 * length, seed)

    # --- both at one stroke ---

    def running(self):
        """A script that runs: (process, init's number, the private directory)."""
        process = self.start([self.script("import os, time\nkept = open(os.environ['TMPDIR'] + '/kept', 'w')\n"
                                          "print(os.environ['TMPDIR'], flush=True)\ntime.sleep(60)\n")])
        directory = process.stdout.readline().decode().strip()
        with open("/proc/%d/task/%d/children" % (process.pid, process.pid)) as file:
            return process, int(file.read().split()[0]), directory

    def without_view(self):
        if "namespaces" in self.layers():
            self.skipTest("in a PID namespace everything ends with init, and its directories were never outside")

    def test_init_is_killed(self):
        self.without_view()
        process, init, directory = self.running()
        os.kill(init, signal.SIGKILL)
        process.communicate(timeout=10)
        self.assertEqual(self.left(), [])
        self.assertFalse(os.path.exists(directory))

    def test_init_and_supervisor_are_killed_at_one_stroke(self):
        self.without_view()
        process, init, directory = self.running()
        os.kill(process.pid, signal.SIGSTOP)  # or it would tidy up before it is killed, too
        os.kill(init, signal.SIGKILL)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=10)
        self.assertEqual(list(self.lab.survivors(5).values()), [])
        self.assertTrue(os.path.exists(directory + "/kept"))
        self.succeeds(self.code("pass"))
        self.assertTrue(os.path.exists(directory), "a run takes what may be younger than its lock")
        os.utime(directory, (1, 1))
        self.succeeds(self.code("pass"))
        self.assertFalse(os.path.exists(directory))

    def test_what_others_use_is_not_tidied_up(self):
        self.without_view()
        process, _, directory = self.running()
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        os.utime(directory, (1, 1))
        foreign = "/tmp/pyconfine-" + "0123456789abcdef"
        os.mkdir(foreign)
        self.addCleanup(os.rmdir, foreign)
        if os.getuid() == 0:  # nobody else makes a directory of somebody else
            os.chown(foreign, 1, 1)
            os.utime(foreign, (1, 1))
        self.succeeds(self.code("pass"))
        self.assertTrue(os.path.exists(directory + "/kept"))
        self.assertTrue(os.path.exists(foreign))

    # --- many ---

    def test_many_runs(self):
        """Ends of every kind. The caller lives as long as all of them."""
        path = self.script("import os, sys, tempfile\nkept = tempfile.mkstemp()\nif sys.argv[1] == '3':\n    os.kill(os.getpid(), 9)\n"
                           "if os.fork() == 0:\n    os.setsid()\n    os.execv('/bin/false', ['false'])\n")
        runs, started = self.job.spec["runs"], time.monotonic()
        self.run_([path, "0"])
        self.left()
        descriptors, objects, memory = len(os.listdir("/proc/self/fd")), leftovers.kernel_objects(), leftovers.kernel_memory_kib()
        for number in range(runs):
            result = self.run_([path, str(number % 4)])
            self.assertEqual(result.status, 137 if number % 4 == 3 else 0, result)
        seconds = time.monotonic() - started
        self.assertEqual(self.left(), [])
        self.assertEqual(len(os.listdir("/proc/self/fd")), descriptors)
        time.sleep(1)  # network namespaces are taken down by the kernel in its own time
        growth = {name: count - objects[name] for name, count in leftovers.kernel_objects().items()}
        self.figures = "%d runs in %.0f s; kernel memory %+d KiB; objects %s" % (
            runs, seconds, leftovers.kernel_memory_kib() - memory, " ".join("%s %+d" % pair for pair in sorted(growth.items())))
        if runs >= 1000:  # with fewer, what others do on this machine is as much
            grown = {name for name, count in growth.items() if count > runs / 2} - set(leftovers.KEPT_BY_THE_KERNEL)
            self.assertEqual(grown, set(), self.figures)
