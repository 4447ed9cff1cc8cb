"""Outliving the run."""

import signal
import subprocess
import time

from harness.lab import finish, wait
from kit import Contained
from scenario_kit import scenario

READY = "print('ready', flush=True)\n"
# A child that leaves the session, the group and the parent.
DAEMON = """
import os, signal, sys, time
def daemon(ignore=()):
    if os.fork():
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    for number in ignore:
        signal.signal(number, signal.SIG_IGN)
    null = os.open("/dev/null", os.O_RDWR)
    for fd in range(3):
        os.dup2(null, fd)
    while True:
        time.sleep(0.05)
"""


def judge(lab, patience=1.5):
    left = lab.survivors(lab.patience(patience, 0.3))
    lab.clean()
    if not left:
        raise Contained("nothing is left")
    return left


def started(process):
    """Waits for the script's first line."""
    line = process.stdout.readline()
    if line.strip() != b"ready":
        raise RuntimeError("the script did not start: %r %r" % (line, finish(process, 2)))


def _supervised(lab, code, **options):
    """Unconfined, timeout(1) stands in for the supervisor."""
    if lab.confined:
        return lab.script(code, **options)
    lab.count += 1
    lab.world.file("project/supervised-%d.py" % lab.count, code, 0o644)
    return lab.start(["/usr/bin/timeout", "60", "/usr/bin/python3", lab.world.path("project/supervised-%d.py" % lab.count)])


@scenario("a daemon made by a double fork outlives the run")
def double_fork(lab):
    process = lab.script(DAEMON + "daemon()\ntime.sleep(0.2)\n" + READY)
    status, out, err = finish(process)
    if status != 0 or b"ready" not in out:
        raise RuntimeError("status %r: %r" % (status, err))
    return judge(lab)


@scenario("a daemon that ignores every signal outlives the end by SIGTERM")
def daemon_ignoring(lab):
    process = lab.script(DAEMON + "daemon(range(1, 32))\n".replace("range(1, 32)", "set(range(1, 32)) - {9, 19}") +
                         "time.sleep(0.2)\n" + READY + "time.sleep(60)\n", {"limits": {"grace": "500ms"}})
    started(process)
    process.terminate()
    if wait(process, 5) is None:
        raise RuntimeError("does not end")
    return judge(lab)


@scenario("a script that ignores SIGTERM outlives the SIGKILL that follows")
def ignores_term(lab):
    code = DAEMON + "signal.signal(signal.SIGTERM, signal.SIG_IGN)\ndaemon({1, 2, 15})\n" + READY + "time.sleep(60)\n"
    process = _supervised(lab, code)
    started(process)
    process.terminate()
    wait(process, 0.3)
    process.kill()
    process.wait()
    return judge(lab)


@scenario("a chain of forks runs away from the one who kills it")
def fork_chain(lab):
    code = DAEMON + READY + """
if os.fork() == 0:
    os.setsid()
    while True:
        if os.fork():
            os._exit(0)
time.sleep(60)
"""
    process = lab.script(code, {"limits": {"grace": "200ms"}})
    started(process)
    time.sleep(0.3)
    process.terminate()
    if wait(process, 5) is None:
        raise RuntimeError("does not end")
    left = lab.survivors(lab.patience(1.5, 0.3))
    for _ in range(400):  # a runaway chain is hard to catch, for the clean-up as well
        if not lab.survivors(0):
            break
        lab.clean()
    if not left:
        raise Contained("nothing is left")
    return left


@scenario("the script outlives a supervisor that was killed by SIGKILL")
def supervisor_killed(lab):
    process = _supervised(lab, "import time\n" + READY + "time.sleep(60)\n")
    started(process)
    process.kill()
    process.wait()
    return judge(lab)


@scenario("a script that cleared its parent-death signal outlives a killed supervisor")
def supervisor_killed_deathsig(lab):
    code = DAEMON + """
import ctypes
ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)
daemon(set(range(1, 32)) - {9, 19})
try:
    os.setsid()
except OSError:
    pass
time.sleep(0.2)
""" + READY + "time.sleep(60)\n"
    process = _supervised(lab, code)
    started(process)
    process.kill()
    process.wait()
    return judge(lab)


