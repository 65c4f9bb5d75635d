"""The walk-through of the README, request by request, against a real HTTP server."""

import uuid

import httpx

from tests.stack import EXAMPLES


async def test_walk_through(server: str) -> None:
    """Register, sign in, start, answer one by one and several at once, skip, complete, read: as with curl."""
    async with httpx.AsyncClient(base_url=f"{server}/api/v1", timeout=60) as http:
        me = {"email": f"{uuid.uuid4().hex}@example.org", "password": "correct horse battery"}
        assert (await http.post("/auth/register", json=me)).status_code == 201
        form = {"username": me["email"], "password": me["password"]}
        token = (await http.post("/auth/login", data=form)).json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"

        started = await http.post("/onboarding/start")
        assert (started.status_code, started.json()["current_step"]) == (201, 1)
        headers = {"Idempotency-Key": str(uuid.uuid4()), "If-Match": f'"{started.json()["version"]}"'}
        first = {"step": "fitness_level", "data": {"fitness_level": "beginner"}}
        assert (await http.post("/onboarding/step", json=first, headers=headers)).json()["current_step"] == 2
        again = await http.post("/onboarding/step", json=first, headers=headers)
        assert again.headers["Idempotent-Replayed"] == "true"
        rest = [{"step": number, "data": EXAMPLES[number]} for number in range(2, 9)]
        assert (await http.post("/onboarding/steps", json={"steps": rest})).json()["current_step"] == 9
        assert (await http.post("/onboarding/skip", json={"step": 9})).json()["progress"]["can_complete"]
        completed = await http.post("/onboarding/complete")
        assert completed.status_code == 201
        assert (await http.get("/profile")).json() == completed.json()
        assert (await http.get("/workouts")).json()["occurrences"]
        assert (await http.get("/users/me")).json()["access_control"]["locked_features"] == []


async def test_older_clients(server: str) -> None:
    """Everything but the runs answers the same without the version; unversioned runs are not there."""
    async with httpx.AsyncClient(base_url=f"{server}/api", timeout=60) as http:
        me = {"email": f"{uuid.uuid4().hex}@example.org", "password": "correct horse battery"}
        assert (await http.post("/auth/register", json=me)).status_code == 201
        token = (await http.post("/auth/login", json=me)).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        for path in ("/auth/me", "/users/me", "/profile", "/profile/versions", "/workouts", "/meals"):
            old, new = await http.get(path, headers=headers), await http.get(f"/v1{path}", headers=headers)
            assert old.status_code == new.status_code
            if old.is_success:
                assert old.json() == new.json()
            else:
                assert old.json()["code"] == new.json()["code"] == "onboarding_required"
        # Unversioned, the company wizard has this path, to save an answer.
        wizard = await http.get("/onboarding/progress", headers=headers)
        assert wizard.status_code == 405
        assert "PUT" in wizard.headers["allow"]
        assert (await http.get("/onboarding/state", headers=headers)).status_code == 404
