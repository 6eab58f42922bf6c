import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Makes application images, which bring their own Java: {@code coop4j-VERSION-PLATFORM-app.zip}, and where dpkg-deb is,
 * {@code coop4j_VERSION_ARCHITECTURE.deb}. The profile dist runs it in app's folder, with the Java that the image gets:
 *
 * <pre>java Image.java VERSION PLATFORM TIME ADDRESS</pre>
 *
 * <p>Native libraries lie unpacked in the image. With Java 21 or newer it also has the archive of loaded classes. Archives of
 * older versions are valid in one folder only, so each user's first start makes one. Only Linux is tested.
 */
class Image {

    /** Modules that the class path needs; the JDK's own tool cannot find them, since ND4J names packages that it lacks. */
    private static final String MODULES =
            "java.desktop,java.logging,java.management,java.naming,java.net.http,java.sql,"
                    + "jdk.crypto.ec,jdk.management,jdk.unsupported";

    /** Libraries of the JDK for screens and sound, and OpenBLAS with all of LAPACK for Java: unused. */
    private static final Pattern UNUSED =
            Pattern.compile("lib(awt_xawt|jawt|splashscreen|jsound|jniopenblas_full)\\..*");

    private static final Pattern NATIVE = Pattern.compile(".*\\.(so(\\.[0-9]+)?|dylib|dll)");

    private static final boolean MAC = System.getProperty("os.name").startsWith("Mac");
    private static final boolean WINDOWS = System.getProperty("os.name").startsWith("Windows");

    private final Path target = Path.of("target").toAbsolutePath();
    private final Path work = target.resolve("image");
    private final Path image = work.resolve(MAC ? "coop4j.app" : "coop4j");
    private final Path home = MAC ? image.resolve("Contents") : image;
    private final Path lib = MAC || WINDOWS ? home.resolve("app") : home.resolve("lib/app");
    private final Path bin = WINDOWS ? home : home.resolve(MAC ? "MacOS" : "bin");
    private final String version;
    private final String platform;
    private final Instant time;
    private final String address;

    Image(String version, String platform, Instant time, String address) {
        this.version = version;
        this.platform = platform;
        this.time = time;
        this.address = address;
    }

    public static void main(String[] arguments) throws Exception {
        Image image = new Image(arguments[0], arguments[1], Instant.parse(arguments[2]), arguments[3]);
        image.make();
        image.zip();
        if (!MAC && !WINDOWS && Files.exists(Path.of("/usr/bin/dpkg-deb"))) {
            image.debian();
        }
    }

    private void make() throws Exception {
        delete(work);
        Path jars = Files.createDirectories(work.resolve("jars"));
        List<Path> natives = new ArrayList<>();
        Stream<String> libraries = Files.readString(target.resolve("classpath.txt"))
                .lines()
                .flatMap(line -> Stream.of(line.split(java.io.File.pathSeparator)));
        for (Path jar : Stream.concat(Stream.of(target.resolve("coop4j-app.jar")), libraries.map(Path::of))
                .toList()) {
            if (jar.toString().endsWith("-" + platform + ".jar")) {
                natives.add(jar);
            } else {
                Files.copy(jar, jars.resolve(jar.getFileName()));
            }
        }
        List<Object> options = new ArrayList<>(List.of(
                "--type",
                "app-image",
                "--name",
                "coop4j",
                "--add-modules",
                MODULES,
                "--jlink-options", // the usual ones, but for the commands of Java, which the launcher calls
                "--strip-debug --no-man-pages --no-header-files",
                "--input",
                jars,
                "--main-jar",
                "coop4j-app.jar",
                "--main-class",
                "org.coop4j.cli.Coop",
                "--arguments",
                "studio",
                "--java-options",
                "-Djava.awt.headless=true -XX:MaxRAMPercentage=50 --enable-native-access=ALL-UNNAMED",
                "--java-options",
                "-Djava.library.path=$APPDIR/native -Dorg.bytedeco.javacpp.pathsFirst=true -Dorg.bytedeco.javacpp.cacheLibraries=false"
                        + " -Dorg.bytedeco.javacpp.findLibraries=false",
                "--icon",
                "src/dist/coop4j." + (MAC ? "icns" : WINDOWS ? "ico" : "png"),
                "--dest",
                work));
        if (WINDOWS) {
            options.add("--win-console");
        }
        jpackage(options);
        for (Path file : files(image)) {
            if (UNUSED.matcher(file.getFileName().toString()).matches()) {
                Files.delete(file);
            }
        }
        for (Path jar : natives) {
            unpack(jar, Files.createDirectories(lib.resolve("native")));
        }
        for (String name : List.of("LICENSE", "NOTICE", "README.md", "CHANGELOG.md")) {
            Files.copy(Path.of("..", name), lib.resolve(name));
        }
        Path launcher = bin.resolve(WINDOWS ? "coop.cmd" : "coop");
        Files.copy(Path.of("..").resolve(launcher.getFileName()), launcher, StandardCopyOption.COPY_ATTRIBUTES);
        setTimes();
        if (!WINDOWS && Runtime.version().feature() >= 21) {
            archive(launcher);
        } else {
            System.out.println(
                    "image: without an archive of loaded classes, which needs Linux or macOS and Java 21 or newer");
        }
        if (!MAC && !WINDOWS) {
            share(launcher);
        }
        setTimes();
    }

