"""What lies outside: addresses, servers and names of a machine that is thrown away after the job.

Addresses stand on the loopback interface of the job's own network namespace, which is the "host" of what runs in it; names
are answered by a DNS server of ours, as the host's resolver asks it."""

import fcntl
import http.server
import os
import socket
import struct
import threading
import time

import calls

FIRST, SECOND, PRIVATE, METADATA = "203.0.113.5", "203.0.113.6", "10.9.9.9", "169.254.169.254"
SIX = "2001:db8::5"
OPEN, OTHER, SILENT, CLOSED = 8001, 8002, 8003, 8009

NAMES = {"api.example.com": [FIRST], "multi.example.com": [SECOND, FIRST], "six.example.com": [SIX], "both.example.com": [FIRST, SIX],
         "a.cdn.example.net": [FIRST], "rebind.example.com": [PRIVATE], "inward.example.com": ["127.0.0.1"],
         "metadata.example.com": [METADATA], "db": [PRIVATE], "slow.example.com": [FIRST], "moves.example.com": [FIRST]}


def add_address(text):
    if ":" in text:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as any_socket:
            fcntl.ioctl(any_socket, 0x8916, socket.inet_pton(socket.AF_INET6, text) + struct.pack("Ii", 128, socket.if_nametoindex("lo")))
        return
    add_address.count = getattr(add_address, "count", 0) + 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8916, struct.pack("16sHH4s8x", b"lo:%d" % add_address.count, socket.AF_INET, 0, socket.inet_aton(text)))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = b"hello from %s\n" % self.connection.getsockname()[0].replace("::ffff:", "").encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
    daemon_threads = True
    request_queue_size = 200

    def __init__(self, port, context=None):
        self.context, self.peers = context, []
        super().__init__(("::", port), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def server_bind(self):
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()

    def get_request(self):
        connection, peer = super().get_request()
        self.peers.append(peer)
        if self.context:
            connection = self.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, peer

    def handle_error(self, *_):
        pass


class Outside:
    """`why_not` says why it cannot be had, or is None."""

    def __init__(self, lab):
        self.asked, self.names, self.silent = [], {name: list(found) for name, found in NAMES.items()}, []
        self.why_not = None if os.getuid() == 0 and lab.isolated else "making addresses needs root, and namespaces of one's own"
        if self.why_not:
            return
        for address in (FIRST, SECOND, PRIVATE, METADATA, SIX):
            add_address(address)
        self.resolver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.resolver.bind(("127.0.0.1", 53))
        threading.Thread(target=self.answer_names, daemon=True).start()
        for name, text in (("hosts", "127.0.0.1 localhost\n"), ("nsswitch.conf", "hosts: files dns\n"),
                           ("resolv.conf", "nameserver 127.0.0.1\noptions timeout:5 attempts:1\n")):
            path = lab.world.path("outside-" + name)
            with open(path, "w") as file:
                file.write(text)
            calls.syscall("mount", path, os.path.realpath("/etc/" + name), None, calls.MS_BIND, None)
        self.servers = {port: Server(port) for port in (OPEN, OTHER)}
        self.silence(SILENT)

    def silence(self, port):
        """A server that never answers: its queue is full, so that a further connection is not even refused."""
        server = socket.socket()
        server.bind((FIRST, port))
        server.listen(0)
        self.silent.append(server)
        for _ in range(3):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex((FIRST, port))
            self.silent.append(client)

    def answer_names(self):
        while True:
            question, client = self.resolver.recvfrom(512)
            threading.Thread(target=self.answer, args=(question, client), daemon=True).start()

    def answer(self, question, client):
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]].decode("ascii", "replace"))
            at += 1 + question[at]
        name, kind = ".".join(labels).lower(), struct.unpack("!H", question[at + 1:at + 3])[0]
        self.asked.append(name)
        if name.startswith("slow"):
            time.sleep(1.5)
        family = {1: socket.AF_INET, 28: socket.AF_INET6}.get(kind)
        found = [socket.inet_pton(family, text) for text in self.names.get(name, ()) if (":" in text) == (kind == 28)] if family else []
        answer = question[:2] + struct.pack("!HHHHH", 0x8180 if name in self.names else 0x8183, 1, len(found), 0, 0) + question[12:at + 5]
        for address in found:
            answer += struct.pack("!HHHIH", 0xC00C, kind, 1, 0, len(address)) + address
        self.resolver.sendto(answer, client)


_outside = None


def outside(case):
    """The one of this job; skips the test where it cannot be had."""
    global _outside
    if _outside is None:
        _outside = Outside(case.lab)
    if _outside.why_not:
        case.skipTest(_outside.why_not)
    return _outside
