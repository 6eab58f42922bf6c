package org.coop4j;

import static com.tngtech.archunit.core.domain.JavaAccess.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.CompositeArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.lang.syntax.elements.GivenClassesConjunction;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URL;
import java.net.URLConnection;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.Stream;
import org.coop4j.base.Log;
import org.coop4j.data.bank.FeatureBanks;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.method.Method;
import org.coop4j.method.Training;
import org.coop4j.run.RunConfig;
import org.coop4j.run.Sample;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.slf4j.LoggerFactory;

/** The rooms of docs/architecture.md, and what belongs in which. */
@AnalyzeClasses(
        packages = "org.coop4j",
        importOptions = {ImportOption.DoNotIncludeTests.class, RoomsTest.NoTestJars.class})
class RoomsTest {

    /** Leaves out the fixtures of the other modules' tests, which lie in jars of their own. */
    static final class NoTestJars implements ImportOption {
        @Override
        public boolean includes(Location location) {
            return !location.contains("-tests.jar");
        }
    }

    /** Top to bottom; those of one line do not know each other. */
    private static final List<List<String>> FLOORS = List.of(
            List.of("cli"),
            List.of("bench", "mcp"),
            List.of("serve", "studio"),
            List.of("demo"),
            List.of("http"),
            List.of("study"),
            List.of("report"),
            List.of("findings", "tags"),
            List.of("page"),
            List.of("console"),
            List.of("predict"),
            List.of("run", "onnx"),
            List.of("pool"),
            List.of("features"),
            List.of("method"),
            List.of("data"),
            List.of("clip"),
            List.of("eval"),
            List.of("image", "text"),
            List.of("graph"),
            List.of("model"),
            List.of("weights"),
            List.of("base"));

    private static final int MOST_PUBLIC_TYPES = 256;

    private static final String[] LIBRARY =
            FLOORS.subList(FLOORS.indexOf(List.of("predict")), FLOORS.size() - 3).stream()
                    .flatMap(List::stream)
                    .map(room -> "org.coop4j." + room + "..")
                    .toArray(String[]::new);

    /** ND4J carries a copy, and with it the classes of the ONNX format. */
    private static final DescribedPredicate<JavaClass> PROTOBUF = resideInAPackage("org.nd4j.shade.protobuf..");

    /** Begins a rule for all classes but those of some rooms. */
    private static GivenClassesConjunction outside(String... rooms) {
        return noClasses()
                .that()
                .resideInAPackage("org.coop4j..")
                .and()
                .resideOutsideOfPackages(Stream.of(rooms)
                        .map(room -> "org.coop4j." + room + "..")
                        .toArray(String[]::new));
    }

    @ArchTest
    static final ArchRule roomsUseOnlyTheRoomsBelowThem = order();

    @ArchTest
    static final ArchRule graphAndClipAloneUseNd4j = outside("graph", "clip")
            .should()
            .dependOnClassesThat(resideInAPackage("org.nd4j..")
                    .and(DescribedPredicate.not(type(SDVariable.class)))
                    .and(DescribedPredicate.not(PROTOBUF)))
            .because("a graph backend could then be exchanged by rewriting two rooms");

    @ArchTest
    static final ArchRule downloadAloneConnectsToOtherMachines = outside("model.download", "bench")
            .should()
            .dependOnClassesThat(resideInAPackage("java.net.http..")
                    .or(assignableTo(URLConnection.class))
                    .or(assignableTo(Socket.class)))
            .orShould()
            .callMethodWhere(target(owner(type(URL.class))).and(target(nameMatching("open.*|getContent"))))
            .orShould()
            .callMethodWhere(target(owner(type(SocketChannel.class))).and(target(nameMatching("open|connect"))));

    @ArchTest
    static final ArchRule lossesAloneNameVariablesOfAGraph = outside("graph", "clip", "method", "features", "bench")
            .should()
            .dependOnClassesThat(assignableTo(SDVariable.class));

