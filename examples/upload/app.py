#!/usr/bin/python3
"""app.py PYCONFINE UPLOADS THUMBNAILS [OPTION...]: the part of a web application that handles what people sent in.

For each file of UPLOADS one confined run; what it left comes to a directory of its own below THUMBNAILS, checked by pyconfine.
"""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PROFILE = os.path.join(HERE, "thumbnail.pyconfine.yaml")
# 1 is the script's own; the others are pyconfine's (docs: exit status).
VERDICTS = {1: "not a picture that can be read", 123: "left something that is no thumbnail", 124: "took too long",
            137: "needed too much memory"}


def thumbnail(pyconfine, options, upload, directory):
    """One confined run; returns (exit status, what it said)."""
    command = [pyconfine, "--profile", PROFILE, *options, os.path.join(HERE, "thumbnail.py"), "/work/input", "/work/out"]
    environment = {"PATH": os.environ["PATH"], "UPLOAD": upload, "OUTDIR": directory}
    run = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, errors="backslashreplace", check=False)
    return run.returncode, run.stdout


def handle(pyconfine, options, upload, directory):
    """With status 0 the thumbnail is in `directory`, or nothing is; with any other nothing is."""
    os.mkdir(directory)
    status, said = thumbnail(pyconfine, options, upload, directory)
    if os.listdir(directory):
        return "ok", said
    os.rmdir(directory)
    return VERDICTS.get(status, "ended with status %d" % status) if status else "left no thumbnail", said


def main(pyconfine, uploads, thumbnails, *options):
    for name in sorted(os.listdir(uploads)):
        verdict, said = handle(pyconfine, options, os.path.abspath(os.path.join(uploads, name)),
                               os.path.abspath(os.path.join(thumbnails, name)))
        print("%-14s %s" % (name, verdict))
        for line in said.splitlines():
            print("               | " + line)


if __name__ == "__main__":
    main(*sys.argv[1:])
