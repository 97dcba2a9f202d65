"""Who asks Azure's Blob storage: found where Azure's own tools keep it.

In the order of the first that is there: ``AZURE_STORAGE_CONNECTION_STRING``; ``AZURE_STORAGE_ACCOUNT`` with
``AZURE_STORAGE_KEY`` or ``AZURE_STORAGE_SAS_TOKEN``; the section ``[storage]`` of ``~/.azure/config``; a service
principal in ``AZURE_CLIENT_ID`` and its like; ``az login``. Else nobody, which is enough for public containers.
Sources: "Configure Azure Storage connection strings" and "Azure CLI configuration" in Microsoft's documentation.
"""

from __future__ import annotations

import base64
import binascii
import configparser
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from jsobj.errors import BadUsage, ExitCode, JsobjError
from jsobj.identity.foreign.azure_tokens import Tokens, cli_tokens, principal_tokens
from jsobj.secret import Secret
from jsobj.urls import parse_url, require_secure

if TYPE_CHECKING:
    from jsobj.identity.settings import Settings

CONNECTION, ACCOUNT = "AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_ACCOUNT"
KEY, SAS = "AZURE_STORAGE_KEY", "AZURE_STORAGE_SAS_TOKEN"
NO_LOGIN, LINK = "no login, for public data", "the link's own signature"
_NOTHING = Secret("")
_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
# The suffixes of the clouds that `az cloud set` knows.
_SUFFIXES = {"AzureChinaCloud": "core.chinacloudapi.cn", "AzureUSGovernment": "core.usgovcloudapi.net"}
_SUFFIX = "core.windows.net"
# Azurite's own account: Microsoft publishes its key, and it opens nothing but emulators.
_EMULATOR = {
    "DefaultEndpointsProtocol": "http",
    "AccountName": "devstoreaccount1",
    "AccountKey": "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
    "BlobEndpoint": "http://127.0.0.1:10000/devstoreaccount1",
}


@dataclass(frozen=True, slots=True)
class AzureLogin:
    """A storage account and what opens it: ``key``, ``sas``, ``tokens``, or none of them for public data.

    ``endpoint``: the Blob service's URL, without a slash behind it (an emulator's has the account in its path).
    ``where``: what chose it, for people.
    """

    account: str
    endpoint: str
    where: str
    key: Secret = _NOTHING
    sas: Secret = _NOTHING
    tokens: Tokens | None = None

    @property
    def anonymous(self) -> bool:
        """Whether only public data can be read."""
        return not (self.key or self.sas or self.tokens)


def azure_login(settings: Settings, endpoint: str = "", sas: str = "", *, unsigned: bool = False) -> AzureLogin:
    """The login for an account's ``endpoint``, or for the account that the settings name.

    ``sas``: the query of a link that somebody signed, which is used instead of all others. ``unsigned``: for public
    data, nothing that is found is used. Raises :class:`JsobjError`: auth where no account is known, usage where what
    is set cannot be used, local for a file.
    """
    found = next(filter(None, _stored(settings)), None)
    if endpoint:
        own = found is not None and found.endpoint.lower() == endpoint.lower()
        account = found.account if own and found else _account_of(endpoint)
        found = found if own else AzureLogin(account, endpoint, NO_LOGIN)
    if found is None:
        raise JsobjError(
            "azure-account-missing",
            "it is not known in which storage account the container is",
            code=ExitCode.AUTH,
            hint=f"name it: export {ACCOUNT}=NAME and {KEY}=KEY (or az login); "
            "for public data also https://NAME.blob.core.windows.net/CONTAINER/",
        )
    require_secure(parse_url(found.endpoint)[0], settings.environ, "storage account")
    if unsigned or sas:
        bare = AzureLogin(found.account, found.endpoint, NO_LOGIN)
        return replace(bare, where=LINK, sas=Secret(sas)) if sas else bare
    if not found.anonymous:
        return found
    tokens = principal_tokens(settings) or cli_tokens(settings, folder(settings))
    return replace(found, where=tokens.where, tokens=tokens) if tokens else replace(found, where=NO_LOGIN)


def folder(settings: Settings) -> Path:
    """Where the Azure CLI keeps its files."""
    return Path(settings.get("AZURE_CONFIG_DIR") or settings.home / ".azure").expanduser()


