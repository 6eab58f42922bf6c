/**
 * The studio: pictures are collected, labelled, learned from and tried in a browser.
 *
 * <p>The folder is the database: a label is the place of a file. {@link org.coop4j.studio.Studio} holds the state, which the
 * API and the tests drive alike; {@code .coop4j} in the folder holds the {@link org.coop4j.studio.Journal}, removed pictures
 * and what was learned.
 */
package org.coop4j.studio;
