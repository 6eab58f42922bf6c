package org.coop4j.studio;

import static org.coop4j.studio.StudioProblem.UNNAMED;
import static org.coop4j.studio.StudioProblem.require;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.coop4j.base.Sha256;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.InputImage;
import org.coop4j.method.UnknownWords;
import org.coop4j.pool.Search;
import org.coop4j.studio.Model.Fit;
import org.coop4j.studio.Pooled.Compared;
import org.coop4j.studio.Snapshot.Photo;
import org.coop4j.text.Tokenizer.TextTooLongException;

/** Finds pictures of a folder by their class, by words, by other pictures, or by the probability of a class. */
final class PhotoSearch {

    /** Dropped pictures that are remembered. */
    private static final int MOST_DROPPED = 200;

    /** Unsorted pictures that are listed, and others. */
    private static final int MOST_LISTED = 10_000;

    /** In place of a class: the pictures that are of none. No class can have the name. */
    private static final String NONE = ".none";

    private final Studio studio;
    private final Clip clip;
    private final EncodedPhotos encoded;
    private final Model model;
    private final Map<String, float[]> dropped = Collections.synchronizedMap(new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, float[]> eldest) {
            return size() > MOST_DROPPED;
        }
    });
    private Compared searched;
    private Search search; // in these

    PhotoSearch(Studio studio, Clip clip, EncodedPhotos encoded, Model model) {
        this.studio = studio;
        this.clip = clip;
        this.encoded = encoded;
        this.model = model;
    }

    /**
     * A search.
     *
     * @param words what the pictures show; null to search by pictures
     * @param not what they do not show; may be null
     * @param like pictures of the folder, or dropped ones, that they resemble
     * @param unlike those that they do not resemble
     * @param byClass true for the order of the probability of the class that the words name
     */
    record Query(String words, String not, List<String> like, List<String> unlike, boolean byClass) {}

    /** A picture, as browsers know it; it is accepted if the studio put it into its class, and nobody has confirmed that. */
    record Shown(String id, String file, Set<String> labels, boolean accepted) {

        static Shown of(Snapshot now, Photo one) {
            return new Shown(one.id(), one.file(), now.labels(one), one.isAccepted(now.kept()));
        }
    }

    /**
     * Pictures, the nearest first.
     *
     * @param known true if the model knows the words
     * @param named the class that the words name, by whose probability pictures can be in order; null if there is none
     * @param compared number of pictures that were looked at
     * @param unsorted those that wait to be labelled
     */
    record Found(boolean known, String named, int compared, List<Shown> unsorted, List<Shown> others) {}

    /** Returns pictures of a class, the unsorted ones or those of no class; those that are accepted first, the least sure first. */
    List<Shown> of(String className, int count) {
        Snapshot now = studio.snapshot().without(encoded::isUnreadable);
        Sorting sorting = model.sorting();
        List<Photo> some = NONE.equals(className) ? now.none() : now.of(className);
        return some.stream()
                .sorted(Comparator.comparing(
                        one -> one.isAccepted(now.kept()) && sorting != null ? sorting.confidence(one) : 2))
                .limit(count)
                .map(one -> Shown.of(now, one))
                .toList();
    }

    Found find(Query query) throws IOException {
        require((query.words == null) != query.like.isEmpty(), "Expected either words or pictures.");
        Snapshot now = studio.snapshot();
        Compared all = model.pooled().latest();
        if (all == null) {
            return new Found(true, null, 0, List.of(), List.of());
        }
        Fit fit = model.latest();
        String named = fit == null || query.words == null
                ? null
                : fit.classes().stream()
                        .filter(name -> Studio.folded(name).equals(Studio.folded(query.words)))
                        .findFirst()
                        .orElse(null);
        double[] scores;
        try {
            scores = named != null && query.byClass ? probabilities(fit, named, now, all) : scores(query, all);
        } catch (TextTooLongException e) {
            throw StudioProblem.of(e);
        }
        Map<String, Photo> present = now.byContent(one -> true);
        List<Shown> unsorted = new ArrayList<>();
        List<Shown> others = new ArrayList<>();
        int compared = 0;
        for (int row : Search.best(scores, scores.length)) {
            Photo one = present.get(all.contents().get(row));
            if (one != null) {
                List<Shown> own = now.isUnsorted(one) ? unsorted : others;
                compared++;
                if (own.size() < MOST_LISTED) {
                    own.add(Shown.of(now, one));
                }
            }
        }
        boolean known = query.words == null
                || UnknownWords.of(clip, List.of(query.words)).isEmpty();
        return new Found(known, named, compared, unsorted, others);
    }

    private double[] scores(Query query, Compared all) {
        Search in = search(all);
        if (query.words != null) {
            return in.words(
                    clip.embed(Search.prompt(query.words)),
                    query.not == null ? null : clip.embed(Search.prompt(query.not)));
        }
        Map<String, Integer> rows = new HashMap<>();
        all.rows().forEach((content, row) -> rows.put(Photo.id(content), row));
        return in.like(examples(query.like, rows, all), examples(query.unlike, rows, all));
    }

    private synchronized Search search(Compared all) {
        if (searched == null || searched.pool() != all.pool()) {
            search = all.pool().search();
            searched = all;
        }
        return search;
    }

    private FeatureMatrix examples(List<String> ids, Map<String, Integer> rows, Compared all) {
        List<float[]> examples = new ArrayList<>();
        for (String id : ids) {
            float[] one = rows.containsKey(id) ? all.pool().units().row(rows.get(id)) : dropped.get(id);
            require(one != null, "An example is gone: drop the picture again.");
            examples.add(one);
        }
        return FeatureMatrix.of(examples, all.pool().units().width());
    }

    /** Returns the probability of one class by row; −1 where the picture is missing. */
    private double[] probabilities(Fit fit, String name, Snapshot now, Compared all) {
        List<Photo> photos = now.photos().stream()
                .filter(one -> all.rows().containsKey(one.sha256()))
                .toList();
        float[][] logits = fit.classifier().logits(encoded.of(photos)).toRows();
        double[] scores = new double[all.contents().size()];
        Arrays.fill(scores, -1);
        for (int i = 0; i < logits.length; i++) {
            scores[all.rows().get(photos.get(i).sha256())] =
                    fit.classifier().probabilities(logits[i])[fit.classes().indexOf(name)];
        }
        return scores;
    }

    /** Takes a dropped picture as an example; returns its identifier. */
    String example(byte[] content) {
        String id = Photo.id(Sha256.of(content));
        try {
            dropped.put(id, clip.embed(InputImage.of(content, UNNAMED)));
        } catch (IOException e) {
            throw studio.unreadable(content, e);
        }
        return id;
    }
}
