"""The list of features that battery.py runs, and what they share."""

FEATURES = []


class Skip(Exception):
    """This Python has no such thing."""


def feature(*needs):
    def register(function):
        FEATURES.append((function.__name__.rstrip("_"), frozenset(needs), function))
        return function
    return register


def module(name):
    """An import that skips only where the package is not installed; one that fails for another reason is a failure."""
    import importlib
    import importlib.util
    top = name.split(".")[0]
    if importlib.util.find_spec(top) is None:
        raise Skip("no " + top)
    return importlib.import_module(name)


def has(owner, name):
    if not hasattr(owner, name):
        raise Skip("no %s.%s" % (owner.__name__, name))
    return getattr(owner, name)
