"""One job of the test run, inside namespaces that are thrown away after it (as PID 1 there, where the machine allows).

outer.py SPEC.json: builds a world, makes the attempts or scenarios or runs a test module, confined or bare, looks for what
was left behind, and writes the results as JSON lines to the file that SPEC names. What must not be found by the script
(the token) comes in the environment, so that PID 1 has a secret to keep."""

import errno
import fcntl
import importlib
import json
import os
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
        with open("/proc/self/mountinfo") as mounts:
            lines = mounts.read().splitlines()
        folders = ("/tmp", "/dev/shm", self.world.base, self.world.path("home"), self.world.path("outside"))
        folders = (folders if self.private_files else folders[2:])[:2 if self.spec["kind"] == "confine" else None]
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

    def judge(self, one, answer, variant):
        """Turns an answer of the inside into passed or failed."""
        mode, name = self.spec["mode"], "escape %s%s: %s" % (self.spec["mode"]["name"], variant, one.name)
        if answer is None:
            return self.report(name, "failed", "no answer: the run ended before it")
        outcome, detail = answer["outcome"], answer["detail"]
        if outcome == "pending":
            kind, _, value = detail.partition(":")
            happened = {"signal": lambda: value in self.world.signals_received(), "file": lambda: self.world.has_file(value),
                        "semaphore": lambda: self.world.has_semaphore(int(value))}[kind]()
            outcome, detail = ("succeeded" if happened else "refused"), detail
        neighbour = answer.get("neighbour")
        if outcome == "not-here":
            return self.report(name, "skipped", detail)
        if not self.spec["confined"]:
            if outcome == "succeeded":
                return self.report(name, "passed", detail)
            return self.report(name, "failed", "does not succeed without the sandbox, so it proves nothing: " + detail)
        if one.guard and not one.guard & set(mode["layers"]):
            if outcome == "broken":
                return self.report(name, "failed", detail)
            return self.report(name, "skipped", "not promised in this mode (nothing keeps it); here it was: " + outcome)
        if outcome == "succeeded":
            return self.report(name, "failed", "ESCAPE: %s: %s" % (one.what, detail))
        if outcome != "refused":
            return self.report(name, "failed", "neither succeeded nor was refused: " + detail)
        if neighbour and neighbour["outcome"] != "works":
            return self.report(name, "failed", "refused (%s), but the allowed neighbour is broken too: %s"
                               % (detail, neighbour["detail"]))
        return self.report(name, "passed", detail)

    def make_attempts(self, names, changes, extends, variant):
        """One launch for many attempts; the order of answers is the order of names."""
        project = self.world.path("project")
        private = ["--private-mounts"] if not self.spec["confined"] and self.world.uid == 0 else []
        command = self.lab.command([project + "/inside.py", project + "/world.json", *private, *names], changes, extends)
        options = {"pass_fds": self.world.inherited, "process_group": self.world.facts["victim_group"]}
        if os.getuid() != 0 and not self.isolated:
            options.pop("process_group")
        status, out, err = finish(self.lab.start(command, **options), 150)
        answers = {}
        for line in out.decode("utf-8", "replace").splitlines():
            try:
                answer = json.loads(line)
                answers[answer["name"]] = answer
            except (ValueError, KeyError, TypeError):
                continue
        if os.environ.get("PYCONFINE_TEST_TIMES"):
            slow = sorted(answers.values(), key=lambda answer: -answer["ms"])[:25]
            print(sum(answer["ms"] for answer in answers.values()), [(a["name"], a["ms"]) for a in slow], file=sys.stderr)
        if status != 0:
            self.report("launch %s%s" % (self.spec["mode"]["name"], variant), "failed",
                        "status %r\n%s\n%s" % (status, command, err.decode("utf-8", "replace")[-3000:]))
        for name in names:
            if name in answers or status == 0:
                self.judge(kit.ATTEMPTS[name], answers.get(name), variant)
        if status != 0 and answers:
            missing = [name for name in names if name not in answers]
            self.judge(kit.ATTEMPTS[missing[0]], None, variant)
        elif status != 0:
            self.report("attempts %s%s" % (self.spec["mode"]["name"], variant), "failed",
                        "%d attempts could not be made" % len(names))

    def attempts(self):
        every = inside.load_attempts()
        groups = {
            "plain": ({}, "builtin:offline", ""),
            "untrusted": ({}, "builtin:untrusted", "-untrusted"),
            "exec": ({"exec": ["/usr/bin/true", *[self.world.path("project", name) for name in ("hello", "readfile", "i386")],
                               *([self.world.path("read/setuid-id")] if "setuid_program" in self.world.facts else [])]},
                     "builtin:offline", ""),
            "network": ({"network": "host"}, "builtin:offline", ""),
        }
        if not self.spec["confined"]:
            who = self.spec["identity"]["name"]
            names = [name for name, one in every.items() if one.proof == who and self.wanted(name)]
            for name, one in every.items():
                if one.proof not in ("user", "root") and who == "root" and self.wanted(name):
                    self.report("escape %s: %s" % (self.spec["mode"]["name"], name), "skipped", one.proof)
            self.make_attempts(names, {}, "", "")
            return
        for group, (changes, extends, variant) in groups.items():
            if group == "untrusted" and not self.spec["mode"]["main"]:
                continue
            names = [name for name, one in every.items()
                     if (one.group == group or (group, one.group) == ("untrusted", "plain")) and self.wanted(name)]
            if names:
                self.make_attempts(names, changes, extends, variant)

    def wanted(self, name):
        patterns = self.spec["patterns"]
        return not patterns or any(pattern in name for pattern in patterns)

    # --- scenarios ---

    def scenarios(self):
        from scenario_kit import SCENARIOS
        importlib.import_module("scenarios." + self.spec["module"])
        mode = self.spec["mode"]
        for short, one in SCENARIOS.items():
            if not self.wanted(short):
                continue
            name = "escape %s: %s" % (mode["name"], short)
            if not self.spec["confined"] and one.proof != "user":
                self.report(name, "skipped", one.proof)
                continue
            open_here = one.guard and not one.guard & set(mode["layers"])
            try:
                evidence = one.function(self.lab)
            except kit.Contained as why:
                if self.spec["confined"]:
                    self.report(name, "passed", str(why))
                else:
                    self.report(name, "failed", "does not succeed without the sandbox, so it proves nothing: %s" % why)
            except Exception:
                self.report(name, "failed", traceback.format_exc(limit=-3))
            else:
                if not self.spec["confined"]:
                    self.report(name, "passed", repr(evidence)[:120])
                elif open_here:
                    self.report(name, "skipped", "not promised in this mode (nothing keeps it); here it was: succeeded")
                else:
                    self.report(name, "failed", "ESCAPE: %s: %r" % (one.what, evidence))
            self.lab.clean()

    # --- the whole ---

    def run(self):
        self.isolate()
        self.world.build(self.private_files)
        before = self.snapshot()
        if self.spec["kind"] == "attempts":
            self.attempts()
        elif self.spec["kind"] == "scenarios":
            self.scenarios()
        else:
            from harness.modules import run_module
            run_module(self)
        if self.spec["confined"]:
            self.check_left_behind(before, "left-behind %s: %s" % (self.spec["mode"]["name"], self.spec["label"]))
        self.lab.clean()
        self.world.tear_down()
        self.report("", "done")


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        job = Job(json.load(file))
    try:
        job.run()
    except BaseException:
        job.report("job " + job.spec["label"], "failed", traceback.format_exc())
        raise
