"""What the tests of the three Keystones hold in their hands: a cloud of one generation, and keys seen past jsobj."""

from __future__ import annotations

from dataclasses import dataclass

from fixtures_cloud import Cloud


@dataclass(frozen=True)
class Generation:
    """A running cloud, and which of the three its Keystone is."""

    number: int
    cloud: Cloud


class Keys:
    """The EC2 keys of one user, of all his projects, as the administrator sees them."""

    def __init__(self, cloud: Cloud, user: str) -> None:
        self._api = cloud.keystone("admin")
        self._path = f"/users/{cloud.user_id(user)}/credentials/OS-EC2"
        self._projects = cloud.status.projects
        self._before = set(self.projects)

    @property
    def projects(self) -> dict[str, str]:
        """Access key to the project's name."""
        names = {identifier: name for name, identifier in self._projects.items()}
        return {key["access"]: names[key["tenant_id"]] for key in self._api.call("GET", self._path)["credentials"]}

    @property
    def new(self) -> set[str]:
        """The access keys that were made since the test began."""
        return set(self.projects) - self._before

    def make(self, project: str) -> str:
        """A key that jsobj did not make; its access key."""
        answer = self._api.call("POST", self._path, {"tenant_id": self._projects[project]})
        return str(answer["credential"]["access"])

    def delete(self, access: str) -> None:
        self._api.call("DELETE", f"{self._path}/{access}")
