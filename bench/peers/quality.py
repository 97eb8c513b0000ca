"""Compares renditions with the photos that they were made from, and colours with sharp's.

Arguments: our program, the folder of real photos. Prints a JSON list of
figures, each `[name, value, unit]`; a peer that is missing means no figure.

ssimulacra2 is taken against the photo reduced by Pillow's Lanczos filter,
upright and in sRGB, at bytes that are no fewer for vipsthumbnail than for ours.
"""

import glob
import io
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

import numpy
from PIL import Image, ImageCms, ImageOps

import inputs

SIZES = (320, 1024)
# The sixteen files of this folder show two scenes.
TWINS = "_[02-8].jpg"
SHARP = (
    'require("sharp")(process.argv[1]).rotate().resize(1024, 1024, { fit: "inside" })'
    ".jpeg({ quality: 80 }).toFile(process.argv[2])"
)
D65 = numpy.array([0.95047, 1.0, 1.08883])
TO_XYZ = numpy.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]])


def photos(folder):
    """Every JPEG that Pillow decodes whole and that has to be reduced."""
    twins = set(glob.glob(os.path.join(folder, "orientation", "*" + TWINS)))
    for path in sorted(glob.glob(os.path.join(folder, "**", "*.jpg"), recursive=True)):
        if path in twins:
            continue
        try:
            picture = Image.open(path)
            if picture.format == "JPEG" and max(picture.size) > max(SIZES):
                yield path, upright(picture)
        except (OSError, SyntaxError, ValueError):
            continue


def upright(picture):
    profile = picture.info.get("icc_profile")
    shown = ImageOps.exif_transpose(picture).convert("RGB")
    if profile:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        shown = ImageCms.profileToProfile(shown, source, ImageCms.createProfile("sRGB"))
    return shown


def vips(path, size, enough, out):
    """The lowest quality of vipsthumbnail that takes at least as many bytes."""
    for quality in range(72, 96):
        options = f"{out}[Q={quality},strip]"
        command = ["vipsthumbnail", path, "-s", f"{size}x{size}", "--eprofile", "srgb", "-o", options]
        subprocess.run(command, check=True, capture_output=True)
        if os.path.getsize(out) >= enough:
            return


def score(reference, made, folder):
    from ssimulacra2 import compute_ssimulacra2

    path = os.path.join(folder, "reference.png")
    reference.resize(Image.open(made).size, Image.Resampling.LANCZOS).save(path)
    return compute_ssimulacra2(path, made)


def lab(path):
    """CIE L*a*b* of a picture in sRGB."""
    rgb = numpy.asarray(Image.open(path).convert("RGB"), dtype=float) / 255
    linear = numpy.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = linear @ TO_XYZ.T / D65
    f = numpy.where(xyz > 0.008856, numpy.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return numpy.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)


def similarity(ours, folder, pictures, add):
    for size in SIZES:
        scores = []
        for path, reference in pictures:
            made, theirs = (os.path.join(folder, name) for name in ("ours.jpg", "vips.jpg"))
            subprocess.run([ours, "make", path, str(size), made], check=True)
            try:
                vips(path, size, os.path.getsize(made), theirs)
            except subprocess.CalledProcessError:
                continue  # it refuses what is damaged
            scores.append((score(reference, made, folder), score(reference, theirs, folder)))
        add(f"ssimulacra2_{size}_photos", len(scores), "photos")
        add(f"ssimulacra2_{size}_ours", statistics.mean(mine for mine, _ in scores), "points")
        add(f"ssimulacra2_{size}_vips", statistics.mean(theirs for _, theirs in scores), "points")
        add(f"ssimulacra2_{size}_not_below", int(sum(mine >= theirs for mine, theirs in scores)), "photos")
        add(f"ssimulacra2_{size}_worst_difference", min(mine - theirs for mine, theirs in scores), "points")


def colours(ours, photos, folder, add):
    """The CIE76 distance from sharp's colours of a photo in Display P3."""
    wide = inputs.make(Image, photos, folder).get("p3_12mp")
    made, theirs = (os.path.join(folder, name) for name in ("ours.jpg", "sharp.jpg"))
    here = os.path.dirname(os.path.abspath(__file__))
    if wide is None or subprocess.run(["node", "-e", SHARP, wide, theirs], cwd=here).returncode != 0:
        return
    subprocess.run([ours, "make", wide, "1024", made], check=True)
    distance = numpy.sqrt(((lab(made) - lab(theirs)) ** 2).sum(axis=-1))
    add("p3_delta_e_mean", float(distance.mean()), "dE")
    add("p3_delta_e_p95", float(numpy.percentile(distance, 95)), "dE")


def main():
    ours, folder = sys.argv[1:3]
    figures = []
    add = lambda name, value, unit: figures.append((name, value, unit))
    with tempfile.TemporaryDirectory() as scratch:
        if shutil.which("vipsthumbnail"):
            similarity(ours, scratch, list(photos(folder)), add)
        if shutil.which("node"):
            colours(ours, folder, scratch, add)
    print(json.dumps(figures))


main()
