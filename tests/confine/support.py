"""The case that every module of tests/confine builds on: runs pyconfine in the world of the job (harness/lab.py)."""

import os
import subprocess
import unittest

from harness.lab import finish


class Result:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err.decode("utf-8", "backslashreplace")

    def __repr__(self):
        return "status %r\nstdout: %r\nstderr:\n%s" % (self.status, self.out[-2000:], self.err[-3000:])


class Case(unittest.TestCase):
    job = lab = None
    longMessage = True
    maxDiff = None

    # --- where we are ---

    @property
    def world(self):
        return self.lab.world

    def layers(self):
        return set(self.lab.mode["layers"])

    def need(self, layer):
        if layer not in self.layers():
            self.skipTest("needs " + layer)

    def has_notification(self):
        return "notify=0" not in self.lab.mode["assume"]

    def need_root(self):
        if self.world.uid != 0:
            self.skipTest("needs a caller who is root")

    def need_shared_memory(self):
        """Without a view /dev/shm is the machine's: it is shared only with a user of the script's own, and while it is empty."""
        if "namespaces" not in self.layers():
            self.need("other-user")
            if os.listdir("/dev/shm"):
                self.skipTest("/dev/shm of this machine is in use, so it is not shared with the script")

    # --- files ---

    def file(self, name, text, mode=0o644):
        """Writes a file of the caller below the world; returns its path."""
        path = self.world.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            out.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(path, mode)
        if os.getuid() == 0:
            os.chown(path, self.world.uid, self.world.gid)
        return path

    def folder(self, name, mode=0o755):
        path = self.world.path(name)
        os.makedirs(path, exist_ok=True)
        os.chmod(path, mode)
        if os.getuid() == 0:
            os.chown(path, self.world.uid, self.world.gid)
        return path

    def script(self, code, name=None):
        self.lab.count += 1
        return self.file(name or "project/case-%d.py" % self.lab.count, code)

    # --- running ---

    def start(self, arguments, changes=None, flags=(), env=None, extends="builtin:offline", **options):
        """pyconfine with the mode's profile and these arguments."""
        command = self.lab.command([*arguments], changes, extends, flags)
        return self.lab.start(command, env={**self.world.environment(), **(env or {})}, **options)

    def run_(self, arguments, changes=None, flags=(), env=None, stdin=None, seconds=20, **options):
        options["stdin"] = subprocess.PIPE if stdin is not None else subprocess.DEVNULL
        process = self.start(arguments, changes, flags, env, **options)
        if stdin is not None:
            out, err = process.communicate(stdin, timeout=seconds)
            return Result(process.returncode, out, err)
        return Result(*finish(process, seconds))

    def code(self, code, *arguments, **options):
        """Runs a script of this text."""
        return self.run_([self.script(code), *arguments], **options)

    def bare(self, arguments, env=None, seconds=20, **options):
        """pyconfine with exactly these arguments: no profile, only what the mode assumes."""
        assume = ["--assume", self.lab.mode["assume"]] if self.lab.mode["assume"] else []
        command = [self.lab.pyconfine, *assume, *arguments]
        return Result(*finish(self.lab.start(command, env={**self.world.environment(), **(env or {})}, **options), seconds))

    def command(self, arguments, **options):
        """pyconfine with exactly these arguments, a command's name first."""
        return Result(*finish(self.lab.start([self.lab.pyconfine, *arguments], **options)))

    # --- judging ---

    def succeeds(self, result, out=None):
        """Status 0, this output, and nothing of ours on stderr but one warning for each promise that the mode relaxes."""
        self.assertEqual(result.status, 0, result)
        self.assertEqual(self.of_the_script(result), "", result)
        if out is not None:
            self.assertEqual(result.out, out if isinstance(out, bytes) else out.encode(), result)
        return result

    def of_the_script(self, result):
        """stderr without our warnings; there must be exactly one for each promise that the mode relaxes."""
        lines = result.err.splitlines(keepends=True)
        for promise in self.lab.mode["require"]:
            warnings = [line for line in lines if line.startswith("pyconfine: warning: %s " % promise)]
            self.assertEqual(len(warnings), 1, result)
            lines.remove(warnings[0])
        return "".join(lines)

    def refused(self, result, status, *texts):
        """Ended before the script began: the status, our prefix on every line, the texts, and nothing on stdout."""
        self.assertEqual(result.status, status, result)
        self.assertEqual(result.out, b"", result)
        self.assertNotEqual(result.err.strip(), "", result)
        for text in texts:
            self.assertIn(text, result.err, result)
        self.assertNotIn("\x1b", result.err, result)
        return result
