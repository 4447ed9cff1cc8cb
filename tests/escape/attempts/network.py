"""Reaching the network, the host's sockets and its shared memory."""

import ctypes
import errno
import os
import socket
import struct

from calls import LIBC, syscall
from kit import HIDDEN_SOCKET, NO_CALL, NO_ROUTE, NO_SOCKET, Contained, attempt


def socket_pair(world):
    ours, theirs = socket.socketpair()
    ours.sendall(b"x")
    assert theirs.recv(1) == b"x"


def greets(connection, world):
    """The host's listeners send the token; only that is evidence of having reached the host."""
    connection.settimeout(3)
    return world.must_hold(connection.recv(100))


@attempt("connects to a TCP port of the host's loopback", NO_ROUTE, neighbour=socket_pair)
def tcp4(world):
    with socket.create_connection(("127.0.0.1", world.tcp_port), 3) as connection:
        return greets(connection, world)


@attempt("connects to a TCP port of the host over IPv6", NO_ROUTE)
def tcp6(world):
    world.need("tcp6_port", "no IPv6 here")
    with socket.create_connection(("::1", world.tcp6_port), 3) as connection:
        return greets(connection, world)


@attempt("connects without waiting, by connect_ex", NO_ROUTE)
def tcp_connect_ex(world):
    with socket.socket() as connection:
        code = connection.connect_ex(("127.0.0.1", world.tcp_port))
        if code:
            raise OSError(code, os.strerror(code))
        return greets(connection, world)


@attempt("sends data with the handshake: MSG_FASTOPEN", NO_ROUTE | {errno.EINPROGRESS, errno.EPIPE})
def fast_open(world):
    with socket.socket() as connection:
        connection.sendto(b"hello", 0x20000000, ("127.0.0.1", world.tcp_port))
        return greets(connection, world)


@attempt("sends a datagram to the host and gets an answer", NO_ROUTE | {errno.ENOTCONN})
def udp(world):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.settimeout(2)
        sender.sendto(b"hello", ("127.0.0.1", world.udp_port))
        try:
            return world.must_hold(sender.recv(100))
        except socket.timeout:
            raise Contained("no answer") from None


@attempt("connects with Multipath TCP", NO_ROUTE | {errno.ENOPROTOOPT})
def mptcp(world):
    world.need("has_mptcp", "this kernel has no Multipath TCP")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262) as connection:
        connection.settimeout(3)
        connection.connect(("127.0.0.1", world.tcp_port))
        return greets(connection, world)


@attempt("is reachable from the host: bind and listen", NO_ROUTE)
def listens(world):
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", world.free_port))
        listener.listen()
        listener.settimeout(1.5)
        try:
            connection, _ = listener.accept()
        except socket.timeout:
            raise Contained("nobody from the host got through") from None
        return greets(connection, world)


def _sockets(name, family, kind, protocol=0, proof="user", fact=None):
    """One attempt that only makes a socket of a family or type that no script needs."""
    def makes(world):
        if fact:
            world.need(fact, "this kernel has no such socket")
        return socket.socket(family, kind, protocol).fileno()
    makes.__name__, makes.__module__ = "socket_" + name, __name__
    attempt("makes a socket of the kind " + name, NO_SOCKET, proof=proof)(makes)


_sockets("raw", socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP, "root")
_sockets("raw6", socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6, "root")
_sockets("packet", socket.AF_PACKET, socket.SOCK_RAW, 0, "root")
_sockets("packet_dgram", socket.AF_PACKET, socket.SOCK_DGRAM, 0, "root")
_sockets("netlink_route", socket.AF_NETLINK, socket.SOCK_RAW, 0)
_sockets("netlink_uevent", socket.AF_NETLINK, socket.SOCK_DGRAM, 15)
_sockets("netlink_audit", socket.AF_NETLINK, socket.SOCK_RAW, 9)
_sockets("vsock", socket.AF_VSOCK, socket.SOCK_STREAM, 0, "user", "has_vsock")
_sockets("alg", socket.AF_ALG, socket.SOCK_SEQPACKET, 0, "user", "has_alg")
_sockets("xdp", 44, socket.SOCK_RAW, 0, "root", "has_xdp")
_sockets("sctp", socket.AF_INET, socket.SOCK_STREAM, 132, "user", "has_sctp")
_sockets("udplite", socket.AF_INET, socket.SOCK_DGRAM, 136, "user", "has_udplite")
_sockets("ping", socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP, "root", "has_ping")
_sockets("key", 15, socket.SOCK_RAW, 2, "root", "has_key")
_sockets("tipc", 30, socket.SOCK_STREAM, 0, "user", "has_tipc")
_sockets("can", 29, socket.SOCK_RAW, 1, "user", "has_can")
_sockets("bluetooth", 31, socket.SOCK_RAW, 1, "user", "has_bluetooth")