def _stored(settings: Settings) -> tuple[AzureLogin | None, ...]:
    """What variables and the file name, in the order in which they count."""
    if text := settings.get(CONNECTION):
        return (from_connection_string(text, CONNECTION),)
    file = folder(settings) / "config"
    named, suffix = _sections(file)
    account, key, sas = settings.get(ACCOUNT), settings.get(KEY), settings.get(SAS)
    if account and (key or sas):
        return (_of_account(account, suffix, key, sas, KEY if key else SAS),)
    if text := named.get("connection_string", ""):
        written = from_connection_string(text, str(file))
        return (written if account in {"", written.account} else _of_account(account, suffix, "", "", ACCOUNT),)
    own = account in {"", named.get("account", account)}  # a key that the file has is of the account that it names
    account = account or named.get("account", "")
    key, sas = key or (named.get("key", "") if own else ""), sas or (named.get("sas_token", "") if own else "")
    return (_of_account(account, suffix, key, sas, str(file) if own and named else ACCOUNT) if account else None,)


def _sections(file: Path) -> tuple[Mapping[str, str], str]:
    """The section ``[storage]`` of the Azure CLI's file, and the suffix of the cloud that it is set to."""
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}, _SUFFIX
    except (OSError, UnicodeError, configparser.Error) as error:
        raise JsobjError(
            "azure-settings",
            f"{file} cannot be read",
            code=ExitCode.LOCAL,
            context=type(error).__name__,  # its text may quote a line with a key
            hint="mend it, or name the account in the environment: az configure --list-defaults shows what it reads",
        ) from error
    named = dict(parser["storage"]) if parser.has_section("storage") else {}
    return named, _SUFFIXES.get(parser.get("cloud", "name", fallback=""), _SUFFIX)


def _of_account(account: str, suffix: str, key: str, sas: str, where: str) -> AzureLogin:
    if not _ACCOUNT.fullmatch(account):
        raise _unusable(where, "the account's name has other characters than small letters and digits, or is too long")
    return AzureLogin(account, f"https://{account}.blob.{suffix}", where, _key(key, where), Secret(sas.lstrip("?")))


def from_connection_string(text: str, where: str) -> AzureLogin:
    """What a connection string says. Raises :class:`JsobjError` (usage), which does not quote it."""
    pairs = [each.partition("=") for each in text.strip().strip("\"'").split(";") if each.strip()]
    if not all(separator and name.strip() for name, separator, _ in pairs):
        raise _unusable(where, "it is no list of NAME=VALUE with ';' between them")
    values = {name.strip().lower(): value.strip() for name, _, value in pairs}
    if values.get("usedevelopmentstorage", "").lower() == "true":
        values = {name.lower(): value for name, value in _EMULATOR.items()} | values
    account, endpoint = values.get("accountname", ""), values.get("blobendpoint", "").rstrip("/")
    if not account and not endpoint:
        raise _unusable(where, "it names neither AccountName nor BlobEndpoint")
    if not endpoint:
        scheme, suffix = values.get("defaultendpointsprotocol", "https"), values.get("endpointsuffix", _SUFFIX)
        endpoint = f"{scheme}://{account}.blob.{suffix}"
    try:
        parse_url(endpoint)
    except JsobjError as error:
        raise _unusable(where, "its BlobEndpoint is no URL") from error
    key, sas = values.get("accountkey", ""), values.get("sharedaccesssignature", "").lstrip("?")
    return AzureLogin(account or _account_of(endpoint), endpoint, where, _key(key, where), Secret(sas))


def _account_of(endpoint: str) -> str:
    """The account in an endpoint: the host's first word, or where hosts have no names, the path's."""
    origin, path = parse_url(endpoint)
    return path.strip("/").partition("/")[0] or origin.host.partition(".")[0]


def _key(text: str, where: str) -> Secret:
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error:
        raise _unusable(where, "the account key is not whole: it is Base64, as the portal shows it") from None
    return Secret(text)


def _unusable(where: str, why: str) -> JsobjError:
    return BadUsage(
        f"the Azure settings in {where} cannot be used: {why}",
        hint="copy them again: az storage account show-connection-string --name ACCOUNT",
    )
