"""Reading, writing and naming what the profile does not show."""

import errno
import os
import stat

from calls import AT_FDCWD, O_PATH, O_TMPFILE, syscall
from kit import INVISIBLE, NO_CALL, READ_ONLY, Contained, Pending, attempt, read_file

HIDDEN = INVISIBLE | {errno.ENOTDIR}


def reads_grant(world):
    assert b"granted" in read_file(world.read + "/data.txt")


def writes_grant(world):
    path = world.write + "/neighbour-%d" % os.getpid()
    with open(path, "w") as file:
        file.write("x")
    os.rename(path, path + ".2")
    with open(path + ".2", "r+") as file:
        file.truncate(0)  # by descriptor: below Landlock 3 truncation by path has to be refused everywhere
    os.unlink(path + ".2")


# --- reading ---

@attempt("reads a world-readable file that lies outside every grant", HIDDEN, neighbour=reads_grant)
def host_secret(world):
    return world.must_hold(read_file(world.secret))


@attempt("reads the host's /etc/passwd", HIDDEN, neighbour=lambda world: read_file("/etc/ld.so.cache"))
def etc_passwd(world):
    content = read_file("/etc/passwd").decode()
    if "\ngames:" not in content or "\ndaemon:" not in content:
        raise Contained("a synthetic /etc/passwd of %d lines" % content.count("\n"))
    return "the host's users"


@attempt("reads /etc/shadow", HIDDEN, proof="root")
def etc_shadow(world):
    return read_file("/etc/shadow")[:6]


@attempt("reads a configuration file of the host's /etc", HIDDEN)
def etc_other(world):
    return read_file("/etc/login.defs")[:20]


@attempt("reads a file in another user's home", HIDDEN)
def other_home(world):
    return world.must_hold(read_file(world.other_home + "/notes.txt"))


@attempt("reads the caller's own ~/.ssh key", HIDDEN)
def own_ssh_key(world):
    return world.must_hold(read_file(world.home + "/.ssh/id_ed25519"))


@attempt("lists the caller's real home", HIDDEN, neighbour=lambda world: os.listdir(os.path.expanduser("~")))
def list_home(world):
    names = os.listdir(world.home)
    if ".ssh" not in names:
        raise Contained("another home: %r" % names)
    return names


@attempt("climbs out of the script's directory with ..", HIDDEN)
def dotdot(world):
    return world.must_hold(read_file(world.project + "/../outside/secret.txt"))


@attempt("follows a symbolic link that lies in a granted directory and points outside", HIDDEN)
def symlink_in_view(world):
    return world.must_hold(read_file(world.read + "/link-to-secret"))


@attempt("makes a symbolic link to the secret in a writable directory and reads through it", HIDDEN)
def symlink_made(world):
    link = world.scratch("symlink") + "/link"
    os.symlink(world.secret, link)
    return world.must_hold(read_file(link))


@attempt("makes a hard link to the secret in a writable directory", HIDDEN | {errno.EXDEV})
def hardlink_made(world):
    link = world.scratch("hardlink") + "/link"
    os.link(world.secret, link)
    return world.must_hold(read_file(link))


@attempt("renames the secret into a writable directory", HIDDEN | {errno.EXDEV})
def rename_in(world):
    target = world.scratch("rename") + "/stolen"
    os.rename(world.secret_to_move, target)
    try:
        return world.must_hold(read_file(target))
    finally:
        os.rename(target, world.secret_to_move)


@attempt("exchanges the secret with a file of its own (RENAME_EXCHANGE)", HIDDEN | {errno.EXDEV, errno.ENOSYS})
def rename_exchange(world):
    mine = world.scratch("exchange") + "/mine"
    open(mine, "w").close()
    syscall("renameat2", AT_FDCWD, mine, AT_FDCWD, world.secret_to_move, 2)
    try:
        return world.must_hold(read_file(mine))
    finally:
        syscall("renameat2", AT_FDCWD, mine, AT_FDCWD, world.secret_to_move, 2)


@attempt("opens the secret with O_PATH and reopens it through /proc/self/fd", HIDDEN)
def o_path_reopen(world):
    handle = os.open(world.secret, O_PATH)
    return world.must_hold(read_file("/proc/self/fd/%d" % handle))


@attempt("reads the secret through /proc/self/root", HIDDEN, neighbour=lambda world: read_file("/proc/meminfo"))
def proc_self_root(world):
    return world.must_hold(read_file("/proc/self/root" + world.secret))


@attempt("reads the secret through /proc/1/root", HIDDEN, proof="root")
def proc_1_root(world):
    return world.must_hold(read_file("/proc/1/root" + world.secret))


