"""One job of the test run, inside namespaces that are thrown away after it (as PID 1 there, where the machine allows).

outer.py SPEC.json: builds a world, makes the attempts or scenarios or runs a test module, confined or bare, looks for what
was left behind, and writes the results as JSON lines to the file that SPEC names. What must not be found by the script
(the token) comes in the environment, so that PID 1 has a secret to keep."""

import errno
import fcntl
import importlib
import json
import os
import signal
import socket
import struct
import sys
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
STAGE = os.path.dirname(HERE)
sys.path[:0] = [STAGE, os.path.join(STAGE, "escape")]

import calls  # noqa: E402
import inside  # noqa: E402
import kit  # noqa: E402
from harness.lab import Lab, finish  # noqa: E402
from harness.world import World  # noqa: E402


class Job:
    def __init__(self, spec):
        self.spec, self.results = spec, open(spec["results"], "a")
        self.isolated, self.private_files = os.getpid() == 1, False
        token = os.environ["PYCONFINE_TEST_SECRET"]
        self.world = World(spec["base"], STAGE, spec["identity"], token)
        self.world.known_pids.add(os.getpid())
        self.lab = Lab(self.world, spec["mode"], spec["pyconfine"], spec["confined"], self.isolated)

    def report(self, name, status, detail=""):
        self.results.write(json.dumps({"name": name, "status": status, "detail": detail}) + "\n")
        self.results.flush()

    # --- the throw-away machine ---

    def isolate(self):
        """Private temporary directories and a loopback that is up, where we are PID 1 of namespaces of our own."""
        if not self.isolated:
            return
        for path in ("/tmp", "/dev/shm"):
            try:
                calls.syscall("mount", "none", path, "tmpfs", 0, "mode=1777")
            except PermissionError:  # an ordinary user's namespace, entered without capabilities
                return
        self.private_files = True
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            try:
                fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH14x", b"lo", 0x1 | 0x8 | 0x40))
            except OSError as error:
                if error.errno not in (errno.EPERM, errno.EACCES):
                    raise

    def snapshot(self):
        """Temporary directories only where nobody else writes there; the world only where no test writes into it."""
        folders = ["/tmp", "/dev/shm"] if self.private_files else []
        if self.spec["kind"] != "confine":
            folders += [self.world.base, self.world.path("home"), self.world.path("outside")]
        with open("/proc/self/mountinfo") as mounts:
            lines = [line for line in mounts.read().splitlines() if "/outside-" not in line]  # confine/outside.py
        return {"mounts": set(lines),
                "files": {folder + "/" + name for folder in folders for name in os.listdir(folder)
                          if not name.startswith(("profile-", "pyconfine-test-"))}}

    def check_left_behind(self, before, name):
        """Nothing of a confined run may be left: no process, no mount, no file outside its grants."""
        left = list(self.lab.survivors(1.0).values())
        after = self.snapshot()
        left += ["mount " + line for line in after["mounts"] - before["mounts"]]
        left += ["file " + path for path in after["files"] - before["files"]]
        self.report(name, "failed" if left else "passed", "\n".join(left))

    # --- attempts ---

    def happened_outside(self, key):
        """What an attempt could not see itself: "signal:N", "file:PATH", "semaphore:KEY"."""
        kind, _, value = key.partition(":")
        return {"signal": lambda: value in self.world.signals_received(), "file": lambda: self.world.has_file(value),
                "semaphore": lambda: self.world.has_semaphore(int(value))}[kind]()

    def verdict(self, one, answer):
        """(status, detail) of one attempt, from the answer that came from inside."""
        if answer is None:
            return "failed", "no answer: the run ended before it"
        outcome, detail, neighbour = answer["outcome"], answer["detail"], answer.get("neighbour")
        if outcome == "pending":
            outcome = "succeeded" if self.happened_outside(detail) else "refused"
        if outcome == "not-here":
            return "skipped", detail
        if outcome == "broken":
            return "failed", "neither succeeded nor was refused: " + detail
        if not self.spec["confined"]:
            if outcome == "succeeded":
                return "passed", detail
            return "failed", "does not succeed without the sandbox, so it proves nothing: " + detail
        if one.guard and not one.guard & set(self.spec["mode"]["layers"]):
            return "skipped", "not promised in this mode (nothing keeps it); here it was: " + outcome
        if outcome == "succeeded":
            return "failed", "ESCAPE: %s: %s" % (one.what, detail)
        if neighbour and neighbour["outcome"] != "works":
            return "failed", "refused (%s), but the allowed neighbour is broken too: %s" % (detail, neighbour["detail"])
        return "passed", detail

    def launch(self, names, changes, extends):
        """One launch for many attempts: its status, {name: answer}, what it wrote to stderr."""
        project = self.world.path("project")
        private = ["--private-mounts"] if not self.spec["confined"] and self.world.uid == 0 else []
        command = self.lab.command([project + "/inside.py", project + "/world.json", *private, *names], changes, extends)
        options = {"pass_fds": self.world.inherited}
        if os.getuid() == 0 or self.isolated:
            options["process_group"] = self.world.facts["victim_group"]
        status, out, err = finish(self.lab.start(command, **options), 150)
        answers = {}
        for line in out.decode("utf-8", "replace").splitlines():
            try:
                answer = json.loads(line)
                answers[answer["name"]] = answer
            except (ValueError, KeyError, TypeError):
                continue
        return status, answers, err.decode("utf-8", "replace")

    def make_attempts(self, names, changes, extends, variant):
        """Where the launch dies early, the first attempt without an answer is to blame, and the rest was not made."""
        where = self.spec["mode"]["name"] + variant
        status, answers, err = self.launch(names, changes, extends)
        missing = [name for name in names if name not in answers]
        for name in [name for name in names if name in answers] + missing[:1]:
            self.report("escape %s: %s" % (where, name), *self.verdict(kit.ATTEMPTS[name], answers.get(name)))
        if status != 0 or missing:
            self.report("launch " + where, "failed", "status %r, %d attempts could not be made\n%s"
                        % (status, len(missing), err[-3000:]))

    def groups(self):
        """{group of attempts: (changes to the profile, what it extends, mark in the name)}."""
        programs = [self.world.path("project", name) for name in ("hello", "readfile", "i386")]
        if "setuid_program" in self.world.facts:
            programs.append(self.world.path("read/setuid-id"))
        groups = {"plain": ({}, "builtin:offline", ""), "exec": ({"exec": ["/usr/bin/true", *programs]}, "builtin:offline", ""),
                  "network": ({"network": "host"}, "builtin:offline", "")}
        if self.spec["mode"]["main"]:
            # all attempts in one launch take longer than a script of a stranger may
            groups["untrusted"] = ({"limits": {"timeout": "4m", "cpu_time": "4m"}}, "builtin:untrusted", "-untrusted")
        return groups

    def attempts(self):
        every, lowered = inside.load_attempts(), self.spec["mode"]["lowered"]
        every = {name: one for name, one in every.items()
                 if self.wanted(name) and (lowered is None or name.partition(".")[0] in lowered)}
        if not self.spec["confined"]:
            self.prove(every)
            return
        for group, launch in self.groups().items():
            names = [name for name, one in every.items() if one.group == ("plain" if group == "untrusted" else group)]
            if names:
                self.make_attempts(names, *launch)

    def prove(self, every):
        """Bare: each attempt by whom it names as able to; why some cannot be shown is listed once."""
        who = self.spec["identity"]["name"]
        for name, one in every.items():
            if one.proof not in ("user", "root") and who == "user":
                self.report("escape %s: %s" % (self.spec["mode"]["name"], name), "skipped", one.proof)
        names = [name for name, one in every.items() if one.proof == who]
        if names:
            self.make_attempts(names, {}, "", "")

    def wanted(self, name):
        patterns = self.spec["patterns"]
        return not patterns or any(pattern in name for pattern in patterns)

    # --- scenarios ---

    def scenario_verdict(self, one):
        if not self.spec["confined"] and one.proof != "user":
            return "skipped", one.proof
        if self.spec["confined"] and one.guard and not one.guard & set(self.spec["mode"]["layers"]):
            return "skipped", "not promised in this mode: nothing keeps it"
        try:
            evidence = one.function(self.lab)
        except kit.Contained as why:
            if self.spec["confined"]:
                return "passed", str(why)
            return "failed", "does not succeed without the sandbox, so it proves nothing: %s" % why
        except Exception:
            return "failed", traceback.format_exc(limit=-3)
        if not self.spec["confined"]:
            return "passed", repr(evidence)[:120]
        return "failed", "ESCAPE: %s: %r" % (one.what, evidence)

    def scenarios(self):
        from scenario_kit import SCENARIOS
        importlib.import_module("scenarios." + self.spec["module"])
        for name, one in SCENARIOS.items():
            if self.wanted(name):
                self.report("escape %s: %s" % (self.spec["mode"]["name"], name), *self.scenario_verdict(one))
                self.lab.clean()

    def confine(self):
        from harness.modules import run_module
        run_module(self)

    def battery(self):
        from harness.batteries import run_batteries
        run_batteries(self)

    # --- the whole ---

    def run(self):
        self.isolate()
        self.world.build(self.private_files, plant=self.spec["kind"] == "attempts")
        before = self.snapshot()
        {"attempts": self.attempts, "scenarios": self.scenarios, "confine": self.confine, "battery": self.battery}[
            self.spec["kind"]]()
        if self.spec["confined"]:
            self.check_left_behind(before, "left-behind %s: %s" % (self.spec["mode"]["name"], self.spec["label"]))
        self.lab.clean()
        self.world.tear_down()
        self.report("", "done")


def take_signals():
    """Started by nohup or in a shell's background, the tests and their scripts would ignore what they are sent. Here and not in
    tests/run, which has to tidy up when it is interrupted."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


if __name__ == "__main__":
    take_signals()
    with open(sys.argv[1]) as file:
        job = Job(json.load(file))
    try:
        job.run()
    except BaseException:
        job.report("job " + job.spec["label"], "failed", traceback.format_exc())
        raise
