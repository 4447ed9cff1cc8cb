/* Calls, and what each variant of the filter is to answer: the allowed one and its forbidden neighbour. */
#ifndef TESTS_FILTER_EXPECTATIONS_H
#define TESTS_FILTER_EXPECTATIONS_H

#include <errno.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "policy/filter.h"

#define INET FILTER_INET
#define EXEC FILTER_EXEC
#define STRICT FILTER_STRICT

/* Expected answers; others are errno values. */
enum { OK = 0, NO = -1 };

struct expectation {
	const char *call;
	uint64_t args[4];
	int answer;
	unsigned with, without; /* in which variants; the others have a row of their own */
};

/* High halves full of garbage: the kernel looks at the low half of these arguments only, and so must the filter. */
#define DIRTY 0xffff123400000000U

static const struct expectation expectations[] = {
	{ "read", { 0 }, OK, 0, 0 },
	{ "execve", { 0 }, OK, 0, 0 },
	{ "restart_syscall", { 0 }, OK, 0, 0 },
	{ "rt_sigreturn", { 0 }, OK, 0, 0 },
	{ "futex", { 0 }, OK, 0, 0 },
	{ "rseq", { 0 }, OK, 0, 0 },
	{ "getrandom", { 0 }, OK, 0, 0 },
	{ "kill", { 1, SIGKILL }, OK, 0, 0 },
	{ "pidfd_open", { 1 }, OK, 0, 0 },
	{ "mprotect", { 0, 4096, 7 }, OK, 0, 0 },
	{ "fork", { 0 }, OK, 0, 0 },
	{ "vfork", { 0 }, OK, 0, 0 },
	{ "uretprobe", { 0 }, OK, 0, 0 },

	{ "clone", { SIGCHLD }, OK, 0, 0 },
	{ "clone", { CLONE_VM | CLONE_VFORK | SIGCHLD }, OK, 0, 0 },
	{ "clone", { 0x3d0f00 }, OK, 0, 0 }, /* pthread_create */
	{ "clone", { CLONE_PIDFD | SIGCHLD }, OK, 0, 0 },
	{ "clone", { DIRTY | SIGCHLD }, OK, 0, 0 },
	{ "clone", { 0x80 | SIGCHLD }, OK, 0, 0 }, /* CLONE_NEWTIME's bit is part of clone's exit signal */
	{ "clone", { CLONE_NEWUSER | SIGCHLD }, NO, 0, 0 },
	{ "clone", { DIRTY | CLONE_NEWUSER }, NO, 0, 0 },
	{ "clone", { CLONE_NEWNS }, NO, 0, 0 },
	{ "clone", { CLONE_NEWNET }, NO, 0, 0 },
	{ "clone", { CLONE_NEWPID }, NO, 0, 0 },
	{ "clone", { CLONE_NEWIPC }, NO, 0, 0 },
	{ "clone", { CLONE_NEWUTS }, NO, 0, 0 },
	{ "clone", { CLONE_NEWCGROUP }, NO, 0, 0 },
	{ "clone", { CLONE_PARENT | SIGCHLD }, NO, 0, 0 },
	{ "clone", { CLONE_PTRACE }, NO, 0, 0 },
	{ "clone", { CLONE_UNTRACED }, NO, 0, 0 },
	{ "clone3", { 0 }, ENOSYS, 0, 0 },
	{ "unshare", { CLONE_NEWUSER }, NO, 0, 0 },
	{ "unshare", { 0 }, NO, 0, 0 },
	{ "setns", { 0 }, NO, 0, 0 },
	{ "mount", { 0 }, NO, 0, 0 },
	{ "umount2", { 0 }, NO, 0, 0 },
	{ "move_mount", { 0 }, NO, 0, 0 },
	{ "open_tree", { 0 }, NO, 0, 0 },
	{ "mount_setattr", { 0 }, NO, 0, 0 },
	{ "pivot_root", { 0 }, NO, 0, 0 },
	{ "chroot", { 0 }, NO, 0, 0 },
	{ "ptrace", { 0 }, NO, 0, 0 },
	{ "process_vm_readv", { 0 }, NO, 0, 0 },
	{ "process_vm_writev", { 0 }, NO, 0, 0 },
	{ "pidfd_getfd", { 0 }, NO, 0, 0 },
	{ "kcmp", { 0 }, NO, 0, 0 },
	{ "bpf", { 0 }, NO, 0, 0 },
	{ "perf_event_open", { 0 }, NO, 0, 0 },
	{ "userfaultfd", { 0 }, NO, 0, 0 },
	{ "io_uring_setup", { 0 }, NO, 0, 0 },
	{ "keyctl", { 0 }, NO, 0, 0 },
	{ "open_by_handle_at", { 0 }, NO, 0, 0 },
	{ "fanotify_init", { 0 }, NO, 0, 0 },
	{ "syslog", { 0 }, NO, 0, 0 },
	{ "reboot", { 0 }, NO, 0, 0 },
	{ "finit_module", { 0 }, NO, 0, 0 },
	{ "modify_ldt", { 0 }, NO, 0, 0 },
	{ "settimeofday", { 0 }, NO, 0, 0 },
	{ "sethostname", { 0 }, NO, 0, 0 },
	{ "vmsplice", { 0 }, NO, 0, 0 },
	{ "openat2", { 0 }, ENOSYS, 0, 0 }, /* its mode is in memory */
	{ "memfd_secret", { 0 }, ENOSYS, 0, 0 },
	{ "futex_waitv", { 0 }, ENOSYS, 0, 0 },

	{ "openat", { 0, 0, O_RDONLY, 06777 }, OK, 0, 0 }, /* without O_CREAT the mode is garbage */
	{ "openat", { 0, 0, O_CREAT | O_RDWR, 0644 }, OK, 0, 0 },
	{ "openat", { 0, 0, O_CREAT | O_RDWR, DIRTY | 0755 }, OK, 0, 0 },
	{ "openat", { 0, 0, O_CREAT | O_RDWR, 04755 }, NO, 0, 0 },
	{ "openat", { 0, 0, DIRTY | O_CREAT, DIRTY | 02755 }, NO, 0, 0 },
	{ "openat", { 0, 0, O_TMPFILE | O_RDWR, 0600 }, OK, 0, 0 },
	{ "openat", { 0, 0, O_TMPFILE | O_RDWR, 04700 }, NO, 0, 0 },
	{ "openat", { 0, 0, O_DIRECTORY, 04700 }, OK, 0, 0 },
	{ "open", { 0, O_CREAT, 0644 }, OK, 0, 0 },
	{ "open", { 0, O_CREAT, 02644 }, NO, 0, 0 },
	{ "creat", { 0, 0644 }, OK, 0, 0 },
	{ "creat", { 0, 04644 }, NO, 0, 0 },
	{ "chmod", { 0, 01777 }, OK, 0, 0 },
	{ "chmod", { 0, 04755 }, NO, 0, 0 },
	{ "fchmod", { 0, 0755 }, OK, 0, 0 },
	{ "fchmod", { 0, DIRTY | 0755 }, OK, 0, 0 },
	{ "fchmod", { 0, 02755 }, NO, 0, 0 },
	{ "fchmodat", { 0, 0, 0755 }, OK, 0, 0 },
	{ "fchmodat", { 0, 0, 06755 }, NO, 0, 0 },
	{ "fchmodat2", { 0, 0, 0755 }, OK, 0, 0 },
	{ "fchmodat2", { 0, 0, 04755 }, NO, 0, 0 },
	{ "mknodat", { 0, 0, S_IFREG | 0644 }, OK, 0, STRICT },
	{ "mknodat", { 0, 0, S_IFREG | 0644 }, NO, STRICT, 0 },
	{ "mknodat", { 0, 0, S_IFIFO | 0644 }, OK, 0, STRICT },
	{ "mknodat", { 0, 0, S_IFSOCK | 0644 }, OK, 0, STRICT },
	{ "mknodat", { 0, 0, 0644 }, OK, 0, STRICT },
	{ "mknodat", { 0, 0, S_IFREG | 04755 }, NO, 0, 0 },
	{ "mknodat", { 0, 0, S_IFCHR | 0644 }, NO, 0, 0 },
	{ "mknodat", { 0, 0, S_IFBLK | 0644 }, NO, 0, 0 },
	{ "mknod", { 0, S_IFIFO | 0600 }, OK, 0, STRICT },
	{ "mknod", { 0, S_IFCHR | 0600 }, NO, 0, 0 },

	{ "memfd_create", { 0, 1 }, OK, EXEC, 0 },
	{ "memfd_create", { 0, 1 }, NO, 0, EXEC },
	{ "memfd_create", { 0, 0x10 }, NO, 0, EXEC }, /* MFD_EXEC */
	{ "memfd_create", { 0, DIRTY | 9 }, OK, 0, 0 },
	{ "execveat", { 0 }, OK, EXEC, 0 },
	{ "execveat", { 0 }, NO, 0, EXEC },

	{ "personality", { 0xffffffff }, OK, 0, 0 },
	{ "personality", { 0 }, OK, 0, 0 },
	{ "personality", { DIRTY }, OK, 0, 0 },
	{ "personality", { 0x40000 }, NO, 0, 0 }, /* ADDR_NO_RANDOMIZE */
	{ "personality", { 8 }, NO, 0, 0 },
	{ "prlimit64", { 0, 7 }, OK, 0, 0 },
	{ "prlimit64", { 1, 7 }, NO, 0, 0 },

	{ "ioctl", { 0, 0x5401 }, OK, 0, 0 },
	{ "ioctl", { 0, DIRTY | 0x5401 }, OK, 0, 0 },
	{ "ioctl", { 0, FIONBIO }, OK, 0, 0 },
	{ "ioctl", { 0, FIOCLEX }, OK, 0, 0 },
	{ "ioctl", { 0, TIOCGWINSZ }, OK, 0, 0 },
	{ "ioctl", { 0, TIOCSTI }, NO, 0, 0 },
	{ "ioctl", { 0, DIRTY | TIOCSTI }, NO, 0, 0 },
	{ "ioctl", { 0, TIOCLINUX }, NO, 0, 0 },
	{ "ioctl", { 0, TIOCCONS }, NO, 0, 0 },
	{ "ioctl", { 0, TIOCSETD }, NO, 0, 0 },
	{ "ioctl", { 0, 0x8901 }, NO, 0, 0 },
	{ "ioctl", { 0, 0x8902 }, NO, 0, 0 },
	{ "ioctl", { 0, TIOCSWINSZ }, OK, 0, STRICT },
	{ "ioctl", { 0, TIOCSWINSZ }, ENOTTY, STRICT, 0 },

	{ "fcntl", { 0, F_DUPFD }, OK, 0, 0 },
	{ "fcntl", { 0, F_SETLKW }, OK, 0, 0 },
	{ "fcntl", { 0, F_OFD_SETLK }, OK, 0, 0 },
	{ "fcntl", { 0, F_DUPFD_CLOEXEC }, OK, 0, 0 },
	{ "fcntl", { 0, F_ADD_SEALS }, OK, 0, 0 },
	{ "fcntl", { 0, F_GETOWN }, OK, 0, 0 },
	{ "fcntl", { 0, F_SETOWN }, NO, 0, 0 },
	{ "fcntl", { 0, DIRTY | F_SETOWN }, NO, 0, 0 },
	{ "fcntl", { 0, F_SETOWN_EX }, NO, 0, 0 },
	{ "fcntl", { 0, F_SETSIG }, NO, 0, 0 },
	{ "fcntl", { 0, F_SETLEASE }, NO, 0, 0 },
	{ "fcntl", { 0, 1040 }, NO, 0, 0 }, /* F_SETDELEG */
	{ "fcntl", { 0, F_NOTIFY }, OK, 0, STRICT },
	{ "fcntl", { 0, F_NOTIFY }, NO, STRICT, 0 },

	{ "socket", { AF_UNIX, SOCK_STREAM, 0 }, OK, 0, 0 },
	{ "socket", { AF_INET, SOCK_STREAM, 0 }, OK, INET, 0 },
	{ "socket", { AF_INET, SOCK_STREAM, 0 }, NO, 0, INET },
	{ "socket", { DIRTY | AF_INET, DIRTY | SOCK_STREAM, DIRTY }, OK, INET, 0 },
	{ "socket", { AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 17 }, OK, INET, 0 },
	{ "socket", { AF_INET6, SOCK_DGRAM, 0 }, NO, 0, INET },
	{ "socket", { AF_INET, SOCK_STREAM, 6 }, OK, INET, 0 },
	{ "socket", { AF_INET, SOCK_STREAM, 262 }, NO, 0, 0 }, /* MPTCP */
	{ "socket", { AF_INET, SOCK_STREAM, 132 }, NO, 0, 0 }, /* SCTP */
	{ "socket", { AF_INET, SOCK_STREAM, 17 }, NO, 0, 0 },
	{ "socket", { AF_INET, SOCK_SEQPACKET, 132 }, NO, 0, 0 },
	{ "socket", { AF_INET, SOCK_RAW, 1 }, NO, 0, 0 },
	{ "socket", { AF_INET, SOCK_DGRAM, 1 }, NO, 0, 0 },   /* ping */
	{ "socket", { AF_INET, SOCK_DGRAM, 136 }, NO, 0, 0 }, /* UDP-Lite */
	{ "socket", { AF_NETLINK, SOCK_RAW, 0 }, EAFNOSUPPORT, 0, 0 },
	{ "socket", { AF_NETLINK, SOCK_RAW, 12 }, NO, 0, 0 }, /* netfilter */
	{ "socket", { AF_PACKET, SOCK_RAW, 0 }, NO, 0, 0 },
	{ "socket", { AF_VSOCK, SOCK_STREAM, 0 }, NO, 0, 0 },
	{ "socket", { AF_ALG, SOCK_SEQPACKET, 0 }, NO, 0, 0 },
	{ "socket", { AF_BLUETOOTH, SOCK_RAW, 0 }, NO, 0, 0 },
	{ "socketpair", { AF_UNIX, SOCK_STREAM, 0 }, OK, 0, 0 },
	{ "socketpair", { AF_TIPC, SOCK_SEQPACKET, 0 }, NO, 0, 0 },
	{ "setsockopt", { 0, SOL_SOCKET, SO_REUSEADDR }, OK, 0, 0 },
	{ "setsockopt", { 0, 6, 26 }, OK, 0, 0 }, /* the same number on another level */
	{ "setsockopt", { 0, SOL_SOCKET, SO_ATTACH_FILTER }, NO, 0, 0 },
	{ "setsockopt", { 0, SOL_SOCKET, SO_ATTACH_BPF }, NO, 0, 0 },
	{ "setsockopt", { 0, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF }, NO, 0, 0 },
	{ "setsockopt", { 0, SOL_SOCKET, 52 }, NO, 0, 0 }, /* SO_ATTACH_REUSEPORT_EBPF */
	{ "setsockopt", { 0, 41, 51 }, OK, 0, 0 },
	{ "setsockopt", { 0, 6, 31 }, NO, 0, 0 },

	{ "prctl", { PR_SET_NAME }, OK, 0, 0 },
	{ "prctl", { PR_GET_DUMPABLE }, OK, 0, 0 },
	{ "prctl", { PR_CAPBSET_READ }, OK, 0, 0 },
	{ "prctl", { PR_SET_NO_NEW_PRIVS }, OK, 0, 0 },
	{ "prctl", { PR_SET_TIMERSLACK }, OK, 0, 0 },
	{ "prctl", { PR_SET_THP_DISABLE }, OK, 0, 0 },
	{ "prctl", { PR_SET_VMA }, OK, 0, 0 },
	{ "prctl", { PR_SET_PDEATHSIG }, NO, 0, 0 },
	{ "prctl", { DIRTY | PR_SET_PDEATHSIG }, NO, 0, 0 },
	{ "prctl", { PR_SET_DUMPABLE }, NO, 0, 0 },
	{ "prctl", { PR_SET_CHILD_SUBREAPER }, NO, 0, 0 },
	{ "prctl", { PR_SET_MM }, NO, 0, 0 },
	{ "prctl", { PR_SET_PTRACER }, NO, 0, 0 },
	{ "prctl", { PR_SET_SECUREBITS }, NO, 0, 0 },
	{ "prctl", { PR_CAP_AMBIENT }, NO, 0, 0 },
	{ "prctl", { PR_SET_SPECULATION_CTRL }, NO, 0, 0 },
	{ "prctl", { PR_SCHED_CORE }, NO, 0, 0 },
	{ "prctl", { PR_SET_SECCOMP }, OK, EXEC, STRICT },
	{ "prctl", { PR_SET_SECCOMP }, NO, 0, EXEC },
	{ "prctl", { PR_SET_SECCOMP }, NO, STRICT, 0 },
	{ "seccomp", { 1, 0 }, OK, EXEC, STRICT },
	{ "seccomp", { 1, 8 }, NO, 0, 0 }, /* a listener */
	{ "seccomp", { 2, 0 }, OK, 0, STRICT },
	{ "seccomp", { 1, 0 }, NO, 0, EXEC },
	{ "landlock_restrict_self", { 0 }, OK, 0, STRICT },

	{ "inotify_init1", { 0 }, OK, 0, STRICT },
	{ "inotify_init1", { 0 }, NO, STRICT, 0 },
	{ "shmget", { 0 }, OK, 0, STRICT },
	{ "shmget", { 0 }, NO, STRICT, 0 },
	{ "setxattr", { 0 }, NO, STRICT, 0 },
	{ "listxattr", { 0 }, OK, 0, 0 },
	{ "mlock", { 0 }, NO, STRICT, 0 },
	{ "sched_setaffinity", { 0 }, NO, STRICT, 0 },
	{ "sched_getaffinity", { 0 }, OK, 0, 0 },
	{ "timer_create", { 0 }, NO, STRICT, 0 },
	{ "setitimer", { 0 }, OK, 0, 0 },
	{ "splice", { 0 }, NO, STRICT, 0 },
	{ "setuid", { 0 }, OK, 0, STRICT },
	{ "setuid", { 0 }, NO, STRICT, 0 },
};

#endif
