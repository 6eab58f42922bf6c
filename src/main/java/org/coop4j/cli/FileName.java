package org.coop4j.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads the name of a file where a folder, which reads as "Is a directory", makes no sense. */
final class FileName implements ITypeConverter<Path> {

    @Override
    public Path convert(String name) {
        Path file = Path.of(name);
        if (Files.isDirectory(file)) {
            throw new TypeConversionException(name + " is a folder: name a file");
        }
        return file;
    }
}
