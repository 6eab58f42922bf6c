/**
 * Classifiers and search as tools of an assistant: the Model Context Protocol over standard input and output, one line of
 * JSON-RPC per message. Tools only read, and only below one folder.
 */
package org.coop4j.mcp;
