# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificate authorities, client certificates and tokens as kubeadm would make them."""

from __future__ import annotations

import base64
import re
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from ansible_collections.csk.kubernetes.plugins.plugin_utils.render import pki
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID

TODAY = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
NAMES = {"ca.crt", "ca.key", "front-proxy-ca.crt", "front-proxy-ca.key", "etcd/ca.crt", "etcd/ca.key"}


@pytest.fixture(scope="module")
def cas() -> dict[str, bytes]:
    return pki.create_cas(TODAY)


def usage(certificate: x509.Certificate) -> set[str]:
    value = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    names = ("digital_signature", "key_encipherment", "key_cert_sign", "crl_sign", "key_agreement", "data_encipherment")
    return {name for name in names if getattr(value, name)}


def test_kubeadms_file_names(cas):
    assert set(cas) == NAMES | {"sa.key", "sa.pub"}


@pytest.mark.parametrize(
    ("name", "common_name"), [("ca", "kubernetes"), ("front-proxy-ca", "front-proxy-ca"), ("etcd/ca", "etcd-ca")]
)
def test_authorities(cas, name, common_name):
    certificate = x509.load_pem_x509_certificate(cas[f"{name}.crt"])
    key = serialization.load_pem_private_key(cas[f"{name}.key"], None)
    assert certificate.subject == certificate.issuer
    assert certificate.subject.rfc4514_string() == f"CN={common_name}"
    assert certificate.not_valid_before_utc == TODAY - timedelta(minutes=5)
    assert certificate.not_valid_after_utc == TODAY + timedelta(days=3650)
    assert usage(certificate) == {"digital_signature", "key_encipherment", "key_cert_sign"}
    # The extensions that kubeadm's have, in their order, and which of them are critical.
    assert [(extension.oid, extension.critical) for extension in certificate.extensions] == [
        (ExtensionOID.KEY_USAGE, True),
        (ExtensionOID.BASIC_CONSTRAINTS, True),
        (ExtensionOID.SUBJECT_KEY_IDENTIFIER, False),
        (ExtensionOID.SUBJECT_ALTERNATIVE_NAME, False),
    ]
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (constraints.ca, constraints.path_length) == (True, None)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [common_name]
    assert certificate.public_key() == key.public_key()
    assert isinstance(key.curve, ec.SECP256R1)
    assert cas[f"{name}.key"].startswith(b"-----BEGIN EC PRIVATE KEY-----\n")
    certificate.verify_directly_issued_by(certificate)


def test_service_accounts_keys(cas):
    key = serialization.load_pem_private_key(cas["sa.key"], None)
    assert serialization.load_pem_public_key(cas["sa.pub"]) == key.public_key()
    assert cas["sa.pub"].startswith(b"-----BEGIN PUBLIC KEY-----\n")


def test_every_cluster_has_its_own(cas):
    other = pki.create_cas(TODAY)
    assert len(set(cas.values()) | set(other.values())) == 16


def test_client_certificate(cas):
    pem, key_pem = pki.client_cert(
        cas["ca.crt"], cas["ca.key"], pki.ADMIN_USER, [pki.ADMIN_GROUP], days=30, today=TODAY
    )
    certificate, authority = x509.load_pem_x509_certificate(pem), x509.load_pem_x509_certificate(cas["ca.crt"])
    key = serialization.load_pem_private_key(key_pem, None)
    certificate.verify_directly_issued_by(authority)
    assert certificate.public_key() == key.public_key()
    subject = {attribute.oid: attribute.value for attribute in certificate.subject}
    assert subject == {NameOID.ORGANIZATION_NAME: "kubeadm:cluster-admins", NameOID.COMMON_NAME: "kubernetes-admin"}
    assert certificate.not_valid_before_utc == TODAY - timedelta(minutes=5)
    assert certificate.not_valid_after_utc == TODAY + timedelta(days=30)
    assert usage(certificate) == {"digital_signature", "key_encipherment"}
    extended = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(extended) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    identifier = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    assert identifier == authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def test_no_certificate_outlives_its_authority(cas):
    pem, _key = pki.client_cert(cas["ca.crt"], cas["ca.key"], "late", [], days=365, today=TODAY + timedelta(days=3600))
    assert x509.load_pem_x509_certificate(pem).not_valid_after_utc == TODAY + timedelta(days=3650)


def test_openssl_agrees(tmp_path):
    cas = pki.create_cas()
    certificate, _key = pki.client_cert(cas["ca.crt"], cas["ca.key"], "user", ["group"])
    (tmp_path / "ca.crt").write_bytes(cas["ca.crt"])
    (tmp_path / "user.crt").write_bytes(certificate)
    command = ["openssl", "verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", "ca.crt", "user.crt"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, "user.crt: OK\n"), run.stderr


def test_admin_kubeconfig():
    config = yaml.safe_load(pki.admin_kubeconfig("demo", "https://172.30.0.10:6443", b"ca", b"crt", b"key"))
    assert config["current-context"] == "kubernetes-admin@demo"
    assert config["contexts"] == [
        {"name": "kubernetes-admin@demo", "context": {"cluster": "demo", "user": "kubernetes-admin"}}
    ]
    cluster, user = config["clusters"][0], config["users"][0]
    assert (cluster["name"], cluster["cluster"]["server"]) == ("demo", "https://172.30.0.10:6443")
    assert base64.b64decode(cluster["cluster"]["certificate-authority-data"]) == b"ca"
    assert user["name"] == "kubernetes-admin"
    assert {k: base64.b64decode(v) for k, v in user["user"].items()} == {
        "client-certificate-data": b"crt",
        "client-key-data": b"key",
    }


def test_bootstrap_token():
    tokens = {pki.bootstrap_token() for _time in range(100)}
    assert len(tokens) == 100
    assert all(re.fullmatch(r"[a-z0-9]{6}\.[a-z0-9]{16}", token) for token in tokens)
