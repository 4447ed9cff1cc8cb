"""Runs one module of tests/confine in the world of a job: unittest cases, each under its own time limit."""

import importlib
import signal
import unittest

SECONDS_PER_TEST = 30


class TooLong(BaseException):
    pass


def _alarm(_number, _frame):
    raise TooLong("longer than it may")


def _cases(suite):
    for one in suite:
        if isinstance(one, unittest.TestSuite):
            yield from _cases(one)
        else:
            yield one


def run_module(job):
    import confine.support
    confine.support.Case.job, confine.support.Case.lab = job, job.lab
    module = importlib.import_module("confine." + job.spec["module"])
    signal.signal(signal.SIGALRM, _alarm)
    for case in _cases(unittest.defaultTestLoader.loadTestsFromModule(module)):
        short = case.id().split(".", 1)[1]
        if not job.wanted(short):
            continue
        name = "%s: %s" % (job.spec["mode"]["name"], short)
        result = unittest.TestResult()
        signal.alarm(SECONDS_PER_TEST + getattr(case, "seconds_per_run", 0) * job.spec["runs"])
        try:
            case.run(result)
        except TooLong as why:
            result.errors.append((case, str(why) + "\n"))
        finally:
            signal.alarm(0)
        problems = ["%s\n%s" % (test, text) for test, text in result.failures + result.errors]
        if problems:
            job.report(name, "failed", "\n".join(problems))
        elif result.skipped:
            job.report(name, "skipped", result.skipped[0][1])
        else:
            job.report(name, "passed", getattr(case, "figures", ""))
        job.lab.clean()
