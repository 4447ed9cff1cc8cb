/* Which compiled filter, and the rows in front of it: what the profile says, and what only the mode of this run
 * needs. */
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/text.h"
#include "host/uapi.h"
#include "plan/parts.h"
#include "policy/filter.h"
#include "policy/observed.h"

/* Without a view and without namespaces of its own, calls that Landlock does not decide reach the host's things.
 * `below`: the Landlock ABI from which on the row is not needed; 0: always. */
struct mode_row {
	const char *call;
	enum filter_row_action action;
	int8_t arg;
	uint32_t mask, value;
	int below;
	const char *why;
	enum mode_row_relief {
		ALWAYS,
		OWN_USER, /* not needed where the script runs as a user of its own, which owns nothing else */
		BROKERED, /* the same; and elsewhere the supervisor's broker does it for what lies below a write grant
		           */
	} relief;
};

static const struct mode_row landlock_mode_rows[] = {
	{ "chmod", ROW_EPERM, -1, 0, 0, 0, "Landlock does not decide about modes", BROKERED },
	{ "fchmod", ROW_EPERM, -1, 0, 0, 0, "a file opened for reading could be changed", BROKERED },
	{ "fchmodat", ROW_EPERM, -1, 0, 0, 0, "like chmod", BROKERED },
	{ "fchmodat2", ROW_EPERM, -1, 0, 0, 0, "like chmod", OWN_USER },
	{ "chown", ROW_EPERM, -1, 0, 0, 0, "Landlock does not decide about owners", OWN_USER },
	{ "fchown", ROW_EPERM, -1, 0, 0, 0, "like chown", OWN_USER },
	{ "lchown", ROW_EPERM, -1, 0, 0, 0, "like chown", OWN_USER },
	{ "fchownat", ROW_EPERM, -1, 0, 0, 0, "like chown", OWN_USER },
	{ "utime", ROW_EPERM, -1, 0, 0, 0, "Landlock does not decide about times", OWN_USER },
	{ "utimes", ROW_EPERM, -1, 0, 0, 0, "like utime", OWN_USER },
	{ "futimesat", ROW_EPERM, -1, 0, 0, 0, "like utime", OWN_USER },
	{ "utimensat", ROW_EPERM, -1, 0, 0, 0, "like utime", BROKERED },
	{ "setxattr", ROW_EPERM, -1, 0, 0, 0, "Landlock does not decide about attributes", ALWAYS },
	{ "lsetxattr", ROW_EPERM, -1, 0, 0, 0, "like setxattr", ALWAYS },
	{ "fsetxattr", ROW_EPERM, -1, 0, 0, 0, "like setxattr", ALWAYS },
	{ "removexattr", ROW_EPERM, -1, 0, 0, 0, "like setxattr", ALWAYS },
	{ "lremovexattr", ROW_EPERM, -1, 0, 0, 0, "like setxattr", ALWAYS },
	{ "fremovexattr", ROW_EPERM, -1, 0, 0, 0, "like setxattr", ALWAYS },
	{ "inotify_add_watch", ROW_EPERM, -1, 0, 0, 0, "would report names from directories that may not be read",
	  ALWAYS },
	{ "shmget", ROW_EPERM, -1, 0, 0, 0, "System V memory of other programs", ALWAYS },
	{ "shmat", ROW_EPERM, -1, 0, 0, 0, "like shmget", ALWAYS },
	{ "shmctl", ROW_EPERM, -1, 0, 0, 0, "like shmget", ALWAYS },
	{ "semget", ROW_EPERM, -1, 0, 0, 0, "like shmget", ALWAYS },
	{ "semctl", ROW_EPERM, -1, 0, 0, 0, "like shmget", ALWAYS },
	{ "semop", ROW_EPERM, -1, 0, 0, 0, "like shmget", ALWAYS },
	{ "semtimedop", ROW_EPERM, -1, 0, 0, 0, "like shmget", ALWAYS },
	{ "msgget", ROW_EPERM, -1, 0, 0, 0, "like shmget", ALWAYS },
	{ "msgsnd", ROW_EPERM, -1, 0, 0, 0, "like shmget", ALWAYS },
	{ "msgrcv", ROW_EPERM, -1, 0, 0, 0, "like shmget", ALWAYS },
	{ "msgctl", ROW_EPERM, -1, 0, 0, 0, "like shmget", ALWAYS },
	{ "mq_open", ROW_EPERM, -1, 0, 0, 0, "message queues of other programs", ALWAYS },
	{ "mq_unlink", ROW_EPERM, -1, 0, 0, 0, "like mq_open", ALWAYS },
	{ "setpriority", ROW_EPERM, -1, 0, 0, 0, "could slow other processes of the user", ALWAYS },
	{ "ioprio_set", ROW_EPERM, -1, 0, 0, 0, "like setpriority", ALWAYS },
	{ "sched_setscheduler", ROW_EPERM, -1, 0, 0, 0, "like setpriority", ALWAYS },
	{ "sched_setparam", ROW_EPERM, -1, 0, 0, 0, "like setpriority", ALWAYS },
	{ "sched_setattr", ROW_EPERM, -1, 0, 0, 0, "like setpriority", ALWAYS },
	{ "sched_setaffinity", ROW_ALLOW, 0, 0xffffffff, 0, 0, "its own", ALWAYS },
	{ "sched_setaffinity", ROW_EPERM, -1, 0, 0, 0, "like setpriority", ALWAYS },
	{ "truncate", ROW_EPERM, -1, 0, 0, 3, "Landlock decides about it from ABI 3 on", ALWAYS },
	{ "open", ROW_EPERM, 1, O_TRUNC | O_ACCMODE, O_TRUNC | O_RDONLY, 3,
	  "truncates what is only granted for reading", ALWAYS },
	{ "openat", ROW_EPERM, 2, O_TRUNC | O_ACCMODE, O_TRUNC | O_RDONLY, 3, "like open", ALWAYS },
};

