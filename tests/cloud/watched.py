"""The board's figures of CloudWatch: put as the workers' embedded metrics would be, and read by the API's own role."""

import datetime

import operate

# Two attempts of a stage in one minute, one of them tried again: seconds that they took, and that their messages waited.
TOOK, WAITED = 2.0, 0.5


def check(engine, outputs, person):
    """The figures of the last whole minutes are on the board, by stage, and another album's are not."""
    operate.promote(engine, outputs, person)
    put(engine, f"CloudAlbum/{outputs['name']}", TOOK)
    put(engine, "CloudAlbum/another", 9 * TOOK)
    stages = {stage["stage"]: stage for stage in person.api("/v1/ops/summary")["stages"]}
    seen = stages["thumbnails"]["watched"]
    assert (seen["attempts"], seen["retries"]) == (2, 1), seen
    assert (seen["p50_ms"], seen["p95_ms"], seen["wait_p95_ms"]) == (TOOK * 1000, TOOK * 1000, WAITED * 1000), seen
    assert stages["metadata"]["watched"]["attempts"] == 0, stages["metadata"]


def put(engine, namespace, took):
    """What CloudWatch makes of two lines of embedded metrics, a minute ago."""
    at = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=1)
    stage = [{"Name": "stage", "Value": "thumbnails"}]
    retry = [*stage, {"Name": "outcome", "Value": "retry"}]
    values = [
        ("cloudalbum_attempts_total", stage, 1.0, 2),
        ("cloudalbum_attempts_total", retry, 1.0, 1),
        ("cloudalbum_attempt_duration_seconds", stage, took, 2),
        ("cloudalbum_attempt_wait_seconds", stage, WAITED, 2),
    ]
    data = [
        {"MetricName": name, "Dimensions": dimensions, "Timestamp": at, "Value": value}
        for name, dimensions, value, times in values
        for _ in range(times)
    ]
    engine.client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=data)
