"""Write CycloneDX SBOMs of each bundle and image: ``python -m infra.sbom [--out dist/sbom]``.

They list the locked requirements with their hashes. The same source tree gives the same bytes:
there is no timestamp, and the serial number is derived from the content.
"""

import argparse
import json
import re
import sys
import tomllib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from infra import manifest

ROOT = Path(__file__).parents[1]
_NAMESPACE = uuid.UUID("0d5b7c8e-6f4e-4b7a-9a55-0f4a4d0a7c11")
_PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)", re.IGNORECASE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_UNPINNED = re.compile(r"\btorch==[0-9.]+")
"""torch is not in a lock file: its build is an argument of the image's build."""

Json = dict[str, Any]


class Package(NamedTuple):
    """A locked requirement."""

    name: str
    version: str
    hashes: tuple[str, ...]
    """The SHA-256 of each of its installable files."""
    needed_by: tuple[str, ...]
    """The names of the packages that require it."""

    @property
    def purl(self) -> str:
        """The package URL."""
        return f"pkg:pypi/{self.name}@{self.version}"


def locked(text: str) -> list[Package]:
    """Parse the packages of a locked requirements file."""
    packages: list[Package] = []
    for line in text.splitlines():
        if pin := _PIN.match(line):
            packages.append(Package(_name(pin[1]), pin[2], (), ()))
        if packages:
            last = packages[-1]
            hashes = (*last.hashes, *_HASH.findall(line))
            via = re.fullmatch(r"\s+#\s+(?:via\s+)?([a-z0-9._-]+)", line, re.IGNORECASE)
            parents = (_name(via[1]),) if via and via[1] != "via" else ()
            packages[-1] = last._replace(hashes=hashes, needed_by=(*last.needed_by, *parents))
    return packages


def parts(root: Path = ROOT) -> dict[str, tuple[str, list[Package], list[str]]]:
    """Return the kind, the packages and the base images of each bundle and image, by name."""
    of_bundles = locked((root / "requirements.txt").read_text())
    artifacts: dict[str, tuple[str, list[Package], list[str]]] = {
        f"{name}.zip": ("application", of_bundles, []) for name in manifest.read().functions
    }
    for name, text in _dockerfiles(root).items():
        files = re.findall(r"^COPY (\S*requirements\.txt) ", text, re.MULTILINE)
        packages = [package for file in files for package in locked((root / file).read_text())]
        unpinned = [package for pin in _UNPINNED.findall(text) for package in locked(pin)]
        artifacts[f"{name}.image"] = ("container", packages + unpinned, list(_bases(text)))
    return artifacts


def _dockerfiles(root: Path) -> dict[str, str]:
    """Return the Dockerfile of each image; all workers are built from one."""
    of_workers = (root / "gpu_workers/Dockerfile").read_text()
    workers = sorted(path.parent.name for path in root.glob("gpu_workers/*/requirements.txt"))
    others = [*root.glob("functions/*/Dockerfile"), *root.glob("infra/images/*/Dockerfile")]
    return {name: of_workers.replace("${WORKER}", name) for name in workers} | {
        path.parent.name: path.read_text() for path in sorted(others)
    }


def document(name: str, kind: str, packages: list[Package], bases: list[str]) -> Json:
    """Return the CycloneDX document of one bundle or image."""
    parents = {parent for package in packages for parent in package.needed_by}
    needs = {
        parent: sorted(package.purl for package in packages if parent in package.needed_by)
        for parent in parents
    }
    components = [_library(package) for package in packages] + [_base(base) for base in bases]
    graph = [
        {"ref": package.purl, "dependsOn": needs.get(package.name, [])} for package in packages
    ]
    dependencies = {"components": components, "dependencies": graph}
    serial = uuid.uuid5(_NAMESPACE, name + json.dumps(dependencies, sort_keys=True))
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    component = {"type": kind, "bom-ref": name, "name": f"ourvidz/{name}", "version": version}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {"component": component},
        **dependencies,
    }


def _name(name: str) -> str:
    """Return a package name in PyPI's normalized form."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _library(package: Package) -> Json:
    document: Json = {
        "type": "library",
        "bom-ref": package.purl,
        "name": package.name,
        "version": package.version,
        "purl": package.purl,
    }
    hashes = [{"alg": "SHA-256", "content": digest} for digest in package.hashes]
    return {**document, "hashes": hashes} if hashes else document


def _base(image: str) -> Json:
    name, _, tag = image.rpartition(":")
    return {"type": "container", "bom-ref": image, "name": name or tag, "version": tag}


def _bases(dockerfile: str) -> Iterator[str]:
    """Yield the base images of a Dockerfile; build arguments have their defaults."""
    defaults = dict(re.findall(r"^ARG (\w+)=(\S+)", dockerfile, re.MULTILINE))
    for image in re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE):
        yield re.sub(r"\$\{(\w+)\}", lambda match: defaults.get(match[1], match[0]), image)


def main() -> int:
    """Write an SBOM for each bundle and image; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m infra.sbom", description=__doc__)
    parser.add_argument(
        "--out", type=Path, default=Path("dist/sbom"), help="the folder to write to"
    )
    folder: Path = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    for name, (kind, packages, bases) in parts().items():
        path = folder / f"{name}.cdx.json"
        path.write_text(json.dumps(document(name, kind, packages, bases), indent=2) + "\n")
        print(f"{path}  {len(packages)} packages")  # noqa: T201 - a command's output
    return 0


if __name__ == "__main__":
    sys.exit(main())
