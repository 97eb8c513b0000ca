"""The Terraform of `infra/`, applied to an engine and destroyed again."""

import json
import os
import pathlib
import re
import shutil
import subprocess

import renditions

# What differs from AWS, and nothing else: where the provider goes, where the state is, where keys are served, one right.
OVERRIDE = """
terraform {{
  backend "local" {{}}
}}

provider "aws" {{
  region                  = "us-east-1"
  access_key              = "test"
  secret_key              = "test"
  s3_use_path_style       = true
  skip_metadata_api_check = true
}}

locals {{
  cognito = "{url}"
}}
"""

RIGHT = """
# AWS asks for sqs:SendMessage, whether messages come in batches or not.
resource "aws_iam_role_policy" "engine" {
  for_each = toset(["ingest-api", "reconciler"])
  name     = "engine"
  role     = aws_iam_role.function[each.key].id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sqs:SendMessageBatch", Resource = local.jobs }]
  })
}
"""


class Stack:
    def __init__(self, engine, folder, base_url, services):
        root = pathlib.Path(__file__).parents[2]
        self.folder = pathlib.Path(folder, "infra")
        shutil.copytree(root / "infra", self.folder, ignore=shutil.ignore_patterns(".terraform", "tests"))
        (self.folder / "engine_override.tf").write_text(OVERRIDE.format(url=engine.url))
        (self.folder / "engine.tf").write_text(RIGHT)
        self.environment = {**os.environ, "AWS_ENDPOINT_URL": engine.url, "AWS_EC2_METADATA_DISABLED": "true"}
        self.environment.pop("AWS_PROFILE", None)
        variables = {
            "zips": str(root / "target/lambdas/dev"),
            "base_url": base_url,
            "deletion_protection": False,
            "open_sign_up": True,
            "xray": False,
            "require_tls": False,
            "max_receive_count": 3,
            "trace_ratio": 1,
            "rendition_public_key": renditions.make_key(engine),
            "environment": {
                "AWS_ENDPOINT_URL": services,
                "AWS_EC2_METADATA_DISABLED": "true",
                "COGNITO_DOMAIN": engine.url,
                "S3_PUBLIC_URL": engine.url,
                "TRACE_EXPORT": "none",
                # As the black-box tests of multipart uploads have it, so that their files are small.
                "MULTIPART_BYTES": "5242880",
            },
        }
        (self.folder / "engine.auto.tfvars.json").write_text(json.dumps(variables))
        self.terraform("init", "-lockfile=readonly")

    def terraform(self, *arguments):
        ran = subprocess.run(
            ["terraform", f"-chdir={self.folder}", arguments[0], "-input=false", "-no-color", *arguments[1:]],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode != 0:
            raise RuntimeError(f"terraform {arguments[0]} failed:\n{ran.stdout[-4000:]}\n{ran.stderr[-4000:]}")
        return ran.stdout

    def apply(self):
        """Makes everything; returns how many resources."""
        text = self.terraform("apply", "-auto-approve", "-parallelism=30")
        return int(re.search(r"Resources: (\d+) added", text)[1])

    def outputs(self):
        text = subprocess.run(
            ["terraform", f"-chdir={self.folder}", "output", "-json"],
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        return {name: output["value"] for name, output in json.loads(text).items()}

    def destroy(self):
        """Removes everything; returns how many resources."""
        text = self.terraform("destroy", "-auto-approve", "-parallelism=30")
        return int(re.search(r"Resources: (\d+) destroyed", text)[1])
