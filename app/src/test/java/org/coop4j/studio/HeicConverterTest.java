package org.coop4j.studio;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;
import static org.coop4j.studio.StudioFolder.picture;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HeicConverterTest {

    static final byte[] HEIC = "\0\0\0\u0018ftypheic\0\0\0\0mif1heic".getBytes(ISO_8859_1);
    private static final Duration LONG = Duration.ofMinutes(5);

    @TempDir
    private Path folder;

    /** Writes a program that answers with a picture, and notes its arguments, its folder and what it was given. */
    static Path program(Path folder, String name, byte[] answer) throws IOException {
        Files.write(folder.resolve("answer.png"), answer);
        return program(
                folder,
                name,
                """
                here=$(dirname "$0")
                if [ "$1" = -list ]; then echo "     HEIC* HEIC      rw+   High Efficiency Image Format"; exit; fi
                echo "$@" > "$here/arguments"; pwd > "$here/place"; cp in.heic "$here/given"; cat >> "$here/given"
                cp "$here/answer.png" out.jpg
                """);
    }

    private static Path program(Path folder, String name, String script) throws IOException {
        Path file = Files.writeString(folder.resolve(name), "#!/bin/sh\n" + script);
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private HeicConverter converter(Duration longest) {
        return new HeicConverter(folder + ":/nowhere", longest);
    }

    @Test
    void aProgramGetsFixedArgumentsAndAFolderOfItsOwn() throws IOException {
        program(folder, "heif-convert", picture(1));
        HeicConverter converter = converter(LONG);
        assertThat(converter.name()).contains("heif-convert");
        assertThat(converter.jpeg(HEIC)).isEqualTo(picture(1));
        assertThat(folder.resolve("arguments")).hasContent("-q 95 in.heic out.jpg");
        assertThat(folder.resolve("given")).hasBinaryContent(HEIC);
        assertThat(Path.of(Files.readString(folder.resolve("place")).strip())).doesNotExist();
    }

    @Test
    void imageMagickIsUsedIfItReadsHeic() throws IOException {
        program(folder, "convert", "echo '     HEIC* HEIC      ---   High Efficiency Image Format'");
        assertThat(converter(LONG).name()).isEmpty();
        program(folder, "magick", picture(2));
        HeicConverter converter = converter(LONG);
        assertThat(converter.name()).contains("magick");
        assertThat(converter.jpeg(HEIC)).isEqualTo(picture(2));
        assertThat(folder.resolve("arguments")).hasContent("in.heic[0] -quality 95 out.jpg");
    }

    @Test
    void onlyProgramsInFoldersWithWholeNamesAreRun() throws IOException {
        program(folder, "heif-convert", picture(1));
        Path relative = Path.of("").toAbsolutePath().relativize(folder);
        assertThat(new HeicConverter(relative + "::.", LONG).name()).isEmpty();
        assertThat(new HeicConverter(null, LONG).name()).isEmpty();
        Files.setPosixFilePermissions(folder.resolve("heif-convert"), PosixFilePermissions.fromString("rw-r--r--"));
        assertThat(converter(LONG).name()).isEmpty();
        assertThrown(() -> converter(LONG).jpeg(HEIC), "no program");
    }

    @Test
    void oneOfSeveralPicturesIsTakenAndAFailureIsSaid() throws IOException {
        program(folder, "heif-convert", "echo second > out-2.jpg; echo first > out-1.jpg");
        assertThat(converter(LONG).jpeg(HEIC)).asString(ISO_8859_1).isEqualTo("first\n");
        program(folder, "heif-convert", "echo half > out.jpg; exit 3");
        assertThrown(() -> converter(LONG).jpeg(HEIC), "it ended with status 3");
        program(folder, "heif-convert", ":");
        assertThrown(() -> converter(LONG).jpeg(HEIC), "it ended with status 0");
    }

    @Test
    void aProgramThatHangsIsEnded() throws IOException {
        program(folder, "heif-convert", "echo $$ > \"$(dirname \"$0\")/number\"; exec sleep 100000");
        assertThrown(() -> converter(Duration.ofSeconds(2)).jpeg(HEIC), "it took more than 2 s");
        long number = Long.parseLong(Files.readString(folder.resolve("number")).strip());
        assertThat(ProcessHandle.of(number).filter(ProcessHandle::isAlive)).isEmpty();
    }
}
