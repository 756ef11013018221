# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster's certificate authorities, client certificates and tokens, as kubeadm would make them.

Sources: kubeadm's util/pkiutil/pki_helpers.go and phases/certs/certlist.go, client-go's util/keyutil and
util/pubkeypin, of Kubernetes 1.36.3, with the encryption algorithm ECDSA-P256.
"""

from __future__ import annotations

import base64
import secrets
import string
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import Certificate, CertificateBuilder

#: kubeadm's file name below /etc/kubernetes/pki: the CA's common name.
AUTHORITIES = {"ca": "kubernetes", "front-proxy-ca": "front-proxy-ca", "etcd/ca": "etcd-ca"}
BACKDATE = timedelta(minutes=5)
CA_VALIDITY = timedelta(days=3650)
ADMIN_USER = "kubernetes-admin"
ADMIN_GROUP = "kubeadm:cluster-admins"


def create_cas(today: datetime | None = None) -> dict[str, bytes]:
    """Return new CAs with their keys, and the service accounts' key pair, as PEM by kubeadm's file names.

    :param today: the moment of creation; now, if left out. The CAs are valid from five minutes before it until 3650
        days after it.
    """
    from cryptography.hazmat.primitives import serialization

    now = today or datetime.now(UTC)
    files: dict[str, bytes] = {}
    for name, common_name in AUTHORITIES.items():
        key = _new_key()
        files[f"{name}.crt"] = _pem(_self_signed(common_name, key, now))
        files[f"{name}.key"] = _key_pem(key)
    key = _new_key()
    files["sa.key"] = _key_pem(key)
    files["sa.pub"] = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return files


def client_cert(
    ca_crt: bytes,
    ca_key: bytes,
    common_name: str,
    organizations: Sequence[str],
    days: int = 365,
    today: datetime | None = None,
) -> tuple[bytes, bytes]:
    """Return a new client certificate, signed by the CA, and its key, as PEM.

    :param common_name: the user's name in Kubernetes.
    :param organizations: the user's groups in Kubernetes.
    :param days: how long it is valid from ``today`` on; never longer than the CA.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.x509.oid import ExtendedKeyUsageOID

    ca = x509.load_pem_x509_certificate(ca_crt)
    signer = serialization.load_pem_private_key(ca_key, None)
    now = today or datetime.now(UTC)
    key = _new_key()
    builder = (
        _builder(common_name, organizations, key)
        .issuer_name(ca.subject)
        .not_valid_before(max(now - BACKDATE, ca.not_valid_before_utc))
        .not_valid_after(min(now + timedelta(days=days), ca.not_valid_after_utc))
        .add_extension(_key_usage(ca=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
                ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
            ),
            critical=False,
        )
    )
    return _pem(builder.sign(signer, _sha256())), _key_pem(key)


def admin_kubeconfig(cluster_name: str, endpoint_url: str, ca_crt: bytes, crt: bytes, key: bytes) -> str:
    """Return a kubeconfig (YAML) like kubeadm's admin.conf, with everything embedded."""
    import yaml

    context = f"{ADMIN_USER}@{cluster_name}"
    cluster = {"certificate-authority-data": _base64(ca_crt), "server": endpoint_url}
    user = {"client-certificate-data": _base64(crt), "client-key-data": _base64(key)}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": cluster_name, "cluster": cluster}],
        "contexts": [{"name": context, "context": {"cluster": cluster_name, "user": ADMIN_USER}}],
        "current-context": context,
        "users": [{"name": ADMIN_USER, "user": user}],
    }
    return yaml.safe_dump(config, sort_keys=False)


def ends_at(crt: bytes) -> datetime:
    """Return when a certificate (PEM) ends."""
    from cryptography import x509

    return x509.load_pem_x509_certificate(crt).not_valid_after_utc


def days_left(crt: bytes) -> float:
    """Return how many days a certificate is still valid; less than 0 after its end."""
    return (ends_at(crt) - datetime.now(UTC)).total_seconds() / 86400


def bootstrap_token() -> str:
    """Return a new random token of the form that kubeadm wants: ``[a-z0-9]{6}.[a-z0-9]{16}``."""
    alphabet = string.ascii_lowercase + string.digits
    text = "".join(secrets.choice(alphabet) for _number in range(22))
    return f"{text[:6]}.{text[6:]}"


def _self_signed(common_name: str, key: EllipticCurvePrivateKey, now: datetime) -> Certificate:
    from cryptography import x509

    builder = (
        _builder(common_name, (), key)
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)]))
        .not_valid_before(now - BACKDATE)
        .not_valid_after(now + CA_VALIDITY)
        .add_extension(_key_usage(ca=True), critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(common_name)]), critical=False)
    )
    return builder.sign(key, _sha256())


def _builder(common_name: str, organizations: Sequence[str], key: EllipticCurvePrivateKey) -> CertificateBuilder:
    from cryptography import x509

    names = [x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, name) for name in organizations]
    names.append(x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name))
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name(names))
        .public_key(key.public_key())
        .serial_number(1 + secrets.randbelow(2**63 - 2))
    )


def _key_usage(ca: bool):
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=True,
        key_encipherment=True,
        key_cert_sign=ca,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _new_key() -> EllipticCurvePrivateKey:
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


def _key_pem(key: EllipticCurvePrivateKey) -> bytes:
    from cryptography.hazmat.primitives import serialization

    # SEC 1 ("EC PRIVATE KEY"), as keyutil.MarshalPrivateKeyToPEM writes it.
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


def _pem(certificate: Certificate) -> bytes:
    from cryptography.hazmat.primitives import serialization

    return certificate.public_bytes(serialization.Encoding.PEM)


def _sha256():
    from cryptography.hazmat.primitives import hashes

    return hashes.SHA256()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
