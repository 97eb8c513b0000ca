"""The suites that our own engine passes, run against the stack."""

import os
import pathlib
import re
import subprocess

import album

ROOT = pathlib.Path(__file__).parents[2]
# What a client sees by HTTP alone. Left out: a restart, and tokens that only our own pool signs.
BLACK_BOX = ["pipeline::", "map::", "multipart::", "refusals::"]
OURS = ["photos_and_accounts_outlive_a_restart", "only_an_access_token_of_our_own_clients_is_taken"]
# More accounts than those tests have people.
PEOPLE = 20


def black_box(engine, outputs, url):
    """Runs the tests of the album as a client knows it; returns how many."""
    people = [album.Person(engine, outputs, url, f"person-{number}@example.com") for number in range(PEOPLE)]
    told = {"ALBUM_SERVER": url, "ALBUM_TOKENS": ",".join(person.token for person in people)}
    skipped = [word for name in OURS for word in ("--skip", name)]
    suite = ["cargo", "test", "--workspace", "--locked", "--test", "it", "--", "--test-threads", "2", *BLACK_BOX, *skipped]
    return passed(suite, told)


def contract(engine):
    """Runs the contract tests of S3, SQS and DynamoDB in the account of the stack; returns how many."""
    return passed(["scripts/contract"], {"CONTRACT_ENDPOINT": engine.url})


def passed(command, told):
    ran = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **told}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout[-6000:]
    counts = [int(count) for count in re.findall(r"(\d+) passed", ran.stdout)]
    assert sum(counts) > 0, ran.stdout[-2000:]
    return sum(counts)