    /** A new method is one new file: whoever names a method would be the next one. */
    @ArchTest
    static final ArchRule methodsAreNamedInTheirRoomsTheDemoAndTheBenchesAlone = outside(
                    "method", "features", "demo", "bench")
            .should()
            .dependOnClassesThat(DescribedPredicate.not(type(Method.class)).and(assignableTo(Method.class)));

    @ArchTest
    static final ArchRule graphAloneCallsSameDiffOps = outside("graph")
            .should()
            .dependOnClassesThat(resideInAnyPackage("org.nd4j.autodiff.samediff.ops.."))
            .because("all knowledge of SameDiff's ops is in one room");

    /** Addresses in the host's memory mean nothing to an array on a device. */
    @ArchTest
    static final ArchRule hostKernelsAloneReachTheMemoryOfArrays = outside("graph.host")
            .should()
            .callMethodWhere(target(owner(assignableTo(DataBuffer.class)))
                    .and(target(nameMatching("address|.*[pP]ointer|asNio.*"))))
            .because("values get in and out of arrays through ArrayValues alone");

    /** On a device each of them waits for it, and brings the whole memory behind a view. */
    @ArchTest
    static final ArchRule nobodyElseReadsOrWritesSingleElementsOfArrays = outside("graph.host")
            .should()
            .callMethodWhere(target(owner(assignableTo(INDArray.class)))
                    .and(target(nameMatching("get(Double|Float|Int|Long|Number)"
                            + "|.*Number|putScalar"
                            + "|to[A-Z].*(Vector|Matrix)"))));

    @ArchTest
    static final ArchRule plansAloneBindHostKernelsToArrays = outside("graph.host")
            .and()
            .doNotHaveFullyQualifiedName("org.coop4j.graph.Ops")
            .should()
            .callMethod(HostMatrix.class, "of", INDArray.class);

    @ArchTest
    static final ArchRule configurationsOfRunsAreMadeInRun = outside("run")
            .should()
            .accessTargetWhere(target(owner(type(RunConfig.class))).and(target(nameMatching("<init>"))));

    /** Run.open is the only way back to a run. */
    @ArchTest
    static final ArchRule recordsOfRunsAreReadInRun = outside("run", "model")
            .should(new ArchCondition<>("name a record of a run") {
                @Override
                public void check(JavaClass type, ConditionEvents events) {
                    events.add(new SimpleConditionEvent(
                            type, hasConstant(type, "config.json", "images.json", "result.json"), type.getName()));
                }
            });

    @ArchTest
    static final ArchRule picturesAreHashedInRunAndTheBank = outside("run", "data.bank")
            .should()
            .accessTargetWhere(target(owner(type(FeatureBanks.class))).and(target(nameMatching("sha256|contents"))));