@attempt("connects to a named UNIX socket of the host outside every grant", HIDDEN_SOCKET)
def unix_outside(world):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(world.unix_outside)
        return greets(connection, world)


@attempt("connects to a UNIX socket that lies in a directory granted for reading", HIDDEN_SOCKET)
def unix_read_grant(world):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(world.unix_read_grant)
        return greets(connection, world)


@attempt("connects to an abstract UNIX socket of the host", HIDDEN_SOCKET)
def unix_abstract(world):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect("\0" + world.unix_abstract)
        return greets(connection, world)


@attempt("sends a datagram to a UNIX socket of the host", HIDDEN_SOCKET)
def unix_datagram(world):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        return sender.sendto(b"hello", world.unix_datagram)


@attempt("sends a datagram to an abstract UNIX socket of the host by sendmsg", HIDDEN_SOCKET)
def unix_datagram_abstract(world):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        return sender.sendmsg([b"hello"], [], 0, "\0" + world.unix_datagram_abstract)


@attempt("gets a datagram out over one end of a socket pair, which needs no new socket", HIDDEN_SOCKET | {errno.EISCONN})
def unix_pair_sendto(world):
    ours, _theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    return ours.sendto(b"hello", "\0" + world.unix_datagram_abstract)


@attempt("reconnects one end of a datagram socket pair to the host", HIDDEN_SOCKET | {errno.EISCONN})
def unix_pair_connect(world):
    ours, _theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.connect("\0" + world.unix_datagram_abstract)
    return ours.send(b"hello")


@attempt("reads the host's interfaces and addresses: by netlink or ioctl", NO_SOCKET | {errno.ENODEV, errno.ENXIO})
def interfaces(world):
    expected = world.need("host_interface", "no interface can be made here")
    names = [name for _, name in socket.if_nameindex()]
    if expected not in names:
        raise Contained("only %r" % names)
    return names


@attempt("gets a ring of io_uring, which makes sockets unseen by a filter", NO_CALL)
def io_uring(world):
    return syscall("io_uring_setup", 1, ctypes.create_string_buffer(120))


@attempt("resolves a name by the host's resolver")
def resolves(world):
    try:
        return socket.getaddrinfo(world.need("hosts_name", "/etc/hosts cannot be covered here"), 80)[0][4]
    except socket.gaierror as error:
        raise Contained(str(error))


# --- System V and POSIX objects of the host ---

@attempt("attaches a shared memory segment of the host", NO_CALL | {errno.ENOENT, errno.EINVAL})
def sysv_memory(world):
    LIBC.shmat.restype = ctypes.c_void_p
    ident = syscall("shmget", world.sysv_key, 0, 0)
    ctypes.set_errno(0)
    address = LIBC.shmat(ident, None, 0)
    if address in (None, ctypes.c_void_p(-1).value):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return world.must_hold(ctypes.string_at(address, 64))


@attempt("opens a message queue of the host", NO_CALL | {errno.ENOENT})
def sysv_queue(world):
    return syscall("msgget", world.sysv_key, 0)


@attempt("opens a POSIX message queue of the host", NO_CALL | {errno.ENOENT})
def posix_queue(world):
    return syscall("mq_open", world.posix_queue, os.O_RDONLY, 0, None)


# --- with `--net host` nothing but TCP, UDP and UNIX sockets is given ---

@attempt("makes a raw socket where the host's network is granted", NO_SOCKET, proof="root", group="network",
         neighbour=lambda world: greets(socket.create_connection(("127.0.0.1", world.tcp_port), 3), world))
def host_raw(world):
    return socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).fileno()


@attempt("makes a packet socket where the host's network is granted", NO_SOCKET, proof="root", group="network",
         neighbour=socket_pair)
def host_packet(world):
    return socket.socket(socket.AF_PACKET, socket.SOCK_RAW).fileno()


@attempt("configures the network where the host's network is granted", NO_SOCKET, proof="root", group="network")
def host_configure(world):
    import fcntl
    with socket.socket() as any_socket:
        request = struct.pack("16sH14x", b"lo", 0x1 | 0x8 | 0x40)
        fcntl.ioctl(any_socket, 0x8914, request)
    return "SIOCSIFFLAGS"


@attempt("makes a vsock where the host's network is granted", NO_SOCKET, group="network")
def host_vsock(world):
    world.need("has_vsock", "this kernel has no vsock")
    return socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM).fileno()
