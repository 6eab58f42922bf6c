package org.coop4j.graph.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.coop4j.base.Thrown.assertThrown;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(600)
class WorkersTest {

    private static final int ROUNDS = 3000;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7})
    void everyShareIsDoneOnceInEveryRoundAndItsWritesAreSeenAfterwards(int count) {
        int[] plain = new int[count];
        try (Workers workers = new Workers(count)) {
            for (int round = 1; round <= ROUNDS; round++) {
                workers.run(part -> plain[part]++);
                assertThat(plain).containsOnly(round);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7})
    void everyTaskIsDoneOnceByOneWorkerAtATime(int count) {
        AtomicIntegerArray done = new AtomicIntegerArray(20);
        AtomicIntegerArray busy = new AtomicIntegerArray(count);
        try (Workers workers = new Workers(count)) {
            int expected = 0;
            for (int round = 1; round <= ROUNDS; round++) {
                int tasks = round % 21;
                workers.each(tasks, (worker, task) -> {
                    assertThat(busy.getAndIncrement(worker)).isZero();
                    done.incrementAndGet(task);
                    busy.decrementAndGet(worker);
                });
                expected += tasks;
                assertThat(IntStream.range(0, 20).map(done::get).sum()).isEqualTo(expected);
            }
            for (int task = 1; task < 20; task++) {
                assertThat(done.get(task)).isLessThanOrEqualTo(done.get(task - 1));
            }
        }
    }

    @Test
    void aTeamOnOneThreadDoesTheSharesOfAllInTurn() {
        List<Integer> shares = new ArrayList<>();
        Thread caller = Thread.currentThread();
        try (Workers workers = Workers.onOneThread(3)) {
            workers.run(part -> {
                assertThat(Thread.currentThread()).isSameAs(caller);
                assertThrown(IllegalStateException.class, () -> workers.run(inner -> {}));
                shares.add(part);
            });
            assertThat(shares).containsExactly(0, 1, 2);
            shares.clear();
            workers.rows(7, (part, from, to) -> shares.add(to - from));
            assertThat(shares).containsExactly(2, 2, 3);
        }
    }

    /** New threads are late, but which ones depends on the system, so the test tries until one is. */
    @Test
    void theCallerTakesOverTheSharesOfLateThreads() {
        Thread caller = Thread.currentThread();
        AtomicInteger takenOver = new AtomicInteger();
        for (int attempt = 0; attempt < 1000 && takenOver.get() == 0; attempt++) {
            AtomicIntegerArray done = new AtomicIntegerArray(64);
            try (Workers workers = new Workers(64)) {
                workers.run(part -> {
                    done.incrementAndGet(part);
                    if (part > 0 && Thread.currentThread() == caller) {
                        takenOver.incrementAndGet();
                    }
                });
            }
            for (int part = 0; part < 64; part++) {
                assertThat(done.get(part)).isEqualTo(1);
            }
        }
        assertThat(takenOver).hasPositiveValue();
    }

    @Test
    void aFreeWorkerTakesTheNextTask() {
        try (Workers workers = new Workers(2)) {
            CountDownLatch otherTasksDone = new CountDownLatch(7);
            workers.each(8, (worker, task) -> {
                // One worker is held up in its first task; the other does the rest.
                if (task == 0) {
                    assertThat(await(otherTasksDone)).isTrue();
                } else {
                    otherTasksDone.countDown();
                }
            });
            assertThat(otherTasksDone.getCount()).isZero();
        }
    }

    private static boolean await(CountDownLatch latch) {
        try {
            return latch.await(5, TimeUnit.MINUTES);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 5, 64, 1001})
    void rowsAreCoveredOnceAndInOrder(int rows) {
        for (int count : new int[] {1, 2, 3, 5}) {
            AtomicIntegerArray covered = new AtomicIntegerArray(Math.max(1, rows));
            try (Workers workers = new Workers(count)) {
                workers.rows(rows, (part, from, to) -> {
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
            assertThatThrownBy(() -> workers.run(part -> {
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
            workers.run(part -> done.incrementAndGet(part));
            assertThat(done.get(failing)).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void aShareThatHandsOutWorkIsRefusedInsteadOfWaitingForItself(int count) {
        try (Workers workers = new Workers(count)) {
            for (int caller = 0; caller < count; caller++) {
                int nesting = caller;
                assertThrown(
                        IllegalStateException.class,
                        () -> workers.run(part -> {
                            if (part == nesting) {
                                workers.run(p -> {});
                            }
                        }),
                        "cannot hand out work");
            }
            workers.run(part -> {});
        }
    }

    @Test
    void callersOnOtherThreadsTakeTurns() throws InterruptedException {
        int[] sum = new int[1];
        try (Workers workers = new Workers(2)) {
            Thread[] callers = new Thread[3];
            for (int i = 0; i < callers.length; i++) {
                callers[i] = new Thread(() -> {
                    for (int round = 0; round < 500; round++) {
                        workers.run(part -> {
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
            workers.run(part -> {});
            assertThat(sum[0]).isEqualTo(1500);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void closedWorkersRefuseWork(int count) {
        Workers workers = new Workers(count);
        workers.run(part -> {});
        workers.close();
        workers.close();
        assertThrown(IllegalStateException.class, () -> workers.run(part -> {}), "closed");
    }

    @Test
    void closingEndsTheThreads() throws InterruptedException {
        Thread[] threads = new Thread[3];
        CyclicBarrier all = new CyclicBarrier(3);
        Workers workers = new Workers(3);
        workers.each(3, (worker, task) -> {
            threads[worker] = Thread.currentThread();
            await(all);
        });
        workers.close();
        assertThat(threads[0]).isSameAs(Thread.currentThread());
        for (int worker = 1; worker < 3; worker++) {
            threads[worker].join(10_000);
            assertThat(threads[worker].isAlive()).isFalse();
        }
    }

    private static void await(CyclicBarrier barrier) {
        try {
            barrier.await();
        } catch (InterruptedException | BrokenBarrierException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void noThreadsAreRefused() {
        assertThrown(() -> new Workers(0), "expected 1 or more, got 0");
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
