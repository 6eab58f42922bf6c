// Use it: the texts to copy, and the classifier as a file.

import {say} from "./model.js";
import {button, h, part} from "./parts.js";

const PARTS = {commands: "On the command line", curl: "Over HTTP", java: "From Java", properties: "With Spring Boot"};

export const use = {
    title: "Use it",
    needs: "use",
    draw: (texts) => [
        h(
            "p.row.wrap",
            h("a.button.primary", {href: "/api/classifier", download: ""}, "Download the classifier"),
            h("span.muted", "One file; the pictures are not in it.")
        ),
        Object.entries(PARTS).map(([key, title]) =>
            part(
                title,
                null,
                button(
                    "Copy",
                    () => navigator.clipboard.writeText(texts[key]).then(() => say("Copied")),
                    ".plain",
                    null,
                    {"aria-label": "Copy: " + title}
                ),
                h("pre.panel", {tabindex: 0, role: "region", "aria-label": title}, texts[key])
            )
        )
    ]
};
