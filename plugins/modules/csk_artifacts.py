# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of csk_artifacts; the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: csk_artifacts
short_description: Obtains a release's binaries and images
version_added: 0.1.0
author:
  - The csk developers (@csk)
description:
  - Makes the programs and images of one Kubernetes release be in the cache,
    C({csk_home}/artifacts/releases/{version}), with a manifest that holds the digest of every file.
  - What is there and right is not obtained again, whatever source it came from. A missing, truncated or altered file is
    noticed, and put right.
  - A run that was killed can be repeated; it goes on from the components that are complete. Two runs at once don't
    disturb each other, the second one waits.
options:
  version:
    description:
      - A minor (its newest patch) or an exact version of the release files. Always a string, so quote it.
    type: str
    required: true
  source:
    description:
      - Where the artifacts come from. All sources give the same files and image names.
      - V(upstream) downloads the published binaries, whose checksums are verified, and pulls the published images by
        the Docker Engine.
      - V(modules) builds everything from pinned Go modules, with the Go client's own configuration, and takes
        iptables, nft and conntrack from Debian packages.
      - V(bundle) reads an archive that was written with O(bundle_to).
      - V(auto) takes V(upstream) where it answers within a few seconds, else V(modules).
    type: str
    choices: [auto, upstream, modules, bundle]
    default: auto
  bundle:
    description:
      - The archive that O(source=bundle) reads.
    type: path
  bundle_to:
    description:
      - An archive to write the release to, for O(source=bundle) at another site.
      - It is left alone where it holds the same release.
    type: path
  go_cache_dir:
    description:
      - A folder for Go's caches (C(build) and C(mod) in it), which is never removed.
      - Where it isn't given, csk's own caches in C({csk_home}/cache/go) are used.
    type: path
  keep_go_cache:
    description:
      - Keeps csk's own Go caches after a build, up to 6 GB, so that the next release is built in less time.
      - They are removed after a successful build otherwise.
    type: bool
    default: false
  upstream_kubernetes_url:
    description:
      - Where C(release/v1.36.3/bin/linux/amd64/kubeadm) and the like lie.
    type: str
    default: https://dl.k8s.io
  upstream_containerd_url:
    description:
      - Where containerd's C(releases/download/v2.3.7/containerd-static-2.3.7-linux-amd64.tar.gz) and the like lie.
    type: str
    default: https://github.com/containerd/containerd
  upstream_runc_url:
    description:
      - Where runc's C(releases/download/v1.5.2/runc.amd64) and the like lie.
    type: str
    default: https://github.com/opencontainers/runc
  upstream_cni_plugins_url:
    description:
      - Where the CNI plugins' C(releases/download/v1.9.1/cni-plugins-linux-amd64-v1.9.1.tgz) and the like lie.
    type: str
    default: https://github.com/containernetworking/plugins
  upstream_crictl_url:
    description:
      - Where crictl's C(releases/download/v1.37.0/crictl-v1.37.0-linux-amd64.tar.gz) and the like lie.
    type: str
    default: https://github.com/kubernetes-sigs/cri-tools
  upstream_registry:
    description:
      - A mirror that is asked in place of the images' own registries, for example V(mirror.example.org/k8s).
    type: str
    default: ''
requirements:
  - "gcc, libc6-dev, libseccomp-dev, pkg-config and apt-get, for O(source=modules)"
  - "Go or pip, for O(source=modules)"
extends_documentation_fragment:
  - csk.kubernetes.csk
  - csk.kubernetes.csk.attributes
attributes:
  check_mode:
    description: Says what would be obtained, and from where.
    support: full
  diff_mode:
    description: Digests of binaries would tell nothing.
    support: none
"""

EXAMPLES = r"""
- name: Obtain the newest 1.36 from wherever it can be had
  csk.kubernetes.csk_artifacts:
    version: "1.36"

- name: Build 1.36.3 and write it into an archive for a site without network
  csk.kubernetes.csk_artifacts:
    version: "1.36.3"
    source: modules
    bundle_to: /srv/csk-1.36.3.tar

- name: Use the archive there
  csk.kubernetes.csk_artifacts:
    version: "1.36.3"
    source: bundle
    bundle: /media/usb/csk-1.36.3.tar
"""

RETURN = r"""
release:
  description: The exact version.
  type: str
  returned: success
  sample: 1.36.3
path:
  description: The folder that holds the release's artifacts.
  type: str
  returned: success
  sample: /home/ana/.csk/artifacts/releases/1.36.3
source:
  description: The source that they came from, or would come from.
  type: str
  returned: success
  sample: modules
digest:
  description: One digest over all files, as the manifest holds it.
  type: str
  returned: when the artifacts are there
  sample: 0d3cbb4aa5a1d5a8f8ffcd2c39b7e0a1f8a23e8f0c0f5f7c4f8c5d5f0f2b6a11
images:
  description: Each image's name, and its archive below RV(path).
  type: dict
  returned: when the artifacts are there
  sample:
    registry.k8s.io/pause:3.10.2: images/pause.tar
obtained:
  description: What was obtained, or would be.
  type: list
  elements: str
  returned: success
  sample: [kubernetes, etcd]
msg:
  description: What was done, in a sentence.
  type: str
  returned: success
  sample: artifacts of 1.36.3 are there and right
"""
