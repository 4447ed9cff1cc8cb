"""network.allow: what a rule allows works as outside, what none allows is refused by us, and said."""

import json
import socket
import subprocess

from confine.outside import CLOSED, FIRST, METADATA, OPEN, OTHER, PRIVATE, SECOND, SILENT, SIX, outside
from confine.support import Case

TRY = """import errno, socket, sys, time, urllib.request
def attempt(function):
    try:
        return function()
    except OSError as error:
        while getattr(error, "reason", None) and isinstance(error.reason, OSError):
            error = error.reason
        return errno.errorcode.get(error.errno, type(error).__name__) if not isinstance(error, socket.gaierror) else "gaierror %d" % error.errno
def connect(host, port):
    with socket.create_connection((host, port), 5) as connection:
        return connection.getpeername()[0]
def get(url):
    return urllib.request.urlopen(url, timeout=5).read().decode().strip()
"""
ALLOW = ["%s:%d" % (FIRST, OPEN), "%s:%d" % (FIRST, CLOSED), "%s:%d" % (FIRST, SILENT), "[2001:db8::/32]:%d" % OPEN] + [
    name + ":%d" % OPEN for name in ("api.example.com", "multi.example.com", "six.example.com", "both.example.com", "*.cdn.example.net",
                                     "rebind.example.com", "inward.example.com", "metadata.example.com", "db", "slow.example.com",
                                     "nobody.example.com", "moves.example.com")]


class Rules(Case):
    def setUp(self):
        if "namespaces" not in self.layers() and not (self.lab.mode["main"] and self.has_notification()):
            self.skipTest("connections by rule are not to be had here, or as in another mode")
        self.outside = outside(self)

    @property
    def given(self):
        """Without a network namespace the supervisor makes the sockets."""
        return "namespaces" not in self.layers()

    def tries(self, code, allow=None, network=None, **options):
        return self.code(TRY + code, changes={"network": {"allow": ALLOW if allow is None else allow, **(network or {})}}, **options)

    def printed(self, result):
        self.assertEqual(result.status, 0, result)
        return result.out.decode().splitlines()


class Addresses(Rules):
    def test_address_and_port(self):
        result = self.tries("for port in (%d, %d, %d):\n print(attempt(lambda: connect('%s', port)))" % (OPEN, OTHER, CLOSED, FIRST))
        self.assertEqual(self.printed(result), [FIRST, "EACCES", "ECONNREFUSED"], result)
        self.assertIn("pyconfine: denied: connect %s:%d " % (FIRST, OTHER), result.err)
        self.assertIn("[network.allow]", result.err)
        self.assertIn("--net %s:%d\n" % (FIRST, OTHER), result.err)
        self.assertEqual(result.err.count("denied:"), 1, result)

    def test_another_address(self):
        self.assertEqual(self.printed(self.tries("print(attempt(lambda: connect('%s', %d)))" % (SECOND, OPEN))), ["EACCES"])

    def test_flag(self):
        result = self.code(TRY + "print(get('http://%s:%d/'))" % (FIRST, OPEN), flags=["--net", "%s:%d" % (FIRST, OPEN)])
        self.succeeds(result, "hello from %s\n" % FIRST)

    def test_six(self):
        result = self.tries("print(get('http://[%s]:%d/'))\nprint(attempt(lambda: connect('%s', %d)))" % (SIX, OPEN, SIX, OTHER))
        self.assertEqual(self.printed(result), ["hello from " + SIX, "EACCES"])
        self.assertIn("denied: connect [%s]:%d " % (SIX, OTHER), result.err)

    def test_four_in_six(self):
        code = """
for port in (%d, %d):
    s = socket.socket(socket.AF_INET6)
    print(attempt(lambda: s.connect(("::ffff:%s", port))))
""" % (OPEN, OTHER, FIRST)
        self.assertEqual(self.printed(self.tries(code)), ["None", "EACCES"])

    def test_wide_rules_leave_special_addresses_out(self):
        code = "for host in ('%s', '127.0.0.1', '0.0.0.0', '%s', '%s'):\n print(attempt(lambda: connect(host, %d)))" % (
            METADATA, PRIVATE, FIRST, OPEN)
        result = self.tries(code, ["*:%d" % OPEN, "0.0.0.0/0:%d" % OPEN])
        self.assertEqual(self.printed(result), ["EACCES", "ECONNREFUSED", "ECONNREFUSED", PRIVATE, FIRST], result)
        self.assertIn("where clouds hand out credentials", result.err)
        named = self.tries("print(attempt(lambda: connect('%s', %d)))" % (METADATA, OPEN), ["%s:%d" % (METADATA, OPEN)])
        self.assertEqual(self.printed(named), [METADATA])

    def test_nothing_is_open_without_rules(self):
        for network in ("none", {"allow": []}):
            result = self.code(TRY + "print(attempt(lambda: connect('%s', %d)))" % (FIRST, OPEN), changes={"network": network})
            self.assertIn(self.printed(result)[0], ("ENETUNREACH", "EACCES"), result)
            self.assertIn("denied: connect %s:%d " % (FIRST, OPEN), result.err)

    def test_five_are_said(self):
        result = self.tries("for port in range(9001, 9009):\n attempt(lambda: connect('%s', port))" % FIRST)
        self.assertEqual(result.err.count("denied: connect"), 5, result)
        self.assertIn("pyconfine: ... and 3 more\n", result.err)
        self.assertEqual(self.tries("attempt(lambda: connect('%s', 9001))" % FIRST, flags=["-q"]).err, "")

    def test_datagrams_stay_inside(self):
        code = """
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
print(attempt(lambda: s.sendto(b"x", ("%s", %d))))
print(attempt(lambda: s.connect(("%s", %d))))
""" % (FIRST, OPEN, FIRST, OPEN)
        self.assertEqual(self.printed(self.tries(code)), ["ENOTCONN" if self.given else "ENETUNREACH", "ENETUNREACH"])


