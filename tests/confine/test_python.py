"""What Python programs do must go on working."""

import glob
import os
import subprocess

from confine.support import Case

PYTHON = "/usr/bin/python3"


class StandardLibrary(Case):
    def test_threads(self):
        code = """import concurrent.futures, threading
done = []
threads = [threading.Thread(target=done.append, args=(n,)) for n in range(20)]
[t.start() for t in threads]
[t.join() for t in threads]
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    print(len(done), sum(pool.map(lambda n: n * n, range(10))))
"""
        self.succeeds(self.code(code), "20 285\n")

    def test_asyncio(self):
        code = """import asyncio
async def main():
    queue = asyncio.Queue()
    async def produce():
        for n in range(5):
            await asyncio.sleep(0.001)
            await queue.put(n)
    task = asyncio.create_task(produce())
    got = [await queue.get() for _ in range(5)]
    await task
    print(got, await asyncio.to_thread(sum, got))
asyncio.run(main())
"""
        self.succeeds(self.code(code), "[0, 1, 2, 3, 4] 10\n")

    def multiprocessing(self, method):
        self.need_shared_memory()
        code = """import multiprocessing
def double(number):
    return 2 * number
if __name__ == "__main__":
    context = multiprocessing.get_context("%s")
    with context.Pool(2) as pool:
        print(pool.map(double, range(5)))
    queue = context.Queue()
    process = context.Process(target=queue.put, args=("hello",))
    process.start()
    print(queue.get(timeout=10))
    process.join()
    print(process.exitcode)
""" % method
        self.succeeds(self.code(code), "[0, 2, 4, 6, 8]\nhello\n0\n")

    def test_multiprocessing_fork(self):
        self.multiprocessing("fork")

    def test_multiprocessing_spawn(self):
        self.multiprocessing("spawn")

    def test_multiprocessing_forkserver(self):
        self.need("namespaces")  # its UNIX socket
        self.multiprocessing("forkserver")

    def test_without_a_view_shared_memory_of_others_is_out_of_reach(self):
        if "namespaces" in self.layers() or not self.job.private_files:
            self.skipTest("only where /dev/shm of this machine is what the script would see, and is ours")
        path = "/dev/shm/pyconfine-test-of-others"
        with open(path, "w") as file:
            file.write("x")
        os.chmod(path, 0o666)
        self.addCleanup(os.unlink, path)
        result = self.code("import multiprocessing\nmultiprocessing.Lock()\n")
        self.assertEqual(result.status, 1, result)
        self.assertIn("PermissionError", result.err)

    def test_multiprocessing_shared_memory_and_locks(self):
        self.need_shared_memory()
        code = """import multiprocessing, multiprocessing.shared_memory
def work(lock, value, name):
    with lock:
        value.value += 1
    memory = multiprocessing.shared_memory.SharedMemory(name)
    memory.buf[0] = 7
    memory.close()
if __name__ == "__main__":
    lock, value = multiprocessing.Lock(), multiprocessing.Value("i", 0)
    memory = multiprocessing.shared_memory.SharedMemory(create=True, size=100)
    workers = [multiprocessing.Process(target=work, args=(lock, value, memory.name)) for _ in range(3)]
    [w.start() for w in workers]
    [w.join() for w in workers]
    print(value.value, memory.buf[0])
    memory.close()
    memory.unlink()
"""
        self.succeeds(self.code(code), "3 7\n")

    def test_process_pool(self):
        self.need_shared_memory()
        code = """import concurrent.futures, math
if __name__ == "__main__":
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        print(list(pool.map(math.factorial, range(5))))
"""
        self.succeeds(self.code(code), "[1, 1, 2, 6, 24]\n")

    def test_files_of_every_kind(self):
        code = """import csv, gzip, io, json, os, pathlib, shutil, sqlite3, sys, tarfile, tempfile, zipfile
base = pathlib.Path(sys.argv[1]) / "kinds"
base.mkdir()
(base / "a.json").write_text(json.dumps({"a": [1, 2]}))
with gzip.open(base / "a.gz", "wt") as f:
    f.write("zipped")
with zipfile.ZipFile(base / "a.zip", "w") as z:
    z.write(base / "a.json", "a.json")
with tarfile.open(base / "a.tar", "w") as t:
    t.add(base / "a.json", "a.json")
with tarfile.open(base / "a.tar") as t:
    t.extractall(base / "out")
db = sqlite3.connect(base / "a.db")
db.execute("create table t (x)")
db.execute("insert into t values (1)")
db.commit()
print(db.execute("select count(*) from t").fetchone()[0])
db.close()
os.link(base / "a.json", base / "hard")
os.symlink("a.json", base / "soft")
shutil.copytree(base, base.parent / "copy", symlinks=True)
os.replace(base / "a.gz", base / "b.gz")
with tempfile.TemporaryDirectory() as d:
    shutil.copy(base / "a.json", d)
    print(os.listdir(d))
shutil.rmtree(base)
shutil.rmtree(base.parent / "copy")
"""
        self.succeeds(self.code(code, self.world.path("write")), "1\n['a.json']\n")

    def test_ctypes_callbacks(self):
        code = """import ctypes
libc = ctypes.CDLL(None)
compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
numbers = (ctypes.c_int * 5)(5, 1, 4, 2, 3)
libc.qsort(numbers, 5, 4, compare(lambda a, b: a[0] - b[0]))
print(list(numbers))
"""
        self.succeeds(self.code(code), "[1, 2, 3, 4, 5]\n")

    def test_users(self):
        """Without a view, /etc/passwd would be the machine's, so it is not shown, and the user has no name."""
        self.need("namespaces")
        self.succeeds(self.code("import getpass, os, pwd\nprint(pwd.getpwuid(os.getuid()).pw_name == getpass.getuser())\n"), "True\n")

    def test_time_zones_locale_and_tls(self):
        code = """import datetime, locale, os, ssl, zoneinfo
print(datetime.datetime(2024, 7, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")).utcoffset())
print(len(ssl.create_default_context().get_ca_certs()) > 10)
locale.setlocale(locale.LC_ALL, "")
print(os.path.isdir(os.path.expanduser("~")))
"""
        self.succeeds(self.code(code), "2:00:00\nTrue\nTrue\n")

    def test_tracebacks_show_source_lines_of_the_library(self):
        result = self.code("import json\njson.loads('{')\n")
        self.assertIn("in raw_decode", result.err)
        self.assertIn("self.scan_once(s, idx)", result.err)

    def test_select_epoll_pipes_signals(self):
        code = """import select, os, signal, socket, selectors
ours, theirs = os.pipe()
poll = select.epoll()
poll.register(ours, select.EPOLLIN)
os.write(theirs, b"x")
print(len(poll.poll(1)))
a, b = socket.socketpair()
s = selectors.DefaultSelector()
s.register(a, selectors.EVENT_READ)
b.send(b"x")
print(len(s.select(1)))
signal.setitimer(signal.ITIMER_REAL, 0.01)
signal.signal(signal.SIGALRM, lambda *_: None)
print(signal.sigtimedwait([signal.SIGUSR1], 0.05))
"""
        self.succeeds(self.code(code), "1\n1\nNone\n")


