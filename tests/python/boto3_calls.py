"""Calls of boto3 against the endpoint that `make run` serves: boto3_calls.py ENDPOINT CREDENTIALS"""

import json
import sys
import urllib.request

import boto3
import botocore
from boto3.dynamodb.conditions import Key
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT, CREDENTIALS = sys.argv[1:]
BUCKET = "cloudalbum-photos"


def session(**overrides):
    with open(CREDENTIALS, encoding="utf-8") as file:
        keys = json.load(file)
    settings = {"aws_access_key_id": keys["access_key"], "aws_secret_access_key": keys["secret_key"]}
    return boto3.session.Session(region_name="us-east-1", **(settings | overrides))


def refused(code, call, **parameters):
    try:
        call(**parameters)
    except ClientError as error:
        told = error.response["Error"]["Code"]
        assert told in code, f"{call.__name__} was refused with {told}, not {code}"
        return
    raise AssertionError(f"{call.__name__} was not refused")


def objects(aws):
    s3 = aws.client("s3", endpoint_url=ENDPOINT, config=Config(s3={"addressing_style": "path"}))
    key, body = "boto3/ä +&%.txt", b"a file"
    s3.put_object(Bucket=BUCKET, Key=key, Body=body, ContentType="text/plain", Metadata={"a": "b"})
    refused({"PreconditionFailed"}, s3.put_object, Bucket=BUCKET, Key=key, Body=b"other", IfNoneMatch="*")
    got = s3.get_object(Bucket=BUCKET, Key=key, Range="bytes=2-5")
    assert got["Body"].read() == b"file" and got["Metadata"] == {"a": "b"}
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="boto3/")
    assert [found["Key"] for page in pages for found in page.get("Contents", [])] == [key]
    url = s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": key})
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == body
    s3.delete_object(Bucket=BUCKET, Key=key)
    refused({"NoSuchKey", "404"}, s3.get_object, Bucket=BUCKET, Key=key)


def items(aws):
    table = aws.resource("dynamodb", endpoint_url=ENDPOINT).Table("Photo")
    key = {"user_id": "boto3", "id": "a"}
    item = key | {"count": 1}
    table.put_item(Item=item, ConditionExpression="attribute_not_exists(user_id)")
    refused({"ConditionalCheckFailedException"}, table.put_item, Item=item, ConditionExpression="attribute_not_exists(user_id)")
    table.update_item(
        Key=key,
        UpdateExpression="ADD #c :one",
        ExpressionAttributeNames={"#c": "count"},
        ExpressionAttributeValues={":one": 1},
    )
    found = table.query(KeyConditionExpression=Key("user_id").eq("boto3"))["Items"]
    assert [one["count"] for one in found] == [2], found
    table.delete_item(Key=key)
    assert table.query(KeyConditionExpression=Key("user_id").eq("boto3"))["Count"] == 0


def messages(aws):
    queues = aws.resource("sqs", endpoint_url=ENDPOINT)
    queue = queues.create_queue(QueueName="boto3")
    sent = queue.send_messages(Entries=[{"Id": str(n), "MessageBody": f"ä {n}"} for n in range(3)])
    assert len(sent["Successful"]) == 3
    received = []
    while len(received) < 3:
        received += queue.receive_messages(MaxNumberOfMessages=10, WaitTimeSeconds=5)
    assert sorted(message.body for message in received) == ["ä 0", "ä 1", "ä 2"]
    for message in received:
        message.delete()
    queue.load()
    attributes = queue.attributes
    assert attributes["ApproximateNumberOfMessages"] == attributes["ApproximateNumberOfMessagesNotVisible"] == "0"


def forged():
    aws = session(aws_secret_access_key="wrong")
    s3 = aws.client("s3", endpoint_url=ENDPOINT, config=Config(s3={"addressing_style": "path"}))
    refused({"SignatureDoesNotMatch"}, s3.put_object, Bucket=BUCKET, Key="notes/forged", Body=b"no")
    other = {"UnrecognizedClientException", "InvalidSignatureException", "InvalidClientTokenId", "SignatureDoesNotMatch"}
    refused(other, aws.client("dynamodb", endpoint_url=ENDPOINT).scan, TableName="Photo")
    refused(other, aws.client("sqs", endpoint_url=ENDPOINT).list_queues)


for part in (objects, items, messages):
    part(session())
    print(f"ok: boto3 {part.__name__}")
forged()
print(f"ok: boto3 {boto3.__version__} with a wrong secret is refused")
