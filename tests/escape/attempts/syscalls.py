"""System calls that no script needs. Senseless arguments where the real thing would hurt: an answer that only the
kernel's own code gives shows that the call got through."""

import ctypes
import errno
import fcntl
import os
import signal
import struct

from calls import MACHINE, TIOCLINUX, TIOCSTI, prctl, run_code, syscall, syscall_number
from kit import NO_CALL, Pending, attempt, reached

BUFFER = b"\0" * 512


def _call(name, what, *arguments, kernel=(), proof="root", refused=NO_CALL, fact=None, x86_only=False):
    """One attempt that makes one call; `kernel` are the errnos that show that it got through."""
    def calls(world):
        if x86_only:
            world.need("is_x86", "the call exists on x86-64 only")
        if fact:
            world.need(fact, "this kernel is built without it")
        return reached(lambda: syscall(name, *arguments), *kernel)
    calls.__name__, calls.__module__ = name, __name__
    attempt("%s: %s" % (name, what), refused, proof=proof)(calls)


_call("bpf", "makes a BPF map", 0, struct.pack("IIII", 2, 4, 4, 1).ljust(128, b"\0"), 128)
_call("perf_event_open", "samples the machine", struct.pack("II", 1, 128).ljust(128, b"\0"), 0, -1, -1, 0)
_call("userfaultfd", "handles page faults, the classic helper of kernel exploits", 0)
_call("io_uring_setup", "makes a ring with senseless parameters", 1, None, kernel=(errno.EFAULT,), proof="user")
_call("io_setup", "makes an old asynchronous context", 1, BUFFER, kernel=(errno.EINVAL,), proof="user")
_call("kexec_load", "loads another kernel", 0, 0, 0, 0xFFFF0000, kernel=(errno.EINVAL,), fact="has_kexec")
_call("kexec_file_load", "loads another kernel from a file", -1, -1, 0, None, 0x80, kernel=(errno.EINVAL, errno.EBADF),
      fact="has_kexec_file")
_call("init_module", "loads a module", None, 0, "", kernel=(errno.ENOEXEC, errno.EFAULT), fact="has_modules")
_call("finit_module", "loads a module from a file", -1, "", 0, kernel=(errno.EBADF,), fact="has_modules")
_call("delete_module", "unloads a module", "pyconfine_none", 0, kernel=(errno.ENOENT,), fact="has_modules")
_call("reboot", "reboots the machine", 0, 0, 0, None, kernel=(errno.EINVAL,))
_call("swapon", "adds swap", "/pyconfine-none", 0, kernel=(errno.ENOENT, errno.EINVAL), fact="has_swap")
_call("swapoff", "takes swap away", "/pyconfine-none", kernel=(errno.ENOENT, errno.EINVAL), fact="has_swap")
_call("syslog", "reads the kernel's log", 10, None, 0)
_call("quotactl", "asks for quotas", 0x800001 << 8, None, 0, None, kernel=(errno.EINVAL, errno.ENODEV, errno.EFAULT,
                                                                        errno.ENOENT, errno.ESRCH), fact="has_quota")
_call("iopl", "takes the input and output ports", 3, x86_only=True, fact="has_iopl")
_call("ioperm", "takes one input and output port", 0x80, 1, 1, x86_only=True, fact="has_ioperm")
_call("clock_settime", "sets the clock", 0, struct.pack("qq", -1, -1), kernel=(errno.EINVAL,))
_call("setdomainname", "renames the domain", b"owned", 5)
_call("vhangup", "hangs up the terminal")
_call("modify_ldt", "writes the local descriptor table", 0, ctypes.create_string_buffer(64), 64, proof="user",
      x86_only=True, fact="has_ldt")
_call("memfd_secret", "makes memory that the kernel itself cannot see", 0, proof="user", fact="has_memfd_secret")
_call("name_to_handle_at", "gets a file's handle", -100, "/", None, None, 0, kernel=(errno.EFAULT,), proof="user")
_call("move_pages", "moves pages, which tells addresses", 0, 0, None, None, None, 0, proof="user", kernel=(errno.EINVAL,))
_call("migrate_pages", "moves pages between nodes", 0, 8, BUFFER, BUFFER, proof="user", kernel=(errno.EINVAL,),
      fact="has_numa")
_call("lsm_set_self_attr", "sets its own security label", 100, BUFFER, 32, 0, proof="user",
      kernel=(errno.EOPNOTSUPP, errno.EINVAL), fact="has_lsm_attr")
