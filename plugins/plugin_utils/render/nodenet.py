# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node needs of the network around it: the endpoint's address, the pods' bridge, the registries.

keepalived moves the endpoint (RFC 5798 by unicast). All masters have the same priority, and more of it while their
own API server is ready: so the address goes to a ready master, always has a holder, and doesn't move back by itself.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Sequence

from ..core.models import Cluster, Machine

CONFLIST_TEMPLATE = "/etc/csk/cni.conflist.tmpl"
# Made of the template by /usr/local/lib/csk/network; where containerd of an earlier csk made it, under the same name.
CONFLIST = "/etc/cni/net.d/10-containerd-net.conflist"
FLANNEL_RANGE = "/run/flannel/subnet.env"  # flanneld says there that it has the node's range
ENDPOINT_CHECK = "/usr/local/lib/csk/endpoint-check"
CERTS = "/etc/containerd/certs.d"
PROXY_DROP_IN = "/etc/systemd/system/containerd.service.d/csk-proxy.conf"
VXLAN_OVERHEAD = 50  # bytes of the outer Ethernet, IP, UDP and VXLAN headers (RFC 7348)
GUARD_RULES = "/etc/csk/guard.rules"  # the kubelet's unit applies them before any pod is there
LEAVE = "/run/csk-endpoint-leave"  # while this file is there, the master gives the endpoint away

# A master that was ready once has the same mark here and among etcd's data. Data that were lost, or replaced, haven't:
# such an etcd may be another cluster, or a member that forgot what it voted for, and its API server is ready even so.
ETCD_MARK = "/etc/csk/etcd-mark"
ETCD_DATA = "/var/lib/etcd"
ETCD_DATA_MARK = f"{ETCD_DATA}/member/csk-mark"
ENDPOINT_CHECK_SCRIPT = f"""\
#!/bin/sh
# keepalived asks whether the API server of this master may have the endpoint.
test ! -e {LEAVE} || exit 1
if [ -e {ETCD_MARK} ]; then cmp -s {ETCD_MARK} {ETCD_DATA_MARK} || exit 1; fi
curl --silent --fail --insecure --max-time 3 --output /dev/null https://127.0.0.1:6443/readyz || exit 1
if [ ! -e {ETCD_MARK} ] && [ -d {ETCD_DATA}/member ]; then
  cat /proc/sys/kernel/random/uuid > {ETCD_DATA_MARK}
  cp {ETCD_DATA_MARK} {ETCD_MARK}.new
  mv {ETCD_MARK}.new {ETCD_MARK}
fi
exit 0
"""
ETCD_LOST = "csk: etcd's data are gone"
ETCD_LOST_SCRIPT = f"""\
data=$(sed -n 's/^ *- --data-dir=//p' /etc/kubernetes/manifests/etcd.yaml)
if [ -e {ETCD_MARK} ]; then cmp -s {ETCD_MARK} {ETCD_DATA_MARK}; else test -d "${{data:-{ETCD_DATA}}}/member/wal"; fi ||
  echo "{ETCD_LOST}"
"""

_KEEPALIVED = """\
# Written by csk. The endpoint of cluster {name}: it goes to a master whose own API server is ready.
global_defs {{
  router_id {node}
  enable_script_security
  script_user root
  vrrp_version 3
  vrrp_garp_master_refresh 10
  vrrp_priority -20
  vrrp_check_unicast_src
}}
vrrp_script api_server {{
  script "{check}"
  interval 1
  timeout 4
  fall 3
  rise 1
  weight 100
}}
vrrp_instance endpoint {{
  state BACKUP
  interface {interface}
  virtual_router_id {router_id}
  priority 100
  advert_int 0.5
  unicast_src_ip {address}
  unicast_peer {{
{peers}
  }}
  virtual_ipaddress {{
    {endpoint}/{prefix}
  }}
  track_script {{
    api_server
  }}
}}
"""

# Whoever speaks VRRP louder than the masters has the endpoint, and a pod may send what it likes from any address.
_GUARD = """\
# Written by csk. Only masters speak VRRP to the machines of cluster {name}, and only by their own interface.
*mangle
:CSK-VRRP - [0:0]
{masters}
-A CSK-VRRP -d {network} -j DROP
-A CSK-VRRP -d 224.0.0.18/32 -j DROP
COMMIT
"""


