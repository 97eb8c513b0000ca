"""Each function's role by its own credentials: what it may do, and what it must not."""

import botocore.exceptions

DENIED = {"AccessDenied", "AccessDeniedException", "AccessDeniedFault", "UnauthorizedOperation", "403"}
OWNER = "owner-of-nothing"


def calls(outputs):
    """Every call that is tried: service, operation, arguments."""
    photos, web = outputs["photos_bucket"], outputs["web_bucket"]
    tables, queues = outputs["tables"], outputs["queues"]
    record = {"user_id": {"S": OWNER}, "id": {"S": "none"}}
    change = {"UpdateExpression": "SET probe = :one", "ExpressionAttributeValues": {":one": {"S": "1"}}}

    def obj(operation, bucket, prefix):
        arguments = {"Bucket": bucket, "Key": f"{prefix}/{OWNER}/probe"}
        return ("s3", operation, {**arguments, "Body": b"probe"} if operation == "put_object" else arguments)

    def send(queue):
        return ("sqs", "send_message", {"QueueUrl": queue, "MessageBody": '{"Service":"Amazon S3","Event":"s3:TestEvent"}'})

    return {
        "read originals": obj("get_object", photos, "originals"),
        "write originals": obj("put_object", photos, "originals"),
        "remove originals": obj("delete_object", photos, "originals"),
        "write renditions": obj("put_object", photos, "renditions"),
        "write elsewhere": obj("put_object", photos, "elsewhere"),
        "write the web app": obj("put_object", web, "assets"),
        "list buckets": ("s3", "list_buckets", {}),
        "change records": ("dynamodb", "update_item", {"TableName": tables["Photo"], "Key": record, **change}),
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
        "empty queues": ("sqs", "purge_queue", {"QueueUrl": queues["metadata"]["dlq"]}),
        "read the secret": ("ssm", "get_parameter", {"Name": f"/{outputs['name']}/cognito-client-secret", "WithDecryption": True}),
        "change its code": ("lambda", "get_function", {"FunctionName": outputs["functions"]["ingest-api"]}),
        "make users": ("cognito-idp", "list_users", {"UserPoolId": outputs["user_pool"]["id"]}),
        "change rights": ("iam", "list_roles", {}),
    }


ALLOWED = {
    "thumbnail-worker": {"read originals", "write renditions", "change records", "take thumbnail jobs"},
    "metadata-worker": {"read originals", "change records", "take metadata jobs"},
    "ingest-api": {
        "read originals", "write originals", "change records", "change accounts", "read sessions",
        "send thumbnail jobs", "send metadata jobs", "take dead letters", "read the secret",
    },
    "reconciler": {
        "read originals", "remove originals", "change records", "change accounts", "walk accounts",
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
