/* Calls that are two things: which arguments of an allowed call are allowed.
 *
 * The kernel's constants stand here as numbers of our own names, because the headers of the machine that builds are
 * older than the kernels that this runs on; tests/unit/test_filter.c compares those that both know. All are the same on
 * x86-64 and arm64. Order inside a call matters, the common case first where it may be. */
#include "policy/rules.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define EXACTLY UINT32_MAX
#define SET_ID (S_ISUID | S_ISGID)
#define MAKES_FILE 020000100U /* O_CREAT | the bit that makes O_TMPFILE; without them the mode is garbage */
#define SOCK_TYPE_BITS 0xfU   /* the rest is SOCK_NONBLOCK and SOCK_CLOEXEC, or EINVAL */
#define NOEXEC_SEAL 0x8U      /* MFD_NOEXEC_SEAL, Linux 6.3 */

/* Each is one initialiser, not a block. */
/* clang-format off */
/* Shorthands for one test; a rule's tests must all hold. */
#define IS(arg, value) {TEST_EQUAL, (arg), EXACTLY, (uint32_t)(value)}
#define MASKED(arg, mask, value) {TEST_EQUAL, (arg), (uint32_t)(mask), (uint32_t)(value)}
#define HAS_ANY(arg, mask) {TEST_ANY, (arg), (uint32_t)(mask), 0}
#define HAS_NONE(arg, mask) {TEST_NONE, (arg), (uint32_t)(mask), 0}
#define FROM_TO(arg, low, high) {TEST_RANGE, (arg), (uint32_t)(low), (uint32_t)(high)}
#define ANY {{TEST_END, 0, 0, 0}}
/* clang-format on */

/* Set-id bits: the script's directories lie on the host, where they are not nosuid: a set-id file dropped there would
 * be the user's identity for whoever finds it. Not mkdir: the kernel drops the bits of its mode itself. */
#define SET_ID_REASON "a set-id file dropped in a directory of the host lends the user's identity to others there"

