"""Runs scripts in a world, confined or bare, and looks for what is left of them. Scenarios and launches use it."""

import json
import os
import subprocess
import time

PYTHON = "/usr/bin/python3"


class Lab:
    def __init__(self, world, mode, pyconfine, confined, isolated):
        self.world, self.mode, self.pyconfine = world, mode, pyconfine
        self.confined, self.isolated, self.count = confined, isolated, 0

    def patience(self, seconds, bare=2.0):
        """How long to wait for something: bare runs wait in vain by design, so not longer than shows the point."""
        return seconds if self.confined else min(seconds, bare)

    # --- commands ---

    def profile(self, changes=None, extends="builtin:offline"):
        """Writes a profile with the world's grants, what the mode has to relax, and the changes; returns its path."""
        self.count += 1
        profile = {"version": 1, "extends": extends, "python": {"interpreter": PYTHON},
                   "files": {"read": [self.world.path("project"), self.world.path("read")],
                             "write": [self.world.path("write")]}}
        require = dict(self.mode["require"])
        for key, value in (changes or {}).items():
            if key == "require":
                require.update(value)
            elif isinstance(value, dict):
                profile[key] = {**profile.get(key, {}), **value}
            else:
                profile[key] = value
        if require:
            profile["require"] = require
        name = "profile-%d.yaml" % self.count
        self.world.file(name, json.dumps(profile, indent=1), 0o644)
        return self.world.path(name)

    def command(self, arguments, changes=None, extends="builtin:offline", flags=()):
        if not self.confined:
            return [PYTHON, *arguments]
        assume = ["--assume", self.mode["assume"]] if self.mode["assume"] else []
        return [self.pyconfine, "--profile", self.profile(changes, extends), *assume, *flags, *arguments]

    def identity(self):
        """Popen arguments that turn into the caller of this mode."""
        if os.getuid() != 0 or self.world.uid == 0:
            return {}
        return {"user": self.world.uid, "group": self.world.gid, "extra_groups": []}

    def start(self, command, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        options.setdefault("env", self.world.environment())
        options.setdefault("cwd", self.world.path("project"))
        return subprocess.Popen(command, **self.identity(), **options)

    def script(self, code, changes=None, flags=(), arguments=(), **options):
        """Starts a script of the given text."""
        self.count += 1
        name = "project/scenario-%d.py" % self.count
        self.world.file(name, code, 0o644)
        return self.start(self.command([self.world.path(name), *arguments], changes, flags=flags), **options)

    # --- what is left ---

    def processes(self):
        """Living processes that are neither ours nor the world's: {pid: command line}."""
        ours = self.world.known_pids | {os.getpid()}
        found = {}
        for name in os.listdir("/proc"):
            if not name.isdigit() or int(name) in ours:
                continue
            try:
                with open("/proc/%s/stat" % name) as file:
                    state = file.read().rpartition(")")[2].split()[0]
                with open("/proc/%s/cmdline" % name) as file:
                    line = file.read().replace("\0", " ")[:160]
            except OSError:  # it ended while we looked; a runaway chain of forks looks like this all the time
                found[int(name)] = "(gone while looking)"
                continue
            if state not in "ZX" and (self.isolated or self.world.base in line):
                found[int(name)] = line
        return found

    def survivors(self, patience=1.0):
        """What still lives when `patience` seconds have passed; empty as soon as nothing does."""
        deadline = time.monotonic() + patience
        while True:
            reap()
            found = self.processes()
            if not found or time.monotonic() > deadline:
                return found
            time.sleep(0.02)

    def clean(self):
        for pid in self.survivors(0):
            try:
                os.kill(pid, 9)
            except OSError:
                pass
        self.survivors(1)


def reap():
    """As PID 1 of the throw-away namespace orphans are ours; children of Popen objects are left to them."""
    if os.getpid() != 1:
        return
    mine = {process.pid for process in list(getattr(subprocess, "_active", []))} | LIVE
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) not in mine:
            try:
                with open("/proc/%s/stat" % name) as file:
                    fields = file.read().rpartition(")")[2].split()
                if fields[0] == "Z" and fields[1] == "1":
                    os.waitpid(int(name), os.WNOHANG)
            except (OSError, IndexError):
                continue


LIVE = set()
_start = subprocess.Popen.__init__


def _tracked(self, *arguments, **options):
    _start(self, *arguments, **options)
    LIVE.add(self.pid)


subprocess.Popen.__init__ = _tracked


def wait(process, seconds):
    """Waits; the status, or None when it still runs."""
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None


def finish(process, seconds=15):
    """(status, stdout, stderr); kills what takes too long."""
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        return None, out or b"", err or b""
    return process.returncode, out or b"", err or b""
