"""Runs `scripts/cloud deploy` and `destroy` as a user has them, with the rights of docs/deployer-policy.json alone."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import policies
from engine import REGION, Engine
from stack import OVERRIDE, RIGHT

ROOT = pathlib.Path(__file__).parents[2]
ACCOUNT = "000000000000"
# For an engine on this machine: where the state is, and what it cannot do.
BACKEND = {"use_path_style": "true", "skip_credentials_validation": "true", "skip_requesting_account_id": "true"}
# AWS asks for these on what the call names; MiniStack asks for them on every resource.
NAMELESS = [
    "lambda:CreateFunction", "sns:ListTagsForResource", "dynamodb:ListTagsOfResource", "budgets:*",
    "cloudwatch:ListTagsForResource", "cloudwatch:DescribeAlarms", "cloudwatch:DeleteAlarms", "cloudwatch:PutDashboard",
    "cloudwatch:GetDashboard", "cloudwatch:DeleteDashboards", "cloudfront:*Function", "cloudfront:*OriginAccessControl",
    "cloudfront:*ResponseHeadersPolicy", "cloudfront:ListTagsForResource", "ssm:DeleteParameters",
    # Rights that AWS does not ask for: it asks for lambda:GetEventSourceMapping,
    # and for cloudfront:CreateDistribution and cloudfront:TagResource.
    "lambda:ListEventSourceMappings", "cloudfront:CreateDistributionWithTags",
]
# What MiniStack does not read back as it was written, so that a second deployment writes it again.
FORGOTTEN = ["aws_cloudwatch_metric_alarm.all", "aws_cloudfront_response_headers_policy.page"]
VARIABLES = {"xray": "false", "require_tls": "false", "deletion_protection": "false", "open_sign_up": "true"}


def main():
    with tempfile.TemporaryDirectory(prefix="cloudalbum-deploy-") as folder:
        engine = Engine(folder)
        try:
            drive(engine, checkout(pathlib.Path(folder, "album"), engine))
        except BaseException:
            print(engine.log.read_text()[-3000:], file=sys.stderr)
            raise
        finally:
            engine.stop()


def checkout(folder, engine):
    """The files that the script uses, with zips and a page in place."""
    folder.mkdir()
    for name in ("infra", "scripts", "docs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns(".terraform", "tests"))
    shutil.copytree(ROOT / "target/lambdas/dev", folder / "target/lambdas/arm64")
    for name, text in {"index.html": "<!doctype html><title>Album</title>", "assets/app.js": "1"}.items():
        path = folder / "web/dist" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    # The state stays in S3, as the script says.
    override = OVERRIDE.format(url=engine.url).replace('backend "local" {}', "")
    override = re.sub(r"  (access|secret)_key .*\n", "", override)
    (folder / "infra/engine_override.tf").write_text(override)
    (folder / "infra/engine.tf").write_text(RIGHT)
    return folder


def deployer(engine):
    """A user who has the policy of the documentation, and nothing else."""
    policy = (ROOT / "docs/deployer-policy.json").read_text().replace("ACCOUNT", ACCOUNT).replace("REGION", REGION)
    iam = engine.client("iam")
    iam.create_user(UserName="deployer")
    policies.check("deployer", json.loads(policy))
    # A role takes inline policies of 10,240 characters, white space apart.
    assert len("".join(policy.split())) <= 10_240
    iam.put_user_policy(UserName="deployer", PolicyName="deploy", PolicyDocument=policy)
    nameless = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": NAMELESS, "Resource": "*"}]}
    iam.put_user_policy(UserName="deployer", PolicyName="engine", PolicyDocument=json.dumps(nameless))
    key = iam.create_access_key(UserName="deployer")["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


def drive(engine, folder):
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_VAR_"))},
        **deployer(engine),
        **{f"TF_VAR_{name}": value for name, value in VARIABLES.items()},
        "TF_CLI_ARGS_init": " ".join(f"-backend-config={name}={value}" for name, value in BACKEND.items()),
        "TF_CLI_ARGS_plan": "-no-color",
        "TF_CLI_ARGS_apply": "-no-color",
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": engine.url,
        "AWS_EC2_METADATA_DISABLED": "true",
        "PATH": f"{os.environ['CLOUD_TOOLS']}:{os.environ['PATH']}",
        "YES": "1",
    }

    def cloud(action):
        ran = subprocess.run([folder / "scripts/cloud", action], env=environment, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, f"{action}:\n{ran.stdout[-2500:]}\n{ran.stderr[-5000:]}"
        return ran.stdout

    first = cloud("deploy")
    added = int(re.search(r"Resources: (\d+) added", first)[1])
    server = re.search(r"^export CLOUDALBUM_SERVER=(https://\S+)$", first, re.MULTILINE)
    assert server, first[-500:]
    s3 = engine.client("s3")
    state = f"cloudalbum-state-{ACCOUNT}"
    assert s3.get_bucket_versioning(Bucket=state)["Status"] == "Enabled"
    web = next(bucket["Name"] for bucket in s3.list_buckets()["Buckets"] if "web" in bucket["Name"])
    held = {item["Key"] for item in s3.list_objects_v2(Bucket=web)["Contents"]}
    assert held == {"index.html", "assets/app.js"}, held
    ssm = engine.client("ssm")
    first_key = ssm.get_parameter(Name="/cloudalbum/rendition-key")["Parameter"]
    assert first_key["Type"] == "SecureString", first_key["Type"]
    again = cloud("deploy")
    assert ssm.get_parameter(Name="/cloudalbum/rendition-key")["Parameter"]["Version"] == first_key["Version"]
    changes = re.findall(r"^  # (\S+?)(?:\[.*\])? will be (.*)", again, re.MULTILINE)
    assert {(name, "updated in-place") for name in FORGOTTEN} >= set(changes), changes
    assert re.search(r"Resources: 0 added, \d+ changed, 0 destroyed", again), changes
    removed = int(re.search(r"Resources: 0 added, 0 changed, (\d+) destroyed", cloud("destroy"))[1])
    assert removed == added, f"{added} made, {removed} destroyed"
    left = ssm.describe_parameters()["Parameters"]
    assert left == [], left
    print(f"figure deploy.resources {added} count")


if __name__ == "__main__":
    main()
