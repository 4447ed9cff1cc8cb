"""Files and memory."""
import errno
import os
import sys
import tempfile

from feature import Skip, feature, has, module


@feature()
def files():
    with tempfile.TemporaryDirectory() as place:
        path = os.path.join(place, "a")
        with open(path, "w") as out:
            out.write("x" * 5000)
            out.flush()
            os.fsync(out.fileno())
        with open(path, "r+b") as both:
            both.seek(10)
            both.truncate(100)
        assert os.path.getsize(path) == 100
        os.rename(path, path + "b")
        os.replace(path + "b", path)
        os.link(path, path + "c")
        os.symlink(path, path + "d")
        assert os.readlink(path + "d") == path and os.path.realpath(path + "d") == os.path.realpath(path)
        assert sorted(entry.name for entry in os.scandir(place)) == ["a", "ac", "ad"]
        os.makedirs(os.path.join(place, "x/y/z"))
        os.chdir(place)
        assert os.path.samefile(os.getcwd(), place)
        os.chdir("/")
        os.statvfs(place)
        os.access(path, os.R_OK)
        os.utime(path, (1, 2))
        assert os.stat(path).st_mtime == 2


@feature()
def access_effective():
    assert os.access("/", os.R_OK, effective_ids=True)


@feature()
def mode_bits():
    with tempfile.TemporaryDirectory() as place:
        path = os.path.join(place, "a")
        descriptor = os.open(path, os.O_CREAT | os.O_WRONLY, 0o640)
        os.fchmod(descriptor, 0o600)
        os.close(descriptor)
        os.chmod(path, 0o755)
        os.umask(os.umask(0o22))
        assert os.stat(path).st_mode & 0o7777 == 0o755


@feature()
def set_id_refused():
    """Not a thing that works: set-id bits are refused, whichever way they come."""
    if "--bare" in sys.argv:
        raise Skip("not confined")
    with tempfile.TemporaryDirectory() as place:
        path = os.path.join(place, "a")
        open(path, "w").close()
        for refused in (lambda: os.chmod(path, 0o4755), lambda: os.chmod(path, 0o2755),
                        lambda: os.open(path + "b", os.O_CREAT | os.O_WRONLY, 0o4755)):
            try:
                refused()
            except PermissionError:
                continue
            raise AssertionError("a set-id bit was accepted")


@feature()
def copying():
    import shutil
    with tempfile.TemporaryDirectory() as place:
        source = os.path.join(place, "a")
        os.mkdir(source)
        with open(os.path.join(source, "f"), "wb") as out:
            out.write(b"y" * 100000)
        shutil.copy2(os.path.join(source, "f"), os.path.join(place, "g"))
        shutil.copytree(source, os.path.join(place, "b"))
        shutil.move(os.path.join(place, "g"), os.path.join(place, "h"))
        shutil.make_archive(os.path.join(place, "z"), "zip", source)
        shutil.make_archive(os.path.join(place, "t"), "gztar", source)
        shutil.unpack_archive(os.path.join(place, "t.tar.gz"), os.path.join(place, "u"))
        shutil.rmtree(os.path.join(place, "b"))
        shutil.disk_usage(place)


@feature()
def path_copy():
    import pathlib
    has(pathlib.Path, "copy")
    with tempfile.TemporaryDirectory() as place:
        (pathlib.Path(place) / "a").write_text("x")
        (pathlib.Path(place) / "a").copy(pathlib.Path(place) / "b")


@feature()
def temporary_files():
    with tempfile.TemporaryFile() as a, tempfile.NamedTemporaryFile() as b, tempfile.SpooledTemporaryFile(10) as c:
        for out in (a, b, c):
            out.write(b"z" * 100)


@feature()
def file_locks():
    import fcntl
    with tempfile.TemporaryFile() as out:
        fcntl.flock(out, fcntl.LOCK_EX)
        fcntl.lockf(out, fcntl.LOCK_EX)
        fcntl.fcntl(out, fcntl.F_SETFD, fcntl.fcntl(out, fcntl.F_GETFD))
        fcntl.lockf(out, fcntl.LOCK_UN)
        fcntl.fcntl(out, 37, b"\0" * 32)  # F_OFD_SETLK
        os.set_inheritable(out.fileno(), True)
        os.set_inheritable(out.fileno(), False)


