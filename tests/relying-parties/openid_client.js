// Signs in with openid-client as it comes: what a relying party of that library does against a running auth-server.
//
// Reads what it needs as JSON from standard input and writes what it has seen as JSON to standard output.
import { text } from "node:stream/consumers";
import * as client from "openid-client";

const given = JSON.parse(await text(process.stdin));
const seen = {};

/** A browser without scripts that keeps cookies and follows nothing. */
class Browser {
  cookies = new Map();

  async fetch(url, options = {}) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { ...options.headers, cookie };
    const answer = await fetch(url, { ...options, headers, redirect: "manual" });
    for (const line of answer.headers.getSetCookie()) {
      const [name, value] = line.split(";")[0].split("=");
      this.cookies.set(name, value);
    }
    return answer;
  }

  /** Fills the login page's form; where the browser is sent then. */
  async signIn(url) {
    const page = await (await this.fetch(url)).text();
    const form = page.match(/name="form" value="([^"]+)"/)[1];
    const body = new URLSearchParams({ form, user_id: given.user_id, password: given.password });
    const answer = await this.fetch(url, { method: "POST", body });
    return new URL(answer.headers.get("location"));
  }
}

/** The error with which `call` is refused. */
async function refused(call) {
  try {
    await call();
  } catch (error) {
    return error.error ?? error.message;
  }
  return null;
}

async function discover({ client_id: id, client_secret: secret }) {
  const options = { execute: [client.allowInsecureRequests] };
  return client.discovery(new URL(given.issuer), id, secret, client.ClientSecretBasic(secret), options);
}

const config = await discover(given);
client.enableNonRepudiationChecks(config);
seen.issuer = config.serverMetadata().issuer;
seen.pkce = config.serverMetadata().supportsPKCE();

const browser = new Browser();
const verifier = client.randomPKCECodeVerifier();
const [state, nonce] = [client.randomState(), client.randomNonce()];
const url = client.buildAuthorizationUrl(config, {
  redirect_uri: given.redirect_uri,
  scope: "openid email",
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
  state,
  nonce,
});
const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
const back = await browser.signIn(url);
seen.iss = back.searchParams.get("iss");
const tokens = await client.authorizationCodeGrant(config, back, checks);
const claims = tokens.claims();
seen.id_token = { preferred_username: claims.preferred_username, sub: claims.sub };
seen.userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
seen.introspected = (await client.tokenIntrospection(config, tokens.access_token)).active;

const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
seen.refreshed = refreshed.access_token !== tokens.access_token;
seen.userinfo_again = (await client.fetchUserInfo(config, refreshed.access_token, claims.sub)).sub;

// Signed in already: nobody is asked.
const second = new URL((await browser.fetch(url)).headers.get("location"));
const other = await discover(given.other);
seen.foreign = await refused(() => client.authorizationCodeGrant(other, second, checks));
seen.replayed = await refused(() => client.authorizationCodeGrant(config, back, checks));
seen.after_replay = (await client.tokenIntrospection(config, refreshed.access_token)).active;

const more = await client.authorizationCodeGrant(config, second, checks);
const out = client.buildEndSessionUrl(config, {
  id_token_hint: more.id_token,
  post_logout_redirect_uri: given.post_logout_redirect_uri,
  state: "out",
});
const answer = await browser.fetch(out);
seen.signed_out = [answer.status, answer.headers.get("location")];
seen.after_logout = (await client.tokenIntrospection(config, more.access_token)).active;
seen.asked_again = (await browser.fetch(url)).status;
process.stdout.write(JSON.stringify(seen));
