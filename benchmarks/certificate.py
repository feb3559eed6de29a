"""The certificate of the benchmarks' server, and the authority that all subjects trust.

Subjects find the authority by environment variables, so each creates its usual TLS context.
"""

import atexit
import ssl
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

HOST = "localhost"


@cache
def folder() -> Path:
    """Create the files of an authority and of a certificate for `localhost`; return their folder.

    They are deleted when this process ends.
    """
    import trustme  # a dependency of the benchmarks only

    directory = TemporaryDirectory(prefix="benchmarks-")
    atexit.register(directory.cleanup)
    path = Path(directory.name)
    authority = trustme.CA()
    certificate = authority.issue_cert(HOST)
    authority.cert_pem.write_to_path(path / "authority.pem")
    certificate.private_key_and_cert_chain_pem.write_to_path(path / "server.pem")
    return path


def trusting() -> dict[str, str]:
    """Return the environment variables by which each library trusts the authority."""
    authority = str(folder() / "authority.pem")
    return {"SSL_CERT_FILE": authority, "REQUESTS_CA_BUNDLE": authority}


def server_context(path: Path) -> ssl.SSLContext:
    """Return the TLS context of the server whose files lie at *path*."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path / "server.pem")
    return context
