"""The host that the attempts attack: files, processes, sockets, kernel objects, made anew for every job.

Everything is open to everybody as far as the kernel's ordinary permissions go: where an attempt is refused, it must be the
sandbox that refused it. Runs inside the throw-away namespaces of outer.py, as root or as an ordinary user."""

import ctypes
import errno
import fcntl
import glob
import json
import os
import platform
import re
import shutil
import socket
import struct
import subprocess
import threading
import zlib

import calls

NOBODY = 65534
PYTHON = "/usr/bin/python3"

# {fact: family, kind, protocol}: kinds of sockets that not every kernel has
SOCKETS = {
    "has_mptcp": (2, 1, 262), "has_vsock": (40, 1, 0), "has_alg": (38, 5, 0), "has_xdp": (44, 3, 0), "has_sctp": (2, 1, 132),
    "has_udplite": (2, 2, 136), "has_ping": (2, 2, 1), "has_key": (15, 3, 2), "has_tipc": (30, 1, 0), "has_can": (29, 3, 1),
    "has_bluetooth": (31, 3, 1),
}
# {fact: system call with senseless arguments}: an answer other than ENOSYS shows that the call is there
CALLS = {
    "has_kexec": ("kexec_load", 0, 0, 0, 0xFFFF0000), "has_kexec_file": ("kexec_file_load", -1, -1, 0, None, 128),
    "has_modules": ("finit_module", -1, "", 0), "has_swap": ("swapoff", "/pyconfine-none"),
    "has_quota": ("quotactl", 0x800001 << 8, None, 0, None), "has_numa": ("migrate_pages", 0, 8, b"", b""),
    "has_memfd_secret": ("memfd_secret", 0), "has_iopl": ("iopl", 0), "has_ioperm": ("ioperm", 0x80, 1, 0),
    "has_lsm_attr": ("lsm_set_self_attr", 100, b"\0" * 64, 32, 0),
    "has_ldt": ("modify_ldt", 0, ctypes.create_string_buffer(64), 64),
}


