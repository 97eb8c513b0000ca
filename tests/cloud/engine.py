"""MiniStack as a process: started on a free port, ended with its functions."""

import os
import pathlib
import socket
import subprocess
import time
import urllib.error
import urllib.request

import botocore.config
import botocore.session

# MiniStack's administrator.
ROOT = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
REGION = "us-east-1"
# One for all clients: it keeps the services' descriptions, which are slow to read.
SESSION = botocore.session.Session()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Engine:
    """An AWS of its own, which enforces policies and runs functions as processes."""

    def __init__(self, folder):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = pathlib.Path(folder, "ministack.log")
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "GATEWAY_PORT": str(self.port),
            "BIND_HOST": "127.0.0.1",
            "LAMBDA_EXECUTOR": "local",
            "AUTH": "true",
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        program = pathlib.Path(os.environ["CLOUD_TOOLS"], "ministack")
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [program], cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        self.wait_until_healthy()

    def wait_until_healthy(self):
        for _ in range(600):
            if self.process.poll() is not None:
                raise RuntimeError(f"MiniStack ended:\n{self.log.read_text()}")
            try:
                urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=2).close()
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise RuntimeError("MiniStack does not answer")

    def client(self, service, credentials=None):
        """A client of `service`, as the administrator or by a role's credentials."""
        settings = botocore.config.Config(
            s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30
        )
        return SESSION.create_client(
            service, region_name=REGION, endpoint_url=self.url, config=settings, **(credentials or ROOT)
        )

    def stop(self):
        """Ends MiniStack and waits for the functions' processes, which end with it."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for _ in range(300):
            if not self.children():
                return
            time.sleep(0.1)
        raise RuntimeError(f"processes stay behind: {self.children()}")

    def children(self):
        """The processes of MiniStack's session."""
        listed = subprocess.run(
            ["ps", "-o", "pid=", "-s", str(self.process.pid)], capture_output=True, text=True, check=False
        )
        return listed.stdout.split()
