import { expect, it } from "vitest";
import { address, send } from "./client";
import { ProblemError, Unreachable, Unreadable } from "./problem";

const answering = (status: number, body: string, headers: Record<string, string> = {}) => {
  const asked: { target: string; init: RequestInit }[] = [];
  const connection = {
    lang: () => "en",
    fetch: (async (target: string, init: RequestInit) => {
      asked.push({ target, init });
      return new Response(body === "" ? null : body, { status, headers });
    }) as unknown as typeof fetch,
  };
  return { asked, connection };
};
const JSON_TYPE = { "content-type": "application/json" };

it.each([
  ["/a/{id}", { id: "x/y 川" }, undefined, "/a/x%2Fy%20%E5%B7%9D"],
  ["/a", undefined, { q: "a&b", page: 2, none: undefined, empty: "" }, "/a?q=a%26b&page=2"],
  ["/a", undefined, { fq: ["a", "b"] }, "/a?fq=a&fq=b"],
])("%s with %j and %j is %s", (path, parameters, query, expected) => {
  expect(address(path, parameters, query)).toBe(expected);
});

it("lets no parameter be forgotten", () => {
  expect(() => address("/a/{id}", {}, undefined)).toThrow("lacks id");
});

it("marks changes as our own, and asks in the language of the screen", async () => {
  const { asked, connection } = answering(201, '{"id":1}', { ...JSON_TYPE, etag: '"7"' });
  expect(await send(connection, "post", "/a", { body: { b: 1 } })).toEqual({ body: { id: 1 }, etag: '"7"' });
  expect(asked[0]?.init).toMatchObject({
    method: "POST",
    body: '{"b":1}',
    redirect: "error",
    headers: { "x-kakehashi-request": "1", "accept-language": "en", "content-type": "application/json" },
  });
  await send(connection, "get", "/a");
  expect(asked[1]?.init.headers).not.toHaveProperty("x-kakehashi-request");
});

it("takes an empty answer", async () => {
  expect(await send(answering(204, "").connection, "delete", "/a")).toEqual({ body: undefined, etag: undefined });
});

it("tells a problem with its kind, its fields and its request id", async () => {
  const problem = {
    type: "urn:kakehashi:problem:body-does-not-fit",
    title: "t",
    detail: "d",
    errors: [{ field: "title", message: "m" }, "x", { field: 1 }],
  };
  const { connection } = answering(422, JSON.stringify(problem), {
    "content-type": "application/problem+json",
    "x-request-id": "r",
  });
  const error = await send(connection, "get", "/a").catch((e: unknown) => e);
  expect(error).toBeInstanceOf(ProblemError);
  expect(error).toMatchObject({
    status: 422,
    kind: "body-does-not-fit",
    message: "d",
    requestId: "r",
    errors: [{ field: "title", message: "m" }],
  });
});

it.each([
  [502, "<html>", { "content-type": "text/html" }],
  [200, "<html>", { "content-type": "text/html" }],
  [200, "{", JSON_TYPE],
])("tells an answer that is none of ours: %d %s", async (status, body, headers) => {
  const { connection } = answering(status, body, headers);
  await expect(send(connection, "get", "/a")).rejects.toBeInstanceOf(Unreadable);
});

it("tells a problem that is no object by its status", async () => {
  await expect(send(answering(500, "[]", JSON_TYPE).connection, "get", "/a")).rejects.toMatchObject({ status: 500, errors: [] });
});

it("tells that no answer came, and leaves alone what was given up", async () => {
  const gone = { lang: () => "ja", fetch: (() => Promise.reject(new TypeError("gone"))) as unknown as typeof fetch };
  await expect(send(gone, "get", "/a")).rejects.toBeInstanceOf(Unreachable);
  const given = AbortSignal.abort();
  await expect(send(gone, "get", "/a", { signal: given })).rejects.toBeInstanceOf(TypeError);
});
