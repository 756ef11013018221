# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of a request that an API server refused."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.kube import answers


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (json.dumps({"message": "Cannot evict", "details": {"causes": [{"message": "The budget x"}]}}), "The budget x"),
        (json.dumps({"message": "Cannot evict", "details": {}}), "Cannot evict"),
        (json.dumps({"message": "Cannot evict"}), "Cannot evict"),
        (json.dumps({"details": None}), ""),
        ("[]", ""),
        ("not JSON", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_what_a_refusal_says(body, said):
    assert answers.refusal(body) == said


WEBHOOK = 'Internal error occurred: failed calling webhook "pods.example": service "gone" not found'


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ({"body": json.dumps({"message": WEBHOOK, "details": {"causes": [{"message": "x"}]}})}, "x"),
        ({"body": json.dumps({"message": WEBHOOK}), "status": 500, "reason": "Internal Server Error"}, WEBHOOK),
        ({"body": "<html>", "status": 502, "reason": "Bad Gateway"}, "Bad Gateway (502)"),
        ({"status": 500, "reason": None}, "it answers (500)"),
    ],
)
def test_a_refusal_is_told_by_the_apis_own_message(error, said):
    assert answers.said(SimpleNamespace(**error)) == said


def test_a_connection_that_failed_is_told_by_its_first_line():
    assert answers.said(OSError("Connection refused\nand more")) == "Connection refused"
    assert answers.said(TimeoutError()) == "TimeoutError"
