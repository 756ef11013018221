# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every request that changes something is checked before it is sent, and no other."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError, Problem
from ansible_collections.csk.kubernetes.plugins.plugin_utils.kube.cluster_api import ClusterApi

POD = SimpleNamespace(metadata=SimpleNamespace(name="web", namespace="shop", uid="1"))
CHANGES = {
    "patch_node": lambda api: api.patch_node("web-1", {}, None),
    "delete_node": lambda api: api.delete_node("web-1"),
    "cordon": lambda api: api.cordon("web-1"),
    "uncordon": lambda api: api.uncordon("web-1"),
    "evict": lambda api: api.evict(POD, None),
    "put_probe": lambda api: api.put_probe("web-1", "pause"),
    "delete_probe": lambda api: api.delete_probe("web-1"),
    "put_token": lambda api: api.put_token("a.b", 60),
    "delete_token": lambda api: api.delete_token("a.b"),
    "put_record": lambda api: api.put_record({}),
    "remove_etcd_member": lambda api: api._remove_member("master-1", "1"),
}
LOOKS = {
    "pods_on": lambda api: api.pods_on("web-1"),
    "kubeadm_configs": lambda api: api.kubeadm_configs(),
    "budgets": lambda api: api.budgets_without_room(),
}


@pytest.fixture
def api(tmp_path):
    """An API at an address where nobody answers, of a run that has lost its lock."""

    def lost():
        raise CskError(Problem("the lock", "is lost.", "", ""))

    return ClusterApi("http://127.0.0.1:1", tmp_path, 1, lost)


@pytest.mark.parametrize("change", CHANGES)
def test_nothing_is_changed(api, change):
    with pytest.raises(CskError, match="the lock: is lost"):
        CHANGES[change](api)


@pytest.mark.parametrize("look", LOOKS)
def test_everything_may_be_looked_at(api, look):
    with pytest.raises(api.errors, match="127"):
        LOOKS[look](api)
