"""What photos really took, held against what the cost calculator assumes."""

import json
import pathlib
import subprocess

import tap

# The local indexes that a finished photo is in, each with a copy of its record.
COPIES = 4


def item_bytes(item):
    """DynamoDB counts names and values; the JSON of both is no less."""
    return len(json.dumps(item, separators=(",", ":"), default=str))


def scan(table, name):
    pages = table.get_paginator("scan").paginate(TableName=name)
    return [item for page in pages for item in page["Items"]]


def assumed():
    """What the calculator has for one photo, by the names of its lines."""
    program = pathlib.Path(__file__).parents[2] / "target" / "debug" / "cloudalbum"
    ask = [program, "cost", "--photos", "1e9", "--json"]
    bill = subprocess.run(ask, check=True, capture_output=True, text=True).stdout
    lines = {line["what"]: line for line in json.loads(bill)["lines"]}
    # Of a thousand million photos in GB or in millions.
    return {what: line["quantity"] / (1 if line["unit"] == "GB" else 1_000) for what, line in lines.items()}


def check(engine, outputs, calls, photos):
    """Means of all photos of the album, none above what is assumed."""
    table, s3 = engine.client("dynamodb"), engine.client("s3")
    records = scan(table, outputs["tables"]["Photo"])
    entries = scan(table, outputs["tables"]["PhotoIndex"])
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=outputs["photos_bucket"], Prefix="renditions/")
    renditions = sum(found["Size"] for page in pages for found in page.get("Contents", []))
    count = len(records)
    figures = {
        "record_bytes": sum(map(item_bytes, records)) / count,
        "index_items": len(entries) / count,
        "items_bytes": (sum(map(item_bytes, records)) * COPIES + sum(map(item_bytes, entries))) / count,
        "renditions_bytes": renditions / count,
        **{name: number / photos for name, number in tap.tally(calls).items()},
    }
    # The client sends the original itself.
    figures["s3_writes"] += 1
    bill = assumed()
    for name, line in {
        "renditions_bytes": "S3: renditions",
        "items_bytes": "DynamoDB: records, indexes, backups",
        "s3_writes": "S3 writes: original and renditions",
        "s3_reads": "S3 reads",
        "write_units": "DynamoDB writes",
    }.items():
        assert figures[name] <= bill[line], f"{name}: {figures[name]}, and {bill[line]} assumed; {figures}"
    return figures
