/* Raw system calls: the value, or -errno.
 *
 * For the code between clone and exec, and for what glibc has no wrapper for. All are async-signal-safe, allocate
 * nothing and leave errno alone: the child may share memory with its parent. glibc's setresuid, setresgid and setgroups
 * signal every thread of the process and take locks, the raw ones act on the calling thread only, which is the only one
 * there is. Semantics are those of the man pages (section 2) of the same name. */
#ifndef HOST_SYSCALLS_H
#define HOST_SYSCALLS_H

#include <linux/capability.h>
#include <linux/filter.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>

#include "host/uapi.h"

#if defined(__x86_64__)
static inline long raw_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
	                 : "=a"(result)
	                 : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
	                 : "rcx", "r11", "memory");
	return result;
}
#elif defined(__aarch64__)
static inline long raw_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory", "cc");
	return x0;
}
#else
#error "pyconfine knows the system calls of x86-64 and arm64 only"
#endif

/* ---- Processes ---- */

/* As fork, with CLONE_NEW* and CLONE_PIDFD (the descriptor goes to *pidfd, which may be NULL without it): 0 in the
 * child. The exit signal is SIGCHLD. Nothing of glibc's fork is done (no atfork handlers), so the child must keep to
 * the calls that are listed as async-signal-safe. Not for CLONE_VM: parent and child would share this stack frame,
 * which only the C library's vfork, known to the compiler as returning twice, gets right. */
static inline pid_t raw_clone(unsigned long flags, int *pidfd)
{
	/* CLONE_PIDFD puts the descriptor where parent_tid goes: third argument everywhere. The last two (child_tid,
	 * tls) are in the opposite order on arm64 and x86-64, and both are unused. */
	return (pid_t)raw_syscall(SYS_clone, (long)(flags | (unsigned long)SIGCHLD), 0, (long)pidfd, 0, 0, 0);
}

/* The same, with the child in the control group of a directory's descriptor from its first instruction on (Linux 5.7):
 * unlike moving it later that takes no lock of the whole machine. */
static inline pid_t raw_clone_into(unsigned long flags, int cgroup_fd)
{
	const struct pc_clone_args args = { .flags = flags | PC_CLONE_INTO_CGROUP,
		                            .exit_signal = SIGCHLD,
		                            .cgroup = (uint64_t)cgroup_fd };

	return (pid_t)raw_syscall(SYS_clone3, (long)&args, sizeof(args), 0, 0, 0, 0);
}

static inline int raw_unshare(unsigned long flags)
{
	return (int)raw_syscall(SYS_unshare, (long)flags, 0, 0, 0, 0, 0);
}

static inline int raw_setns(int fd, int type)
{
	return (int)raw_syscall(SYS_setns, fd, type, 0, 0, 0, 0);
}

static inline _Noreturn void raw_exit(int status)
{
	for (;;)
		raw_syscall(SYS_exit_group, status, 0, 0, 0, 0, 0);
}

static inline int raw_execveat(int fd, const char *path, const char *const *argv, const char *const *envp, int flags)
{
	return (int)raw_syscall(SYS_execveat, fd, (long)path, (long)argv, (long)envp, flags, 0);
}

static inline int raw_execve(const char *path, const char *const *argv, const char *const *envp)
{
	return (int)raw_syscall(SYS_execve, (long)path, (long)argv, (long)envp, 0, 0, 0);
}

static inline int raw_waitid(int type, int id, siginfo_t *info, int options)
{
	return (int)raw_syscall(SYS_waitid, type, id, (long)info, options, 0, 0);
}

static inline pid_t raw_wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
	return (pid_t)raw_syscall(SYS_wait4, pid, (long)status, options, (long)usage, 0, 0);
}

static inline int raw_pidfd_open(pid_t pid, unsigned flags)
{
	return (int)raw_syscall(SYS_pidfd_open, pid, (long)flags, 0, 0, 0, 0);
}

