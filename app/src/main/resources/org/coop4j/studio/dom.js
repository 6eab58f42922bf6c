// Descriptions of elements, and the patching of the document to match them.

const PROPERTIES = new Set(["value", "checked", "mosaic", "srcObject", "muted"]);

export function h(tag, props, ...children) {
    return {tag, props: props ?? {}, children: children.flat(9).filter((c) => c != null && c !== false && c !== "")};
}

function create(tag) {
    const element = tag === "#text" ? document.createTextNode("") : document.createElement(tag);
    element.tag = tag;
    return element;
}

function update(element, {props, children}) {
    if (!props.mosaic) {
        patch(element, children);
    }
    const before = element.shown ?? {};
    element.shown = props;
    for (const name of new Set([...Object.keys(before), ...Object.keys(props)])) {
        const value = props[name];
        if (name === "style") {
            for (const [key, v] of Object.entries(value ?? {})) {
                element.style.setProperty(key, v);
            }
        } else if (PROPERTIES.has(name) || name.startsWith("on")) {
            if (element[name] !== value) {
                element[name] = value ?? null;
            }
        } else if (value !== before[name] && name !== "key") {
            if (value == null || value === false) {
                element.removeAttribute(name);
            } else {
                element.setAttribute(name, value === true ? "" : value);
            }
        }
    }
    element.key = props.key;
}

/** Makes the children of an element those described; elements are kept by key, else by order. */
export function patch(parent, nodes) {
    const old = [...parent.childNodes];
    const keyed = new Map(old.filter((e) => e.key != null).map((e) => [e.key, e]));
    const taken = new Set();
    const elements = nodes.map((node) => {
        const tag = node.tag ?? "#text";
        const key = node.props?.key;
        let element =
            key != null ? keyed.get(key) : old.find((e) => e.key == null && e.tag === tag && !taken.has(e));
        if (element?.tag !== tag || taken.has(element)) {
            element = create(tag);
        }
        taken.add(element);
        if (node.tag) {
            update(element, node);
        } else if (element.data !== String(node)) {
            element.data = node;
        }
        return element;
    });
    for (const element of old) {
        if (!taken.has(element)) {
            element.remove();
        }
    }
    elements.forEach((element, i) => {
        if (parent.childNodes[i] !== element) {
            parent.insertBefore(element, parent.childNodes[i] ?? null);
        }
    });
}

export const count = (n, one, many = one + "s") => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
export const pictures = (n) => count(n, "picture");
export const percent = (p) => `${Math.round(100 * p)} %`;
export const name = (text) => h("bdi", {}, text);
export const kbd = (text) => h("kbd", {"aria-hidden": "true"}, text);
export const muted = (...text) => h("p", {class: "muted"}, text);

/** A button; `k` is its key, which is shown and announced. */
export function button(label, onclick, {k, ...props} = {}) {
    return h("button", {type: "button", onclick, "aria-keyshortcuts": k, ...props}, h("span", {}, label), k && kbd(k));
}

/** In place of an answer that is undefined while it is loading, and null if there is none. */
export const waiting = (a) => [a === undefined ? h("div", {key: "waiting", class: "tile block"}) : h("h2", {key: "none"}, "Nothing is learned yet.")];

export function bar(share, props) {
    return h("div", {class: "bar", ...props}, h("div", {style: {"inline-size": `${100 * Math.min(1, share)}%`}}));
}

/** Limits of a share's 95 % interval by Wilson. */
export function wilson(right, n) {
    const z = 1.959964;
    const p = right / n;
    const middle = (p + (z * z) / (2 * n)) / (1 + (z * z) / n);
    const half = (z / (1 + (z * z) / n)) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
    return [middle - half, middle + half];
}
