"""Sockets that were put in the place of the script's: they behave as if the script had connected them itself, and are good for
nothing else."""

import os
import socket
import struct
import threading

from confine.outside import CLOSED, FIRST, OPEN, OTHER, SECOND, SILENT, outside
from confine.test_network import ALLOW, TRY, Rules

CALLS = TRY + """
import ctypes, os, select, signal, threading
FIRST, OPEN, OTHER, CLOSED, SILENT = %r, %d, %d, %d, %d
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    if getattr(libc, name)(*arguments) < 0:
        return errno.errorcode[ctypes.get_errno()]
def begin(port=SILENT):
    s = socket.socket()
    s.setblocking(False)
    assert s.connect_ex((FIRST, port)) in (0, errno.EINPROGRESS)
    return s
def give_up(s):
    # unconnected again: a begun connection that is shut down, and its error read
    call("shutdown", s.fileno(), 2)
    s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
""" % (FIRST, OPEN, OTHER, CLOSED, SILENT)


class Case(Rules):
    def tries(self, code, *arguments, **options):
        return super().tries(CALLS[len(TRY):] + code, *arguments, **options)

    def says(self, code, *lines, **options):
        result = self.tries(code, **options)
        self.assertEqual(self.printed(result), list(lines), result)
        return result


class Behaviour(Case):
    def test_options_are_kept(self):
        self.says("""
rows = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1), (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1), (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 77),
        (socket.SOL_SOCKET, socket.SO_RCVBUF, 8192), (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 4321), (socket.IPPROTO_IP, socket.IP_TOS, 16)]
s = socket.socket()
before = []
for level, option, value in rows:
    s.setsockopt(level, option, value)
    before.append(s.getsockopt(level, option))
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, (7).to_bytes(8, "little") + bytes(8))
s.connect((FIRST, OPEN))
print([s.getsockopt(level, option) for level, option, _ in rows] == before)
print(s.getsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, 16)[0], s.getblocking(), os.get_inheritable(s.fileno()))
s = socket.socket()
s.set_inheritable(True)
s.settimeout(5)
s.connect((FIRST, OPEN))
print(s.getblocking() and s.gettimeout(), os.get_blocking(s.fileno()), os.get_inheritable(s.fileno()))
""", "True", "7 True False", "5.0 False True")

    def test_refused_and_connected_again(self):
        self.says("""
s = socket.socket()
print(attempt(lambda: s.connect((FIRST, CLOSED))), attempt(lambda: s.connect((FIRST, OPEN))), attempt(lambda: s.connect((FIRST, OPEN))))
print(s.getpeername()[1] == OPEN)
s = begin(SILENT)
print(errno.errorcode[s.connect_ex((FIRST, SILENT))], attempt(s.getpeername))
""", "ECONNREFUSED None EISCONN", "True", "EALREADY ENOTCONN")

    def test_waiting_ends(self):
        """By a time limit of Python's, of the socket's, and by a signal; and a thread that waits holds nobody up at the end."""
        self.says("""
s = socket.socket()
s.settimeout(0.2)
print(attempt(lambda: s.connect((FIRST, SILENT))))
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, bytes(8) + (200000).to_bytes(8, "little"))
print(attempt(lambda: s.connect((FIRST, SILENT))))
def late(number, frame):
    raise InterruptedError(errno.EINTR, "a signal")
signal.signal(signal.SIGALRM, late)
signal.setitimer(signal.ITIMER_REAL, 0.2)
s = socket.socket()
start = time.monotonic()
print(attempt(lambda: s.connect((FIRST, SILENT))), time.monotonic() - start < 2)
threading.Thread(target=lambda: socket.socket().connect((FIRST, SILENT)), daemon=True).start()
time.sleep(0.1)
""", "TimeoutError", "EINPROGRESS", "EINTR True")

    def test_end_of_a_connection_is_seen_by_the_peer(self):
        """Nobody keeps a duplicate."""
        with socket.create_server((FIRST, 8011)) as server:
            server.settimeout(10)
            process = self.start([self.script(CALLS + "s = socket.create_connection((FIRST, 8011))\ns.close()\ntime.sleep(8)\n")],
                                 changes={"network": {"allow": [FIRST + ":8011"]}})
            connection, _ = server.accept()
            connection.settimeout(4)
            self.assertEqual(connection.recv(1), b"")
            process.kill()
            process.communicate()

    def test_asyncio_and_threads(self):
        self.says("""
import asyncio
async def one(host):
    reader, writer = await asyncio.open_connection(host, OPEN, **({"happy_eyeballs_delay": 0.25} if "both" in host else {}))
    writer.write(b"GET / HTTP/1.0\\r\\n\\r\\n")
    text = await reader.read()
    writer.close()
    return text.endswith(b"hello from %s\\n" % FIRST.encode()) or "both" in host
async def many():
    print(set(await asyncio.gather(*(one(host) for host in [FIRST, "api.example.com", "both.example.com"] * 10))))
asyncio.run(many())
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(20) as pool:
    print(set(pool.map(lambda _: get("http://api.example.com:%d/" % OPEN), range(60))))
""", "{True}", "{'hello from %s'}" % FIRST)

    def test_children_and_descriptors(self):
        self.says("""
s = begin(OPEN)
other = s.dup()
pid = os.fork()
if pid == 0:
    select.select([], [other], [], 5)
    other.setblocking(True)
    other.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
    os._exit(0)
os.waitpid(pid, 0)
s.setblocking(True)
print(s.recv(12))
""", "b'HTTP/1.1 200'")

    def test_selectors_see_the_connection(self):
        self.says("""
import selectors
selector = selectors.EpollSelector()
s = begin(OPEN)
selector.register(s, selectors.EVENT_WRITE)
print(len(selector.select(5)), s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
selector, s = selectors.EpollSelector(), begin(CLOSED)
selector.register(s, selectors.EVENT_WRITE)
print(len(selector.select(5)), errno.errorcode[s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)])
""", "1 0", "1 ECONNREFUSED")


