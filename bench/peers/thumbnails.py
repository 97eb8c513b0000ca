"""Measures one photo to three sizes, ours and the peers', each in its own process.

Arguments: our program, the photo. Prints one JSON object: for each stack found
the median CPU milliseconds per photo and the peak memory in MB.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

SIZES = (2048, 1024, 320)
RUNS = 7
SHARP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "thumbnails.js")


def run(*commands):
    """CPU milliseconds of all commands together, and the largest peak."""
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
    options = "[Q=80,strip]"
    return [
        ["vipsthumbnail", photo, "-s", f"{size}x{size}", "-o", f"{folder}/{size}.jpg{options}"]
        for size in SIZES
    ]


def main():
    ours, photo = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as folder:
        stacks = {"ours": [[ours, "render-once", photo]]}
        if shutil.which("vipsthumbnail"):
            stacks["vips"] = vips(photo, folder)
        measured = {name: [] for name in stacks}
        # Interleaved, so that a busy neighbour slows all of them alike.
        for _ in range(RUNS):
            for name, commands in stacks.items():
                measured[name].append(run(*commands))
        result = {
            name: {
                "cpu_ms": statistics.median(cpu for cpu, _ in runs),
                "peak_mb": max(peak for _, peak in runs),
            }
            for name, runs in measured.items()
        }
        if node := shutil.which("node"):
            warm = subprocess.run([node, SHARP, photo], capture_output=True, text=True)
            if warm.returncode == 0:
                result["sharp"] = json.loads(warm.stdout)
    print(json.dumps(result))


main()
