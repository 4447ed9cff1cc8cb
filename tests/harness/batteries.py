"""What Python programs do (tests/python/battery.py), confined in a main mode, with every Python that is at hand."""

import glob
import os
import re
import shutil

from harness.lab import PYTHON, finish

# The features that a profile takes away (tests/python/battery.py says what the words stand for), beyond `program` and `exec`.
WITHOUT_VIEW = ("inet", "view")
WITHOUT_OWN_USER = ("own",)
UNTRUSTED = ("full",)
LEAST_FEATURES = 40  # with fewer that passed, the battery did not run


def lacking(layers, extends):
    lacks = ["program", "exec"]
    if "namespaces" not in layers:
        lacks += WITHOUT_VIEW
        if "other-user" not in layers:
            lacks += WITHOUT_OWN_USER
    if extends == "builtin:untrusted":
        lacks += UNTRUSTED
    return ",".join(lacks)


def other_pythons(job):
    """Pythons from 3.6 on that pyenv has built for the one who started the tests, where this mode's caller can reach them."""
    found = [path for path in glob.glob(os.path.expanduser("~/.pyenv/versions/3.*/bin/python3"))
             if int(re.search(r"/versions/3\.(\d+)", path).group(1)) >= 6]
    reachable = job.world.uid == os.getuid() and (job.world.uid != 0 or "namespaces" in job.spec["mode"]["layers"])
    return sorted(found) if reachable else []


def run_one(job, python, extends, label):
    """One run of the battery is one test: what surprised is in its detail."""
    command = job.lab.command(
        [job.world.path("project/python/battery.py"), "--lacks", lacking(job.spec["mode"]["layers"], extends)],
        {"python": {"interpreter": python}}, extends)
    status, out, err = finish(job.lab.start(command), 120)
    text = out.decode("utf-8", "replace")
    passed = re.search(r"^battery: (\d+) passed, 0 failed$", text, re.M)
    if status == 0 and passed and int(passed.group(1)) >= LEAST_FEATURES:
        job.report(label, "passed")
    else:
        surprises = [line for line in text.splitlines() if not line.startswith("skipped: ")]
        job.report(label, "failed", "status %r\n%s\n%s" % (status, "\n".join(surprises), err.decode("utf-8", "replace")[-3000:]))
    job.lab.clean()


def run_batteries(job):
    name = job.spec["mode"]["name"]
    shutil.copytree(os.path.join(job.world.stage, "python"), job.world.path("project/python"))
    for extends in ("builtin:offline", "builtin:untrusted"):
        run_one(job, PYTHON, extends, "battery %s: %s of Debian" % (name, extends.partition(":")[2]))
    for python in other_pythons(job):
        version = re.search(r"/versions/([^/]*)", python).group(1)
        if job.wanted(version):
            run_one(job, python, "builtin:offline", "battery %s: %s" % (name, version))
