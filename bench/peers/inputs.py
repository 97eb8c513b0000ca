"""Makes the photos that thumbnails are measured on: real ones where they are at hand."""

import os

SIDES = (4032, 3024)
BASELINE = "exif-samples/jpg/tests/42_IndexError.jpg"
IPHONE = "exif-samples/heic/mobile/iphone_13_pro_max.HEIC"


def generated(image):
    """Clouds of several scales, so that the entropy coder has work as with a photo."""
    picture = image.new("RGB", SIDES)
    for scale, share in ((8, 0.5), (64, 0.35), (1008, 0.25)):
        small = (scale, scale * 3 // 4)
        noise = image.merge("RGB", [image.effect_noise(small, 90) for _ in range(3)])
        picture = image.blend(picture, noise.resize(SIDES, image.Resampling.BICUBIC), share)
    return picture


def make(image, photos, folder):
    """Writes the inputs; their paths by name."""
    plain, wide = (os.path.join(folder, name) for name in ("plain.jpg", "p3.jpg"))
    try:
        with open(os.path.join(photos, BASELINE), "rb") as source, open(plain, "wb") as target:
            target.write(source.read())
    except OSError:
        generated(image).save(plain, quality=90, subsampling=2)
    inputs = {"12mp": plain}
    try:
        import pillow_heif

        pillow_heif.register_heif_opener()
        picture = image.open(os.path.join(photos, IPHONE))
        profile = picture.info["icc_profile"]
        turned = picture.convert("RGB").transpose(image.Transpose.ROTATE_90)
        exif = image.Exif()
        exif[0x0112] = 6
        turned.save(wide, quality=92, subsampling=2, icc_profile=profile, exif=exif.tobytes())
        inputs["p3_12mp"] = wide
    except (ImportError, OSError, KeyError):
        pass
    return inputs
