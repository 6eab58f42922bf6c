package org.coop4j.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.javalin.Javalin;
import io.javalin.http.ForbiddenResponse;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.coop4j.http.ServiceOptions.Limits;
import org.coop4j.serve.Answer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Addresses that admit a browser. */
class BrowserTokenTest {

    private static final ServiceOptions OPTIONS = new ServiceOptions(
            "127.0.0.1", 0, Optional.empty(), Optional.empty(), Limits.of(1 << 20, Duration.ofMinutes(1), 64));

    @Test
    void anAddressThatIsShownStaysValid() throws Exception {
        BrowserToken token = new BrowserToken(OPTIONS, OptionalInt.empty());
        String terminal = token.address(80);
        assertThat(token.otherAddress(80)).isNotEqualTo(terminal);
        assertThat(token.address(80)).isEqualTo(terminal);
    }

    /** The arguments of a program that opens a browser are seen by all users. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void theAddressInAnArgumentAdmitsThisUserAlone() throws Exception {
        int me = BrowserToken.thisUser().orElseThrow();
        for (int user : List.of(me, me + 1)) {
            BrowserToken token = new BrowserToken(OPTIONS, OptionalInt.of(user));
            Javalin page = Javalin.create(config -> config.routes.before(context -> {
                        if (!token.admits(context)) {
                            throw new ForbiddenResponse();
                        }
                    }))
                    .start("127.0.0.1", 0);
            URI address = URI.create(token.openedAddress(page.port()));
            assertThat(Answer.of("GET", address, null).status()).isEqualTo(user == me ? 302 : 403);
            page.stop();
        }
        String row = "   1: 0100007F:C0DE 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 1 1 0";
        String others = row.replace("0100007F:C0DE", "0200007F:C0DE").replace(" 1000 ", " 1001 ");
        String back = row.replace("C0DE", "x").replace("1F90", "C0DE").replace("x", "1F90");
        assertThat(BrowserToken.areOf(1000, 0xC0DE, 0x1F90, List.of("  sl  local_address", row, back)))
                .isTrue();
        assertThat(BrowserToken.areOf(1001, 0xC0DE, 0x1F90, List.of(row))).isFalse();
        assertThat(BrowserToken.areOf(1000, 0xC0DE, 0x1F90, List.of(row, others)))
                .isFalse();
        assertThat(BrowserToken.areOf(1000, 0xC0DE, 0x1F90, List.of(back))).isFalse();
    }
}
