"use strict";
// Shows what has the chosen values in its data attributes; without this script all is shown.
const bar = document.querySelector("form.filter");
const selects = [...bar.querySelectorAll("select")];
const marked = selects.map((select) => `main [data-${select.name}]`).join(",");
const parts = [...document.querySelectorAll(marked)];

function matches(part) {
  return selects.every((select) => {
    const value = part.dataset[select.name];
    return select.value === "" || value === undefined || value === select.value;
  });
}

function update() {
  for (const part of parts) {
    part.hidden = !matches(part);
  }
  for (const box of document.querySelectorAll(".scroll, .charts")) {
    const filtered = [...box.querySelectorAll("tbody tr, figure")];
    box.classList.toggle("none", filtered.length > 0 && filtered.every((part) => part.hidden));
  }
  const chosen = selects.map((select) => select.selectedOptions[0].dataset.series);
  const series = chosen.find((index) => index !== undefined);
  for (const group of document.querySelectorAll("svg [data-series]")) {
    group.classList.toggle("dim", series !== undefined && group.dataset.series !== series);
  }
}

bar.hidden = false;
bar.addEventListener("input", update);
bar.addEventListener("submit", (event) => event.preventDefault());
update();
