/* What to type about a missing feature: rows of (feature, what was seen, advice); the first that fits. */
#include <errno.h>
#include <linux/capability.h>
#include <stddef.h>

#include "host/knobs.h"

struct fix_row {
	enum host_feature feature;
	int sys_errno;                                                                /* 0: any */
	bool (*when)(const struct host_facts *facts, const struct host_knobs *knobs); /* NULL: always */
	const char *text;
};

static bool is_older(const struct host_facts *facts, int major, int minor)
{
	return facts->kernel_major < major || (facts->kernel_major == major && facts->kernel_minor < minor);
}

static bool before_5_0(const struct host_facts *facts, const struct host_knobs *knobs)
{
	(void)knobs;
	return is_older(facts, 5, 0);
}

static bool before_5_12(const struct host_facts *facts, const struct host_knobs *knobs)
{
	(void)knobs;
	return is_older(facts, 5, 12);
}

static bool before_5_13(const struct host_facts *facts, const struct host_knobs *knobs)
{
	(void)knobs;
	return is_older(facts, 5, 13);
}

static bool restricted_by_apparmor(const struct host_facts *facts, const struct host_knobs *knobs)
{
	(void)facts;
	return knobs->apparmor_restrict_userns == 1;
}

static bool restricted_by_sysctl(const struct host_facts *facts, const struct host_knobs *knobs)
{
	return knobs->unprivileged_userns_clone == 0 && facts->uid != 0;
}

static bool limited_to_none(const struct host_facts *facts, const struct host_knobs *knobs)
{
	(void)facts;
	return knobs->max_user_namespaces == 0;
}

static bool in_docker(const struct host_facts *facts, const struct host_knobs *knobs)
{
	(void)facts;
	return knobs->container == CONTAINER_DOCKER;
}

static bool in_podman(const struct host_facts *facts, const struct host_knobs *knobs)
{
	(void)facts;
	return knobs->container == CONTAINER_PODMAN;
}

static bool in_kubernetes(const struct host_facts *facts, const struct host_knobs *knobs)
{
	(void)facts;
	return knobs->container == CONTAINER_KUBERNETES;
}

static bool filtered(const struct host_facts *facts, const struct host_knobs *knobs)
{
	(void)facts;
	return knobs->filtered;
}

static bool root_without_sys_admin(const struct host_facts *facts, const struct host_knobs *knobs)
{
	(void)knobs;
	return facts->uid == 0 && !(facts->capabilities >> CAP_SYS_ADMIN & 1);
}

static bool ordinary_user(const struct host_facts *facts, const struct host_knobs *knobs)
{
	(void)knobs;
	return facts->uid != 0;
}

static bool root(const struct host_facts *facts, const struct host_knobs *knobs)
{
	(void)knobs;
	return facts->uid == 0;
}

static bool root_in_docker_or_podman(const struct host_facts *facts, const struct host_knobs *knobs)
{
	return facts->uid == 0 && (in_docker(facts, knobs) || in_podman(facts, knobs));
}

static bool user_of_systemd(const struct host_facts *facts, const struct host_knobs *knobs)
{
	return facts->uid != 0 && knobs->systemd && knobs->cgroup2;
}

static bool root_of_systemd(const struct host_facts *facts, const struct host_knobs *knobs)
{
	return facts->uid == 0 && knobs->systemd && knobs->cgroup2;
}

static bool systemd_with_cgroup1(const struct host_facts *facts, const struct host_knobs *knobs)
{
	(void)facts;
	return knobs->systemd && !knobs->cgroup2;
}

#define OPEN_KUBERNETES \
	"In the pod's specification (it weakens the container, and the cluster may refuse it):\n" \
	"    securityContext: {seccompProfile: {type: Unconfined}, appArmorProfile: {type: Unconfined}, procMount: " \
	"Unmasked}\n" \
	"    hostUsers: false"
#define OPEN_DOCKER \
	"As an ordinary user, with the container's own fences lowered:\n" \
	"    docker run --user 1000 --security-opt seccomp=unconfined --security-opt apparmor=unconfined \\\n" \
	"        --security-opt systempaths=unconfined ..."
#define OPEN_PODMAN \
	"As an ordinary user, with /proc in full view:\n" \
	"    podman run --user 1000 --security-opt unmask=ALL ..."
#define AS_ORDINARY_USER "Start pyconfine as an ordinary user, who makes namespaces of his own where that is permitted."

