"""Small scripts such as people have: name, code. DATA is a directory of input, OUT one to write to; both lie outside of the
script's own directory."""

HEAD = "import os, sys\nDATA, OUT = sys.argv[1], sys.argv[2]\n"

CORPUS = {
    "csv": "import csv\nprint(sum(int(row['b']) for row in csv.DictReader(open(DATA + '/in.csv'))))",
    "json": "import json\njson.dump(json.load(open(DATA + '/in.json')), open(OUT + '/out.json', 'w'))",
    "zip": "import zipfile\nwith zipfile.ZipFile(OUT + '/a.zip', 'w') as z: z.write(DATA + '/in.csv', 'in.csv')",
    "logging": "import logging\nlogging.basicConfig(filename=OUT + '/a.log')\nlogging.warning('hello')",
    "tempfile": "import tempfile\nwith tempfile.TemporaryDirectory() as d: open(d + '/x', 'w').write('1')\n"
                "with tempfile.NamedTemporaryFile() as f: f.write(b'1')",
    "argparse": "import argparse\np = argparse.ArgumentParser()\np.add_argument('a', nargs='*')\nprint(p.parse_args().a)",
    "configparser": "import configparser\nc = configparser.ConfigParser()\nassert c.read(DATA + '/in.ini')\nprint(c['a']['b'])",
    "glob": "import glob\nassert len(glob.glob(DATA + '/many/*.txt')) == 12\n"
            "print(sum(len(open(n).read()) for n in glob.glob(DATA + '/many/*.txt')))",
    "shutil": "import shutil\nshutil.copy(DATA + '/in.csv', OUT + '/copy.csv')\nshutil.copytree(DATA + '/many', OUT + '/tree')",
    "sqlite3": "import sqlite3\nc = sqlite3.connect(OUT + '/a.db')\nc.execute('create table t(a)')\nc.commit()",
    "multiprocessing": "import multiprocessing\n"
                       "with multiprocessing.Pool(2) as p: print(p.map(abs, [-1, -2]))",
    "threads": "from concurrent.futures import ThreadPoolExecutor\n"
               "with ThreadPoolExecutor(12) as e: print(sum(e.map(abs, range(100))))",
    "subprocess": "import subprocess\nprint(subprocess.run(['/bin/echo', 'hi'], check=True, capture_output=True).stdout)",
    "interpreter": "import subprocess\nprint(subprocess.run([sys.executable, '-c', 'print(1)'], check=True, capture_output=True).stdout)",
    "asyncio": "import asyncio\nasync def main():\n    async def answer(r, w):\n        w.write(await r.read(3)); w.close()\n"
               "    s = await asyncio.start_server(answer, '127.0.0.1', 0)\n"
               "    r, w = await asyncio.open_connection(*s.sockets[0].getsockname())\n"
               "    w.write(b'abc'); assert await r.read() == b'abc'\nasyncio.run(main())",
    "requests": "import threading, http.server, requests\n"
                "class H(http.server.BaseHTTPRequestHandler):\n"
                "    def do_GET(self): self.send_response(200); self.end_headers(); self.wfile.write(b'ok')\n"
                "    def log_message(self, *a): pass\n"
                "s = http.server.HTTPServer(('127.0.0.1', 0), H)\nthreading.Thread(target=s.serve_forever, daemon=True).start()\n"
                "assert requests.get('http://127.0.0.1:%d/' % s.server_port).text == 'ok'",
    "numpy": "import numpy\nnumpy.save(OUT + '/a.npy', numpy.ones(9) @ numpy.ones((9, 9)))",
    "pandas": "import pandas\npandas.read_csv(DATA + '/in.csv').to_csv(OUT + '/out.csv')",
    "pillow": "from PIL import Image\nImage.new('RGB', (9, 9)).save(OUT + '/a.png')",
    "lxml": "from lxml import etree\nprint(etree.parse(DATA + '/in.xml').getroot().tag)",
    "in_place": "f = open(DATA + '/state', 'r+')\nf.seek(0); f.write('2')",
    "replace": "open(OUT + '/new', 'w').write('1')\nos.replace(OUT + '/new', OUT + '/old')\nos.unlink(OUT + '/old')",
    "pathlib": "import pathlib\np = pathlib.Path(OUT) / 'a' / 'b'\np.mkdir(parents=True)\n(p / 'c').write_text('x')\n"
               "print(sorted(x.name for x in pathlib.Path(DATA).iterdir()))",
    "mimetypes": "import mimetypes\nprint(mimetypes.guess_type('a.png'))",
}
