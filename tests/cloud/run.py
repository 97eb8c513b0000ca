"""Applies `infra/` to a second engine, sends photos through it, breaks it, mends it, and destroys it."""

import statistics
import sys
import tempfile
import time

import album
import counts
import faults
import operate
import photos
import policies
import renditions
import roles
import suites
import watched
from engine import Engine
from front import Front
from stack import Stack
from tap import Tap


def phase(name, work):
    """Runs one phase and prints its seconds."""
    start = time.monotonic()
    found = work()
    print(f"cloud {name}: {time.monotonic() - start:.0f} s", flush=True)
    return found


def main():
    with tempfile.TemporaryDirectory(prefix="cloudalbum-cloud-") as folder:
        engine, front = Engine(folder), Front()
        tap = Tap(engine)
        try:
            # TLS ends at the front, as it does at CloudFront.
            drive(engine, front, tap, Stack(engine, folder, front.url.replace("http:", "https:"), tap.url))
        except BaseException:
            told = engine.log.read_text()
            errors = [line for line in told.splitlines() if '"level":"ERROR"' in line]
            print(*errors[-20:], told[-6000:], sep="\n", file=sys.stderr)
            raise
        finally:
            front.stop()
            tap.stop()
            engine.stop()


def drive(engine, front, tap, stack):
    made = phase("apply", stack.apply)
    outputs = stack.outputs()
    front.lead_to(engine, outputs["api_endpoint"])

    ann = phase("sign-up", lambda: album.Person(engine, outputs, front.url, "ann@example.com"))
    me, session = phase("sign-in by browser", lambda: album.sign_in_by_browser(engine, front.url, ann.email))
    assert me["email"] == ann.email, me
    refused_without_a_token(front)

    found = photos.real(20)
    sent = found or [photos.drawn(seed) for seed in range(20)]
    seconds, calls = phase("photos", lambda: tap.during(lambda: ann.follow(ann.send(sent))))
    check_an_answer(ann)
    opened = phase("renditions by cookie", lambda: renditions_by_cookie(engine, outputs, front.url, session))
    took = phase("counts", lambda: counts.check(engine, outputs, calls, len(sent)))
    phase("partial failure and dead letter", lambda: faults.partial_failure(engine, outputs, ann))
    phase("outage and redrive", lambda: faults.outage_and_redrive(engine, outputs, ann))
    phase("reconciler", lambda: faults.reconcile(engine, outputs))
    phase("figures of CloudWatch", lambda: watched.check(engine, outputs, ann))
    phase("operators", lambda: operators(engine, outputs, ann, front.url))
    allowed, denied = phase("roles", lambda: roles.check(engine, outputs))
    phase("policies", lambda: policies.check_roles(engine, outputs))
    black_box = phase("black-box tests", lambda: suites.black_box(engine, outputs, front.url))
    contract = phase("contract tests", lambda: suites.contract(engine))
    removed = phase("destroy", stack.destroy)
    assert removed == made, f"{made} made, {removed} destroyed"

    print(f"figure cloud.resources {made} count")
    print(f"figure cloud.photos {len(sent)} count ({'real' if found else 'drawn'})")
    print(f"figure cloud.put_to_ready_p50 {statistics.median(seconds.values()):.2f} s")
    print(f"figure cloud.put_to_ready_max {max(seconds.values()):.2f} s")
    print(f"figure cloud.renditions_by_cookie {opened} count")
    for name, value in took.items():
        print(f"figure cloud.{name}_per_photo {value:.1f} {'bytes' if name.endswith('_bytes') else 'count'}")
    print(f"figure cloud.black_box_tests {black_box} count")
    print(f"figure cloud.contract_tests {contract} count")
    print(f"figure cloud.calls_allowed {allowed} count")
    print(f"figure cloud.calls_denied {denied} count")


def renditions_by_cookie(engine, outputs, url, session):
    eve = album.Person(engine, outputs, url, "eve@example.com")
    _, stranger = album.sign_in_by_browser(engine, url, eve.email)
    return renditions.check(engine, outputs, url, session, stranger)


def operators(engine, outputs, person, url):
    """Each order that an operator gives, by the API's own role."""
    operate.stranger(engine, outputs, url)
    operate.promote(engine, outputs, person)
    operate.look(person)
    operate.pause_and_resume(engine, outputs, person)
    operate.reconcile(person)
    operate.redrive(person)


def refused_without_a_token(front):
    for headers in ({}, {"authorization": "Bearer garbage"}):
        status, _, _ = album.ask(f"{front.url}/v1/photos", headers=headers)
        assert status == 401, status


def check_an_answer(ann):
    """Thumbnails open by their URLs, another's photo does not, and a bound URL takes nothing else."""
    page = ann.api("/v1/photos?limit=1")["photos"]
    for rendition in page[0]["renditions"]:
        status, headers, content = album.ask(rendition["url"])
        assert status == 200 and content and headers["content-type"].startswith("image/"), rendition
        assert album.ask(rendition["url"].replace("X-Amz-Signature=", "X-Amz-Signature=0"))[0] == 403
    name, kind, content = photos.drawn(300)
    entry = {"filename": name, "content_type": kind, "size": len(content), "sha256": album.digest(content)}
    upload = ann.api("/v1/uploads", "POST", {"photos": [entry]})["photos"][0]["upload"]
    for body, headers in [
        (content + b"longer", upload["headers"]),
        (content, {**upload["headers"], "content-type": "text/html"}),
    ]:
        status, _, _ = album.ask(upload["url"], "PUT", body, headers)
        assert status in (400, 403), f"a bound URL took something else: {status}"


if __name__ == "__main__":
    main()
