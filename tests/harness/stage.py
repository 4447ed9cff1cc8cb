"""The stage: a directory that everybody can read, with all that the tests need, and the ordinary user that they run as.

The checkout may lie under a home that nobody else can enter, so nothing is run from there."""

import os
import pwd
import shutil
import subprocess
import tempfile

USER = "pcuser"
PYTHON = "/usr/bin/python3"


def ordinary_user():
    """{name, uid, gid} of the test user; made when we are root and it is missing."""
    if os.getuid() != 0:
        return {"name": "user", "uid": os.getuid(), "gid": os.getgid()}
    try:
        entry = pwd.getpwnam(USER)
    except KeyError:
        subprocess.run(["useradd", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin",
                        "--user-group", USER], check=True)
        entry = pwd.getpwnam(USER)
    return {"name": "user", "uid": entry.pw_uid, "gid": entry.pw_gid}


class Stage:
    def __init__(self, tests, build, user):
        self.path = tempfile.mkdtemp(prefix="pyconfine-test-", dir="/var/tmp")
        os.chmod(self.path, 0o755)
        self.pyconfine = os.path.join(self.path, "bin/pyconfine")
        old = os.umask(0o022)
        for name in ("bin", "worlds", "results"):
            os.mkdir(os.path.join(self.path, name))
        self.copy(tests, build)
        self.cache("root", os.getuid(), os.getgid())
        self.cache("user", user["uid"], user["gid"])
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

    def cache(self, name, uid, gid):
        path = os.path.join(self.path, "cache-" + name)
        os.mkdir(path, 0o700)
        if os.getuid() == 0:
            os.chown(path, uid, gid)

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
                     if name.startswith(("pyconfine-wrote-", "pyconfine-host-"))]
        return left


def command_line(pid):
    """Empty where the process is gone or another user's."""
    try:
        with open("/proc/%s/cmdline" % pid) as file:
            return file.read()
    except OSError:
        return ""
