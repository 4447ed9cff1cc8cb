"""Executing anything but the interpreter itself."""

import ctypes
import errno
import os
import shutil
import subprocess
import sys

from calls import AT_EMPTY_PATH, O_PATH, syscall
from kit import INVISIBLE, NO_CALL, READ_ONLY, Contained, attempt

# What execve says to the forbidden: not there, not allowed, not a program (a library directory that is not in view).
NO_EXEC = INVISIBLE | {errno.ENOSYS, errno.ENOTDIR}


def runs(path, *arguments, expect="executed"):
    """Runs a program in a child; what it prints must hold `expect`, else the execution did not happen."""
    done = subprocess.run([path, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=5)
    output = done.stdout.decode("utf-8", "replace")
    if expect not in output:
        raise Contained("status %d: %s" % (done.returncode, output.strip()[:80]))
    return output[:40]


def interpreter_itself(world):
    done = subprocess.run([sys.executable, "-c", "print(6*7)"], stdout=subprocess.PIPE, timeout=5)
    assert done.stdout == b"42\n", done


def spawns(world):
    done = subprocess.run([sys.executable, world.project + "/spawn_neighbour.py"], stdout=subprocess.PIPE, timeout=10)
    assert b"spawned" in done.stdout, done


def dropped(world, folder):
    """A copy of a static program that prints "executed", in a directory that may be written."""
    path = os.path.join(folder, "dropped-%d" % os.getpid())
    with open(world.project + "/hello", "rb") as source, open(path, "wb") as target:
        shutil.copyfileobj(source, target)
    os.chmod(path, 0o755)
    return path


def executes_descriptor(handle):
    """execveat on a descriptor, in a child whose output is checked."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(theirs, 1)
        os.set_inheritable(handle, True)
        vector = (ctypes.c_char_p * 2)(b"hello", None)
        try:
            syscall("execveat", handle, "", vector, (ctypes.c_char_p * 1)(None), AT_EMPTY_PATH)
        except OSError as error:
            os.write(1, b"errno %d" % error.errno)
        os._exit(1)
    os.close(theirs)
    output = os.read(ours, 1000)
    os.waitpid(pid, 0)
    if output.startswith(b"errno "):
        code = int(output[6:])
        raise OSError(code, os.strerror(code))
    if b"executed" not in output:
        raise Contained("no output")
    return output


@attempt("runs a shell: /bin/sh", NO_EXEC, neighbour=interpreter_itself)
def shell(world):
    return runs("/bin/sh", "-c", "echo executed")


@attempt("runs a system program: /bin/ls", NO_EXEC)
def ls(world):
    return runs("/bin/ls", "/", expect="usr")


@attempt("runs /usr/bin/env, and through it another program", NO_EXEC)
def env(world):
    return runs("/usr/bin/env", "echo", "executed")


@attempt("runs another interpreter: perl", NO_EXEC)
def perl(world):
    return runs("/usr/bin/perl", "-e", "print 'executed'")


@attempt("runs a shell command with os.system")
def os_system(world):
    status = os.system("exit 42")
    if os.waitstatus_to_exitcode(status) != 42:
        raise Contained("status %d" % os.waitstatus_to_exitcode(status))
    return "status 42"


@attempt("runs a shell command with posix_spawn", NO_EXEC, neighbour=spawns)
def posix_spawn(world):
    pid = os.posix_spawn("/bin/sh", ["sh", "-c", "exit 42"], {})
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status != 42:
        raise Contained("status %d" % status)
    return "status 42"


@attempt("runs a program dropped in /tmp", NO_EXEC)
def dropped_tmp(world):
    return runs(dropped(world, "/tmp"))


@attempt("runs a program dropped in the directory for temporary files ($TMPDIR)", NO_EXEC)
def dropped_tmpdir(world):
    import tempfile
    return runs(dropped(world, tempfile.gettempdir()))


@attempt("runs a program dropped in /dev/shm", NO_EXEC)
def dropped_shm(world):
    return runs(dropped(world, "/dev/shm"))


@attempt("runs a program dropped in a directory granted for writing", NO_EXEC)
def dropped_grant(world):
    return runs(dropped(world, world.write))


@attempt("runs a program dropped in its home", NO_EXEC)
def dropped_home(world):
    return runs(dropped(world, os.path.expanduser("~")))


@attempt("runs a program that lies in the script's own directory", NO_EXEC, guard=("landlock1",))
def beside_script(world):
    return runs(world.project + "/hello")


@attempt("runs a set-user-ID program that lies in view", NO_EXEC)
def setuid_in_view(world):
    return runs(world.need("setuid_program", "only root can make one"), expect="euid 0")


@attempt("runs su", NO_EXEC)
def su(world):
    return runs("/bin/su", "--version", expect="su ")


@attempt("runs an anonymous file: memfd_create and execveat", NO_EXEC)
def memfd_execveat(world):
    handle = syscall("memfd_create", "x", 0)
    with open(world.project + "/hello", "rb") as source:
        os.write(handle, source.read())
    return executes_descriptor(handle)


@attempt("runs an anonymous file through /proc/self/fd", NO_EXEC)
def memfd_proc(world):
    handle = syscall("memfd_create", "x", 0)
    with open(world.project + "/hello", "rb") as source:
        os.write(handle, source.read())
    os.set_inheritable(handle, True)
    done = subprocess.run(["/proc/self/fd/%d" % handle], pass_fds=[handle], stdout=subprocess.PIPE, timeout=5)
    if b"executed" not in done.stdout:
        raise Contained("no output")
    return done.stdout


@attempt("asks for an executable anonymous file: memfd_create(MFD_EXEC), then runs it", NO_EXEC | {errno.EINVAL})
def memfd_exec_flag(world):
    handle = syscall("memfd_create", "x", 0x10)
    with open(world.project + "/hello", "rb") as source:
        os.write(handle, source.read())
    return executes_descriptor(handle)


@attempt("runs a program by an O_PATH descriptor (fexecve)", NO_EXEC)
def o_path_execveat(world):
    return executes_descriptor(os.open(world.project + "/hello", O_PATH))


@attempt("runs a nameless file (O_TMPFILE) in a directory granted for writing", NO_EXEC | {errno.EOPNOTSUPP, errno.EISDIR})
def tmpfile_exec(world):
    handle = os.open(world.write, os.O_TMPFILE | os.O_RDWR, 0o700)
    with open(world.project + "/hello", "rb") as source:
        os.write(handle, source.read())
    os.fchmod(handle, 0o700)
    reading = os.open("/proc/self/fd/%d" % handle, os.O_RDONLY)
    os.close(handle)
    return executes_descriptor(reading)


# Landlock decides about execve alone, and the kernel opens PT_INTERP as it opens a program: only noexec mounts keep this.
@attempt("has the dynamic loader run a dropped file: ld.so FILE", NO_EXEC, guard=("namespaces",))
def loader_dropped(world):
    path = os.path.join(world.write, "copied-true-%d" % os.getpid())
    shutil.copyfile(world.project + "/dynamic", path)
    return runs(world.loader, path, "executed")


@attempt("has the dynamic loader run a system program: ld.so /bin/ls", NO_EXEC)
def loader_system(world):
    return runs(world.loader, "/bin/ls", "/", expect="usr")


@attempt("has the dynamic loader run a program beside the script", NO_EXEC, guard=("namespaces",))
def loader_beside(world):
    return runs(world.loader, world.project + "/dynamic", "executed")


@attempt("runs a script whose first line names a shell", NO_EXEC)
def shebang_shell(world):
    path = os.path.join(world.write, "script-%d" % os.getpid())
    with open(path, "w") as file:
        file.write("#!/bin/sh\necho executed\n")
    os.chmod(path, 0o755)
    return runs(path)


@attempt("runs a dropped script whose first line names the interpreter", NO_EXEC)
def shebang_python(world):
    path = os.path.join(world.write, "script-%d" % os.getpid())
    with open(path, "w") as file:
        file.write("#!%s\nprint('executed')\n" % os.path.realpath(sys.executable))
    os.chmod(path, 0o755)
    return runs(path)


@attempt("runs a copy of the interpreter from a directory granted for writing", NO_EXEC)
def copied_python(world):
    path = os.path.join(world.write, "python-%d" % os.getpid())
    shutil.copyfile(os.path.realpath(sys.executable), path)
    os.chmod(path, 0o755)
    return runs(path, "-c", "print('executed')")


@attempt("loads a dropped shared library", guard=("namespaces",))
def dropped_library(world):
    path = os.path.join(world.write, "library-%d.so" % os.getpid())
    shutil.copyfile(world.some_library, path)
    try:
        return repr(ctypes.CDLL(path))
    except OSError as error:  # the loader's own text, no errno
        raise Contained(str(error)[-60:])


@attempt("maps a dropped file executable", NO_CALL, guard=("namespaces",))
def mapped_executable(world):
    import mmap
    path = dropped(world, world.write)
    with open(path, "rb") as file:
        return len(mmap.mmap(file.fileno(), 4096, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_EXEC))


@attempt("registers a format with binfmt_misc", READ_ONLY, proof="root")
def binfmt(world):
    world.need("has_binfmt", "binfmt_misc is not mounted here")
    return os.open("/proc/sys/fs/binfmt_misc/register", os.O_WRONLY)


@attempt("loads a library the old way: uselib", NO_CALL, proof="this kernel is built without uselib (CONFIG_USELIB)")
def uselib(world):
    world.need("is_x86", "the call exists on x86-64 only")
    return syscall("uselib", world.project + "/hello")


# --- with --exec /usr/bin/true and the two C helpers granted: nothing else runs, and nothing gains by running ---

@attempt("runs another program than the granted one", NO_EXEC, group="exec",
         neighbour=lambda world: subprocess.run(["/usr/bin/true"], check=True))
def not_granted(world):
    return runs("/bin/ls", "/", expect="usr")


@attempt("runs a shell where another program is granted", NO_EXEC, group="exec",
         neighbour=lambda world: runs(world.project + "/hello"))
def shell_not_granted(world):
    return runs("/bin/sh", "-c", "echo executed")


@attempt("gains root from a granted set-user-ID program", NO_EXEC, group="exec")
def setuid_granted(world):
    return runs(world.need("setuid_program", "only root can make one"), expect="euid 0")


@attempt("passes the filter through the i386 entry from a granted C program", group="exec")
def i386_program(world):
    world.need("has_i386", "this machine has no i386 entry")
    done = subprocess.run([world.project + "/i386"], stdout=subprocess.PIPE, timeout=5)
    if b"i386 getpid" not in done.stdout:
        raise Contained("status %d" % done.returncode)
    return done.stdout


@attempt("runs a dropped program where others are granted", NO_EXEC, group="exec")
def dropped_not_granted(world):
    return runs(dropped(world, world.write))


@attempt("has the dynamic loader run a dropped file where programs are granted", NO_EXEC, group="exec",
         guard=("namespaces",))
def loader_not_granted(world):
    path = os.path.join(world.write, "copied-%d" % os.getpid())
    shutil.copyfile(world.project + "/dynamic", path)
    return runs(world.loader, path, "executed")


@attempt("a granted program is free of the sandbox: it reads the secret", NO_EXEC, group="exec",
         neighbour=lambda world: runs(world.project + "/readfile", world.read + "/data.txt", expect="granted"))
def child_reads(world):
    return world.must_hold(runs(world.project + "/readfile", world.secret, expect=world.token))
