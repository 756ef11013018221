# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""addons.py VERSION: brings CoreDNS and kube-proxy to a release by kubeadm, and puts back what people changed of them.

kubeadm keeps their configurations and CoreDNS' replicas, and writes the rest of the objects anew. Who set a field, the
API server says itself (managedFields). This runs on a master, with nothing but Python's standard library; it can be
killed and run again.
"""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

KUBECTL = ["/usr/local/bin/kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf", "--namespace", "kube-system"]
KUBEADM = ["/usr/local/bin/kubeadm", "upgrade", "apply", "phase", "addon", "all"]
FOLDER = Path("/etc/csk/kubeadm")
OBJECTS = ("deployment/coredns", "daemonset/kube-proxy")
NOBODY = ("kubeadm", "kube-controller-manager")  # who set what no person did
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Two trees of fields as one."""
    return one | {name: joined(one.get(name, {}), fields) for name, fields in other.items()}


def part(value: Any, fields: dict[str, Any]) -> Any:
    """The part of a value that a tree of fields names, in the API's form: f:NAME, k:{KEYS OF AN ITEM}, v:ITEM."""
    named = {name: below for name, below in fields.items() if name != "."}
    if not named:
        return value
    if isinstance(value, dict):
        return {name[2:]: part(value[name[2:]], below) for name, below in named.items() if name[2:] in value}
    found = []
    for name, below in named.items():
        wanted = json.loads(name[2:])
        if name.startswith("v:"):
            found.append(wanted)
        else:
            items = [item for item in value if all(item.get(key) == it for key, it in wanted.items())]
            found += [wanted | part(item, below) for item in items]
    return found


def by_hand(thing: dict[str, Any]) -> dict[str, Any]:
    """What people set of an object, but for its images, which are the release's."""
    fields: dict[str, Any] = {}
    for entry in thing["metadata"].get("managedFields", []):
        if entry["manager"] not in NOBODY and not entry.get("subresource"):
            fields = joined(fields, entry["fieldsV1"])
    metadata = fields.get("f:metadata", {})
    metadata = {name: metadata[name] for name in ("f:annotations", "f:labels") if name in metadata}
    metadata.get("f:annotations", {}).pop(f"f:{LAST_APPLIED}", None)
    spec = {name: below for name, below in fields.get("f:spec", {}).items() if name != "f:replicas"}
    wanted = {"f:metadata": metadata, "f:spec": spec}
    found = part(thing, {name: below for name, below in wanted.items() if any(below.values())})
    for container in found.get("spec", {}).get("template", {}).get("spec", {}).get("containers", []):
        container.pop("image", None)
    return found if any(wanted.values()) else {}


def main() -> None:
    """Do it."""
    with open("/run/lock/csk-kubeadm", "w") as lock:  # a killed run's may still be at work
        fcntl.flock(lock, fcntl.LOCK_EX)
        for thing in OBJECTS:
            kept = FOLDER / f"{thing.replace('/', '-')}.json"
            if not kept.exists():
                command = [*KUBECTL, "get", thing, "--output", "json", "--show-managed-fields", "--ignore-not-found"]
                text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                new = kept.with_suffix(".new")
                new.write_text(json.dumps(by_hand(json.loads(text)) if text else {}))
                new.rename(kept)
        subprocess.run([*KUBEADM, f"v{sys.argv[1]}", "--patches", str(FOLDER / "patches")], check=True)
        for thing in OBJECTS:
            kept = FOLDER / f"{thing.replace('/', '-')}.json"
            if json.loads(kept.read_text()):
                subprocess.run([*KUBECTL, "patch", thing, "--type", "strategic", "--patch-file", kept], check=True)
            kept.unlink()


if __name__ == "__main__":
    main()
