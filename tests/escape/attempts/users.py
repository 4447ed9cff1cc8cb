"""Becoming somebody else, and laying hands on other processes."""

import errno
import fcntl
import os
import signal
import struct

from calls import (CLONE_NEWCGROUP, CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWTIME, CLONE_NEWUSER,
                   CLONE_NEWUTS, F_OWNER_PID, F_SETOWN_EX, F_SETSIG, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE,
                   PR_SET_MM, PR_SET_SECUREBITS, PTRACE_SEIZE, capset, iovec_read, prctl, syscall)
from kit import INVISIBLE, NO_CALL, NO_PROCESS, Contained, Pending, attempt, reached

# Each of these keeps signals off host processes; without any of them a process of the same user can be signalled.
SIGNALS = ("namespaces", "landlock6", "other-user")
KILLED = NO_PROCESS


def forks(world):
    pid = os.fork()
    if pid == 0:
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7


def kills_own_child(world):
    pid = os.fork()
    if pid == 0:
        signal.pause()
    os.kill(pid, signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -9


def limits_itself(world):
    import resource
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 64), hard))


# --- identity ---

@attempt("becomes root: setresuid(0)", NO_CALL | {errno.EINVAL}, proof="root")
def setuid_root(world):
    syscall("setresuid", 0, 0, 0)
    return os.getuid()


@attempt("takes root's group: setresgid(0)", NO_CALL | {errno.EINVAL}, proof="root")
def setgid_root(world):
    syscall("setresgid", 0, 0, 0)
    return os.getgid()


@attempt("adds itself to groups: setgroups", NO_CALL | {errno.EINVAL}, proof="root")
def setgroups(world):
    os.setgroups([0, 4, 42])
    return os.getgroups()


@attempt("runs as root, or in root's group", proof="root")
def is_root(world):
    if 0 not in os.getresuid() + os.getresgid() + tuple(os.getgroups()):
        raise Contained("uid %d" % os.getuid())
    return os.getresuid(), os.getresgid(), os.getgroups()


@attempt("raises a capability: capset", NO_CALL, proof="root")
def capability_raise(world):
    capset(1 << 21, 1 << 21, 0)
    return "CAP_SYS_ADMIN"


@attempt("raises an ambient capability", NO_CALL | {errno.EINVAL}, proof="root")
def capability_ambient(world):
    capset(1 << 21, 1 << 21, 1 << 21)
    return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 21)


@attempt("holds a capability in any of the five sets", INVISIBLE, proof="root")
def capability_held(world):
    with open("/proc/self/status") as file:
        held = [line.split() for line in file if line.startswith("Cap")]
    held = [(name, mask) for name, mask in held if int(mask, 16) and not (name == "CapBnd:" and not world.bounding_dropped)]
    if not held:
        raise Contained("all sets are empty")
    return held


@attempt("changes its securebits", NO_CALL, proof="root")
def securebits(world):
    return prctl(PR_SET_SECUREBITS, 0)


@attempt("moves its memory map's borders: PR_SET_MM", NO_CALL | {errno.EINVAL}, proof="root")
def set_mm(world):
    world.need("has_sys_resource", "root lacks CAP_SYS_RESOURCE here")
    return reached(lambda: prctl(PR_SET_MM, 6, 4096), errno.EINVAL)


# --- namespaces ---

@attempt("makes a user namespace: unshare", NO_CALL | {errno.ENOSPC}, neighbour=forks)
def unshare_user(world):
    return syscall("unshare", CLONE_NEWUSER)


@attempt("makes a user namespace: clone", NO_CALL | {errno.ENOSPC})
def clone_user(world):
    pid = syscall("clone", CLONE_NEWUSER | signal.SIGCHLD, 0, 0, 0, 0)
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return pid


@attempt("makes a user namespace: clone3", NO_CALL | {errno.ENOSPC})
def clone3_user(world):
    arguments = struct.pack("11Q", CLONE_NEWUSER, 0, 0, 0, signal.SIGCHLD, 0, 0, 0, 0, 0, 0)
    pid = syscall("clone3", arguments, len(arguments))
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return pid



