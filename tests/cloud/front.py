"""Stands where CloudFront stands: one origin that passes requests on to the HTTP API."""

import http.client
import http.server
import threading

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "host", "content-length"}


class Front:
    def __init__(self):
        self.engine = self.api_host = None
        front = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self):
                front.pass_on(self)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = pass_on

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def lead_to(self, engine, api_endpoint):
        """From now on requests go to the API that the engine serves under that name."""
        self.engine = engine
        self.api_host = api_endpoint.split("//")[1]

    def pass_on(self, request):
        length = int(request.headers.get("content-length") or 0)
        body = request.rfile.read(length) if length else None
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP}
        onward = http.client.HTTPConnection("127.0.0.1", self.engine.port, timeout=60)
        onward.request(request.command, request.path, body, {**headers, "host": self.api_host})
        answer = onward.getresponse()
        content = answer.read()
        request.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP:
                request.send_header(name, value)
        request.send_header("content-length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)
        onward.close()

    def stop(self):
        self.server.shutdown()
