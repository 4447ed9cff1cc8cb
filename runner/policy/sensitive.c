#include "policy/sensitive.h"

#include <stddef.h>
#include <string.h>

enum { R = SENSITIVE_READ, W = SENSITIVE_WRITE, RW = SENSITIVE_READ | SENSITIVE_WRITE };

/* The whole comes before its parts, and the graver before the lesser: the first row that is touched is the one
 * shown. */
const struct sensitive_path sensitive_paths[] = {
	{ "/", RW, false, "that is every file that the account can reach" },
	{ "~", RW, false, "it holds keys, tokens and start-up files of everything the account uses" },
	{ "/home", RW, false, "those are the files of every user" },
	{ "/root", RW, false, "the files of the administrator" },
	{ "/run/docker.sock", RW, true, "whoever talks to the Docker daemon is root on this machine" },
	{ "/var/run/docker.sock", RW, true, "whoever talks to the Docker daemon is root on this machine" },
	{ "/run/containerd", RW, true, "whoever talks to containerd is root on this machine" },
	{ "/run/crio", RW, true, "whoever talks to CRI-O is root on this machine" },
	{ "/run/podman", RW, true, "whoever talks to Podman's service can start containers with any mount" },
	{ "/run/libvirt", RW, true, "whoever talks to libvirt can attach any disk to a virtual machine" },
	{ "/run/systemd/private", RW, true, "whoever talks to systemd can start any service" },
	{ "/run/dbus/system_bus_socket", RW, true, "the system bus reaches every system service" },
	{ "/run/user", RW, true, "session sockets (bus, agent, keyring, display) of logged-in users" },
	{ "/tmp/.X11-unix", RW, true, "whoever reaches the X server reads and types every key" },
	{ "/run/secrets", R, true, "secrets of the container or of other services" },
	{ "/var/run/secrets", R, true, "tokens of the container's Kubernetes account" },
	{ "~/.ssh", RW, true, "private keys: every machine that the account can log into" },
	{ "~/.gnupg", RW, true, "private keys" },
	{ "~/.aws", RW, true, "cloud credentials" },
	{ "~/.azure", RW, true, "cloud credentials" },
	{ "~/.config/gcloud", RW, true, "cloud credentials" },
	{ "~/.kube", RW, true, "cluster credentials" },
	{ "~/.docker", RW, true, "registry credentials" },
	{ "~/.netrc", R, true, "passwords in plain text" },
	{ "~/.pgpass", R, true, "database passwords in plain text" },
	{ "~/.my.cnf", R, true, "database passwords in plain text" },
	{ "~/.git-credentials", R, true, "passwords in plain text" },
	{ "~/.pypirc", R, true, "upload tokens of the package index" },
	{ "~/.npmrc", R, true, "upload tokens of the package registry" },
	{ "~/.vault-token", R, true, "a token for the secrets store" },
	{ "~/.password-store", RW, true, "the password store" },
	{ "~/.local/share/keyrings", RW, true, "the keyring" },
	{ "~/.mozilla", RW, true, "browser sessions and saved passwords" },
	{ "~/.config/google-chrome", RW, true, "browser sessions and saved passwords" },
	{ "~/.config/chromium", RW, true, "browser sessions and saved passwords" },
	{ "~/.bash_history", R, true, "what was typed, passwords included" },
	{ "~/.bashrc", W, true, "it runs at the account's next shell" },
	{ "~/.bash_profile", W, true, "it runs at the account's next login" },
	{ "~/.profile", W, true, "it runs at the account's next login" },
	{ "~/.zshrc", W, true, "it runs at the account's next shell" },
	{ "~/.config/systemd", W, true, "services that start at the account's next login" },
	{ "~/.config/autostart", W, true, "programs that start at the account's next login" },
	{ "~/.config/pyconfine", W, true, "the profiles that confine the account's scripts" },
	{ "~/.local/bin", W, true, "programs that the account runs by name" },
	{ "~/.local/lib", W, true, "modules that every Python of the account imports" },
	{ "/etc/shadow", RW, true, "password hashes of every account" },
	{ "/etc/gshadow", RW, true, "password hashes of groups" },
	{ "/etc/sudoers", RW, true, "who may become root" },
	{ "/etc/sudoers.d", RW, true, "who may become root" },
	{ "/etc/ssl/private", R, true, "private keys of this machine's services" },
	{ "/etc/kubernetes", R, true, "cluster credentials" },
	{ "/etc/ssh", W, true, "who may log into this machine" },
	{ "/etc/pyconfine", W, true, "the profiles and the ceiling of this machine" },
	{ "/etc", W, true, "configuration of the whole machine: start-up, accounts, libraries" },
	{ "/proc", RW, false, "the host's processes, their environments and memory" },
	{ "/sys", RW, false, "the kernel's and the devices' controls" },
	{ "/dev", RW, false, "every device of the machine" },
	{ "/dev/mem", RW, true, "physical memory" },
	{ "/dev/kvm", RW, true, "virtual machines, with a large kernel interface" },
	{ "/var/lib/docker", RW, true, "the files of every container" },
	{ "/var/lib/kubelet", RW, true, "the files and secrets of every pod" },
	{ "/var/lib/pyconfine", RW, true, "our own records" },
	{ "/var/spool/cron", W, true, "what cron runs, as whom" },
	{ "/boot", W, true, "the kernel that starts next" },
	{ "/usr", W, true, "programs and libraries of the whole machine" },
	{ "/bin", W, true, "programs of the whole machine" },
	{ "/sbin", W, true, "programs of the whole machine" },
	{ "/lib", W, true, "libraries of the whole machine" },
	{ "/lib64", W, true, "libraries of the whole machine" },
	{ "/opt", W, false, "programs that others run" },
	{ "${SCRIPT_DIR}", W, false,
	  "the script could rewrite itself and the modules beside it, and be another one at the next run" },
	{ "${SCRIPT}", W, false, "the script could rewrite itself and be another one at the next run" },
	{ "${XDG_CONFIG_HOME}", RW, false, "settings and tokens of everything the account uses" },
	{ NULL, 0, false, NULL },
};

