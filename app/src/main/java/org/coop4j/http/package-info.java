/**
 * Servers of HTTP within limits on what their clients may take. Every error is answered by {@code {"error": "the
 * reason"}}, or in OpenAI's form. Tokens in addresses admit browsers.
 */
package org.coop4j.http;
