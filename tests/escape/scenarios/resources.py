"""Using up what is limited."""

import os
import time

from harness.lab import finish, wait
from kit import Contained
from scenario_kit import scenario


def says(lab, code, changes, seconds=15):
    """Runs a script; returns its status and what it printed."""
    status, out, err = finish(lab.script("import os, resource, time\n" + code, changes), seconds)
    lab.clean()
    if status == 125 and b"[cannot-keep]" in err:
        raise Contained("refused before the start, since it cannot be kept here")
    if b"start" not in out:
        raise RuntimeError("the script did not start: status %r, %r" % (status, err[-300:]))
    return status, out.decode(), err.decode("utf-8", "replace")


@scenario("opens more files than limits.open_files")
def open_files(lab):
    code = "print('start', flush=True)\nkept = [os.open('/dev/null', os.O_RDONLY) for _ in range(100)]\nprint('opened')\n"
    status, out, err = says(lab, code, {"limits": {"open_files": "64"}})
    if "opened" in out:
        return out
    if "Errno 24" not in err:
        raise RuntimeError(err)
    raise Contained("EMFILE")


@scenario("raises a limit that was set: setrlimit")
def raise_limit(lab):
    code = """print('start', flush=True)
resource.setrlimit(resource.RLIMIT_NOFILE, (200, max(200, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
kept = [os.open('/dev/null', os.O_RDONLY) for _ in range(100)]
print('opened')
"""
    _status, out, err = says(lab, code, {"limits": {"open_files": "64"}})
    if "opened" in out:
        return out
    if not any(text in err for text in ("Operation not permitted", "not allowed to raise", "PermissionError")):
        raise RuntimeError(err)
    raise Contained(err.strip().splitlines()[-1])


@scenario("makes more processes than limits.processes")
def processes(lab):
    code = """print('start', flush=True)
made = 0
try:
    for _ in range(40):
        if os.fork() == 0:
            time.sleep(2)
            os._exit(0)
        made += 1
except BlockingIOError:
    print('refused after', made)
    raise SystemExit(0)
print('made', made)
"""
    _status, out, err = says(lab, code, {"limits": {"processes": "20"}})
    if "made 40" in out:
        return out
    if "refused" not in out:
        raise RuntimeError(out + err)
    raise Contained(out.split("\n")[1])


@scenario("a fork bomb (of 120 processes, so that the proof spares this machine) passes limits.processes")
def fork_bomb(lab):
    code = """print('start', flush=True)
for _ in range(7):
    try:
        os.fork()
    except OSError:
        pass
time.sleep(1.5)
"""
    process = lab.script("import os, time\n" + code, {"limits": {"processes": "20", "timeout": "10s"}})
    most, deadline = 0, time.monotonic() + 2.2
    while time.monotonic() < deadline:
        most = max(most, len(lab.processes()))
        time.sleep(0.02)
    finish(process, 12)
    lab.clean()
    if most > 30:
        return "%d processes at once" % most
    if most < 3:
        raise RuntimeError("the bomb did not go off")
    raise Contained("%d processes at most" % most)


@scenario("writes a file larger than limits.file_size")
def file_size(lab):
    path = lab.world.path("write/large-%d" % os.getpid())
    code = """import sys
print('start', flush=True)
with open(sys.argv[1], 'wb', buffering=0) as file:
    for _ in range(32):
        file.write(b'x' * 65536)
"""
    lab.count += 1
    lab.world.file("project/size-%d.py" % lab.count, code, 0o644)
    command = lab.command([lab.world.path("project/size-%d.py" % lab.count), path], {"limits": {"file_size": "1M"}})
    status, out, err = finish(lab.start(command))
    size = os.stat(path).st_size if os.path.exists(path) else -1
    if size == 2 << 20:
        return "%d bytes" % size
    if b"start" not in out or size != 1 << 20:
        raise RuntimeError("status %r, size %d: %r" % (status, size, err))
    raise Contained("%d bytes" % size)


def _fills(lab, where, changes):
    code = """print('start', flush=True)
path = os.path.join(%s, 'filling')
with open(path, 'wb', buffering=0) as file:
    try:
        for _ in range(24):
            file.write(b'x' * (1 << 20))
        print('filled')
    except OSError as error:
        print('errno', error.errno)
os.unlink(path)
""" % where
    _status, out, err = says(lab, code, changes)
    if "filled" in out:
        return out
    if "errno 28" not in out:
        raise RuntimeError(out + err)
    raise Contained("ENOSPC")


@scenario("fills the machine's memory through /tmp", guard=("namespaces",))
def fills_tmp(lab):
    return _fills(lab, "'/tmp'", {"files": {"tmp": "8M"}})


@scenario("fills the machine's memory through /dev/shm", guard=("namespaces",))
def fills_shm(lab):
    return _fills(lab, "'/dev/shm'", {"files": {"tmp": "8M"}})


@scenario("fills the machine's memory through its home", guard=("namespaces",))
def fills_home(lab):
    return _fills(lab, "os.path.expanduser('~')", {"files": {"tmp": "8M"}})


@scenario("takes more memory than limits.memory")
def memory(lab):
    code = """print('start', flush=True)
try:
    block = bytearray(600 << 20)
    for place in range(0, len(block), 4096):
        block[place] = 1
    time.sleep(1.5)
    print('taken')
except MemoryError:
    print('refused')
"""
    status, out, err = says(lab, code, {"limits": {"memory": "200M"}, "require": {"memory": "per-process"}})
    if "taken" in out:
        return "600 MiB"
    if "refused" not in out and status not in (137, -9):
        raise RuntimeError("status %r: %s" % (status, err))
    raise Contained("MemoryError" if "refused" in out else "status %r" % status)


@scenario("burns more processor time than limits.cpu_time")
def cpu_time(lab):
    process = lab.script("print('start', flush=True)\nwhile True:\n    pass\n",
                         {"limits": {"cpu_time": "1s"}, "require": {"cpu_time": "per-process"}})
    status = wait(process, lab.patience(5))
    process.kill()
    lab.clean()
    if status is None:
        return "%d seconds" % lab.patience(5)
    if status != 152:
        raise RuntimeError("status %r: %r" % (status, process.stderr.read()[-300:]))
    raise Contained("status 152")


@scenario("raises its limit of processor time when the warning comes")
def cpu_time_handler(lab):
    code = """import signal, time
print('start', flush=True)
signal.signal(signal.SIGXCPU, signal.SIG_IGN)
while True:
    pass
"""
    process = lab.script(code, {"limits": {"cpu_time": "1s", "grace": "500ms"}, "require": {"cpu_time": "per-process"}})
    status = wait(process, lab.patience(7))
    process.kill()
    lab.clean()
    if status is None:
        return "%d seconds" % lab.patience(7)
    if status not in (152, 137, 124):
        raise RuntimeError("status %r: %r" % (status, process.stderr.read()[-300:]))
    raise Contained("status %d" % status)
