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
      - Where neither the task nor the variable gives it, the environment variable E(CSK_HOME) counts, then V(~/.csk).
    type: path
  csk_ledger_url:
    description:
      - The PostgreSQL database that holds the ledger, as C(postgresql://user:password@host:5432/database); for a team,
        and for AWX, whose execution environments keep nothing.
      - Where neither the task nor the variable gives it, the environment variable E(CSK_LEDGER_URL) counts; without all
        of them the ledger is SQLite in O(csk_home).
      - The key of the secrets is then given by E(CSK_LEDGER_KEY), unless O(csk_home) has the ledger's file C(key).
    type: str
  csk_catalogue:
    description:
      - A folder of release files that stand in place of csk's own, for an organisation with a catalogue of its own.
      - Where neither the task nor the variable gives it, the environment variable E(CSK_CATALOGUE) counts.
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
      - Takes the cluster's lock over from a run on another host before its two minutes without renewal are over.
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
  - Of the options whose names begin with C(csk_), those that a task doesn't give are read from variables of the same
    names. What counts is the task, then C(module_defaults), then the variable, then the environment, then the default;
    what is empty counts as not given.
  - The first csk_* task of a run of ansible-playbook decides which ledger and catalogue the run works with; a later
    one that comes to another fails.
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

    FORGET = r"""
options:
  csk_forget:
    description:
      - Names of machines of the cluster that are off for certain, as you know and no provider can tell. What the API
        has of them, Node, pods and attached volumes, may then go by force.
      - It counts for machines whose Node isn't Ready, and is asked for, by name, where a machine may still run and its
        provider can't stop it for certain. If such a machine does run, its pods run twice.
    type: list
    elements: str
    default: []
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
