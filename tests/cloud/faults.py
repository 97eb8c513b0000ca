"""What goes wrong and is mended: a poisoned batch, an outage, dead letters, redrive."""

import json
import re

import photos
from wait import until


def depth(sqs, url):
    """Messages that wait or are being worked on."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(attributes.get(name, 0)) for name in names)


def partial_failure(engine, outputs, person):
    """A batch of good messages and a poisoned one: only that one comes back, and ends as a dead letter."""
    sqs, functions = engine.client("sqs"), engine.client("lambda")
    queue = outputs["queues"]["metadata"]
    mapping = functions.list_event_source_mappings(FunctionName=outputs["functions"]["metadata-worker"])
    mapping = mapping["EventSourceMappings"][0]["UUID"]
    before = depth(sqs, queue["dlq"])
    # What is not understood comes back when its visibility ends: minutes, as it is deployed.
    sqs.set_queue_attributes(QueueUrl=queue["url"], Attributes={"VisibilityTimeout": "2"})
    functions.update_event_source_mapping(UUID=mapping, Enabled=False)
    until("the mapping stops", lambda: functions.get_event_source_mapping(UUID=mapping)["State"] == "Disabled")
    sent = person.send([photos.drawn(seed) for seed in (101, 102, 103)])
    sqs.send_message(QueueUrl=queue["url"], MessageBody="poison")
    until("four messages wait", lambda: depth(sqs, queue["url"]) == 4)
    functions.update_event_source_mapping(UUID=mapping, Enabled=True)
    person.follow(sent)
    until("the poison is a dead letter", lambda: depth(sqs, queue["dlq"]) == before + 1)
    assert depth(sqs, queue["url"]) == 0
    mixed = re.findall(r"processed (\d+) SQS messages from \S+ \((\d+) partial failures", engine.log.read_text())
    assert any(int(count) > int(failed) > 0 for count, failed in mixed), f"no mixed batch: {mixed}"
    attempts = attempts_at(engine, outputs, sent)
    assert set(attempts) == {1}, f"good messages came back: {attempts}"
    sqs.purge_queue(QueueUrl=queue["dlq"])


def attempts_at(engine, outputs, sent):
    """How often the metadata of each photo was tried."""
    table = engine.client("dynamodb")
    pages = table.get_paginator("scan").paginate(TableName=outputs["tables"]["Photo"])
    records = [item for page in pages for item in page["Items"]]
    return [int(item["metadata_attempts"]["N"]) for item in records if item["id"]["S"] in sent]


def outage_and_redrive(engine, outputs, person):
    """A stage that loses its rights dead-letters its photos, loses none, and finishes them after a redrive."""
    iam, sqs = engine.client("iam"), engine.client("sqs")
    role = outputs["roles"]["thumbnail-worker"].rsplit("/", 1)[1]
    queue = outputs["queues"]["thumbnails"]
    policy = iam.get_role_policy(RoleName=role, PolicyName="function")["PolicyDocument"]
    normal = sqs.get_queue_attributes(QueueUrl=queue["url"], AttributeNames=["VisibilityTimeout"])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=queue["url"], Attributes={"VisibilityTimeout": "2"})
    iam.delete_role_policy(RoleName=role, PolicyName="function")
    sent = person.send([photos.drawn(seed) for seed in (201, 202)])
    until("both are dead letters", lambda: depth(sqs, queue["dlq"]) == 2 and depth(sqs, queue["url"]) == 0)
    shown = {person.api(f"/v1/photos/{photo}")["status"] for photo in sent}
    assert shown == {"processing"}, f"an outage failed photos: {shown}"
    sqs.set_queue_attributes(QueueUrl=queue["url"], Attributes=normal)
    iam.put_role_policy(RoleName=role, PolicyName="function", PolicyDocument=to_json(policy))
    move_back(sqs, queue)
    person.follow(sent)
    until("nothing waits", lambda: depth(sqs, queue["url"]) == depth(sqs, queue["dlq"]) == 0)


def to_json(policy):
    return policy if isinstance(policy, str) else json.dumps(policy)


def move_back(sqs, queue):
    """What `StartMessageMoveTask` does, which MiniStack does not."""
    while True:
        messages = sqs.receive_message(QueueUrl=queue["dlq"], MaxNumberOfMessages=10).get("Messages", [])
        if not messages:
            return
        for message in messages:
            sqs.send_message(QueueUrl=queue["url"], MessageBody=message["Body"])
            sqs.delete_message(QueueUrl=queue["dlq"], ReceiptHandle=message["ReceiptHandle"])


def reconcile(engine, outputs):
    """The reconciler, invoked as its schedule does, walks everything without an error and finds all in order."""
    answer = engine.client("lambda").invoke(FunctionName=outputs["functions"]["reconciler"], Payload=b"{}")
    report = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer and report["errors"] == 0, report
