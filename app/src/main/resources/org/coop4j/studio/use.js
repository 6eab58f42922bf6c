// Use it: the texts to copy, and the classifier as a file.

import {button, h, waiting} from "./dom.js";
import {data, say} from "./model.js";

const PARTS = [["commands", "On the command line"], ["curl", "Over HTTP"], ["java", "From Java"], ["properties", "With Spring Boot"]];

async function copy(text) {
    await navigator.clipboard.writeText(text);
    say("Copied");
}

export const use = {
    title: "Use it",
    draw() {
        const a = data("use");
        if (!a) {
            return waiting(a);
        }
        return [h("p", {key: "file", class: "row"}, h("a", {class: "button primary", href: "/api/classifier", download: ""}, "Download the classifier"),
            h("span", {class: "muted"}, "One file; the pictures are not in it.")),
        ...PARTS.filter(([key]) => a[key]).map(([key, title]) => h("section", {key}, h("div", {class: "row head"}, h("h2", {}, title),
            button("Copy", () => copy(a[key]), {class: "plain end", "aria-label": "Copy: " + title})), h("pre", {tabindex: 0, "aria-label": title}, a[key])))];
    },
};
