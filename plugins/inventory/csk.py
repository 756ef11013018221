# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: E402 - ansible-test wants the imports below the documentation
"""The inventory plugin csk: the machines of the ledger as hosts."""

from __future__ import annotations

DOCUMENTATION = r"""
name: csk
short_description: The machines of csk's clusters as hosts
version_added: 0.1.0
author:
  - The csk developers (@csk)
description:
  - Reads the ledger, and makes every machine of one or all clusters a host with the name C(<cluster>.<node>).
  - It is for ad-hoc commands, for playbooks of your own and for AWX. The playbooks of csk.kubernetes don't need it.
  - Uses a YAML file whose name is C(csk.yml) or ends with C(.csk.yml) (or C(.yaml)).
  - A ledger that isn't there is an error, and isn't made. To Ansible, an inventory's error is a warning, so the first
    C(create) may run with it; AWX keeps the hosts of before.
extends_documentation_fragment:
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
options:
  plugin:
    description: The plugin's name.
    type: str
    required: true
    choices: [csk.kubernetes.csk]
  csk_home:
    description: The directory that holds the ledger.
    type: path
    default: ~/.csk
    env:
      - name: CSK_HOME
  csk_ledger_url:
    description: The PostgreSQL database that holds the ledger; without it, the ledger is SQLite in O(csk_home).
    type: str
    env:
      - name: CSK_LEDGER_URL
  cluster:
    description: Only the machines of the cluster of this name. All clusters, where it isn't given.
    type: str
requirements:
  - python >= 3.11
  - SQLAlchemy >= 2.0
  - alembic
notes:
  - |
    Each host has the variables C(csk_cluster_name), C(csk_node) (the Node's name), C(csk_role) (C(master) or
    C(worker)), C(csk_pool) (empty for masters), C(csk_zone), C(csk_address), C(csk_origin) (C(create), C(scale) or
    C(hand)), C(csk_status) (C(new), C(ready) or C(leaving)), C(csk_tags) (the cluster's), and what Ansible needs to
    connect; where the machine's provider can't be had, or has its machines elsewhere, C(csk_problem) says why in place
    of that.
  - |
    The groups are C(csk_<cluster>) with C(csk_<cluster>_masters) and C(csk_<cluster>_pool_<pool>) in it,
    C(csk_zone_<zone>) and C(csk_status_<status>). What may not stand in a group's name becomes an underscore.
"""

EXAMPLES = r"""
# csk.yml: all clusters of ~/.csk or CSK_HOME
plugin: csk.kubernetes.csk

---
# demo.csk.yml: one cluster, and groups of one's own
plugin: csk.kubernetes.csk
cluster: demo
groups:
  created_with_the_cluster: csk_origin == 'create'
keyed_groups:
  - prefix: role
    key: csk_role
compose:
  ansible_user: "'root'"
"""

import re
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work.inventory import hosts_of

_FILE_NAMES = ("csk.yml", "csk.yaml")


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """Hosts and groups from the ledger."""

    NAME = "csk.kubernetes.csk"

    def verify_file(self, path: str) -> bool:
        name = Path(path).name
        return super().verify_file(path) and (name in _FILE_NAMES or name.endswith(tuple(f".{n}" for n in _FILE_NAMES)))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        key = self.get_cache_key(path)
        use_cache = self.get_option("cache")
        hosts = self._cache.get(key) if cache and use_cache else None
        if hosts is None:
            try:
                hosts = hosts_of(*(self.get_option(name) for name in ("csk_home", "csk_ledger_url", "cluster")))
            except CskError as error:
                raise AnsibleParserError(str(error)) from error
            if use_cache:
                self._cache[key] = hosts
        for variables in hosts:
            self._add(variables)

    def _add(self, variables: dict[str, Any]) -> None:
        """Make one host of its variables."""
        cluster = f"csk_{variables['csk_cluster_name']}"
        pool = variables["csk_pool"]
        host = f"{variables['csk_cluster_name']}.{variables['csk_node']}"
        self.inventory.add_host(host)
        for name, value in variables.items():
            self.inventory.set_variable(host, name, value)
        part = self._group(f"{cluster}_pool_{pool}" if pool else f"{cluster}_masters")
        self.inventory.add_child(self._group(cluster), part)
        for group in (part, *(self._group(f"csk_{key}_{variables[f'csk_{key}']}") for key in ("zone", "status"))):
            self.inventory.add_child(group, host)
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), variables, host, strict=strict)
        self._add_host_to_composed_groups(self.get_option("groups"), variables, host, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, host, strict=strict)

    def _group(self, name: str) -> str:
        return self.inventory.add_group(re.sub(r"\W", "_", name, flags=re.ASCII))
