package org.coop4j.serve;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.util.component.AbstractLifeCycle;
import org.eclipse.jetty.util.thread.Scheduler;

/** A clock that stands still until it is told to go on. */
final class ManualClock extends AbstractLifeCycle implements Scheduler {

    private static final class Appointment {
        private final long due;
        private final Runnable work;

        Appointment(long due, Runnable work) {
            this.due = due;
            this.work = work;
        }
    }

    private final List<Appointment> waiting = new ArrayList<>();
    private long now;
    private int made;

    @Override
    public synchronized Task schedule(Runnable work, long delay, TimeUnit unit) {
        Appointment one = new Appointment(now + unit.toNanos(delay), work);
        waiting.add(one);
        made += work.getClass().getName().startsWith("org.coop4j.") ? 1 : 0; // not Jetty's own timeouts
        notifyAll();
        return () -> cancel(one);
    }

    private synchronized boolean cancel(Appointment one) {
        return waiting.remove(one);
    }

    /** Returns the number of appointments that the service ever made: one for a connection, one for a request, one after its answer. */
    synchronized int made() {
        return made;
    }

    /** Waits until a number of appointments have been made. */
    synchronized void await(int appointments) throws InterruptedException {
        while (made < appointments) {
            wait();
        }
    }

    /** Lets time pass, and what is due happen. */
    void advance(Duration time) {
        List<Appointment> due;
        synchronized (this) {
            now += time.toNanos();
            due = waiting.stream().filter(one -> one.due <= now).toList();
            waiting.removeAll(due);
        }
        due.forEach(one -> one.work.run());
    }
}
