import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { curl, fileName, shellWord } from "./curl";

it("is what the shell takes apart again", () => {
  const provider = "cadde.1000000000011.01";
  const url = "http://data.a.example/a b'c$(id)`id`\"\\/開設.csv";
  const command = curl({ id: "1", url, caddec_resource_type: "file/http" }, provider) ?? "";
  const script = `curl() { printf '%s\\n' "$@"; }\n${command}`;
  const words = execFileSync("bash", ["-c", script], { encoding: "utf8", env: { TOKEN: "t", RECEIVER: "https://r.example" } }).split("\n");
  expect(words).toEqual([
    "-sS",
    "--fail-with-body",
    "-o",
    "開設.csv",
    "-H",
    "Authorization: Bearer t",
    "-H",
    `x-cadde-provider: ${provider}`,
    "-H",
    `x-cadde-resource-url: ${url}`,
    "-H",
    "x-cadde-resource-api-type: file/http",
    "https://r.example/cadde/api/v4/file",
    "",
  ]);
});

it("names tenant and path of a broker", () => {
  const resource = { id: "1", url: "https://b.example/v2/entities?type=T", caddec_resource_type: "api/ngsi", ngsi_tenant: "t", ngsi_service_path: "/p" };
  const command = curl(resource, "p");
  expect(command).toContain("'x-cadde-options: Fiware-Service:t,Fiware-ServicePath:/p'");
  expect(command).toContain("/cadde/api/v4/entities");
});

it("makes no header of a line end", () => {
  expect(shellWord("a\r\nx-evil: 1")).toBe("'a x-evil: 1'");
});

it.each([
  ["http://a.example/x/y.csv?z=1", "y.csv"],
  ["http://a.example/", "data"],
  ["http://a.example/-rf", "data"],
  ["http://a.example/..", "data"],
  ["http://a.example/%2e%2e%2fpasswd", "passwd"],
  ["http://a.example/%ff", "data"],
  ["nothing", "data"],
])("%s is saved as %s", (url, name) => {
  expect(fileName(url)).toBe(name);
});

it("asks for nothing without an address", () => {
  expect(curl({ id: "1", url: "" }, "p")).toBeUndefined();
});
