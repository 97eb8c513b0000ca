"""Whether faults made by a tool that is not ours change what comes of photos: outside_faults.py BINARIES

Every call of the API and the workers to DynamoDB, SQS and S3 goes through
microburst. It throttles, refuses, delays and cuts short those of the first
two; those of S3 it delays and breaks off as bytes, since its proxy of HTTP
drops the content length that S3 asks for. The same photos go through a calm
album, too, and both must end alike.
"""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter

BINARIES = sys.argv[1]
MICROBURST = os.path.join(os.path.dirname(sys.executable), "microburst")
PHOTOS = 60
LIMIT = 60
OPERATOR = "ann@example.com"
CALLS = [
    {"service": "dynamodb", "probability": 0.15, "error": {"code": "ProvisionedThroughputExceededException"}},
    {"service": "dynamodb", "probability": 0.02, "error": {"code": "InternalServerError", "status": 500}},
    {"service": "dynamodb", "probability": 0.02, "response": {"abort_frac": 0.3}},
    {"service": "sqs", "probability": 0.1, "error": {"code": "ServiceUnavailable", "status": 503}},
    {"service": "*", "probability": 0.02, "reset": True},
    {"service": "*", "probability": 0.1, "latency": {"min": 20, "max": 300}},
]
# A connection carries many calls until it is broken off.
BYTES = [
    {"service": "tcp", "operation": "conn", "probability": 0.2, "reset": True},
    {"service": "tcp", "operation": "conn", "probability": 0.5, "cut_upload": {"after_bytes": 400_000}},
    {"service": "tcp", "operation": "conn", "probability": 0.9, "cut_reply": {"after_bytes": 700_000}},
]


def call(url, body=None):
    headers = {"Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, None if body is None else json.dumps(body).encode(), headers)) as answer:
        return json.load(answer)


def free_ports(count):
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@contextlib.contextmanager
def album(folder, app, port, **settings):
    """A running album at `app` whose engines listen at `port`; the environment of its command line."""
    own = {"CLOUDALBUM_DATA": f"{folder}/data", "XDG_CONFIG_HOME": f"{folder}/config", "NO_COLOR": "1"}
    addresses = {"CLOUDALBUM_ADDR": f"127.0.0.1:{app}", "CLOUDALBUM_AWS_ADDR": f"127.0.0.1:{port}"}
    with subprocess.Popen(
        [f"{BINARIES}/cloudalbum-local"], env=os.environ | own | addresses | settings, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            while not (said := re.search(r"the album is at (http://\S+)/", line := process.stderr.readline())):
                assert line, "the album did not start"
            # A process whose standard error nobody reads would stop at a full pipe.
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield os.environ | own | addresses | {"CLOUDALBUM_SERVER": said[1]}
        finally:
            process.terminate()
            process.wait()


@contextlib.contextmanager
def microburst(keys, upstream, protocol):
    """A proxy to `upstream`: where it takes calls, and orders."""
    port, control = free_ports(2)
    signing = {"AWS_ACCESS_KEY_ID": keys["access_key"], "AWS_SECRET_ACCESS_KEY": keys["secret_key"]}
    command = [MICROBURST, "--protocol", protocol, "--port", str(port), "--upstream"]
    if protocol == "http":
        command, control = [*command, f"http://127.0.0.1:{upstream}", "--resign"], port
    else:
        command = [*command, f"127.0.0.1:{upstream}", "--control-port", str(control)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    deadline = time.monotonic() + LIMIT
    with subprocess.Popen(command, env=os.environ | signing, **quiet) as process:
        try:
            control = f"http://127.0.0.1:{control}/_microburst"
            while True:
                with contextlib.suppress(OSError):
                    call(f"{control}/health")
                    break
                assert process.poll() is None and time.monotonic() < deadline, "microburst did not start"
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}", control
        finally:
            process.terminate()
            process.wait()


def run(environment, *command, stdin=None):
    done = subprocess.run([f"{BINARIES}/cloudalbum", *command], env=environment, input=stdin, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def upload(environment, photos):
    """Uploads all photos and waits until they are final; their ids."""
    receipt = json.loads(run(environment, "upload", photos, "--json"))
    assert receipt["sums"]["stored"] == PHOTOS, receipt["sums"]
    return [file["photo_id"] for file in receipt["files"]]


def outcome(environment, ids):
    """What the album shows of each photo, by file name."""
    shown = {}
    for photo_id in ids:
        photo = json.loads(run(environment, "show", photo_id, "--json"))
        made = sorted((one["width"], one["height"]) for one in photo["renditions"])
        facts = ("status", "failures", "tags", "width", "height", "taken_at", "location", "place")
        shown[photo["filename"]] = {name: photo[name] for name in facts} | {"renditions": made}
    return shown


def reconcile(environment):
    """What two reconciliations, one after the other, say."""
    run(environment, "operators", "add", OPERATOR)
    run(environment, "login", "--email", OPERATOR, "--password-stdin", stdin="Passw0rd-x1\n")
    return [run(environment, "reconcile") for _ in range(2)]


def sign_up(environment):
    account = ["--email", OPERATOR, "--name", "Ann", "--password-stdin"]
    run(environment, "signup", *account, stdin="Passw0rd-x1\n")


def disturbed(folder, photos):
    """The outcome with faults, and how many fired."""
    app, engines = free_ports(2)
    # The first start makes the keys that the proxy signs with.
    with album(folder, app, engines) as environment:
        sign_up(environment)
    with open(f"{folder}/data/credentials.json") as file:
        keys = json.load(file)
    with microburst(keys, engines, "http") as (calls, of_calls), microburst(keys, engines, "tcp") as (s3, of_bytes):
        endpoints = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{engines}", "AWS_ENDPOINT_URL_S3": s3}
        endpoints |= {"AWS_ENDPOINT_URL_DYNAMODB": calls, "AWS_ENDPOINT_URL_SQS": calls}
        with album(folder, app, engines, LOCAL_ENDPOINTS="environment", **endpoints) as environment:
            call(f"{of_calls}/rules", CALLS)
            call(f"{of_bytes}/rules", BYTES)
            ids = upload(environment, photos)
            fired = [call(f"{control}/fired?limit=100000") for control in (of_calls, of_bytes)]
            call(f"{of_calls}/rules", [])
            call(f"{of_bytes}/rules", [])
            shown, mended = outcome(environment, ids), reconcile(environment)
    return shown, mended, [Counter(one["service"] for one in some) for some in fired]


def main():
    with tempfile.TemporaryDirectory() as folder:
        photos = f"{folder}/photos"
        subprocess.run([f"{BINARIES}/cloudalbum-photos", "--count", str(PHOTOS), photos], check=True)
        with album(f"{folder}/calm", *free_ports(2)) as environment:
            sign_up(environment)
            calm = outcome(environment, upload(environment, photos))
        shown, mended, fired = disturbed(f"{folder}/disturbed", photos)
    assert shown.keys() == calm.keys()
    for name, facts in calm.items():
        assert shown[name] == facts, (name, facts, shown[name])
    assert all(counts.total() > 3 for counts in fired), fired
    kinds = Counter(facts["status"] for facts in shown.values())
    print(f"ok: {dict(kinds)} with faults {[dict(counts) for counts in fired]}, as without")
    print("ok: two reconciliations say", [said.strip() for said in mended])


main()
