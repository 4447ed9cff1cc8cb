"""Counting, and saying what was counted."""

import collections
import json
import threading

# What a machine that vouches for a change (CI=true) must not skip: there such a skip is a failure. Beginnings of names.
MUST_NOT_SKIP = (
    "the program", "helpers", "unit tests", "throw-away machines",
    "mode root-namespaces", "mode root-landlock", "mode root-without-landlock", "mode root-without-notify",
    "mode user-namespaces", "mode user-landlock", "mode user-without-landlock", "mode user-without-notify",
    "battery", "root-namespaces: test_examples", "user-namespaces: test_python.Packages",
)


class Results:
    def __init__(self, in_ci, verbose):
        self.in_ci, self.verbose, self.lock = in_ci, verbose, threading.Lock()
        self.passed, self.failures, self.skips = 0, [], []

    def add(self, name, status, detail=""):
        with self.lock:
            if status == "skipped" and self.in_ci and name.startswith(MUST_NOT_SKIP):
                status, detail = "failed", "must not be skipped where CI=true: " + detail
            if status == "passed":
                self.passed += 1
            elif status == "failed":
                self.failures.append((name, detail))
            else:
                self.skips.append((name, detail))
            if self.verbose:
                print("%-8s %s%s" % (status, name, "  (%s)" % detail.splitlines()[-1] if detail else ""), flush=True)

    def add_file(self, path):
        """Takes the lines of a job's result file; a job that did not come to its end is a failure."""
        counts, done = collections.Counter(), False
        try:
            with open(path) as lines:
                for line in lines:
                    one = json.loads(line)
                    if one["status"] == "done":
                        done = True
                        continue
                    self.add(one["name"], one["status"], one["detail"])
                    counts[one["status"]] += 1
        except OSError:
            pass
        return counts, done

    def close(self):
        """Prints failures, skips by their reason, and the closing line; returns the exit status."""
        if self.failures:
            print("\n--- failures ---")
        for name, detail in sorted(self.failures):
            print("FAILED " + name)
            for line in detail.splitlines():
                print("       " + line)
        self.print_skips()
        print("%d passed, %d failed, %d skipped" % (self.passed, len(self.failures), len(self.skips)), flush=True)
        return 1 if self.failures or not self.passed else 0

    def print_skips(self):
        reasons = collections.defaultdict(list)
        for name, detail in self.skips:
            reasons[detail].append(name)
        if reasons:
            print("\n--- skipped, by reason ---")
        for reason, names in sorted(reasons.items()):
            print("%s: %d" % (reason, len(names)))
            tests = collections.defaultdict(set)
            for name in names:
                where, _, test = name.rpartition(": ")
                tests[test].add(where.split()[-1] if where else "")
            for test, where in sorted(tests.items()):
                print("       %s%s" % (test, "  in " + " ".join(sorted(where)) if any(where) else ""))