static inline int raw_pidfd_send_signal(int pidfd, int signal_number, siginfo_t *info, unsigned flags)
{
	return (int)raw_syscall(SYS_pidfd_send_signal, pidfd, signal_number, (long)info, (long)flags, 0, 0);
}

static inline int raw_kill(pid_t pid, int signal_number)
{
	return (int)raw_syscall(SYS_kill, pid, signal_number, 0, 0, 0, 0);
}

static inline pid_t raw_getpid(void)
{
	return (pid_t)raw_syscall(SYS_getpid, 0, 0, 0, 0, 0, 0);
}

static inline pid_t raw_getppid(void)
{
	return (pid_t)raw_syscall(SYS_getppid, 0, 0, 0, 0, 0, 0);
}

static inline pid_t raw_setsid(void)
{
	return (pid_t)raw_syscall(SYS_setsid, 0, 0, 0, 0, 0, 0);
}

static inline int raw_setpgid(pid_t pid, pid_t group)
{
	return (int)raw_syscall(SYS_setpgid, pid, group, 0, 0, 0, 0);
}

static inline long raw_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	return raw_syscall(SYS_prctl, option, (long)a, (long)b, (long)c, (long)d, 0);
}

static inline int raw_prlimit64(pid_t pid, int resource, const struct rlimit *value, struct rlimit *old)
{
	_Static_assert(sizeof(struct rlimit) == 16, "struct rlimit is the kernel's struct rlimit64");
	return (int)raw_syscall(SYS_prlimit64, pid, resource, (long)value, (long)old, 0, 0);
}

static inline int raw_rt_sigaction(int signal_number, const void *action, void *old)
{
	return (int)raw_syscall(SYS_rt_sigaction, signal_number, (long)action, (long)old, 8, 0, 0);
}

/* `set` is the kernel's 64-bit mask: bit N-1 stands for signal N. */
static inline int raw_rt_sigprocmask(int how, const uint64_t *set, uint64_t *old)
{
	return (int)raw_syscall(SYS_rt_sigprocmask, how, (long)set, (long)old, sizeof(*set), 0, 0);
}

static inline int raw_sethostname(const char *name, size_t length)
{
	return (int)raw_syscall(SYS_sethostname, (long)name, (long)length, 0, 0, 0, 0);
}

/* ---- Identity and privilege ---- */

static inline uid_t raw_geteuid(void)
{
	return (uid_t)raw_syscall(SYS_geteuid, 0, 0, 0, 0, 0, 0);
}

static inline gid_t raw_getegid(void)
{
	return (gid_t)raw_syscall(SYS_getegid, 0, 0, 0, 0, 0, 0);
}

static inline int raw_getresuid(uid_t *real, uid_t *effective, uid_t *saved)
{
	return (int)raw_syscall(SYS_getresuid, (long)real, (long)effective, (long)saved, 0, 0, 0);
}

static inline int raw_getresgid(gid_t *real, gid_t *effective, gid_t *saved)
{
	return (int)raw_syscall(SYS_getresgid, (long)real, (long)effective, (long)saved, 0, 0, 0);
}

static inline int raw_setresuid(uid_t real, uid_t effective, uid_t saved)
{
	return (int)raw_syscall(SYS_setresuid, (long)real, (long)effective, (long)saved, 0, 0, 0);
}

static inline int raw_setresgid(gid_t real, gid_t effective, gid_t saved)
{
	return (int)raw_syscall(SYS_setresgid, (long)real, (long)effective, (long)saved, 0, 0, 0);
}

static inline int raw_setgroups(size_t count, const gid_t *groups)
{
	return (int)raw_syscall(SYS_setgroups, (long)count, (long)groups, 0, 0, 0, 0);
}

static inline int raw_getgroups(int count, gid_t *groups)
{
	return (int)raw_syscall(SYS_getgroups, count, (long)groups, 0, 0, 0, 0);
}

/* Capability sets as 64-bit masks; version 3 of the interface, of the calling thread. */
struct capability_sets {
	uint64_t effective, permitted, inheritable;
};

