"""Sockets where there is no network namespace: all are made by the supervisor. What a script can do with them beside the
connections that its rules allow, and that ordinary programs do not notice."""

import os
import socket
import subprocess

from confine.outside import FIRST, OPEN, OTHER
from confine.support import Case
from confine.test_network_sockets import CALLS
from confine.test_network_sockets import Case as Sockets


class Given(Sockets):
    def setUp(self):
        if "namespaces" in self.layers():
            self.skipTest("only without a network namespace")
        super().setUp()


class Confinement(Given):
    def test_nothing_listens(self):
        """Not unbound, which would take any port; not at a port of one's own choice; not on the loopback."""
        self.says("""
s = socket.socket()
print(attempt(s.listen))
s = socket.socket()
print(attempt(lambda: s.bind(("", 0))), attempt(s.listen))
for place in (("", 8051), ("127.0.0.1", 8051)):
    print(attempt(lambda: socket.socket().bind(place)))
six = socket.socket(socket.AF_INET6)
print(attempt(lambda: six.bind(("::ffff:0.0.0.0", 8051))), attempt(six.listen))
""", "EPERM", "None EPERM", "EACCES", "EACCES", "EACCES EPERM")

    def test_shared_loopback_is_no_more(self):
        result = self.code(CALLS + """
print(attempt(lambda: socket.socket().bind(("127.0.0.1", 8051))))
for place in ("", "0.0.0.0", FIRST):
    print(attempt(lambda: socket.socket().bind((place, 8052))))
print(attempt(lambda: socket.socket(socket.AF_INET6).bind(("::", 8052))), attempt(lambda: socket.socket(socket.AF_INET6).bind(("::ffff:0.0.0.0", 8052))))
""", changes={"network": {"loopback": "host"}})
        self.assertEqual(self.printed(result), ["None", "EACCES", "EACCES", "EACCES", "EACCES EACCES"], result)

    def test_sending_does_not_connect(self):
        del self.outside.servers[OTHER].peers[:]
        self.says("""
there = (FIRST, OTHER)
for flags in (0, 0x20000000):
    s = socket.socket()
    print(attempt(lambda: s.sendto(b"x", flags, there)), attempt(lambda: s.sendmsg([b"x"], [], flags, there)))
print(attempt(lambda: socket.socket().setsockopt(socket.IPPROTO_TCP, 30, 1)))
connected = socket.create_connection((FIRST, OPEN))
print(attempt(lambda: connected.sendmsg([b"GET / HTTP/1.0\\r\\n\\r\\n"], [], 0, there)), connected.recv(5))
""", "EPIPE EPIPE", "EPERM EPERM", "EPERM", "18 b'HTTP/'")
        self.assertEqual(self.outside.servers[OTHER].peers, [])

    def test_datagrams_go_nowhere(self):
        """What a script takes for UDP: not by its name, not when it is connected to the resolver, not over a pair's end."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
            receiver.bind(("127.0.0.1", 0))
            receiver.setblocking(False)
            path = self.world.path("log-%d" % self.lab.count)
            log.bind(path)
            os.chmod(path, 0o777)
            log.setblocking(False)
            result = self.code(CALLS + """
there, path = ("127.0.0.1", int(sys.argv[1])), sys.argv[2].encode()
name = (ctypes.c_char * 110).from_buffer(bytearray(b"\\1\\0" + path.ljust(108, b"\\0")))
data = ctypes.create_string_buffer(b"hello")
def ways(s):
    attempt(lambda: s.sendto(b"x", there)), attempt(lambda: s.sendmsg([b"x"], [], 0, there)), attempt(lambda: s.send(b"x"))
    call("sendto", s.fileno(), data, 5, 0, name, 110)
    attempt(lambda: s.connect(there)), call("connect", s.fileno(), name, 110), attempt(lambda: s.bind(there)), attempt(lambda: s.send(b"x"))
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
ways(s)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(("192.0.2.1", 53))
ways(s)
print(attempt(lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)), attempt(lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)))
""", str(receiver.getsockname()[1]), path, changes={"network": {"allow": ["%s:%d" % (FIRST, OPEN)]}})
            self.assertEqual(self.printed(result), ["EPERM EPERM"], result)
            for end in (receiver, log):
                with self.assertRaises(BlockingIOError):
                    end.recv(10)

    def test_other_kinds_of_sockets(self):
        self.says("""