/* clang-format off */
static const struct fix_row fix_rows[] = {
	{ FEATURE_SECCOMP, ENOSYS, NULL, "Use a kernel with CONFIG_SECCOMP_FILTER=y (every distribution's)." },
	{ FEATURE_SECCOMP, 0, filtered,
	  "A system call filter around pyconfine refuses further filters: permit seccomp and prctl in it." },

	{ FEATURE_USER_NOTIFY, EBUSY, NULL,
	  "Another supervisor of this process tree has the only listener: start pyconfine outside of it, or leave it as it is." },
	{ FEATURE_USER_NOTIFY, 0, before_5_0, "Use Linux 5.0 or later." },
	{ FEATURE_USER_NOTIFY, 0, filtered, "Permit seccomp(SECCOMP_FILTER_FLAG_NEW_LISTENER) in the filter around pyconfine." },

	{ FEATURE_LANDLOCK, 0, before_5_13, "Use Linux 5.13 or later: Debian 12 and Ubuntu 22.04 have one." },
	{ FEATURE_LANDLOCK, EOPNOTSUPP, NULL,
	  "Landlock is in the kernel, but not switched on. Add it to the boot options, and reboot:\n"
	  "    sudo sed -i \"s/^GRUB_CMDLINE_LINUX=\\\"/&lsm=landlock,$(cat /sys/kernel/security/lsm) /\" /etc/default/grub\n"
	  "    sudo update-grub && sudo reboot" },
	{ FEATURE_LANDLOCK, ENOSYS, filtered,
	  "The filter around pyconfine does not know Landlock, or the kernel was built without it:\n"
	  "update the container engine to one of 2022 or later (Docker 23.0, containerd 1.6, Podman 4.2)." },
	{ FEATURE_LANDLOCK, ENOSYS, NULL,
	  "Use a kernel with CONFIG_SECURITY_LANDLOCK=y (Debian 12, Ubuntu 22.04 and later)." },
	{ FEATURE_LANDLOCK, EPERM, NULL,
	  "A system call filter refuses Landlock: update the container engine to one of 2022 or later\n"
	  "(Docker 23.0, containerd 1.6, Podman 4.2)." },

	{ FEATURE_USER_NAMESPACES, 0, restricted_by_apparmor,
	  "AppArmor keeps user namespaces from programs without a profile. Allow them to pyconfine alone:\n"
	  "    printf 'abi <abi/4.0>,\\nprofile pyconfine /usr/{,local/}bin/pyconfine flags=(unconfined) {\\n  userns,\\n}\\n' |\n"
	  "        sudo tee /etc/apparmor.d/pyconfine && sudo apparmor_parser -r /etc/apparmor.d/pyconfine\n"
	  "or to everybody:\n"
	  "    sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0" },
	{ FEATURE_USER_NAMESPACES, 0, restricted_by_sysctl,
	  "sudo sysctl -w kernel.unprivileged_userns_clone=1\n"
	  "For good: echo kernel.unprivileged_userns_clone=1 | sudo tee /etc/sysctl.d/60-userns.conf" },
	{ FEATURE_USER_NAMESPACES, 0, limited_to_none,
	  "sudo sysctl -w user.max_user_namespaces=15000\n"
	  "For good: echo user.max_user_namespaces=15000 | sudo tee /etc/sysctl.d/60-userns.conf" },
	{ FEATURE_USER_NAMESPACES, ENOSPC, NULL,
	  "Too many user namespaces exist, or they nest too deep. sudo sysctl -w user.max_user_namespaces=15000" },
	{ FEATURE_USER_NAMESPACES, 0, in_kubernetes, OPEN_KUBERNETES },
	{ FEATURE_USER_NAMESPACES, 0, in_docker, OPEN_DOCKER },
	{ FEATURE_USER_NAMESPACES, 0, in_podman, OPEN_PODMAN },
	{ FEATURE_USER_NAMESPACES, 0, filtered,
	  "A system call filter around pyconfine refuses user namespaces; under systemd: RestrictNamespaces=no, and no\n"
	  "SystemCallFilter= that leaves out @mount." },
	{ FEATURE_USER_NAMESPACES, EINVAL, NULL, "Use a kernel with CONFIG_USER_NS=y." },
	{ FEATURE_USER_NAMESPACES, EACCES, NULL,
	  "A security module (AppArmor, SELinux) refuses them: `sudo dmesg | grep -i denied` names the rule." },
	{ FEATURE_USER_NAMESPACES, EPERM, NULL,
	  "A security module or a chroot refuses them: `sudo dmesg | grep -i denied` names the rule." },

	{ FEATURE_NAMESPACES, 0, before_5_12, "Use Linux 5.12 or later: read-only views are made by mount_setattr." },
	{ FEATURE_NAMESPACES, 0, in_kubernetes, OPEN_KUBERNETES },
	{ FEATURE_NAMESPACES, 0, in_docker, OPEN_DOCKER },
	{ FEATURE_NAMESPACES, 0, in_podman, OPEN_PODMAN },
	{ FEATURE_NAMESPACES, 0, root_without_sys_admin, AS_ORDINARY_USER },
	{ FEATURE_NAMESPACES, EPERM, filtered,
	  "The system call filter around pyconfine refuses this step; docker: --security-opt seccomp=unconfined, or a profile\n"
	  "that permits it." },
	{ FEATURE_NAMESPACES, EINVAL, NULL,
	  "The root file system is the initial RAM disk, or shared: move off it, as switch_root does." },
	{ FEATURE_NAMESPACES, ENOSPC, NULL,
	  "sudo sysctl -w user.max_mnt_namespaces=15000 user.max_pid_namespaces=15000 user.max_ipc_namespaces=15000 \\\n"
	  "    user.max_uts_namespaces=15000 user.max_cgroup_namespaces=15000" },
	{ FEATURE_NAMESPACES, 0, ordinary_user,
	  "A security module or a filter refuses a step: `sudo dmesg | grep -i denied` names the rule." },

	{ FEATURE_HOSTNAME, EPERM, filtered,
	  "Permit sethostname in the system call filter around pyconfine; podman: --cap-add SYS_ADMIN, or leave it." },

	{ FEATURE_NETWORK_NAMESPACE, ENOSPC, NULL, "sudo sysctl -w user.max_net_namespaces=15000" },
	{ FEATURE_NETWORK_NAMESPACE, EINVAL, NULL, "Use a kernel with CONFIG_NET_NS=y." },
	{ FEATURE_NETWORK_NAMESPACE, 0, root_in_docker_or_podman,
	  "Start the container with --cap-add NET_ADMIN, or as an ordinary user." },

	{ FEATURE_PROC_MOUNT, 0, in_kubernetes,
	  "In the pod's specification: securityContext: {procMount: Unmasked}, and hostUsers: false" },
	{ FEATURE_PROC_MOUNT, 0, in_docker, "docker run --security-opt systempaths=unconfined ..." },
	{ FEATURE_PROC_MOUNT, 0, in_podman, "podman run --security-opt unmask=ALL ..." },
	{ FEATURE_PROC_MOUNT, EPERM, NULL,
	  "Something is mounted over parts of /proc: `findmnt -R /proc` shows what; unmount it." },

	{ FEATURE_IDMAPPED_MOUNTS, 0, ordinary_user, NULL },
	{ FEATURE_IDMAPPED_MOUNTS, 0, before_5_12, "Use Linux 5.12 or later." },
	{ FEATURE_IDMAPPED_MOUNTS, EINVAL, NULL,
	  "The root file system does not support it (overlay, for one, as in containers): make the inputs\n"
	  "readable to the user that the script runs as." },

	{ FEATURE_OVERLAY, ENODEV, NULL, "sudo modprobe overlay, or use a kernel with CONFIG_OVERLAY_FS." },
	{ FEATURE_OVERLAY, 0, ordinary_user, "Use Linux 5.11 or later, which lets ordinary users mount overlays." },

	{ FEATURE_SET_USER, EINVAL, NULL,
	  "There is one user only in this user namespace: map more (unshare --map-auto, podman --uidmap), or start pyconfine\n"
	  "as the user that the script shall be." },
	{ FEATURE_SET_USER, 0, root_in_docker_or_podman,
	  "Start the container with --cap-add SETUID --cap-add SETGID, or with --user 1000." },
	{ FEATURE_SET_USER, 0, root,
	  "Give pyconfine CAP_SETUID and CAP_SETGID, or start it as the user that the script shall be." },

	{ FEATURE_CAPABILITY_BOUNDS, 0, root_in_docker_or_podman,
	  "Start the container with --cap-add SETPCAP, or with --cap-drop ALL." },
	{ FEATURE_CAPABILITY_BOUNDS, 0, root, "Give pyconfine CAP_SETPCAP." },

	{ FEATURE_CGROUP, EBUSY, NULL,
	  "Start pyconfine alone in its cgroup: systemd-run --scope -p Delegate=yes pyconfine ...    (--user, too)\n"
	  "    In a unit of other processes: Delegate=yes and DelegateSubgroup=main, so that the unit's own holds none." },
	{ FEATURE_CGROUP, 0, in_kubernetes,
	  "Set the pod's own resources: {limits: {memory: 1Gi}}; a pod cannot divide its cgroup further." },
	{ FEATURE_CGROUP, 0, in_docker, "Limit the container instead: docker run --memory 1g --pids-limit 256 ..." },
	{ FEATURE_CGROUP, 0, in_podman, "Limit the container instead: podman run --memory 1g --pids-limit 256 ..." },
	{ FEATURE_CGROUP, 0, user_of_systemd,
	  "systemd-run --user --scope -p Delegate=yes pyconfine ...    (in a unit of your own: Delegate=yes)" },
	{ FEATURE_CGROUP, 0, root_of_systemd,
	  "systemd-run --scope -p Delegate=yes pyconfine ...    (in a unit: Delegate=yes)" },
	{ FEATURE_CGROUP, 0, systemd_with_cgroup1,
	  "Boot with systemd.unified_cgroup_hierarchy=1, so that cgroup v2 has the memory controller." },
	{ FEATURE_CGROUP, EOPNOTSUPP, NULL,
	  "Enable the controllers one level up: echo '+memory +pids' | sudo tee .../cgroup.subtree_control" },
};
/* clang-format on */

const char *host_feature_fix(enum host_feature feature, const struct host_facts *facts, const struct host_knobs *knobs)
{
	const struct host_fact *fact = &facts->features[feature];

	if (fact->level > 0 || fact->by_hand)
		return NULL;
	for (size_t i = 0; i < sizeof(fix_rows) / sizeof(fix_rows[0]); i++) {
		const struct fix_row *row = &fix_rows[i];

		if (row->feature != feature || (row->sys_errno && row->sys_errno != fact->sys_errno))
			continue;
		if (!row->when || row->when(facts, knobs))
			return row->text;
	}
	return NULL;
}