static inline int raw_capget(struct capability_sets *sets)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3, .pid = 0 };
	struct __user_cap_data_struct data[2];
	long result = raw_syscall(SYS_capget, (long)&header, (long)data, 0, 0, 0, 0);

	if (result)
		return (int)result;
	sets->effective = data[0].effective | (uint64_t)data[1].effective << 32;
	sets->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	sets->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
	return 0;
}

static inline int raw_capset(const struct capability_sets *sets)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3, .pid = 0 };
	struct __user_cap_data_struct data[2];

	data[0].effective = (uint32_t)sets->effective;
	data[0].permitted = (uint32_t)sets->permitted;
	data[0].inheritable = (uint32_t)sets->inheritable;
	data[1].effective = (uint32_t)(sets->effective >> 32);
	data[1].permitted = (uint32_t)(sets->permitted >> 32);
	data[1].inheritable = (uint32_t)(sets->inheritable >> 32);
	return (int)raw_syscall(SYS_capset, (long)&header, (long)data, 0, 0, 0, 0);
}

/* ---- Landlock and seccomp ---- */

/* The ABI with attr NULL, size 0, flags LANDLOCK_CREATE_RULESET_VERSION; else a descriptor (close-on-exec). */
static inline int raw_landlock_create_ruleset(const struct pc_landlock_ruleset_attr *attr, size_t size, unsigned flags)
{
	return (int)raw_syscall(SYS_landlock_create_ruleset, (long)attr, (long)size, (long)flags, 0, 0, 0);
}

/* rule: struct pc_landlock_path_beneath_attr or pc_landlock_net_port_attr, by type */
static inline int raw_landlock_add_rule(int ruleset_fd, int type, const void *rule, unsigned flags)
{
	return (int)raw_syscall(SYS_landlock_add_rule, ruleset_fd, type, (long)rule, (long)flags, 0, 0);
}

static inline int raw_landlock_restrict_self(int ruleset_fd, unsigned flags)
{
	return (int)raw_syscall(SYS_landlock_restrict_self, ruleset_fd, (long)flags, 0, 0, 0, 0);
}

/* With SECCOMP_FILTER_FLAG_NEW_LISTENER the result is the listener's descriptor (close-on-exec). */
static inline int raw_seccomp(unsigned operation, unsigned long flags, const void *argument)
{
	return (int)raw_syscall(SYS_seccomp, (long)operation, (long)flags, (long)argument, 0, 0, 0);
}

/* ---- Mounts ---- */

static inline int raw_open_tree(int fd, const char *path, unsigned flags)
{
	return (int)raw_syscall(SYS_open_tree, fd, (long)path, (long)flags, 0, 0, 0);
}

static inline int raw_move_mount(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	return (int)raw_syscall(SYS_move_mount, from_fd, (long)from, to_fd, (long)to, (long)flags, 0);
}

static inline int raw_fsopen(const char *type, unsigned flags)
{
	return (int)raw_syscall(SYS_fsopen, (long)type, (long)flags, 0, 0, 0, 0);
}

static inline int raw_fsconfig(int fd, unsigned command, const char *key, const void *value, int auxiliary)
{
	return (int)raw_syscall(SYS_fsconfig, fd, (long)command, (long)key, (long)value, auxiliary, 0);
}

static inline int raw_fsmount(int fd, unsigned flags, unsigned attributes)
{
	return (int)raw_syscall(SYS_fsmount, fd, (long)flags, (long)attributes, 0, 0, 0);
}

static inline int raw_mount_setattr(int fd, const char *path, unsigned flags, const struct pc_mount_attr *attr)
{
	return (int)raw_syscall(SYS_mount_setattr, fd, (long)path, (long)flags, (long)attr, sizeof(*attr), 0);
}

static inline int raw_mount(const char *source, const char *target, const char *type, unsigned long flags,
                            const void *data)
{
	return (int)raw_syscall(SYS_mount, (long)source, (long)target, (long)type, (long)flags, (long)data, 0);
}

static inline int raw_umount2(const char *target, int flags)
{
	return (int)raw_syscall(SYS_umount2, (long)target, flags, 0, 0, 0, 0);
}

