"""The modes that every confinement test runs in: who starts it, and which facts of the machine are lowered.

`layers` are what the sandbox can build on in that mode. An attempt that names guards is judged only where one of them is
there; without guards it must be refused in every mode."""

import ctypes
import os

HIGHEST_LANDLOCK = 7

# A signal to a foreign process of the same user cannot be refused below Landlock 6 without a PID namespace.
WITHOUT_SCOPES = {"processes": "best-effort"}

# What a lowered fact can change; the rest of the attempts is kept by the filter of system calls, whatever the mode.
KEPT_BY_LANDLOCK = ("files", "exec", "users", "network")
KEPT_BY_ITS_LEVEL = ("files", "users", "network")  # execution: since the first one
KEPT_BY_NOTIFICATION = ("exec", "network", "files")


class Mode:
    """`lowered` are the modules of attempts that can end otherwise in this mode than in the main ones; None: all run."""

    def __init__(self, who, short, assume, layers, needs, *, require=None, lowered=None):
        self.identity, self.short, self.assume = who, short, assume
        self.layers, self.needs = frozenset(layers), frozenset(needs)
        self.require, self.lowered = require or {}, lowered
        # Started by root, each session has a uid of its own, so the ordinary permissions keep it off other processes.
        if who == "root":
            self.layers |= {"other-user"}

    @property
    def name(self):
        return self.identity + "-" + self.short

    @property
    def main(self):
        return self.lowered is None

    def record(self):
        """What a job is told."""
        return {"name": self.name, "assume": self.assume, "layers": sorted(self.layers), "require": self.require,
                "main": self.main, "lowered": self.lowered}


def _landlock(level):
    return {"landlock%d" % n for n in range(1, level + 1)}


def _scopes(level):
    return WITHOUT_SCOPES if level < 6 else None


def _modes_of(who, here):
    """`here` is the level of this machine's Landlock. Root differs from a user only by "other-user", so that not every
    level is of interest there."""
    every, both = _landlock(here), _landlock(here) | {"namespaces"}
    yield Mode(who, "namespaces", "", both, {"namespaces"})
    yield Mode(who, "landlock", "namespaces=0", every, {"landlock1"}, require=_scopes(here))
    for level in range(6, 0, -1) if who == "user" else (5, 1):
        yield Mode(who, "landlock-%d" % level, "namespaces=0,landlock=%d" % level, _landlock(level), _landlock(level),
                   require=_scopes(level), lowered=KEPT_BY_LANDLOCK if level == 1 else KEPT_BY_ITS_LEVEL)
    yield Mode(who, "without-landlock", "landlock=0", {"namespaces"}, {"namespaces"}, require={"exec": "best-effort"},
               lowered=KEPT_BY_LANDLOCK)
    yield Mode(who, "without-notify", "notify=0", both, {"namespaces"}, lowered=KEPT_BY_NOTIFICATION)
    yield Mode(who, "landlock-without-notify", "namespaces=0,notify=0", every, {"landlock1"}, require=_scopes(here),
               lowered=KEPT_BY_NOTIFICATION)


def all_modes():
    here = min(landlock_abi(), HIGHEST_LANDLOCK)
    return [mode for who in ("root", "user") for mode in _modes_of(who, here)]


def landlock_abi():
    """The kernel's own answer, 0 where there is none."""
    return max(ctypes.CDLL(None).syscall(444, None, 0, 1), 0)


def _has_namespaces(as_root):
    """Run in a child: enters namespaces, and mounts something in them."""
    libc = ctypes.CDLL(None)
    new_user, new_mounts, recursive_private = 0x10000000, 0x20000, 0x44000
    for flags in (new_mounts, new_user | new_mounts) if as_root else (new_user | new_mounts,):
        if libc.unshare(flags) == 0:
            return (libc.mount(None, b"/", None, recursive_private, None) == 0
                    and libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0)
    return False


def machine_layers(as_root):
    """What this machine has, asked without pyconfine."""
    layers = _landlock(landlock_abi())
    pid = os.fork()
    if pid == 0:
        os._exit(0 if _has_namespaces(as_root) else 1)
    if os.waitpid(pid, 0)[1] == 0:
        layers.add("namespaces")
    return layers