/* What reaches out although there is no network: a UNIX socket that lies in a granted directory, and a socket that was
 * handed over as stdin. Streams are connected by the supervisor's broker (supervise/broker.h); what sends without
 * connecting is not to be had, and nothing connects where there is no broker.
 *
 * Where the broker connects by rule, the script holds sockets of the host's network. What would use such a one for
 * anything but the connection that was decided goes to the broker, or is refused. */
enum network_case {
	IN_BROKER = 1,  /* a network namespace, and a broker */
	IN_NOTHING = 2, /* no broker */
	IN_RULES = 4,   /* the broker, and sockets of the host's network */
	IN_GIVEN = 8,   /* the same without a network namespace: the broker makes all sockets */
};

#define WHOLE 0xffffffff

static const struct network_row {
	const char *call;
	unsigned cases;
	enum filter_row_action action;
	int8_t arg;
	uint32_t mask, value, next_mask, next_value;
} network_rows[] = {
	{ "connect", IN_BROKER | IN_RULES | IN_GIVEN, ROW_NOTIFY, -1, 0, 0, 0, 0 },
	{ "connect", IN_NOTHING, ROW_FORBID, -1, 0, 0, 0, 0 },
	{ "bind", IN_RULES | IN_GIVEN, ROW_NOTIFY, -1, 0, 0, 0, 0 },
	{ "listen", IN_RULES | IN_GIVEN, ROW_NOTIFY, -1, 0, 0, 0, 0 },
	{ "socket", IN_GIVEN, ROW_NOTIFY, -1, 0, 0, 0, 0 },
	{ "socket", IN_NOTHING, ROW_FORBID, 0, WHOLE, AF_UNIX, 0, 0 },
	{ "socket", IN_BROKER | IN_RULES, ROW_FORBID, 0, WHOLE, AF_UNIX, 0xf, SOCK_DGRAM },
	{ "socket", IN_BROKER | IN_RULES, ROW_FORBID, 0, WHOLE, AF_UNIX, 0xf, SOCK_RAW },
	{ "socket", IN_BROKER | IN_RULES, ROW_FORBID, 0, WHOLE, AF_UNIX, 0xf, SOCK_SEQPACKET },
	{ "socketpair", IN_BROKER | IN_NOTHING | IN_RULES | IN_GIVEN, ROW_FORBID, 1, 0xf, SOCK_DGRAM, 0, 0 },
	{ "socketpair", IN_BROKER | IN_NOTHING | IN_RULES | IN_GIVEN, ROW_FORBID, 1, 0xf, SOCK_RAW, 0, 0 },
	{ "sendto", IN_BROKER | IN_NOTHING | IN_RULES | IN_GIVEN, ROW_FORBID, 3, MSG_FASTOPEN, MSG_FASTOPEN, 0, 0 },
	{ "sendmsg", IN_BROKER | IN_NOTHING | IN_RULES | IN_GIVEN, ROW_FORBID, 2, MSG_FASTOPEN, MSG_FASTOPEN, 0, 0 },
	{ "sendmmsg", IN_BROKER | IN_NOTHING | IN_RULES | IN_GIVEN, ROW_FORBID, 3, MSG_FASTOPEN, MSG_FASTOPEN, 0, 0 },
	/* packets of a connection can be sent by way of a machine of choice (source routes, routing headers), out of
	 * an interface of choice, and a socket be turned into one of another family; joining a group makes the host
	 * send packets that name it */
	{ "setsockopt", IN_RULES | IN_GIVEN, ROW_FORBID, 1, WHOLE, IPPROTO_IP, WHOLE, 4 /* IP_OPTIONS */ },
	{ "setsockopt", IN_RULES | IN_GIVEN, ROW_FORBID, 1, WHOLE, IPPROTO_IP, WHOLE, 50 /* IP_UNICAST_IF */ },
	{ "setsockopt", IN_RULES | IN_GIVEN, ROW_FORBID, 1, WHOLE, IPPROTO_IP, WHOLE, 35 /* IP_ADD_MEMBERSHIP */ },
	{ "setsockopt", IN_RULES | IN_GIVEN, ROW_FORBID, 1, WHOLE, IPPROTO_IP, WHOLE,
	  39 /* IP_ADD_SOURCE_MEMBERSHIP */ },
	{ "setsockopt", IN_RULES | IN_GIVEN, ROW_FORBID, 1, WHOLE, IPPROTO_IP, WHOLE, 42 /* MCAST_JOIN_GROUP */ },
	{ "setsockopt", IN_RULES | IN_GIVEN, ROW_FORBID, 1, WHOLE, IPPROTO_IP, WHOLE,
	  46 /* MCAST_JOIN_SOURCE_GROUP */ },
	{ "setsockopt", IN_RULES | IN_GIVEN, ROW_FORBID, 1, WHOLE, IPPROTO_IPV6, WHOLE, 1 /* IPV6_ADDRFORM */ },
	{ "setsockopt", IN_RULES | IN_GIVEN, ROW_FORBID, 1, WHOLE, IPPROTO_IPV6, WHOLE, 5 /* IPV6_2292RTHDR */ },
	{ "setsockopt", IN_RULES | IN_GIVEN, ROW_FORBID, 1, WHOLE, IPPROTO_IPV6, WHOLE, 6 /* IPV6_2292PKTOPTIONS */ },
	{ "setsockopt", IN_RULES | IN_GIVEN, ROW_FORBID, 1, WHOLE, IPPROTO_IPV6, WHOLE, 20 /* IPV6_JOIN_GROUP */ },
	{ "setsockopt", IN_RULES | IN_GIVEN, ROW_FORBID, 1, WHOLE, IPPROTO_IPV6, WHOLE, 27 /* IPV6_JOIN_ANYCAST */ },
	{ "setsockopt", IN_RULES | IN_GIVEN, ROW_FORBID, 1, WHOLE, IPPROTO_IPV6, WHOLE, 42 /* MCAST_JOIN_GROUP */ },
	{ "setsockopt", IN_RULES | IN_GIVEN, ROW_FORBID, 1, WHOLE, IPPROTO_IPV6, WHOLE,
	  46 /* MCAST_JOIN_SOURCE_GROUP */ },
	{ "setsockopt", IN_RULES | IN_GIVEN, ROW_FORBID, 1, WHOLE, IPPROTO_IPV6, WHOLE, 57 /* IPV6_RTHDR */ },
	{ "setsockopt", IN_RULES | IN_GIVEN, ROW_FORBID, 1, WHOLE, IPPROTO_IPV6, WHOLE, 50 /* IPV6_PKTINFO */ },
	{ "setsockopt", IN_RULES | IN_GIVEN, ROW_FORBID, 1, WHOLE, IPPROTO_IPV6, WHOLE, 76 /* IPV6_UNICAST_IF */ },
	{ "setsockopt", IN_RULES | IN_GIVEN, ROW_FORBID, 1, WHOLE, SOL_SOCKET, WHOLE, 25 /* SO_BINDTODEVICE */ },
	{ "setsockopt", IN_RULES | IN_GIVEN, ROW_FORBID, 1, WHOLE, SOL_SOCKET, WHOLE, 62 /* SO_BINDTOIFINDEX */ },
	{ "setsockopt", IN_RULES | IN_GIVEN, ROW_FORBID, 1, WHOLE, IPPROTO_IPV6, WHOLE, 32 /* IPV6_FLOWLABEL_MGR */ },
	/* sending would connect */
	{ "setsockopt", IN_RULES | IN_GIVEN, ROW_FORBID, 1, WHOLE, IPPROTO_TCP, WHOLE, 30 /* TCP_FASTOPEN_CONNECT */ },
	{ "setsockopt", IN_GIVEN, ROW_NOTIFY, 1, WHOLE, IPPROTO_IP, WHOLE, 11 /* IP_RECVERR */ },
	{ "setsockopt", IN_GIVEN, ROW_NOTIFY, 1, WHOLE, IPPROTO_IPV6, WHOLE, 25 /* IPV6_RECVERR */ },
	/* SIOC*: the host's interfaces, addresses and routes */
	{ "ioctl", IN_RULES | IN_GIVEN, ROW_FORBID, 1, 0xff00, 0x8900, 0, 0 },
};

