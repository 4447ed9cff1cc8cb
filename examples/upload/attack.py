"""Stands in for a picture that takes over the decoder: this is what its code would try then, under the same profile."""

import os
import socket
import subprocess
import sys


def attempt(what, action):
    try:
        action()
    except OSError as error:
        print("refused: %s (%s)" % (what, error.strerror or error))
    else:
        print("ALLOWED: " + what)


def read(path):
    with open(path, "rb") as file:
        file.read(1)


def connect():
    socket.create_connection(("192.0.2.1", 443), timeout=2).close()


uploads, here = sys.argv[1], os.path.dirname(os.path.abspath(__file__))
out = os.environ.get("PYCONFINE_OUTPUTS", ".")  # where thumbnail.py leaves its result
attempt("read another person's upload", lambda: read(os.path.join(uploads, "holiday.jpg")))
attempt("read the application's configuration", lambda: read(os.path.join(here, "app.py")))
attempt("read the accounts of this machine", lambda: read("/etc/shadow"))
attempt("send it somewhere", connect)
attempt("start a shell", lambda: subprocess.run(["/bin/sh", "-c", "true"], check=False))
attempt("change the program that handles the next upload", lambda: open(os.path.join(here, "thumbnail.py"), "a").close())
attempt("signal the application", lambda: os.kill(int(sys.argv[2]), 0))
attempt("leave a link to the accounts as its thumbnail", lambda: os.symlink("/etc/passwd", out + "/link.png"))

# A file of the right name it may leave. pyconfine looks at it.
with open(out + "/thumbnail.png", "wb") as result:
    result.write(b"#!/bin/sh\necho this is no picture\n")
