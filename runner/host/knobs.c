#include "host/knobs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fds.h"
#include "host/syscalls.h"

#define CGROUP2_MAGIC 0x63677270 /* CGROUP2_SUPER_MAGIC */

struct container_hint {
	enum container_kind kind;
	const char *file;     /* exists; or NULL */
	const char *variable; /* is set; or NULL */
};

/* The first that fits. Kubernetes first, since its containers carry the engine's marks, too. */
static const struct container_hint hints[] = {
	{ CONTAINER_KUBERNETES, NULL, "KUBERNETES_SERVICE_HOST" },
	{ CONTAINER_DOCKER, "/.dockerenv", NULL },
	{ CONTAINER_PODMAN, "/run/.containerenv", NULL },
	{ CONTAINER_OTHER, NULL, "container" }, /* systemd-nspawn, lxc: https://systemd.io/CONTAINER_INTERFACE */
};

static const char *const container_names[] = {
	[CONTAINER_NONE] = "",
	[CONTAINER_DOCKER] = "a Docker container",
	[CONTAINER_PODMAN] = "a Podman container",
	[CONTAINER_KUBERNETES] = "a Kubernetes pod",
	[CONTAINER_OTHER] = "a container",
};
_Static_assert(sizeof(container_names) / sizeof(container_names[0]) == CONTAINER_OTHER + 1, "a name for each kind");

const char *container_name(enum container_kind kind)
{
	return container_names[kind];
}

/* The first line; "" when it cannot be read. */
static void read_line(const char *path, char *buffer, size_t size)
{
	FD_CLEANUP int fd = raw_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	ssize_t got = fd < 0 ? -1 : raw_read(fd, buffer, size - 1);

	buffer[got > 0 ? got : 0] = '\0';
	buffer[strcspn(buffer, "\n")] = '\0';
}

static long read_number(const char *path)
{
	char text[32];
	char *end;
	long value;

	read_line(path, text, sizeof(text));
	value = strtol(text, &end, 10);
	return end == text ? -1 : value;
}

static void guess_container(struct host_knobs *knobs)
{
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		if ((hints[i].file && access(hints[i].file, F_OK)) || (hints[i].variable && !getenv(hints[i].variable)))
			continue;
		knobs->container = hints[i].kind;
		knobs->container_evidence = hints[i].file ? hints[i].file : hints[i].variable;
		return;
	}
}

void host_knobs_read(struct host_knobs *knobs)
{
	struct statfs fs;

	*knobs = (struct host_knobs){ 0 };
	knobs->max_user_namespaces = read_number("/proc/sys/user/max_user_namespaces");
	knobs->unprivileged_userns_clone = read_number("/proc/sys/kernel/unprivileged_userns_clone");
	knobs->apparmor_restrict_userns = read_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
	read_line("/sys/kernel/security/lsm", knobs->lsm, sizeof(knobs->lsm));
	knobs->filtered = raw_prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2;
	guess_container(knobs);
	knobs->systemd = access("/run/systemd/system", F_OK) == 0;
	knobs->cgroup2 = statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type == CGROUP2_MAGIC;
}
