"use strict";
// Filters by the values that parts have in data attributes. Without this script all parts are shown.
const filters = new Map(Object.entries({model: "Model", dataset: "Dataset", group: "Kind", method: "Method", shots: "Shots"}));
const bar = document.querySelector("form.filter");
const parts = new Map(); // each row, figure or box to its values by filter
const labels = new Map([...filters.keys()].map((name) => [name, new Map()])); // values and their texts by filter
const legend = [...document.querySelectorAll(".legend button")];
const picked = new Set(); // series that were clicked in a legend

for (const name of filters.keys()) {
  for (const element of document.querySelectorAll(`main [data-${name}]`)) {
    const part = element.closest("tr, figure, details");
    const value = element.dataset[name];
    parts.set(part, {...parts.get(part), [name]: value});
    const isCell = element.matches("td, th");
    if (isCell || !labels.get(name).has(value)) {
      labels.get(name).set(value, isCell ? element.firstChild.textContent : value);
    }
  }
}

// A filter with one value alone would change nothing.
for (const [name, texts] of labels) {
  if (texts.size > 1) {
    const select = document.createElement("select");
    select.name = name;
    select.setAttribute("aria-label", filters.get(name));
    select.append(new Option(`${filters.get(name)}: all`, ""));
    const sorted = [...texts].sort((a, b) => (name === "shots" ? Number(a[0]) - Number(b[0]) || 0 : 0));
    sorted.forEach(([value, text]) => select.append(new Option(text, value)));
    bar.append(select);
  }
}
const selects = [...bar.querySelectorAll("select")];

function matches(values) {
  return selects.every(({name, value}) => value === "" || values[name] === undefined || values[name] === value);
}

// Names of the methods whose series stay strong; undefined for all.
function strong() {
  if (selects.every(({name, value}) => value === "" || !["method", "group"].includes(name))) {
    return undefined;
  }
  const shown = [...parts].filter(([part, values]) => !part.hidden && values.method !== undefined);
  return new Set(shown.map(([, values]) => labels.get("method").get(values.method)));
}

function update() {
  parts.forEach((values, part) => (part.hidden = !matches(values)));
  for (const box of document.querySelectorAll(".scroll, .charts")) {
    const filtered = [...box.querySelectorAll("tbody tr, figure")];
    box.classList.toggle("none", filtered.length > 0 && filtered.every((part) => part.hidden));
  }
  const names = strong();
  const dim = new Set(
    legend
      .filter(({dataset, textContent}) =>
        picked.size > 0 ? !picked.has(dataset.series) : names && !names.has(textContent.replace(/, published$/, "")),
      )
      .map(({dataset}) => dataset.series),
  );
  for (const group of document.querySelectorAll("svg [data-series], .legend [data-series]")) {
    group.classList.toggle("dim", dim.has(group.dataset.series));
  }
  legend.forEach((button) => button.setAttribute("aria-pressed", String(picked.has(button.dataset.series))));
}

bar.hidden = false;
bar.addEventListener("input", () => {
  picked.clear();
  update();
});
bar.addEventListener("submit", (event) => event.preventDefault());
for (const button of legend) {
  button.addEventListener("click", () => {
    if (!picked.delete(button.dataset.series)) {
      picked.add(button.dataset.series);
    }
    update();
  });
}
update();