for family, kind, protocol in ((2, 1, 262), (2, 1, 132), (2, 2, 136), (2, 3, 1), (10, 5, 0), (17, 3, 0), (16, 3, 0), (38, 5, 0), (40, 1, 0), (1, 5, 0)):
    print(attempt(lambda: socket.socket(family, kind, protocol)), end=" ")
""", "EPERM EPERM EPERM EPERM EPERM EPERM EAFNOSUPPORT EPERM EPERM EPERM ")

    def test_names_without_a_path(self):
        """Abstract names are everybody's in a container."""
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("\0pyconfine-test-%d" % os.getpid())
            server.listen()
            result = self.code(CALLS + """
s = socket.socket(socket.AF_UNIX)
print(attempt(lambda: s.connect("\\0" + sys.argv[1])), attempt(lambda: s.bind("\\0mine")), attempt(lambda: s.bind("")), attempt(s.listen))
""", "pyconfine-test-%d" % os.getpid())
        self.assertEqual(self.printed(result), ["EACCES EACCES EACCES EINVAL"], result)
        self.assertIn("unix:@pyconfine-test", result.err)

    def test_path_that_changes_while_it_is_judged(self):
        """The directory becomes a link to one that is not granted, between the supervisor's look and the kernel's."""
        away = self.folder("away-%d" % self.lab.count, 0o777)
        os.chmod(away, 0o777)
        self.says("""
import tempfile
place = tempfile.mkdtemp()
os.mkdir(place + "/a")
os.symlink(%r, place + "/b")
running = True
def change():
    while running:
        call("syscall", 316, -100, (place + "/a").encode(), -100, (place + "/b").encode(), 2)
thread = threading.Thread(target=change)
thread.start()
for number in range(300):
    attempt(lambda: socket.socket(socket.AF_UNIX).bind(place + "/a/s%%d" %% number))
running = False
thread.join()
print("ended")
""" % away, "ended")
        self.assertEqual(os.listdir(away), [])

    def test_sockets_below_other_grants(self):
        """A socket is bound below a grant to write, but who listens at another one's path there is not known."""
        folder = self.folder("shared-%d" % self.lab.count, 0o777)
        os.chmod(folder, 0o777)
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(folder + "/theirs")
            os.chmod(folder + "/theirs", 0o777)
            server.listen()
            result = self.code(CALLS + """
place = sys.argv[1]
print(attempt(lambda: socket.socket(socket.AF_UNIX).connect(place + "/theirs")))
os.umask(0o077)
s = socket.socket(socket.AF_UNIX)
print(attempt(lambda: s.bind(place + "/mine")), attempt(s.listen), oct(os.stat(place + "/mine").st_mode), s.getsockname() == place + "/mine")
print(attempt(lambda: socket.socket(socket.AF_UNIX).bind(sys.argv[2] + "/not-mine")))
""", folder, self.folder("project"), flags=["--write", folder])
        self.assertEqual(self.printed(result), ["EACCES", "None None 0o140700 True", "EACCES"], result)


