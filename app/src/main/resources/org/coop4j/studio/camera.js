// The camera: pictures for a class, one by one or in a burst, and the live picture of Try.

import {open} from "./dialog.js";
import {add, fail, gesture, redraw} from "./model.js";
import {button, h} from "./parts.js";

let stream = null;

export const live = () => stream;
export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

export async function start() {
    try {
        stream = await navigator.mediaDevices.getUserMedia({video: {facingMode: "environment"}});
        redraw();
    } catch {
        fail({error: "There is no camera, or the browser may not use it."});
    }
    return stream;
}

export function stop() {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
}

export const video = () =>
    h("video", {srcObject: stream, muted: true, autoplay: true, playsinline: true, "aria-label": "Camera"});

/** The picture that the camera shows now, null if there is none yet. */
export async function shot(side = 1024) {
    const from = document.querySelector("video");
    const scale = Math.min(1, side / Math.max(from.videoWidth, from.videoHeight));
    const canvas = new OffscreenCanvas(from.videoWidth * scale, from.videoHeight * scale);
    canvas.getContext("2d").drawImage(from, 0, 0, canvas.width, canvas.height);
    return new File([await canvas.convertToBlob({type: "image/jpeg"})], `camera-${Date.now()}.jpg`);
}

export async function camera(to = null) {
    const take = async (n) => {
        const together = gesture();
        for (let i = 0; i < n && stream; i++) {
            add([{file: await shot(), to}], together);
            await pause(300);
        }
    };
    if (await start()) {
        open(
            "Take pictures",
            () => [
                video(),
                h(
                    ".row",
                    button("Take picture", () => take(1), ".primary", null, {autofocus: true}),
                    button("Take 10", () => take(10))
                )
            ],
            stop
        );
    }
}
