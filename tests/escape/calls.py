"""Raw system calls and the constants that Python does not have. Used by the escape attempts, inside and outside the sandbox."""

import ctypes
import os
import platform
import struct

MACHINE = platform.machine()
LIBC = ctypes.CDLL(None, use_errno=True)

# name: (x86_64, aarch64); None where the architecture has no such call.
NUMBERS = {
    "accept4": (288, 242), "acct": (163, 89), "add_key": (248, 217), "adjtimex": (159, 171), "bpf": (321, 280),
    "capset": (126, 91), "chroot": (161, 51), "clock_settime": (227, 112), "clone": (56, 220), "clone3": (435, 435),
    "delete_module": (176, 106), "execveat": (322, 281), "fanotify_init": (300, 262), "fchmodat": (268, 53),
    "finit_module": (313, 273), "fsopen": (430, 430), "fsmount": (432, 432), "get_robust_list": (274, 100),
    "init_module": (175, 105), "inotify_add_watch": (254, 27), "inotify_init1": (294, 26), "io_setup": (206, 0),
    "io_uring_setup": (425, 425), "ioperm": (173, None), "iopl": (172, None), "ioprio_set": (251, 30),
    "kcmp": (312, 272), "kexec_file_load": (320, 294), "kexec_load": (246, 104), "keyctl": (250, 219),
    "lookup_dcookie": (212, 18), "lsm_set_self_attr": (460, 460), "mbind": (237, 235), "memfd_create": (319, 279),
    "memfd_secret": (447, 447), "migrate_pages": (256, 238), "mknodat": (259, 33), "modify_ldt": (154, None),
    "mount": (165, 40), "mount_setattr": (442, 442), "move_mount": (429, 429), "move_pages": (279, 239),
    "mq_open": (240, 180), "msgget": (68, 186), "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    "open_tree": (428, 428), "perf_event_open": (298, 241), "personality": (135, 92), "pidfd_getfd": (438, 438),
    "pidfd_open": (434, 434), "pidfd_send_signal": (424, 424), "pivot_root": (155, 41), "prctl": (157, 167),
    "process_madvise": (440, 440), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "ptrace": (101, 117), "quotactl": (179, 60), "reboot": (169, 142), "renameat2": (316, 276), "request_key": (249, 218),
    "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240), "sched_setattr": (314, 274), "seccomp": (317, 277),
    "semget": (64, 190), "setns": (308, 268), "sethostname": (170, 161), "setdomainname": (171, 162),
    "setresgid": (119, 149), "setresuid": (117, 147), "settimeofday": (164, 170), "setxattr": (188, 5),
    "shmat": (30, 196), "shmget": (29, 194), "swapoff": (168, 225), "swapon": (167, 224), "syslog": (103, 116),
    "tgkill": (234, 131), "umount2": (166, 39), "unshare": (272, 97), "uselib": (134, None),
    "userfaultfd": (323, 282), "vhangup": (153, 58), "statmount": (457, 457), "listmount": (458, 458),
}

CLONE_NEWTIME, CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS = 0x80, 0x20000, 0x2000000, 0x4000000
CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x8000000, 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MNT_DETACH = 1, 32, 4096, 16384, 2
AT_FDCWD, AT_EMPTY_PATH, O_PATH, O_TMPFILE = -100, 0x1000, 0o10000000, 0o20000000 | os.O_DIRECTORY
PTRACE_ATTACH, PTRACE_SEIZE, PTRACE_DETACH = 16, 0x4206, 17
TIOCSTI, TIOCLINUX, TIOCSCTTY, TIOCSWINSZ = 0x5412, 0x541C, 0x540E, 0x5414
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECUREBITS, PR_SET_MM = 1, 4, 28, 35
PR_SET_CHILD_SUBREAPER, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 36, 47, 2
F_SETSIG, F_SETOWN_EX, F_OWNER_PID = 10, 15, 1


def number(name):
    """The number of a call on this machine, or None."""
    return NUMBERS[name][0 if MACHINE == "x86_64" else 1]


def _argument(value):
    if value is None:
        return ctypes.c_void_p(None)
    if isinstance(value, int):
        return ctypes.c_long(value)
    if isinstance(value, str):
        return ctypes.c_char_p(os.fsencode(value))
    if isinstance(value, bytes):
        return ctypes.c_char_p(value)
    return value


def syscall_number(nr, *arguments):
    """Makes the call by number; returns its result or raises OSError."""
    LIBC.syscall.restype = ctypes.c_long
    ctypes.set_errno(0)
    result = LIBC.syscall(ctypes.c_long(nr), *[_argument(a) for a in arguments])
    if result == -1:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def syscall(name, *arguments):
    return syscall_number(number(name), *arguments)


def prctl(option, a=0, b=0, c=0, d=0):
    return syscall("prctl", option, a, b, c, d)


def run_code(code, *arguments):
    """Runs x86-64 machine code that lies in anonymous executable memory; returns its rax."""
    import mmap
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(code)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    return ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.c_long] * len(arguments))(address)(*arguments)


def capset(effective, permitted, inheritable):
    header = struct.pack("Ii", 0x20080522, 0)
    low, high = 0xFFFFFFFF, 32
    data = struct.pack("6I", effective & low, permitted & low, inheritable & low,
                       effective >> high, permitted >> high, inheritable >> high)
    return syscall("capset", header, data)


def iovec_read(pid, address, length):
    """process_vm_readv of one piece of another process's memory."""
    buffer = ctypes.create_string_buffer(length)
    local = struct.pack("QQ", ctypes.addressof(buffer), length)
    remote = struct.pack("QQ", address, length)
    got = syscall("process_vm_readv", pid, local, 1, remote, 1, 0)
    return buffer.raw[:got]
