/** Tags of a classifier in XMP sidecars, where photo programs find them; pictures are never written. */
package org.coop4j.tags;