_call("get_robust_list", "reads where another process keeps its locks", 1, ctypes.create_string_buffer(8),
      ctypes.create_string_buffer(8))


@attempt("makes a System V semaphore that outlives the run", NO_CALL)
def semget(world):
    syscall("semget", world.sysv_key + 1, 1, 0o1000 | 0o666)
    return Pending("semaphore:%d" % (world.sysv_key + 1))


@attempt("enters the kernel by the i386 door: int 0x80 in its own machine code", killed_by=("SIGSYS",), refused=NO_CALL)
def i386_entry(world):
    world.need("has_i386", "this machine has no i386 entry")
    getpid = b"\xb8\x14\x00\x00\x00\xcd\x80\xc3"  # mov eax, 20; int 0x80; ret
    result = run_code(getpid)
    if result != os.getpid():
        raise OSError(-result, os.strerror(-result))
    return "getpid by int 0x80: %d" % result


@attempt("uses x32 call numbers", killed_by=("SIGSYS",),
         proof="this kernel has no x32, so the number is unknown to it; what counts is that the process ends")
def x32_number(world):
    world.need("is_x86", "x32 exists on x86-64 only")
    getpid = b"\xb8\x27\x00\x00\x40\x0f\x05\xc3"  # mov eax, 0x40000027; syscall; ret
    return "the filter let the number through: %d" % run_code(getpid)


@attempt("makes a call that nobody knows (600): the answer must be ENOSYS, so that libraries fall back", {errno.ENOSYS},
         proof="unknown to the kernel as well; what counts is that the answer is no other errno and no signal")
def unknown_number(world):
    return syscall_number(600, 0, 0, 0, 0, 0, 0)


@attempt("clone3 answers ENOSYS, so that threads fall back to clone, whose flags a filter can see", {errno.ENOSYS},
         neighbour=lambda world: __import__("threading").Thread(target=print, kwargs={"end": ""}).start())
def clone3_plain(world):
    return reached(lambda: syscall("clone3", None, 0), errno.EINVAL, errno.EFAULT)


@attempt("writes into the terminal's input queue: TIOCSTI on a descriptor", NO_CALL)
def tiocsti_filter(world):
    handle = os.open("/dev/null", os.O_RDWR)
    return reached(lambda: fcntl.ioctl(handle, TIOCSTI, b"x"), errno.ENOTTY)


@attempt("uses the console's paste buffer: TIOCLINUX on a descriptor", NO_CALL)
def tioclinux_filter(world):
    handle = os.open("/dev/null", os.O_RDWR)
    return reached(lambda: fcntl.ioctl(handle, TIOCLINUX, b"\3"), errno.ENOTTY)


@attempt("hides TIOCSTI's number in the upper half of the register (only 32 bits count for the kernel)", NO_CALL)
def tiocsti_upper_bits(world):
    handle = os.open("/dev/null", os.O_RDWR)
    nr = 16 if MACHINE == "x86_64" else 29
    return reached(lambda: syscall_number(nr, handle, TIOCSTI | 1 << 32, b"x"), errno.ENOTTY)


@attempt("hides a socket family in the upper half of the register", NO_CALL | {errno.EAFNOSUPPORT})
def socket_upper_bits(world):
    nr = 41 if MACHINE == "x86_64" else 198
    return syscall_number(nr, 16 | 1 << 32, 3, 0)  # AF_NETLINK, SOCK_RAW


@attempt("hides the flags of clone in the upper half of the register", NO_CALL | {errno.EINVAL, errno.ENOSPC})
def clone_upper_bits(world):
    pid = syscall("clone", 0x10000000 | signal.SIGCHLD | 1 << 40, 0, 0, 0, 0)
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return pid


@attempt("installs a filter of its own with a listener, and so answers its children's calls", NO_CALL | {errno.EBUSY})
def seccomp_listener(world):
    prctl(38, 1)  # PR_SET_NO_NEW_PRIVS
    allow = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0x7FFF0000))
    program = struct.pack("HxxxxxxQ", 1, ctypes.addressof(allow))
    return syscall("seccomp", 1, 8, program)


@attempt("traces itself to another process: PTRACE_TRACEME", NO_CALL)
def traceme(world):
    return syscall("ptrace", 0, 0, 0, 0)


@attempt("asks the kernel to run pages as 32-bit code: modify_ldt write", NO_CALL)
def ldt_write(world):
    world.need("is_x86", "the call exists on x86-64 only")
    world.need("has_ldt", "this kernel is built without it")
    return reached(lambda: syscall("modify_ldt", 1, b"\0" * 16, 16), errno.EINVAL)
