package org.coop4j.pretraindata;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.coop4j.base.AtomicFile;

/** From unpacked packages to the tables of drawings and their pictures. */
public final class PrepareTables {
    private static final String ICONS = "openclipart/computer/icons/";
    private static final double ICONS_KEPT = 1.0 / 3;

    private final Path work;
    private final PrintStream out;
    private final HeldOutDrawings heldOut = HeldOutDrawings.read();

    private PrepareTables(Path work, PrintStream out) {
        this.work = work;
        this.out = out;
    }

    /**
     * Runs it.
     *
     * @param arguments the work folder that fetch.sh filled; where to write the list of training
     *     pictures
     */
    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 2) {
            System.err.println("usage: PrepareTables WORK TRAINING-PICTURES.tsv.gz");
            System.exit(2);
        }
        ImageIO.setUseCache(false);
        new PrepareTables(Path.of(arguments[0]), System.out).run(Path.of(arguments[1]));
    }

    private void run(Path trainingList) throws IOException {
        EmojiNames names = EmojiNames.read(source("emojibase"), Resources.lists("emoji-categories.json"));
        List<Prepared> emoji = prepare(emojiPictures(names));
        Words words = words(names);
        List<Prepared> icons = prepare(IconSets.readAll(work.resolve("sources"), words));
        List<Prepared> clipArt = prepare(clipArtPictures(words));
        Drawings drawings = new Drawings(clipArt);
        Map<Prepared, Partition> splits = split(clipArt, drawings);

        Tables tables = new Tables();
        List<Prepared> train = new ArrayList<>(inSplit(splits, Partition.TRAIN));
        inSplit(splits, Partition.VALIDATION).forEach(p -> tables.addToValidation(p, drawings.of(p)));
        for (Prepared picture : emoji) {
            if (picture.picture().source() == Source.TWEMOJI) {
                continue;
            }
            if (Partition.of(picture.id(), 0, false) == Partition.VALIDATION) {
                tables.addToValidation(picture, picture.id());
            } else {
                train.add(picture);
            }
        }
        train.addAll(IconSets.unlike(icons, inSplit(splits, Partition.HELD_OUT)));
        tables.addAllToTrain(train.stream().filter(p -> !p.captions().isEmpty()).toList());
        writePictures("images", Stream.concat(tables.train().stream(), tables.validation().stream()));
        tables.write(work);
        tables.writeList(trainingList, drawings);

        writeDrawings(clipArt, drawings, splits);
        List<Prepared> unseen = new ArrayList<>(inSplit(splits, Partition.HELD_OUT));
        emoji.stream()
                .filter(picture -> picture.picture().source() == Source.TWEMOJI)
                .forEach(unseen::add);
        writeHeldOut(unseen);
        report(tables, clipArt, drawings, splits);
    }

    private Path source(String name) {
        return work.resolve("sources").resolve(name);
    }

    private List<SourcePicture> emojiPictures(EmojiNames names) throws IOException {
        EmojiSets sets = new EmojiSets(names);
        List<SourcePicture> pictures = new ArrayList<>();
        pictures.addAll(sets.fromFiles(Source.NOTO, source("noto").resolve("img/google/64")));
        pictures.addAll(sets.fromFiles(Source.TWEMOJI, source("twemoji").resolve("img/twitter/64")));
        pictures.addAll(sets.fromFiles(Source.FLUENT_3D, source("fluent-3d").resolve("assets")));
        for (Source set : List.of(
                Source.FLUENT_FLAT, Source.NOTO_V1, Source.EMOJI_ONE, Source.FX_EMOJI, Source.STREAMLINE_EMOJI)) {
            pictures.addAll(sets.fromIconify(set, source(set.folder())));
        }
        return pictures;
    }

    private Words words(EmojiNames names) throws IOException {
        Words words = Words.read(source("wordlist").resolve("usr/share/dict/american-english"));
        for (EmojiName name : names.all()) {
            words.learn(name.label());
            name.subject().keywords().forEach(words::learn);
        }
        return words;
    }

    private List<SourcePicture> clipArtPictures(Words words) throws IOException {
        Path tree = Path.of("usr/share/openclipart");
        Set<String> broken = Resources.lines("broken-drawings.txt");
        List<SourcePicture> pictures = new OpenClipArt(
                        source("openclipart-png").resolve(tree).resolve("png"),
                        source("openclipart-svg").resolve(tree).resolve("svg"),
                        Resources.lists("folder-categories.json"))
                .read(words, Resources.texts("keywords.json"));
        return pictures.stream()
                .filter(picture -> !broken.contains(picture.id()))
                .toList();
    }

    /** Draws the pictures on all processors; those that show nothing on white are left out. */
    private List<Prepared> prepare(List<SourcePicture> pictures) {
        return pictures.parallelStream()
                .map(this::prepare)
                .flatMap(Optional::stream)
                .collect(Collectors.toList());
    }

    private Optional<Prepared> prepare(SourcePicture picture) {
        try {
            Optional<BufferedImage> square = SquarePicture.of(picture.raster().render());
            return square.map(image -> new Prepared(
                    picture,
                    image,
                    PerceptualHash.of(image),
                    Captions.of(picture.id(), picture.source(), picture.subject(), SquarePicture.isColourless(image))));
        } catch (IOException e) {
            throw new UncheckedIOException(picture.id() + " cannot be drawn", e);
        }
    }

    private Map<Prepared, Partition> split(List<Prepared> clipArt, Drawings drawings) {
        Map<String, Double> shares = new HashMap<>();
        for (Prepared picture : clipArt) {
            double share = heldOut.share(picture.picture());
            shares.merge(drawings.of(picture), share, Math::max);
        }
        Map<Prepared, Partition> splits = new HashMap<>();
        for (Prepared picture : clipArt) {
            String drawing = drawings.of(picture);
            Partition split = Partition.of(drawing, shares.get(drawing), true);
            splits.put(picture, isSurplusIcon(picture, split) ? Partition.LEFT_OUT : split);
        }
        return splits;
    }

    private static boolean isSurplusIcon(Prepared picture, Partition split) {
        return picture.id().startsWith(ICONS)
                && switch (split) {
                    case TRAIN -> Hashes.fraction("icon/" + picture.id()) >= ICONS_KEPT;
                    case VALIDATION -> true;
                    case HELD_OUT, LEFT_OUT -> false;
                };
    }

    private static List<Prepared> inSplit(Map<Prepared, Partition> splits, Partition wanted) {
        return splits.entrySet().stream()
                .filter(entry -> entry.getValue() == wanted)
                .map(Map.Entry::getKey)
                .sorted(Comparator.comparing(Prepared::id))
                .toList();
    }

    /** Writes pictures below a folder of WORK, in place of those of an earlier run. */
    private void writePictures(String folder, Stream<Prepared> pictures) throws IOException {
        Path images = work.resolve(folder);
        if (Files.exists(images)) {
            try (Stream<Path> old = Files.walk(images)) {
                for (Path path : old.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
        for (Prepared picture : (Iterable<Prepared>) pictures::iterator) {
            Path file = images.resolve(picture.id() + ".png");
            Files.createDirectories(file.getParent());
            ImageIO.write(picture.square(), "png", file.toFile());
        }
    }

    /** Writes WORK/held-out and WORK/held-out.csv: pictures that no table has, and their makers. */
    void writeHeldOut(List<Prepared> pictures) throws IOException {
        writePictures("held-out", pictures.stream());
        StringBuilder rows = new StringBuilder(Csv.row("id", "title", "author", "source", "licence"));
        for (Prepared each : pictures) {
            SourcePicture picture = each.picture();
            rows.append(Csv.row(
                    picture.id(),
                    picture.title(),
                    picture.author(),
                    picture.source().title(),
                    picture.source().licence()));
        }
        AtomicFile.write(work.resolve("held-out.csv"), rows.toString().getBytes(StandardCharsets.UTF_8));
    }

    /** Writes WORK/drawings.csv, for looking: every picture of Open Clip Art and its side. */
    private void writeDrawings(List<Prepared> clipArt, Drawings drawings, Map<Prepared, Partition> splits)
            throws IOException {
        StringBuilder rows = new StringBuilder(Csv.row("id", "drawing", "split", "captions"));
        for (Prepared picture : clipArt) {
            rows.append(Csv.row(
                    picture.id(),
                    drawings.of(picture),
                    splits.get(picture).name(),
                    String.join(" | ", picture.captions())));
        }
        AtomicFile.write(work.resolve("drawings.csv"), rows.toString().getBytes(StandardCharsets.UTF_8));
    }

    private void report(Tables tables, List<Prepared> clipArt, Drawings drawings, Map<Prepared, Partition> splits) {
        out.printf("train.csv: %d pictures%n", tables.train().size());
        countBySource(tables.train());
        out.printf("val.csv: %d pictures%n", tables.validation().size());
        countBySource(tables.validation());
        out.printf("Open Clip Art: %d pictures of %d drawings%n", clipArt.size(), distinctDrawings(clipArt, drawings));
        for (Partition split : Partition.values()) {
            List<Prepared> members = inSplit(splits, split);
            out.printf(
                    "  %s: %d pictures of %d drawings%n", split, members.size(), distinctDrawings(members, drawings));
        }
    }

    private static long distinctDrawings(List<Prepared> pictures, Drawings drawings) {
        return pictures.stream().map(drawings::of).distinct().count();
    }

    private void countBySource(List<Prepared> pictures) {
        Map<Source, Long> counts = pictures.stream()
                .collect(Collectors.groupingBy(p -> p.picture().source(), TreeMap::new, Collectors.counting()));
        counts.forEach((source, count) -> out.printf("  %s: %d%n", source.folder(), count));
    }
}
