"""What operators do, by the service's own calls with its own role: look, pause, go on, reconcile, try again."""

import photos
from album import Person, ask
from faults import depth
from wait import until


def promote(engine, outputs, person):
    """Makes a person an operator, who signs in again."""
    cognito, pool = engine.client("cognito-idp"), outputs["user_pool"]
    cognito.admin_add_user_to_group(UserPoolId=pool["id"], GroupName="operators", Username=person.email)
    person.sign_in()


def look(person):
    """Every page of the board answers."""
    summary = person.api("/v1/ops/summary")
    assert summary["photos"]["ledger"] > 0, summary
    for path in ("photos", "failures", "dlq", "stages", "audit"):
        person.api(f"/v1/ops/{path}")


def pause_and_resume(engine, outputs, person):
    """A pause switches the mapping off, messages wait, and a resume has them worked on."""
    functions, sqs = engine.client("lambda"), engine.client("sqs")
    mapping, queue = outputs["mappings"]["metadata"], outputs["queues"]["metadata"]["url"]

    def state():
        return functions.get_event_source_mapping(UUID=mapping)["State"]

    stages = person.api("/v1/ops/stages/metadata/pause", "POST", {})["stages"]
    assert [stage["paused"] for stage in stages if stage["stage"] == "metadata"] == [True], stages
    until("the mapping is off", lambda: state() == "Disabled")
    sent = person.send([photos.drawn(401)])
    until("its message waits", lambda: depth(sqs, queue) == 1)
    shown = {person.api(f"/v1/photos/{photo}")["status"] for photo in sent}
    assert shown <= {"pending", "processing"}, shown
    person.api("/v1/ops/stages/metadata/resume", "POST", {})
    until("the mapping is on", lambda: state() == "Enabled")
    person.follow(sent)


def reconcile(person):
    """The API has the reconciler's function run, which has the rights for it."""
    for dry_run in (True, False):
        report = person.api("/v1/ops/reconcile", "POST", {"dry_run": dry_run})
        assert report["dry_run"] == dry_run and report["errors"] == 0, report


def redrive(person):
    """A photo that is none fails, and an operator's redrive has it tried again."""
    name, _, content = photos.drawn(402)
    sent = person.send([(name, "image/png", content[:200] + b"cut off")])
    person.follow(sent, "failed")
    done = person.api("/v1/ops/redrive", "POST", {"all": True})
    assert done["redriven"] == 1, done
    person.follow(sent, "failed")
    audit = person.api("/v1/ops/audit")["entries"]
    assert [entry["action"] for entry in audit] == ["redrive", "reconcile", "reconcile", "resume", "pause"], audit


def stranger(engine, outputs, url):
    """Who is no operator is refused."""
    bob = Person(engine, outputs, url, "bob@example.com")
    for path in ("summary", "photos", "failures", "dlq", "stages", "audit"):
        status, _, _ = ask(f"{url}/v1/ops/{path}", headers={"authorization": f"Bearer {bob.token}"})
        assert status == 403, f"{path}: {status}"
