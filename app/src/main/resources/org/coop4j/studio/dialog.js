// Dialogs: a name, a class out of many, the keys, a whole picture.

import {button, h, name} from "./dom.js";
import {redraw, state} from "./model.js";

let opened = 0;

/** Opens a dialog in place of the one before; the function `left` is called when it is closed. */
export function open(title, body, left) {
    close();
    state.dialog = {title, body, left, key: `dialog ${++opened}`};
}

export function close() {
    state.dialog?.left?.();
    state.dialog = null;
    redraw();
}

export function drawDialog() {
    const {title, body, key} = state.dialog;
    return h("dialog", {key, "aria-labelledby": "title", onclose: close},
        h("div", {class: "row"}, h("h2", {id: "title"}, title),
            button("Close", close, {k: "Esc", class: "plain end"})),
        body());
}

/** Asks for a name: a new one, or one of those given. */
export function ask(title, {value = "", names, create, label, done}) {
    let typed = value;
    const finish = (text) => {
        close();
        done(text);
    };
    open(title, () => {
        const wanted = typed.trim().toLowerCase();
        const found = names?.filter((n) => n.toLowerCase().includes(wanted)) ?? [];
        const exact = found.find((n) => n.toLowerCase() === wanted);
        const first = exact ?? (names && (wanted || !create) ? found[0] : undefined);
        const target = names ? (first ?? (create ? typed.trim() : undefined)) : typed.trim();
        return h("form", {class: "stack", onsubmit: (e) => {
            e.preventDefault();
            if (target) {
                finish(target);
            }
        }},
        h("label", {}, "Name of the class",
            h("input", {value: typed, dir: "auto", autocomplete: "off", maxlength: 100, autofocus: true, oninput: (e) => {
                typed = e.target.value;
                redraw();
            }})),
        names && h("div", {class: "row wrap"},
            found.slice(0, 40).map((n) => h("button", {type: "button", class: "choice", key: n, onclick: () => finish(n)}, name(n))),
            create && wanted && !exact && found.length > 0 &&
                button(["New class ", name(typed.trim())], () => finish(typed.trim()), {class: "choice"})),
        h("button", {class: "primary", disabled: !target}, label, " ", names && target ? ["into ", name(target)] : ""));
    });
}
