// How every entry begins.

import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { setNonce } from "get-nonce";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { I18nextProvider } from "react-i18next";
import { createBrowserRouter, type RouteObject } from "react-router";
import { RouterProvider } from "react-router/dom";
import type { Connection } from "./api/client";
import { ProblemError } from "./api/problem";
import { type Facts, facts } from "./facts";
import { type EntryTexts, startTexts } from "./texts/texts";
import { theme, variables } from "./theme";
import "../style/mantine.css";

/** What the pages of an entry are given. */
export interface Start {
  facts: Facts;
  connection: Connection;
}

/** Shows the pages that `routes` makes. */
export function start(texts: EntryTexts, routes: (start: Start) => RouteObject[]): void {
  const page = facts();
  const language = startTexts(page.lang, texts);
  // Libraries that add style elements outside of React ask this one.
  setNonce(page.nonce);
  const connection: Connection = { fetch: window.fetch.bind(window), lang: () => language.language };
  const queries = new QueryClient({
    defaultOptions: {
      queries: {
        // What was refused is refused again; what broke may work the second time.
        retry: (count, error) => count < 1 && !(error instanceof ProblemError && error.status < 500),
        staleTime: 10_000,
      },
    },
  });
  const router = createBrowserRouter(routes({ facts: page, connection }));
  const root = document.getElementById("root");
  if (root === null) throw new Error("the page has no element for its content");
  createRoot(root).render(
    <StrictMode>
      <I18nextProvider i18n={language}>
        <MantineProvider theme={theme} cssVariablesResolver={variables} forceColorScheme="light" getStyleNonce={() => page.nonce}>
          <QueryClientProvider client={queries}>
            <RouterProvider router={router} />
          </QueryClientProvider>
        </MantineProvider>
      </I18nextProvider>
    </StrictMode>,
  );
}
