"""How measurements are summed up and printed, the same in every benchmark."""

import statistics


def quartiles(values):
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return middle, low, high


def spread(values, unit=""):
    return "%.2f%s (quartiles %.2f to %.2f)" % (quartiles(values)[0], unit, *quartiles(values)[1:])


def judge(what, met, goal):
    print("  %-9s %s: %s" % ("goal met" if met else "GOAL MISSED", what, goal))