class Programs(Case):
    def test_granted_program_runs(self):
        code = "import subprocess\nprint(subprocess.run(['/usr/bin/echo', 'a', 'b'], capture_output=True, check=True).stdout)\n"
        self.succeeds(self.code(code, changes={"exec": ["/usr/bin/echo"]}), "b'a b\\n'\n")

    def test_granted_program_by_its_other_name(self):
        """/bin is a link to /usr/bin: both names of one program are one grant."""
        code = "import subprocess\nprint(subprocess.run(['/bin/echo', 'a'], capture_output=True, check=True).stdout)\n"
        self.succeeds(self.code(code, changes={"exec": ["/usr/bin/echo"]}), "b'a\\n'\n")

    def test_granted_by_flag_and_found_on_path(self):
        code = "import subprocess\nprint(subprocess.run(['echo', 'x'], capture_output=True, check=True).stdout)\n"
        self.succeeds(self.code(code, flags=["--exec", "echo"]), "b'x\\n'\n")

    def test_any(self):
        code = "import subprocess\nprint(subprocess.run('echo a | tr a b', shell=True, capture_output=True, check=True).stdout)\n"
        self.succeeds(self.code(code, changes={"exec": "any"}), "b'b\\n'\n")

    def test_asyncio_subprocess(self):
        code = """import asyncio
async def main():
    process = await asyncio.create_subprocess_exec("/usr/bin/echo", "x", stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    print(out, process.returncode)
asyncio.run(main())
"""
        self.succeeds(self.code(code, changes={"exec": ["/usr/bin/echo"]}), "b'x\\n' 0\n")

    def test_nothing_by_default(self):
        code = "import subprocess\ntry:\n    subprocess.run(['/bin/echo'])\nexcept OSError as e:\n    print(type(e).__name__)\n"
        result = self.code(code)
        self.assertEqual(result.status, 0, result)
        self.assertIn(result.out, (b"FileNotFoundError\n", b"PermissionError\n"))


