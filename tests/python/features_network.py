"""Sockets, asyncio and packages."""
import os
import signal
import sys
import tempfile

from feature import Skip, feature, has, module
from features_processes import double


@feature()
def asyncio_():
    import asyncio

    async def work():
        loop = asyncio.get_event_loop()
        await asyncio.gather(*(asyncio.sleep(0.001) for _ in range(5)))
        assert await loop.run_in_executor(None, double, 4) == 8
        loop.call_soon_threadsafe(lambda: None)
        loop.add_signal_handler(signal.SIGUSR1, lambda: None)
        loop.remove_signal_handler(signal.SIGUSR1)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(work())
    loop.close()


@feature()
def asyncio_unix():
    import asyncio
    if not hasattr(asyncio, "run"):
        raise Skip("before 3.7")

    async def serve(reader, writer):
        writer.write(await reader.readline())
        await writer.drain()
        writer.close()

    async def work(place):
        server = await asyncio.start_unix_server(serve, place + "/s")
        reader, writer = await asyncio.open_unix_connection(place + "/s")
        writer.write(b"hi\n")
        assert await reader.readline() == b"hi\n"
        writer.close()
        server.close()
    with tempfile.TemporaryDirectory() as place:
        asyncio.run(work(place))


@feature()
def asyncio_interpreter():
    import asyncio
    if not hasattr(asyncio, "run"):
        raise Skip("before 3.7")

    async def work():
        child = await asyncio.create_subprocess_exec(sys.executable, "-S", "-c", "print(1)", stdout=-1)
        out, _ = await child.communicate()
        assert out == b"1\n" and child.returncode == 0
    asyncio.run(work())


@feature()
def unix_sockets():
    import socket
    a, b = socket.socketpair()
    a.settimeout(5)
    b.sendall(b"x")
    assert a.recv(5) == b"x"
    r, w = os.pipe()
    import array
    a.sendmsg([b"f"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [r]))])
    assert b.recvmsg(5, 100)[1]
    b.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    a.shutdown(socket.SHUT_RDWR)


@feature("inet")
def tcp():
    import socket
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", 0))
    server.listen()
    client = socket.create_connection(server.getsockname(), 5)
    there, _ = server.accept()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.sendall(b"x")
    assert there.recv(5) == b"x"
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.sendto(b"x", server.getsockname())


@feature("inet")
def http_server():
    import http.server
    import threading
    import urllib.request
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    server.RequestHandlerClass.log_message = lambda *rest: None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    opener.open("http://127.0.0.1:%d/" % server.server_port, timeout=5).read(10)
    server.shutdown()


@feature("inet")
def asyncio_tcp():
    import asyncio
    if not hasattr(asyncio, "run"):
        raise Skip("before 3.7")

    async def serve(reader, writer):
        writer.write(await reader.readline())
        writer.close()

    async def work():
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])
        writer.write(b"hi\n")
        assert await reader.readline() == b"hi\n"
        writer.close()
        server.close()
    asyncio.run(work())


@feature()
def names():
    """Numbers resolve without any network; a name gives an error of the resolver's and no other."""
    import socket
    assert socket.getaddrinfo("127.0.0.1", 80)
    try:
        socket.getaddrinfo("localhost", 80)
        socket.getaddrinfo("nowhere.invalid", 80)
    except socket.gaierror:
        pass
    socket.gethostname()


@feature()
def tls():
    ssl = module("ssl")
    ssl.create_default_context()
    hashlib = module("hashlib")
    hashlib.pbkdf2_hmac("sha256", b"p", b"s", 10)
    has(hashlib, "scrypt")(b"p", salt=b"s", n=2, r=8, p=1)


@feature()
def compression():
    import bz2
    import gzip
    import zlib
    lzma = module("lzma")
    for codec in (bz2, gzip, zlib, lzma):
        assert codec.decompress(codec.compress(b"x" * 1000)) == b"x" * 1000


@feature()
def zones_and_locales():
    import locale
    import datetime
    locale.setlocale(locale.LC_ALL, "C")
    datetime.datetime.now().astimezone()


@feature()
def terminal_size():
    import shutil
    sys.stdout.isatty()
    shutil.get_terminal_size()


@feature()
def logging_():
    import logging.handlers
    with tempfile.TemporaryDirectory() as place:
        handler = logging.handlers.RotatingFileHandler(os.path.join(place, "l"), maxBytes=10, backupCount=2)
        handler.emit(logging.LogRecord("n", 20, "p", 1, "m" * 20, (), None))
        handler.emit(logging.LogRecord("n", 20, "p", 1, "m" * 20, (), None))
        handler.close()


@feature()
def numpy_():
    numpy = module("numpy")
    a = numpy.random.default_rng(1).random((300, 300))
    assert numpy.allclose(numpy.linalg.inv(a) @ a, numpy.eye(300), atol=1e-5)
    with tempfile.TemporaryDirectory() as place:
        numpy.save(os.path.join(place, "a.npy"), a)
        assert numpy.load(os.path.join(place, "a.npy"), mmap_mode="r")[3, 4] == a[3, 4]


@feature()
def pandas_():
    pandas = module("pandas")
    import io
    frame = pandas.read_csv(io.StringIO("a,b\n1,2\n3,4\n1,5\n"))
    assert frame.groupby("a").b.sum().to_dict() == {1: 7, 3: 4}
    with tempfile.TemporaryDirectory() as place:
        frame.to_csv(os.path.join(place, "x.csv"))
        frame.to_json(os.path.join(place, "x.json"))


@feature()
def pillow():
    image = module("PIL.Image")
    with tempfile.TemporaryDirectory() as place:
        for kind in ("png", "jpeg", "gif", "tiff", "webp"):
            try:
                image.new("RGB", (300, 200), (9, 99, 200)).save(os.path.join(place, kind), kind)
            except KeyError:
                continue
            with image.open(os.path.join(place, kind)) as loaded:
                loaded.thumbnail((50, 50))
                loaded.convert("L").rotate(30).tobytes()


@feature()
def lxml_():
    etree = module("lxml.etree")
    assert etree.fromstring("<a><b/></a>").xpath("count(//b)") == 1


@feature()
def cryptography_():
    fernet = module("cryptography.fernet")
    box = fernet.Fernet(fernet.Fernet.generate_key())
    assert box.decrypt(box.encrypt(b"x")) == b"x"


@feature()
def requests_():
    module("requests").Session().close()


@feature()
def curses_():
    curses = module("curses")
    try:
        curses.setupterm("xterm", 1)
    except curses.error:
        raise Skip("no terminfo in the view")
