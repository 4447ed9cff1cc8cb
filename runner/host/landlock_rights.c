#include "host/landlock_rights.h"

#include "host/uapi.h"

/* clang-format off */
const struct landlock_right landlock_rights[] = {
	{ "execute",      LANDLOCK_KIND_FS, LANDLOCK_ACCESS_FS_EXECUTE,      1, true },
	{ "write_file",   LANDLOCK_KIND_FS, LANDLOCK_ACCESS_FS_WRITE_FILE,   1, true },
	{ "read_file",    LANDLOCK_KIND_FS, LANDLOCK_ACCESS_FS_READ_FILE,    1, true },
	{ "read_dir",     LANDLOCK_KIND_FS, LANDLOCK_ACCESS_FS_READ_DIR,     1, false },
	{ "remove_dir",   LANDLOCK_KIND_FS, LANDLOCK_ACCESS_FS_REMOVE_DIR,   1, false },
	{ "remove_file",  LANDLOCK_KIND_FS, LANDLOCK_ACCESS_FS_REMOVE_FILE,  1, false },
	{ "make_char",    LANDLOCK_KIND_FS, LANDLOCK_ACCESS_FS_MAKE_CHAR,    1, false },
	{ "make_dir",     LANDLOCK_KIND_FS, LANDLOCK_ACCESS_FS_MAKE_DIR,     1, false },
	{ "make_reg",     LANDLOCK_KIND_FS, LANDLOCK_ACCESS_FS_MAKE_REG,     1, false },
	{ "make_sock",    LANDLOCK_KIND_FS, LANDLOCK_ACCESS_FS_MAKE_SOCK,    1, false },
	{ "make_fifo",    LANDLOCK_KIND_FS, LANDLOCK_ACCESS_FS_MAKE_FIFO,    1, false },
	{ "make_block",   LANDLOCK_KIND_FS, LANDLOCK_ACCESS_FS_MAKE_BLOCK,   1, false },
	{ "make_sym",     LANDLOCK_KIND_FS, LANDLOCK_ACCESS_FS_MAKE_SYM,     1, false },
	/* ABI 1 refuses every rename and link into another directory, with EXDEV; from ABI 2 on it can be granted. */
	{ "refer",        LANDLOCK_KIND_FS, LANDLOCK_ACCESS_FS_REFER,        2, false },
	{ "truncate",     LANDLOCK_KIND_FS, LANDLOCK_ACCESS_FS_TRUNCATE,     3, true },
	{ "ioctl_dev",    LANDLOCK_KIND_FS, LANDLOCK_ACCESS_FS_IOCTL_DEV,    5, true },
	{ "resolve_unix", LANDLOCK_KIND_FS, LANDLOCK_ACCESS_FS_RESOLVE_UNIX, 9, true },

	{ "bind_tcp",         LANDLOCK_KIND_NET, LANDLOCK_ACCESS_NET_BIND_TCP,         4, false },
	{ "connect_tcp",      LANDLOCK_KIND_NET, LANDLOCK_ACCESS_NET_CONNECT_TCP,      4, false },
	{ "bind_udp",         LANDLOCK_KIND_NET, LANDLOCK_ACCESS_NET_BIND_UDP,         10, false },
	{ "connect_send_udp", LANDLOCK_KIND_NET, LANDLOCK_ACCESS_NET_CONNECT_SEND_UDP, 10, false },

	{ "abstract_unix_socket", LANDLOCK_KIND_SCOPE, LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET, 6, false },
	{ "signal",               LANDLOCK_KIND_SCOPE, LANDLOCK_SCOPE_SIGNAL,               6, false },

	{ "log_same_exec_off",  LANDLOCK_KIND_RESTRICT_FLAG, LANDLOCK_RESTRICT_SELF_LOG_SAME_EXEC_OFF,  7, false },
	{ "log_new_exec_on",    LANDLOCK_KIND_RESTRICT_FLAG, LANDLOCK_RESTRICT_SELF_LOG_NEW_EXEC_ON,    7, false },
	{ "log_subdomains_off", LANDLOCK_KIND_RESTRICT_FLAG, LANDLOCK_RESTRICT_SELF_LOG_SUBDOMAINS_OFF, 7, false },
	{ "tsync",              LANDLOCK_KIND_RESTRICT_FLAG, LANDLOCK_RESTRICT_SELF_TSYNC,              8, false },
	{ NULL, LANDLOCK_KIND_FS, 0, 0, false },
};

const struct landlock_abi landlock_abis[LANDLOCK_ABI_HIGHEST] = {
	{ 1, "5.13", "which files may be read, written, executed, made and removed" },
	{ 2, "5.19", "renaming and linking into another directory, which ABI 1 can only refuse" },
	{ 3, "6.2", "truncating files" },
	{ 4, "6.7", "connecting and listening with TCP" },
	{ 5, "6.10", "ioctl on devices" },
	{ 6, "6.12", "signals and abstract sockets kept inside the sandbox" },
	{ 7, "6.15", "denials in the audit log" },
	{ 8, "7.0", "all threads of a process confined at once" },
	{ 9, "7.1", "connecting to UNIX sockets by path" },
	{ 10, "7.2", "sending and listening with UDP" },
};
/* clang-format on */

uint64_t landlock_rights_known(enum landlock_right_kind kind, int abi)
{
	uint64_t bits = 0;

	for (const struct landlock_right *right = landlock_rights; right->name; right++)
		if (right->kind == kind && right->since_abi <= abi)
			bits |= right->bit;
	return bits;
}

uint64_t landlock_fs_rights(int abi)
{
	return landlock_rights_known(LANDLOCK_KIND_FS, abi);
}

uint64_t landlock_net_rights(int abi)
{
	return landlock_rights_known(LANDLOCK_KIND_NET, abi);
}

uint64_t landlock_scopes(int abi)
{
	return landlock_rights_known(LANDLOCK_KIND_SCOPE, abi);
}

uint64_t landlock_file_rights(void)
{
	uint64_t bits = 0;

	for (const struct landlock_right *right = landlock_rights; right->name; right++)
		if (right->kind == LANDLOCK_KIND_FS && right->files)
			bits |= right->bit;
	return bits;
}