def _unshares(name, flag):
    def unshares(world):
        return syscall("unshare", flag)
    unshares.__name__, unshares.__module__ = "unshare_" + name, __name__
    attempt("makes a new %s namespace" % name, NO_CALL | {errno.EINVAL}, proof="root")(unshares)


for _name, _flag in (("mount", CLONE_NEWNS), ("pid", CLONE_NEWPID), ("network", CLONE_NEWNET), ("ipc", CLONE_NEWIPC),
                     ("uts", CLONE_NEWUTS), ("cgroup", CLONE_NEWCGROUP), ("time", CLONE_NEWTIME)):
    _unshares(_name, _flag)


@attempt("enters the namespaces of PID 1: setns", NO_CALL | INVISIBLE, proof="root")
def setns_init(world):
    return syscall("setns", os.open("/proc/1/ns/uts", os.O_RDONLY), 0)


@attempt("enters the namespaces of a host process through its pidfd", NO_PROCESS, proof="root")
def setns_pidfd(world):
    return syscall("setns", syscall("pidfd_open", world.victim, 0), CLONE_NEWUTS)


@attempt("renames the host: sethostname", NO_CALL, proof="root")
def sethostname(world):
    return syscall("sethostname", b"owned", 5)


@attempt("learns the host's name", guard=("namespaces",))
def hostname(world):
    if os.uname().nodename != world.hostname:
        raise Contained("another name: " + os.uname().nodename)
    return os.uname().nodename


@attempt("puts a key on a keyring that outlives the run: add_key", NO_CALL)
def add_key(world):
    return syscall("add_key", "user", "pyconfine-test", b"x", 1, -2)


@attempt("joins a session keyring: keyctl", NO_CALL)
def keyctl(world):
    return syscall("keyctl", 1, "pyconfine-test", 0, 0, 0)


@attempt("asks for a key of the user: request_key", NO_CALL)
def request_key(world):
    return reached(lambda: syscall("request_key", "user", "pyconfine-none", None, 0), errno.ENOKEY)


@attempt("switches off address randomization: personality", NO_CALL)
def personality(world):
    return syscall("personality", 0x0040000)


@attempt("makes every readable page executable: personality(READ_IMPLIES_EXEC)", NO_CALL)
def personality_exec(world):
    return syscall("personality", 0x0400000)


# --- other processes ---

@attempt("traces a host process of the same user", KILLED)
def ptrace_victim(world):
    return syscall("ptrace", PTRACE_SEIZE, world.victim, 0, 0)


@attempt("traces PID 1", KILLED, proof="root")
def ptrace_init(world):
    return syscall("ptrace", PTRACE_SEIZE, 1, 0, 0)


@attempt("traces its parent", KILLED)
def ptrace_parent(world):
    return syscall("ptrace", PTRACE_SEIZE, os.getppid(), 0, 0)


@attempt("reads the memory of a host process: process_vm_readv", KILLED | {errno.EFAULT})
def vm_read(world):
    return world.must_hold(iovec_read(world.victim, world.victim_address, 64))


@attempt("takes a descriptor out of a host process: pidfd_getfd", KILLED)
def pidfd_getfd(world):
    handle = syscall("pidfd_getfd", syscall("pidfd_open", world.victim, 0), world.victim_fd, 0)
    return world.must_hold(os.pread(handle, 100, 0))


@attempt("takes a descriptor out of PID 1", KILLED | {errno.EBADF}, proof="root")
def pidfd_getfd_init(world):
    return syscall("pidfd_getfd", syscall("pidfd_open", 1, 0), 1, 0)


@attempt("compares resources of a host process: kcmp", KILLED)
def kcmp(world):
    return syscall("kcmp", os.getpid(), world.victim, 1, 0, 0)


@attempt("finds out whether a host process exists: kill(pid, 0)", KILLED, guard=SIGNALS)
def kill_probe(world):
    os.kill(world.victim, 0)
    return "exists"


@attempt("signals a host process of the same user", KILLED, guard=SIGNALS, neighbour=kills_own_child)
def kill_victim(world):
    os.kill(world.victim, 34)
    return Pending("signal:34")


@attempt("signals every process that it may: kill(-1)", KILLED, guard=SIGNALS)
def kill_all(world):
    os.kill(-1, signal.SIGURG)  # ignored by default: only the victim notices
    return Pending("signal:%d" % signal.SIGURG)


