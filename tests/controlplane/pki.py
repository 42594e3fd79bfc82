"""Certificates of one control plane, made by openssl: a CA, the API server's, and a client's for each component."""

import subprocess
from pathlib import Path

CLIENTS = {
    "admin": "/O=system:masters/CN=admin",
    "kube-controller-manager": "/CN=system:kube-controller-manager",
    "kube-scheduler": "/CN=system:kube-scheduler",
}
SERVER_NAMES = "DNS:localhost,DNS:kubernetes.default.svc,IP:127.0.0.1"
DAYS = "30"


def _openssl(*words):
    subprocess.run(["openssl", *words], check=True, capture_output=True)


def _key(path):
    _openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(path))
    path.chmod(0o600)


def authority(folder, name="ca", subject="/CN=patchwave-test"):
    folder.mkdir(parents=True, exist_ok=True)
    _key(folder / f"{name}.key")
    _openssl("req", "-x509", "-new", "-key", str(folder / f"{name}.key"), "-subj", subject, "-days", DAYS,
             "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out", str(folder / f"{name}.crt"))


def certificate(folder, name, subject, extensions, ca="ca"):
    key, request, certificate_file = (folder / f"{name}.{end}" for end in ("key", "csr", "crt"))
    _key(key)
    _openssl("req", "-new", "-key", str(key), "-subj", subject, "-out", str(request))
    extension_file = folder / f"{name}.ext"
    extension_file.write_text(extensions)
    _openssl("x509", "-req", "-in", str(request), "-CA", str(folder / f"{ca}.crt"), "-CAkey", str(folder / f"{ca}.key"),
             "-CAcreateserial", "-days", DAYS, "-extfile", str(extension_file), "-out", str(certificate_file))


def server(folder, name, ca="ca", more_names=()):
    names = ",".join([SERVER_NAMES, *more_names])
    certificate(folder, name, f"/CN={name}",
                f"subjectAltName={names}\nextendedKeyUsage=serverAuth\nkeyUsage=digitalSignature\n", ca)


def client(folder, name, subject):
    certificate(folder, name, subject, "extendedKeyUsage=clientAuth\nkeyUsage=digitalSignature\n")


def kubelet(folder, node, address):
    """One certificate for both: the node's identity towards the API server, and its server's towards that."""
    certificate(folder, node, f"/O=system:nodes/CN=system:node:{node}",
                f"subjectAltName=DNS:{node},IP:{address}\nextendedKeyUsage=clientAuth,serverAuth\n"
                "keyUsage=digitalSignature\n")


def control_plane(folder, more_names=()):
    """`more_names` are further names of the API server, as openssl writes them: "IP:192.0.2.1"."""
    folder = Path(folder)
    authority(folder)
    server(folder, "kube-apiserver", more_names=more_names)
    for name, subject in CLIENTS.items():
        client(folder, name, subject)
    _openssl("genrsa", "-out", str(folder / "service-account.key"), "2048")
    _openssl("rsa", "-in", str(folder / "service-account.key"), "-pubout", "-out", str(folder / "service-account.pub"))
