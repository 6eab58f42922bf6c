"use strict";

/** Number of classes before "Show all". */
const SHOWN = 5;
/** Maximum number of requests to a busy service. */
const TRIES = 4;

const byId = id => document.getElementById(id);
const percent = new Intl.NumberFormat("en", {minimumFractionDigits: 1, maximumFractionDigits: 1});

let token = "";
let classifiers = [];
let picture = null; // the file on the page
let running = null; // aborts the current request

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function share(probability) {
  const value = 100 * probability;
  if (value > 0 && value < 0.1) return "< 0.1 %";
  if (value < 100 && value > 99.9) return "> 99.9 %";
  return percent.format(value) + " %";
}

/** Sends a request and returns the JSON of its answer; an error has the service's message. */
async function call(path, options = {}) {
  const headers = token ? {Authorization: "Bearer " + token} : {};
  for (let tries = 1; ; tries++) {
    let answer;
    try {
      answer = await fetch(path, {...options, headers});
    } catch (e) {
      if (e.name === "AbortError") throw e;
      throw new Error("The service does not answer.");
    }
    if (answer.status === 429 && tries < TRIES) {
      tell("The service is busy. Trying again …", true);
      const seconds = Number(answer.headers.get("Retry-After")) || 1;
      await new Promise(done => setTimeout(done, 1000 * seconds));
      continue;
    }
    const json = await answer.json().catch(() => ({error: "Status " + answer.status + "."}));
    if (!answer.ok) {
      const error = new Error(json.error);
      error.status = answer.status;
      throw error;
    }
    return json;
  }
}

function tell(text, quiet) {
  byId("verdict").textContent = text;
  byId("verdict").classList.toggle("quiet", Boolean(quiet));
}

function complain(text) {
  byId("problem").textContent = text;
  byId("problem").hidden = !text;
}

function chosen() {
  return classifiers[byId("classifier").selectedIndex] || classifiers[0];
}

async function load() {
  try {
    classifiers = await call("models");
  } catch (e) {
    byId("unlock").hidden = e.status !== 401;
    byId("try").hidden = true;
    byId("lead").textContent = e.status === 401 && !token ? "" : e.message;
    if (e.status === 401) byId("token").focus();
    return;
  }
  byId("unlock").hidden = true;
  byId("try").hidden = false;
  byId("choose").hidden = classifiers.length < 2;
  byId("classifier").replaceChildren(...classifiers.map(c => element("option", c.name)));
  describe();
  tell("No picture yet.", true);
}

function describe() {
  const it = chosen();
  byId("lead").textContent = it.name + " recognises " + it.classNames.length + " classes.";
  const facts = [["Method", it.method], ["Model", it.model]];
  if (it.test) {
    const learned = it.test.trainImages ? ", learned from " + it.test.trainImages.toLocaleString("en") : "";
    const pictures = it.test.images.toLocaleString("en") + " test pictures of " + it.test.dataset + learned;
    if (it.test.accuracy !== undefined) {
      facts.push(["Accuracy", percent.format(it.test.accuracy) + " % of " + pictures]);
    } else if (it.test.map !== undefined) {
      facts.push(["Mean average precision", percent.format(it.test.map) + " % on " + pictures]);
    }
  }
  byId("facts").replaceChildren(
      ...facts.flatMap(([name, value]) => [element("dt", name), element("dd", value)]));
  byId("classes").replaceChildren(...it.classNames.map(name => element("li", name)));
  const auth = token ? " -H 'Authorization: Bearer TOKEN'" : "";
  byId("curl").textContent =
      "curl" + auth + " --data-binary @photo.jpg " + new URL("predictions/" + it.name, location.href);
}

function show(file) {
  const shown = byId("picture");
  URL.revokeObjectURL(shown.src);
  shown.src = URL.createObjectURL(file);
  shown.alt = "The picture to classify" + (file.name ? ": " + file.name : "");
  shown.hidden = false;
  byId("hint").hidden = true;
  shown.onerror = () => { // a form that the browser does not show, such as HEIC
    shown.hidden = true;
    byId("hint").hidden = false;
  };
}

async function classify(file) {
  if (!file || !classifiers.length) return;
  picture = file;
  show(file);
  if (running) running.abort();
  const mine = running = new AbortController();
  const slow = setTimeout(() => tell("Classifying …", true), 250);
  byId("ranking").classList.add("busy");
  complain("");
  try {
    const path = "predictions/" + encodeURIComponent(chosen().name);
    const ranked = await call(path, {method: "POST", body: file, signal: mine.signal});
    if (mine === running) rank(ranked);
  } catch (e) {
    if (e.name === "AbortError" || mine !== running) return;
    byId("ranking").hidden = byId("more").hidden = true;
    tell("No result.", true);
    complain(e.message);
    if (e.status === 401) load();
  } finally {
    clearTimeout(slow);
    if (mine === running) byId("ranking").classList.remove("busy");
  }
}

function rank(ranked) {
  const best = ranked[0];
  const name = best.className + ", " + share(best.probability);
  tell(best.probability < (chosen().threshold || 0) ? "Not sure. Perhaps " + name : name);
  const list = byId("ranking");
  list.replaceChildren(...ranked.map((entry, i) => {
    const item = element("li");
    const bar = element("span", undefined, "bar");
    const filled = element("span");
    filled.style.width = 100 * entry.probability + "%";
    bar.append(filled);
    bar.setAttribute("aria-hidden", "true");
    item.append(element("span", entry.className), element("span", share(entry.probability), "share"), bar);
    item.hidden = i >= SHOWN;
    return item;
  }));
  list.hidden = false;
  const more = byId("more");
  more.hidden = ranked.length <= SHOWN;
  more.textContent = "Show all " + ranked.length + " classes";
  more.setAttribute("aria-expanded", "false");
}

function toggle() {
  const open = byId("more").getAttribute("aria-expanded") !== "true";
  const items = [...byId("ranking").children];
  items.forEach((item, i) => { item.hidden = !open && i >= SHOWN; });
  byId("more").setAttribute("aria-expanded", String(open));
  byId("more").textContent = open ? "Show fewer" : "Show all " + items.length + " classes";
}

/** Returns the picture of a drop or a paste. */
function pictureOf(data) {
  const files = data ? [...data.files] : [];
  return files.find(file => file.type.startsWith("image/")) || files[0];
}

for (const id of ["file", "camera"]) {
  byId(id).addEventListener("change", event => {
    classify(event.target.files[0]);
    event.target.value = ""; // the same file may be chosen again
  });
}
document.addEventListener("paste", event => classify(pictureOf(event.clipboardData)));
document.addEventListener("dragover", event => {
  event.preventDefault();
  byId("drop").classList.add("over");
});
document.addEventListener("dragleave", event => {
  if (!event.relatedTarget) byId("drop").classList.remove("over");
});
document.addEventListener("drop", event => {
  event.preventDefault();
  byId("drop").classList.remove("over");
  const dropped = pictureOf(event.dataTransfer);
  if (dropped) classify(dropped);
  else complain("Not a file: save the picture first, then drop the file.");
});
byId("classifier").addEventListener("change", () => {
  describe();
  if (picture) classify(picture);
});
byId("more").addEventListener("click", toggle);
byId("unlock").addEventListener("submit", event => {
  event.preventDefault();
  token = byId("token").value.trim();
  load();
});
load();
