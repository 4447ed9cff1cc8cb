"""Processes, threads, waiting, signals and time."""
import multiprocessing
import os
import signal
import sys
import tempfile

from feature import Skip, feature, has, module


def double(number):
    return 2 * number


def put_back(queue, lock, value):
    with lock:
        queue.put(2 * value)


def echo(connection):
    connection.send(connection.recv())


@feature()
def threads():
    import threading
    results = []
    condition = threading.Condition()

    def work(number):
        with condition:
            results.append(number)
            condition.notify()
    crowd = [threading.Thread(target=work, args=(i,)) for i in range(20)]
    for thread in crowd:
        thread.start()
    with condition:
        assert condition.wait_for(lambda: len(results) == 20, 5)
    for thread in crowd:
        thread.join()
    assert threading.Lock().acquire(timeout=1)
    threading.Event().wait(0.001)


@feature()
def thread_pool():
    from concurrent.futures import ThreadPoolExecutor
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(double, range(5))) == [0, 2, 4, 6, 8]


@feature()
def fork():
    child = os.fork()
    if child == 0:
        os._exit(7)
    assert os.WEXITSTATUS(os.waitpid(child, 0)[1]) == 7


@feature()
def waitid_pidfd():
    child = os.fork()
    if child == 0:
        os._exit(0)
    if hasattr(os, "pidfd_open"):
        import select
        descriptor = os.pidfd_open(child)
        assert select.select([descriptor], [], [], 5)[0]
        os.close(descriptor)
    os.waitid(os.P_PID, child, os.WEXITED)


def pool_of(method):
    context = multiprocessing.get_context(method)
    with context.Pool(2) as pool:
        assert pool.map(double, [1, 2, 3]) == [2, 4, 6]
    queue, lock = context.Queue(), context.Lock()
    child = context.Process(target=put_back, args=(queue, lock, 4))
    child.start()
    assert queue.get(timeout=20) == 8
    child.join()
    assert child.exitcode == 0
    here, there = context.Pipe()
    child = context.Process(target=echo, args=(there,))
    child.start()
    here.send([1])
    assert here.recv() == [1]
    child.join()


@feature("own")
def multiprocessing_fork():
    pool_of("fork")


@feature("own")
def multiprocessing_spawn():
    pool_of("spawn")


@feature("own")
def multiprocessing_forkserver():
    pool_of("forkserver")


@feature("own")
def process_pool():
    from concurrent.futures import ProcessPoolExecutor
    with ProcessPoolExecutor(2) as pool:
        assert list(pool.map(double, [1, 2])) == [2, 4]


@feature()
def manager():
    with multiprocessing.get_context("fork").Manager() as shared:
        table = shared.dict(a=1)
        table["b"] = 2
        assert dict(table) == {"a": 1, "b": 2}


@feature("own")
def shared_values():
    value = multiprocessing.Value("i", 3)
    with value.get_lock():
        value.value += 1
    assert value.value == 4 and multiprocessing.Array("d", 5)[2] == 0


@feature("own")
def shared_memory():
    memory = module("multiprocessing.shared_memory") if sys.version_info >= (3, 8) else None
    if memory is None:
        raise Skip("before 3.8")
    block = memory.SharedMemory(create=True, size=1024)
    block.buf[0] = 1
    block.close()
    block.unlink()


@feature()
def interpreter_again():
    """The one program that exec: none leaves."""
    import subprocess
    shown = subprocess.check_output([sys.executable, "-S", "-c", "print(6*7)"], stderr=subprocess.STDOUT)
    assert shown == b"42\n", shown


@feature("program")
def subprocess_():
    import subprocess
    assert subprocess.check_output(["/bin/echo", "hi"]) == b"hi\n"
    assert subprocess.check_output("echo hi | cat", shell=True) == b"hi\n"
    subprocess.run(["/bin/true"], check=True, close_fds=True, pass_fds=(1,), start_new_session=True)
    assert subprocess.run(["/bin/sleep", "9"], timeout=5, check=False,
                          preexec_fn=lambda: signal.alarm(1)).returncode == -signal.SIGALRM


@feature("program")
def spawning():
    assert os.system("true") == 0
    if hasattr(os, "posix_spawn"):
        assert os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)[1] == 0
    with os.popen("echo hi") as shown:
        assert shown.read() == "hi\n"