class Confinement(Case):
    def test_a_socket_of_the_host_does_not_listen(self):
        """A connection that was begun and given up leaves an unconnected socket of the host's network behind."""
        self.says("""
for port in (SILENT, OPEN):
    s = begin(port)
    give_up(s)
    print(attempt(s.listen), attempt(lambda: s.bind(("", 8044))), attempt(s.accept))
""", *(["EPERM EACCES EINVAL", "EINVAL EINVAL EINVAL"] if self.given else ["EPERM EINVAL EINVAL"] * 2))
        with socket.socket() as probe:
            self.assertNotEqual(probe.connect_ex((FIRST, 8044)), 0)

    def test_ways_to_another_peer(self):
        self.says("""
s = begin(SILENT)
give_up(s)
print(attempt(lambda: s.sendto(b"x", 0x20000000, (FIRST, OTHER))), attempt(lambda: s.sendmsg([b"x"], [], 0x20000000, (FIRST, OTHER))))
print(attempt(lambda: s.sendto(b"x", (FIRST, OTHER))), attempt(lambda: s.connect((FIRST, OTHER))))
nowhere = (ctypes.c_char * 16)()
connected = socket.create_connection((FIRST, OPEN))
print(call("connect", connected.fileno(), nowhere, 16), call("connect", s.fileno(), nowhere, 16))
print(attempt(lambda: connected.connect((FIRST, OTHER))), connected.getpeername()[1] == OPEN)
""", "EPERM EPERM", "EPIPE EACCES", "EISCONN EAFNOSUPPORT", "EISCONN True")

    def test_not_the_hosts_loopback(self):
        """A socket that has failed outside is not connected to what listens on the host's loopback."""
        self.says("""
for host in ("127.0.0.1", "0.0.0.0"):
    s = begin(SILENT)
    give_up(s)
    print(attempt(lambda: s.connect((host, OPEN))))
""", "ECONNREFUSED", "ECONNREFUSED")

    def test_options_that_lead_elsewhere(self):
        self.says("""
s = socket.create_connection((FIRST, OPEN))
print(attempt(lambda: s.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, bytes([131, 7, 4, 203, 0, 113, 6, 0]))))
print(attempt(lambda: s.setsockopt(socket.SOL_SOCKET, 25, b"lo\\0")))
six = socket.create_connection(("2001:db8::5", OPEN))
header = bytes([0, 2, 0, 1, 0, 0, 0, 0]) + socket.inet_pton(socket.AF_INET6, "2001:db8::6")
for option in (1, 5, 6, 57):
    print(attempt(lambda: six.setsockopt(socket.IPPROTO_IPV6, option, header)))
""", *["EPERM"] * 6)

    def test_no_group_is_joined_for_it(self):
        """The host would send packets that name the group. Without the filter's rows the kernel says ENODEV or EPROTO."""
        self.says("""
four = socket.create_connection((FIRST, OPEN))
six = socket.create_connection(("2001:db8::5", OPEN))
for option in (35, 39, 42, 46):
    print(attempt(lambda: four.setsockopt(socket.IPPROTO_IP, option, bytes(264))))
for option in (20, 27, 42, 46):
    print(attempt(lambda: six.setsockopt(socket.IPPROTO_IPV6, option, bytes(264))))
""", *["EPERM"] * 8)

    def test_the_hosts_interfaces_are_not_told(self):
        code = """
import array, fcntl, struct
s = socket.create_connection((FIRST, OPEN))
room = array.array("B", bytes(4096))
print(attempt(lambda: fcntl.ioctl(s, 0x8912, struct.pack("iP", 4096, room.buffer_info()[0]))))
"""
        self.says(code, "EPERM")

    def test_address_that_changes_while_it_is_judged(self):
        """Another thread rewrites the address between the check and the connection."""
        del self.outside.servers[OTHER].peers[:]
        self.says("""
allowed = socket.inet_aton(FIRST)
address = (ctypes.c_char * 16).from_buffer(bytearray(b"\\2\\0" + OPEN.to_bytes(2, "big") + allowed + bytes(8)))
running = True
def change():
    while running:
        address[2:4] = OTHER.to_bytes(2, "big")
        address[2:4] = OPEN.to_bytes(2, "big")
thread = threading.Thread(target=change)
thread.start()
seen = set()
for _ in range(400):
    s = socket.socket()
    if not call("connect", s.fileno(), address, 16):
        seen.add(s.getpeername()[1])
    s.close()
running = False
thread.join()
print(seen == {OPEN})
""", "True")
        self.assertEqual(self.outside.servers[OTHER].peers, [])

    def test_descriptor_that_changes_while_it_is_judged(self):
        """bind() goes on in the kernel for UNIX sockets; a socket of the host is put in its place meanwhile."""
        self.says("""
place = "/tmp/s"
target = socket.socket(socket.AF_UNIX).detach()
name = (ctypes.c_char * 16).from_buffer(bytearray(b"\\2\\0" + (8055).to_bytes(2, "big") + bytes(12)))
running, won = True, []
def bind():
    while running:
        if not call("bind", target, name, 16):
            won.append(1)
threads = [threading.Thread(target=bind) for _ in range(2)]
for thread in threads:
    thread.start()
end = time.monotonic() + 1.5
while time.monotonic() < end:
    unix, host = socket.socket(socket.AF_UNIX), begin(SILENT)
    give_up(host)
    for _ in range(20):
        os.dup2(unix.fileno(), target)
        os.dup2(host.fileno(), target)
    unix.close(), host.close()
running = False
for thread in threads:
    thread.join()
print(len(won))
""", "0")


