"""Presigns the uploads named on standard input with boto3: presign.py ENDPOINT.

Prints how many a second of processor time; nothing where boto3 is not installed.
"""

import json
import sys
import time

photos = json.load(sys.stdin)
try:
    import boto3
    from botocore.config import Config
except ImportError:
    sys.exit(0)

client = boto3.client(
    "s3",
    endpoint_url=sys.argv[1],
    region_name="us-east-1",
    aws_access_key_id="AKIAEXAMPLE",
    aws_secret_access_key="secret",
    config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
)


def sign(photo):
    return client.generate_presigned_url(
        "put_object",
        Params={
            "Bucket": "album",
            "Key": photo["key"],
            "ContentLength": 3145728,
            "ContentType": "image/jpeg",
            "ChecksumSHA256": photo["sha256"],
            "IfNoneMatch": "*",
        },
        ExpiresIn=900,
    )


sign(photos[0])
rounds = 3
start = time.process_time()
for _ in range(rounds):
    for photo in photos:
        sign(photo)
print(rounds * len(photos) / (time.process_time() - start))
