"""thumbnail.py INPUT OUTPUT_DIRECTORY: makes thumbnail.png, at most 128 x 128.

Runs Pillow over files that strangers sent in, so it is started by pyconfine with thumbnail.pyconfine.yaml.
"""

import os
import sys

from PIL import Image

# Somebody wanted panoramas, and switched Pillow's guard against decompression bombs off. It happens; the memory limit holds.
Image.MAX_IMAGE_PIXELS = None


def main(source, directory):
    try:
        with Image.open(source) as picture:
            picture.load()
            picture.thumbnail((128, 128))
            picture.convert("RGBA").save(os.path.join(directory, "thumbnail.png"))
    except OSError as error:
        sys.exit("thumbnail: %s" % error)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
