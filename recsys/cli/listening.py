"""Where the app may listen: asked of the system before anything is started or said."""

import errno
import ipaddress
import re
import socket

from recsys.errors import DataError

LOCAL = "127.0.0.1"
"""Where the app listens unless told otherwise: there is no login."""
_ADDRESS = re.compile(r"[\w.:%-]+")
"""Empty, or with a blank at its end, an address would be every interface, or another than the one that is shown."""


def check(address: str, port: int) -> bool:
    """Bind the address as the server will, and let it go; whether only this machine reaches it.

    Raises
    ------
    DataError  E_PARAM: not an address of this machine; E_BUSY: something listens there
    OSError  the system refuses it otherwise, such as a port below 1024
    """
    if not _ADDRESS.fullmatch(address):
        raise _no_address(address)
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
            probe.listen()
        except (socket.gaierror, UnicodeError) as error:
            raise _no_address(address) from error
        except OSError as error:
            if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EINVAL):
                raise _no_address(address) from error
            if error.errno == errno.EADDRINUSE:
                raise DataError.of(
                    "E_BUSY", f"something listens on port {port} of {address} already.", "Give another --port, or end it."
                ) from error
            raise
        return ipaddress.ip_address(probe.getsockname()[0].partition("%")[0]).is_loopback


def _no_address(address: str) -> DataError:
    return DataError.of(
        "E_PARAM",
        f"{address[:60]!r} is not an address of this machine.",
        f"Give one as --address, such as {LOCAL}, or 0.0.0.0 for all of them.",
        column="address",
    )
