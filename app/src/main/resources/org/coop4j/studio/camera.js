// The camera: pictures for a class, one by one or in a burst, and the live picture of Try.

import {button, h, muted} from "./dom.js";
import {add, fail, redraw} from "./model.js";
import {open} from "./dialog.js";

const BURST = 10;

let stream = null;
let taken = 0;

export const live = () => stream;

export async function start() {
    try {
        stream = await navigator.mediaDevices.getUserMedia({video: {facingMode: "environment"}});
        redraw();
        return true;
    } catch {
        fail(new Error("There is no camera, or the browser may not use it. Choose pictures instead."));
        return false;
    }
}

export function stop() {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    redraw();
}

export const video = () =>
    h("video", {id: "video", srcObject: stream, muted: true, autoplay: true, playsinline: true, "aria-label": "Camera"});

/** The picture that the camera shows now. */
export function shot(side = 1024) {
    const from = document.getElementById("video");
    const scale = Math.min(1, side / Math.max(from.videoWidth, from.videoHeight));
    const canvas = document.createElement("canvas");
    canvas.width = from.videoWidth * scale;
    canvas.height = from.videoHeight * scale;
    canvas.getContext("2d").drawImage(from, 0, 0, canvas.width, canvas.height);
    return new Promise((done) => canvas.toBlob((b) =>
        done(new File([b], `camera-${Date.now()}.jpg`, {type: "image/jpeg"})), "image/jpeg", 0.92));
}

export async function camera(to = null) {
    if (!(await start())) {
        return;
    }
    taken = 0;
    const take = async (n) => {
        for (let i = 0; i < n && stream; i++) {
            add([{file: await shot(), to}]);
            taken++;
            redraw();
            await new Promise((done) => setTimeout(done, n > 1 ? 300 : 0));
        }
    };
    open(to === null ? "Take pictures" : `Take pictures of ${to}`, () => [video(),
        h("div", {class: "row"}, button("Take picture", () => take(1), {class: "primary", autofocus: true}),
            button(`Take ${BURST}`, () => take(BURST)), muted(`${taken} taken`))], stop);
}