class Names(Rules):
    def test_names_and_wildcards(self):
        code = "for name in ('api.example.com', 'API.Example.COM', 'a.cdn.example.net', 'six.example.com', 'db'):\n" \
               "    print(get('http://%%s:%d/' %% name))" % OPEN
        self.succeeds(self.tries(code), "".join("hello from %s\n" % host for host in (FIRST, FIRST, FIRST, SIX, PRIVATE)))

    def test_several_addresses(self):
        code = "print(sorted(i[4][0] for i in socket.getaddrinfo('multi.example.com', %d, type=socket.SOCK_STREAM)))\n" \
               "print(sorted(i[4][0] for i in socket.getaddrinfo('both.example.com', %d, type=socket.SOCK_STREAM)))" % (OPEN, OPEN)
        self.assertEqual(self.printed(self.tries(code)), [str(sorted([FIRST, SECOND])), str(sorted([FIRST, SIX]))])

    def test_refused_name_is_not_looked_up_anywhere(self):
        del self.outside.asked[:]
        result = self.tries("print(attempt(lambda: get('http://secret-data.evil.example.org/')))")
        self.assertEqual(self.printed(result), ["gaierror -2"])
        self.assertEqual(self.outside.asked, [])
        self.assertIn("denied: look up secret-data.evil.example.org ", result.err)
        self.assertIn('"Name resolution" failed because of that, not because of DNS.', result.err)

    def test_without_a_network_the_name_is_said(self):
        result = self.code(TRY + "print(attempt(lambda: get('http://api.example.com/')))")
        self.assertEqual(self.printed(result), ["gaierror -2"], result)
        self.assertIn("denied: look up api.example.com  ", result.err)
        self.assertIn("has no network.", result.err)

    def test_allowed_name_that_nobody_knows(self):
        result = self.tries("print(attempt(lambda: get('http://nobody.example.com:%d/')))" % OPEN)
        self.assertEqual((self.printed(result), result.err), (["gaierror -2"], ""))

    def test_other_port_of_an_allowed_name(self):
        result = self.tries("print(attempt(lambda: get('http://multi.example.com:%d/')))" % OTHER)
        self.assertEqual(self.printed(result), ["EACCES"], result)
        self.assertIn("--net multi.example.com:%d\n" % OTHER, result.err)

    def test_rebinding(self):
        code = "for name in ('rebind', 'inward', 'metadata'):\n    print(attempt(lambda: get('http://%%s.example.com:%d/' %% name)))" % OPEN
        result = self.tries(code)
        self.assertEqual(self.printed(result), ["EACCES", "ECONNREFUSED", "EACCES"], result)
        self.assertIn("--net %s:%d\n" % (PRIVATE, OPEN), result.err)
        self.assertIn("a rule for the address does", result.err)
        both = self.tries("print(get('http://rebind.example.com:%d/'))" % OPEN, [*ALLOW, "10.9.0.0/16:%d" % OPEN])
        self.succeeds(both, "hello from %s\n" % PRIVATE)

    def test_an_address_without_its_name(self):
        """It is the look-up that makes an address one of the name's."""
        code = "print(attempt(lambda: connect('%s', %d)))\nsocket.getaddrinfo('multi.example.com', 1)\nprint(attempt(lambda: connect('%s', %d)))" % (
            SECOND, OPEN, SECOND, OPEN)
        self.assertEqual(self.printed(self.tries(code)), ["EACCES", SECOND])

    def test_changing_answers(self):
        self.outside.names["moves.example.com"] = [FIRST]
        process = self.start([self.script(TRY + """
print(get("http://moves.example.com:%d/"), flush=True)
input()
time.sleep(5.1)
print(get("http://moves.example.com:%d/"))
""" % (OPEN, OPEN))], changes={"network": {"allow": ALLOW}}, stdin=subprocess.PIPE)
        self.assertEqual(process.stdout.readline(), b"hello from %s\n" % FIRST.encode())
        self.outside.names["moves.example.com"] = [SECOND]
        out, err = process.communicate(b"\n", timeout=20)
        self.assertEqual(out, b"hello from %s\n" % SECOND.encode(), err)

    def test_slow_look_up_holds_nobody_else(self):
        code = """
import threading
def slow():
    print(get("http://slow.example.com:%d/"), flush=True)
thread = threading.Thread(target=slow)
thread.start()
time.sleep(0.2)
start = time.monotonic()
print(get("http://api.example.com:%d/"), get("http://%s:%d/"), flush=True)
print(time.monotonic() - start < 1)
thread.join()
""" % (OPEN, OPEN, FIRST, OPEN)
        hello = "hello from " + FIRST
        self.assertEqual(self.printed(self.tries(code)), [hello + " " + hello, "True", hello])


