"""With a terminal: Ctrl-C, Ctrl-Z, the window size, and isatty."""

import fcntl
import os
import signal
import struct
import termios
import time

from confine.support import Case
from scenarios.terminal import Terminal


class Keys(Case):
    def terminal(self, code):
        terminal = Terminal(self.lab, code)
        self.addCleanup(terminal.close, self.lab)
        return terminal

    def test_is_a_terminal(self):
        terminal = self.terminal("import os\nprint('tty', os.isatty(0), os.isatty(1), os.isatty(2), flush=True)\n")
        self.assertIn(b"tty True True True", terminal.output(b"tty True"))

    def test_control_c(self):
        terminal = self.terminal("""import time
try:
    print("ready", flush=True)
    while True:
        time.sleep(0.02)  # a long sleep may begin just after the signal was noted, and then Python sleeps on
except KeyboardInterrupt:
    print("interrupted", flush=True)
    raise SystemExit(9)
""")
        terminal.output(b"ready")
        os.write(terminal.master, b"\x03")
        terminal.output(b"interrupted")
        self.assertEqual(terminal.process.wait(5), 9)

    def test_control_c_unhandled_dies_of_sigint(self):
        terminal = self.terminal("import time\nprint('ready', flush=True)\nwhile True:\n    time.sleep(0.02)\n")
        terminal.output(b"ready")
        os.write(terminal.master, b"\x03")
        terminal.output(b"KeyboardInterrupt")
        self.assertEqual(terminal.process.wait(5), -signal.SIGINT)

    def test_control_z_stops_and_goes_on(self):
        terminal = self.terminal("import time\nprint('ready', flush=True)\nfor n in range(1000):\n    time.sleep(0.02)\n    print('beat', n, flush=True)\n")
        terminal.output(b"ready")
        os.write(terminal.master, b"\x1a")
        deadline, state = time.monotonic() + 3, ""
        while state != "T" and time.monotonic() < deadline:
            with open("/proc/%d/stat" % terminal.process.pid) as file:
                state = file.read().rpartition(")")[2].split()[0]
            time.sleep(0.02)
        self.assertEqual(state, "T", "pyconfine itself must stop, so that the shell gets the terminal back")
        time.sleep(0.1)
        os.set_blocking(terminal.master, False)
        try:
            while os.read(terminal.master, 65536):
                pass
        except BlockingIOError:
            pass
        time.sleep(0.3)
        with self.assertRaises(BlockingIOError, msg="the script went on"):
            os.read(terminal.master, 65536)
        os.kill(terminal.process.pid, signal.SIGCONT)
        terminal.output(b"beat")
        terminal.process.terminate()
        self.assertEqual(terminal.process.wait(8), 143)

    def test_window_size(self):
        terminal = self.terminal("""import os, signal, time
signal.signal(signal.SIGWINCH, lambda *_: os.write(1, b"size %d %d\\n" % os.get_terminal_size(0)))
print("ready", *os.get_terminal_size(0), flush=True)
time.sleep(3)
""")
        terminal.output(b"ready")
        fcntl.ioctl(terminal.master, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 77, 0, 0))
        terminal.output(b"size 77 33")
        # not killed with the whole namespace of this test, or nobody would be left to remove the private directory
        self.assertEqual(terminal.process.wait(8), 0)

    def test_input_by_lines(self):
        terminal = self.terminal("print('got', input('name? '), flush=True)\n")
        terminal.output(b"name? ")
        os.write(terminal.master, b"Ada\n")
        terminal.output(b"got Ada")
        self.assertEqual(terminal.process.wait(5), 0)
