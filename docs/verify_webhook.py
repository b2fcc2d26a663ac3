import base64, hashlib, hmac, time


def verify(secret, headers, body, tolerance=300):
    """Whether a message is genuine: headers by lower-case name, body as the bytes that came."""
    message, sent = headers["webhook-id"], headers["webhook-timestamp"]
    if abs(time.time() - int(sent)) > tolerance:
        return False  # too old: somebody may be repeating it
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message}.{sent}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
    given = [one[3:].encode() for one in headers["webhook-signature"].split() if one[:3] == "v1,"]
    return any(hmac.compare_digest(expected, one) for one in given)
