# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How each component is built, and what each image holds. Data for builder, upstream and assemble."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Recipe:
    """A component built from a Go module, or from C.

    :param packages: Go package -> path in the component's folder. What lies under bin/ and cni/ belongs to the
        release as it is; what lies under programs/ is only an ingredient of images.
    :param stamps: values for the linker's -X, with {version} and {minor} (the second number of the version).
    :param disk_gb: free space that a build without caches takes, caches included; measured, rounded up.
    """

    name: str
    packages: dict[str, str]
    stamps: dict[str, str] = field(default_factory=dict)
    cgo: bool = False
    tags: str = ""
    disk_gb: int = 1


@dataclass(frozen=True)
class Image:
    """An image of a release.

    :param short: images/<short>.tar.
    :param name: the image's name without its tag: kubeadm's own, or flannel's own.
    :param programs: path in the image -> path in the component's folder.
    :param tools: the slim Debian layer with iptables, nft and conntrack lies below.
    :param certificates: holds the certificate authorities of Debian's ca-certificates.
    """

    short: str
    name: str
    component: str
    programs: dict[str, str]
    user: str = ""
    tools: bool = False
    certificates: bool = False

    @property
    def entrypoint(self) -> str:
        """The first program."""
        return next(iter(self.programs))


def _kubernetes() -> Recipe:
    stamps = {}
    for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version"):
        stamps[f"{package}.gitVersion"] = "v{version}"
        stamps[f"{package}.gitMajor"] = "1"
        stamps[f"{package}.gitMinor"] = "{minor}"
        stamps[f"{package}.gitTreeState"] = "clean"
    packages = {f"k8s.io/kubernetes/cmd/{name}": f"bin/{name}" for name in ("kubeadm", "kubelet", "kubectl")}
    packages |= {f"k8s.io/kubernetes/cmd/{name}": f"programs/{name}" for name in KUBERNETES_IMAGES}
    return Recipe("kubernetes", packages, stamps, disk_gb=16)


KUBERNETES_IMAGES = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy")
CNI_PLUGINS = (
    "main/bridge",
    "main/host-device",
    "main/ipvlan",
    "main/loopback",
    "main/macvlan",
    "main/ptp",
    "ipam/host-local",
    "ipam/static",
    "meta/bandwidth",
    "meta/firewall",
    "meta/portmap",
    "meta/tuning",
)
_CONTAINERD = "github.com/containerd/containerd/v2"
_CNI = "github.com/containernetworking/plugins"

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        _kubernetes(),
        Recipe(
            "etcd",
            {
                f"go.etcd.io/etcd/{part}/v3": f"programs/{name}"
                for part, name in (("server", "etcd"), ("etcdctl", "etcdctl"), ("etcdutl", "etcdutl"))
            },
        ),
        Recipe("coredns", {"github.com/coredns/coredns": "programs/coredns"}, disk_gb=4),
        Recipe("pause", {}, disk_gb=0),
        Recipe(
            "containerd",
            {f"{_CONTAINERD}/cmd/{name}": f"bin/{name}" for name in ("containerd", "containerd-shim-runc-v2", "ctr")},
            {f"{_CONTAINERD}/version.Version": "v{version}"},
        ),
        Recipe(
            "runc",
            {"github.com/opencontainers/runc": "bin/runc"},
            {"main.version": "{version}"},
            cgo=True,
            tags="seccomp netgo osusergo",
        ),
        Recipe(
            "cni-plugins",
            {f"{_CNI}/plugins/{path}": f"cni/{path.split('/')[1]}" for path in CNI_PLUGINS},
            {f"{_CNI}/pkg/utils/buildversion.BuildVersion": "v{version}"},
        ),
        Recipe(
            "crictl",
            {"sigs.k8s.io/cri-tools/cmd/crictl": "bin/crictl"},
            {"sigs.k8s.io/cri-tools/pkg/version.Version": "v{version}"},
        ),
        Recipe(
            "flannel",
            {"github.com/flannel-io/flannel": "programs/flanneld"},
            {"github.com/flannel-io/flannel/pkg/version.Version": "v{version}"},
            cgo=True,
            disk_gb=3,
        ),
        # Not part of a release: the tests' own registry.
        Recipe("registry", {"github.com/distribution/distribution/v3/cmd/registry": "bin/registry"}, disk_gb=2),
    )
}

IMAGES: tuple[Image, ...] = (
    *(
        Image(
            name,
            f"registry.k8s.io/{name}",
            "kubernetes",
            {f"/usr/local/bin/{name}": f"programs/{name}"},
            tools=name == "kube-proxy",
        )
        for name in KUBERNETES_IMAGES
    ),
    Image(
        "etcd",
        "registry.k8s.io/etcd",
        "etcd",
        {f"/usr/local/bin/{name}": f"programs/{name}" for name in ("etcd", "etcdctl", "etcdutl")},
    ),
    # Runs as root with one capability, as kubeadm's Deployment says: allowPrivilegeEscalation is false there, so a
    # capability on the file would not count for another user.
    Image("coredns", "registry.k8s.io/coredns/coredns", "coredns", {"/coredns": "programs/coredns"}, certificates=True),
    Image("pause", "registry.k8s.io/pause", "pause", {"/pause": "programs/pause"}, user="65535:65535"),
    Image(
        "flannel",
        "ghcr.io/flannel-io/flannel",
        "flannel",
        {"/opt/bin/flanneld": "programs/flanneld"},
        tools=True,
        certificates=True,
    ),
)
