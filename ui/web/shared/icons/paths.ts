// Our own icons: strokes on a square of 20 units. Each entry is what stands inside the `svg`.

const CIRCLE = "M18 10a8 8 0 1 1-16 0 8 8 0 0 1 16 0z";

export const ICONS = {
  alert: ["M10 2.5l8.3 14.6H1.7z", "M10 8v4M10 14.6v.1"],
  box: ["M3 6.5h14v9.5a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1z", "M2 3h16v3.5H2zM8 10h4"],
  check: [CIRCLE, "M6.2 10.3l2.6 2.6 5-5.4"],
  clock: [CIRCLE, "M10 5.5V10l3 2"],
  copy: ["M8.5 7h7A1.5 1.5 0 0 1 17 8.5v7a1.5 1.5 0 0 1-1.5 1.5h-7A1.5 1.5 0 0 1 7 15.5v-7A1.5 1.5 0 0 1 8.5 7z", "M13 7V4.5A1.5 1.5 0 0 0 11.5 3h-7A1.5 1.5 0 0 0 3 4.5v7A1.5 1.5 0 0 0 4.5 13H7"],
  dash: [CIRCLE, "M6.5 10h7"],
  down: ["M10 4v12M5 11l5 5 5-5"],
  eye: ["M1.5 10S4.5 4.5 10 4.5 18.5 10 18.5 10 15.5 15.5 10 15.5 1.5 10 1.5 10z", "M12.5 10a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0z"],
  globe: [CIRCLE, "M2 10h16M10 2c5 5 5 11 0 16M10 2c-5 5-5 11 0 16"],
  lock: ["M5.5 9h9A1.5 1.5 0 0 1 16 10.5V16a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 4 16v-5.5A1.5 1.5 0 0 1 5.5 9z", "M6.5 9V6.5a3.5 3.5 0 0 1 7 0V9"],
  menu: ["M3 5.5h14M3 10h14M3 14.5h14"],
  more: ["M5 8l5 5 5-5"],
  pause: [CIRCLE, "M8 7v6M12 7v6"],
  pencil: ["M3 17l.8-3.6L13.6 3.6a1.6 1.6 0 0 1 2.3 0l.5.5a1.6 1.6 0 0 1 0 2.3L6.6 16.2z"],
  plus: ["M10 4v12M4 10h12"],
  question: [CIRCLE, "M7.6 7.8a2.4 2.4 0 1 1 4 1.8c-1 .8-1.6 1.2-1.6 2.4M10 14.6v.1"],
  search: ["M14.5 9a5.5 5.5 0 1 1-11 0 5.5 5.5 0 0 1 11 0z", "M13.2 13.2L17.5 17.5"],
  send: ["M3 10h13M11 5l5 5-5 5"],
  shield: ["M10 2.5l6.5 2.3v5c0 4-2.8 6.5-6.5 7.7-3.7-1.2-6.5-3.7-6.5-7.7v-5z"],
  sync: ["M16.5 8A7 7 0 0 0 4 6.5L2.5 8M3.5 12A7 7 0 0 0 16 13.5l1.5-1.5M2.5 4v4h4M17.5 16v-4h-4"],
  trash: ["M3.5 5.5h13M8 5.5V3.5h4v2M5 5.5l.8 11.5h8.4L15 5.5M8.5 8.5v5.5M11.5 8.5v5.5"],
  up: ["M10 16V4M5 9l5-5 5 5"],
  x: [CIRCLE, "M7 7l6 6M13 7l-6 6"],
} as const satisfies Record<string, readonly string[]>;

export type IconName = keyof typeof ICONS;
