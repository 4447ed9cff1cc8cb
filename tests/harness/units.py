"""The cmocka programs of a build."""

import os
import re
import subprocess

SECONDS = 120
VERDICTS = {"OK": "passed", "FAILED": "failed", "SKIPPED": "skipped"}


def unit_programs(build):
    folder = os.path.join(build, "tests")
    if not os.path.isdir(folder):
        return []
    return sorted(entry.path for entry in os.scandir(folder) if entry.name.startswith("test_") and entry.is_file()
                  and "." not in entry.name and os.access(entry.path, os.X_OK))


def _execute(program, folder):
    try:
        done = subprocess.run([program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                              timeout=SECONDS, check=False, cwd=folder)
    except subprocess.TimeoutExpired:
        return -1, "longer than %d s" % SECONDS
    return done.returncode, done.stdout.decode("utf-8", "replace")


def run_unit(program, build_name, folder, results):
    """Adds a result for each test. A program that crashes, or that ran no test, is a failure: silence is not success."""
    status, output = _execute(program, folder)
    name, verdicts = "unit %s/%s" % (build_name, os.path.basename(program)), {}
    for verdict, test in re.findall(r"^\[ *(OK|FAILED|SKIPPED) *\] ([a-z]\w*)", output, re.M):
        if verdicts.get(test) != "FAILED":
            verdicts[test] = verdict
    for test, verdict in verdicts.items():
        detail = {"OK": "", "FAILED": output[-6000:], "SKIPPED": "skipped by the test"}[verdict]
        results.add("%s: %s" % (name, test), VERDICTS[verdict], detail)
    if not verdicts or (status and "FAILED" not in verdicts.values()):
        results.add(name, "failed", "status %d, %d tests\n%s" % (status, len(verdicts), output[-4000:]))
