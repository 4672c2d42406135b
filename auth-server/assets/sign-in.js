// What the login page does beyond what it does without a script: it shows the password on request, and keeps the user ID when the
// language is changed.
"use strict";

for (const button of document.querySelectorAll("button[data-shows]")) {
  const field = document.getElementById(button.dataset.shows);
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = field.type === "text";
    field.type = shown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!shown));
  });
}

const user = document.getElementById("uid");
for (const link of user ? document.querySelectorAll(".lang a") : []) {
  link.addEventListener("click", () => {
    const there = new URL(link.href);
    there.searchParams.set("login_hint", user.value);
    link.href = there.href;
  });
}

const errors = document.querySelector(".errors[tabindex]");
if (errors) {
  errors.focus();
} else if (user) {
  (user.value ? document.getElementById("pw") : user).focus();
}
