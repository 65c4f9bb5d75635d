"""The company wizard from its start to the organization, request by request, against a real HTTP server."""

import uuid

import httpx

from tests.api.wizard import ANSWERS


async def test_the_wizard(server: str) -> None:
    """Register, start, three steps, complete: there is an organization, and the profile has the same answers."""
    async with httpx.AsyncClient(base_url=f"{server}/api", timeout=60) as http:
        me = {"email": f"{uuid.uuid4().hex}@example.org", "password": "correct horse battery"}
        assert (await http.post("/auth/register", json=me)).status_code == 201
        token = (await http.post("/auth/login", json=me)).json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"

        session = (await http.post("/onboarding/start", json={"context": {"companyName": "Acme"}})).json()
        assert (session["currentStep"], session["status"]) == (1, "in_progress")
        for number, data in enumerate(ANSWERS.values(), 1):
            body = {"sessionId": session["id"], "step": number, "data": data}
            saved = await http.put("/onboarding/progress", json=body)
            assert saved.status_code == 200
        assert saved.json()["stepData"] == ANSWERS
        done = (await http.post("/onboarding/complete", json={"sessionId": session["id"]})).json()
        assert (done["session"]["status"], done["session"]["currentStep"]) == ("completed", None)
        assert done["organization"]["name"] == ANSWERS["company"]["name"]
        assert (await http.get(f"/onboarding/session/{session['id']}")).json() == done["session"]
        assert (await http.delete(f"/onboarding/session/{session['id']}")).status_code == 409
        profile = (await http.get("/profile?flow=company")).json()
        assert profile["answers"]["organization"]["team_size"] == 12
