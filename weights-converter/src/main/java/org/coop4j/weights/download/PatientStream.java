package org.coop4j.weights.download;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * A stream that is closed when a read has waited too long for a byte: a connection may stall and
 * never close. The limit is on the wait and not on the whole transfer.
 */
final class PatientStream extends FilterInputStream {

    private final Duration patience;
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "download-clock");
        thread.setDaemon(true);
        return thread;
    });
    private final ScheduledFuture<?> looks;
    private volatile long waitingSince;
    private volatile boolean waiting;
    private volatile boolean stalled;

    PatientStream(InputStream stream, Duration patience) {
        super(stream);
        this.patience = patience;
        long period = Math.max(1, patience.toMillis() / 4);
        looks = clock.scheduleAtFixedRate(this::look, period, period, TimeUnit.MILLISECONDS);
    }

    private void look() {
        if (waiting && System.nanoTime() - waitingSince > patience.toNanos()) {
            stalled = true;
            clock.shutdown();
            try {
                in.close(); // wakes the reader
            } catch (IOException e) {
                // the reader learns of it
            }
        }
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    /**
     * @throws HttpTimeoutException if no byte came for as long as it has patience
     */
    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        waitingSince = System.nanoTime();
        waiting = true;
        try {
            int n = in.read(target, offset, length);
            if (n >= 0 || !stalled) {
                return n;
            }
        } catch (IOException e) {
            if (!stalled) {
                throw e;
            }
        } finally {
            waiting = false;
        }
        throw new HttpTimeoutException("no byte came for %.0f seconds".formatted(patience.toMillis() / 1e3));
    }

    @Override
    public void close() throws IOException {
        looks.cancel(false);
        clock.shutdown();
        super.close();
    }
}
