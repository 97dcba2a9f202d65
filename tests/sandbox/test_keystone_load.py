"""Keystone on SQLite under parallel writers: never a 500 ("database is locked")."""

from __future__ import annotations

import http.client
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from fixtures_cloud import Cloud

WRITERS = 8
ROUNDS = 12


def test_parallel_writers_never_meet_a_locked_database(cloud: Cloud) -> None:
    user = cloud.user_id("alice")
    project = cloud.status.projects["demo"]
    password = cloud.password("alice")

    def work(writer: int) -> Counter[int]:
        return hammer(cloud.auth_url, user, project, password, f"writer-{writer}")

    with ThreadPoolExecutor(WRITERS) as pool:
        answers = sum(pool.map(work, range(WRITERS)), Counter[int]())
    assert set(answers) == {200, 201, 204}, answers
    assert answers[201] == WRITERS * (1 + ROUNDS * 3)
    assert answers[204] == WRITERS * ROUNDS * 3


def hammer(auth_url: str, user: str, project: str, password: str, name: str) -> Counter[int]:
    """Make and delete an application credential, an EC2 key and a token, again and again; the statuses that came."""
    seen: Counter[int] = Counter()
    origin = urlsplit(auth_url)
    connection = http.client.HTTPConnection(origin.hostname or "", origin.port, timeout=100)

    def send(method: str, path: str, token: str = "", body: object = None, **headers: str) -> tuple[str, bytes]:
        words = {"Content-Type": "application/json", "X-Auth-Token": token} if token else {}
        payload = None if body is None else json.dumps(body)
        connection.request(
            method, origin.path + path, payload, {**words, **headers, "Content-Type": "application/json"}
        )
        response = connection.getresponse()
        text = response.read()
        seen[response.status] += 1
        return response.headers.get("X-Subject-Token", ""), text

    secret = {"user": {"id": user, "password": password}}
    login = {"identity": {"methods": ["password"], "password": secret}, "scope": {"project": {"id": project}}}
    token, _ = send("POST", "/auth/tokens", body={"auth": login})
    for turn in range(ROUNDS):
        wish = {"application_credential": {"name": f"{name}-{turn}"}}
        _, text = send("POST", f"/users/{user}/application_credentials", token, wish)
        made = json.loads(text)["application_credential"]["id"]
        _, text = send("POST", f"/users/{user}/credentials/OS-EC2", token, {"tenant_id": project})
        access = json.loads(text)["credential"]["access"]
        other, _ = send("POST", "/auth/tokens", body={"auth": login})
        send("GET", f"/users/{user}/credentials/OS-EC2", token)
        send("DELETE", "/auth/tokens", token, **{"X-Subject-Token": other})
        send("DELETE", f"/users/{user}/credentials/OS-EC2/{access}", token)
        send("DELETE", f"/users/{user}/application_credentials/{made}", token)
    connection.close()
    return seen
