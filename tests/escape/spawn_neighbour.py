"""What must go on working where nothing may be executed: multiprocessing starts the interpreter anew."""

import multiprocessing


def double(number):
    return 2 * number


if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print("spawned", pool.map(double, [1, 2]))
