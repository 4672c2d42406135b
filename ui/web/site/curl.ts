// How a receiver's connector is asked for one distribution.

import type { Resource } from "../shared/api/ckan";

/** A text as one word of a POSIX shell. Line ends would be sent as header fields of their own: they become blanks. */
export function shellWord(text: string): string {
  const line = text.replace(/[\u0000-\u001f\u007f]+/g, " ");
  return /^[\w@%+=:,./-]+$/.test(line) ? line : `'${line.replaceAll("'", "'\\''")}'`;
}

/** The last part of an address, as a name for the file. */
export function fileName(url: string): string {
  let path: string;
  try {
    path = decodeURIComponent(new URL(url).pathname);
  } catch {
    return "data";
  }
  const name = path.split("/").pop() ?? "";
  return /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,99}$/u.test(name) ? name : "data";
}

/** The command. Neither token nor address of the receiver is known here: both are variables of whoever runs it. */
export function curl(resource: Resource, provider: string): string | undefined {
  const { url } = resource;
  if (url === null || url === undefined || url === "") return undefined;
  const headers = [
    ["x-cadde-provider", provider],
    ["x-cadde-resource-url", url],
    ["x-cadde-resource-api-type", resource.caddec_resource_type ?? "file/http"],
    ["x-cadde-options", ngsiOptions(resource)],
  ].flatMap(([name, value]) => (value === undefined ? [] : [`  -H ${shellWord(`${name}: ${value}`)} \\`]));
  return [
    `curl -sS --fail-with-body -o ${shellWord(fileName(url))} \\`,
    '  -H "Authorization: Bearer $TOKEN" \\',
    ...headers,
    `  "$RECEIVER/cadde/api/v4/${resource.caddec_resource_type === "api/ngsi" ? "entities" : "file"}"`,
  ].join("\n");
}

// A blank behind the colon would be part of the value.
function ngsiOptions(resource: Resource): string | undefined {
  const options = [
    ["Fiware-Service", resource.ngsi_tenant],
    ["Fiware-ServicePath", resource.ngsi_service_path],
  ].filter(([, value]) => value !== null && value !== undefined && value !== "");
  return options.length === 0 ? undefined : options.map(([name, value]) => `${name}:${value}`).join(",");
}
