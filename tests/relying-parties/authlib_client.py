"""Signs in with Authlib as it comes: what a relying party of that library does against a running auth-server.

Reads what it needs as JSON from standard input and writes what it has seen as JSON to standard output.
"""

import html
import json
import os
import re
import sys

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # The trial's public listener is plain HTTP on loopback.

import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.jose import JsonWebKey, jwt
from authlib.oidc.core import CodeIDToken


def sign_in(browser, url, given):
    """Fills the login page's form as a browser without scripts does, and returns where it is sent."""
    page = browser.get(url)
    page.raise_for_status()
    field = re.search(r'name="form" value="([^"]+)"', page.text)
    action = re.search(r'<form method="post" action="([^"]+)"', page.text)
    form = {"form": field.group(1), "user_id": given["user_id"], "password": given["password"]}
    address = requests.compat.urljoin(page.url, html.unescape(action.group(1)))
    answer = browser.post(address, data=form, allow_redirects=False)
    assert answer.status_code == 303, (answer.status_code, answer.text)
    return answer.headers["location"]


def refused(call):
    """The error with which `call` is refused."""
    try:
        call()
    except OAuthError as error:
        return error.error
    return None


def main():
    given = json.load(sys.stdin)
    seen = {}
    client = OAuth2Session(
        given["client_id"],
        given["client_secret"],
        scope="openid email",
        redirect_uri=given["redirect_uri"],
        code_challenge_method="S256",
    )
    found = requests.get(given["issuer"] + "/.well-known/openid-configuration").json()
    seen["issuer"] = found["issuer"]
    keys = JsonWebKey.import_key_set(requests.get(found["jwks_uri"]).json())

    browser = requests.Session()
    nonce, verifier = generate_token(), generate_token(48)
    url, state = client.create_authorization_url(
        found["authorization_endpoint"], code_verifier=verifier, nonce=nonce
    )
    back = sign_in(browser, url, given)
    code = requests.compat.urlparse(back)
    answer = dict(requests.compat.unquote(pair).split("=", 1) for pair in code.query.split("&"))
    seen["iss"] = answer["iss"]
    token = client.fetch_token(
        found["token_endpoint"], authorization_response=back, code_verifier=verifier, state=state
    )
    claims = jwt.decode(
        token["id_token"],
        keys,
        claims_cls=CodeIDToken,
        claims_options={
            "iss": {"essential": True, "value": found["issuer"]},
            "aud": {"essential": True, "value": given["client_id"]},
        },
        claims_params={"nonce": nonce, "client_id": given["client_id"]},
    )
    claims.validate()
    seen["id_token"] = {name: claims[name] for name in ("preferred_username", "sub")}
    seen["userinfo"] = client.get(found["userinfo_endpoint"]).json()

    refreshed = client.refresh_token(found["token_endpoint"])
    seen["refreshed"] = refreshed["access_token"] != token["access_token"]
    seen["userinfo_again"] = client.get(found["userinfo_endpoint"]).json()["sub"]

    def again():
        OAuth2Session(given["client_id"], given["client_secret"], redirect_uri=given["redirect_uri"]).fetch_token(
            found["token_endpoint"], authorization_response=back, code_verifier=verifier, state=state
        )

    second = sign_in(requests.Session(), url, given)

    def elsewhere():
        other = given["other"]
        OAuth2Session(other["client_id"], other["client_secret"], redirect_uri=given["redirect_uri"]).fetch_token(
            found["token_endpoint"], authorization_response=second, code_verifier=verifier, state=state
        )

    seen["foreign"] = refused(elsewhere)
    seen["replayed"] = refused(again)
    seen["after_replay"] = client.get(found["userinfo_endpoint"]).status_code

    token = client.fetch_token(
        found["token_endpoint"], authorization_response=second, code_verifier=verifier, state=state
    )
    out = browser.get(
        found["end_session_endpoint"],
        params={
            "id_token_hint": token["id_token"],
            "post_logout_redirect_uri": given["post_logout_redirect_uri"],
            "state": "out",
        },
        allow_redirects=False,
    )
    seen["signed_out"] = [out.status_code, out.headers.get("location")]
    seen["after_logout"] = client.get(found["userinfo_endpoint"]).status_code
    json.dump(seen, sys.stdout)


main()