class Own(Case):
    """What is the sandbox's own works beside the rules."""

    def test_servers_of_its_own(self):
        self.need("namespaces")
        self.says("""
import multiprocessing
server = socket.create_server(("127.0.0.1", OPEN))
client = socket.create_connection(("localhost", OPEN))
print(server.accept()[1] == client.getsockname())
server = socket.create_server(("::1", 0), family=socket.AF_INET6)
socket.create_connection(server.getsockname()[:2]).close()
datagrams = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
datagrams[0].bind(("127.0.0.1", 0))
datagrams[1].sendto(b"x", datagrams[0].getsockname())
print(datagrams[0].recv(5))
unix = socket.socket(socket.AF_UNIX)
unix.bind("/tmp/own")
unix.listen()
client = socket.socket(socket.AF_UNIX)
client.connect("/tmp/own")
print(unix.getsockname(), os.stat("/tmp/own").st_uid == os.getuid())
if __name__ == "__main__":
    with multiprocessing.Manager() as manager:
        print(manager.list([1, 2]))
""", "True", "b'x'", "/tmp/own True", "[1, 2]")

    def test_granted_ports_are_the_hosts(self):
        process = self.start([self.script(CALLS + """
server = socket.create_server(("", 8033))
private = attempt(lambda: socket.create_server(("", 8034)))
print("ready", flush=True)
connection, peer = server.accept()
connection.sendall(b"welcome")
print(socket.create_connection(("127.0.0.1", 8033)).getpeername()[1])
print(attempt(lambda: socket.create_server(("", OTHER))))
""")], changes={"network": {"listen": ["8033", str(OTHER)]}})
        self.assertEqual(process.stdout.readline(), b"ready\n")
        with socket.create_connection((FIRST, 8033), 5) as client, socket.socket() as other:
            self.assertEqual(client.recv(20), b"welcome")
            self.assertNotEqual(other.connect_ex((FIRST, 8034)), 0)
        out, err = process.communicate(timeout=10)
        self.assertEqual(out, b"8033\nEADDRINUSE\n", err)

    def test_a_granted_port_is_the_scripts_own_server_alone(self):
        """The host listens on 127.0.0.1; the same port of another loopback address does not lead there."""
        with socket.create_server(("127.0.0.1", 8044)):
            result = self.code(CALLS + """
server = socket.create_server(("127.0.0.2", 8044))
print(attempt(lambda: socket.create_connection(("127.0.0.1", 8044), 5) and None))
print(socket.create_connection(("127.0.0.2", 8044), 5).getpeername()[0])
""", changes={"network": {"listen": ["8044"]}})
        self.assertEqual(self.printed(result), ["ECONNREFUSED", "127.0.0.2"], result)

    def test_loopback_of_the_host(self):
        code = "print(attempt(lambda: get('http://127.0.0.1:%d/')), attempt(lambda: get('http://localhost:%d/')))" % (OPEN, OTHER)
        self.says(code, "ECONNREFUSED ECONNREFUSED")
        for network, expected in (({"allow": ["127.0.0.1:%d" % OPEN]}, "hello from 127.0.0.1 ECONNREFUSED"),
                                  ({"allow": ["localhost:%d" % OTHER]}, "ECONNREFUSED hello from 127.0.0.1"),
                                  ({"loopback": "host"}, "hello from 127.0.0.1 hello from 127.0.0.1")):
            result = self.code(CALLS + code, changes={"network": network})
            result.out = result.out.replace(b"::1", b"127.0.0.1")
            self.assertEqual(self.printed(result), [expected], (network, result))

    def test_loopback_of_the_host_and_servers_of_its_own(self):
        result = self.code(CALLS + """
server = socket.create_server(("127.0.0.1", 8066))
threading.Thread(target=lambda: server.accept()[0].sendall(b"own"), daemon=True).start()
print(socket.create_connection(("127.0.0.1", 8066)).recv(5), get("http://127.0.0.1:%d/" % OPEN))
""", changes={"network": {"loopback": "host"}})
        self.assertEqual(self.printed(result), ["b'own' hello from 127.0.0.1"], result)


