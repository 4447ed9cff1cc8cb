"""Attempts that only the outside can judge: what outlives a run, what it uses up, what it leaves in a terminal.

A scenario is a function of a Lab (harness/lab.py). It starts scripts, confined or bare as the lab says, and ends like an
attempt: it returns evidence when the forbidden thing happened, it raises Contained when it did not. Everything else is a
broken scenario."""

SCENARIOS = {}


class Scenario:
    def __init__(self, name, function, what, proof, guard, seconds):
        self.name, self.function, self.what, self.proof = name, function, what, proof
        self.guard, self.seconds = frozenset(guard), seconds


def scenario(what, *, proof="user", guard=(), seconds=25):
    def register(function):
        name = function.__module__.rpartition(".")[2] + "." + function.__name__.replace("_", "-")
        SCENARIOS[name] = Scenario(name, function, what, proof, guard, seconds)
        return function
    return register
