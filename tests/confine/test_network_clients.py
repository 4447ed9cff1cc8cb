"""Programs as people write them, and a script that floods the supervisor."""

import os
import shutil
import ssl
import subprocess
import time

from confine.outside import FIRST, OPEN, SILENT, Server, outside
from confine.test_network import ALLOW, TRY, Rules

TLS, REDIS = 8443, 6399


def make_certificate(folder):
    """A certificate for api.example.com, signed by itself, and its key; made with Python's cryptography."""
    import datetime
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "api.example.com")])
    now = datetime.datetime.utcnow()
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=2))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("api.example.com")]), False)
            .add_extension(x509.BasicConstraints(True, None), True).sign(key, hashes.SHA256()))
    with open(folder + "/certificate.pem", "wb") as file:
        file.write(made.public_bytes(serialization.Encoding.PEM))
    with open(folder + "/key.pem", "wb") as file:
        file.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))


class Clients(Rules):
    def package(self, name):
        found = subprocess.run(["/usr/bin/python3", "-c", "import " + name], stderr=subprocess.DEVNULL, check=False).returncode
        if found:
            self.skipTest("the Python package %s is not installed" % name)

    def test_requests_over_tls(self):
        self.package("requests")
        self.package("cryptography")
        folder = self.folder("more/tls")
        if not os.path.exists(folder + "/key.pem"):
            make_certificate(folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder + "/certificate.pem", folder + "/key.pem")
        server = Server(TLS, context)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        result = self.code(TRY + """
import requests, ssl
with requests.Session() as session:
    session.verify = sys.argv[1]
    print({session.get("https://api.example.com:%d/", timeout=5).text for _ in range(5)})
try:
    requests.get("https://multi.example.com:%d/", timeout=5, verify=sys.argv[1])
except requests.exceptions.SSLError as error:
    print("match" in str(error))
""" % (TLS, TLS), folder + "/certificate.pem", flags=["--read", folder + "/certificate.pem"],
                           changes={"network": {"allow": ["api.example.com:%d" % TLS, "multi.example.com:%d" % TLS]}})
        self.succeeds(result, "{'hello from %s\\n'}\nTrue\n" % FIRST)

    def test_redis(self):
        self.package("redis")
        if not shutil.which("redis-server"):
            self.skipTest("redis-server is not installed")
        server = subprocess.Popen(["redis-server", "--port", str(REDIS), "--bind", FIRST, "--save", "", "--protected-mode", "no"],
                                  stdout=subprocess.DEVNULL)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        time.sleep(0.3)
        result = self.code(TRY + """
import redis
client = redis.Redis("api.example.com", %d, socket_timeout=5, socket_keepalive=True)
client.set("a", "b")
print(client.get("a"), client.pipeline().incr("n").incr("n").execute())
""" % REDIS, changes={"network": {"allow": ["api.example.com:%d" % REDIS]}})
        self.succeeds(result, "b'b' [1, 2]\n")


class Floods(Rules):
    def supervisor_descriptors(self, pid):
        return len(os.listdir("/proc/%d/fd" % pid))

    def flood(self, code, **options):
        process = self.start([self.script(TRY + "import os, threading\n" + code)], changes={"network": {"allow": ALLOW}}, **options)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        descriptors = self.supervisor_descriptors(process.pid)
        out, err = process.communicate(b"\n", timeout=25)
        self.assertEqual((process.returncode, out), (0, b"hello from %s\n" % FIRST.encode()), err)
        return descriptors, err.decode()

    def test_connections_and_names(self):
        """A thousand sockets at a time and a thousand made-up names later, everything is as before."""
        descriptors, err = self.flood("""
kept = []
for number in range(1500):
    s = socket.socket()
    s.setblocking(False)
    s.connect_ex(("%s", %d if number %% 2 else %d))
    kept.append(s)
    if len(kept) > 400:
        kept.pop(0).close()
for number in range(400):
    attempt(lambda: socket.gethostbyname("n%%d.evil.example.org" %% number))
for number in range(60):
    attempt(lambda: socket.gethostbyname("n%%d.cdn.example.net" %% number))
print("ready", flush=True)
input()
print(get("http://api.example.com:%d/"))
""" % (FIRST, OPEN, SILENT, OPEN), stdin=subprocess.PIPE)
        # without a network namespace, of each socket that is not connected one is kept
        self.assertLess(descriptors, 540 if self.given else 40)
        self.assertIn("pyconfine: ... and ", err)

    def test_waiting_threads_and_killed_ones(self):
        """Every place of the table is taken by connections that never end; then their processes are killed."""
        descriptors, _ = self.flood("""
import signal
children = []
for _ in range(4):
    pid = os.fork()
    if pid == 0:
        for _ in range(10):
            threading.Thread(target=lambda: attempt(lambda: socket.socket().connect(("%s", %d))), daemon=True).start()
        time.sleep(30)
    children.append(pid)
time.sleep(0.7)
for pid in children:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
time.sleep(0.5)
print("ready", flush=True)
input()
print(get("http://api.example.com:%d/"))
""" % (FIRST, SILENT, OPEN), stdin=subprocess.PIPE)
        self.assertLess(descriptors, 60 if self.given else 20)

    def test_garbage_at_the_name_server(self):
        self.flood("""
import random
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(("127.0.0.1", 53))
s.setblocking(False)
random.seed(1)
for number in range(3000):
    question = b"\\1\\2\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0" + bytes(random.randrange(256) for _ in range(random.randrange(60)))
    attempt(lambda: s.send(question[:random.randrange(len(question))] if number % 2 else question))
print("ready", flush=True)
input()
print(get("http://api.example.com:""" + str(OPEN) + """/"))
""", stdin=subprocess.PIPE)
