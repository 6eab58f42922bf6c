/** Answers of a classifier in XMP sidecars and in GeoJSON, where other programs find them; pictures are never written. */
package org.coop4j.tags;
