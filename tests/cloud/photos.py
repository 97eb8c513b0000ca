"""Photos to upload: real ones where this machine has them, drawn ones otherwise."""

import os
import pathlib
import struct
import zlib

TYPES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png"}


def real(most):
    """Files of CLOUDALBUM_PHOTOS, or of the photos beside the checkout."""
    beside = pathlib.Path(__file__).parents[3] / "shared" / "photos" / "exif-samples"
    folder = pathlib.Path(os.environ.get("CLOUDALBUM_PHOTOS") or beside)
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in TYPES and path.stat().st_size > 20_000)
    return [(path.name, TYPES[path.suffix.lower()], path.read_bytes()) for path in files[:most]]


def drawn(seed, width=640, height=480):
    """A PNG of its own for every seed, with EXIF that tells a camera and a place in Paris."""
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            rows += bytes(((x + seed * 31) % 256, (y * 2 + seed) % 256, (x + y) % 256))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    content = chunk(b"IHDR", header) + chunk(b"eXIf", exif()) + chunk(b"IDAT", zlib.compress(bytes(rows))) + chunk(b"IEND", b"")
    return f"drawn-{seed}.png", "image/png", b"\x89PNG\r\n\x1a\n" + content


def exif():
    """A TIFF block: the camera's maker, and 48° 51' N, 2° 17' E."""

    def degrees(whole, minutes):
        return struct.pack(">6I", whole, 1, minutes, 1, 0, 1)

    maker = b"Drawn\0"
    # The header, two entries, their data, then the GPS directory of four.
    maker_at = 8 + 2 + 2 * 12 + 4
    gps_at = maker_at + len(maker)
    latitude_at = gps_at + 2 + 4 * 12 + 4
    block = b"MM\0*" + struct.pack(">I", 8) + struct.pack(">H", 2)
    block += struct.pack(">HHII", 0x010F, 2, len(maker), maker_at) + struct.pack(">HHII", 0x8825, 4, 1, gps_at)
    block += struct.pack(">I", 0) + maker + struct.pack(">H", 4)
    block += struct.pack(">HHI4s", 1, 2, 2, b"N\0\0\0") + struct.pack(">HHII", 2, 5, 3, latitude_at)
    block += struct.pack(">HHI4s", 3, 2, 2, b"E\0\0\0") + struct.pack(">HHII", 4, 5, 3, latitude_at + 24)
    return block + struct.pack(">I", 0) + degrees(48, 51) + degrees(2, 17)
