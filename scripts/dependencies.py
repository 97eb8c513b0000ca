"""Checks what the workspace depends on: licences, sources, single versions, and nothing unused.

`cargo metadata` names every package with its SPDX licence expression, `cargo tree` those that are built.
The command ends with 1 and one line for each thing that is not let in.
"""

import json
import pathlib
import re
import subprocess
import sys

from license_expression import AND, OR, LicenseWithExceptionSymbol, get_spdx_licensing

LICENCES = {
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
}
# The borders of time zones are data of OpenStreetMap, named in NOTICE.
EXCEPTIONS = {"tzf-dist": {"ODbL-1.0"}}
REGISTRY = "registry+https://github.com/rust-lang/crates.io-index"
# Two versions would keep two global tracers, and spans would get lost between them.
SINGLE = {"opentelemetry", "opentelemetry_sdk", "rustls", "aws-smithy-types"}
# Two providers of TLS are twice the code to build and to trust.
BANNED = {"ring", "openssl-sys", "native-tls"}

# Named for the features that it turns on in a dependency of ours.
FOR_FEATURES = {"opentelemetry-http"}


def permitted(expression, allowed):
    """Whether the SPDX expression can be satisfied with the allowed licences alone."""
    if isinstance(expression, OR):
        return any(permitted(part, allowed) for part in expression.args)
    if isinstance(expression, AND):
        return all(permitted(part, allowed) for part in expression.args)
    if isinstance(expression, LicenseWithExceptionSymbol):
        return str(expression) in allowed
    return expression.key in allowed


def findings(metadata, built):
    spdx = get_spdx_licensing()
    versions = {}
    libraries = {package["name"]: library(package) for package in metadata["packages"]}
    for package in metadata["packages"]:
        name = package["name"]
        if name not in built:
            continue
        versions.setdefault(name, set()).add(package["version"])
        if package["source"] not in (None, REGISTRY):
            yield f"{name}: comes from {package['source']}, not from crates.io"
        licence = (package["license"] or "none").replace("/", " OR ")
        if not permitted(spdx.parse(licence), LICENCES | EXCEPTIONS.get(name, set())):
            yield f"{name}: its licence {licence} is not permitted"
        if package["source"] is None:
            yield from unused(package, libraries)
    for name in SINGLE & versions.keys():
        if len(versions[name]) > 1:
            yield f"{name}: {len(versions[name])} versions ({', '.join(sorted(versions[name]))})"
    for name in BANNED & built:
        yield f"{name}: is banned"


def library(package):
    """The name by which code calls the package, which is not always the package's."""
    kinds = {"lib", "rlib", "proc-macro"}
    names = [target["name"] for target in package["targets"] if kinds & set(target["kind"])]
    return (names or [package["name"]])[0].replace("-", "_")


def unused(package, libraries):
    """The dependencies that no source file of a workspace member names."""
    folder = pathlib.Path(package["manifest_path"]).parent
    code = "\n".join(path.read_text() for path in folder.rglob("*.rs") if "target" not in path.parts)
    for dependency in package["dependencies"]:
        if dependency["name"] in FOR_FEATURES:
            continue
        word = dependency["rename"] or libraries[dependency["name"]]
        if not re.search(rf"\b{word}\b", code):
            yield f"{package['name']}: does not use {dependency['name']}"


def cargo(*arguments):
    return subprocess.check_output(["cargo", *arguments, "--locked"], text=True)


tree = cargo("tree", "--workspace", "--prefix", "none", "--format", "{p}")
built = {line.split(" ")[0] for line in tree.splitlines() if line}
metadata = json.loads(cargo("metadata", "--format-version", "1"))
found = sorted(set(findings(metadata, built)))
print(*found, f"{len(built)} packages checked", sep="\n")
sys.exit(bool(found))
