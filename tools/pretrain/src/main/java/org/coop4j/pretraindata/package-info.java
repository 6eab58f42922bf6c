/**
 * Makes the pictures and captions that the small CLIP shipped with coop4j is pre-trained on, and
 * the archive of pictures of its demo, from free emoji sets and Open Clip Art.
 *
 * <p>Reading order: {@link org.coop4j.pretraindata.PrepareTables} is the whole run; {@link
 * org.coop4j.pretraindata.OpenClipArt} and {@link org.coop4j.pretraindata.EmojiSets} read the
 * sources; {@link org.coop4j.pretraindata.Captions} writes the English; {@link
 * org.coop4j.pretraindata.Drawings} finds the variants of one drawing, which {@link
 * org.coop4j.pretraindata.Split} keeps on one side of every split.
 */
package org.coop4j.pretraindata;
