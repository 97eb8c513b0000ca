"""What photos really took, held against what the cost calculator assumes."""

import json
import pathlib
import subprocess

# The local indexes that a finished photo is in, each with a copy of its record.
COPIES = 4


def item_bytes(item):
    """DynamoDB counts names and values; the JSON of both is no less."""
    return len(json.dumps(item, separators=(",", ":"), default=str))


def scan(table, name):
    pages = table.get_paginator("scan").paginate(TableName=name)
    return [item for page in pages for item in page["Items"]]


def assumed():
    """Bytes of one photo's renditions and of its items, as the calculator has them."""
    program = pathlib.Path(__file__).parents[2] / "target" / "debug" / "cloudalbum"
    bill = subprocess.run([program, "cost", "--photos", "1e9", "--json"], check=True, capture_output=True, text=True).stdout
    kept = {line["what"]: line["quantity"] for line in json.loads(bill)["lines"]}
    return kept["S3: renditions"], kept["DynamoDB: records, indexes, backups"]


def check(engine, outputs):
    """Means of all photos of the album, none above what is assumed."""
    table, s3 = engine.client("dynamodb"), engine.client("s3")
    records = scan(table, outputs["tables"]["Photo"])
    entries = scan(table, outputs["tables"]["PhotoIndex"])
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=outputs["photos_bucket"], Prefix="renditions/")
    renditions = sum(found["Size"] for page in pages for found in page.get("Contents", []))
    count = len(records)
    items = sum(map(item_bytes, records)) * COPIES + sum(map(item_bytes, entries))
    figures = {
        "record_bytes": sum(map(item_bytes, records)) / count,
        "index_items": len(entries) / count,
        "items_bytes": items / count,
        "renditions_bytes": renditions / count,
    }
    rendition_bytes, items_bytes = assumed()
    assert figures["renditions_bytes"] <= rendition_bytes, (figures, rendition_bytes)
    assert figures["items_bytes"] <= items_bytes, (figures, items_bytes)
    return figures
