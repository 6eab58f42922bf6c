/** CLIP as an embedding model of Spring AI: texts and pictures as vectors in one space. */
package org.coop4j.springai;
