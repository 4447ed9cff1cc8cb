"""What Python programs do, one function a feature: run under a filter, a profile or bare, it prints what failed.

    battery.py [--lacks inet,exec,full] [--only NAME,...] [--list]

A feature may need `inet` (internet sockets), `program` (another program can be executed), `exec` (the filter of a profile
that allows programs), `full` (more than the untrusted profile's list of system calls), `view` (a mount view of its own: without
one there are no UNIX sockets, no terminals of its own and no priorities), `own` (that view, or a user of its own: without both
there is no chown, and no /dev/shm, where the locks of multiprocessing lie).
With `--lacks` those features must fail with a clean error: neither work, nor hang, nor kill Python.
`skipped:` names what this Python has not got (a package, a function). Exit status: 0 when nothing surprised.
Runs on Python 3.6 and later, with nothing but its library; numpy and others are tried where installed.
"""
import signal
import sys
import traceback

sys.path.insert(0, __file__.rpartition("/")[0] or ".")  # an isolated Python does not look beside its script

from feature import FEATURES, Skip
import features_files  # noqa: F401  (each registers its features)
import features_processes  # noqa: F401
import features_network  # noqa: F401


class TooLong(Exception):
    pass


def too_long(_number, _frame):
    raise TooLong("hangs")


def run_one(function):
    """None, Skip, or the failure."""
    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(40)
    try:
        function()
    except Skip as reason:
        return reason
    except BaseException as failure:  # SystemExit and others are surprises here, too
        return failure
    finally:
        signal.alarm(0)
    return None


def main(arguments):
    import argparse
    parser = argparse.ArgumentParser()
    parser.add_argument("--lacks", default="")
    parser.add_argument("--only", default="")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--bare", action="store_true", help="not confined: refusals are not expected")
    parser.add_argument("--trace", action="store_true", help="tracebacks of what failed")
    options = parser.parse_args(arguments)
    lacks = set(filter(None, options.lacks.split(",")))
    only = set(filter(None, options.only.split(",")))
    unknown = (lacks - {need for _, needs, _ in FEATURES for need in needs}) | (only - {name for name, _, _ in FEATURES})
    if unknown:
        parser.error("unknown: " + ", ".join(sorted(unknown)))
    surprises = passed = 0
    for name, needs, function in FEATURES:
        if options.list:
            print(name, *sorted(needs))
        if options.list or (only and name not in only):
            continue
        result = run_one(function)
        expected = not needs & lacks
        if isinstance(result, Skip):
            print("skipped: %s: %s" % (name, result))
        elif (result is None) == expected and not isinstance(result, TooLong):
            passed += 1
        else:
            surprises += 1
            print("failed: %s: %s" % (name, "works, but should be refused" if result is None else repr(result)))
            if options.trace and result is not None:
                traceback.print_exception(type(result), result, result.__traceback__)
    if not options.list:
        print("battery: %d passed, %d failed" % (passed, surprises))
    return 1 if surprises else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
