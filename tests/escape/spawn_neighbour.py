"""What must go on working where nothing may be executed: multiprocessing starts the interpreter anew. No locks: without a view,
where somebody else keeps files in /dev/shm, there are none."""

import multiprocessing


def double(number, connection):
    connection.send(2 * number)


if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=double, args=(21, theirs))
    process.start()
    print("spawned", ours.recv())
    process.join()
