"""The modes that every confinement test runs in: who starts it, and which facts of the machine are lowered.

`layers` are what the sandbox can build on in that mode. An attempt that names guards is judged only where one of them is
there; without guards it must be refused in every mode."""

import ctypes
import os


class Mode:
    def __init__(self, name, identity, assume, layers, needs, require=None, main=False):
        self.name, self.identity, self.assume, self.layers = name, identity, assume, frozenset(layers)
        self.needs, self.require, self.main = needs, require or {}, main


HIGHEST_LANDLOCK = 7


def _landlock(level):
    return {"landlock%d" % n for n in range(1, level + 1)}


# A signal to a foreign process of the same user cannot be refused below Landlock 6 without a PID namespace.
WITHOUT_SCOPES = {"processes": "best-effort"}


def _all():
    every = []
    for who in ("root", "user"):
        # Started by root, each session has a uid of its own, so the ordinary permissions keep it off other processes.
        ours = {"other-user"} if who == "root" else set()
        every.append(Mode(who + "-namespaces", who, "", {"namespaces"} | ours | _landlock(7), {"namespaces"}, main=True))
        every.append(Mode(who + "-landlock", who, "namespaces=0", ours | _landlock(7), {"landlock7"}, main=True))
        for level in range(6, 0, -1):
            every.append(Mode("%s-landlock-%d" % (who, level), who, "namespaces=0,landlock=%d" % level, ours | _landlock(level),
                              {"landlock%d" % level}, WITHOUT_SCOPES if level < 6 else None))
        every.append(Mode(who + "-without-landlock", who, "landlock=0", ours | {"namespaces"}, {"namespaces"},
                          {"exec": "best-effort"}))
        every.append(Mode(who + "-without-notify", who, "notify=0", {"namespaces"} | ours | _landlock(7), {"namespaces"}))
        every.append(Mode(who + "-landlock-without-notify", who, "namespaces=0,notify=0", ours | _landlock(7),
                          {"landlock7"}))
    return every


MODES = _all()


def landlock_abi():
    """The kernel's own answer, 0 where there is none."""
    result = ctypes.CDLL(None).syscall(444, None, 0, 1)
    return max(result, 0)


def machine_layers(identity_is_root):
    """What this machine has, asked without pyconfine."""
    layers = {"landlock%d" % n for n in range(1, landlock_abi() + 1)}
    pid = os.fork()
    if pid == 0:
        libc = ctypes.CDLL(None)
        flags = 0x20000 if identity_is_root else 0x10000000 | 0x20000
        done = libc.unshare(flags) == 0 and libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0
        os._exit(0 if done or (identity_is_root and libc.unshare(0x10020000) == 0) else 1)
    if os.waitpid(pid, 0)[1] == 0:
        layers.add("namespaces")
    return layers