const struct sensitive_name sensitive_programs[] = {
	{ "sh", "a shell runs anything that is in view" },
	{ "bash", "a shell runs anything that is in view" },
	{ "dash", "a shell runs anything that is in view" },
	{ "zsh", "a shell runs anything that is in view" },
	{ "busybox", "it is a shell and a hundred tools" },
	{ "env", "it runs any program it is given" },
	{ "xargs", "it runs any program it is given" },
	{ "find", "its -exec runs any program it is given" },
	{ "nohup", "it runs any program it is given" },
	{ "timeout", "it runs any program it is given" },
	{ "perl", "an interpreter is as good as a shell" },
	{ "ruby", "an interpreter is as good as a shell" },
	{ "node", "an interpreter is as good as a shell" },
	{ "awk", "it runs commands and opens connections" },
	{ "vim", "it runs commands" },
	{ "make", "it runs commands" },
	{ "git", "hooks and aliases of a repository run commands" },
	{ "ssh", "its ProxyCommand runs commands" },
	{ "tar", "its --to-command and checkpoints run commands" },
	{ "gdb", "it reads and changes other processes" },
	{ "strace", "it reads and changes other processes" },
	{ "docker", "whoever talks to the Docker daemon is root on this machine" },
	{ "podman", "it starts containers with any mount" },
	{ "kubectl", "it commands the cluster" },
	{ "sudo", "it makes others of accounts (set-user-ID does not work inside)" },
	{ "curl", "it reaches whatever the network rules allow and writes files" },
	{ NULL, NULL },
};