class Behaviour(Given):
    def test_copies_of_a_socket(self):
        """A socket is known by whatever descriptor it is asked for: duplicated, inherited, received from another process."""
        self.says("""
s = socket.socket()
duplicate = os.dup(s.fileno())
s.close()
socket.socket(fileno=duplicate).connect((FIRST, OPEN))
s = socket.socket()
if os.fork() == 0:
    s.connect((FIRST, OPEN))
    os._exit(0)
os.wait()
print(s.getpeername()[1] == OPEN)
one, other = socket.socketpair()
sent = socket.socket()
socket.send_fds(one, [b"x"], [sent.fileno()])
received = socket.socket(fileno=socket.recv_fds(other, 1, 1)[1][0])
received.connect((FIRST, OPEN))
print(received.getpeername()[1] == OPEN)
""", "True", "True")

    def test_the_other_side_sees_the_end(self):
        code = """
%s
s.connect((FIRST, %d))
print("connected", flush=True)
if sys.argv[1] == "close":
    s.close()
else:
    os.kill(os.getpid(), 9)
input()
"""
        with socket.create_server((FIRST, 8071)) as server:
            for how in ("s = socket.socket()", "s = socket.socket(); s.settimeout(5)"):
                process = self.start([self.script(CALLS + code % (how, 8071)), "close"], stdin=subprocess.PIPE,
                                     changes={"network": {"allow": ["%s:8071" % FIRST]}})
                connection, _ = server.accept()
                connection.settimeout(5)
                self.assertEqual(connection.recv(1), b"")
                process.communicate(b"\n", timeout=10)

    def test_ports_are_free_again(self):
        """A socket that was bound and closed does not keep its port, although a copy of it was kept."""
        result = self.code(CALLS + """
for _ in range(5):
    socket.socket().bind(("", 8072))
    time.sleep(0.05)
print(attempt(lambda: socket.create_server(("", 8072)) and None))
""", changes={"network": {"listen": ["8072"]}})
        self.assertEqual(self.printed(result), ["None"], result)

    def test_many_sockets(self):
        """More than are kept: those that are closed make room, and those that are not do not harm the supervisor."""
        process = self.start([self.script(CALLS + """
for number in range(3000):
    socket.socket(socket.AF_INET if number % 2 else socket.AF_UNIX, socket.SOCK_STREAM).close()
kept = []
try:
    while True:
        kept.append(socket.socket())
except OSError as error:
    print(errno.errorcode[error.errno], len(kept) > 400, flush=True)
input()
kept.clear()
time.sleep(0.5)
print(get("http://api.example.com:%d/" % OPEN))
""")], changes={"network": {"allow": ["api.example.com:%d" % OPEN]}}, stdin=subprocess.PIPE)
        self.assertEqual(process.stdout.readline(), b"ENFILE True\n")
        self.assertLess(len(os.listdir("/proc/%d/fd" % process.pid)), 540)
        out, err = process.communicate(b"\n", timeout=20)
        self.assertEqual(out, b"hello from %s\n" % FIRST.encode(), err)

    def test_many_look_ups_at_once(self):
        self.says("""
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(40) as pool:
    print(set(pool.map(lambda n: socket.getaddrinfo("api.example.com", n, socket.AF_INET)[0][4][0], range(1, 200))) == {FIRST})
""", "True")

    def test_the_name_servers_that_are_configured(self):
        """Whatever the address, nobody but the supervisor is asked; what it does not keep ends."""
        self.says("""
kept = []
try:
    for _ in range(400):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.connect(("198.51.100.7", 53))
        kept.append(s)
except OSError as error:
    print(errno.errorcode[error.errno], len(kept))
kept.clear()
time.sleep(0.2)
print(socket.gethostbyname("api.example.com") == FIRST)
""", "EAGAIN 128", "True")


class Own(Case):
    """In every profile: what multiprocessing needs."""

    def setUp(self):
        if "namespaces" in self.layers() or not self.lab.mode["main"] or not self.has_notification():
            self.skipTest("with namespaces elsewhere, or as in another mode")

    def test_managers_and_the_fork_server(self):
        result = self.code("""
import asyncio, multiprocessing, os, socket, struct, sys, tempfile
def child(end):
    end.send(os.getpid() != os.getppid())
if __name__ == "__main__":
    with multiprocessing.Manager() as manager:
        print(manager.list([1, 2]))
    for method in ("forkserver", "spawn"):
        context = multiprocessing.get_context(method)
        here, there = context.Pipe()
        process = context.Process(target=child, args=(there,))
        process.start()
        print(here.recv())
        process.join()
    async def echo():
        place = tempfile.mkdtemp() + "/s"
        async def answer(reader, writer):
            writer.write(await reader.read(5))
            writer.close()
        async with await asyncio.start_unix_server(answer, place):
            reader, writer = await asyncio.open_unix_connection(place)
            writer.write(b"hello")
            uid = struct.unpack("3i", writer.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1]
            return await reader.read(), uid == os.getuid()
    print(asyncio.run(echo()))
""")
        self.succeeds(result, "[1, 2]\nTrue\nTrue\n(b'hello', True)\n")

    def test_no_network_is_none(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            result = self.code("""
import errno, socket, sys
def attempt(function):
    try:
        function()
    except OSError as error:
        return errno.errorcode[error.errno]
print(attempt(lambda: socket.create_connection(("127.0.0.1", int(sys.argv[1])))), attempt(lambda: socket.create_connection(("192.0.2.1", 80))))
print(attempt(lambda: socket.create_server(("127.0.0.1", 0))))
""", str(server.getsockname()[1]))
        self.assertEqual((result.status, result.out), (0, b"ECONNREFUSED ENETUNREACH\nEPERM\n"), result)
        self.assertIn("denied: connect 192.0.2.1:80 ", result.err)