struct rows {
	struct filter_row *items;
	size_t count;
};

static void row_add(struct build *b, struct rows *rows, const struct filter_row *row)
{
	rows->items = arena_grow(b->arena, rows->items, rows->count, sizeof(*rows->items));
	rows->items[rows->count++] = *row;
}

static int add_profile_rows(struct build *b, struct rows *rows, const struct profile_strings *names,
                            enum filter_row_action action)
{
	char shown[64];

	for (size_t i = 0; i < names->count; i++) {
		int number = -1;
		enum syscall_lookup found = syscall_find(names->items[i].value, &number);

		if (found == SYSCALL_UNKNOWN) {
			error_set(b->err, CODE_UNKNOWN_SYSCALL, "system.syscalls: there is no system call \"%s\"",
			          escape_into(shown, sizeof(shown), names->items[i].value));
			b->err->pos = names->items[i].pos;
			return -1;
		}
		/* an observed call is let through by the supervisor, which sees it so */
		bool observed = b->plan->trace && action == ROW_ALLOW && observed_call_is(names->items[i].value);

		if (found == SYSCALL_ELSEWHERE)
			plan_note(b, "system.syscalls: %s does not exist on this machine", names->items[i].value);
		else
			row_add(b, rows,
			        &(struct filter_row){ .number = (uint32_t)number,
			                              .action = observed ? ROW_NOTIFY : action,
			                              .arg = -1 });
	}
	return 0;
}

