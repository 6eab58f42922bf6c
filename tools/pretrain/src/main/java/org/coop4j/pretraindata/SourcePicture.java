package org.coop4j.pretraindata;

import java.util.List;

/**
 * One picture of a source, before it is drawn.
 *
 * @param id its source's folder and its name there, without extension: {@code
 *     openclipart/animals/birds/tux}
 * @param source where it comes from
 * @param title the title its author gave it, as it is in the source
 * @param author who drew it
 * @param subject what it shows
 * @param folders the folders of the source's tree that list it; empty for emoji
 * @param series the name that variants of one drawing share
 * @param raster draws it
 */
record SourcePicture(
        String id,
        Source source,
        String title,
        String author,
        Subject subject,
        List<String> folders,
        String series,
        Raster raster) {
    SourcePicture {
        folders = List.copyOf(folders);
    }

    boolean isClipArt() {
        return source == Source.OPEN_CLIP_ART;
    }
}
