"""The stage: a directory that everybody can read, with all that the tests need.

The checkout may lie under a home that nobody else can enter, so nothing is run from there."""

import os
import shutil
import subprocess
import tempfile

PYTHON = "/usr/bin/python3"


class Stage:
    def __init__(self, tests, build):
        self.path = tempfile.mkdtemp(prefix="pyconfine-test-", dir="/var/tmp")
        os.chmod(self.path, 0o755)
        self.pyconfine = os.path.join(self.path, "bin/pyconfine")
        old = os.umask(0o022)
        for name in ("bin", "worlds", "results"):
            os.mkdir(os.path.join(self.path, name))
        self.copy(tests, build)
        subprocess.run([PYTHON, "-m", "compileall", "-q", self.path], check=True)
        os.umask(old)

    def copy(self, tests, build):
        ignore = shutil.ignore_patterns("__pycache__", "*.pyc")
        folders = [os.path.join(tests, name) for name in ("escape", "harness", "confine", "python")]
        for source in [*folders, os.path.join(os.path.dirname(tests), "examples")]:
            shutil.copytree(source, os.path.join(self.path, os.path.basename(source)), ignore=ignore)
        shutil.copytree(os.path.join(build, "tests/helpers"), os.path.join(self.path, "helpers"))
        if os.path.exists(os.path.join(build, "pyconfine")):
            shutil.copy(os.path.join(build, "pyconfine"), self.pyconfine)

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)

    def left_behind(self):
        """What is on this machine after the run and was ours: processes, mounts, cgroups, temporary files."""
        left = ["process " + name for name in filter(str.isdigit, os.listdir("/proc")) if self.path in command_line(name)]
        with open("/proc/self/mountinfo") as mounts:
            left += ["mount " + line.strip() for line in mounts if self.path in line]
        for folder, names, _ in os.walk("/sys/fs/cgroup"):
            left += ["cgroup %s/%s" % (folder, name) for name in names if "pyconfine" in name]
        for folder in ("/tmp", "/dev/shm", "/var/tmp"):
            left += ["file %s/%s" % (folder, name) for name in os.listdir(folder)
                     if name.startswith(("pyconfine-wrote-", "host-" + os.path.basename(self.path)))]
        return left


def command_line(pid):
    """Empty where the process is gone or another user's."""
    try:
        with open("/proc/%s/cmdline" % pid) as file:
            return file.read()
    except OSError:
        return ""
