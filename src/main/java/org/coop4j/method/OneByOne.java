package org.coop4j.method;

import java.util.List;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.train.Optimizer;
import org.coop4j.train.Trainable;
import org.coop4j.train.Training;

/** A batch as the mean of steps of one image each, where each image has prompts of its own. */
record OneByOne(Trainable single) implements Trainable {

    @Override
    public List<LearnedTensor> learned() {
        return single.learned();
    }

    @Override
    public Optimizer optimizer(Training training) {
        return single.optimizer(training);
    }

    @Override
    public long bytes(int batch) {
        return single.bytes(1);
    }

    @Override
    public BatchResult step(int epoch, int[] examples) {
        List<LearnedTensor> learned = learned();
        List<float[]> sums = learned.stream().map(t -> new float[t.values().length]).toList();
        double loss = 0;
        double accuracy = 0;
        for (int example : examples) {
            BatchResult result = single.step(epoch, new int[] {example});
            loss += result.loss() / examples.length;
            accuracy += result.accuracy() / examples.length;
            for (int t = 0; t < sums.size(); t++) {
                float[] sum = sums.get(t);
                float[] gradient = learned.get(t).gradient();
                for (int i = 0; i < sum.length; i++) {
                    sum[i] += gradient[i] / examples.length;
                }
            }
        }
        for (int t = 0; t < sums.size(); t++) {
            float[] gradient = learned.get(t).gradient();
            System.arraycopy(sums.get(t), 0, gradient, 0, gradient.length);
        }
        return new BatchResult(loss, accuracy);
    }
}
