// Requests to the server that the page came from. The types of an API are made from its description:
// `npm run api -- ../docs/reference/openapi/SERVER.json -o web/ENTRY/paths.ts`; see the guide.

import { ProblemError, Unreachable, Unreadable } from "./problem";

type Method = "get" | "post" | "put" | "patch" | "delete";
type Json<T> = T extends { content: { "application/json": infer Body } } ? Body : undefined;
type Success<Responses> = { [Status in keyof Responses]: Status extends 200 | 201 | 202 | 204 ? Json<Responses[Status]> : never }[keyof Responses];

/** The paths of `Paths` (as openapi-typescript writes them) that answer `M`. */
type PathsOf<Paths, M extends Method> = {
  [Path in keyof Paths]: Paths[Path] extends { [m in M]: { responses: unknown } } ? Path : never;
}[keyof Paths] &
  string;
type Operation<Paths, Path extends keyof Paths, M extends Method> = Paths[Path] extends { [m in M]: infer Found } ? Found : never;
type Answer<Found> = Found extends { responses: infer Responses } ? Success<Responses> : never;
type Part<Found, Name extends string> = Found extends { parameters: { [n in Name]?: infer Value } } ? Value : never;
type Body<Found> = Found extends { requestBody?: infer Sent } ? Json<NonNullable<Sent>> : never;

export interface Request<Found> {
  path?: Part<Found, "path">;
  query?: Part<Found, "query">;
  body?: Body<Found>;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** An answer with what its head says. */
export interface Answered<T> {
  body: T;
  /** For `If-Match`. */
  etag: string | undefined;
}

/** Where requests go, and in which language their errors come back. */
export interface Connection {
  fetch: typeof fetch;
  lang: () => string;
}

/** A client of one API. */
export function client<Paths>(connection: Connection) {
  return async function call<M extends Method, Path extends PathsOf<Paths, M>>(
    method: M,
    path: Path,
    request: Request<Operation<Paths, Path, M>> = {},
  ): Promise<Answered<Answer<Operation<Paths, Path, M>>>> {
    const { body, etag } = await send(connection, method, address(path, request.path, request.query), request);
    return { body: body as Answer<Operation<Paths, Path, M>>, etag };
  };
}

/** The path with its parameters, each as one segment, and the query; parameters without a value are left out. */
export function address(path: string, parameters: unknown, query: unknown): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = (parameters as Record<string, unknown> | undefined)?.[name];
    if (value === undefined || value === "") throw new Error(`${path} lacks ${name}`);
    return encodeURIComponent(String(value));
  });
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries((query as Record<string, unknown> | undefined) ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== "") search.append(name, String(one));
    }
  }
  const asked = search.toString();
  return asked === "" ? filled : `${filled}?${asked}`;
}

/** Sends one request. Changes carry the header without which the server takes them for another site's. */
export async function send(
  connection: Connection,
  method: string,
  target: string,
  request: { body?: unknown; headers?: Record<string, string>; signal?: AbortSignal } = {},
): Promise<Answered<unknown>> {
  const headers: Record<string, string> = {
    accept: "application/json",
    "accept-language": connection.lang(),
    ...request.headers,
  };
  if (method.toLowerCase() !== "get") headers["x-kakehashi-request"] = "1";
  if (request.body !== undefined) headers["content-type"] = "application/json";
  let response: Response;
  let read: string;
  try {
    response = await connection.fetch(target, {
      method: method.toUpperCase(),
      headers,
      credentials: "same-origin",
      redirect: "error",
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
    read = await response.text();
  } catch (cause) {
    if (request.signal?.aborted) throw cause;
    throw new Unreachable("no answer", { cause });
  }
  const requestId = response.headers.get("x-request-id");
  const type = response.headers.get("content-type") ?? "";
  if (response.ok && read === "") return { body: undefined, etag: response.headers.get("etag") ?? undefined };
  if (!/^application\/([\w.-]+\+)?json\b/.test(type)) throw new Unreadable(response.status, requestId);
  let body: unknown;
  try {
    body = JSON.parse(read);
  } catch {
    throw new Unreadable(response.status, requestId);
  }
  if (!response.ok) {
    const members = typeof body === "object" && body !== null && !Array.isArray(body) ? body : {};
    throw new ProblemError(response.status, members as Record<string, unknown>, requestId);
  }
  return { body, etag: response.headers.get("etag") ?? undefined };
}
