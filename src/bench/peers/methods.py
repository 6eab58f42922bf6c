"""GDA and the linear probe in NumPy and scikit-learn, for their speed beside coop4j's.

    methods.py CLASSES SHOTS WIDTH TESTS METHOD...    random features as `coop bench methods` makes them
    methods.py FEATURES.safetensors METHOD...         what `coop embed --data` wrote of images with labels

Methods: gda, linear-probe, linear-probe-exact, whose fits go on until scikit-learn's tolerance is
1e-8, in double precision, and iterations: 3 and 6 iterations of L-BFGS with C = 0.01. Features of a file have no text: gda takes the class means for it.
"""

import json
import struct
import sys
import time

import numpy as np


def unit(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def random_features(classes, shots, width, tests):
    rng = np.random.default_rng(1)
    centres = rng.standard_normal((classes, width), dtype=np.float32)

    def images(count, noise=2.5):
        labels = np.arange(count) % classes
        x = centres[labels] + noise * rng.standard_normal((count, width), dtype=np.float32)
        return x, labels

    text = images(classes, 4)[0]
    return text, images(classes * shots), images(classes * ((shots + 3) // 4)), images(tests)


def features_of(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()

    def tensor(name):
        begin, end = header[name]["data_offsets"]
        kind = {"F16": "<f2", "F32": "<f4", "I32": "<i4"}[header[name]["dtype"]]
        return np.frombuffer(memoryview(data)[begin:end], kind).reshape(header[name]["shape"])

    x, labels, split = tensor("features"), tensor("labels"), tensor("split")
    parts = [(x[split == part].astype(np.float32), labels[split == part]) for part in range(3)]
    seen, label = parts[0]
    return np.stack([seen[label == k].mean(axis=0) for k in range(label.max() + 1)]), *parts


if sys.argv[1].endswith(".safetensors"):
    text, train, val, test = features_of(sys.argv[1])
    names = sys.argv[2:]
else:
    text, train, val, test = random_features(*map(int, sys.argv[1:5]))
    names = sys.argv[5:]
text = unit(text)
classes, width = text.shape


def gda():
    x, y = unit(train[0]).astype(np.float64), train[1]
    mu = np.stack([x[y == k].mean(axis=0) for k in range(classes)])
    centred = x - mu[y]
    s = centred.T @ centred
    s += np.trace(s) / (len(x) - 1) * np.eye(width)
    w = width * np.linalg.solve(s, mu.T)
    b = -np.log(classes) - 0.5 * np.einsum("kj,jk->k", mu, w)
    seen = unit(val[0])
    zero, own = 100 * seen @ text.T, seen @ w + b
    alphas = [10.0**p for p in range(-4, 3)]
    alpha = max(alphas, key=lambda a: np.mean((zero + a * own).argmax(axis=1) == val[1]))
    weights = (100 * text.T + alpha * w).astype(np.float32)
    return lambda x: unit(x) @ weights + (alpha * b).astype(np.float32)


def probe(exact):
    from sklearn.linear_model import LogisticRegression

    x = train[0].astype(np.float64) if exact else train[0]
    effort = {"tol": 1e-8, "max_iter": 100_000} if exact else {"max_iter": 1000}
    fits = {}

    def fit(power):
        if power not in fits:
            fits[power] = LogisticRegression(solver="lbfgs", C=10.0**power, **effort).fit(x, train[1])
        return fits[power]

    def right(power):
        return fit(power).score(*val)

    low = max([6, 4, 2, 0, -2, -4, -6], key=right) - 1
    high = low + 2
    for _ in range(8):
        kept_high = right(low) < right(high)
        kept = high if kept_high else low
        middle = (low + high) / 2
        low, high = (middle, high) if kept_high else (low, middle)
    return fit(kept).decision_function


def iterations():
    from sklearn.linear_model import LogisticRegression

    for most in (3, 6):
        begin = time.perf_counter()
        fitted = LogisticRegression(solver="lbfgs", C=0.01, max_iter=most, tol=1e-12).fit(*train)
        print(f"{most} iterations: {time.perf_counter() - begin:.2f} s")
    return fitted.decision_function


methods = {
    "gda": gda,
    "linear-probe": lambda: probe(exact=False),
    "linear-probe-exact": lambda: probe(exact=True),
    "iterations": iterations,
}
for name in names:
    begin = time.perf_counter()
    logits = methods[name]()
    learned = time.perf_counter()
    accuracy = np.mean(logits(test[0]).argmax(axis=1) == test[1])
    print(
        f"{name}: {learned - begin:.2f} s to learn,"
        f" {time.perf_counter() - learned:.2f} s to classify, accuracy {accuracy:.3f}"
    )
