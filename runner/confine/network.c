/* The new network namespace: its loopback, and the socket at which names are asked for. */
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "confine/apply.h"
#include "host/syscalls.h"

static int bring_up(int fd)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };

	return raw_ioctl(fd, SIOCSIFFLAGS, &request);
}

/* Port 53 of the sandbox's own 127.0.0.1, answered by the supervisor, which keeps the only descriptor. */
static int make_resolver(int fd, int control_fd)
{
	const struct sockaddr_in address = { .sin_family = AF_INET,
		                             .sin_port = __builtin_bswap16(53),
		                             .sin_addr.s_addr = __builtin_bswap32(INADDR_LOOPBACK) };
	long result = raw_syscall(SYS_bind, fd, (long)&address, sizeof(address), 0, 0, 0);

	return result ? (int)result : hand_over(control_fd, fd, RESOLVER_MARK);
}

int network_apply(const struct plan *plan, struct confine_state *state)
{
	int fd = raw_socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), result;

	if (fd < 0)
		return fd;
	result = bring_up(fd);
	if (result == 0 && plan->network.resolver) {
		state->step = 1;
		result = make_resolver(fd, state->control_fd);
	}
	raw_close(fd);
	return result;
}