@attempt("signals the caller's process group: kill(0)", KILLED, guard=SIGNALS)
def kill_group(world):
    os.kill(0, signal.SIGWINCH)
    return Pending("signal:%d" % signal.SIGWINCH)


@attempt("signals a host process with tgkill", KILLED, guard=SIGNALS)
def tgkill(world):
    syscall("tgkill", world.victim, world.victim, 37)
    return Pending("signal:37")


@attempt("signals a host process with rt_sigqueueinfo", KILLED, guard=SIGNALS)
def sigqueue(world):
    info = struct.pack("iii", 38, 0, -1).ljust(128, b"\0")
    syscall("rt_sigqueueinfo", world.victim, 38, info)
    return Pending("signal:38")


@attempt("signals a host process through a pidfd", KILLED, guard=SIGNALS)
def pidfd_signal(world):
    syscall("pidfd_send_signal", syscall("pidfd_open", world.victim, 0), 39, None, 0)
    return Pending("signal:39")


@attempt("has the kernel signal a host process: F_SETOWN and O_ASYNC", KILLED, guard=SIGNALS)
def sigio(world):
    ours, theirs = os.pipe()
    fcntl.fcntl(ours, F_SETSIG, 40)
    fcntl.fcntl(ours, F_SETOWN_EX, struct.pack("ii", F_OWNER_PID, world.victim))
    fcntl.fcntl(ours, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    os.write(theirs, b"x")
    return Pending("signal:40")


@attempt("has the kernel signal a process group of the host: F_SETOWN with a negative number", KILLED,
         guard=SIGNALS)
def sigio_group(world):
    ours, theirs = os.pipe()
    fcntl.fcntl(ours, F_SETSIG, signal.SIGCONT)  # harmless to the group's other members, this process among them
    fcntl.fcntl(ours, fcntl.F_SETOWN, -world.victim_group)
    fcntl.fcntl(ours, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    os.write(theirs, b"x")
    return Pending("signal:%d" % signal.SIGCONT)


@attempt("changes the limits of a host process: prlimit", KILLED, neighbour=limits_itself)
def prlimit(world):
    import resource
    return resource.prlimit(world.victim, resource.RLIMIT_CORE)


@attempt("slows a host process down: setpriority", KILLED, guard=("namespaces", "other-user"))
def setpriority(world):
    os.setpriority(os.PRIO_PROCESS, world.victim, 5)
    return os.getpriority(os.PRIO_PROCESS, world.victim)


@attempt("pins a host process to one processor: sched_setaffinity", KILLED,
         guard=("namespaces", "other-user"), neighbour=lambda world: os.sched_getaffinity(0))
def affinity(world):
    os.sched_setaffinity(world.victim, {0})
    return os.sched_getaffinity(world.victim)


@attempt("lowers a host process's input and output class: ioprio_set", KILLED)
def ioprio(world):
    return syscall("ioprio_set", 1, world.victim, 3 << 13)


@attempt("changes a host process's scheduler", KILLED, guard=("namespaces", "other-user"))
def scheduler(world):
    os.sched_setscheduler(world.victim, os.SCHED_BATCH, os.sched_param(0))
    return os.sched_getscheduler(world.victim)


@attempt("takes real-time priority", NO_CALL, proof="root")
def realtime(world):
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    return "SCHED_FIFO"


@attempt("raises its own priority: nice(-5)", NO_CALL, proof="root")
def nice(world):
    return os.nice(-5)


@attempt("moves a host process's pages between nodes: move_pages", KILLED)
def move_pages(world):
    return reached(lambda: syscall("move_pages", world.victim, 0, None, None, None, 0), errno.EINVAL)


@attempt("advises away a host process's memory: process_madvise", KILLED, proof="root")
def process_madvise(world):
    handle = syscall("pidfd_open", world.victim, 0)
    piece = struct.pack("QQ", world.victim_address & ~4095, 4096)
    return syscall("process_madvise", handle, piece, 1, 20, 0)


@attempt("makes a host process the OOM killer's first choice", INVISIBLE)
def victim_oom(world):
    with open("/proc/%d/oom_score_adj" % world.victim, "w") as file:
        file.write("1000")
    return "written"