@attempt("reads the secret through the root of a host process of the same user", HIDDEN)
def proc_victim_root(world):
    return world.must_hold(read_file("/proc/%d/root%s" % (world.victim, world.secret)))


@attempt("reads the secret through the working directory of a host process", HIDDEN)
def proc_victim_cwd(world):
    return world.must_hold(read_file("/proc/%d/cwd/secret.txt" % world.victim))


@attempt("reads an open descriptor of a host process through /proc/PID/fd", HIDDEN)
def proc_victim_fd(world):
    return world.must_hold(read_file("/proc/%d/fd/%d" % (world.victim, world.victim_fd)))


@attempt("reads the memory of a host process through /proc/PID/mem", HIDDEN | {errno.ESRCH, errno.EIO})
def proc_victim_mem(world):
    with open("/proc/%d/mem" % world.victim, "rb", buffering=0) as memory:
        memory.seek(world.victim_address)
        return world.must_hold(memory.read(64))


@attempt("finds the secret in the environment of any process: /proc/*/environ", HIDDEN)
def proc_all_environ(world):
    readable = 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                content = read_file("/proc/%s/environ" % name)
            except OSError:
                continue
            readable += 1
            if world.token.encode() in content:
                return "process %s" % name
    raise Contained("%d environments readable, none holds the secret" % readable)


@attempt("reads the environment of PID 1", HIDDEN, proof="root")
def proc_1_environ(world):
    return world.must_hold(read_file("/proc/1/environ"))


@attempt("reads the command line of the host's PID 1", HIDDEN)
def proc_1_cmdline(world):
    content = read_file("/proc/1/cmdline").decode()
    if world.init_mark not in content:
        raise Contained("the command line of another process: %r" % content[:40])
    return content


@attempt("sees a host process in /proc", HIDDEN, guard=("namespaces",))
def proc_sees_victim(world):
    if str(world.victim) not in os.listdir("/proc"):
        raise Contained("not listed")
    return world.victim


@attempt("reads the kernel's memory through /proc/kcore", HIDDEN, proof="root")
def proc_kcore(world):
    world.need("has_kcore", "this kernel has no /proc/kcore")
    return read_file("/proc/kcore")[:4]


@attempt("opens /proc/sys/kernel/core_pattern for writing", READ_ONLY, proof="root")
def core_pattern(world):
    return os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY)


@attempt("opens /proc/sys/kernel/modprobe for writing", READ_ONLY, proof="root")
def modprobe_path(world):
    world.need("has_modprobe", "this kernel has no modules")
    return os.open("/proc/sys/kernel/modprobe", os.O_WRONLY)


@attempt("opens /proc/sysrq-trigger for writing", READ_ONLY, proof="root")
def sysrq_trigger(world):
    world.need("has_sysrq", "this kernel has no /proc/sysrq-trigger")
    return os.open("/proc/sysrq-trigger", os.O_WRONLY)


@attempt("lowers its own oom_score_adj", READ_ONLY, proof="root")
def oom_score(world):
    world.need("has_sys_resource", "root lacks CAP_SYS_RESOURCE here")
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("-1000")
    return "out of the OOM killer's reach"


@attempt("reads /sys", HIDDEN)
def sys_read(world):
    return os.listdir("/sys/class/net")


@attempt("opens a switch of the kernel in /sys for writing", READ_ONLY, proof="root")
def sys_write(world):
    return os.open("/sys/kernel/mm/transparent_hugepage/enabled", os.O_WRONLY)


@attempt("lists the cgroup tree", HIDDEN)
def sys_cgroup(world):
    world.need("has_cgroup", "no /sys/fs/cgroup here")
    names = os.listdir("/sys/fs/cgroup")
    if not names:
        raise Contained("empty")
    return names[:3]


@attempt("opens /dev/mem", HIDDEN | {errno.ENXIO}, proof="root")
def dev_mem(world):
    world.need("has_dev_mem", "this kernel has no /dev/mem")
    return os.open("/dev/mem", os.O_RDONLY)


@attempt("reads the disk through its block device", HIDDEN, proof="root")
def dev_disk(world):
    return read_file(world.need("block_device", "no block device here"))[:4]


@attempt("reads the kernel's log through /dev/kmsg", HIDDEN, proof="root")
def dev_kmsg(world):
    world.need("has_kmsg", "no /dev/kmsg here")
    return os.read(os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK), 8192)[:40]


@attempt("finds a device in /dev that is not one of the harmless ones", HIDDEN,
         neighbour=lambda world: [open(path, "r+b", buffering=0).close() for path in ("/dev/null", "/dev/zero")])
