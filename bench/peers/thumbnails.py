"""Measures one photo to its sizes, ours and the peers', on the same inputs.

Arguments: our program, the folder of real photos. Prints a JSON list of
figures, each `[name, value, unit]`; a peer that is missing means no figure.
Ratios are ours divided by the peer's.
"""

import io
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

from PIL import Image

import inputs

SIZES = (2048, 1024, 320)
COLD_RUNS = 7
WARM_RUNS = 15
SHARP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "thumbnails.js")


def process(*commands):
    """CPU milliseconds of all commands together, and the largest peak in MB."""
    cpu, peak = 0.0, 0.0
    for command in commands:
        quiet = subprocess.DEVNULL
        child = subprocess.Popen(command, stdout=quiet, stderr=quiet)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            raise OSError(f"{command[0]} failed")
        cpu += (usage.ru_utime + usage.ru_stime) * 1e3
        peak = max(peak, usage.ru_maxrss / 1024)
    return cpu, peak


def vips(photo, folder):
    """Its documented best: a profile is converted to sRGB, then stripped."""
    options = "[Q=80,strip]"
    return [
        ["vipsthumbnail", photo, "-s", f"{size}x{size}", "--eprofile", "srgb", "-o", f"{folder}/{size}.jpg{options}"]
        for size in SIZES
    ]


def printed(*command):
    """What a measuring process prints; none where it cannot run."""
    ran = subprocess.run(command, capture_output=True, text=True)
    return json.loads(ran.stdout) if ran.returncode == 0 else None


def pillow(photo):
    """Draft decoding, then each size from the larger one: its best."""
    image = Image.open(photo)
    image.draft("RGB", (SIZES[0], SIZES[0]))
    for size in SIZES:
        image.thumbnail((size, size), Image.Resampling.LANCZOS)
        image.save(io.BytesIO(), "JPEG", quality=80)


def pillow_warm(photo):
    pillow(photo)
    times = []
    for _ in range(WARM_RUNS):
        before = os.times()
        pillow(photo)
        after = os.times()
        times.append((after.user + after.system - before.user - before.system) * 1e3)
    return statistics.median(times)


def cold(ours, photo, folder):
    """Interleaved, so that a busy neighbour slows all of them alike."""
    stacks = {"ours": [[ours, "once", photo, ",".join(map(str, SIZES)), "1"]]}
    if shutil.which("vipsthumbnail"):
        stacks["vips"] = vips(photo, folder)
    measured = {name: [] for name in stacks}
    for _ in range(COLD_RUNS):
        for name, commands in stacks.items():
            measured[name].append(process(*commands))
    return {
        name: (statistics.median(cpu for cpu, _ in runs), max(peak for _, peak in runs))
        for name, runs in measured.items()
    }


def main():
    ours, photos = sys.argv[1:3]
    figures = []
    add = lambda name, value, unit: figures.append((name, value, unit))
    with tempfile.TemporaryDirectory() as folder:
        for name, photo in inputs.make(Image, photos, folder).items():
            sizes = ",".join(map(str, SIZES))
            warm = printed(ours, "once", photo, sizes, str(WARM_RUNS))
            add(f"warm_ms_{name}_3", warm["cpu_ms"], "ms")
            add(f"peak_mb_{name}_3", warm["peak_mb"], "MB")
            for mode, label in (("each", "sharp"), ("pyramid", "sharp_pyramid")):
                theirs = printed("node", SHARP, photo, sizes, mode) if shutil.which("node") else None
                if theirs:
                    add(f"{label}_warm_ms_{name}_3", theirs["cpu_ms"], "ms")
                    add(f"{label}_peak_mb_{name}_3", theirs["peak_mb"], "MB")
                    add(f"cpu_ratio_{label}_{name}_3", warm["cpu_ms"] / theirs["cpu_ms"], "ratio")
                    add(f"memory_ratio_{label}_{name}_3", warm["peak_mb"] / theirs["peak_mb"], "ratio")
            theirs = pillow_warm(photo)
            add(f"pillow_warm_ms_{name}_3", theirs, "ms")
            add(f"cpu_ratio_pillow_{name}_3", warm["cpu_ms"] / theirs, "ratio")
            processes = cold(ours, photo, folder)
            add(f"cold_ms_{name}_3", processes["ours"][0], "ms")
            if "vips" in processes:
                add(f"vips_cold_ms_{name}_3", processes["vips"][0], "ms")
                add(f"vips_peak_mb_{name}_3", processes["vips"][1], "MB")
                add(f"cpu_ratio_vips_{name}_3", processes["ours"][0] / processes["vips"][0], "ratio")
            grid = printed(ours, "once", photo, str(SIZES[-1]), str(WARM_RUNS))
            floor = printed(ours, "floor", photo, str(WARM_RUNS))
            add(f"warm_ms_{name}_320", grid["cpu_ms"], "ms")
            add(f"cpu_ratio_floor_{name}_320", grid["cpu_ms"] / floor["cpu_ms"], "ratio")
    print(json.dumps(figures))


main()
