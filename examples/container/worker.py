"""A container's worker: takes jobs (files) from one directory, writes results to another, until SIGTERM tells it to stop.

Exit status 0: stopped with nothing left to do. 3: stopped while jobs were waiting, so that whoever started us can tell.
"""

import os
import signal
import sys
import time

INBOX, RESULTS = "/data/in", "/data/out"


class Worker:
    def __init__(self):
        self.stopping = False
        self.done = 0
        signal.signal(signal.SIGTERM, self.on_sigterm)

    def on_sigterm(self, _signal, _frame):
        # Only a mark: the job at hand is finished first.
        self.stopping = True

    def work(self, name):
        with open(os.path.join(INBOX, name), encoding="utf-8") as job:
            words = job.read().split()
        path = os.path.join(RESULTS, name)
        with open(path + ".part", "w", encoding="utf-8") as result:
            print(len(words), "words,", len(set(words)), "different", file=result)
        os.rename(path + ".part", path)
        os.unlink(os.path.join(INBOX, name))
        self.done += 1

    def run(self):
        print("worker: ready as uid", os.getuid())
        while not self.stopping:
            for name in sorted(os.listdir(INBOX)):
                if not self.stopping and not name.startswith("."):
                    self.work(name)
            time.sleep(0.05)
        left = len(os.listdir(INBOX))
        print("worker: SIGTERM; %d jobs done, %d left" % (self.done, left))
        return 3 if left else 0


if __name__ == "__main__":
    sys.exit(Worker().run())