def dev_listing(world):
    harmless = {"null", "zero", "full", "random", "urandom", "tty", "ptmx", "stdin", "stdout", "stderr"}
    found = []
    for name in os.listdir("/dev"):
        mode = os.lstat("/dev/" + name).st_mode
        if name not in harmless and (stat.S_ISCHR(mode) or stat.S_ISBLK(mode)):
            found.append(name)
    if not found:
        raise Contained("only harmless devices")
    return found[:4]


@attempt("makes a node of the disk and reads it", NO_CALL | {errno.EROFS}, proof="root")
def mknod_disk(world):
    device = world.need("block_device_number", "no block device here")
    path = world.scratch("mknod") + "/disk"
    os.mknod(path, 0o600 | stat.S_IFBLK, device)
    return read_file(path)[:4]


@attempt("makes a node of /dev/kmsg and reads it", NO_CALL | {errno.EROFS}, proof="root")
def mknod_kmsg(world):
    path = world.scratch("mknod") + "/kmsg"
    os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 11))
    return os.read(os.open(path, os.O_RDONLY | os.O_NONBLOCK), 8192)[:40]


@attempt("opens the secret by its file handle", NO_CALL | {errno.ESTALE, errno.EOPNOTSUPP}, proof="root")
def open_by_handle(world):
    handle = bytes.fromhex(world.need("secret_handle", "this file system gives no handles"))
    mount = os.open(world.write, os.O_RDONLY)
    return world.must_hold(os.read(syscall("open_by_handle_at", mount, handle, os.O_RDONLY), 100))


# --- descriptors that the caller left open ---

@attempt("uses a descriptor of / that the caller left open", {errno.EBADF})
def inherited_directory(world):
    return world.must_hold(os.read(os.open(world.secret.lstrip("/"), os.O_RDONLY, dir_fd=world.inherited_root), 100))


@attempt("reads a descriptor of the secret that the caller left open", {errno.EBADF})
def inherited_file(world):
    return world.must_hold(os.pread(world.inherited_secret, 100, 0))


@attempt("writes into a connected socket that the caller left open", {errno.EBADF})
def inherited_socket(world):
    return os.write(world.inherited_socket, b"hello")


@attempt("changes into an inherited directory and goes on from there", {errno.EBADF} | HIDDEN)
def inherited_fchdir(world):
    os.fchdir(world.inherited_root)
    return world.must_hold(read_file(world.secret.lstrip("/")))


@attempt("finds any descriptor above 2 that it did not open itself", HIDDEN)
def inherited_any(world):
    mine = {0, 1, 2}
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink("/proc/self/fd/" + name)
        except OSError:
            continue
        if int(name) not in mine and not target.startswith(("pipe:", "/proc/")):
            found.append("%s -> %s" % (name, target))
    if not found:
        raise Contained("none")
    return found


# --- writing ---

@attempt("makes a file in the script's own directory", READ_ONLY, neighbour=writes_grant)
def write_script_dir(world):
    return open(world.project + "/dropped-%d.py" % os.getpid(), "w").write("x")


@attempt("overwrites the script itself", READ_ONLY)
def write_script(world):
    return os.open(world.project + "/inside.py", os.O_RDWR)


@attempt("writes to a file in a directory granted for reading", READ_ONLY)
def write_read_grant(world):
    return open(world.read + "/data.txt", "a").write("x")


@attempt("makes a file in a directory granted for reading", READ_ONLY)
def create_read_grant(world):
    return open(world.read + "/made-%d" % os.getpid(), "w").write("x")


@attempt("makes a nameless file (O_TMPFILE) in a directory granted for reading", READ_ONLY)
def tmpfile_read_grant(world):
    return os.open(world.read, O_TMPFILE | os.O_RDWR, 0o600)


@attempt("truncates a file granted for reading, by path", READ_ONLY, guard=("namespaces", "landlock3", "other-user"))
def truncate_read_grant(world):
    os.truncate(world.read + "/victim.txt", 3)
    return "truncated"


@attempt("truncates with open(O_RDONLY | O_TRUNC)", READ_ONLY, guard=("namespaces", "landlock3", "other-user"))
def o_trunc_read_grant(world):
    return os.open(world.read + "/victim.txt", os.O_RDONLY | os.O_TRUNC)


@attempt("reopens a file granted for reading for writing, through /proc/self/fd", READ_ONLY)
def reopen_for_writing(world):
    handle = os.open(world.read + "/data.txt", os.O_RDONLY)
    return os.open("/proc/self/fd/%d" % handle, os.O_WRONLY)


@attempt("removes a file in a directory granted for reading", READ_ONLY)
def unlink_read_grant(world):
    os.unlink(world.read + "/expendable.txt")
    open(world.read + "/expendable.txt", "w").close()
    return "removed"


