import { resolve } from "node:path";
import { defineConfig } from "vitest/config";
import routes from "./routes.json" with { type: "json" };

// One page a server, named after its entry in `routes.json`. The gallery shows every state of every part, is for tests alone, and is
// part of no program: it is built to a folder of its own, which is not committed.
const page = (name: string) => [name, resolve(import.meta.dirname, `web/${name}.html`)] as const;

export default defineConfig(({ mode }) => {
  const isGallery = mode === "gallery";
  const names = isGallery ? ["gallery"] : Object.keys(routes).filter((name) => name !== "gallery");
  return {
    root: "web",
    build: {
      outDir: isGallery ? "../gallery" : "../dist",
      emptyOutDir: true,
      target: "es2022",
      // The policy of the pages lets no inline script in, and no image by a long data URL into a style sheet.
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      reportCompressedSize: false,
      // What counts is the first load, compressed; `browser/kit.mjs` measures it.
      chunkSizeWarningLimit: 1000,
      // What others' code in it is licensed under.
      license: { fileName: "assets/licences.md" },
      rolldownOptions: {
        onwarn: (warning, tell) => {
          // "use client" is a word for servers that we don't have.
          if (warning.code !== "MODULE_LEVEL_DIRECTIVE") tell(warning);
        },
        input: Object.fromEntries(names.map(page)),
        output: {
          // Names without hashes: they are committed, and browsers go by the entity tag.
          entryFileNames: "assets/[name].js",
          chunkFileNames: "assets/[name].js",
          assetFileNames: "assets/[name][extname]",
        },
      },
    },
    test: { root: ".", include: ["web/**/*.test.ts"], environment: "node" },
  };
});
