"""What the API promises of every answer, whatever was asked: held against each answer by hooks.py."""

import re

CODES = {
    400: "VALIDATION_ERROR",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    409: "CONFLICT",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    429: "RATE_LIMIT_EXCEEDED",
    503: "SERVICE_UNAVAILABLE",
}
# What comes with a refusal.
WITH = {401: "www-authenticate", 405: "allow", 429: "retry-after", 503: "retry-after"}
ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")
# Whoever inlines an answer in a page must not run it.
UNSAFE = set("<>&\u2028\u2029")


def check(response, case):
    """Raises an AssertionError that names the promise which an answer breaks."""
    status = response.status_code
    headers = {name.lower(): values[0] for name, values in response.headers.items()}
    for name, value in ALWAYS.items():
        assert headers.get(name) == value, f"{name} is {headers.get(name)!r}, not {value!r}"
    request_id = headers.get("x-request-id", "")
    assert REQUEST_ID.match(request_id), f"the request id is {request_id!r}"
    # Browsers ask with OPTIONS what they may; nothing else answers without a body but these.
    if status == 204 or response.request.method in ("HEAD", "OPTIONS"):
        assert not response.content, "a body where none belongs"
        return
    assert headers.get("content-type") == "application/json; charset=utf-8", "no JSON in UTF-8"
    text = response.content.decode("utf-8")
    assert not UNSAFE & set(text), f"unsafe to inline: {sorted(UNSAFE & set(text))}"
    if status >= 400 and not case.operation.path.startswith(("/health", "/ready")):
        assert status not in WITH or headers.get(WITH[status]), f"a {status} without {WITH[status]}"
        error = response.json()["error"]
        assert error["code"] == CODES.get(status), f"{error['code']} with a {status}"
        assert error["request_id"] == request_id, "the body has another request id than the header"
        assert status != 400 or error["details"], "a 400 that does not say what is wrong"
