package org.coop4j.graph.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class WorkersTest {

    private static final int ROUNDS = 3000;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7})
    void everyShareIsDoneOnceInEveryRound(int count) {
        AtomicIntegerArray done = new AtomicIntegerArray(count);
        try (Workers workers = new Workers(count)) {
            for (int round = 1; round <= ROUNDS; round++) {
                workers.run(
                        (part, parts) -> {
                            assertThat(parts).isEqualTo(count);
                            done.incrementAndGet(part);
                        });
                for (int part = 0; part < count; part++) {
                    assertThat(done.get(part)).isEqualTo(round);
                }
            }
        }
    }

    @Test
    void writesOfAShareAreSeenAfterTheRound() {
        int[] plain = new int[4];
        try (Workers workers = new Workers(4)) {
            for (int round = 1; round <= ROUNDS; round++) {
                workers.run((part, parts) -> plain[part]++);
                assertThat(plain).containsOnly(round);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 5, 64, 1001})
    void rowsAreCoveredOnceAndInOrder(int rows) {
        for (int count : new int[] {1, 2, 3, 5}) {
            AtomicIntegerArray covered = new AtomicIntegerArray(Math.max(1, rows));
            try (Workers workers = new Workers(count)) {
                workers.rows(
                        rows,
                        (part, from, to) -> {
                            assertThat(from).isLessThan(to);
                            for (int row = from; row < to; row++) {
                                covered.incrementAndGet(row);
                            }
                        });
            }
            for (int row = 0; row < rows; row++) {
                assertThat(covered.get(row)).isEqualTo(1);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void whatAShareThrowsReachesTheCallerAfterAllSharesEnded(int failing) {
        AtomicIntegerArray done = new AtomicIntegerArray(3);
        try (Workers workers = new Workers(3)) {
            assertThatThrownBy(
                            () ->
                                    workers.run(
                                            (part, parts) -> {
                                                if (part == failing) {
                                                    throw new IllegalStateException("part " + part);
                                                }
                                                done.incrementAndGet(part);
                                            }))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("part " + failing);
            for (int part = 0; part < 3; part++) {
                assertThat(done.get(part)).isEqualTo(part == failing ? 0 : 1);
            }
            workers.run((part, parts) -> done.incrementAndGet(part));
            assertThat(done.get(failing)).isEqualTo(1);
        }
    }

    @Test
    void errorsReachTheCallerToo() {
        try (Workers workers = new Workers(2)) {
            assertThatThrownBy(
                            () ->
                                    workers.run(
                                            (part, parts) -> {
                                                if (part == 1) {
                                                    throw new OutOfMemoryError("made up");
                                                }
                                            }))
                    .isInstanceOf(OutOfMemoryError.class);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void aShareThatHandsOutWorkIsToldSoInsteadOfWaitingForItself(int count) {
        try (Workers workers = new Workers(count)) {
            for (int caller = 0; caller < count; caller++) {
                int nesting = caller;
                assertThatThrownBy(
                                () ->
                                        workers.run(
                                                (part, parts) -> {
                                                    if (part == nesting) {
                                                        workers.run((p, ps) -> {});
                                                    }
                                                }))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("cannot hand out work");
            }
            workers.run((part, parts) -> {});
        }
    }

    @Test
    void callersOnOtherThreadsTakeTurns() throws InterruptedException {
        int[] sum = new int[1];
        try (Workers workers = new Workers(2)) {
            Thread[] callers = new Thread[3];
            for (int i = 0; i < callers.length; i++) {
                callers[i] =
                        new Thread(
                                () -> {
                                    for (int round = 0; round < 500; round++) {
                                        workers.run(
                                                (part, parts) -> {
                                                    if (part == 1) {
                                                        sum[0]++;
                                                    }
                                                });
                                    }
                                });
                callers[i].start();
            }
            for (Thread caller : callers) {
                caller.join();
            }
            workers.run((part, parts) -> {});
            assertThat(sum[0]).isEqualTo(1500);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void closedWorkersRefuseWork(int count) {
        Workers workers = new Workers(count);
        workers.run((part, parts) -> {});
        workers.close();
        workers.close();
        assertThatThrownBy(() -> workers.run((part, parts) -> {}))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    @Test
    void closingEndsTheThreads() throws InterruptedException {
        Thread[] threads = new Thread[3];
        Workers workers = new Workers(3);
        workers.run((part, parts) -> threads[part] = Thread.currentThread());
        workers.close();
        for (int part = 1; part < 3; part++) {
            threads[part].join(10_000);
            assertThat(threads[part].isAlive()).isFalse();
        }
    }

    @Test
    void noThreadsAreRefused() {
        assertThatThrownBy(() -> new Workers(0)).hasMessageContaining("threads: 0");
    }

    @Test
    void environmentSetsTheNumberOfThreads() {
        int cores = Runtime.getRuntime().availableProcessors();
        assertThat(Workers.standardCount(null)).isEqualTo(cores);
        assertThat(Workers.standardCount("3")).isEqualTo(3);
        assertThat(Workers.standardCount("0")).isEqualTo(cores);
        assertThat(Workers.standardCount("4,2")).isEqualTo(cores);
    }
}
