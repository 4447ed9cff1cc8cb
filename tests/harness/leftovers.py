"""What a machine holds, so that what is left of many runs shows: exactly where the throw-away machine is ours alone, and of
the kernel's own objects what it tells to root."""

import os
import re

# Objects of the kernel that a launch makes; a leak of one for each run shows in one of them.
CACHES = ("net_namespace", "pid_namespace", "user_namespace", "mnt_cache", "cred_jar", "task_struct", "sock_inode_cache",
          "shmem_inode_cache", "proc_inode_cache", "filp", "dentry")
# Of these the kernel keeps what is not in use any more, until somebody needs the memory.
KEPT_BY_THE_KERNEL = ("proc_inode_cache", "dentry", "filp", "shmem_inode_cache")
FOLDERS = ("/tmp", "/dev/shm", "/var/tmp")
OF_A_RUN = re.compile(r"pyconfine-[0-9a-f]{16}$|\.[0-9a-f]{16}\.new$")


def files(folders, everything):
    """Everything in temporary directories that nobody else uses; elsewhere what has a run's name."""
    return {"%s/%s" % (folder, name) for folder in folders if os.path.isdir(folder) for name in os.listdir(folder)
            if everything or OF_A_RUN.match(name)}


def mounts():
    with open("/proc/self/mountinfo") as lines:
        return {line.rstrip() for line in lines}


def control_groups():
    return {os.path.join(folder, name) for folder, names, _ in os.walk("/sys/fs/cgroup") for name in names
            if "pyconfine" in name}


def network_namespaces():
    """Those that a process is in: a namespace that is only open or mounted shows as a descriptor or a mount."""
    found = set()
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            found.add(os.readlink("/proc/%s/ns/net" % name))
        except OSError:
            continue
    return found


def kernel_objects():
    """{cache: objects in use}; empty for who is not root."""
    try:
        with open("/proc/slabinfo") as lines:
            rows = [line.split() for line in lines]
    except OSError:
        return {}
    return {row[0]: int(row[1]) for row in rows if row[0] in CACHES}


def kernel_memory_kib():
    with open("/proc/meminfo") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("SUnreclaim:"))