    /** Returns true if a class has one of some strings, which javac copies from constants of other classes. */
    private static boolean hasConstant(JavaClass type, String... strings) {
        try (InputStream file = type.getSource().orElseThrow().getUri().toURL().openStream()) {
            String code = new String(file.readAllBytes(), ISO_8859_1);
            return Stream.of(strings).anyMatch(string -> code.contains("\1\0" + (char) string.length() + string));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reaches the memory of an array, other machines, loggers and runs as only some rooms may. */
    static final class Offender {
        private Offender() {}

        static long address(INDArray array) {
            return array.data().address() + HostMatrix.of(array).rows() + array.getInt(0);
        }

        static Object answer(URL address) throws IOException {
            LoggerFactory.getLogger(Offender.class).info("connecting");
            return address.openConnection();
        }

        static Object run(Path folder) throws IOException {
            String hash = new FeatureBanks(folder).sha256(folder.resolve("result.json"));
            return new RunConfig(hash, null, null, Method.zeroShot(), Training.none(), Sample.NONE, null, 1, 1, hash);
        }
    }

    @ArchTest
    static void anOffenderIsSeen(JavaClasses ignored) {
        JavaClasses offender = new ClassFileImporter().importClasses(Offender.class);
        for (ArchRule rule : List.of(
                configurationsOfRunsAreMadeInRun,
                recordsOfRunsAreReadInRun,
                picturesAreHashedInRunAndTheBank,
                downloadAloneConnectsToOtherMachines,
                loggersAreMadeInBase,
                hostKernelsAloneReachTheMemoryOfArrays,
                nobodyElseReadsOrWritesSingleElementsOfArrays,
                plansAloneBindHostKernelsToArrays)) {
            assertThat(rule.evaluate(offender).hasViolation())
                    .as(rule.getDescription())
                    .isTrue();
        }
    }

    @ArchTest
    static final ArchRule theCommandLineAlonePrints = outside("cli", "console").should(ACCESS_STANDARD_STREAMS);

    @ArchTest
    static final ArchRule theCommandLineAloneKnowsItsLibraries =
            outside("cli").should().dependOnClassesThat(resideInAnyPackage("picocli..", "ch.qos.logback.."));

    @ArchTest
    static final ArchRule serversAloneKnowTheirLibraries = outside("serve", "studio", "http")
            .should()
            .dependOnClassesThat(
                    resideInAnyPackage("io.javalin..", "org.eclipse.jetty..", "jakarta..", "io.micrometer.."));

    @ArchTest
    static final ArchRule loggingIsSlf4j = NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING;

    /** Without a logging backend, slf4j would otherwise write to standard error at its first use. */
    @ArchTest
    static final ArchRule loggersAreMadeInBase = noClasses()
            .that()
            .resideInAPackage("org.coop4j..")
            .and()
            .doNotHaveFullyQualifiedName(Log.class.getName())
            .should()
            .dependOnClassesThat(assignableTo(LoggerFactory.class));

    /** CONTRIBUTING.md and docs/java.md say the number. */
    @ArchTest
    static void theLibraryHasFewPublicTypes(JavaClasses classes) {
        List<String> types = classes.that(resideInAnyPackage(LIBRARY)).stream()
                .filter(RoomsTest::isPublic)
                .map(JavaClass::getName)
                .filter(name -> !name.endsWith(".package-info"))
                .sorted()
                .toList();
        assertThat(types).hasSizeBetween(50, MOST_PUBLIC_TYPES);
    }

    /** Members of interfaces are public without the word. */
    private static boolean isPublic(JavaClass type) {
        return type.getModifiers().contains(JavaModifier.PUBLIC)
                && type.getEnclosingClass().map(RoomsTest::isPublic).orElse(true);
    }

    private static final List<Class<? extends RuntimeException>> ERRORS = List.of(
            IllegalArgumentException.class,
            IllegalStateException.class,
            UncheckedIOException.class,
            UnsupportedOperationException.class,
            RejectedExecutionException.class);

    @ArchTest
    static final ArchRule errorsAreOfTheKindsThatTheDocsName = noClasses()
            .that()
            .resideInAnyPackage(LIBRARY)
            .should()
            .callConstructorWhere(target(owner(assignableTo(RuntimeException.class)
                    .and(DescribedPredicate.describe("of another kind than docs/java.md names", type -> ERRORS.stream()
                            .noneMatch(type::isAssignableTo))))));

    private static ArchRule order() {
        CompositeArchRule all = null;
        for (int floor = 0; floor < FLOORS.size(); floor++) {
            for (String room : FLOORS.get(floor)) {
                ArchRule rule = usesNoneOf(room, floor);
                all = all == null ? CompositeArchRule.of(rule) : all.and(rule);
            }
        }
        return all;
    }

    /** A room may not use the rooms above it or beside it. */
    private static ArchRule usesNoneOf(String room, int floor) {
        String[] others = FLOORS.subList(0, floor + 1).stream()
                .flatMap(List::stream)
                .filter(other -> !other.equals(room))
                .map(other -> "org.coop4j." + other + "..")
                .toArray(String[]::new);
        return noClasses()
                .that()
                .resideInAPackage("org.coop4j." + room + "..")
                .should()
                .dependOnClassesThat(resideInAnyPackage(others.length == 0 ? new String[] {"none"} : others));
    }
}
