package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Episodes that are numbered, each with draws of its own, and what was found in them, which must be nothing. Campaigns are not part of the
 * build's tests: {@code mvn -Pcampaign verify -Dcampaign.files=1000 -Dcampaign.seed=1}; {@code -Dcampaign.from=N} goes on at episode N.
 */
public final class Campaign implements AutoCloseable {

    private final String name;
    private final List<String> findings = Collections.synchronizedList(new ArrayList<>());
    private final Map<String, Integer> counts = Collections.synchronizedMap(new TreeMap<>());
    private final ExecutorService executor = Executors.newCachedThreadPool();

    /** Begins a campaign. */
    public Campaign(String name) {
        this.name = name;
    }

    /** One of many. */
    interface Episode {
        void run(int number, Random random) throws Exception;
    }

    /** A number of a campaign: {@code -Dcampaign.NAME=N}. */
    public static int setting(String name, int otherwise) {
        return Integer.getInteger("campaign." + name, otherwise);
    }

    /** The draws of one episode; no other episode, nor one of another seed, has the same. */
    public static Random random(int episode) {
        return new Random(1_000_003L * setting("seed", 1) + episode);
    }

    /** Runs as many episodes as there are to be files. */
    void files(int usual, Episode episode) throws Exception {
        int from = setting("from", 0);
        for (int i = from; i < from + setting("files", usual); i++) {
            episode.run(i, random(i));
        }
        print();
    }

    /** Counts something that happened a number of times. */
    public void count(Object what, int times) {
        counts.merge(what.toString(), times, Integer::sum);
    }

    int counted() {
        return counts.values().stream().mapToInt(Integer::intValue).sum();
    }

    /** Adds a finding. */
    public void find(String finding) {
        findings.add(finding);
    }

    /** Returns what some work gives, or its problem, which may be that it takes too long. */
    public Object within(int seconds, Callable<?> work) throws InterruptedException {
        Future<?> running = executor.submit(work);
        try {
            return running.get(seconds, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            return e.getCause();
        } catch (TimeoutException e) {
            running.cancel(true);
            return e;
        }
    }

    /** Prints what was counted and found so far. */
    public void print() {
        System.out.printf("%s, seed %d: %s, findings: %s%n", name, setting("seed", 1), counts, findings);
    }

    /** Ends the work, and checks that nothing was found. */
    @Override
    public void close() {
        executor.shutdownNow();
        assertThat(findings).isEmpty();
    }
}
