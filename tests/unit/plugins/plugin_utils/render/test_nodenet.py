# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node is told of the network around it."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.models import Cluster, Machine
from ansible_collections.csk.kubernetes.plugins.plugin_utils.render import nodenet

NOW = datetime(2026, 11, 24, tzinfo=UTC)
MASTERS = [Machine("demo", f"master-{n}", "master", None, "a", f"10.9.0.{10 + n}", "create", NOW) for n in (1, 2, 3)]


def cluster(**settings) -> Cluster:
    spec = {
        "flannel_backend": "vxlan", "registry_mirrors": [], "proxy": None, "pod_cidr": "172.20.0.0/16",
        "service_cidr": "172.21.0.0/20",
    }  # fmt: skip
    return Cluster("id", "demo", "default", "1.36.3", spec | settings, "ready", "10.9.0.0/22", "10.9.0.10", "t", NOW)


def test_keepalived_knows_its_peers_and_not_itself():
    text = nodenet.keepalived(cluster(), MASTERS[1], MASTERS)
    peers = text.partition("unicast_peer {")[2].partition("}")[0].split()
    assert peers == ["10.9.0.11", "10.9.0.13"]
    assert "unicast_src_ip 10.9.0.12" in text
    assert "10.9.0.10/22" in text
    assert text.count("{") == text.count("}")


def test_only_masters_speak_vrrp():
    rules = nodenet.guard_rules(cluster(), MASTERS).splitlines()
    first = rules.index(":CSK-VRRP - [0:0]") + 1
    assert rules[first : first + 3] == [f"-A CSK-VRRP -i eth0 -s {m.address}/32 -j RETURN" for m in MASTERS]
    assert rules[first + 3 :] == [
        "-A CSK-VRRP -d 10.9.0.0/22 -j DROP", "-A CSK-VRRP -d 224.0.0.18/32 -j DROP", "COMMIT",
    ]  # fmt: skip


@pytest.mark.parametrize(("backend", "mtu", "expected"), [("vxlan", 1500, 1450), ("host-gw", 1500, 1500)])
def test_pods_mtu(backend, mtu, expected):
    text = nodenet.conflist_template(cluster(flannel_backend=backend), mtu)
    # What containerd's template makes of two ranges is JSON.
    loop = text[text.index("[{{range") : text.index("{{end}}]") + len("{{end}}]")]
    document = json.loads(text.replace(loop, '[[{"subnet": "172.20.0.0/23"}]]'))
    bridge, portmap, bandwidth = document["plugins"]
    assert bridge["mtu"] == expected
    assert (portmap["type"], bandwidth["type"]) == ("portmap", "bandwidth")


def test_a_registrys_mirror():
    mirrors = [
        {"registry": "docker.io", "endpoints": ["https://a:5000", "https://b"], "ca": "PEM"},
        {"registry": "quay.io", "endpoints": ["http://c"], "ca": None},
    ]
    files = nodenet.registry_files(cluster(registry_mirrors=mirrors))
    assert set(files) == {
        "/etc/containerd/certs.d/docker.io/hosts.toml",
        "/etc/containerd/certs.d/docker.io/ca.crt",
        "/etc/containerd/certs.d/quay.io/hosts.toml",
    }
    text = files["/etc/containerd/certs.d/docker.io/hosts.toml"]
    assert text.index("https://a:5000") < text.index("https://b")
    assert text.count('ca = "/etc/containerd/certs.d/docker.io/ca.crt"') == 2
    assert "ca =" not in files["/etc/containerd/certs.d/quay.io/hosts.toml"]
    assert nodenet.registry_files(cluster()) == {}


def test_a_proxy_is_not_asked_for_the_clusters_own_networks():
    text = "".join(
        nodenet.proxy_files(cluster(proxy={"http_proxy": "http://p%20:1", "no_proxy": ["x.example"]})).values()
    )
    assert 'Environment="HTTP_PROXY=http://p%%20:1"' in text
    assert "HTTPS_PROXY" not in text
    direct = text.partition("NO_PROXY=")[2]
    for name in ("10.9.0.0/22", "172.20.0.0/16", "172.21.0.0/20", "127.0.0.1", ".svc", ".cluster.local", "x.example"):
        assert name in direct
    assert nodenet.proxy_files(cluster()) == {}


@pytest.mark.parametrize("number", [1, 3])
def test_every_master_names_all_others(number):
    text = nodenet.keepalived(cluster(), MASTERS[number - 1], MASTERS, interface="ens3")
    peers = text.partition("unicast_peer {")[2].partition("}")[0].split()
    assert peers == [master.address for master in MASTERS if master.name != f"master-{number}"]
    assert "interface ens3" in text
    assert f"router_id master-{number}\n" in text