const struct sensitive_name sensitive_capabilities[] = {
	{ "CAP_SYS_ADMIN", "it mounts, and is as good as root" },
	{ "CAP_SYS_PTRACE", "it reads and changes other processes" },
	{ "CAP_SYS_MODULE", "it loads code into the kernel" },
	{ "CAP_SYS_RAWIO", "it reaches physical memory" },
	{ "CAP_SYS_CHROOT", "it leaves the file view" },
	{ "CAP_DAC_OVERRIDE", "file permissions no longer count" },
	{ "CAP_DAC_READ_SEARCH", "it opens any file by handle, past the file view" },
	{ "CAP_CHOWN", "it takes any file" },
	{ "CAP_FOWNER", "it changes any file's permissions" },
	{ "CAP_SETUID", "it becomes any user" },
	{ "CAP_SETGID", "it becomes any group" },
	{ "CAP_SETFCAP", "it gives files capabilities" },
	{ "CAP_SETPCAP", "it passes capabilities on" },
	{ "CAP_MKNOD", "it makes device files" },
	{ "CAP_NET_ADMIN", "it changes routes and packet filters" },
	{ "CAP_NET_RAW", "it forges and reads packets" },
	{ "CAP_BPF", "it loads programs into the kernel" },
	{ "CAP_PERFMON", "it observes the whole kernel" },
	{ "CAP_SYSLOG", "it shows kernel addresses" },
	{ "CAP_CHECKPOINT_RESTORE", "it reads other processes" },
	{ NULL, NULL },
};

static const char *const home_prefixes[] = { "${HOME}", "~", NULL };

/* Behind the home directory's name: "/.ssh", or "" for itself; NULL when the path lies elsewhere. */
static const char *behind(const char *path, const char *prefix)
{
	size_t length = strlen(prefix);

	while (length > 1 && prefix[length - 1] == '/')
		length--;
	if (length == 0 || strncmp(path, prefix, length) != 0 || (path[length] != '/' && path[length] != '\0'))
		return NULL;
	return path + length;
}

static const char *behind_home(const char *path, const char *home)
{
	const char *rest = home && strcmp(home, "/") != 0 ? behind(path, home) : NULL;

	for (size_t i = 0; !rest && home_prefixes[i]; i++)
		rest = behind(path, home_prefixes[i]);
	return rest;
}

/* `inner` is `outer` or lies below it; trailing slashes do not count. */
static bool is_within(const char *inner, const char *outer)
{
	size_t length = strlen(outer);

	while (length > 0 && outer[length - 1] == '/')
		length--;
	return strncmp(inner, outer, length) == 0 && (inner[length] == '/' || inner[length] == '\0');
}

static bool touches(const char *path, const char *row, bool below)
{
	/* Only "/" itself is everything: as a row it would otherwise lie above every grant, as a grant above every
	 * row. */
	if (strcmp(path, "/") == 0 || strcmp(row, "/") == 0)
		return strcmp(path, row) == 0;
	return is_within(row, path) || (below ? is_within(path, row) : is_within(row, path));
}

const struct sensitive_path *sensitive_path_find(const char *path, const char *home, bool write)
{
	unsigned kinds = write ? (unsigned)RW : (unsigned)R;
	const char *rest = behind_home(path, home);

	for (const struct sensitive_path *row = sensitive_paths; row->path; row++) {
		const char *row_path = row->path;
		const char *grant = path;

		if (!(row->kinds & kinds))
			continue;
		if (row_path[0] == '~') {
			if (!rest)
				continue;
			grant = rest;
			row_path++;
			/* "~" itself is touched by the home directory only, not by what lies in it. */
			if (row_path[0] == '\0') {
				if (rest[strspn(rest, "/")] == '\0')
					return row;
				continue;
			}
		}
		if (touches(grant, row_path, row->below))
			return row;
	}
	return NULL;
}

static const struct sensitive_name *name_row(const struct sensitive_name *table, const char *name)
{
	for (; table->name; table++) {
		if (strcmp(table->name, name) == 0)
			return table;
	}
	return NULL;
}

const struct sensitive_name *sensitive_program_find(const char *program)
{
	const char *slash = strrchr(program, '/');

	return name_row(sensitive_programs, slash ? slash + 1 : program);
}

const struct sensitive_name *sensitive_capability_find(const char *capability)
{
	return name_row(sensitive_capabilities, capability);
}
