"""Renditions as CloudFront gives them: by cookies that the service signs, for one owner and a while."""

import base64
import fnmatch
import json
import subprocess
import tempfile
import time
import urllib.parse

import album

PARAMETER = "/cloudalbum/rendition-key"


def make_key(engine):
    """Makes the pair as `scripts/cloud` does; returns the public half."""
    make = ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
    private = subprocess.run(make, capture_output=True, text=True, check=True).stdout
    engine.client("ssm").put_parameter(Name=PARAMETER, Type="SecureString", Value=private)
    return subprocess.run(["openssl", "pkey", "-pubout"], input=private, capture_output=True, text=True, check=True).stdout


class Edge:
    """What CloudFront does with a request for a rendition, by the distribution that Terraform made."""

    def __init__(self, engine, outputs):
        cloudfront = engine.client("cloudfront")
        config = cloudfront.get_distribution_config(Id=outputs["distribution"])["DistributionConfig"]
        behavior = next(one for one in config["CacheBehaviors"]["Items"] if one["PathPattern"] == "/renditions/*")
        groups = behavior["TrustedKeyGroups"]
        assert groups["Enabled"], groups
        [group] = [cloudfront.get_key_group(Id=name)["KeyGroup"]["KeyGroupConfig"] for name in groups["Items"]]
        self.keys = {
            name: cloudfront.get_public_key(Id=name)["PublicKey"]["PublicKeyConfig"]["EncodedKey"] for name in group["Items"]
        }
        self.s3, self.bucket = engine.client("s3"), outputs["photos_bucket"]

    def get(self, url, cookies):
        """The status and, where the cookies open it, the object."""
        if not self.admits(url, cookies):
            return 403, b""
        key = urllib.parse.urlsplit(url).path.lstrip("/")
        return 200, self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def admits(self, url, cookies):
        if not {"CloudFront-Policy", "CloudFront-Signature", "CloudFront-Key-Pair-Id"} <= cookies.keys():
            return False
        key = self.keys.get(cookies["CloudFront-Key-Pair-Id"])
        policy, signature = (decode(cookies[f"CloudFront-{name}"]) for name in ("Policy", "Signature"))
        algorithm = {"SHA256": "-sha256"}.get(cookies.get("CloudFront-Hash-Algorithm"), "-sha1")
        if key is None or not verified(key, algorithm, policy, signature):
            return False
        [statement] = json.loads(policy)["Statement"]
        ends = statement["Condition"]["DateLessThan"]["AWS:EpochTime"]
        return time.time() < ends and fnmatch.fnmatchcase(url, statement["Resource"])


def decode(text):
    return base64.b64decode(text.translate(str.maketrans("-_~", "+=/")))


def verified(key, algorithm, content, signature):
    with tempfile.NamedTemporaryFile("w") as public, tempfile.NamedTemporaryFile("wb") as signed:
        public.write(key)
        signed.write(signature)
        public.flush()
        signed.flush()
        check = ["openssl", "dgst", algorithm, "-verify", public.name, "-signature", signed.name]
        return subprocess.run(check, input=content, capture_output=True, check=False).returncode == 0


def look(url, session):
    """The photos as a browser is shown them, and the cookies that came along."""
    status, headers, content = album.ask(f"{url}/v1/photos", headers={"cookie": session})
    assert status == 200, f"{status} {content[:300]}"
    given = [cookie.split("; ") for cookie in headers.get_all("set-cookie") or []]
    given = [(pair.split("=", 1), attributes) for pair, *attributes in given if pair.startswith("CloudFront-")]
    for (name, _), attributes in given:
        assert {"Secure", "HttpOnly", "Path=/renditions/"} <= set(attributes), (name, attributes)
    return json.loads(content)["photos"], {name: value for (name, value), _ in given}


def check(engine, outputs, url, session, stranger):
    """The owner's browser sees every rendition; a stranger's, a changed policy and nobody's see none."""
    edge = Edge(engine, outputs)
    photos, cookies = look(url, session)
    none, theirs = look(url, stranger)
    assert photos and none == [], len(none)
    shown = [rendition["url"] for photo in photos for rendition in photo["renditions"]]
    assert shown
    for place in shown:
        # TLS ends at the front.
        assert place.startswith(url.replace("http:", "https:") + "/renditions/") and "?" not in place, place
        status, content = edge.get(place, cookies)
        assert status == 200 and content, f"{place}: {status}"
    place = shown[0]
    widened = base64.b64encode(decode(cookies["CloudFront-Policy"]).replace(b"renditions/", b"*")).decode()
    widened = {**cookies, "CloudFront-Policy": widened.translate(str.maketrans("+=/", "-_~"))}
    for name, held in {"nobody": {}, "a stranger": theirs, "a changed policy": widened}.items():
        assert edge.get(place, held)[0] == 403, name
    original = place.replace("/renditions/", "/originals/")
    assert edge.get(original, cookies)[0] == 403
    return len(shown)
