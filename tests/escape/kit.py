"""What an escape attempt is made of, and the loop that makes attempts one after the other.

An attempt is a function that tries something forbidden. It ends in one of four ways:
  it returns            the forbidden thing HAPPENED; what it returns is the evidence
  it raises OSError     with an errno that the attempt lists: the kernel refused
  it raises Contained   the sandbox stood in the way in another manner (an empty view, a synthetic file)
  it returns Pending    only the outside can see whether it happened; the harness resolves it
Anything else (another errno, another exception, a signal that was not expected, a hang) is neither success nor refusal:
the attempt is broken, and that is a failure of the test. Each attempt runs in a forked child of its own.

Beside it stands the allowed neighbour: the nearest thing that must still work. A sandbox that refuses everything fails.
"""

import errno
import json
import os
import select
import signal
import sys
import tempfile
import time
import traceback

NO_PERMISSION = {errno.EPERM, errno.EACCES}
INVISIBLE = NO_PERMISSION | {errno.ENOENT}
HIDDEN_SOCKET = NO_PERMISSION | {errno.ENOENT, errno.ECONNREFUSED, errno.ENOSYS, errno.EAFNOSUPPORT}
READ_ONLY = INVISIBLE | {errno.EROFS}
NO_CALL = NO_PERMISSION | {errno.ENOSYS}
NO_PROCESS = NO_CALL | {errno.ESRCH}
NO_SOCKET = NO_CALL | {errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT, errno.ESOCKTNOSUPPORT}
NO_ROUTE = NO_SOCKET | {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ECONNREFUSED, errno.ENOENT, errno.EADDRNOTAVAIL}


class Contained(Exception):
    """The sandbox stood in the way, but not by an errno."""


class NotHere(Exception):
    """This machine lacks what the attempt attacks; only facts that the OUTSIDE recorded may lead here."""


class Pending:
    """The outside decides: "signal:NUMBER" reached the victim, "file:PATH" exists on the host."""

    def __init__(self, key):
        self.key = key


class Attempt:
    def __init__(self, name, function, what, refused, proof, guard, group, killed_by, seconds, neighbour):
        self.name, self.function, self.what, self.refused = name, function, what, frozenset(refused)
        self.proof, self.guard, self.group = proof, frozenset(guard), group
        self.killed_by, self.seconds, self.neighbour = frozenset(killed_by), seconds, neighbour


ATTEMPTS = {}


def attempt(what, refused=(), *, proof="user", guard=(), group="plain", killed_by=(), seconds=8, neighbour=None):
    """Registers an attempt, named MODULE.FUNCTION.

    refused    errnos that count as "the kernel said no"
    proof      "user" or "root": who succeeds with it outside the sandbox; or a sentence: why that cannot be shown
    guard      layers any one of which keeps this ("namespaces", "landlock3"); empty: every mode must keep it
    group      the launch that it belongs to: see harness/launches.py
    killed_by  signals that count as refusal
    neighbour  function(world): the allowed thing next to it
    """
    def register(function):
        name = function.__module__.rpartition(".")[2].rstrip("_") + "." + function.__name__.rstrip("_").replace("_", "-")
        if name in ATTEMPTS:
            raise ValueError("two attempts are called " + name)
        ATTEMPTS[name] = Attempt(name, function, what, refused, proof, guard, group, killed_by, seconds, neighbour)
        return function
    return register


class World:
    """The facts that the outside wrote down: paths, pids, ports, tokens (harness/world.py says which)."""

    def __init__(self, facts):
        self.__dict__.update(facts)

    def need(self, fact, reason):
        """Stops the attempt where the machine lacks its target."""
        value = getattr(self, fact, None)
        if not value:
            raise NotHere(reason)
        return value

    def must_hold(self, content):
        """Evidence that a file of the host was read: the token is in it."""
        if isinstance(content, bytes):
            content = content.decode("utf-8", "replace")
        if self.token not in content:
            raise Contained("read something, but not the secret: %r" % content[:40])
        return content[:40]

    def scratch(self, name):
        """A fresh directory in the granted writable directory."""
        return tempfile.mkdtemp(prefix=name + "-", dir=self.write)


def read_file(path):
    with open(path, "rb") as file:
        return file.read(65536)


def reached(function, *kernel_errnos):
    """For calls whose arguments are senseless on purpose: an answer that only the kernel's own code gives is a success."""
    try:
        return "returned %r" % (function(),)
    except OSError as error:
        if error.errno in kernel_errnos:
            return "the kernel answered " + errno.errorcode[error.errno]
        raise


def _perform(one, world):
    try:
        evidence = one.function(world)
        if isinstance(evidence, Pending):
            return {"outcome": "pending", "detail": evidence.key}
        return {"outcome": "succeeded", "detail": repr(evidence)[:120]}
    except Contained as why:
        return {"outcome": "refused", "detail": str(why)[:120]}
    except NotHere as why:
        return {"outcome": "not-here", "detail": str(why)}
    except OSError as error:
        name = errno.errorcode.get(error.errno, str(error.errno))
        if error.errno in one.refused:
            return {"outcome": "refused", "detail": name}
        return {"outcome": "broken", "detail": "%s: %s" % (name, traceback.format_exc(limit=-2))}
    except BaseException:  # an attempt may raise anything, SystemExit included
        return {"outcome": "broken", "detail": traceback.format_exc(limit=-3)}


def _perform_neighbour(one, world):
    try:
        one.neighbour(world)
        return {"outcome": "works", "detail": ""}
    except BaseException:
        return {"outcome": "broken", "detail": traceback.format_exc(limit=-3)}


def make_private_mounts():
    import calls
    calls.syscall("unshare", calls.CLONE_NEWNS | calls.CLONE_NEWUTS)
    calls.syscall("mount", None, "/", None, calls.MS_REC | 0x40000, None)  # MS_PRIVATE


def _in_child(work, one, world):
    """Runs work(one, world) in a forked child; the child's death is an outcome too."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read_end)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)  # stdout carries the answers, nothing else
        os.close(nowhere)
        if world.private_mounts:
            make_private_mounts()
        result = work(one, world)
        os.write(write_end, json.dumps(result).encode())
        os._exit(0)
    os.close(write_end)
    data, deadline = b"", time.monotonic() + one.seconds
    while True:
        ready, _, _ = select.select([read_end], [], [], max(0, deadline - time.monotonic()))
        chunk = os.read(read_end, 65536) if ready else None
        if not chunk:
            break
        data += chunk
        try:
            json.loads(data)
            break  # complete; do not wait for grandchildren that hold the pipe
        except ValueError:
            continue
    os.close(read_end)
    if not data and not ready:
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    if data:
        return json.loads(data)
    if not ready:
        return {"outcome": "broken", "detail": "hung for %d s" % one.seconds}
    if os.WIFSIGNALED(status):
        name = signal.Signals(os.WTERMSIG(status)).name
        return {"outcome": "refused" if name in one.killed_by else "broken", "detail": "killed by " + name}
    return {"outcome": "broken", "detail": "exit status %d without an answer" % os.waitstatus_to_exitcode(status)}


def main(names, world, out=sys.stdout):
    """One JSON line for each attempt, written at once, so that a death of the whole process loses only what follows."""
    for name in names:
        one = ATTEMPTS[name]
        start = time.monotonic()
        result = _in_child(_perform, one, world)
        if one.neighbour:
            result["neighbour"] = _in_child(_perform_neighbour, one, world)
        result["name"], result["ms"] = name, round((time.monotonic() - start) * 1000)
        out.write(json.dumps(result) + "\n")
        out.flush()
