"""The three uses of examples/, run as a reader of them would, and what their profiles do not grant."""

import csv
import os
import re
import subprocess

from confine.support import Case, Result
from harness.lab import finish

PYTHON = "/usr/bin/python3"


class Example(Case):
    name = ""

    def setUp(self):
        self.lab.count += 1
        self.example = os.path.join(self.world.stage, "examples", self.name)
        self.work = self.folder("example-%d" % self.lab.count)
        assume = self.lab.mode["assume"]
        self.flags = ["--assume", assume] if assume else []

    def environment(self, **more):
        return {**self.world.environment(), "PYCONFINE": self.lab.pyconfine, "WORK": self.work, **more}

    def run_command(self, *command, cwd=None, **more):
        process = self.lab.start([*command], env=self.environment(**more), cwd=cwd or self.work)
        return Result(*finish(process, 28))

    def run_example(self):
        return self.run_command("sh", self.example + "/run", *self.flags)

    def read(self, name):
        with open(os.path.join(self.work, name), "rb") as file:
            return file.read()


class NightlyReport(Example):
    name = "nightly-report"

    def prepared(self):
        """Runs it once. False where root's own directory cannot be given to the script, which has to be said."""
        result = self.run_example()
        if self.world.uid == 0 and "namespaces" not in self.layers():
            self.assertEqual(result.status, 125, result)
            self.assertIn("may not write", result.err, result)
            self.assertFalse(os.listdir(self.work + "/reports"), result)
            return False
        self.succeeds(result)
        self.assertIn(b"all              346 pieces    169.40\n", result.out, result)
        self.assertEqual(result.out.count(b"left out: 2026-11-23.csv"), 2, result)
        return True

    def again(self, orders, reports):
        return self.run_command(self.lab.pyconfine, *self.flags, "app/report.py", orders, reports)

    def test_report_is_written_night_after_night(self):
        for _ in range(2 if self.prepared() else 0):
            os.unlink(self.work + "/reports/by-product.csv")
            self.succeeds(self.again("orders", "reports"), "")
            rows = list(csv.DictReader(self.read("reports/by-product.csv").decode().splitlines()))
            self.assertEqual(rows[0], {"product": "stapler", "pieces": "4", "total": "59.60"})
            self.assertEqual(os.stat(self.work + "/reports/report.txt").st_uid, self.world.uid)

    def test_other_files_are_not_read(self):
        if self.prepared():
            self.file("outside/orders.csv", "product,quantity,price\nsecret,1,1\n")
            before = self.read("reports/report.txt")
            result = self.again(self.world.path("outside"), "reports")
            self.assertEqual(result.status, 1, result)
            self.assertRegex(result.err, "FileNotFoundError|PermissionError")
            self.assertEqual(self.read("reports/report.txt"), before)

    def test_other_directories_are_not_written(self):
        if self.prepared():
            for directory in ("orders", "app"):
                before = os.listdir(os.path.join(self.work, directory))
                result = self.again("orders", directory)
                self.assertEqual(result.status, 1, result)
                self.assertRegex(result.err, "Read-only file system|Permission denied")
                self.assertEqual(os.listdir(os.path.join(self.work, directory)), before)


class Upload(Example):
    name = "upload"

    def verdicts(self, result):
        return dict(re.findall(r"^([a-z]+\.[a-z]+) +(\S.*)$", result.out.decode(), re.M))

    def test_good_and_bad_pictures_and_a_hostile_one(self):
        result = self.run_example()
        verdicts = self.verdicts(result)
        if "namespaces" not in self.layers():
            # `as` needs a view; that there is none is said before a stranger's file is touched.
            self.assertEqual(set(verdicts.values()), {"ended with status 125"}, result)
            self.assertEqual(os.listdir(self.work + "/thumbnails"), [])
            return
        self.assertEqual(result.status, 0, result)
        denied, _, refused = self.of_the_script(result).partition("pyconfine: refused output")
        self.assertRegex(denied, r"\A(?:pyconfine: denied: connect 192\.0\.2\.1:443 +\[network\.allow\]\n(?:pyconfine:   .*\n)+)\Z")
        self.assertEqual(refused, ": thumbnail.png: its content is not what its suffix says   [outputs.check]\n"
                         "pyconfine: nothing was moved to %s/scratch: all files are accepted, or none   [outputs]\n" % self.work)
        self.assertEqual(verdicts, {
            "holiday.jpg": "ok", "logo.png": "ok", "bomb.png": "needed too much memory",
            "invoice.png": "not a picture that can be read", "truncated.jpg": "not a picture that can be read"}, result)
        self.assertIn(b"memory limit 256M reached", result.out, result)
        self.assertIn(b"image file is truncated", result.out, result)
        self.assertEqual(sorted(os.listdir(self.work + "/thumbnails")), ["holiday.jpg", "logo.png"])
        header = self.read("thumbnails/holiday.jpg/thumbnail.png")[:24]
        self.assertEqual(header[:8] + header[16:24], b"\x89PNG\r\n\x1a\n" + bytes([0, 0, 0, 128, 0, 0, 0, 96]))
        self.assertEqual(result.out.count(b"refused: "), 8, result)
        self.assertNotIn(b"ALLOWED", result.out, result)
        self.assertTrue(result.out.endswith(b"exit status 123\n$ find thumbnails scratch -type f: what got out\n"
                                            b"thumbnails/holiday.jpg/thumbnail.png\nthumbnails/logo.png/thumbnail.png\n"), result)
        with open(self.example + "/thumbnail.py", "rb") as original:
            self.assertEqual(self.read("app/thumbnail.py"), original.read())

    def test_the_attack_works_without_pyconfine(self):
        self.run_example()
        result = self.run_command(PYTHON, "app/attack.py", self.work + "/uploads", str(os.getppid() or 1))
        for what in ("another person's upload", "application's configuration", "start a shell", "change the program"):
            self.assertRegex(result.out.decode(), "ALLOWED: .*" + what)


class Container(Example):
    name = "container"

    def setUp(self):
        super().setUp()
        self.need_root()
        if self.lab.mode["name"] != "root-namespaces":
            self.skipTest("a container is a machine of its own: one mode is enough")

    def test_worker_as_docker_and_kubernetes_start_it(self):
        result = self.run_example()
        self.assertEqual(result.status, 0, result)
        for kind in ("docker", "restricted"):
            part = result.out.decode().partition("== %s: the worker\n" % kind)[2]
            self.assertRegex(part, r"\Aworker: ready as uid 1000\nworker: SIGTERM; 1 jobs done, 1 left\n"
                                   r"6 words, 4 different\nexit status 3\n== %s: what somebody could do.*\n"
                                   r"(refused: .*\n){5}(== |\Z)" % kind)
        self.assertNotIn(b"ALLOWED", result.out, result)

    def test_the_same_container_without_pyconfine(self):
        """So that it is pyconfine that refuses: neither the container nor the owner of a file does."""
        for option in ([], ["--restricted"]):
            bundle = os.path.join(self.work, "bare" + "".join(option))
            subprocess.run([PYTHON, self.example + "/bundle", *option, bundle, self.lab.pyconfine, PYTHON, "/app/inside.py"],
                           check=True)
            result = self.run_command("runc", "--root", self.work + "/state", "run", "--bundle", bundle, "pyconfine-bare")
            for what in ("another service's secret", "start a shell"):
                self.assertRegex(result.out.decode(), "ALLOWED: .*" + what, result)
