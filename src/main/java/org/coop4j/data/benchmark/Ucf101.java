package org.coop4j.data.benchmark;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.coop4j.data.DatasetException;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.PythonRandom;
import org.coop4j.data.SplitRules;

/**
 * UCF101, split 01: lines "ApplyEyeMakeup/v_….avi 1", each standing for the video's middle frame.
 * The words of the action, joined by "_", name the folder and the class.
 */
final class Ucf101 {
    private static final Pattern WORD = Pattern.compile("[A-Z][^A-Z]*");
    private static final String LISTS = "ucfTrainTestlist/";

    private Ucf101() {}

    static ImageDataset read(BenchmarkFolder folder, PythonRandom random) throws IOException {
        Map<String, Integer> labels = new HashMap<>();
        for (BenchmarkFolder.Line line : folder.lines(LISTS + "classInd.txt")) {
            List<String> words = line.words(2, "'number Action'");
            labels.put(words.get(1), line.label(words.get(0)));
        }
        return SplitRules.fifthToVal(
                folder.name(),
                images(folder, LISTS + "trainlist01.txt", labels),
                images(folder, LISTS + "testlist01.txt", labels),
                random);
    }

    private static List<LabelledImage> images(
            BenchmarkFolder folder, String list, Map<String, Integer> labels) throws IOException {
        Path imageRoot = folder.imageRoot();
        List<LabelledImage> images = new ArrayList<>();
        for (BenchmarkFolder.Line line : folder.lines(list)) {
            String video = line.words(1, "'Action/video.avi'").get(0);
            int slash = video.indexOf('/');
            Integer label = labels.get(video.substring(0, Math.max(slash, 0)));
            if (label == null) {
                throw new DatasetException(
                        "%s line %d, '%s', has an action that classInd.txt does not have"
                                .formatted(line.file(), line.number(), line.text()));
            }
            String action = words(video.substring(0, slash));
            String frame = video.substring(slash + 1).replace(".avi", ".jpg");
            images.add(
                    new LabelledImage(
                            folder.image(imageRoot, action + "/" + frame), label, action));
        }
        return images;
    }

    private static String words(String camelCase) {
        return WORD.matcher(camelCase)
                .results()
                .map(MatchResult::group)
                .collect(Collectors.joining("_"));
    }
}
