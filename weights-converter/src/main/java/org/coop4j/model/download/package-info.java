/**
 * Fetches published models over HTTP: OpenAI's by name, repositories of the Hugging Face Hub, and addresses. Nothing
 * else in coop4j opens a connection to another machine.
 */
package org.coop4j.model.download;
