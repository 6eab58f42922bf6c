/** CLIP as an embedding model of LangChain4j. */
package org.coop4j.langchain4j;
