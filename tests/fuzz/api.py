"""A little HTTP: what the fuzzing needs of the API besides what schemathesis sends."""

import json
import urllib.error
import urllib.request

# What the document shows as an example, so that its examples can succeed.
PASSWORD = "SecurePass123!"

# Where these requests come from. The failed logins of the fuzzing slow those from its own address.
ELSEWHERE = "198.51.100.1"


class Api:
    """The API of a running handler."""

    def __init__(self, address):
        self.address = address

    def ask(self, method, path, token=None, body=None):
        """Sends a request; answers the status and what the body holds (None if it is empty)."""
        headers = {"X-Forwarded-For": ELSEWHERE}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as refusal:
            status, text = refusal.code, refusal.read()
        return status, json.loads(text) if text else None

    def must(self, method, path, token=None, body=None):
        """The same for what has to succeed; answers the body."""
        status, answer = self.ask(method, path, token, body)
        if not 200 <= status < 300:
            raise RuntimeError(f"{method} {path} was refused with {status}: {answer}")
        return answer

    def register(self, email, name, home=("Lisbon", "Portugal")):
        """Makes an account; answers its id."""
        profile = {"display_name": name, "home_city": home[0], "home_country": home[1]}
        return self.must("POST", "/api/v1/auth/register", body={"email": email, "password": PASSWORD, **profile})["id"]

    def login(self, email):
        """Opens a session; answers its tokens."""
        return self.must("POST", "/api/v1/auth/login", body={"email": email, "password": PASSWORD})
