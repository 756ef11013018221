# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets are encrypted, and the key is asked for clearly."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.ledger import Ledger, schema
from cryptography.fernet import Fernet

SECRET = b"-----BEGIN EC PRIVATE KEY-----"


def stored(ledger: Ledger) -> bytes:
    with ledger._read() as connection:
        return b"".join(connection.scalars(sa.select(schema.SECRETS.c.data)))


def test_kept_encrypted_and_read_back(demo, home, reopen):
    assert demo.secret("demo", "ca.key") is None
    demo.put_secret("demo", "ca.key", SECRET)
    demo.put_secrets("demo", {"ca.key": SECRET, "etcd/ca.key": b"\x00\xff"})
    assert demo.secret_names("demo") == ["ca.key", "etcd/ca.key"]
    assert reopen().secret("demo", "ca.key") == SECRET
    assert demo.secrets("demo", ["etcd/ca.key", "none"]) == {"etcd/ca.key": b"\x00\xff"}
    assert demo.secret("none", "ca.key") is None
    assert SECRET not in stored(demo)
    assert (home / "key").stat().st_mode & 0o777 == 0o600


def test_a_secret_belongs_to_a_cluster(demo):
    with pytest.raises(CskError, match="has no cluster 'none'"):
        demo.put_secret("none", "ca.key", SECRET)


def test_delete(demo):
    demo.put_secrets("demo", {"token": SECRET, "ca.key": SECRET})
    demo.delete_secret("demo", "token")
    demo.delete_secret("demo", "token")
    assert demo.secret_names("demo") == ["ca.key"]


def test_a_wrong_key_is_told_once_and_clearly(demo, home, reopen, url, monkeypatch):
    demo.put_secret("demo", "ca.key", SECRET)
    right, wrong = (home / "key").read_text(), Fernet.generate_key().decode()
    monkeypatch.setenv("CSK_LEDGER_KEY", wrong)
    for use in (lambda: demo.secret("demo", "ca.key"), lambda: demo.put_secret("demo", "x", b""), demo.check_key):
        with pytest.raises(CskError, match="CSK_LEDGER_KEY: is not the key that the secrets") as caught:
            use()
        assert len(caught.value.problems) == 1
        assert wrong not in str(caught.value)
    assert Ledger.open(str(home), url, key=right).secret("demo", "ca.key") == SECRET
    monkeypatch.setenv("CSK_LEDGER_KEY", "short")
    with pytest.raises(CskError, match="CSK_LEDGER_KEY: is no Fernet key"):
        demo.check_key()
    monkeypatch.setenv("CSK_LEDGER_KEY", "")
    demo.check_key()
    assert demo.secret_names("demo") == ["ca.key"]


def test_a_missing_key_is_not_made_anew(demo, home, monkeypatch):
    demo.check_key()
    key = (home / "key").read_text()
    (home / "key").unlink()
    with pytest.raises(CskError, match=r"CSK_LEDGER_KEY, .*/key: the key of the ledger .* is missing"):
        demo.put_secret("demo", "ca.key", SECRET)
    assert not (home / "key").exists()
    monkeypatch.setenv("CSK_LEDGER_KEY", key)
    demo.put_secret("demo", "ca.key", SECRET)
    assert not (home / "key").exists()


def test_a_shared_ledger_makes_no_key(ledger, home, url):
    if url is None:
        pytest.skip("a ledger of one person makes its key")
    (home / "key").unlink()
    with pytest.raises(CskError, match="make a key for all who use this ledger"):
        ledger.check_key()
    assert not (home / "key").exists()


def test_a_key_that_others_may_read_is_refused(demo, home):
    demo.check_key()
    (home / "key").chmod(0o640)
    with pytest.raises(CskError, match=r"others may read or write the ledger's key \(mode 0640\)"):
        demo.check_key()


def test_what_needs_no_secret_needs_no_key(demo, home):
    demo.put_secret("demo", "ca.key", SECRET)
    (home / "key").unlink()
    assert demo.cluster("demo")
    assert demo.secret_names("demo") == ["ca.key"]


def test_nothing_secret_is_shown(demo, home, monkeypatch):
    demo.put_secret("demo", "ca.key", SECRET)
    cluster = demo.cluster("demo")
    assert cluster.etcd_token not in repr(cluster)
    assert (home / "key").read_text() not in f"{demo!r} {demo}"
    # A database that refuses the row: its error must not show what was to be stored.
    monkeypatch.setattr(Fernet, "encrypt", lambda _self, _data: None)
    with pytest.raises(CskError) as caught:
        demo.put_secret("demo", "etcd/ca.key", SECRET)
    assert "PRIVATE" not in str(caught.value)
    assert demo.secret_names("demo") == ["ca.key"]
