// Dialogs: any content, and the name of a class.

import {focus, redraw, state} from "./model.js";
import {button, h} from "./parts.js";

/** Opens a dialog in place of the one before; `left` is called when it is closed. */
export function open(title, body, left) {
    close();
    state.dialog = {title, body, left};
    focus("dialog [autofocus]");
}

export function close() {
    state.dialog?.left?.();
    state.dialog = null;
    redraw();
}

export const drawDialog = ({title, body}) =>
    h(
        "dialog",
        {
            key: title,
            "aria-labelledby": "title",
            onclose: close,
            ref: (dialog) => dialog?.isConnected && !dialog.open && dialog.showModal()
        },
        h(".row", h("h2", {id: "title"}, title), button("Close", close, ".plain.end", "Esc")),
        body()
    );

/** A field for the name of a class: a new one, or one of those that there are. */
export const nameField = (props) =>
    h("input", {
        name: "class",
        required: true,
        list: "names",
        dir: "auto",
        autocomplete: "off",
        maxlength: 100,
        ...props
    });

/** A form with such a field. */
export const form = (look, done, ...inside) =>
    h(
        `form${look}`,
        {
            onsubmit(event) {
                const text = event.target.elements.class.value.trim();
                event.preventDefault();
                event.target.reset();
                done(text);
            }
        },
        ...inside
    );

/** Asks for the name of a class. */
export const ask = (title, label, done, value = "") =>
    open(title, () =>
        form(
            ".stack",
            (text) => (close(), done(text)),
            h(
                "label",
                "Name of the class",
                nameField({defaultValue: value, autofocus: true, onfocus: (e) => e.target.select()})
            ),
            h("button.primary", label)
        )
    );
