"""Whether others take our spans: receivers.py BINARIES

OTLP by oteltap, segment documents over UDP by moto's X-Ray, and the header of
an answer by the X-Ray SDK of Python, each from a running album with photos.
"""

import contextlib
import json
import os
import re
import selectors
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import defaultdict

import boto3
from aws_xray_sdk.core.models.trace_header import TraceHeader
from moto import mock_aws

BINARIES = sys.argv[1]
PHOTOS = 3
# Who takes part in every photo's trace, and what each is named for: oteltap
# shows spans without the service that they come from.
SERVICES = {"ingest-api", "photo", "thumbnail-worker", "metadata-worker"}
STEPS = {"grant upload", "photo", "make thumbnails", "read metadata"}
LIMIT = 60


@contextlib.contextmanager
def album(**settings):
    """A running album; its address and the environment of its command line."""
    with tempfile.TemporaryDirectory() as folder:
        own = {"CLOUDALBUM_DATA": f"{folder}/data", "XDG_CONFIG_HOME": f"{folder}/config", "NO_COLOR": "1"}
        anywhere = {"CLOUDALBUM_ADDR": "127.0.0.1:0", "CLOUDALBUM_AWS_ADDR": "127.0.0.1:0"}
        command = [f"{BINARIES}/cloudalbum-local"]
        environment = os.environ | own | anywhere | settings
        with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
            try:
                found = {}
                while len(found) < 2:
                    line = process.stderr.readline()
                    assert line, "the album did not start"
                    for name, words in (("app", "the album is at"), ("aws", "the AWS endpoint is at")):
                        if said := re.search(rf"{words} (http://\S+)/", line):
                            found[name] = said[1]
                addresses = {"CLOUDALBUM_SERVER": found["app"], "CLOUDALBUM_AWS_ADDR": found["aws"].removeprefix("http://")}
                yield found["app"], os.environ | own | addresses
            finally:
                process.terminate()
                process.communicate()


def upload(environment):
    def run(*command, stdin=None):
        subprocess.run(command, env=environment, input=stdin, text=True, check=True, capture_output=True)

    with tempfile.TemporaryDirectory() as folder:
        run(f"{BINARIES}/cloudalbum-photos", "--count", str(PHOTOS), folder)
        account = ["--email", "ann@example.com", "--name", "Ann", "--password-stdin"]
        run(f"{BINARIES}/cloudalbum", "signup", *account, stdin="Passw0rd-x1\n")
        run(f"{BINARIES}/cloudalbum", "upload", folder)


def gathered(receive, wanted):
    """The parts of each photo's trace by name, once every photo has all that is wanted."""
    traces, deadline = defaultdict(list), time.monotonic() + LIMIT

    def whole():
        return {trace: parts for trace, parts in traces.items() if {name for name, _ in parts} >= wanted}

    while len(whole()) < PHOTOS:
        left = deadline - time.monotonic()
        assert left > 0, {trace: [name for name, _ in parts] for trace, parts in traces.items()}
        for trace, name, part in receive(left):
            traces[trace].append((name, part))
    return whole()


def otlp():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [os.path.join(os.path.dirname(sys.executable), "oteltap"), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as tap:
        try:
            with album(OTLP_ENDPOINT=f"http://127.0.0.1:{port}/v1/traces") as (_, environment):
                upload(environment)
                os.set_blocking(tap.stdout.fileno(), False)
                watch, rest = selectors.DefaultSelector(), b""
                watch.register(tap.stdout, selectors.EVENT_READ)

                def receive(left):
                    nonlocal rest
                    watch.select(left)
                    *lines, rest = (rest + (tap.stdout.read() or b"")).split(b"\n")
                    spans = map(json.loads, filter(lambda line: line.startswith(b"{"), lines))
                    return [(span["traceId"], span["name"], span) for span in spans]

                return gathered(receive, STEPS)
        finally:
            tap.terminate()


def segments():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        address = f"127.0.0.1:{daemon.getsockname()[1]}"
        with album(TRACE_EXPORT="xray-udp", AWS_XRAY_DAEMON_ADDRESS=address) as (app, environment):
            upload(environment)

            def receive(left):
                daemon.settimeout(left)
                _, document = daemon.recvfrom(1 << 16)[0].decode().split("\n", 1)
                segment = json.loads(document)
                return [(segment["trace_id"], segment["name"], document)]

            traces = gathered(receive, SERVICES)
            with urllib.request.urlopen(f"{app}/healthz") as answer:
                return traces, answer.headers["x-amzn-trace-id"]


def read_back(traces):
    """The names of each trace's segments, by X-Ray's own calls."""
    environment = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_DEFAULT_REGION": "us-east-1"}
    os.environ.update(environment)
    with mock_aws():
        xray = boto3.client("xray")
        for parts in traces.values():
            documents = [document for _, document in parts]
            for first in range(0, len(documents), 50):
                put = xray.put_trace_segments(TraceSegmentDocuments=documents[first : first + 50])
                assert put["UnprocessedTraceSegments"] == [], put
        found = xray.batch_get_traces(TraceIds=list(traces))["Traces"]
    return {trace["Id"]: {json.loads(one["Document"])["name"] for one in trace["Segments"]} for trace in found}


def main():
    taken = otlp()
    assert len(taken) == PHOTOS, taken.keys()
    print(f"ok: oteltap took {sum(map(len, taken.values()))} spans of {PHOTOS} photos")
    documents, header = segments()
    found = read_back(documents)
    assert found.keys() == documents.keys()
    assert all(names >= SERVICES for names in found.values()), found
    print(f"ok: moto's BatchGetTraces gives {sum(map(len, documents.values()))} segments in {len(found)} traces")
    parsed = TraceHeader.from_header_str(header)
    assert re.fullmatch(r"1-[0-9a-f]{8}-[0-9a-f]{24}", parsed.root) and parsed.sampled in (0, 1), header
    print(f"ok: the X-Ray SDK reads {parsed.to_header_str()}")


main()
