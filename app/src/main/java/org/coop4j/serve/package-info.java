/**
 * The prediction service: learned classifiers over HTTP, with a page to try them, metrics and limits.
 *
 * <p>The API is the Open Inference Protocol v2 (REST) under {@code /v2}, and {@code POST /predictions/NAME} for one
 * picture; {@code openapi.yaml} describes both. Requests wait in the bounded queue of their classifier
 * ({@link org.coop4j.predict.ImageClassifier}) without a thread. Every error is answered by
 * {@code {"error": "the reason"}}.
 */
package org.coop4j.serve;
