// What the pages of a catalogue site ask.

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { action, type Found, type Package, type Status } from "../shared/api/ckan";
import type { Connection } from "../shared/api/client";
import { searchParameters } from "../shared/catalogue/asked";
import type { ListAddress } from "../shared/table/address";

/** Fields by which a list can be narrowed down: parameter of the address and field of the search alike. */
export const FACETS = ["theme", "tags", "res_format"] as const;

const SORTS = { relevance: "score desc, metadata_modified desc", changed: "metadata_modified desc", title: "title asc" };

export const found = (connection: Connection, address: ListAddress) => {
  const parameters = searchParameters(address, FACETS, SORTS);
  return queryOptions({
    queryKey: ["found", parameters],
    queryFn: ({ signal }) => action<Found>(connection, "release", "package_search", parameters, signal),
    // The list stays until the next one is there.
    placeholderData: keepPreviousData,
  });
};

export const shown = (connection: Connection, id: string) =>
  queryOptions({
    queryKey: ["shown", id],
    queryFn: ({ signal }) => action<Package>(connection, "release", "package_show", { id }, signal),
  });

export const status = (connection: Connection) =>
  queryOptions({
    queryKey: ["status"],
    queryFn: ({ signal }) => action<Status>(connection, "release", "status_show", {}, signal),
    staleTime: 600_000,
  });
