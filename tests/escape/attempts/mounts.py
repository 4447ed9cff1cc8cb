"""Changing the view: mounts, roots, namespaces of files. The proof is root in a throw-away mount namespace."""

import errno
import os
import struct

from calls import (AT_FDCWD, CLONE_NEWNS, CLONE_NEWUSER, MNT_DETACH, MS_BIND, MS_RDONLY, MS_REC, MS_REMOUNT, syscall)
from kit import NO_CALL, attempt, read_file, reached

REFUSED = NO_CALL | {errno.ENOENT}


@attempt("binds a directory of the host into the writable directory", REFUSED, proof="root")
def bind(world):
    target = world.scratch("bind")
    syscall("mount", os.path.dirname(world.secret), target, None, MS_BIND, None)
    return world.must_hold(read_file(target + "/secret.txt"))


@attempt("mounts a fresh tmpfs", REFUSED, proof="root")
def tmpfs(world):
    return syscall("mount", "none", world.scratch("tmpfs"), "tmpfs", 0, None)


@attempt("mounts a fresh /proc", REFUSED, proof="root")
def proc(world):
    target = world.scratch("proc")
    syscall("mount", "none", target, "proc", 0, None)
    return os.listdir(target)[:3]


@attempt("mounts a sysfs", REFUSED, proof="root")
def sysfs(world):
    return syscall("mount", "none", world.scratch("sysfs"), "sysfs", 0, None)


@attempt("lays an overlay over a directory granted for reading", REFUSED, proof="root")
def overlay(world):
    base = world.scratch("overlay")
    syscall("mount", "none", base, "tmpfs", 0, None)
    os.mkdir(base + "/upper")
    os.mkdir(base + "/work")
    os.mkdir(base + "/merged")
    options = "lowerdir=%s,upperdir=%s/upper,workdir=%s/work" % (world.read, base, base)
    return syscall("mount", "none", base + "/merged", "overlay", 0, options)


@attempt("unmounts /dev/shm, to see what is under it", NO_CALL | {errno.EINVAL}, proof="root")
def umount(world):
    return syscall("umount2", "/dev/shm", MNT_DETACH)


@attempt("unmounts /proc", NO_CALL | {errno.EINVAL}, proof="root")
def umount_proc(world):
    return syscall("umount2", "/proc", MNT_DETACH)


@attempt("remounts the root writable", NO_CALL | {errno.EINVAL}, proof="root")
def remount_root(world):
    return syscall("mount", None, "/", None, MS_REMOUNT | MS_BIND, None)


@attempt("remounts a directory granted for reading writable", NO_CALL | {errno.EINVAL}, proof="root")
def remount_grant(world):
    target = world.scratch("remount")
    syscall("mount", world.read, target, None, MS_BIND, None)
    syscall("mount", None, target, None, MS_REMOUNT | MS_BIND | MS_RDONLY, None)
    syscall("mount", None, target, None, MS_REMOUNT | MS_BIND, None)
    return open(target + "/data.txt", "a").close()


@attempt("leaves a root by the classic chroot trick", NO_CALL, proof="root")
def chroot(world):
    base = world.scratch("chroot")
    os.chroot(base)
    os.mkdir("/inner")
    handle = os.open("/", os.O_RDONLY)
    os.chroot("/inner")
    os.fchdir(handle)
    for _ in range(20):
        os.chdir("..")
    os.chroot(".")
    return world.must_hold(read_file(world.secret))


@attempt("pivots to another root", NO_CALL | {errno.EINVAL, errno.EBUSY}, proof="root")
def pivot_root(world):
    syscall("unshare", CLONE_NEWNS)
    syscall("mount", None, "/", None, MS_REC | 0x40000, None)
    base = world.scratch("pivot")
    syscall("mount", "none", base, "tmpfs", 0, None)
    os.mkdir(base + "/old")
    syscall("pivot_root", base, base + "/old")
    return os.listdir("/")


@attempt("mounts with the new interface: fsopen, fsmount", NO_CALL, proof="root")
def fsopen(world):
    return syscall("fsopen", "tmpfs", 0)


@attempt("clones a mount with open_tree", NO_CALL | {errno.ENOENT}, proof="root")
def open_tree(world):
    return syscall("open_tree", AT_FDCWD, "/", 1)


@attempt("changes a mount's attributes with mount_setattr", NO_CALL, proof="root")
def mount_setattr(world):
    clear_read_only = struct.pack("QQQQ", 0, 1, 0, 0)
    return reached(lambda: syscall("mount_setattr", AT_FDCWD, "/", 0, clear_read_only, 32), errno.EINVAL)


@attempt("moves a mount with move_mount", NO_CALL, proof="root")
def move_mount(world):
    return reached(lambda: syscall("move_mount", AT_FDCWD, "/", AT_FDCWD, "/", 0), errno.EINVAL, errno.ELOOP,
                   errno.ENOENT)


@attempt("makes a user namespace and mounts in it", NO_CALL | {errno.ENOSPC}, proof="user")
def unshare_mount(world):
    syscall("unshare", CLONE_NEWUSER | CLONE_NEWNS)
    return syscall("mount", "none", "/tmp", "tmpfs", 0, None)


@attempt("reads the host's mount table by statmount and listmount", NO_CALL, proof="root")
def listmount(world):
    request = struct.pack("IIQQ", 24, 0, 0xFFFFFFFFFFFFFFFF, 0)
    return reached(lambda: syscall("listmount", request, b"\0" * 800, 100, 0), errno.EINVAL)