static void add_mode_rows(struct build *b, struct rows *rows)
{
	int abi = b->facts->features[FEATURE_LANDLOCK].level;

	for (size_t i = 0; i < sizeof(landlock_mode_rows) / sizeof(landlock_mode_rows[0]); i++) {
		const struct mode_row *row = &landlock_mode_rows[i];
		int number = -1;

		if ((row->below && abi >= row->below) || syscall_find(row->call, &number) != SYSCALL_KNOWN)
			continue;
		if (row->relief != ALWAYS && b->plan->change_user)
			continue;
		row_add(b, rows,
		        &(struct filter_row){ .number = (uint32_t)number,
		                              .arg = row->arg,
		                              .mask = row->mask,
		                              .value = row->value,
		                              .action = row->relief == BROKERED && b->plan->notify ? ROW_NOTIFY
		                                                                                   : row->action });
	}
}

static void add_network_rows(struct build *b, struct rows *rows)
{
	bool broker = b->plan->notify && (b->plan->namespaces & CLONE_NEWNET);
	unsigned here = b->plan->network.given      ? IN_GIVEN
	                : b->plan->network.by_rules ? IN_RULES
	                : broker                    ? IN_BROKER
	                                            : IN_NOTHING;

	for (size_t i = 0; i < sizeof(network_rows) / sizeof(network_rows[0]); i++) {
		const struct network_row *row = &network_rows[i];
		int number = -1;

		if ((row->cases & here) && syscall_find(row->call, &number) == SYSCALL_KNOWN)
			row_add(b, rows,
			        &(struct filter_row){ .number = (uint32_t)number,
			                              .action = row->action,
			                              .arg = row->arg,
			                              .mask = row->mask,
			                              .value = row->value,
			                              .next_mask = row->next_mask,
			                              .next_value = row->next_value });
	}
	if (!broker && b->plan->mode == MODE_NAMESPACES)
		plan_note(
			b,
			"without user notification nothing connects: multiprocessing's forkserver and managers, servers on loopback");
}

