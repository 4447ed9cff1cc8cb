#!/usr/bin/python3
"""app.py PYCONFINE UPLOADS THUMBNAILS [OPTION...]: the part of a web application that handles what people sent in.

For each file of UPLOADS one confined run; its thumbnail goes to THUMBNAILS when it is what was asked for.
"""

import os
import shutil
import stat
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PROFILE = os.path.join(HERE, "thumbnail.pyconfine.yaml")
LARGEST = 256 * 1024
# 1 is the script's own; 124 and 137 are pyconfine's (docs: exit status).
VERDICTS = {1: "not a picture that can be read", 124: "took too long", 137: "needed too much memory"}


def thumbnail(pyconfine, options, upload, directory):
    """One confined run; returns (exit status, what it said)."""
    command = [pyconfine, "--profile", PROFILE, *options, os.path.join(HERE, "thumbnail.py"), "/work/input", "/work/out"]
    environment = {"PATH": os.environ["PATH"], "UPLOAD": upload, "OUTDIR": directory}
    run = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, errors="backslashreplace", check=False)
    return run.returncode, run.stdout


def take(directory, target):
    """Copies the thumbnail out if it is a plain file of reasonable size; whatever else lies there goes with the directory.

    The directory was in a stranger's hands: a link would lead us elsewhere, a pipe would keep us waiting.
    """
    try:
        fd = os.open(os.path.join(directory, "thumbnail.png"), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        return "left no thumbnail (%s)" % error.strerror
    with os.fdopen(fd, "rb") as result:
        facts = os.fstat(fd)
        if not stat.S_ISREG(facts.st_mode) or facts.st_nlink != 1 or facts.st_size > LARGEST:
            return "left something that is no thumbnail"
        with open(target, "wb") as out:
            shutil.copyfileobj(result, out)
    return "ok"


def handle(pyconfine, options, upload, target):
    with tempfile.TemporaryDirectory() as directory:
        status, said = thumbnail(pyconfine, options, upload, directory)
        verdict = VERDICTS.get(status, "ended with status %d" % status) if status else take(directory, target)
    return verdict, said


def main(pyconfine, uploads, thumbnails, *options):
    for name in sorted(os.listdir(uploads)):
        upload, target = os.path.join(uploads, name), os.path.join(thumbnails, name + ".png")
        verdict, said = handle(pyconfine, options, os.path.abspath(upload), target)
        print("%-14s %s" % (name, verdict))
        for line in said.splitlines():
            print("               | " + line)


if __name__ == "__main__":
    main(*sys.argv[1:])