class Packages(Case):
    def package(self, name, code, expect):
        if subprocess.run([PYTHON, "-Ic", "import " + name], capture_output=True, check=False).returncode:
            self.skipTest(name + " is not installed")
        self.succeeds(self.code(code), expect)

    def test_numpy(self):
        self.package("numpy", "import numpy\na = numpy.random.default_rng(1).random((200, 200))\n"
                     "print(numpy.allclose(a @ numpy.linalg.inv(a), numpy.eye(200)))\n", "True\n")

    def test_pandas(self):
        self.package("pandas", "import io, pandas\nprint(pandas.read_csv(io.StringIO('a,b\\n1,2\\n3,4\\n')).sum().tolist())\n", "[4, 6]\n")

    def test_pillow(self):
        self.package("PIL", "import io\nfrom PIL import Image\nout = io.BytesIO()\nImage.new('RGB', (64, 64), 'red').save(out, 'PNG')\n"
                     "out.seek(0)\nprint(Image.open(out).resize((8, 8)).size)\n", "(8, 8)\n")

    def test_lxml(self):
        self.package("lxml", "from lxml import etree\nprint(etree.fromstring('<a><b/></a>')[0].tag)\n", "b\n")

    def test_cryptography(self):
        self.package("cryptography", "from cryptography.fernet import Fernet\nf = Fernet(Fernet.generate_key())\n"
                     "print(f.decrypt(f.encrypt(b'x')))\n", "b'x'\n")

    def test_requests(self):
        self.package("requests", "import requests\nprint(requests.Request('GET', 'http://a/b').prepare().url)\n", "http://a/b\n")


class Interpreters(Case):
    def environment(self, name, packages=("import_me",)):
        path = self.world.path(name)
        subprocess.run([PYTHON, "-m", "venv", "--without-pip", path], check=True, **self.lab.identity())
        site = glob.glob(path + "/lib/python3*/site-packages")[0]
        for package in packages:
            with open(os.path.join(site, package + ".py"), "w") as file:
                file.write("NAME = 'from the venv'\n")
            os.chmod(os.path.join(site, package + ".py"), 0o644)
        return path

    CODE = "import sys, import_me\nprint(import_me.NAME, sys.prefix)\n"

    def test_venv_named_in_the_profile(self):
        path = self.environment("home/named-venv")
        self.succeeds(self.code(self.CODE, changes={"python": {"interpreter": "venv:" + path}}), "from the venv %s\n" % path)

    def test_venv_by_flag(self):
        path = self.environment("home/flag-venv")
        self.succeeds(self.code(self.CODE, flags=["--python", "venv:" + path]), "from the venv %s\n" % path)

    def test_venv_beside_the_script(self):
        path = self.environment("home/app/.venv")
        script = self.script(self.CODE, "home/app/main.py")
        result = self.run_([script], changes={"python": {"interpreter": "auto"}, "files": {"read": [os.path.dirname(script)]}})
        self.succeeds(result, "from the venv %s\n" % path)

    def test_active_venv(self):
        path = self.environment("home/active-venv")
        result = self.code(self.CODE, changes={"python": {"interpreter": "auto"}}, env={"VIRTUAL_ENV": path})
        self.succeeds(result, "from the venv %s\n" % path)

    def test_path_of_an_interpreter(self):
        self.succeeds(self.code("import sys\nprint(sys.version_info[0])", flags=["--python", PYTHON]), "3\n")

    def test_other_versions(self):
        found = sorted(glob.glob(os.path.expanduser("~") + "/.pyenv/versions/3.1*/bin/python3"))
        if not found:
            self.skipTest("no other Python here")
        if self.world.uid != os.getuid():
            self.skipTest("the other versions lie in root's home")
        for path in found[:2]:
            with self.subTest(path=path):
                result = self.code("import ssl, sqlite3, ctypes, sys\nprint(sys.version_info[0])", flags=["--python", path])
                if self.world.uid or "namespaces" in self.layers():
                    self.succeeds(result, "3\n")
                else:
                    self.refused(result, 125, "the script runs as uid")

    def test_version_that_is_not_there(self):
        self.refused(self.code("pass", flags=["--python", "3.99"]), 127, "3.99")

    def test_isolated(self):
        code = "import sys\nprint(sys.flags.isolated, sys.flags.dev_mode)\n"
        self.succeeds(self.code(code, changes={"python": {"isolated": "true"}}), "1 False\n")

    def test_options(self):
        code = "import sys\nprint(sys.flags.optimize, sys.warnoptions)\n"
        self.succeeds(self.code(code, changes={"python": {"options": ["-O", "-Werror"]}}), "1 ['error']\n")
