"""Bearer tokens for Azure's storage, from azure-identity: of a service principal, or of whom ``az login`` has let in.

Not its ``DefaultAzureCredential``: that looks at the process's own environment and asks several services in turn, so
that neither is it known whose token it will be, nor how long the first takes.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jsobj.errors import BadUsage, ExitCode, JsobjError
from jsobj.redaction import redact
from jsobj.secret import Secret

if TYPE_CHECKING:
    from jsobj.identity.settings import Settings

_SCOPE = "https://storage.azure.com/.default"
_EARLY = 120.0  # seconds before its end at which a token is not used any more
_AUTHORITY = "https://login.microsoftonline.com"


class Tokens:
    """One credential's tokens, renewed once for all threads. ``where``: whose, for people; ``again``: how to log in.

    ``make`` gives the credential, an object with ``get_token``, and imports what that takes.
    """

    def __init__(self, where: str, again: str, make: Callable[[], Any]) -> None:
        self.where = where
        self.again = again
        self._make = make
        self._lock = threading.Lock()
        self._credential: Any = None
        self._token = Secret("")
        self.ends = 0.0  # seconds since 1970

    def current(self) -> Secret:
        """A token that lasts a little longer. Raises :class:`JsobjError`: auth, network, usage (no library)."""
        with self._lock:
            if self.ends < time.time() + _EARLY:
                self._fetch()
            return self._token

    def renew(self) -> None:
        """Another token, whatever the one that is there says of its end. Raises as :meth:`current`."""
        with self._lock:
            self._credential = None  # it keeps its tokens, too
            self._fetch()

    def _fetch(self) -> None:
        if self._credential is None:
            self._credential = self._made()
        from azure.core.exceptions import AzureError, ClientAuthenticationError

        try:
            found = self._credential.get_token(_SCOPE)
        except ClientAuthenticationError as error:  # also where the Azure CLI is not there or has nobody logged in
            raise JsobjError(
                "azure-login-refused",
                f"Azure gives no token ({self.where})",
                code=ExitCode.AUTH,
                context=_first_line(error),
                hint=self.again,
            ) from error
        except AzureError as error:
            raise JsobjError(
                "azure-login-unreachable",
                f"Azure's login does not answer ({self.where})",
                code=ExitCode.NETWORK,
                context=_first_line(error),
                hint="check the network and try again",
            ) from error
        self._token, self.ends = Secret(found.token), float(found.expires_on)

    def _made(self) -> Any:
        try:
            return self._make()
        except ImportError as error:
            raise BadUsage(
                f"the login of Azure ({self.where}) needs a library that is not installed",
                context=str(error),
                hint="pip install 'jsobj[clouds]'; for public data: --no-sign-request",
            ) from error
        except ValueError as error:  # a tenant's name with a slash, a certificate that is none
            raise BadUsage(
                f"the login of Azure ({self.where}) cannot be used", context=_first_line(error), hint=self.again
            ) from error


def _first_line(error: Exception) -> str:
    return redact(str(error).strip().partition("\n")[0][:300])


def principal_tokens(settings: Settings) -> Tokens | None:
    """Of the service principal that ``AZURE_CLIENT_ID`` and its like name; None where they do not."""
    tenant, client = settings.get("AZURE_TENANT_ID"), settings.get("AZURE_CLIENT_ID")
    secret, certificate = settings.get("AZURE_CLIENT_SECRET"), settings.get("AZURE_CLIENT_CERTIFICATE_PATH")
    federated = settings.get("AZURE_FEDERATED_TOKEN_FILE")
    if not (tenant and client and (secret or certificate or federated)):
        return None
    more = {"authority": settings.get("AZURE_AUTHORITY_HOST") or _AUTHORITY}

    def make() -> Any:
        from azure import identity

        if secret:
            return identity.ClientSecretCredential(tenant, client, secret, **more)
        if certificate:
            return identity.CertificateCredential(tenant, client, certificate, **more)
        return identity.WorkloadIdentityCredential(
            tenant_id=tenant, client_id=client, token_file_path=federated, **more
        )

    again = "check AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET; a secret may have ended: az ad sp "
    return Tokens("the service principal in AZURE_CLIENT_ID", f"{again}credential reset --id CLIENT", make)


def cli_tokens(settings: Settings, folder: Path) -> Tokens | None:
    """Of the person whom ``az login`` has let in; None where nobody is."""
    if not _logged_in(folder / "azureProfile.json"):
        return None

    def make() -> Any:
        from azure.identity import AzureCliCredential

        return AzureCliCredential(tenant_id=settings.get("AZURE_TENANT_ID"), process_timeout=30)

    return Tokens("az login", "az login", make)


def _logged_in(file: Path) -> bool:
    """Whether ``az login`` has left a subscription in its file, which begins with a byte order mark."""
    try:
        document = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return False
    return isinstance(document, dict) and bool(document.get("subscriptions"))
