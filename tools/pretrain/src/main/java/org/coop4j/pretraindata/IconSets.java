package org.coop4j.pretraindata;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Sets of icons for games, interfaces and maps: of each the pictures of things. */
final class IconSets {
    private static final Pattern ANY = Pattern.compile("");
    private static final Pattern ONE_OR_TWO_WORDS = Pattern.compile("^[a-z]+(-[a-z]+)?$");

    /** What the names to take match: some sets have each icon in several styles. */
    private static final Map<Source, Pattern> STYLES = new TreeMap<>(Map.of(
            Source.PHOSPHOR, Pattern.compile("-duotone$"),
            Source.STREAMLINE_CORE, Pattern.compile("(?<!-flat)$"),
            Source.MATERIAL_DESIGN, ONE_OR_TWO_WORDS));

    private static final List<Source> SETS = List.of(
            Source.GAME_ICONS,
            Source.STREAMLINE_ULTIMATE,
            Source.STREAMLINE_PLUMP,
            Source.STREAMLINE_FLEX,
            Source.STREAMLINE_CORE,
            Source.STREAMLINE_FREEHAND,
            Source.STREAMLINE_KAMELEON,
            Source.STREAMLINE_STICKIES,
            Source.STREAMLINE_CYBER,
            Source.ICON_PARK,
            Source.FLAT_COLOR_ICONS,
            Source.MAKI,
            Source.TEMAKI,
            Source.FONT_AWESOME,
            Source.PHOSPHOR,
            Source.MATERIAL_DESIGN);

    private IconSets() {}

    /**
     * Returns the pictures of all sets.
     *
     * @param sources holds a folder a set, an unpacked Iconify package
     */
    static List<SourcePicture> readAll(Path sources, Words words) throws IOException {
        IconNames names = new IconNames(words);
        List<SourcePicture> pictures = new ArrayList<>();
        for (Source set : SETS) {
            Pattern style = STYLES.getOrDefault(set, ANY);
            IconifySet.read(sources.resolve(set.folder())).icons().forEach((name, raster) -> {
                if (style.matcher(name).find()) {
                    names.subject(name)
                            .map(subject -> picture(set, name, subject, raster))
                            .ifPresent(pictures::add);
                }
            });
        }
        return pictures;
    }

    private static SourcePicture picture(Source set, String name, Subject subject, Raster raster) {
        return new SourcePicture(
                set.folder() + "/" + name, set, subject.name(), set.artist(), subject, List.of(), name, raster);
    }

    /** Returns the icons that look like none of the drawings held out. */
    static List<Prepared> unlike(List<Prepared> icons, List<Prepared> heldOut) {
        return icons.stream()
                .filter(icon -> heldOut.stream().noneMatch(d -> d.hash().isNear(icon.hash())))
                .toList();
    }
}