class UnixSockets(Case):
    def serve(self, name):
        path = self.world.path("sockets", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.chmod(os.path.dirname(path), 0o755)
        server = socket.socket(socket.AF_UNIX)
        server.bind(path)
        os.chmod(path, 0o666)
        server.listen()

        def answer():
            while True:
                connection, _ = server.accept()
                peer = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
                connection.sendall(str(peer[1]).encode())
                connection.close()
        threading.Thread(target=answer, daemon=True).start()
        self.addCleanup(server.close)
        return path

    def test_granted_path(self):
        granted, other = self.serve("granted-%d" % self.lab.count), self.serve("other-%d" % self.lab.count)
        code = """
def peer(path):
    s = socket.socket(socket.AF_UNIX)
    s.connect(path)
    return int(s.recv(20)) == os.getuid()
for path in sys.argv[1:]:
    print(attempt(lambda: peer(path)))
"""
        away = os.path.join(os.path.dirname(granted), "x", "..", os.path.basename(other))
        result = self.code(CALLS + code, granted, other, away, changes={"network": {"allow": ["unix:" + granted]}})
        self.assertEqual(self.printed(result)[0], "True", result)
        self.assertNotIn("True", self.printed(result)[1:], result)
        result = self.code(CALLS + code, granted, other, changes={"network": {"allow": ["unix:" + os.path.dirname(granted)]}})
        self.assertEqual(self.printed(result), ["True", "True"], result)
