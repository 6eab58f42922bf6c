/**
 * Contrastive training of a small CLIP from pairs of an image and a caption: the table of pairs,
 * batches, augmentation, AdamW, the loop with its checkpoints, and retrieval on held-out pairs.
 *
 * <p>What is trained is {@link org.coop4j.pretrain.TrainableClip}. A picture may have many captions
 * and shows one of them an epoch. Epochs count from 0 inside and from 1 in what users see.
 */
package org.coop4j.pretrain;
