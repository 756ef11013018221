# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upstream's layout, and its checksum files."""

from __future__ import annotations

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.artifacts.published import Places, checksum, downloads
from ansible_collections.csk.kubernetes.plugins.plugin_utils.artifacts.release import Component

PLACES = Places("https://k", "https://c", "https://r", "https://n", "https://t")
DIGEST = "0123456789abcdef" * 4
URLS = [
    ("kubernetes", "1.36.3", "https://k/release/v1.36.3/bin/linux/amd64/kubeadm", ".sha256", "bin/kubeadm"),
    (
        "containerd",
        "2.3.7",
        "https://c/releases/download/v2.3.7/containerd-static-2.3.7-linux-amd64.tar.gz",
        ".sha256sum",
        "bin/containerd",
    ),
    (
        "cni-plugins",
        "1.9.1",
        "https://n/releases/download/v1.9.1/cni-plugins-linux-amd64-v1.9.1.tgz",
        ".sha256",
        "cni/bridge",
    ),
    (
        "crictl",
        "1.37.0",
        "https://t/releases/download/v1.37.0/crictl-v1.37.0-linux-amd64.tar.gz",
        ".sha256",
        "bin/crictl",
    ),
]


@pytest.mark.parametrize(("name", "version", "url", "ending", "path"), URLS)
def test_urls(name: str, version: str, url: str, ending: str, path: str) -> None:
    found = downloads(Component(name, version, ""), PLACES)[0]
    assert (found.url, found.checksums) == (url, url + ending)
    assert path in found.members.values()


def test_runc_has_one_list_of_checksums() -> None:
    found = downloads(Component("runc", "1.5.2", ""), PLACES)
    assert [(one.url, one.checksums) for one in found] == [
        ("https://r/releases/download/v1.5.2/runc.amd64", "https://r/releases/download/v1.5.2/runc.sha256sum")
    ]


def test_what_is_only_in_an_image_is_not_downloaded() -> None:
    assert not downloads(Component("etcd", "3.6.16", ""), PLACES)
    kubernetes = downloads(Component("kubernetes", "1.36.3", ""), PLACES)
    assert [one.members[""] for one in kubernetes] == ["bin/kubeadm", "bin/kubelet", "bin/kubectl"]


@pytest.mark.parametrize(
    "text",
    [
        DIGEST,
        f"{DIGEST}\n",
        f"{DIGEST.upper()}  file.tgz\n",
        f"{'f' * 64}  other.tgz\n{DIGEST} *file.tgz\n",
        f"{DIGEST}  ./release/file.tgz\n",
    ],
)
def test_checksums_are_read(text: str) -> None:
    assert checksum(text, "file.tgz") == DIGEST


@pytest.mark.parametrize("text", ["", "<html>not found</html>", f"{DIGEST}  other.tgz", DIGEST[:40]])
def test_a_file_without_a_checksum_has_none(text: str) -> None:
    assert checksum(text, "file.tgz") == ""
