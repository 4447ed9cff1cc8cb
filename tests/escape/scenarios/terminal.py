"""Leaving something in the terminal that acts when the sandbox is gone."""

import fcntl
import os
import pty
import select
import termios
import time

from harness.lab import wait
from kit import Contained
from scenario_kit import scenario


class Terminal:
    """A pseudo-terminal with the script as its session; the outside keeps the slave open to look into the input queue."""

    def __init__(self, lab, code, changes=None):
        self.master, self.slave = pty.openpty()
        os.fchmod(self.slave, 0o666)

        def take():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        self.process = lab.script(code, changes, stdin=self.slave, stdout=self.slave, stderr=self.slave, preexec_fn=take)

    def output(self, until, seconds=5):
        seen, deadline = b"", time.monotonic() + seconds
        while until not in seen and time.monotonic() < deadline:
            if select.select([self.master], [], [], 0.1)[0]:
                seen += os.read(self.master, 65536)
        if until not in seen:
            raise RuntimeError("not seen: %r in %r" % (until, seen))
        return seen

    def queued(self):
        os.set_blocking(self.slave, False)
        try:
            return os.read(self.slave, 1000)
        except BlockingIOError:
            return b""

    def close(self, lab):
        if wait(self.process, 3) is None:
            self.process.kill()
            self.process.wait()
        lab.clean()
        os.close(self.master)
        os.close(self.slave)


PUSH = """
import fcntl, os, termios
try:
    handle = %s
    for byte in b'echo owned\\n':
        fcntl.ioctl(handle, termios.TIOCSTI, bytes([byte]))
except OSError as error:
    print('refused', error.errno, flush=True)
print('pushed', flush=True)
"""


def _pushes(lab, handle):
    terminal = Terminal(lab, PUSH % handle)
    try:
        text = terminal.output(b"pushed")
        wait(terminal.process, 5)
        left = terminal.queued()
        if b"owned" in left:
            return left
        if b"refused" not in text:
            raise RuntimeError(text)
        raise Contained(text.split(b"\r")[0].decode())
    finally:
        terminal.close(lab)


@scenario("types a command into the caller's terminal: TIOCSTI on standard input")
def tiocsti(lab):
    return _pushes(lab, "0")


@scenario("types a command into the caller's terminal: TIOCSTI on /dev/tty")
def tiocsti_dev_tty(lab):
    return _pushes(lab, "os.open('/dev/tty', os.O_RDWR)")


@scenario("reads what the user types after the run, from a process left in the background")
def reads_on(lab):
    code = """
import os, signal
signal.signal(signal.SIGHUP, signal.SIG_IGN)
if os.fork() == 0:
    os.setpgid(0, 0)
    signal.signal(signal.SIGTTIN, signal.SIG_IGN)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    os.tcsetpgrp(0, os.getpgrp())
    while True:
        os.read(0, 100)
import time
time.sleep(0.3)
print('done', flush=True)
os._exit(0)
"""
    terminal = Terminal(lab, code)
    try:
        terminal.output(b"done")
        wait(terminal.process, 5)
        left = lab.survivors(1)
        if left:
            return left
        raise Contained("nobody is left to read")
    finally:
        terminal.close(lab)
