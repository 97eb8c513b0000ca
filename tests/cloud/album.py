"""A person with an account: signs up, uploads through presigned URLs, follows the photos."""

import hashlib
import http.client
import json
import re
import time
import urllib.parse

from wait import until

PASSWORD = "Passw0rd-x1"


def ask(url, method="GET", body=None, headers=None):
    """One request, in plain HTTP; returns status, headers and bytes, and follows nothing."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, answer.headers, content


def digest(content):
    return hashlib.sha256(content).hexdigest()


class Person:
    """Signed up by Cognito's own calls, as the command line does."""

    def __init__(self, engine, outputs, url, email):
        self.url, self.email = url, email
        self.cognito, self.client = engine.client("cognito-idp"), outputs["user_pool"]["cli"]
        cognito, pool = self.cognito, outputs["user_pool"]
        cognito.sign_up(
            ClientId=pool["cli"], Username=email, Password=PASSWORD, UserAttributes=[{"Name": "email", "Value": email}]
        )
        cognito.admin_confirm_sign_up(UserPoolId=pool["id"], Username=email)
        self.sign_in()

    def sign_in(self):
        """Gets a token that names the groups of this moment."""
        signed_in = self.cognito.initiate_auth(
            ClientId=self.client,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": self.email, "PASSWORD": PASSWORD},
        )
        self.token = signed_in["AuthenticationResult"]["AccessToken"]

    def api(self, path, method="GET", body=None):
        headers = {"authorization": f"Bearer {self.token}"}
        if body is not None:
            headers["content-type"] = "application/json"
        status, _, content = ask(f"{self.url}{path}", method, body and json.dumps(body), headers)
        assert status < 300, f"{method} {path}: {status} {content[:500]}"
        return json.loads(content) if content else None

    def send(self, photos):
        """Posts a manifest and sends what it asks for; returns when each PUT ended, by photo id."""
        entries = [
            {"filename": name, "content_type": kind, "size": len(content), "sha256": digest(content)}
            for name, kind, content in photos
        ]
        answers = self.api("/v1/uploads", "POST", {"photos": entries})["photos"]
        sent = {}
        for (name, _, content), answer in zip(photos, answers, strict=True):
            assert answer["status"] == "upload", f"{name}: {answer}"
            upload = answer["upload"]
            status, _, told = ask(upload["url"], upload["method"], content, upload["headers"])
            assert status == 200, f"PUT of {name}: {status} {told[:500]}"
            sent[answer["photo_id"]] = time.monotonic()
        return sent

    def follow(self, sent, status="ready"):
        """Waits until all that was sent has a status; returns the seconds from each PUT."""
        seconds = {}

        def finished():
            for photo in sent.keys() - seconds.keys():
                shown = self.api(f"/v1/photos/{photo}")
                if shown["status"] == status:
                    seconds[photo] = time.monotonic() - sent[photo]
                assert shown["status"] in (status, "pending", "processing"), f"{photo}: {shown}"
            return len(seconds) == len(sent)

        until(f"{len(sent)} photos {status}", finished)
        return seconds


def sign_in_by_browser(engine, url, email):
    """The way of a browser: login, the pool's page, callback with code, then a cookie; returns what it shows, and the cookie."""
    status, headers, _ = ask(f"{url}/auth/login")
    assert status == 303, status
    attempt = headers["set-cookie"].split(";")[0]
    page = headers["location"]
    status, _, form = ask(page)
    assert status == 200, f"the sign-in page: {status}"
    fields = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form.decode()))
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(page).query))
    action = re.search(r'<form[^>]*action="([^"]+)"', form.decode())
    target = urllib.parse.urljoin(page, action[1].replace("&amp;", "&")) if action else page
    body = urllib.parse.urlencode({**query, **fields, "username": email, "password": PASSWORD})
    status, headers, told = ask(target, "POST", body, {"content-type": "application/x-www-form-urlencoded"})
    assert status in (302, 303), f"the password: {status} {told[:300]}"
    status, headers, told = ask(headers["location"], headers={"cookie": attempt})
    assert status == 303, f"the callback: {status} {told[:500]}"
    session = next(cookie.split(";")[0] for cookie in headers.get_all("set-cookie") if "session" in cookie.lower())
    status, _, shown = ask(f"{url}/v1/me", headers={"cookie": session})
    assert status == 200, f"/v1/me with the cookie: {status} {shown[:300]}"
    return json.loads(shown), session
