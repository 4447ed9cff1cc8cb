"""The script that runs inside the sandbox, and outside it for the proof: inside.py WORLD.json [--private-mounts] NAME...

With --private-mounts each attempt has mount and UTS namespaces of its own: the proof as root must not spoil the next one."""

import importlib
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)  # an isolated interpreter does not look beside the script by itself

import kit  # noqa: E402


def load_attempts():
    folder = os.path.join(HERE, "attempts")
    for name in sorted(os.listdir(folder)):
        if name.endswith(".py") and name != "__init__.py":
            importlib.import_module("attempts." + name[:-3])
    return kit.ATTEMPTS


if __name__ == "__main__":
    load_attempts()
    with open(sys.argv[1]) as file:
        world = kit.World(json.load(file))
    world.private_mounts = sys.argv[2:3] == ["--private-mounts"]
    kit.main(sys.argv[3:] if world.private_mounts else sys.argv[2:], world)
