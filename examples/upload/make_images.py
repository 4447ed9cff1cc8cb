"""make_images.py DIRECTORY: the files that people send in: good ones, and three that are not."""

import os
import random
import struct
import sys
import zlib

from PIL import Image, ImageDraw


def photo():
    picture = Image.new("RGB", (800, 600))
    picture.putdata([(x * 255 // 800, y * 255 // 600, (x * y) >> 11 & 255) for y in range(600) for x in range(800)])
    draw = ImageDraw.Draw(picture)
    for _ in range(60):
        x, y, size = random.randrange(800), random.randrange(600), random.randrange(10, 100)
        draw.ellipse((x, y, x + size, y + size), fill=tuple(random.randrange(256) for _ in range(3)))
    return picture


def logo():
    picture = Image.new("RGBA", (400, 300), (0, 0, 0, 0))
    ImageDraw.Draw(picture).polygon([(200, 20), (380, 280), (20, 280)], fill=(200, 30, 30, 255))
    return picture


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def bomb(path, side=40000):
    """40000 x 40000 white points: 280 KB in the file, 1.5 GB when Pillow unfolds it. Packed piece by piece, not drawn."""
    packer = zlib.compressobj(9)
    rows = (b"\0" + b"\xff" * (side // 8)) * 100
    data = b"".join(packer.compress(rows) for _ in range(side // 100)) + packer.flush()
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0))
                   + chunk(b"IDAT", data) + chunk(b"IEND", b""))


def main(directory):
    random.seed(20261124)
    os.makedirs(directory, exist_ok=True)
    os.chdir(directory)
    photo().save("holiday.jpg", quality=90)
    logo().save("logo.png")
    with open("holiday.jpg", "rb") as whole, open("truncated.jpg", "wb") as half:
        half.write(whole.read()[:os.path.getsize("holiday.jpg") // 2])
    with open("invoice.png", "wb") as file:
        file.write(b"#!/bin/sh\necho this is no picture\n")
    bomb("bomb.png")


if __name__ == "__main__":
    main(sys.argv[1])
