/**
 * Labelled images and their splits: loaders for a folder of class folders, a CoOp split file, a CSV list and a file of
 * features; few-shot sampling that replays CPython's generator number for number; the base and new halves of the classes.
 *
 * <p>A dataset is an immutable {@link org.coop4j.data.ImageDataset}. The published datasets are in {@code
 * data.benchmark}. Labels count from 0 and index the list of class names.
 */
package org.coop4j.data;
