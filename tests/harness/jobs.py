"""What there is to run: a list of jobs, each a process of its own (harness/outer.py) with a world of its own.

The four main modes, root and an ordinary user with namespaces and with Landlock alone, run everything. A mode with lowered
facts runs what can end otherwise there."""

import os

from harness.modes import all_modes, machine_layers

SCENARIOS = ("survival", "resources", "terminal")
# Lowered modes in which the life of processes goes other ways: there the scenarios of survival and the basic tests run too.
OTHER_LIVES = ("user-landlock-1", "user-without-notify", "user-landlock-without-notify")
PROOF = {"assume": "", "layers": [], "require": {}, "main": False, "lowered": None}


class Job:
    """`part` is what --only and patterns choose by; `kind` is what outer.py does; `module` is what it does it with."""

    def __init__(self, part, kind, module, mode, identity):
        self.part, self.kind, self.module, self.mode, self.identity = part, kind, module, mode, identity
        self.confined = part != "proof"

    @property
    def label(self):
        return "%s %s" % (self.mode["name"], self.module)


def confinement_modules(tests):
    return sorted(name[:-3] for name in os.listdir(os.path.join(tests, "confine"))
                  if name.startswith("test_") and name.endswith(".py"))


def possible_modes(is_root, skip):
    """The modes of this machine; skip(name, reason) hears of the others."""
    layers = {"root": machine_layers(True), "user": machine_layers(False)}
    for mode in all_modes():
        if mode.identity == "root" and not is_root:
            skip("mode " + mode.name, "the tests were not started by root")
            continue
        missing = mode.needs - layers[mode.identity]
        if missing:
            skip("mode " + mode.name, "this machine lacks " + ", ".join(sorted(missing)))
            continue
        yield mode


def _mode_jobs(mode, modules):
    record = mode.record()
    if mode.main:
        scenarios, chosen = SCENARIOS, modules
        yield Job("battery", "battery", "battery", record, mode.identity)
    elif mode.name in OTHER_LIVES:
        scenarios, chosen = ("survival",), ("test_basic",)
    else:
        scenarios, chosen = (), ()
    yield Job("escape", "attempts", "attempts", record, mode.identity)
    for module in scenarios:
        yield Job("escape", "scenarios", module, record, mode.identity)
    for module in chosen:
        yield Job("confine", "confine", module, record, mode.identity)


def _proof_jobs(is_root):
    for who in ("user", "root") if is_root else ("user",):
        yield Job("proof", "attempts", "attempts", {**PROOF, "name": "proof-" + who}, who)
    for module in SCENARIOS:
        yield Job("proof", "scenarios", module, {**PROOF, "name": "proof-user"}, "user")


def all_jobs(tests, is_root, has_program, skip):
    """Main modes first: their jobs take longest, so that two processors come to their end together."""
    jobs = []
    if has_program:
        for mode in possible_modes(is_root, skip):
            jobs += _mode_jobs(mode, confinement_modules(tests))
    return sorted(jobs, key=lambda job: not job.mode["main"]) + list(_proof_jobs(is_root))