class World:
    def __init__(self, base, stage, identity, token):
        self.base, self.stage, self.identity, self.token = base, stage, identity, token
        self.uid, self.gid = (0, 0) if identity["name"] == "root" else (identity["uid"], identity["gid"])
        self.script_uid = NOBODY if self.uid == 0 else self.uid  # who the script is, inside
        self.facts, self.open_things, self.known_pids = {"token": token, "uid": self.uid}, [], set()
        self.inherited = []
        # A name that no other job has, of this run or of another: where there are no namespaces, they meet.
        self.mark = "%s-%s" % (os.path.basename(stage), os.path.basename(base))
        self.temporary_files = ["%s/host-%s" % (folder, self.mark) for folder in ("/tmp", "/dev/shm")]

    # --- files ---

    def path(self, *names):
        return os.path.join(self.base, *names)

    def directory(self, name, mode, uid=None):
        os.makedirs(self.path(name), exist_ok=True)
        os.chmod(self.path(name), mode)
        if uid is not None:
            os.chown(self.path(name), uid, -1)

    def file(self, name, content, mode=0o666, uid=None):
        with open(self.path(name), "w") as out:
            out.write(content)
        if uid is not None and os.getuid() == 0:
            os.chown(self.path(name), uid, -1)
        os.chmod(self.path(name), mode)

    def make_files(self):
        os.umask(0)
        os.makedirs(self.base, 0o755)
        own = self.uid if os.getuid() == 0 else None
        shutil.copytree(os.path.join(self.stage, "escape"), self.path("project"))
        for name in ("hello", "readfile", "i386"):
            shutil.copy(os.path.join(self.stage, "helpers", name), self.path("project", name))
        shutil.copy("/bin/echo", self.path("project", "dynamic"))
        if own:
            for folder, _names, files in os.walk(self.path("project")):
                for name in [folder] + [os.path.join(folder, file) for file in files]:
                    os.chown(name, own, -1)
        for name, mode in (("outside", 0o777), ("other", 0o755), ("read", 0o777), ("write", 0o777), ("home", 0o755),
                           ("home/.ssh", 0o755), ("planted", 0o755)):
            self.directory(name, mode, own if name.startswith("home") else None)
        self.directory("cache", 0o700, own)
        secret = "secret %s\n" % self.token
        self.file("outside/secret.txt", secret)
        self.file("outside/move-me.txt", secret)
        self.file("other/notes.txt", secret, 0o644)
        self.file("home/.ssh/id_ed25519", secret, 0o644, own)
        self.file("read/data.txt", "granted\n")
        self.file("read/victim.txt", "do not truncate\n")
        self.file("read/expendable.txt", "")
        self.file("read/owned.txt", "x", uid=self.script_uid)
        self.file("signals", "")
        self.file("planted/planted_by_pythonpath.py", "", 0o644)
        os.symlink(self.path("outside/secret.txt"), self.path("read/link-to-secret"))
        os.mkfifo(self.path("read/fifo"), 0o666)
        self.open_things.append(os.open(self.path("read/fifo"), os.O_RDWR))
        version = subprocess.check_output([PYTHON, "-Ic", "import sys; print('%d.%d' % sys.version_info[:2])"], text=True)
        site = "home/.local/lib/python%s/site-packages" % version.strip()
        os.makedirs(self.path(site))
        self.file(site + "/usercustomize.py", "", 0o644)
        if os.getuid() == 0:
            shutil.copy(os.path.join(self.stage, "helpers", "setuid_id"), self.path("read/setuid-id"))
            os.chmod(self.path("read/setuid-id"), 0o4755)
            self.facts["setuid_program"] = self.path("read/setuid-id")
        self.facts.update(
            project=self.path("project"), read=self.path("read"), write=self.path("write"), home=self.path("home"),
            other_home=self.path("other"), secret=self.path("outside/secret.txt"),
            secret_to_move=self.path("outside/move-me.txt"), host_tmp_file=self.temporary_files[0],
            host_shm_file=self.temporary_files[1])
        os.umask(0o022)

    def plant_temporary_files(self):
        """Where the attempts look for them. Elsewhere not: a file of others in /dev/shm decides, where there is no view,
        whether the script may use that directory."""
        for path in self.temporary_files:
            self.file(path, "secret %s\n" % self.token)

    # --- processes and descriptors ---

    def make_victim(self):
        """A process of the user that the script runs as, with a number that no process inside the sandbox has."""
        try:
            with open("/proc/sys/kernel/ns_last_pid", "w") as file:
                file.write("20000")
        except OSError:
            pass
        ids = {"user": self.script_uid, "group": self.script_uid if self.uid == 0 else self.gid, "extra_groups": []}
        victim = subprocess.Popen(
            [PYTHON, "-I", os.path.join(self.stage, "harness/victim.py"), self.path("signals"), self.facts["secret"],
             self.token], stdout=subprocess.PIPE, cwd=self.path("outside"), env={"TOKEN": self.token},
            **(ids if os.getuid() == 0 else {}))
        told = json.loads(victim.stdout.readline())
        self.victim = victim
        self.known_pids.add(victim.pid)
        self.facts.update(victim=told["pid"], victim_group=told["pid"], victim_fd=told["fd"],
                          victim_address=told["address"])

    def make_inherited(self):
        ours, theirs = socket.socketpair()
        self.open_things += [ours, theirs]
        self.inherited = [os.open("/", os.O_RDONLY), os.open(self.facts["secret"], os.O_RDONLY), theirs.fileno()]
        self.facts.update(inherited_root=self.inherited[0], inherited_secret=self.inherited[1],
                          inherited_socket=self.inherited[2])

    # --- sockets ---

    def serve(self, listener):
        def loop():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    try:
                        connection.sendall(("secret %s" % self.token).encode())
                    except OSError:
                        pass
        self.open_things.append(listener)
        threading.Thread(target=loop, daemon=True).start()

    def make_sockets(self):
        def tcp(family, address):
            listener = socket.socket(family)
            listener.bind((address, 0))
            listener.listen()
            self.serve(listener)
            return listener.getsockname()[1]
        self.facts["tcp_port"] = tcp(socket.AF_INET, "127.0.0.1")
        try:
            self.facts["tcp6_port"] = tcp(socket.AF_INET6, "::1")
        except OSError:
            pass
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", 0))
        self.facts["udp_port"] = udp.getsockname()[1]
        self.open_things.append(udp)
        threading.Thread(target=self.answer_datagrams, args=(udp,), daemon=True).start()
        for fact, address in (("unix_outside", self.path("outside/s")), ("unix_read_grant", self.path("read/s")),
                              ("unix_abstract", "\0" + self.mark)):
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(address)
            listener.listen()
            self.open_to_all(address)
            self.serve(listener)
            self.facts[fact] = address.lstrip("\0")
        for fact, address in (("unix_datagram", self.path("read/d")), ("unix_datagram_abstract", "\0" + self.mark + "-d")):
            receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            receiver.bind(address)
            self.open_to_all(address)
            self.open_things.append(receiver)
            self.facts[fact] = address.lstrip("\0")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.facts["free_port"] = probe.getsockname()[1]
        threading.Thread(target=self.knock, daemon=True).start()

    @staticmethod
    def open_to_all(address):
        if not address.startswith("\0"):
            os.chmod(address, 0o777)

    def answer_datagrams(self, udp):
        while True:
            try:
                _, sender = udp.recvfrom(100)
                udp.sendto(("secret %s" % self.token).encode(), sender)
            except OSError:
                return

    def knock(self):
        """Connects to the port that the script inside tries to open for the host."""
        pause = threading.Event()
        while not pause.wait(0.1):
            try:
                with socket.create_connection(("127.0.0.1", self.facts["free_port"]), 0.5) as connection:
                    connection.sendall(("secret %s" % self.token).encode())
                    pause.wait(0.2)
            except OSError:
                pass

    # --- kernel objects ---

    def make_kernel_objects(self):
        key = 0x40000000 + zlib.crc32(self.mark.encode()) // 4
        self.facts["sysv_key"] = key
        try:
            self.sysv_memory = calls.syscall("shmget", key, 4096, 0o1000 | 0o666)
            calls.LIBC.shmat.restype = ctypes.c_void_p
            address = calls.LIBC.shmat(self.sysv_memory, None, 0)
            ctypes.memmove(address, ("secret %s\0" % self.token).encode(), len(self.token) + 8)
            self.sysv_queue = calls.syscall("msgget", key, 0o1000 | 0o666)
            self.facts["posix_queue"] = self.mark
            queue = calls.syscall("mq_open", self.facts["posix_queue"], os.O_CREAT | os.O_RDWR, 0o666, None)
            os.fchmod(queue, 0o666)
            self.open_things.append(queue)
        except OSError:
            pass
        handle = ctypes.create_string_buffer(struct.pack("Ii", 128, 0).ljust(136, b"\0"))
        try:
            calls.syscall("name_to_handle_at", calls.AT_FDCWD, self.facts["secret"], handle,
                          ctypes.create_string_buffer(8), 0)
            self.facts["secret_handle"] = handle.raw.hex()
        except OSError:
            pass

    def make_host_name(self):
        """A name that only the host's /etc/hosts knows; in a private mount namespace only."""
        with open("/etc/hosts") as hosts:
            self.file("hosts", hosts.read() + "\n10.9.8.7 pyconfine-host-name\n", 0o644)
        try:
            calls.syscall("mount", self.path("hosts"), "/etc/hosts", None, calls.MS_BIND, None)
            self.facts["hosts_name"] = "pyconfine-host-name"
        except OSError:
            pass

    def make_interface(self):
        """One more network interface, so that an empty network namespace can be told from the host's."""
        try:
            tun = os.open("/dev/net/tun", os.O_RDWR)
            fcntl.ioctl(tun, 0x400454CA, struct.pack("16sH22x", b"pchost0", 0x1001))
            self.open_things.append(tun)
            self.facts["host_interface"] = "pchost0"
        except OSError:
            pass

    # --- what this machine has ---

    def note_machine(self):
        """What this machine has, so that an attempt on what is not there is skipped, and no other one is."""
        exists = os.path.exists
        self.facts.update(
            hostname=os.uname().nodename, is_x86=platform.machine() == "x86_64", init_mark="outer.py",
            has_kcore=exists("/proc/kcore"), has_modprobe=exists("/proc/sys/kernel/modprobe"),
            has_sysrq=exists("/proc/sysrq-trigger"), has_cgroup=exists("/sys/fs/cgroup"), has_dev_mem=exists("/dev/mem"),
            has_kmsg=exists("/dev/kmsg"), has_binfmt=exists("/proc/sys/fs/binfmt_misc/register"),
            bounding_dropped=os.getuid() == 0)
        self.note_files()
        for fact, arguments in SOCKETS.items():
            self.facts[fact] = self.socket_exists(*arguments)
        for fact, arguments in CALLS.items():
            self.facts[fact] = self.call_exists(*arguments)

    def note_files(self):
        for device in ("/dev/vda", "/dev/sda", "/dev/nvme0n1", "/dev/xvda", "/dev/loop0"):
            if self.readable(device):
                self.facts.update(block_device=device, block_device_number=os.stat(device).st_rdev)
                break
        with open("/proc/self/status") as status:
            capabilities = int(re.search(r"CapEff:\s*(\w+)", status.read()).group(1), 16)
        self.facts["has_sys_resource"] = os.getuid() != 0 or bool(capabilities >> 24 & 1)
        self.facts["has_i386"] = self.runs_i386()
        try:
            os.setxattr(self.path("read/data.txt"), "user.probe", b"x")
            self.facts["has_user_xattr"] = True
        except OSError:
            pass
        loaders = {"x86_64": "/lib64/ld-linux-x86-64.so.2", "aarch64": "/lib/ld-linux-aarch64.so.1"}
        self.facts["loader"] = loaders.get(platform.machine(), "/lib/ld.so")
        self.facts["some_library"] = sorted(glob.glob("/usr/lib/python3*/lib-dynload/*.so"))[0]
        preload = glob.glob("/lib/*/libanl.so.1") + glob.glob("/lib/*/libmemusage.so")
        self.facts["preload_library"] = preload[0] if preload else None

    def runs_i386(self):
        """Whether the kernel takes system calls by the i386 entry; without it the call ends the program."""
        try:
            done = subprocess.run([self.path("project/i386")], stdout=subprocess.PIPE, check=False)
        except OSError:
            return False
        return b"i386 getpid" in done.stdout

    @staticmethod
    def readable(path):
        """Whether this machine lets even root at it."""
        try:
            os.close(os.open(path, os.O_RDONLY))
            return True
        except OSError as error:
            return error.errno == errno.EACCES and os.getuid() != 0

    @staticmethod
    def socket_exists(family, kind, protocol):
        try:
            socket.socket(family, kind, protocol).close()
            return True
        except OSError as error:
            return error.errno == errno.EPERM and os.getuid() != 0

    @staticmethod
    def call_exists(name, *arguments):
        """False also where root is refused: by lockdown, or by the container that the tests run in."""
        if calls.number(name) is None:
            return False
        try:
            calls.syscall(name, *arguments)
        except OSError as error:
            return error.errno != errno.ENOSYS and not (error.errno == errno.EPERM and os.getuid() == 0)
        return True

    # --- the whole ---

    def build(self, isolated, plant):
        self.make_files()
        if plant:
            self.plant_temporary_files()
        self.make_victim()
        self.make_inherited()
        self.make_sockets()
        self.make_kernel_objects()
        if isolated:
            self.make_host_name()
            self.make_interface()
        self.note_machine()
        self.file("project/world.json", json.dumps(self.facts), 0o644)

    def environment(self):
        """The caller's: full of things that must not get in."""
        return {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": self.path("home"), "LANG": "C.UTF-8",
                "XDG_CACHE_HOME": self.path("cache"),
                "SERVICE_PASSWORD": self.token, "PYTHONPATH": self.path("planted"),
                "PYTHONSTARTUP": self.path("planted/planted_by_pythonpath.py"),
                "PYTHONBREAKPOINT": "0",
                **({"LD_PRELOAD": self.facts["preload_library"]} if self.facts["preload_library"] else {})}

    @staticmethod
    def has_file(path):
        """Whether the script's file is on the host; removes it."""
        try:
            os.unlink(path)
            return True
        except FileNotFoundError:
            return False

    def has_semaphore(self, key):
        """Whether the host has it; removes it."""
        try:
            ident = calls.syscall("semget", key, 0, 0)
        except OSError:
            return False
        calls.syscall_number(66 if platform.machine() == "x86_64" else 191, ident, 0, 0, 0)  # semctl(IPC_RMID)
        return True

    def signals_received(self):
        with open(self.path("signals")) as log:
            return set(log.read().split())

    def tear_down(self):
        self.victim.kill()
        self.victim.wait()
        for name in ("sysv_memory", "sysv_queue"):
            if hasattr(self, name):  # 0: IPC_RMID
                nr = {"sysv_memory": (31, 195), "sysv_queue": (71, 187)}[name][0 if platform.machine() == "x86_64" else 1]
                calls.syscall_number(nr, getattr(self, name), 0, None)
        if "posix_queue" in self.facts:
            calls.syscall_number(241 if platform.machine() == "x86_64" else 181, self.facts["posix_queue"])
        for path in filter(os.path.exists, self.temporary_files):
            os.unlink(path)
