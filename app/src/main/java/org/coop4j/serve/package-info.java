/**
 * The prediction service: learned classifiers over HTTP, with a page to try them, metrics and
 * limits.
 *
 * <p>The API is the Open Inference Protocol v2 (REST) under {@code /v2}, and {@code POST
 * /predictions/NAME} for a picture as it is; {@code openapi.yaml} describes both. Requests wait in
 * the bounded queue of their classifier ({@link org.coop4j.predict.ImageClassifier}) without a
 * thread. Every answer of an error is {@code {"error": "what is wrong"}}.
 */
package org.coop4j.serve;