    /** Unpacks the libraries of a jar side by side. ND4J's OpenMP, which comes before oneDNN's, serves both. */
    private static void unpack(Path jar, Path folder) throws IOException {
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            for (ZipEntry entry : Collections.list(zip.entries())) {
                String name = entry.getName().substring(entry.getName().lastIndexOf('/') + 1);
                boolean second =
                        name.contains("gomp") && !jar.getFileName().toString().startsWith("nd4j");
                if (NATIVE.matcher(name).matches() && !UNUSED.matcher(name).matches() && !second) {
                    Path file = folder.resolve(name);
                    try (InputStream in = zip.getInputStream(entry)) {
                        Files.copy(in, file);
                    }
                    if (name.startsWith("libopenblas.")) { // JavaCPP asks for it by both names
                        Files.createLink(folder.resolve(name.replace("libopenblas", "libopenblas_nolapack")), file);
                    }
                }
            }
        }
    }

    /** Lets the launcher make the archive as it does for a distribution, and takes it from the cache. */
    private void archive(Path launcher) throws IOException, InterruptedException {
        run(launcher, "--version");
        try (Stream<Path> made = Files.list(work.resolve("cache/start"))) {
            Path archive = made.filter(file -> file.toString().endsWith(".jsa"))
                    .findFirst()
                    .orElseThrow(() -> new IOException("the launcher has made no archive of loaded classes"));
            Files.move(archive, lib.resolve("coop.jsa"));
        }
    }

    /** Writes what a desktop and a shell of Linux look for: manual page, completion, menu entry, icon. */
    private void share(Path launcher) throws IOException, InterruptedException {
        Path share = image.resolve("share");
        Path bash = Files.createDirectories(share.resolve("bash-completion/completions"));
        Files.writeString(bash.resolve("coop"), run(launcher, "completion", "bash"));
        Path icons = Files.createDirectories(share.resolve("icons/hicolor/256x256/apps"));
        Files.copy(Path.of("src/dist/coop4j.png"), icons.resolve("coop4j.png"));
        Path entries = Files.createDirectories(share.resolve("applications"));
        Files.copy(Path.of("src/dist/coop4j.desktop"), entries.resolve("coop4j.desktop"));
        String help = run(launcher, "--help");
        StringBuilder page = new StringBuilder(
                ".TH COOP 1 \"%s\" \"coop4j %s\"\n".formatted(time.toString().substring(0, 10), version));
        page.append(".SH NAME\ncoop \\- teaches a CLIP model your own image classes\n.SH SYNOPSIS\n")
                .append(verbatim(help));
        Matcher command =
                Pattern.compile("(?m)^  ([a-z][a-z-]*)  ").matcher(help.substring(help.indexOf("\nCommands:")));
        while (command.find()) {
            String name = command.group(1);
            page.append(".SH COOP ")
                    .append(name.toUpperCase(java.util.Locale.ROOT))
                    .append('\n')
                    .append(verbatim(run(launcher, name, "--help")));
        }
        Path manual = Files.createDirectories(share.resolve("man/man1"));
        try (GZIPOutputStream out = new GZIPOutputStream(Files.newOutputStream(manual.resolve("coop.1.gz")))) {
            out.write(page.toString().getBytes(StandardCharsets.UTF_8));
        }
    }

    private static String verbatim(String text) {
        String escaped = text.replace("\\", "\\e").replace("-", "\\-").replaceAll("(?m)^(?=[.'])", "\\\\&");
        return ".nf\n" + escaped + "\n.fi\n";
    }

    private void zip() throws IOException {
        Path zip = target.resolve("coop4j-%s-%s-app.zip".formatted(version, platform));
        Files.deleteIfExists(zip);
        Map<String, String> options = Map.of("create", "true", "enablePosixFileAttributes", "true");
        try (FileSystem system = FileSystems.newFileSystem(zip, options)) {
            for (Path file : files(image)) {
                Path copy = system.getPath(work.relativize(file).toString());
                Files.createDirectories(copy.getParent());
                Files.copy(file, copy);
                Files.setAttribute(copy, "zip:permissions", WINDOWS ? Set.of() : Files.getPosixFilePermissions(file));
                setTime(copy);
            }
            for (Path folder : all(system.getPath(image.getFileName().toString()))) {
                setTime(folder);
            }
        }
        System.out.println(zip);
    }

    /** Makes the package of Debian: the image in /usr/lib, its share in /usr/share. No script runs at installation. */
    private void debian() throws IOException, InterruptedException {
        Path root = work.resolve("debian");
        Path usr = Files.createDirectories(root.resolve("usr"));
        Files.createDirectories(usr.resolve("lib"));
        Files.createDirectories(usr.resolve("bin"));
        Files.move(image.resolve("share"), usr.resolve("share"));
        Path moved = Files.move(image, usr.resolve("lib/coop4j"));
        Files.createSymbolicLink(usr.resolve("bin/coop"), Path.of("../lib/coop4j/bin/coop"));
        Path doc = Files.createDirectories(usr.resolve("share/doc/coop4j"));
        Files.writeString(
                doc.resolve("copyright"),
                Files.readString(Path.of("../NOTICE")) + "\n" + Files.readString(Path.of("../LICENSE")));
        long size = 0;
        for (Path file : files(moved)) {
            size += file.toString().contains("_nolapack.so.") ? 0 : Files.size(file); // a link
        }
        String architecture = said("dpkg", "--print-architecture").strip();
        Path control = Files.createDirectories(root.resolve("DEBIAN")).resolve("control");
        Files.writeString(
                control,
                """
                Package: coop4j
                Version: %s
                Architecture: %s
                Maintainer: the coop4j authors <coop4j@address.invalid>
                Homepage: %s
                Installed-Size: %d
                Depends: bash, %s
                Recommends: xdg-utils
                Section: science
                Priority: optional
                Description: teaches a CLIP model your own image classes
                 Few-shot adaptation of CLIP (CoOp and related methods) in Java, with a studio
                 in the browser, a command line and an HTTP service.
                """
                        .formatted(
                                version.replace("-", "~"),
                                architecture,
                                address,
                                size / 1024,
                                String.join(", ", packages(moved))));
        for (Path path : all(root)) {
            if (!Files.isSymbolicLink(path)) {
                boolean runs = Files.isDirectory(path) || Files.isExecutable(path);
                Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(runs ? "rwxr-xr-x" : "rw-r--r--"));
                setTime(path);
            }
        }
        Path file = target.resolve("coop4j_%s_%s.deb".formatted(version, architecture));
        said("dpkg-deb", "--root-owner-group", "-Zxz", "-z4", "--build", root.toString(), file.toString());
        System.out.println(file);
    }

    /** Returns the system's packages with the libraries that the image is linked to. */
    private Set<String> packages(Path folder) throws IOException, InterruptedException {
        Set<String> packages = new TreeSet<>();
        // JavaCPP loads the image's own first.
        List<String> command =
                new ArrayList<>(List.of("env", "LD_LIBRARY_PATH=" + folder.resolve("lib/app/native"), "ldd"));
        files(folder).stream()
                .map(Path::toString)
                .filter(file -> NATIVE.matcher(file).matches())
                .forEach(command::add);
        Matcher library = Pattern.compile("(?m)^\\s.*?(/\\S+) \\(0x").matcher(said(command.toArray(String[]::new)));
        Set<String> found = new TreeSet<>();
        while (library.find()) {
            Path file = Path.of(library.group(1)).toRealPath();
            if (!file.startsWith(folder)) {
                found.add(file.toString());
            }
        }
        for (String file : found) {
            packages.add(said("dpkg", "-S", file).replaceFirst("(?s):.*", ""));
        }
        return packages;
    }

    /** Runs the image's launcher with a cache of its own. */
    private String run(Path launcher, String... arguments) throws IOException, InterruptedException {
        return said(Stream.concat(Stream.of(launcher.toString()), Arrays.stream(arguments))
                .toArray(String[]::new));
    }

    private String said(String... command) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("COOP_CACHE", work.resolve("cache").toString());
        builder.environment().put("SOURCE_DATE_EPOCH", Long.toString(time.getEpochSecond()));
        builder.environment().put("LC_ALL", "C.UTF-8");
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + " failed with exit code " + process.exitValue());
        }
        return said;
    }

    private static void jpackage(List<Object> options) throws IOException {
        ToolProvider tool = ToolProvider.findFirst("jpackage")
                .orElseThrow(() -> new IOException("this Java has no jpackage: use a whole JDK"));
        int code = tool.run(
                System.out, System.err, options.stream().map(Object::toString).toArray(String[]::new));
        if (code != 0) {
            throw new IOException("jpackage failed with exit code " + code);
        }
    }

    private void setTimes() throws IOException {
        for (Path path : all(image)) {
            setTime(path);
        }
    }

    private void setTime(Path path) throws IOException {
        FileTime value = FileTime.from(time);
        Files.getFileAttributeView(path, BasicFileAttributeView.class).setTimes(value, value, null);
    }

    private static List<Path> all(Path folder) throws IOException {
        try (Stream<Path> paths = Files.walk(folder)) {
            return paths.sorted(Comparator.reverseOrder()).toList();
        }
    }

    private static List<Path> files(Path folder) throws IOException {
        return all(folder).stream().filter(Files::isRegularFile).toList();
    }

    private static void delete(Path folder) throws IOException {
        if (Files.exists(folder)) {
            for (Path path : all(folder)) {
                path.toFile().setWritable(true);
                Files.delete(path);
            }
        }
    }
}