/* A signal that arrives while the broker works must not make the call start anew (Linux 5.19). */
static bool has_killable_wait(const struct host_facts *facts)
{
	return facts->kernel_major > 5 || (facts->kernel_major == 5 && facts->kernel_minor >= 19);
}

/* Memory that no process has mapped is in no process's books: without a cgroup it cannot be counted, so it is not made.
 * The C library and multiprocessing do without. */
static void add_memory_rows(struct build *b, struct rows *rows)
{
	static const char *const calls[] = { "memfd_create", "shmget", NULL };

	for (size_t i = 0; calls[i]; i++) {
		int number = -1;

		if (syscall_find(calls[i], &number) == SYSCALL_KNOWN)
			row_add(b, rows,
			        &(struct filter_row){ .number = (uint32_t)number, .action = ROW_ENOSYS, .arg = -1 });
	}
}

/* What makes processes and threads, with none of the flags that are forbidden anyway (policy/arguments.c). */
static void add_fork_rows(struct build *b, struct rows *rows)
{
	static const struct filter_row all[] = {
		{ .arg = 0, .mask = FORBIDDEN_CLONE_FLAGS, .value = 0, .action = ROW_NOTIFY },
		{ .arg = -1, .action = ROW_NOTIFY },
		{ .arg = -1, .action = ROW_NOTIFY },
	};
	static const char *const calls[] = { "clone", "fork", "vfork" };

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]) && plan_asks_for_forks(b); i++) {
		struct filter_row row = all[i];
		int number = -1;

		if (syscall_find(calls[i], &number) != SYSCALL_KNOWN)
			continue;
		row.number = (uint32_t)number;
		row_add(b, rows, &row);
	}
}

/* What an interpreter says when it fails (supervise/last_words.h). The call continues in any case. A container's
 * entrypoint logs for a long time, and nobody sits there and reads. */
static void add_words_row(struct build *b, struct rows *rows)
{
	if (b->plan->notify && !b->facts->is_pid_1)
		row_add(b, rows,
		        &(struct filter_row){ .number = SYS_write,
		                              .arg = 0,
		                              .mask = WHOLE,
		                              .value = STDERR_FILENO,
		                              .action = ROW_NOTIFY });
}

/* Nobody but the filter keeps a process from choosing other processors. */
static void add_processor_row(struct build *b, struct rows *rows)
{
	int number = -1;

	if (b->plan->processors.size && syscall_find("sched_setaffinity", &number) == SYSCALL_KNOWN)
		row_add(b, rows, &(struct filter_row){ .number = (uint32_t)number, .action = ROW_EPERM, .arg = -1 });
}

/* on_denial: kill. What the filter forbids goes to the supervisor, which ends the run; what a file system refuses (a
 * path that is not shown) it does not see. */
static int plan_kill(struct build *b, struct filter_request *request)
{
	if (b->facts->features[FEATURE_USER_NOTIFY].level == 0) {
		error_set(b->err, CODE_CANNOT_KEEP,
		          "on_denial: kill needs user notification, which is not to be had here");
		return error_hint(b->err, "Write on_denial: error, or see `pyconfine doctor`.");
	}
	request->variant |= FILTER_NOTIFY;
	b->plan->notify = b->plan->kill_on_denial = true;
	return 0;
}

/* Reading another user's process takes a capability that a container's root lacks. */
static bool may_observe(const struct build *b)
{
	return b->facts->features[FEATURE_USER_NOTIFY].level > 0 &&
	       (!b->plan->change_user || (b->facts->capabilities >> CAP_SYS_PTRACE & 1));
}

static int plan_trace(struct build *b)
{
	if (!b->request->trace)
		return 0;
	if (b->plan->kill_on_denial) {
		error_set(b->err, CODE_CANNOT_KEEP, "--trace cannot be had together with on_denial: kill");
		return error_hint(b->err, "Write on_denial: error while tracing.");
	}
	if (!may_observe(b)) {
		error_set(b->err, CODE_CANNOT_KEEP, "--trace needs %s, which is not to be had here",
		          b->facts->features[FEATURE_USER_NOTIFY].level ? "CAP_SYS_PTRACE" : "user notification");
		return error_hint(b->err, "Run without it; `pyconfine why` answers single questions.");
	}
	b->plan->trace = b->plan->notify = true;
	b->plan->trace_addresses = b->request->learning;
	return 0;
}