@feature()
def vectored_io():
    with tempfile.TemporaryFile() as out:
        os.writev(out.fileno(), [b"ab", b"cd"])
        assert os.pread(out.fileno(), 2, 1) == b"bc"
        has(os, "preadv")(out.fileno(), [bytearray(2)], 0)
        os.posix_fallocate(out.fileno(), 0, 4096)
        os.posix_fadvise(out.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)


@feature()
def sendfile():
    with tempfile.TemporaryFile() as a, tempfile.TemporaryFile() as b:
        a.write(b"x" * 10)
        a.flush()
        os.sendfile(b.fileno(), a.fileno(), 0, 10)
        if hasattr(os, "copy_file_range"):
            os.copy_file_range(a.fileno(), b.fileno(), 10, 0)


@feature("full")
def splice():
    has(os, "splice")
    r, w = os.pipe()
    with tempfile.TemporaryFile() as a:
        a.write(b"x" * 10)
        a.flush()
        os.splice(a.fileno(), w, 10, offset_src=0)


@feature("full")
def fifo():
    with tempfile.TemporaryDirectory() as place:
        os.mkfifo(os.path.join(place, "f"))


@feature("full", "own")
def ownership():
    with tempfile.NamedTemporaryFile() as out:
        os.chown(out.name, os.getuid(), os.getgid())


@feature()
def extended_attributes():
    with tempfile.NamedTemporaryFile() as out:
        os.listxattr(out.name)


@feature("full")
def inotify():
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.inotify_init1(0) < 0:
        raise OSError(ctypes.get_errno(), "inotify_init1")


@feature()
def sqlite():
    sqlite3 = module("sqlite3")
    with tempfile.TemporaryDirectory() as place:
        for mode in ("delete", "wal"):
            base = sqlite3.connect(os.path.join(place, mode + ".db"))
            base.execute("pragma journal_mode=" + mode)
            base.execute("create table t(a)")
            base.executemany("insert into t values(?)", [(i,) for i in range(100)])
            base.commit()
            assert base.execute("select sum(a) from t").fetchone() == (4950,)
            base.close()


@feature()
def mmap_():
    import mmap
    with mmap.mmap(-1, 1 << 20) as shared:
        shared[5] = 1
        if hasattr(shared, "madvise"):
            shared.madvise(mmap.MADV_DONTNEED)
    with tempfile.TemporaryFile() as out:
        out.truncate(8192)
        with mmap.mmap(out.fileno(), 8192) as mapped:
            mapped[0:2] = b"ab"
            mapped.flush()
            mapped.resize(16384)


@feature()
def ctypes_callback():
    import ctypes
    kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
    numbers = (ctypes.c_int * 4)(3, 1, 2, 0)
    ctypes.CDLL(None).qsort(numbers, 4, 4, kind(lambda a, b: a[0] - b[0]))
    assert list(numbers) == [0, 1, 2, 3]


@feature()
def allocation():
    blocks = [bytearray(1 << 22) for _ in range(20)]
    del blocks
    assert len([object() for _ in range(200000)]) == 200000


@feature()
def memfd_sealed():
    """MFD_NOEXEC_SEAL, which kernels before 6.3 do not know; where memory is limited without a cgroup there is no memfd."""
    try:
        os.close(has(os, "memfd_create")("x", 1 | 8))
    except OSError as failure:
        if failure.errno in (errno.EINVAL, errno.ENOSYS):
            raise Skip("no memfd here, or none that is sealed against execution")
        raise


@feature("exec")
def memfd():
    os.close(has(os, "memfd_create")("x"))


@feature("full")
def memory_lock():
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(4096)
    if libc.mlock(buffer, 4096) != 0:
        raise OSError(ctypes.get_errno(), "mlock")
    libc.munlock(buffer, 4096)
