"""The write units that DynamoDB takes for calls, by its own rules, from the calls alone.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""

import json
import math
import re

# The key of each index of `Photo`: copies of the whole record, and of its keys.
WHOLE = ("sort_date", "shown_upload_date", "changed_at", "trashed_at")
KEYS = ("pending_since", "thumbnails_failed_at", "metadata_failed_at")


def taken(calls):
    """All units of the bodies of writing calls, in their order."""
    held = {}
    return sum(of_call(json.loads(body), held) for body in calls)


def of_call(told, held):
    if "TransactItems" not in told:
        return of_write(told, held)
    # A transaction writes twice: once to prepare, once to commit.
    return sum(2 * of_write(write, held) for item in told["TransactItems"] for write in item.values())


def of_write(write, held):
    """A unit for each kB begun of the larger of what was and what is, in the table and in each index."""
    key = write.get("Key") or {name: value for name, value in write["Item"].items() if name in ("user_id", "id", "entry")}
    place = json.dumps([write["TableName"], key], sort_keys=True)
    before = held.get(place, {})
    after = held[place] = changed(before, write)
    kilobytes = max(1, math.ceil(max(size(before), size(after)) / 1024))
    if not write["TableName"].endswith("-Photo"):
        return kilobytes
    copies = sum(moves(before.get(name), after.get(name), 1) for name in WHOLE)
    return kilobytes * (1 + copies) + sum(moves(before.get(name), after.get(name), 0) for name in KEYS)


def moves(old, new, kept):
    """Writes to an index: what stays in its place is written where it holds more than keys; what moves goes and comes."""
    if old == new:
        return kept if old is not None else 0
    return (old is not None) + (new is not None)


def changed(item, write):
    """The item after a write."""
    if "Item" in write:
        return write["Item"]
    names, values = write.get("ExpressionAttributeNames", {}), write.get("ExpressionAttributeValues", {})
    expression = write.get("UpdateExpression", "")
    after = {**write.get("Key", {}), **item}
    for name, value in re.findall(r"([#\w]+)(?: =)? (:\w+)", expression):
        after[names.get(name, name)] = values[value]
    removed = re.search(r"REMOVE ([#\w, ]+?)(?= SET | ADD |$)", expression)
    for name in removed[1].split(", ") if removed else []:
        after.pop(names.get(name, name), None)
    return after


def size(attributes):
    return sum(len(name.encode()) + of_value(value) for name, value in attributes.items())


def of_value(value):
    (kind, held), = value.items()
    if kind == "N":
        return math.ceil(len(held) / 2) + 1
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + of_value(inner) for name, inner in held.items())
    if kind == "L":
        return 3 + sum(1 + of_value(inner) for inner in held)
    return len(held.encode()) if isinstance(held, str) else 1
