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
        ignore = shutil.ignore_patterns("__pycache__", "*.pyc")
        for name in ("escape", "harness", "confine", "python"):
            source = os.path.join(tests, name)
            if os.path.isdir(source):
                shutil.copytree(source, os.path.join(self.path, name), ignore=ignore)
        shutil.copytree(os.path.join(os.path.dirname(tests), "examples"), os.path.join(self.path, "examples"), ignore=ignore)
        shutil.copytree(os.path.join(build, "tests/helpers"), os.path.join(self.path, "helpers"))
        for name in ("bin", "worlds", "results", "unit"):
            os.mkdir(os.path.join(self.path, name))
        if os.path.exists(os.path.join(build, "pyconfine")):
            shutil.copy(os.path.join(build, "pyconfine"), self.pyconfine)
        self.cache("root", os.getuid(), os.getgid())
        self.cache("user", user["uid"], user["gid"])
        subprocess.run([PYTHON, "-m", "compileall", "-q", self.path], check=True)
        os.umask(old)

    def cache(self, name, uid, gid):
        path = os.path.join(self.path, "cache-" + name)
        os.mkdir(path, 0o700)
        if os.getuid() == 0:
            os.chown(path, uid, gid)

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)
        return not os.path.exists(self.path)
