package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.CommandRun.json;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.base.Settings;
import org.coop4j.method.Method;
import org.junit.jupiter.api.Test;

class MethodsCommandTest {

    @Test
    void everyMethodIsListedAndExplained() throws IOException {
        CommandRun list = coop("methods").ok();
        for (Method method : Method.all()) {
            assertThat(list.out()).contains(method.id()).contains(method.title());
            CommandRun one = coop("methods", method.id()).ok();
            assertThat(one.out()).startsWith(method.title() + "\n");
            assertThat(one.out().lines()).allMatch(line -> line.length() <= 200);
            List<Settings.Description> settings = new ArrayList<>(Settings.describe((Record) method));
            if (method.training(16).trains()) {
                settings.addAll(Settings.describe(method.training(16)));
            }
            for (Settings.Description setting : settings) {
                assertThat(setting.meaning()).as(setting.name()).isNotBlank();
                assertThat(one.out()).contains(setting.name()).contains(setting.meaning());
            }
            JsonNode json = json(coop("methods", method.id(), "--json"));
            assertThat(json.get("summary").asText()).isEqualTo(method.summary());
        }
    }

    @Test
    void autoNamesTheMethodsThatItChoosesAmong() {
        CommandRun run = coop("methods", "auto").ok();
        for (Method method : Method.quick()) {
            assertThat(run.out()).contains(method.title());
        }
    }
}
