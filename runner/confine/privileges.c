/* Identity, capabilities, no_new_privs. Steps count the calls of a stage from 1. */
#include <errno.h>
#include <linux/securebits.h>
#include <string.h>
#include <sys/prctl.h>

#include "confine/apply.h"
#include "host/syscalls.h"

#define SECUREBITS_LOCKED \
	(SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED | \
	 SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED)

static int write_file(const char *path, const char *text)
{
	size_t length = strlen(text);
	int fd = raw_openat(AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
	ssize_t written;

	if (fd < 0)
		return fd;
	written = raw_write(fd, text, length);
	raw_close(fd);
	if (written < 0)
		return (int)written;
	return (size_t)written == length ? 0 : -EIO;
}

/* A gid map may be written without privilege only after setgroups is given up (user_namespaces(7)). */
int identity_map_apply(const struct plan *plan, struct confine_state *state)
{
	const struct {
		const char *path, *text;
	} writes[] = {
		{ "/proc/self/setgroups", "deny" },
		{ "/proc/self/uid_map", plan->uid_map },
		{ "/proc/self/gid_map", plan->gid_map },
	};

	for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
		int result = write_file(writes[i].path, writes[i].text);

		state->step = (int32_t)i + 1;
		if (result)
			return result;
	}
	return 0;
}

/* The kernel may know more capabilities than our headers: go on until it says that there is none of that number. */
int capability_bounds_apply(const struct plan *plan, struct confine_state *state)
{
	(void)plan;
	for (unsigned long capability = 0; capability < 64; capability++) {
		long result = raw_prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);

		state->step = (int32_t)capability;
		if (result == -EINVAL && capability > 0)
			break;
		if (result)
			return (int)result;
	}
	return 0;
}

int capability_bounds_verify(const struct plan *plan, struct confine_state *state)
{
	(void)plan;
	for (unsigned long capability = 0; capability < 64; capability++) {
		state->step = (int32_t)capability;
		if (raw_prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1)
			return -EPERM;
	}
	return 0;
}

int identity_apply(const struct plan *plan, struct confine_state *state)
{
	int result = plan->drop_groups ? raw_setgroups(0, NULL) : 0;

	state->step = 1;
	if (result == 0) {
		state->step = 2;
		result = raw_setresgid(plan->gid, plan->gid, plan->gid);
	}
	if (result == 0) {
		state->step = 3;
		result = raw_setresuid(plan->uid, plan->uid, plan->uid);
	}
	return result;
}

int identity_verify(const struct plan *plan, struct confine_state *state)
{
	uid_t uid[3];
	gid_t gid[3];

	(void)state;
	if (raw_getresuid(&uid[0], &uid[1], &uid[2]) || raw_getresgid(&gid[0], &gid[1], &gid[2]))
		return -EPERM;
	for (int i = 0; i < 3; i++)
		if (uid[i] != plan->uid || gid[i] != plan->gid)
			return -EPERM;
	return plan->drop_groups && raw_getgroups(0, NULL) != 0 ? -EPERM : 0;
}

/* securebits need CAP_SETPCAP, which the user of a namespace has and an unprivileged caller without one has not: it has
 * nothing that they could keep it from getting back, either. */
int capabilities_apply(const struct plan *plan, struct confine_state *state)
{
	const struct capability_sets none = { 0 };
	struct capability_sets now = { 0 };
	long result;

	(void)plan;
	state->step = 1;
	result = raw_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (result)
		return (int)result;
	state->step = 2;
	result = raw_capget(&now);
	if (result)
		return (int)result;
	if (now.effective & 1ULL << CAP_SETPCAP) {
		state->step = 3;
		result = raw_prctl(PR_SET_SECUREBITS, SECUREBITS_LOCKED, 0, 0, 0);
		if (result)
			return (int)result;
	}
	state->step = 4;
	return raw_capset(&none);
}

int capabilities_verify(const struct plan *plan, struct confine_state *state)
{
	struct capability_sets now = { 0 };
	int result = raw_capget(&now);

	(void)plan;
	(void)state;
	if (result)
		return result;
	return now.effective || now.permitted || now.inheritable ? -EPERM : 0;
}

int no_new_privs_apply(const struct plan *plan, struct confine_state *state)
{
	(void)plan;
	(void)state;
	return (int)raw_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

int no_new_privs_verify(const struct plan *plan, struct confine_state *state)
{
	(void)plan;
	(void)state;
	return raw_prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : -EPERM;
}
