# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which images of an archive a node doesn't have: by name and by what they are."""

from __future__ import annotations

import json

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work.images import missing_images

A, B = "a" * 64, "b" * 64


def missing(archive: list[tuple[str, list[str] | None]], there: list[tuple[str, list[str]]]) -> list[str]:
    manifest = json.dumps([{"Config": config, "RepoTags": tags, "Layers": []} for config, tags in archive])
    images = [{"id": f"sha256:{digest}", "repoTags": tags, "repoDigests": []} for digest, tags in there]
    return missing_images(manifest, json.dumps({"images": images}))


@pytest.mark.parametrize(
    ("archive", "there", "expected"),
    [
        ([(f"{A}.json", ["quay.io/shop:1"])], [(A, ["quay.io/shop:1"])], []),
        ([(f"{A}.json", ["quay.io/shop:1"])], [], ["quay.io/shop:1"]),
        # the same name is another image there
        ([(f"{A}.json", ["quay.io/shop:1"])], [(B, ["quay.io/shop:1"])], ["quay.io/shop:1"]),
        # the same image has another name there
        ([(f"{A}.json", ["quay.io/shop:1"])], [(A, ["quay.io/shop:2"])], ["quay.io/shop:1"]),
        ([(f"{A}.json", ["quay.io/shop:1"])], [(A, [])], ["quay.io/shop:1"]),
        # an archive in OCI's layout
        ([(f"blobs/sha256/{A}", ["quay.io/shop:1"])], [(A, ["quay.io/shop:1"])], []),
        # several names of one image, several images of one archive, in order
        ([(f"{A}.json", ["q.io/z:1", "q.io/a:1"])], [(A, ["q.io/x:1", "q.io/a:1"])], ["q.io/z:1"]),
        ([(f"{A}.json", ["q.io/z:1"]), (f"{B}.json", ["q.io/a:1"])], [], ["q.io/a:1", "q.io/z:1"]),
        # images without a name can't be used, so they aren't missed
        ([(f"{A}.json", None), (f"{B}.json", [])], [], []),
        ([], [(A, ["quay.io/shop:1"])], []),
    ],
)
def test_what_is_missing(archive, there, expected):
    assert missing(archive, there) == expected


@pytest.mark.parametrize(
    ("written", "full"),
    [
        ("shop:1", "docker.io/library/shop:1"),
        ("me/shop:1", "docker.io/me/shop:1"),
        ("docker.io/me/shop:1", "docker.io/me/shop:1"),
        ("quay.io/shop:1", "quay.io/shop:1"),
        ("localhost/shop:1", "localhost/shop:1"),
        ("mirror:5000/shop:1", "mirror:5000/shop:1"),
        ("mirror:5000/a/b/shop:1", "mirror:5000/a/b/shop:1"),
    ],
)
def test_names_as_containerd_has_them(written, full):
    assert missing([(f"{A}.json", [written])], []) == [full]
    assert missing([(f"{A}.json", [written])], [(A, [full])]) == []