/* A row is read across. */
/* clang-format off */
const struct argument_rule argument_rules[] = {
	{"clone", RULE_FORBID, 0, 0, 0, {HAS_ANY(0, NAMESPACE_FLAGS)}, "makes namespaces, as unshare"},
	{"clone", RULE_FORBID, 0, 0, 0, {HAS_ANY(0, FORBIDDEN_CLONE_FLAGS & ~NAMESPACE_FLAGS)},
	 "makes a child of somebody else's, which the supervisor would take for one of its own"},
	{"clone", RULE_ALLOW, 0, 0, 0, ANY, "threads and fork"},

	{"open", RULE_FORBID, 0, 0, 0, {HAS_ANY(1, MAKES_FILE), HAS_ANY(2, SET_ID)}, SET_ID_REASON},
	{"open", RULE_ALLOW, 0, 0, 0, ANY, NULL},
	{"openat", RULE_FORBID, 0, 0, 0, {HAS_ANY(2, MAKES_FILE), HAS_ANY(3, SET_ID)}, SET_ID_REASON},
	{"openat", RULE_ALLOW, 0, 0, 0, ANY, NULL},
	{"creat", RULE_ALLOW, 0, 0, 0, {HAS_NONE(1, SET_ID)}, SET_ID_REASON},
	{"chmod", RULE_ALLOW, 0, 0, 0, {HAS_NONE(1, SET_ID)}, SET_ID_REASON},
	{"fchmod", RULE_ALLOW, 0, 0, 0, {HAS_NONE(1, SET_ID)}, SET_ID_REASON},
	{"fchmodat", RULE_ALLOW, 0, 0, 0, {HAS_NONE(2, SET_ID)}, SET_ID_REASON},
	{"fchmodat2", RULE_ALLOW, 0, 0, 0, {HAS_NONE(2, SET_ID)}, SET_ID_REASON},
	{"mknod", RULE_ALLOW, 0, 0, 0, {HAS_NONE(1, SET_ID), MASKED(1, S_IFMT, 0)}, "a regular file"},
	{"mknod", RULE_ALLOW, 0, 0, 0, {HAS_NONE(1, SET_ID), MASKED(1, S_IFMT, S_IFREG)}, "a regular file"},
	{"mknod", RULE_ALLOW, 0, 0, 0, {HAS_NONE(1, SET_ID), MASKED(1, S_IFMT, S_IFIFO)}, "os.mkfifo"},
	{"mknod", RULE_ALLOW, 0, 0, 0, {HAS_NONE(1, SET_ID), MASKED(1, S_IFMT, S_IFSOCK)}, "a socket nobody listens on"},
	{"mknodat", RULE_ALLOW, 0, 0, 0, {HAS_NONE(2, SET_ID), MASKED(2, S_IFMT, 0)}, "a regular file"},
	{"mknodat", RULE_ALLOW, 0, 0, 0, {HAS_NONE(2, SET_ID), MASKED(2, S_IFMT, S_IFREG)}, "a regular file"},
	{"mknodat", RULE_ALLOW, 0, 0, 0, {HAS_NONE(2, SET_ID), MASKED(2, S_IFMT, S_IFIFO)}, "os.mkfifo"},
	{"mknodat", RULE_ALLOW, 0, 0, 0, {HAS_NONE(2, SET_ID), MASKED(2, S_IFMT, S_IFSOCK)}, "a socket nobody listens on"},

	/* execve("/proc/self/fd/N") reaches a memfd, which Landlock and noexec mounts do not cover. */
	{"memfd_create", RULE_ALLOW, 0, 0, FILTER_EXEC, {MASKED(1, NOEXEC_SEAL, NOEXEC_SEAL)},
	 "memory that cannot be executed by execve"},
	{"memfd_create", RULE_ALLOW, 0, FILTER_EXEC, 0, ANY, "programs may be executed anyway"},
	{"execveat", RULE_ALLOW, 0, FILTER_EXEC, 0, ANY, "programs may be executed anyway"},

	{"personality", RULE_ALLOW, 0, 0, 0, {IS(0, 0xffffffffU)}, "asking"},
	{"personality", RULE_ALLOW, 0, 0, 0, {IS(0, 0)}, "the usual one; others switch off protections of the address space"},
	{"prlimit64", RULE_ALLOW, 0, 0, 0, {IS(0, 0)}, "one's own limits; lowering another process's is as good as a kill"},

	{"ioctl", RULE_FORBID, 0, 0, 0, {IS(1, 0x5412)}, "TIOCSTI: types into the terminal of whoever started us"},
	{"ioctl", RULE_FORBID, 0, 0, 0, {IS(1, 0x541c)}, "TIOCLINUX: pastes into a console"},
	{"ioctl", RULE_FORBID, 0, 0, 0, {IS(1, 0x541d)}, "TIOCCONS: takes the console's output"},
	{"ioctl", RULE_FORBID, 0, 0, 0, {IS(1, 0x5423)}, "TIOCSETD: line disciplines, a history of kernel faults"},
	{"ioctl", RULE_FORBID, 0, 0, 0, {FROM_TO(1, 0x8901, 0x8902)},
	 "FIOSETOWN, SIOCSPGRP: have the kernel send a signal to a process of choice"},
	/* An owner may do these to a file that is open for reading only, and neither a read-only grant nor Landlock says no. */
	{"ioctl", RULE_FORBID, 0, 0, 0, {IS(1, 0x40086602)}, "FS_IOC_SETFLAGS: append-only, immutable, no dump"},
	{"ioctl", RULE_FORBID, 0, 0, 0, {IS(1, 0x40046602)}, "FS_IOC32_SETFLAGS"},
	{"ioctl", RULE_FORBID, 0, 0, 0, {IS(1, 0x40087602)}, "FS_IOC_SETVERSION"},
	{"ioctl", RULE_FORBID, 0, 0, 0, {IS(1, 0x401c5820)}, "FS_IOC_FSSETXATTR: project id, and with it quotas"},
	{"ioctl", RULE_FORBID, 0, 0, 0, {IS(1, 0x40806685)}, "FS_IOC_ENABLE_VERITY: unchangeable for ever"},
	{"ioctl", RULE_FORBID, 0, 0, 0, {IS(1, 0x800c6613)}, "FS_IOC_SET_ENCRYPTION_POLICY"},
	{"ioctl", RULE_ALLOW, 0, 0, FILTER_STRICT, ANY, "devices are the view's and Landlock's matter"},
	{"ioctl", RULE_ALLOW, 0, FILTER_STRICT, 0, {IS(1, 0x5401)}, "TCGETS: isatty, at every open of Python"},
	{"ioctl", RULE_ALLOW, 0, FILTER_STRICT, 0, {IS(1, 0x802c542a)}, "TCGETS2: the same since glibc 2.42"},
	{"ioctl", RULE_ALLOW, 0, FILTER_STRICT, 0, {FROM_TO(1, 0x5450, 0x5451)}, "FIONCLEX, FIOCLEX: os.set_inheritable"},
	{"ioctl", RULE_ALLOW, 0, FILTER_STRICT, 0, {IS(1, 0x5421)}, "FIONBIO: os.set_blocking, asyncio"},
	{"ioctl", RULE_ALLOW, 0, FILTER_STRICT, 0, {IS(1, 0x541b)}, "FIONREAD: how much a pipe holds"},
	{"ioctl", RULE_ALLOW, 0, FILTER_STRICT, 0, {IS(1, 0x5413)}, "TIOCGWINSZ: the width of help texts"},
	{"ioctl", RULE_ALLOW, 0, FILTER_STRICT, 0, {IS(1, 0x540f)}, "TIOCGPGRP: am I in the foreground"},
	{"ioctl", RULE_ALLOW, 0, FILTER_STRICT, 0, {IS(1, 0x40049409)}, "FICLONE: pathlib's copy"},
	{"ioctl", RULE_ERRNO, ENOTTY, FILTER_STRICT, 0, ANY, "as a device that does not know it"},

	/* fcntl: the owner and signal of a descriptor make the kernel send that signal, SIGKILL too, to any process of the
	 * same user; leases stop other processes' opens for 45 s. */
	{"fcntl", RULE_ALLOW, 0, 0, 0, {FROM_TO(1, 0, 7)}, "duplicate, flags, locks"},
	{"fcntl", RULE_ALLOW, 0, 0, 0, {FROM_TO(1, 1027, 1038)}, "F_DUPFD_CLOEXEC, pipe size, seals, hints"},
	{"fcntl", RULE_ALLOW, 0, 0, 0, {FROM_TO(1, 36, 38)}, "locks of an open file: tempfile users, sqlite"},
	{"fcntl", RULE_ALLOW, 0, 0, 0, {IS(1, 9)}, "F_GETOWN"},
	{"fcntl", RULE_ALLOW, 0, 0, 0, {IS(1, 11)}, "F_GETSIG"},
	{"fcntl", RULE_ALLOW, 0, 0, 0, {IS(1, 16)}, "F_GETOWN_EX"},
	{"fcntl", RULE_ALLOW, 0, 0, 0, {IS(1, 1025)}, "F_GETLEASE"},
	{"fcntl", RULE_ALLOW, 0, 0, FILTER_STRICT, {IS(1, 1026)}, "F_NOTIFY: watching a directory, as inotify"},

	{"socket", RULE_ALLOW, 0, 0, 0, {IS(0, AF_UNIX)}, "within the machine; which ones is the view's matter"},
	{"socket", RULE_ALLOW, 0, FILTER_INET, 0, {IS(0, AF_INET), MASKED(1, SOCK_TYPE_BITS, SOCK_STREAM), IS(2, 0)}, "TCP"},
	{"socket", RULE_ALLOW, 0, FILTER_INET, 0, {IS(0, AF_INET), MASKED(1, SOCK_TYPE_BITS, SOCK_STREAM), IS(2, 6)}, "TCP"},
	{"socket", RULE_ALLOW, 0, FILTER_INET, 0, {IS(0, AF_INET), MASKED(1, SOCK_TYPE_BITS, SOCK_DGRAM), IS(2, 0)}, "UDP"},
	{"socket", RULE_ALLOW, 0, FILTER_INET, 0, {IS(0, AF_INET), MASKED(1, SOCK_TYPE_BITS, SOCK_DGRAM), IS(2, 17)}, "UDP"},
	{"socket", RULE_ALLOW, 0, FILTER_INET, 0, {IS(0, AF_INET6), MASKED(1, SOCK_TYPE_BITS, SOCK_STREAM), IS(2, 0)}, "TCP"},
	{"socket", RULE_ALLOW, 0, FILTER_INET, 0, {IS(0, AF_INET6), MASKED(1, SOCK_TYPE_BITS, SOCK_STREAM), IS(2, 6)}, "TCP"},
	{"socket", RULE_ALLOW, 0, FILTER_INET, 0, {IS(0, AF_INET6), MASKED(1, SOCK_TYPE_BITS, SOCK_DGRAM), IS(2, 0)}, "UDP"},
	{"socket", RULE_ALLOW, 0, FILTER_INET, 0, {IS(0, AF_INET6), MASKED(1, SOCK_TYPE_BITS, SOCK_DGRAM), IS(2, 17)}, "UDP"},
	/* getaddrinfo asks the kernel for interfaces at every call and goes on without: no denial to be explained. */
	{"socket", RULE_ERRNO, EAFNOSUPPORT, 0, 0, {IS(0, AF_NETLINK), IS(2, 0)},
	 "NETLINK_ROUTE: a large kernel interface, of which libc needs nothing"},
	{"socketpair", RULE_ALLOW, 0, 0, 0, {IS(0, AF_UNIX)}, "asyncio, multiprocessing"},
	{"setsockopt", RULE_FORBID, 0, 0, 0, {IS(1, SOL_SOCKET), IS(2, 26)}, "SO_ATTACH_FILTER: BPF"},
	{"setsockopt", RULE_FORBID, 0, 0, 0, {IS(1, SOL_SOCKET), FROM_TO(2, 50, 52)}, "SO_ATTACH_BPF, _REUSEPORT_*: BPF"},
	{"setsockopt", RULE_FORBID, 0, 0, 0, {IS(1, 6), IS(2, 31)}, "TCP_ULP: TLS inside the kernel, a history of faults"},
	{"setsockopt", RULE_ALLOW, 0, 0, 0, ANY, NULL},

	/* prctl: what a process may ask or set for itself. Not PR_SET_PDEATHSIG: a script that clears it outlives its
	 * supervisor where there is no PID namespace. Not PR_SET_CHILD_SUBREAPER: orphans must come to the supervisor, which
	 * counts and ends them. Not PR_SET_DUMPABLE: what it denied could not be explained. Not PR_SET_MM, PR_SET_PTRACER,
	 * PR_SET_SPECULATION_CTRL (takes a mitigation off), PR_SCHED_CORE (touches other processes). */
	{"prctl", RULE_ALLOW, 0, 0, 0, {FROM_TO(0, 15, 16)}, "PR_SET_NAME, PR_GET_NAME: thread names"},
	{"prctl", RULE_ALLOW, 0, 0, 0, {FROM_TO(0, 2, 3)}, "PR_GET_PDEATHSIG, PR_GET_DUMPABLE"},
	{"prctl", RULE_ALLOW, 0, 0, 0, {IS(0, 7)}, "PR_GET_KEEPCAPS"},
	{"prctl", RULE_ALLOW, 0, 0, 0, {IS(0, 21)}, "PR_GET_SECCOMP"},
	{"prctl", RULE_ALLOW, 0, FILTER_EXEC, FILTER_STRICT, {IS(0, 22)}, "PR_SET_SECCOMP: programs that sandbox themselves"},
	{"prctl", RULE_ALLOW, 0, 0, 0, {IS(0, 23)}, "PR_CAPBSET_READ"},
	{"prctl", RULE_ALLOW, 0, 0, 0, {IS(0, 25)}, "PR_GET_TSC"},
	{"prctl", RULE_ALLOW, 0, 0, 0, {IS(0, 27)}, "PR_GET_SECUREBITS"},
	{"prctl", RULE_ALLOW, 0, 0, 0, {FROM_TO(0, 29, 30)}, "PR_SET_TIMERSLACK, PR_GET_TIMERSLACK"},
	{"prctl", RULE_ALLOW, 0, 0, 0, {FROM_TO(0, 37, 39)}, "PR_GET_CHILD_SUBREAPER, PR_SET and _GET_NO_NEW_PRIVS"},
	{"prctl", RULE_ALLOW, 0, 0, 0, {FROM_TO(0, 41, 42)}, "PR_SET_THP_DISABLE, PR_GET_THP_DISABLE: allocators"},
	{"prctl", RULE_ALLOW, 0, 0, 0, {IS(0, 51)}, "PR_SVE_GET_VL: vector length on arm64"},
	{"prctl", RULE_ALLOW, 0, 0, 0, {IS(0, 52)}, "PR_GET_SPECULATION_CTRL"},
	{"prctl", RULE_ALLOW, 0, 0, 0, {IS(0, 56)}, "PR_GET_TAGGED_ADDR_CTRL"},
	{"prctl", RULE_ALLOW, 0, 0, 0, {IS(0, 66)}, "PR_GET_MDWE"},
	{"prctl", RULE_ALLOW, 0, 0, 0, {FROM_TO(0, 74, 76)}, "arm64's shadow stack, switched on by libc at start"},
	{"prctl", RULE_ALLOW, 0, 0, 0, {IS(0, 0x53564d41)}, "PR_SET_VMA: names of mappings, glibc and jemalloc"},

	/* seccomp: a listener would make the script the supervisor of what it starts; nobody needs it. Operation 1 with the
	 * flag 8 (SECCOMP_FILTER_FLAG_NEW_LISTENER). */
	{"seccomp", RULE_ALLOW, 0, 0, 0, {IS(0, 2)}, "SECCOMP_GET_ACTION_AVAIL: asking"},
	{"seccomp", RULE_ALLOW, 0, FILTER_EXEC, 0, {FROM_TO(0, 0, 1), HAS_NONE(1, 8)}, "programs that sandbox themselves"},
	{NULL, RULE_ALLOW, 0, 0, 0, ANY, NULL},
};
/* clang-format on */

/* A row is read across. */
/* clang-format off */
const struct argument_rule init_argument_rules[] = {
	{"prctl", RULE_ALLOW, 0, 0, 0, {IS(0, 1)}, "PR_SET_PDEATHSIG"},
	{"openat", RULE_ALLOW, 0, 0, 0, {HAS_NONE(2, O_ACCMODE | MAKES_FILE)}, "reading /proc"},
	{NULL, RULE_ALLOW, 0, 0, 0, ANY, NULL},
};
/* clang-format on */