@attempt("renames a file in a directory granted for reading", READ_ONLY | {errno.EXDEV})
def rename_read_grant(world):
    os.rename(world.read + "/expendable.txt", world.read + "/renamed.txt")
    os.rename(world.read + "/renamed.txt", world.read + "/expendable.txt")
    return "renamed"


@attempt("moves a file out of a directory granted for reading", READ_ONLY | {errno.EXDEV})
def move_read_grant(world):
    target = world.scratch("move") + "/moved"
    os.rename(world.read + "/expendable.txt", target)
    os.rename(target, world.read + "/expendable.txt")
    return "moved"


@attempt("makes a directory in a directory granted for reading", READ_ONLY)
def mkdir_read_grant(world):
    os.mkdir(world.read + "/made-dir-%d" % os.getpid())
    return "made"


@attempt("changes the mode of a file granted for reading", READ_ONLY, guard=("namespaces", "other-user"))
def chmod_read_grant(world):
    os.chmod(world.read + "/owned.txt", 0o600)
    os.chmod(world.read + "/owned.txt", 0o666)
    return "changed"


@attempt("changes the times of a file granted for reading", READ_ONLY, guard=("namespaces", "other-user"))
def utime_read_grant(world):
    os.utime(world.read + "/owned.txt", (0, 0))
    return "changed"


@attempt("sets an extended attribute on a file granted for reading", READ_ONLY | {errno.ENOTSUP, errno.ENOSYS},
         guard=("namespaces", "other-user"))
def setxattr_read_grant(world):
    world.need("has_user_xattr", "this file system has no user attributes")
    os.setxattr(world.read + "/owned.txt", "user.mark", b"x")
    return "set"


@attempt("makes a granted file set-user-ID", READ_ONLY | {errno.ENOSYS}, guard=("namespaces", "other-user"))
def chmod_setuid(world):
    os.chmod(world.read + "/owned.txt", 0o4777)
    return oct(os.stat(world.read + "/owned.txt").st_mode)


@attempt("writes into a FIFO of the host that lies in a directory granted for reading", READ_ONLY,
         guard=("landlock1",))
def fifo_read_grant(world):
    return os.write(os.open(world.read + "/fifo", os.O_WRONLY | os.O_NONBLOCK), b"hello")


@attempt("plants a module in Python's library", READ_ONLY, proof="root")
def plant_module(world):
    path = os.path.join(os.path.dirname(os.__file__), "pyconfine_planted_%d.py" % os.getpid())
    handle = os.open(path, os.O_CREAT | os.O_WRONLY, 0o644)
    os.unlink(path)
    return handle


# --- the host's temporary files ---

@attempt("reads a file in the host's /tmp", HIDDEN, neighbour=lambda world: __import__("tempfile").TemporaryFile().close())
def host_tmp_read(world):
    return world.must_hold(read_file(world.host_tmp_file))


@attempt("writes a file into the host's /tmp", READ_ONLY)
def host_tmp_write(world):
    path = "/tmp/pyconfine-wrote-%d" % os.getpid()
    open(path, "w").close()
    return Pending("file:" + path)


@attempt("reads a file in the host's /dev/shm", HIDDEN)
def host_shm_read(world):
    return world.must_hold(read_file(world.host_shm_file))


@attempt("writes a file into the host's /var/tmp", READ_ONLY)
def host_var_tmp_write(world):
    path = "/var/tmp/pyconfine-wrote-%d" % os.getpid()
    open(path, "w").close()
    return Pending("file:" + path)


@attempt("writes into the caller's real home", READ_ONLY)
def host_home_write(world):
    path = world.home + "/pyconfine-wrote-%d" % os.getpid()
    open(path, "w").close()
    return Pending("file:" + path)


@attempt("learns that a file outside exists, and its size, by stat", HIDDEN, guard=("namespaces",))
def stat_outside(world):
    return os.stat(world.secret).st_size


@attempt("watches a directory outside with inotify", HIDDEN | {errno.ENOSYS}, guard=("namespaces",))
def inotify_outside(world):
    handle = syscall("inotify_init1", 0)
    return syscall("inotify_add_watch", handle, os.path.dirname(world.secret), 0xFFF)


@attempt("marks the whole file system with fanotify", NO_CALL, proof="root")
def fanotify(world):
    return syscall("fanotify_init", 0, 0)


@attempt("turns on process accounting into a file of its own", NO_CALL | READ_ONLY, proof="root")
def accounting(world):
    path = world.scratch("acct") + "/log"
    open(path, "w").close()
    result = syscall("acct", path)
    syscall("acct", None)
    return result