@feature("program", "exec")
def execute_descriptor():
    child = os.fork()
    if child == 0:
        try:
            os.execve(os.open("/bin/true", os.O_RDONLY), ["true"], {})
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0


@feature()
def limits():
    import resource
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if hasattr(resource, "prlimit"):
        resource.prlimit(0, resource.RLIMIT_CORE)
    resource.getrusage(resource.RUSAGE_CHILDREN)


@feature("full", "view")
def scheduling():
    os.nice(0)
    os.getpriority(os.PRIO_PROCESS, 0)
    os.sched_setaffinity(0, os.sched_getaffinity(0))
    os.sched_getscheduler(0)


@feature()
def processors():
    assert os.cpu_count() and os.sched_getaffinity(0)
    os.sched_yield()
    os.getloadavg() if os.path.exists("/proc/loadavg") else None


@feature("full")
def same_identity():
    os.setuid(os.getuid())
    os.setresgid(os.getgid(), os.getegid(), -1)


@feature()
def identity():
    import getpass
    import platform
    os.getgroups(), os.getsid(0), os.getpgrp(), os.getresuid()
    platform.uname(), os.uname()
    try:
        getpass.getuser()
    except (KeyError, OSError):
        pass  # no such user in the view, or none at all: that is the view's matter


@feature("full", "view")
def pseudo_terminal():
    import pty
    import termios
    if not os.path.exists("/dev/ptmx"):
        raise Skip("no /dev/ptmx in the view")
    leader, follower = pty.openpty()
    termios.tcgetattr(follower)
    os.ttyname(follower)
    os.get_terminal_size(follower)


@feature()
def selecting():
    import select
    import selectors
    r, w = os.pipe()
    os.write(w, b"x")
    os.set_blocking(r, False)
    assert select.select([r], [], [], 1)[0]
    poll = select.poll()
    poll.register(r)
    assert poll.poll(10)
    with select.epoll() as epoll:
        epoll.register(r)
        assert epoll.poll(1)
    with selectors.DefaultSelector() as default:
        default.register(r, selectors.EVENT_READ)
        assert default.select(1)


@feature()
def event_descriptor():
    descriptor = has(os, "eventfd")(1)
    assert os.eventfd_read(descriptor) == 1


@feature("full")
def timer_descriptor():
    os.close(has(os, "timerfd_create")(1))


@feature()
def signals():
    seen = []
    signal.signal(signal.SIGUSR1, lambda number, frame: seen.append(number))
    os.kill(os.getpid(), signal.SIGUSR1)
    signal.raise_signal(signal.SIGUSR1) if hasattr(signal, "raise_signal") else None
    signal.pthread_kill(__import__("threading").get_ident(), signal.SIGUSR1)
    assert seen
    signal.signal(signal.SIGUSR2, lambda number, frame: seen.append(number))
    child = os.fork()
    if child == 0:
        os.kill(os.getppid(), signal.SIGUSR2)
        os._exit(0)
    os.waitpid(child, 0)
    old = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
    os.kill(os.getpid(), signal.SIGUSR2)
    assert signal.SIGUSR2 in signal.sigpending()
    assert signal.sigtimedwait([signal.SIGUSR2], 1).si_signo == signal.SIGUSR2
    signal.pthread_sigmask(signal.SIG_SETMASK, old)
    signal.set_wakeup_fd(-1)
    signal.siginterrupt(signal.SIGUSR1, False)


@feature()
def fault_handler():
    import faulthandler
    with tempfile.TemporaryFile() as out:
        faulthandler.enable(out)
        faulthandler.dump_traceback(out)
        faulthandler.dump_traceback_later(60, file=out)
        faulthandler.cancel_dump_traceback_later()
        faulthandler.disable()


@feature()
def clocks():
    import time
    time.time(), time.monotonic(), time.process_time(), time.perf_counter(), time.localtime()
    time.clock_getres(time.CLOCK_MONOTONIC)
    time.sleep(0.002)
    assert time.thread_time() >= 0 if hasattr(time, "thread_time") else True


@feature()
def randomness():
    import random
    import secrets
    import uuid
    assert len(os.urandom(8)) == 8 and secrets.token_hex() and random.Random().random() < 1
    uuid.uuid4(), uuid.uuid1()
    if hasattr(os, "getrandom"):
        os.getrandom(8)
