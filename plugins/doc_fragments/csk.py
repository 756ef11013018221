# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every csk_* module documents alike."""

from __future__ import annotations


class ModuleDocFragment:
    """Options and attributes that the csk_* modules share."""

    DOCUMENTATION = r"""
options:
  csk_home:
    description:
      - The folder that holds the ledger, the kubeconfigs and the artifacts.
      - Where it isn't given, the environment variable E(CSK_HOME) counts, then V(~/.csk).
    type: path
  csk_ledger_url:
    description:
      - The PostgreSQL database that holds the ledger, as C(postgresql://user:password@host:5432/database); for a team,
        and for AWX, whose execution environments keep nothing.
      - Where it isn't given, the environment variable E(CSK_LEDGER_URL) counts; without both the ledger is SQLite in
        O(csk_home).
      - The key of the secrets is then given by E(CSK_LEDGER_KEY), unless O(csk_home) has the ledger's file C(key).
    type: str
  csk_catalogue:
    description:
      - A folder of release files that stand in place of csk's own, for an organisation with a catalogue of its own.
      - Where it isn't given, the environment variable E(CSK_CATALOGUE) counts.
    type: path
  csk_quotas:
    description:
      - The quotas of the account, which is all that one ledger holds. The ledger enforces them whatever runs at once.
    type: dict
    suboptions:
      clusters:
        description: How many dedicated and managed clusters it has at most.
        type: int
        default: 10
      nodes:
        description:
          - How many nodes one cluster has at most, masters counted. A new cluster's networks must be large enough for
            so many.
        type: int
        default: 40
  csk_today:
    description:
      - The date by which the catalogue's rules are judged, as C(YYYY-MM-DD). The day of the run, where it isn't given.
    type: str
  csk_take_over:
    description:
      - Takes the cluster's lock over from a run on another host before its 10 minutes without renewal are over.
    type: bool
    default: false
  check_variables:
    description:
      - Refuses variables of the run that begin with C(csk_) and that no playbook of csk knows; a misspelt one would be
        ignored. The playbooks set it.
    type: bool
    default: false
requirements:
  - python >= 3.11
  - docker
  - SQLAlchemy >= 2.0
  - psycopg >= 3.1 (for O(csk_ledger_url))
  - alembic
  - cryptography
  - kubernetes
notes:
  - The module runs on the controller, as an action plugin, and never connects to
    its target host unless its description says so.
"""

    ATTRIBUTES = r"""
options: {}
attributes:
  action:
    description: Runs on the controller, as an action plugin.
    support: full
  action_group:
    description: Use C(group/csk.kubernetes.csk) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - csk.kubernetes.csk
"""

    INFO = r"""
options: {}
attributes:
  check_mode:
    description: It never changes anything.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
"""