/* Both are let through by every filter; where they are judged, rows before these say so. */
static void add_address_rows(struct build *b, struct rows *rows)
{
	static const char *const calls[] = { "connect", "bind", NULL };

	for (size_t i = 0; calls[i]; i++) {
		int number = -1;

		if (syscall_find(calls[i], &number) == SYSCALL_KNOWN)
			row_add(b, rows,
			        &(struct filter_row){ .number = (uint32_t)number, .action = ROW_NOTIFY, .arg = -1 });
	}
}

/* fstat(2), as libc makes it, names no path. */
static void add_trace_rows(struct build *b, struct rows *rows, struct filter_request *request)
{
	static const struct {
		const char *call;
		int8_t flags;
	} by_descriptor[] = { { "newfstatat", 3 }, { "statx", 2 } };
	uint32_t *numbers = NULL;
	int number = -1;

	for (size_t i = 0; i < sizeof(by_descriptor) / sizeof(by_descriptor[0]); i++)
		if (syscall_find(by_descriptor[i].call, &number) == SYSCALL_KNOWN)
			row_add(b, rows,
			        &(struct filter_row){ .number = (uint32_t)number,
			                              .action = ROW_ALLOW,
			                              .arg = by_descriptor[i].flags,
			                              .mask = AT_EMPTY_PATH,
			                              .value = AT_EMPTY_PATH });
	for (const struct observed_call *call = observed_calls; call->name; call++) {
		if (syscall_find(call->name, &number) != SYSCALL_KNOWN)
			continue;
		numbers = arena_grow(b->arena, numbers, request->observed_count, sizeof(*numbers));
		numbers[request->observed_count++] = (uint32_t)number;
	}
	request->observed = numbers;
}

/* For uid 0 RLIMIT_NPROC does not count. A watcher that looks now and then is outrun by who forks as fast as it can. */
bool plan_asks_for_forks(const struct build *b)
{
	return b->plan->notify && b->plan->uid == 0 && b->profile->limits.processes.set && !b->plan->cgroup.processes;
}

int plan_filter(struct build *b)
{
	const struct profile *profile = b->profile;
	struct filter_request request = { 0 };
	struct rows rows = { 0 };

	if (b->plan->network.open || (b->plan->namespaces & CLONE_NEWNET))
		request.variant |= FILTER_INET;
	if (profile->exec.mode != EXEC_NONE)
		request.variant |= FILTER_EXEC;
	if (profile->system.strict_syscalls)
		request.variant |= FILTER_STRICT;
	b->plan->notify = b->facts->features[FEATURE_USER_NOTIFY].level > 0 &&
	                  (b->plan->mode == MODE_NAMESPACES ? (b->plan->namespaces & CLONE_NEWNET) != 0
	                                                    : b->plan->network.given || !b->plan->change_user);
	if ((profile->on_denial == DENIAL_KILL && plan_kill(b, &request)) || plan_trace(b))
		return -1;
	if (b->plan->trace_addresses) /* refused calls are seen, too */
		request.variant |= FILTER_NOTIFY;
	if (b->plan->notify)
		b->plan->filter_flags = SECCOMP_FILTER_FLAG_NEW_LISTENER |
		                        (has_killable_wait(b->facts) ? SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV : 0);
	/* Denials first: the first match decides. */
	if (add_profile_rows(b, &rows, &profile->system.syscalls_deny, ROW_EPERM))
		return -1;
	add_processor_row(b, &rows);
	add_fork_rows(b, &rows);
	add_words_row(b, &rows);
	if (!b->plan->network.open)
		add_network_rows(b, &rows);
	if (b->plan->mode == MODE_LANDLOCK)
		add_mode_rows(b, &rows);
	if (add_profile_rows(b, &rows, &profile->system.syscalls_allow, ROW_ALLOW))
		return -1;
	if (profile->limits.memory.set && !b->plan->cgroup.memory_bytes)
		add_memory_rows(b, &rows);
	if (b->plan->trace)
		add_trace_rows(b, &rows, &request);
	if (b->plan->trace_addresses)
		add_address_rows(b, &rows);
	request.rows = rows.items;
	request.row_count = rows.count;
	b->plan->filter_made_of = request;
	return filter_assemble(&request, b->arena, &b->plan->filter, b->err);
}
