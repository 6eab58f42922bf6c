/**
 * The studio: pictures are collected, labelled, learned from and tried in a browser.
 *
 * <p>The folder is the database: a label is the place of a file. {@link org.coop4j.studio.Studio} does what a person wants
 * with a {@link org.coop4j.studio.PhotoFolder}, {@link org.coop4j.studio.Model} learns from it, and {@link
 * org.coop4j.studio.StudioServer} tells browsers. {@code .coop4j} in the folder holds the {@link org.coop4j.studio.Journal},
 * removed pictures and what was learned.
 */
package org.coop4j.studio;