static inline int raw_pivot_root(const char *new_root, const char *put_old)
{
	return (int)raw_syscall(SYS_pivot_root, (long)new_root, (long)put_old, 0, 0, 0, 0);
}

static inline int raw_chroot(const char *path)
{
	return (int)raw_syscall(SYS_chroot, (long)path, 0, 0, 0, 0, 0);
}

/* ---- Files ---- */

static inline int raw_openat(int directory_fd, const char *path, int flags, mode_t mode)
{
	return (int)raw_syscall(SYS_openat, directory_fd, (long)path, flags, (long)mode, 0, 0);
}

static inline int raw_openat2(int directory_fd, const char *path, const struct pc_open_how *how)
{
	return (int)raw_syscall(SYS_openat2, directory_fd, (long)path, (long)how, sizeof(*how), 0, 0);
}

static inline ssize_t raw_read(int fd, void *data, size_t size)
{
	return raw_syscall(SYS_read, fd, (long)data, (long)size, 0, 0, 0);
}

static inline ssize_t raw_write(int fd, const void *data, size_t size)
{
	return raw_syscall(SYS_write, fd, (long)data, (long)size, 0, 0, 0);
}

static inline int raw_close(int fd)
{
	return (int)raw_syscall(SYS_close, fd, 0, 0, 0, 0, 0);
}

static inline int raw_close_range(unsigned first, unsigned last, unsigned flags)
{
	return (int)raw_syscall(SYS_close_range, (long)first, (long)last, (long)flags, 0, 0, 0);
}

static inline int raw_dup3(int old, int new, int flags)
{
	return (int)raw_syscall(SYS_dup3, old, new, flags, 0, 0, 0);
}

static inline int raw_fcntl(int fd, int command, long argument)
{
	return (int)raw_syscall(SYS_fcntl, fd, command, argument, 0, 0, 0);
}

static inline int raw_ioctl(int fd, unsigned long request, const void *argument)
{
	return (int)raw_syscall(SYS_ioctl, fd, (long)request, (long)argument, 0, 0, 0);
}

static inline int raw_fstatat(int directory_fd, const char *path, struct stat *st, int flags)
{
	return (int)raw_syscall(SYS_newfstatat, directory_fd, (long)path, (long)st, flags, 0, 0);
}

static inline int raw_mkdirat(int directory_fd, const char *path, mode_t mode)
{
	return (int)raw_syscall(SYS_mkdirat, directory_fd, (long)path, (long)mode, 0, 0, 0);
}

static inline int raw_symlinkat(const char *target, int directory_fd, const char *path)
{
	return (int)raw_syscall(SYS_symlinkat, (long)target, directory_fd, (long)path, 0, 0, 0);
}

static inline int raw_fchmod(int fd, mode_t mode)
{
	return (int)raw_syscall(SYS_fchmod, fd, (long)mode, 0, 0, 0, 0);
}

static inline int raw_fchownat(int directory_fd, const char *path, uid_t uid, gid_t gid, int flags)
{
	return (int)raw_syscall(SYS_fchownat, directory_fd, (long)path, (long)uid, (long)gid, flags, 0);
}

static inline int raw_chdir(const char *path)
{
	return (int)raw_syscall(SYS_chdir, (long)path, 0, 0, 0, 0, 0);
}

static inline int raw_fchdir(int fd)
{
	return (int)raw_syscall(SYS_fchdir, fd, 0, 0, 0, 0, 0);
}

static inline mode_t raw_umask(mode_t mask)
{
	return (mode_t)raw_syscall(SYS_umask, (long)mask, 0, 0, 0, 0, 0);
}

static inline int raw_pipe2(int fds[2], int flags)
{
	return (int)raw_syscall(SYS_pipe2, (long)fds, flags, 0, 0, 0, 0);
}

static inline int raw_socket(int family, int type, int protocol)
{
	return (int)raw_syscall(SYS_socket, family, type, protocol, 0, 0, 0);
}

#endif
