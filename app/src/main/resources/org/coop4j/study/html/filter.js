"use strict";
// Shows what has the chosen values in its data attributes; without this script all is shown.
const separator = "\u00a6";
const bar = document.querySelector("form.filter");
const selects = [...bar.querySelectorAll("select")];
const marked = selects.map((select) => `main [data-${select.name}]`).join(",");
const parts = [...document.querySelectorAll(marked)];
const legend = [...document.querySelectorAll(".legend button")];
const picked = new Set(); // series that were clicked in a legend

function matches(part) {
  return selects.every((select) => {
    const value = part.dataset[select.name];
    return select.value === "" || value === undefined || select.value.split(separator).includes(value);
  });
}

// The series that stay strong; all of them where none is chosen.
function strong() {
  if (picked.size > 0) {
    return picked;
  }
  const series = selects.map((select) => select.selectedOptions[0].dataset.series);
  const chosen = series.find((list) => list !== undefined);
  return chosen === undefined ? undefined : new Set(chosen.split(separator));
}

function update() {
  for (const part of parts) {
    part.hidden = !matches(part);
  }
  for (const box of document.querySelectorAll(".scroll, .charts")) {
    const filtered = [...box.querySelectorAll("tbody tr, figure")];
    box.classList.toggle("none", filtered.length > 0 && filtered.every((part) => part.hidden));
  }
  const series = strong();
  for (const group of document.querySelectorAll("svg [data-series], .legend [data-series]")) {
    group.classList.toggle("dim", series !== undefined && !series.has(group.dataset.series));
  }
  for (const button of legend) {
    button.setAttribute("aria-pressed", String(picked.has(button.dataset.series)));
  }
}

function pick(event) {
  const series = event.currentTarget.dataset.series;
  if (!picked.delete(series)) {
    picked.add(series);
  }
  update();
}

bar.hidden = false;
bar.addEventListener("input", () => {
  picked.clear();
  update();
});
bar.addEventListener("submit", (event) => event.preventDefault());
legend.forEach((button) => button.addEventListener("click", pick));
update();
