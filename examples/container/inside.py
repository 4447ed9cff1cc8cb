"""What somebody would try who got into the worker. Each line says how it ended; run by `run` after the worker."""

import os
import socket
import subprocess


def attempt(what, action):
    try:
        action()
    except (OSError, subprocess.SubprocessError) as error:
        print("refused:", what, "(%s)" % os.strerror(error.errno or 0))
    else:
        print("ALLOWED:", what)


def connect():
    socket.create_connection(("127.0.0.1", 9), timeout=1)


def read(path):
    with open(path, "rb") as file:
        file.read(1)


attempt("read another service's secret", lambda: read("/run/secrets/database"))
attempt("read the environment of the container's first process", lambda: read("/proc/1/environ"))
attempt("start a shell", lambda: subprocess.run(["/bin/sh", "-c", "true"], check=True))
attempt("connect somewhere", connect)
attempt("open a raw socket", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))
