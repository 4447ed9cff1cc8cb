"""What the caller's environment must not carry in."""

import os
import sys

from kit import INVISIBLE, Contained, attempt, read_file


@attempt("finds the caller's secret in os.environ", neighbour=lambda world: os.environ["LANG"])
def secret_variable(world):
    if world.token not in "".join(os.environ.values()):
        raise Contained("variables: " + " ".join(sorted(os.environ)))
    return "found"


@attempt("finds the caller's secret in /proc/self/environ", INVISIBLE)
def secret_proc(world):
    return world.must_hold(read_file("/proc/self/environ"))


@attempt("the caller's LD_PRELOAD loaded a library into the interpreter", INVISIBLE)
def ld_preload(world):
    maps = read_file("/proc/self/maps").decode()
    library = world.need("preload_library", "no suitable library here")
    if os.path.basename(library) not in maps:
        raise Contained("not loaded")
    return library


@attempt("the caller's PYTHONPATH brought a module in")
def python_path(world):
    try:
        import planted_by_pythonpath
    except ImportError as error:
        raise Contained(str(error))
    return planted_by_pythonpath.__file__


@attempt("the caller's PYTHONSTARTUP, PYTHONHOME and the like are still set")
def python_variables(world):
    names = [name for name in os.environ if name.startswith(("PYTHON", "LD_", "MALLOC_", "GCONV_"))]
    if not names:
        raise Contained("none")
    return names


# Packages of `pip install --user` are shown to one's own scripts; untrusted ones must not run code of the caller's home.
@attempt("a usercustomize module in the caller's home ran before the script", group="untrusted")
def user_customize(world):
    if "usercustomize" not in sys.modules:
        raise Contained("not imported")
    return sys.modules["usercustomize"].__file__
