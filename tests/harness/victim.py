"""A process of the host: it has secrets in its memory, environment and descriptors, and notes the signals that reach it.

victim.py SIGNAL_LOG SECRET_FILE TOKEN: prints one JSON line of facts, then waits."""

import ctypes
import json
import os
import signal
import sys

log = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND)
secret = os.open(sys.argv[2], os.O_RDONLY)
buffer = ctypes.create_string_buffer(sys.argv[3].encode().ljust(128, b"."))


def note(number, _frame):
    os.write(log, b"%d\n" % number)


for number in [*range(34, 50), signal.SIGURG, signal.SIGWINCH, signal.SIGCONT, signal.SIGIO, signal.SIGTERM, signal.SIGHUP]:
    signal.signal(number, note)
os.setpgid(0, 0)
print(json.dumps({"pid": os.getpid(), "address": ctypes.addressof(buffer), "fd": secret}), flush=True)
while True:
    signal.pause()
