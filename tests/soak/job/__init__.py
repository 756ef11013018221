# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csk in a container as a Kubernetes Job runs one: ansible-playbook is its process 1."""

from __future__ import annotations
