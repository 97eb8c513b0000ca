"""Each function's role by its own credentials: what it may do, and what it must not.

MiniStack lets every role switch a mapping: that right is held by `infra/tests`.
"""

import botocore.exceptions

DENIED = {"AccessDenied", "AccessDeniedException", "AccessDeniedFault", "UnauthorizedOperation", "403"}
OWNER = "owner-of-nothing"


def calls(outputs):
    """Every call that is tried: service, operation, arguments."""
    photos, web = outputs["photos_bucket"], outputs["web_bucket"]
    tables, queues = outputs["tables"], outputs["queues"]
    functions = outputs["functions"]
    record = {"user_id": {"S": OWNER}, "id": {"S": "none"}}
    entry = {"user_id": {"S": OWNER}, "entry": {"S": "none"}}
    change = {"UpdateExpression": "SET probe = :one", "ExpressionAttributeValues": {":one": {"S": "1"}}}

    def obj(operation, bucket, prefix):
        arguments = {"Bucket": bucket, "Key": f"{prefix}/{OWNER}/probe"}
        return ("s3", operation, {**arguments, "Body": b"probe"} if operation == "put_object" else arguments)

    def query(table, key):
        condition = {"KeyConditionExpression": f"{key} = :one", "ExpressionAttributeValues": {":one": {"S": "none"}}}
        return ("dynamodb", "query", {"TableName": table, **condition})

    def send(queue):
        return ("sqs", "send_message", {"QueueUrl": queue, "MessageBody": '{"Service":"Amazon S3","Event":"s3:TestEvent"}'})

    return {
        "read originals": obj("get_object", photos, "originals"),
        "write originals": obj("put_object", photos, "originals"),
        "remove originals": obj("delete_object", photos, "originals"),
        "write renditions": obj("put_object", photos, "renditions"),
        "write elsewhere": obj("put_object", photos, "elsewhere"),
        "write the web app": obj("put_object", web, "assets"),
        "remove renditions": obj("delete_object", photos, "renditions"),
        "find objects": ("s3", "list_objects_v2", {"Bucket": photos, "Prefix": "originals/none", "MaxKeys": 1}),
        "find versions": ("s3", "list_object_versions", {"Bucket": photos, "Prefix": "originals/none", "MaxKeys": 1}),
        "find unfinished uploads": ("s3", "list_multipart_uploads", {"Bucket": photos}),
        "list buckets": ("s3", "list_buckets", {}),
        "change records": ("dynamodb", "update_item", {"TableName": tables["Photo"], "Key": record, **change}),
        "read records": ("dynamodb", "get_item", {"TableName": tables["Photo"], "Key": record}),
        "read many records": ("dynamodb", "batch_get_item", {"RequestItems": {tables["Photo"]: {"Keys": [record]}}}),
        "list records": query(tables["Photo"], "user_id"),
        "remove records": ("dynamodb", "delete_item", {"TableName": tables["Photo"], "Key": record}),
        "search": query(tables["PhotoIndex"], "user_id"),
        "change the index": ("dynamodb", "delete_item", {"TableName": tables["PhotoIndex"], "Key": entry}),
        "read orders": query(tables["Ops"], "kind"),
        "walk records": ("dynamodb", "scan", {"TableName": tables["Photo"], "Limit": 1}),
        "change accounts": ("dynamodb", "update_item", {"TableName": tables["User"], "Key": {"id": {"S": OWNER}}, **change}),
        "walk accounts": ("dynamodb", "scan", {"TableName": tables["User"], "Limit": 1}),
        "read sessions": ("dynamodb", "get_item", {"TableName": tables["Session"], "Key": {"id": {"S": "none"}}}),
        "remove tables": ("dynamodb", "delete_table", {"TableName": tables["Session"]}),
        "send thumbnail jobs": send(queues["thumbnails"]["url"]),
        "send metadata jobs": send(queues["metadata"]["url"]),
        "take thumbnail jobs": ("sqs", "receive_message", {"QueueUrl": queues["thumbnails"]["url"]}),
        "take metadata jobs": ("sqs", "receive_message", {"QueueUrl": queues["metadata"]["url"]}),
        "take dead letters": ("sqs", "receive_message", {"QueueUrl": queues["thumbnails"]["dlq"]}),
        "count dead letters": ("sqs", "get_queue_attributes", {"QueueUrl": queues["metadata"]["dlq"], "AttributeNames": ["All"]}),
        "empty queues": ("sqs", "purge_queue", {"QueueUrl": queues["metadata"]["dlq"]}),
        "read the secret": ("ssm", "get_parameter", {"Name": f"/{outputs['name']}/cognito-client-secret", "WithDecryption": True}),
        "read the key of renditions": ("ssm", "get_parameter", {"Name": f"/{outputs['name']}/rendition-key", "WithDecryption": True}),
        "run the reconciler": ("lambda", "invoke", {"FunctionName": functions["reconciler"], "Payload": b'{"dry_run":true}'}),
        "run a worker": ("lambda", "invoke", {"FunctionName": functions["metadata-worker"], "Payload": b'{"Records":[]}'}),
        "change its code": ("lambda", "get_function", {"FunctionName": functions["ingest-api"]}),
        "make users": ("cognito-idp", "list_users", {"UserPoolId": outputs["user_pool"]["id"]}),
        "change rights": ("iam", "list_roles", {}),
    }


COMMIT = {"read records", "change records", "change the index"}
ALLOWED = {
    "thumbnail-worker": COMMIT | {"find objects", "read originals", "write renditions", "take thumbnail jobs"},
    "metadata-worker": COMMIT | {"find objects", "read originals", "take metadata jobs"},
    "ingest-api": COMMIT | {
        "find objects", "read originals", "write originals", "remove originals",
        "read many records", "list records", "walk records", "search",
        "change accounts", "walk accounts", "read sessions", "read orders",
        "send thumbnail jobs", "send metadata jobs", "take dead letters", "count dead letters",
        "run the reconciler", "read the secret", "read the key of renditions",
    },
    "reconciler": COMMIT | {
        "find objects", "find versions", "find unfinished uploads", "read originals", "remove originals", "remove renditions",
        "read many records", "list records", "search", "change accounts", "walk accounts", "read orders",
        "send thumbnail jobs", "send metadata jobs",
    },
}


def check(engine, outputs):
    """Tries every call as every role; returns how many were allowed and denied, as they must be."""
    tried, wrong = calls(outputs), []
    allowed = denied = 0
    assumed = {}
    for function, may in ALLOWED.items():
        assert may <= tried.keys(), may - tried.keys()
        session = engine.client("sts").assume_role(RoleArn=outputs["roles"][function], RoleSessionName="probe")
        keys = session["Credentials"]
        assumed[function] = {
            "aws_access_key_id": keys["AccessKeyId"],
            "aws_secret_access_key": keys["SecretAccessKey"],
            "aws_session_token": keys["SessionToken"],
        }
    for function, may in ALLOWED.items():
        for name, (service, operation, arguments) in tried.items():
            refused = is_denied(engine.client(service, assumed[function]), operation, arguments)
            if refused == (name in may):
                wrong.append(f"{function}: {name}: {'denied' if refused else 'allowed'}")
            denied, allowed = denied + refused, allowed + (not refused)
    assert not wrong, "\n".join(wrong)
    return allowed, denied


def is_denied(client, operation, arguments):
    """Whether the engine refused for want of rights; other refusals say that the rights were there."""
    try:
        getattr(client, operation)(**arguments)
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"] in DENIED
    return False