def keepalived(cluster: Cluster, machine: Machine, masters: Sequence[Machine], interface: str = "eth0") -> str:
    """Keepalived's configuration on one master."""
    peers = "\n".join(f"    {master.address}" for master in masters if master.name != machine.name)
    return _KEEPALIVED.format(
        name=cluster.name,
        check=ENDPOINT_CHECK,
        node=machine.name,
        interface=interface,
        router_id=cluster.router_id,
        address=machine.address,
        peers=peers,
        endpoint=cluster.endpoint,
        prefix=ipaddress.IPv4Network(cluster.vpc_cidr).prefixlen,
    )


def guard_rules(cluster: Cluster, masters: Sequence[Machine], interface: str = "eth0") -> str:
    """The rules, for iptables-restore, that keep everybody but the masters from taking the endpoint."""
    accepted = "\n".join(f"-A CSK-VRRP -i {interface} -s {master.address}/32 -j RETURN" for master in masters)
    return _GUARD.format(name=cluster.name, masters=accepted, network=cluster.vpc_cidr)


def conflist_template(cluster: Cluster, mtu: int) -> str:
    """The CNI configuration of a node, but for its range: that is filled in when the network plugin has taken it up.

    The range stands there as containerd's conf_template has it, for the node images of an earlier csk.

    :param mtu: of the machines' network, in bytes.
    """
    overhead = VXLAN_OVERHEAD if cluster.spec["flannel_backend"] == "vxlan" else 0
    ranges = "@RANGES@"
    document = {
        "cniVersion": "1.0.0",
        "name": "csk",
        "plugins": [
            {
                "type": "bridge",
                "bridge": "cni0",
                "isDefaultGateway": True,
                # A Node that registers again may get another range than the bridge still has.
                "forceAddress": True,
                "hairpinMode": True,
                "mtu": mtu - overhead,
                "ipam": {"type": "host-local", "ranges": ranges},
            },
            {"type": "portmap", "capabilities": {"portMappings": True}},
            {"type": "bandwidth", "capabilities": {"bandwidth": True}},
        ],
    }
    loop = '[{{range $i, $range := .PodCIDRRanges}}{{if $i}}, {{end}}[{"subnet": "{{$range}}"}]{{end}}]'
    return json.dumps(document, indent=2).replace(f'"{ranges}"', loop) + "\n"


def registry_files(cluster: Cluster) -> dict[str, str]:
    """Containerd's host configuration for each mirrored registry, with the mirrors' CA: path -> content."""
    files = {}
    for mirror in cluster.spec["registry_mirrors"]:
        folder = f"{CERTS}/{mirror['registry']}"
        lines = []
        for endpoint in mirror["endpoints"]:
            lines += [f'[host."{endpoint}"]', '  capabilities = ["pull", "resolve"]']
            if mirror.get("ca"):
                lines.append(f'  ca = "{folder}/ca.crt"')
        files[f"{folder}/hosts.toml"] = "\n".join(lines) + "\n"
        if mirror.get("ca"):
            files[f"{folder}/ca.crt"] = mirror["ca"]
    return files


def proxy_files(cluster: Cluster) -> dict[str, str]:
    """The environment of containerd behind a proxy: path -> content. The cluster's networks are reached directly."""
    proxy = cluster.spec.get("proxy")
    if not proxy:
        return {}
    direct = [cluster.vpc_cidr, cluster.spec["pod_cidr"], cluster.spec["service_cidr"], "localhost", "127.0.0.1"]
    values = {
        "HTTP_PROXY": proxy.get("http_proxy"),
        "HTTPS_PROXY": proxy.get("https_proxy"),
        "NO_PROXY": ",".join([*direct, ".svc", ".cluster.local", *proxy["no_proxy"]]),
    }
    # systemd reads % as the start of a specifier.
    lines = [f'Environment="{key}={value.replace("%", "%%")}"' for key, value in values.items() if value]
    return {PROXY_DROP_IN: "\n".join(["[Service]", *lines]) + "\n"}
