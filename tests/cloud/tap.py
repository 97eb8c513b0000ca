"""Stands between the functions and the engine: passes each call on as it is, and keeps it for counting."""

import http.client
import http.server
import re
import threading

import units

# What is for one connection alone.
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "expect"}
SERVICE = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/")
READS = {"GetItem", "Query", "BatchGetItem", "Scan"}


class Tap:
    def __init__(self, engine):
        self.calls = []
        tap = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self):
                tap.pass_on(self, engine.port)

            do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = pass_on

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def pass_on(self, request, port):
        body = read(request)
        service = SERVICE.search(request.headers.get("authorization", ""))
        action = request.headers.get("x-amz-target", "").split(".")[-1] or request.command
        self.calls.append((service[1] if service else None, action, body))
        onward = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        onward.putrequest(request.command, request.path, skip_host=True, skip_accept_encoding=True)
        for name, value in request.headers.items():
            if name.lower() not in HOP_BY_HOP:
                onward.putheader(name, value)
        onward.putheader("content-length", str(len(body)))
        onward.endheaders(body)
        answer = onward.getresponse()
        content = answer.read()
        request.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP:
                request.send_header(name, value)
        length = answer.getheader("content-length") if request.command == "HEAD" else None
        request.send_header("content-length", length or str(len(content)))
        request.end_headers()
        request.wfile.write(content)
        onward.close()

    def stop(self):
        self.server.shutdown()

    def during(self, work):
        """Does the work; returns what it returned, and the calls of meanwhile."""
        begin = len(self.calls)
        found = work()
        return found, self.calls[begin:]


def read(request):
    """A body by its length, or in chunks."""
    if request.headers.get("transfer-encoding", "").lower() != "chunked":
        return request.rfile.read(int(request.headers.get("content-length") or 0))
    body = b""
    while size := int(request.rfile.readline().split(b";")[0], 16):
        body += request.rfile.read(size)
        request.rfile.readline()
    request.rfile.readline()
    return body


def tally(calls):
    """How often S3, SQS and DynamoDB were asked, and the units of DynamoDB's writes."""
    s3 = [action for service, action, _ in calls if service == "s3"]
    dynamodb = [(action, body) for service, action, body in calls if service == "dynamodb"]
    writes = [body for action, body in dynamodb if action not in READS]
    sent = sum(action in ("PUT", "POST") for action in s3)
    return {
        "s3_reads": len(s3) - sent,
        "s3_writes": sent,
        "sqs_calls": sum(service == "sqs" for service, _, _ in calls),
        "dynamodb_reads": len(dynamodb) - len(writes),
        "dynamodb_writes": len(writes),
        "write_units": units.taken(writes),
    }
