package org.coop4j.features;

import java.util.List;
import org.coop4j.method.Method;

/** The methods of this package. */
public final class FeatureMethods implements Method.Source {

    @Override
    public List<Method> methods() {
        return List.of(
                new LinearProbe(),
                new Prototypes(),
                new TipAdapter(),
                new TipAdapterF(),
                new TaskRes(),
                new ClipAdapter(),
                new CrossModal(),
                new ZsLp(),
                new Clap(),
                new Gda(),
                new LpPlusPlus(),
                new ProLip(),
                new Rla(),
                new Timo(),
                new ProKeR(),
                new SigmoidHead(),
                new OneVsRest());
    }
}