@pytest.mark.parametrize("ranges", [["172.20.0.0/23"], ["172.20.0.0/23", "fd00::/64"]])
def test_containerd_of_an_earlier_csk_makes_json_of_the_template(ranges):
    text = nodenet.conflist_template(cluster(), 1500)
    start, end = "{{range $i, $range := .PodCIDRRanges}}{{if $i}}, {{end}}", "{{end}}"
    before, rest = text.split(start)
    body, after = rest.split(end)
    made = ", ".join(body.replace("{{$range}}", item) for item in ranges)
    document = json.loads(before + made + after)
    assert document["plugins"][0]["ipam"]["ranges"] == [[{"subnet": item}] for item in ranges]
    assert document["cniVersion"]
    assert "{{" not in before + made + after


@pytest.fixture
def node_network(tmp_path):
    """/usr/local/lib/csk/network of role node, run with its files in another place; gives what it made of them."""
    script = (Path(nodenet.__file__).parents[3] / "roles/node/files/root/usr/local/lib/csk/network").read_text()
    for path in (nodenet.FLANNEL_RANGE, nodenet.CONFLIST_TEMPLATE, nodenet.CONFLIST):
        assert f"={path}\n" in script
        script = script.replace(f"={path}\n", f"={tmp_path}{path}\n")

    def run(subnet: str | None, template: str | None) -> tuple[str | None, int | None]:
        for path, text in ((nodenet.FLANNEL_RANGE, subnet), (nodenet.CONFLIST_TEMPLATE, template)):
            place = Path(f"{tmp_path}{path}")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.unlink(missing_ok=True)
            if text is not None:
                place.write_text(text)
        made = Path(f"{tmp_path}{nodenet.CONFLIST}")
        made.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["sh", "-c", script], check=True)
        assert list(made.parent.iterdir()) in ([], [made])
        return (made.read_text(), made.stat().st_ino) if made.exists() else (None, None)

    return run


TEMPLATE = nodenet.conflist_template(cluster(), 1500)


@pytest.mark.parametrize(
    ("subnet", "taken"),
    [
        ("172.20.0.1/23", "172.20.0.0/23"),
        ("172.20.254.1/24", "172.20.254.0/24"),
        ("10.1.2.65/26", "10.1.2.64/26"),
    ],
)
def test_the_node_fills_in_flannels_range(node_network, subnet, taken):
    env = f"FLANNEL_NETWORK=172.20.0.0/16\nFLANNEL_SUBNET={subnet}\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n"
    text, file = node_network(env, TEMPLATE)
    assert json.loads(text)["plugins"][0]["ipam"]["ranges"] == [[{"subnet": taken}]]
    assert [plugin["type"] for plugin in json.loads(text)["plugins"]] == ["bridge", "portmap", "bandwidth"]
    assert node_network(env, TEMPLATE) == (text, file)  # what is right isn't touched
    again, _other = node_network(env.replace(subnet, "172.20.8.1/23"), TEMPLATE)
    assert "172.20.8.0/23" in again


@pytest.mark.parametrize(("subnet", "template"), [(None, TEMPLATE), ("FLANNEL_SUBNET=10.0.0.1/24\n", None)])
def test_no_range_and_no_template_make_no_network(node_network, subnet, template):
    assert node_network(subnet, template) == (None, None)


@pytest.mark.parametrize(
    ("proxy", "names"),
    [
        ({"http_proxy": "http://p:1", "https_proxy": None, "no_proxy": []}, ["HTTP_PROXY", "NO_PROXY"]),
        ({"http_proxy": None, "https_proxy": "http://p:1", "no_proxy": []}, ["HTTPS_PROXY", "NO_PROXY"]),
        ({"http_proxy": "http://p:1", "https_proxy": "http://q:1", "no_proxy": []},
         ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"]),
    ],
)  # fmt: skip
def test_a_proxys_drop_in(proxy, names):
    path, text = next(iter(nodenet.proxy_files(cluster(proxy=proxy)).items()))
    assert path == "/etc/systemd/system/containerd.service.d/csk-proxy.conf"
    head, *lines = text.splitlines()
    assert head == "[Service]"
    assert [line.partition("=")[2].partition("=")[0].lstrip('"') for line in lines] == names
    assert all(line.startswith('Environment="') and line.endswith('"') for line in lines)