@scenario("a background child that holds stdout keeps the caller waiting")
def holds_stdout(lab):
    process = lab.script("import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(60)\nprint('done', flush=True)\n")
    try:
        out, _ = process.communicate(timeout=lab.patience(4))
    except subprocess.TimeoutExpired:
        lab.clean()
        process.communicate()
        return "stdout still open"
    if b"done" not in out:
        raise RuntimeError(out)
    return judge(lab)


@scenario("a script that made itself a subreaper leaves its orphans behind")
def subreaper(lab):
    process = lab.script(DAEMON + "import ctypes\nctypes.CDLL(None).prctl(36, 1, 0, 0, 0)\ndaemon()\ntime.sleep(0.2)\n" + READY)
    finish(process)
    return judge(lab)


@scenario("stopped processes are forgotten")
def stopped(lab):
    code = DAEMON + """
if os.fork() == 0:
    os.setsid()
    null = os.open("/dev/null", os.O_RDWR)
    for fd in range(3):
        os.dup2(null, fd)
    os.kill(os.getpid(), signal.SIGSTOP)
    time.sleep(60)
time.sleep(0.2)
""" + READY
    finish(lab.script(code))
    return judge(lab)


@scenario("a brother (CLONE_PARENT) of the script outlives it")
def clone_parent(lab):
    code = DAEMON + """
import calls
pid = calls.syscall("clone", 0x8000 | signal.SIGCHLD, 0, 0, 0, 0)
if pid == 0:
    null = os.open("/dev/null", os.O_RDWR)
    for fd in range(3):
        os.dup2(null, fd)
    time.sleep(60)
    os._exit(0)
""" + READY
    process = lab.script(code)
    status, out, err = finish(process)
    if b"ready" not in out and b"PermissionError" not in err and b"[Errno" not in err:
        raise RuntimeError("status %r: %r" % (status, err))
    return judge(lab)


@scenario("the script kills its supervisor and goes on")
def kills_supervisor(lab):
    code = DAEMON + """
daemon(set(range(1, 32)) - {9, 19})
time.sleep(0.2)
""" + READY + """
parent = os.getppid()
while parent > 0:
    try:
        os.kill(parent, signal.SIGKILL)
    except OSError:
        break
    time.sleep(0.1)
    break
time.sleep(1)
"""
    process = _supervised(lab, code)
    finish(process)
    return judge(lab)


@scenario("the script stops its supervisor, so that no deadline is kept", guard=("namespaces", "landlock6", "other-user"))
def stops_supervisor(lab):
    code = "import os, signal, time\n" + READY + """
try:
    os.kill(os.getppid(), signal.SIGSTOP)
except OSError:
    pass
time.sleep(3)
"""
    process = _supervised(lab, code, changes={"limits": {"timeout": "1s", "grace": "200ms"}})
    started(process)
    time.sleep(0.5)
    with open("/proc/%d/stat" % process.pid) as file:
        state = file.read().rpartition(")")[2].split()[0]
    process.send_signal(signal.SIGCONT)
    status = wait(process, 5)
    lab.clean()
    if state == "T":
        return "stopped"
    raise Contained("state %s, then status %r" % (state, status))


@scenario("children live on when the supervisor's terminal hangs up (SIGHUP)")
def hangup(lab):
    process = lab.script(DAEMON + "daemon({1, 2, 15})\ntime.sleep(0.2)\n" + READY + "time.sleep(60)\n",
                         {"limits": {"grace": "500ms"}})
    started(process)
    process.send_signal(signal.SIGHUP)
    if wait(process, 5) is None:
        raise RuntimeError("does not end")
    return judge(lab)


@scenario("a script goes on after limits.timeout, its children too")
def timeout(lab):
    code = DAEMON + "signal.signal(15, signal.SIG_IGN)\ndaemon(set(range(1, 32)) - {9, 19})\n" + READY + "time.sleep(60)\n"
    process = lab.script(code, {"limits": {"timeout": "1s", "grace": "300ms"}})
    started(process)
    status = wait(process, lab.patience(4))
    if status is None:
        process.kill()
        lab.clean()
        return "still runs after 4 s"
    if status != 124:
        raise RuntimeError("status %r instead of 124" % status)
    return judge(lab)
