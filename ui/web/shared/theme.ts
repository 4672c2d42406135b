// What of Mantine we use looks as all else does. Its colours are the tokens of `kakehashi.css`: its own blue is too weak for AA.

import { createTheme, type MantineColorsTuple } from "@mantine/core";

/** Mantine wants ten shades; we have those that the design names. */
const shades = (light: string, border: string, main: string, dark: string): MantineColorsTuple => [
  light,
  light,
  light,
  border,
  main,
  main,
  main,
  main,
  main,
  dark,
];

export const theme = createTheme({
  primaryColor: "blue",
  primaryShade: 8,
  autoContrast: false,
  colors: {
    blue: shades("#e8f1fe", "#0017c1", "#0017c1", "#00118f"),
    red: shades("#fdeeee", "#ce0000", "#ce0000", "#a90000"),
    gray: ["#f2f2f2", "#f2f2f2", "#e6e6e6", "#cccccc", "#666666", "#666666", "#666666", "#4d4d4d", "#333333", "#1a1a1a"],
  },
  black: "#333333",
  fontFamily: "var(--sans)",
  fontFamilyMonospace: "var(--mono)",
  headings: { fontFamily: "var(--sans)" },
  defaultRadius: 8,
  respectReducedMotion: true,
  cursorType: "pointer",
  focusRing: "never",
  // Nothing moves but progress.
  components: { Menu: { defaultProps: { transitionProps: { duration: 0 } } } },
});

/** What Mantine reads from variables and no theme sets: texts that are too light otherwise. */
export const variables = () => ({
  variables: {
    "--mantine-color-dimmed": "#666666",
    "--mantine-color-placeholder": "#666666",
    "--mantine-color-error": "#ce0000",
  },
  light: {},
  dark: {},
});