class Inspection(Case):
    def answer(self, *arguments):
        assume = ["--assume", self.lab.mode["assume"]] if self.lab.mode["assume"] else []
        rules = ["api.example.com:443", "*.cdn.example.net:443", "10.0.0.0/8:5432", "unix:/run/pg"]
        path = self.lab.profile({"network": {"allow": rules}})
        return self.command(["why", "--profile", path, *assume, "connect", *arguments])

    def test_why(self):
        for target, reason in (("api.example.com:443", "has api.example.com:443"), ("a.cdn.example.net:443", "has *.cdn.example.net:443"),
                               ("10.1.2.3:5432", "has 10.0.0.0/8:5432"), ("unix:/run/pg/.s.PGSQL.5432", "has unix:/run/pg")):
            result = self.answer(target)
            self.assertEqual(result.status, 0, result)
            self.assertIn(reason, result.out.decode())
        for target in ("api.example.com:80", "cdn.example.net:443", "11.0.0.1:5432", "169.254.169.254:80", "unix:/run/other"):
            result = self.answer(target)
            self.assertEqual(result.status, 1, result)
            self.assertIn("--net " + target, result.out.decode())
        if not self.has_notification():
            self.assertIn("refuses this profile", self.answer("api.example.com:443").out.decode())

    def test_explain(self):
        assume = ["--assume", self.lab.mode["assume"]] if self.lab.mode["assume"] else []
        path = self.lab.profile({"network": {"allow": ["api.example.com:443"]}})
        result = self.command(["explain", "--json", "--profile", path, *assume])
        row = [row for row in json.loads(result.out)["promises"] if row["promise"] == "network"][0]
        self.assertEqual(row["granted"], "api.example.com:443 only")
        self.assertEqual(row["status"], "enforced" if self.has_notification() else "missing", row)
        if self.has_notification():
            self.assertEqual(row["kept_by"], "network namespace + broker" if "namespaces" in self.layers() else "broker, no network namespace")


class WithoutBroker(Case):
    """Where connections cannot be decided, a profile that asks for that does not run, or says that it accepts everything."""

    def setUp(self):
        if self.has_notification():
            self.skipTest("connections by rule are to be had here")

    def test_is_refused(self):
        result = self.code("print(1)", changes={"network": {"allow": ["api.example.com:443"]}})
        self.refused(result, 125, "network cannot be kept here: connections by rule need user notification", "[cannot-keep]",
                     "require: {network: best-effort}")

    def test_is_relaxed(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            code = "import socket, sys\nprint(socket.create_connection(('127.0.0.1', int(sys.argv[1])), 3).getpeername()[0])"
            result = self.code(code, str(server.getsockname()[1]), changes={
                "network": {"allow": ["api.example.com:443"]}, "require": {"network": "best-effort"}})
        self.assertEqual((result.status, result.out), (0, b"127.0.0.1\n"), result)
        self.assertEqual(result.err.count("every connection of the machine's is open"), 1, result)
