# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why pods aren't there, by what the API shows of them."""

from __future__ import annotations

from types import SimpleNamespace as Thing

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.kube import causes


def status(reason=None, message=None, last=None):
    waiting = Thing(reason=reason, message=message) if reason else None
    ended = Thing(terminated=Thing(exit_code=last)) if last is not None else None
    return Thing(state=Thing(waiting=waiting), last_state=ended)


def pod(*statuses, scheduled=None, initial=None):
    conditions = (
        [Thing(type="PodScheduled", status="False", message=scheduled, reason="Unschedulable")] if scheduled else []
    )
    found = Thing(conditions=conditions, init_container_statuses=initial, container_statuses=list(statuses))
    return Thing(metadata=Thing(name="dns-1"), status=found)


@pytest.mark.parametrize(
    ("found", "cause"),
    [
        (pod(status()), ""),
        (pod(status("ContainerCreating")), ""),
        (
            pod(status("PodInitializing"), initial=[status("CrashLoopBackOff", last=1)]),
            "dns-1: CrashLoopBackOff, exit code 1",
        ),
        (pod(status("ErrImagePull", "not found")), "dns-1: ErrImagePull: not found"),
        (
            pod(status(), status("CrashLoopBackOff", "back-off 10s", 137)),
            "dns-1: CrashLoopBackOff: back-off 10s, exit code 137",
        ),
        (pod(scheduled="0/3 nodes are available"), "dns-1: 0/3 nodes are available"),
    ],
)
def test_a_pod(found, cause):
    assert causes.pod_cause(found) == cause


def test_a_deployment_that_may_make_no_pods():
    failed = Thing(type="ReplicaFailure", status="True", message="failed calling webhook", reason="FailedCreate")
    assert causes.condition_cause([Thing(type="Available", status="False"), failed]) == "failed calling webhook"
    assert causes.condition_cause(None) == ""


def test_the_newest_warning_about_a_workload_or_what_it_made():
    def event(name, message, at, kind="Warning"):
        about = Thing(name=name)
        return Thing(type=kind, involved_object=about, message=message, last_timestamp=at, event_time=None)

    events = [
        event("coredns-7d", "old", "2026-11-24 01:00:00"),
        event("coredns-7d", "newest", "2026-11-24 02:00:00"),
        event("coredns", "normal", "2026-11-24 03:00:00", "Normal"),
        event("corednsx", "another's", "2026-11-24 03:00:00"),
    ]
    assert causes.event_cause(events, "coredns") == "coredns-7d: newest"
    assert causes.event_cause(events, "flannel") == ""


class Api:
    """An API that notes what it is asked, and doesn't answer."""

    errors = (OSError,)

    def __init__(self):
        self.asked = []

    def workload_cause(self, *what):
        """Fail as a connection does."""
        self.asked.append(what)
        raise OSError("no route")


def test_causes_are_asked_for_after_a_while_and_not_all_the_time(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(causes.time, "monotonic", lambda: now[0])
    api = Api()
    found = causes.AddonCauses(api)
    assert found.of("coredns") == ""
    assert not api.asked
    now[0] += causes.PATIENCE_SECONDS
    assert found.of("coredns") == found.of("coredns") == " (no route)"
    assert api.asked == [("kube-system", "Deployment", "coredns")]
    now[0] += causes.ROUND_SECONDS + 1
    found.of("coredns")
    assert len(api.asked) == 2
