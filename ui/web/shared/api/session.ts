// Who is signed in, as the server's `/session` tells it.

import { queryOptions } from "@tanstack/react-query";
import { webAddress } from "./ckan";
import { type Connection, send } from "./client";
import { ProblemError } from "./problem";

export interface Domain {
  letter: string;
  name_ja: string;
  name_en: string;
}

export interface Session {
  user_id: string;
  name?: string;
  orgs: string[];
  roles: string[];
  participant?: { id: string; name: string };
  domain?: Domain;
}

/** The session; `null` where nobody is signed in. */
export const session = (connection: Connection) =>
  queryOptions({
    queryKey: ["session"],
    queryFn: async ({ signal }): Promise<Session | null> => {
      try {
        return (await send(connection, "get", "/session", { signal })).body as Session;
      } catch (error) {
        if (error instanceof ProblemError && error.status === 401) return null;
        throw error;
      }
    },
    staleTime: 60_000,
  });

/** Where one signs in, to come back to the page that one is at. */
export function signInAddress(from: string): string {
  return `/login?return_to=${encodeURIComponent(from)}`;
}

/** Where the session ends that one signed in with, as `/logout` tells it. */
export function signOutAddress(answer: unknown): string | undefined {
  if (typeof answer !== "object" || answer === null) return undefined;
  return webAddress((answer as Record<string, unknown>).sign_out_address);
}
