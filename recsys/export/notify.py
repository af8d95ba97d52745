"""Webhook: one small POST that a new version is in force.

It is a hint and no more: whoever gets it reads ``latest.json`` and verifies what is there, as ever.
"""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from recsys.errors import ArtefactError, Finding

SIGNATURE_HEADER = "Greenlight-Signature"
"""Of the body's bytes, by the key that signed the bundle, in hex: ``ed25519=…``."""
TRIES = 3
TIMEOUT_SECONDS = 10.0


def check(url: str) -> None:
    """Refuse an address that cannot be posted to, before anything is made.

    Raises
    ------
    ArtefactError  E_PARAM
    """
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ArtefactError.of("E_PARAM", f"{url!r} is no web address.", "Give one that starts with https://.")


def notify(
    url: str,
    published: Mapping[str, Any],
    keys: Sequence[Ed25519PrivateKey] = (),
    *,
    wait: Callable[[float], None] = time.sleep,
) -> Finding | None:
    """Post what was published; tries again when nobody answers or the answer is 5xx.

    Parameters
    ----------
    url : http or https
    published : ``name``, ``version``, ``sequence`` and ``bundle``
    keys : the first signs the body
    wait : between tries, in seconds

    Returns
    -------
    None when it was taken; else a ``W_NOTIFY``, for the bundle is in force all the same
    """
    check(url)
    body = (json.dumps({"event": "bundle.published", **published}) + "\n").encode()
    headers = {"Content-Type": "application/json", "User-Agent": "greenlight"}
    if keys:
        headers[SIGNATURE_HEADER] = f"ed25519={keys[0].sign(body).hex()}"
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")  # noqa: S310  checked above
    said = ""
    for attempt in range(TRIES):
        if attempt:
            wait(2.0**attempt)
        try:
            with _OPENER.open(request, timeout=TIMEOUT_SECONDS):
                return None
        except urllib.error.HTTPError as error:
            said = f"it answered {error.code}"
            if error.code < 500:
                break
        except (OSError, ValueError) as error:
            said = str(getattr(error, "reason", error))
    return Finding(
        code="W_NOTIFY",
        message=f"{urllib.parse.urlsplit(url).hostname} was not told of the new version: {said}.",
        remedy="The version is in force; who reads latest.json finds it.",
    )


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Another address than the one that was given is not posted to."""

    def redirect_request(self, *_arguments: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)
