/**
 * The prediction service: learned classifiers over HTTP, with a page to try them, metrics and limits.
 *
 * <p>The API is the Open Inference Protocol v2 (REST) under {@code /v2}, {@code POST /predictions/NAME} for one picture,
 * OpenAI's {@code POST /v1/embeddings} and PhotoPrism's {@code POST /api/v1/vision/labels}; {@code openapi.yaml} describes
 * them. Requests wait in the bounded queue of their classifier ({@link org.coop4j.predict.ImageClassifier}) without a
 * thread. Every error is answered by {@code {"error": "the reason"}}, or in the form of OpenAI or PhotoPrism.
 */
package org.coop4j.serve;
